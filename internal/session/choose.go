package session

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// Choice is where the user works when a line does not say: what they chose, and what goes for those who did not.
func (m *Manager) Choice(ctx context.Context, user stackhand.User) (stackhand.Choice, error) {
	choice, err := m.vault.Choice(ctx, user.ID)
	if err != nil {
		return choice, err
	}
	creds, err := m.vault.Credentials(ctx, user.ID)
	if err != nil {
		return choice, err
	}
	if _, known := m.o.Clouds[choice.Cloud]; !known {
		choice.Cloud = m.o.Default
	}
	in := map[string]stackhand.Scope{}
	for name, at := range choice.In {
		in[name] = at
	}
	for _, c := range newestFirst(creds) {
		if at := in[c.Cloud]; at.ProjectID == "" {
			at.ProjectID = c.Identity.ProjectID
			in[c.Cloud] = at
		}
	}
	choice.In = in
	return choice, nil
}

// Choose makes the cloud the one that the user means from now on, and the project and the region of at theirs in it;
// what is "" in at stays as it was. It answers who they are there: the zero Identity where they
// chose a cloud alone, and are not logged in to it. For a project to which they are not logged in and cannot be
// without another login, it answers Unauthorized and nothing is chosen; for a region that is not there NotFound.
func (m *Manager) Choose(ctx context.Context, user stackhand.User, name string, at stackhand.Scope) (stackhand.Identity, error) {
	settings, err := m.settings(name)
	if err != nil {
		return stackhand.Identity{}, err
	}
	if settings.Service && at.ProjectID != "" {
		return stackhand.Identity{}, stackhand.Errorf(stackhand.Invalid, "%s is used with the bot's own login, which has one project.", name)
	}
	if at.ProjectID != "" {
		if err := m.enter(ctx, user.ID, name, at.ProjectID); err != nil {
			return stackhand.Identity{}, err
		}
	}
	who, err := m.lookAround(ctx, user.ID, name, at)
	if err != nil {
		return who, err
	}
	return who, m.changeChoice(ctx, user.ID, func(c *stackhand.Choice) {
		in := c.In[name]
		if at.ProjectID != "" {
			in.ProjectID = at.ProjectID
		}
		if at.Region != "" {
			in.Region = at.Region
		}
		c.Cloud, c.In[name] = name, in
	})
}

// lookAround checks that what is chosen is there. It looks from the cloud's usual region: the one that was chosen
// before may be gone.
func (m *Manager) lookAround(ctx context.Context, user, name string, at stackhand.Scope) (stackhand.Identity, error) {
	choice, err := m.vault.Choice(ctx, user)
	if err != nil {
		return stackhand.Identity{}, err
	}
	scope, err := m.place(ctx, user, name, stackhand.Scope{ProjectID: at.ProjectID})
	if err != nil {
		return stackhand.Identity{}, err
	}
	scope.Region = ""
	c, err := m.Client(ctx, user, name, scope)
	switch {
	case stackhand.KindOf(err) == stackhand.Unauthorized && at == (stackhand.Scope{}):
		return stackhand.Identity{}, nil
	case err != nil:
		return stackhand.Identity{}, err
	}
	who := c.Identity()
	if at.Region == "" {
		who.Region = cmp.Or(choice.In[name].Region, who.Region)
		return who, nil
	}
	regions, err := c.Regions(ctx)
	if err != nil {
		return who, err
	}
	if !slices.Contains(regions, at.Region) {
		return who, stackhand.Errorf(stackhand.NotFound, "%s has no region %q.", name, at.Region).Do("There are: %s.", strings.Join(regions, ", "))
	}
	who.Region = at.Region
	return who, nil
}

// enter sees that the user has a credential for the project: one that is there, or one made of a login that serves for
// every project.
func (m *Manager) enter(ctx context.Context, user, name, project string) error {
	_, err := m.vault.Credential(ctx, user, name, project)
	if stackhand.KindOf(err) != stackhand.NotFound {
		return err
	}
	creds, err := m.credentialsIn(ctx, user, name)
	if err != nil {
		return err
	}
	c, login, of, err := m.rescope(ctx, creds, stackhand.Scope{ProjectID: project})
	if err != nil {
		return err
	}
	if c == nil {
		return noLogin(name, project, len(creds) > 0)
	}
	cred := stackhand.Credential{User: user, Cloud: name, Identity: c.Identity(), Created: m.o.Now(), Ends: of.Ends, Kind: of.Kind}
	if cred.Sealed, err = m.sealed(login, user, name); err != nil {
		return err
	}
	if err := m.vault.SaveCredential(ctx, &cred); err != nil && !errors.Is(err, m.o.Conflict) {
		return err // a conflict: another line entered it at the same time
	}
	return nil
}

// changeChoice edits what the user chose, after whoever else does.
func (m *Manager) changeChoice(ctx context.Context, user string, edit func(*stackhand.Choice)) error {
	for {
		c, err := m.vault.Choice(ctx, user)
		if err != nil {
			return err
		}
		if c.In == nil {
			c.In = map[string]stackhand.Scope{}
		}
		edit(&c)
		if err = m.vault.SaveChoice(ctx, &c); err == nil || !errors.Is(err, m.o.Conflict) || ctx.Err() != nil {
			return err
		}
	}
}
