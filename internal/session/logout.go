package session

import (
	"context"
	"slices"

	"github.com/stackhand/stackhand"
)

// Logout forgets the user's credential for a project, or with "" for every project of the cloud, and deletes in the
// cloud what we made there for it, if the cloud lets us. Keystone lets no restricted application credential
// delete itself: those that stay there until they end are answered. It answers NotFound for somebody who is
// not logged in, and Conflict while a job of theirs is at work that would lose its rights; then nothing is forgotten.
func (m *Manager) Logout(ctx context.Context, user stackhand.User, name, project string) (stays []stackhand.Credential, err error) {
	all, err := m.credentialsIn(ctx, user.ID, name)
	if err != nil {
		return nil, err
	}
	var gone, rest []stackhand.Credential
	for _, c := range all {
		if project == "" || c.Identity.ProjectID == project {
			gone = append(gone, c)
		} else {
			rest = append(rest, c)
		}
	}
	if len(gone) == 0 {
		return nil, stackhand.Errorf(stackhand.NotFound, "You are not logged in to %s.", name)
	}
	if err := m.idle(ctx, user, name, gone, rest); err != nil {
		return nil, err
	}
	m.forget(user.ID, name)
	for _, c := range gone {
		if err := m.vault.DeleteCredential(ctx, user.ID, name, c.Identity.ProjectID); err != nil && stackhand.KindOf(err) != stackhand.NotFound {
			return stays, err
		}
		if !m.end(ctx, c) {
			stays = append(stays, c)
		}
	}
	return stays, m.changeChoice(ctx, user.ID, func(c *stackhand.Choice) {
		in := c.In[name]
		if of(gone, in.ProjectID) {
			in.ProjectID = ""
			c.In[name] = in
		}
	})
}

// end deletes what was made in the cloud for a credential that is forgotten here, and tells whether nothing stays.
func (m *Manager) end(ctx context.Context, c stackhand.Credential) bool {
	login, err := m.unseal(c.Sealed, c.User, c.Cloud)
	if err == nil {
		err = m.revoke(ctx, c, login)
		m.pool.Forget(c.Cloud, login)
	}
	if err != nil && c.AppCredID != "" {
		m.o.Log.Info("an application credential stays in the cloud after the logout", "user", c.User, "cloud", c.Cloud, "err", err)
		return false
	}
	return true
}

// idle refuses while a job of the user is at work that goes on with one of the credentials that are to be gone: in
// their projects, or in one that none of the rest is for, so that another login stands in for it.
func (m *Manager) idle(ctx context.Context, user stackhand.User, name string, gone, rest []stackhand.Credential) error {
	if m.o.Busy == nil {
		return nil
	}
	jobs, err := m.o.Busy(ctx, user.ID, name)
	if err != nil {
		return err
	}
	for _, job := range jobs {
		if at := job.Scope.ProjectID; of(gone, at) || !of(rest, at) {
			return stackhand.Errorf(stackhand.Conflict, "Job %s of yours is still at work in %s.", job.ID, name).Do("Wait for its end, or cancel it.")
		}
	}
	return nil
}

// of tells whether one of the credentials is for the project.
func of(creds []stackhand.Credential, project string) bool {
	return slices.ContainsFunc(creds, func(c stackhand.Credential) bool { return c.Identity.ProjectID == project })
}

// revoke deletes the application credential that we made, with the rights of login.
func (m *Manager) revoke(ctx context.Context, cred stackhand.Credential, login stackhand.Login) error {
	if cred.AppCredID == "" {
		return nil
	}
	err := m.pool.Revoke(ctx, cred.Cloud, login, cred.AppCredID)
	if k := stackhand.KindOf(err); k == stackhand.NotFound || k == stackhand.Unauthorized {
		return nil // it is gone already
	}
	return err
}
