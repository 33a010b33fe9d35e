package session

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// Login tries a credential and keeps it, sealed, beside those for other projects. Where the project is not said and
// there are several, it keeps nothing for good and returns them; LoginProject then ends what was begun.
// The project becomes the one that the user works in.
func (m *Manager) Login(ctx context.Context, user stackhand.User, name string, login stackhand.Login) (stackhand.Credential, []stackhand.Project, error) {
	settings, err := m.settings(name)
	if err != nil {
		return stackhand.Credential{}, nil, err
	}
	if settings.Service {
		return stackhand.Credential{}, nil, stackhand.Errorf(stackhand.Invalid, "Nobody has to log in to %s: the bot's own credentials serve everyone there.", name)
	}
	if login.AppCredID == "" && login.ProjectID == "" && login.ProjectName == "" {
		projects, err := m.projects(ctx, name, login)
		switch {
		case err != nil:
			return stackhand.Credential{}, nil, err
		case len(projects) > 1:
			return stackhand.Credential{}, projects, m.remember(user.ID, name, login)
		case len(projects) == 1:
			login.ProjectID = projects[0].ID
		}
	}
	cred, err := m.keep(ctx, user, name, login)
	return cred, nil, err
}

// projects are those that a login without one may choose from; none for a token that has its project already.
func (m *Manager) projects(ctx context.Context, name string, login stackhand.Login) ([]stackhand.Project, error) {
	if login.Token != "" {
		_, err := m.pool.ClientIn(ctx, name, "", login)
		if err == nil || stackhand.KindOf(err) != stackhand.Invalid {
			return nil, err
		}
	}
	projects, err := m.pool.Projects(ctx, name, login)
	if err == nil && len(projects) == 0 {
		err = stackhand.Errorf(stackhand.Forbidden, "%s knows you, but you have no role in any project there.", name).
			Do("Ask the cloud's administrator for one.")
	}
	return projects, err
}

// LoginProject ends a login that waited for its project, given by id or name.
func (m *Manager) LoginProject(ctx context.Context, user stackhand.User, name, project string) (stackhand.Credential, error) {
	login, err := m.waiting(user.ID, name)
	if err != nil {
		return stackhand.Credential{}, err
	}
	projects, err := m.pool.Projects(ctx, name, login)
	if err != nil {
		return stackhand.Credential{}, err
	}
	i := slices.IndexFunc(projects, func(q stackhand.Project) bool { return q.ID == project })
	if i < 0 {
		i = slices.IndexFunc(projects, func(q stackhand.Project) bool { return q.Name == project })
	}
	if i < 0 {
		return stackhand.Credential{}, stackhand.Errorf(stackhand.NotFound, "You have no project %q in %s.", project, name).
			Do("Choose one of %s.", names(projects))
	}
	login.ProjectID = projects[i].ID
	cred, err := m.keep(ctx, user, name, login)
	if err == nil {
		m.forget(user.ID, name)
	}
	return cred, err
}

// keep checks a complete login against the cloud, exchanges it where that can be done, and stores it in
// the place of an earlier one for the same project.
func (m *Manager) keep(ctx context.Context, user stackhand.User, name string, login stackhand.Login) (stackhand.Credential, error) {
	client, err := m.pool.ClientIn(ctx, name, "", login)
	if err != nil {
		return stackhand.Credential{}, err
	}
	cred := stackhand.Credential{User: user.ID, Cloud: name, Identity: client.Identity(), Created: m.o.Now()}
	kept, try, err := m.exchange(ctx, user, &cred, login)
	if err != nil {
		return cred, err
	}
	cred.Kind = kept.AuthType
	if cred.Sealed, err = m.sealed(kept, user.ID, name); err != nil {
		return cred, err
	}
	if err := m.replace(ctx, &cred, login); err != nil {
		return cred, err
	}
	m.settle(ctx, cred, try, login)
	if login != kept {
		m.pool.Forget(name, login)
	}
	return cred, m.settleIn(ctx, cred)
}

// replace stores a credential in the place of the one before, whose application credential it deletes.
func (m *Manager) replace(ctx context.Context, cred *stackhand.Credential, login stackhand.Login) error {
	old, err := m.vault.Credential(ctx, cred.User, cred.Cloud, cred.Identity.ProjectID)
	if err != nil && stackhand.KindOf(err) != stackhand.NotFound {
		return err
	}
	cred.Rev = old.Rev
	if err := m.vault.SaveCredential(ctx, cred); err != nil {
		return errors.Join(err, m.revoke(ctx, *cred, login))
	}
	if old.AppCredID == cred.AppCredID {
		return nil
	}
	if err := m.revoke(ctx, old, login); err != nil {
		m.o.Log.Warn("an earlier application credential stays in the cloud until it ends", "user", cred.User, "cloud", cred.Cloud, "err", err)
	}
	return nil
}

// settleIn makes the project of a new login the one that the user works in, and its cloud, if they
// can do nothing in the one that they mean now.
func (m *Manager) settleIn(ctx context.Context, cred stackhand.Credential) error {
	all, err := m.vault.Credentials(ctx, cred.User)
	if err != nil {
		return err
	}
	return m.changeChoice(ctx, cred.User, func(c *stackhand.Choice) {
		in := c.In[cred.Cloud]
		in.ProjectID = cred.Identity.ProjectID
		c.In[cred.Cloud] = in
		meant := c.Cloud
		if _, known := m.o.Clouds[meant]; !known {
			meant = m.o.Default
		}
		if !m.o.Clouds[meant].Service && !slices.ContainsFunc(all, func(o stackhand.Credential) bool { return o.Cloud == meant }) {
			c.Cloud = cred.Cloud
		}
	})
}

// exchange makes an application credential out of a password or a token, which is then forgotten. Clouds that have
// none, and tokens that may not make any, are kept as they are.
func (m *Manager) exchange(ctx context.Context, user stackhand.User, cred *stackhand.Credential, login stackhand.Login) (stackhand.Login, *stackhand.LoginTry, error) {
	login.AuthType = kindOf(login)
	if login.AppCredID != "" {
		var err error
		cred.Ends, err = m.pool.AppCredEnds(ctx, cred.Cloud, login)
		return login, nil, err
	}
	roles, err := m.roles(user, cred)
	if err != nil {
		return login, nil, err
	}
	ends := cred.Created.Add(m.life(cred.Cloud))
	try := stackhand.LoginTry{
		User: cred.User, Cloud: cred.Cloud, Owner: cred.Identity.UserID, By: m.id, At: cred.Created,
		Name: fmt.Sprintf("stackhand-%s-%s-%s", cred.User, cred.Created.UTC().Format("20060102T150405Z"), strings.ToLower(rand.Text()[:6])),
	}
	if err := m.vault.AddLoginTry(ctx, try); err != nil {
		return login, nil, err
	}
	kept, id, err := m.pool.Exchange(ctx, cred.Cloud, login, try.Name, ends, roles...)
	if stackhand.KindOf(err) == stackhand.Invalid && len(roles) > 0 && len(m.o.Clouds[cred.Cloud].LoginRoles) == 0 {
		roles = nil // a Keystone that gives only what was assigned itself, and not what follows from it
		kept, id, err = m.pool.Exchange(ctx, cred.Cloud, login, try.Name, ends)
	}
	switch kind := stackhand.KindOf(err); {
	case err == nil:
		cred.AppCredID, cred.Ends = id, ends
		if len(roles) > 0 {
			cred.Identity.Roles = roles
		}
		return kept, &try, nil
	case kind == stackhand.NotFound, kind == stackhand.Forbidden && login.Token != "":
		if login.Token != "" {
			cred.Ends = cred.Identity.Expires
		}
		return login, &try, nil
	case !stackhand.Temporary(err): // nothing was made
		err = errors.Join(err, m.vault.ForgetLoginTry(ctx, try))
	}
	return login, nil, err
}

// life is how long an application credential for a cloud is good for.
func (m *Manager) life(name string) time.Duration {
	return cmp.Or(m.o.Clouds[name].LoginFor, m.o.Life)
}

// roles are those that an application credential for the user needs: what the operator lets people have, or else all of theirs but
// the administrator's, which only administrators of the bot can use here. None stands for all that they have.
func (m *Manager) roles(user stackhand.User, cred *stackhand.Credential) ([]string, error) {
	has := cred.Identity.Roles
	if allowed := m.o.Clouds[cred.Cloud].LoginRoles; len(allowed) > 0 {
		has = slices.DeleteFunc(slices.Clone(has), func(r string) bool { return !slices.Contains(allowed, r) })
		if len(has) == 0 {
			return nil, stackhand.Errorf(stackhand.Forbidden, "In the project %s of %s you have none of the roles with which people may work here: %s.", cred.Identity.Project, cred.Cloud, strings.Join(allowed, ", ")).
				Do("Log in to another project, or ask the cloud's administrator for one of them.")
		}
		return has, nil
	}
	if user.Role >= stackhand.Admin || !slices.Contains(has, adminRole) || len(has) == 1 {
		return nil, nil
	}
	return slices.DeleteFunc(slices.Clone(has), func(r string) bool { return r == adminRole }), nil
}

// adminRole is what Keystone calls the role of the cloud's administrators.
const adminRole = "admin"

// kindOf is the AuthType of a login whose own may be left out, or be another name for the same.
func kindOf(l stackhand.Login) string {
	switch {
	case l.AppCredID != "":
		return "v3applicationcredential"
	case l.Token != "" && l.Password == "":
		return "token"
	}
	return "password"
}

// othersPatience is how long the application credential of a login that another process began may be on its way.
const othersPatience = 15 * time.Minute

// settle forgets the try of a login that was stored, and deletes what tries before it left in the cloud: a process that
// ended between making an application credential and storing it. What cannot be deleted now is
// tried again with the next login.
func (m *Manager) settle(ctx context.Context, cred stackhand.Credential, done *stackhand.LoginTry, login stackhand.Login) {
	tries, err := m.vault.LoginTries(ctx, cred.User, cred.Cloud)
	for _, t := range tries {
		mine := done != nil && t.Name == done.Name
		left := t.By != m.id && (m.o.Alone || m.o.Now().Sub(t.At) > othersPatience)
		if !mine && (!left || login.AppCredID != "" || t.Owner != cred.Identity.UserID) && m.o.Now().Sub(t.At) < m.life(cred.Cloud) {
			continue
		}
		var dropped error
		if !mine && t.Owner == cred.Identity.UserID {
			dropped = m.pool.DropAppCred(ctx, cred.Cloud, login, t.Name)
		}
		if dropped == nil {
			dropped = m.vault.ForgetLoginTry(ctx, t)
		}
		err = errors.Join(err, dropped)
	}
	if err != nil {
		m.o.Log.Warn("an application credential that was made for nothing may stay in the cloud until it ends", "user", cred.User, "cloud", cred.Cloud, "err", err)
	}
}
