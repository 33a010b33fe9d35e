// Package session gives people their own way into each cloud: it logs them in, keeps what they log in
// with sealed, and opens clients with exactly their rights.
package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
	"github.com/stackhand/stackhand/internal/cloud"
)

// Vault keeps credentials; what it gets is sealed already.
type Vault interface {
	Credential(ctx context.Context, user, cloud string) (stackhand.Credential, error)
	SaveCredential(ctx context.Context, c *stackhand.Credential) error
	DeleteCredential(ctx context.Context, user, cloud string) error
	Credentials(ctx context.Context, user string) ([]stackhand.Credential, error)
}

// Sealer encrypts for one user and cloud; what it made opens for no other.
type Sealer interface {
	Seal(plain []byte, user, cloud string) ([]byte, error)
	Open(sealed []byte, user, cloud string) ([]byte, error)
}

// Options are the settings of a Manager.
type Options struct {
	Clouds map[string]commands.CloudSettings
	// Life is how long an application credential that we make is good for; 0: 90 days.
	Life time.Duration
	// Busy answers the job of the user that is still at work in the cloud, or "": it goes on with the user's
	// rights, so that no logout may take them away. nil: there are no jobs.
	Busy func(ctx context.Context, user, cloud string) (jobID string, err error)
	Now  func() time.Time
	Log  *slog.Logger
}

// Manager opens clients for people. It satisfies commands.Clouds.
type Manager struct {
	pool  *cloud.Pool
	vault Vault
	seal  Sealer
	o     Options

	mu      sync.Mutex
	pending map[[2]string]pending // by user and cloud
}

// pending is a login that was accepted and waits for its project to be chosen.
type pending struct {
	sealed []byte
	until  time.Time
}

// patience is how long a login waits for its project to be chosen.
const patience = 10 * time.Minute

// New makes a Manager.
func New(pool *cloud.Pool, vault Vault, seal Sealer, o Options) *Manager {
	if o.Life == 0 {
		o.Life = 90 * 24 * time.Hour
	}
	return &Manager{pool: pool, vault: vault, seal: seal, o: o, pending: map[[2]string]pending{}}
}

var _ commands.Clouds = (*Manager)(nil)

// Open gives a client with the user's own rights. It answers Unauthorized for somebody who is not logged
// in, and NotFound for a cloud that is not configured.
func (m *Manager) Open(ctx context.Context, user stackhand.User, name string, at stackhand.Scope) (commands.Cloud, error) {
	return m.Client(ctx, user.ID, name, at)
}

// Client is Open, by the user's id, with all that the client can do.
func (m *Manager) Client(ctx context.Context, user, name string, at stackhand.Scope) (*cloud.Client, error) {
	settings, err := m.settings(name)
	if err != nil {
		return nil, err
	}
	if settings.Service {
		return m.pool.Service(ctx, name)
	}
	cred, err := m.vault.Credential(ctx, user, name)
	if stackhand.KindOf(err) == stackhand.NotFound {
		return nil, stackhand.Errorf(stackhand.Unauthorized, "You are not logged in to %s.", name).Do("Log in first.")
	} else if err != nil {
		return nil, err
	}
	login, err := m.unseal(cred.Sealed, user, name)
	if err != nil {
		return nil, err
	}
	c, err := m.pool.Client(ctx, name, login)
	if stackhand.KindOf(err) == stackhand.Unauthorized {
		return nil, stackhand.Errorf(stackhand.Unauthorized, "%s no longer accepts your login.", name).Do("Log in again.").Because(err)
	}
	return c, err
}

// Login tries a credential and keeps it, sealed. Where the project is not said and there are several, it
// keeps nothing for good and returns them; LoginProject then ends what was begun.
func (m *Manager) Login(ctx context.Context, user stackhand.User, name string, login stackhand.Login) (stackhand.Credential, []stackhand.Project, error) {
	settings, err := m.settings(name)
	if err != nil {
		return stackhand.Credential{}, nil, err
	}
	if settings.Service {
		return stackhand.Credential{}, nil, stackhand.Errorf(stackhand.Invalid, "Nobody has to log in to %s: the bot's own credentials serve everyone there.", name)
	}
	if login.AppCredID == "" && login.ProjectID == "" && login.ProjectName == "" {
		projects, err := m.pool.Projects(ctx, name, login)
		switch {
		case err != nil:
			return stackhand.Credential{}, nil, err
		case len(projects) == 0:
			return stackhand.Credential{}, nil, stackhand.Errorf(stackhand.Forbidden, "%s knows you, but you have no role in any project there.", name).
				Do("Ask the cloud's administrator for one.")
		case len(projects) > 1:
			return stackhand.Credential{}, projects, m.remember(user.ID, name, login)
		}
		login.ProjectID = projects[0].ID
	}
	cred, err := m.keep(ctx, user, name, login)
	return cred, nil, err
}

// LoginProject ends a login that waited for its project, given by id or name.
func (m *Manager) LoginProject(ctx context.Context, user stackhand.User, name, project string) (stackhand.Credential, error) {
	key := [2]string{user.ID, name}
	m.mu.Lock()
	p, ok := m.pending[key]
	m.mu.Unlock()
	if !ok || m.o.Now().After(p.until) {
		return stackhand.Credential{}, stackhand.Errorf(stackhand.Unauthorized, "That login took too long.").Do("Log in again.")
	}
	login, err := m.unseal(p.sealed, user.ID, name)
	if err != nil {
		return stackhand.Credential{}, err
	}
	projects, err := m.pool.Projects(ctx, name, login)
	if err != nil {
		return stackhand.Credential{}, err
	}
	i := slices.IndexFunc(projects, func(q stackhand.Project) bool { return q.ID == project || q.Name == project })
	if i < 0 {
		return stackhand.Credential{}, stackhand.Errorf(stackhand.NotFound, "You have no project %q in %s.", project, name).
			Do("Choose one of %s.", names(projects))
	}
	login.ProjectID = projects[i].ID
	cred, err := m.keep(ctx, user, name, login)
	if err != nil {
		return cred, err
	}
	m.mu.Lock()
	delete(m.pending, key)
	m.mu.Unlock()
	return cred, nil
}

// Credentials are what the user is logged in with, without the secrets.
func (m *Manager) Credentials(ctx context.Context, user stackhand.User) ([]stackhand.Credential, error) {
	return m.vault.Credentials(ctx, user.ID)
}

// Logout forgets the user's credential, and deletes it in the cloud if we made it there and the cloud lets
// us. Keystone lets no restricted application credential delete itself: then the error, Forbidden, says what
// stays there and until when, and nothing of it is kept here. While a job of the user is at work in the cloud
// it answers Conflict.
func (m *Manager) Logout(ctx context.Context, user stackhand.User, name string) error {
	cred, err := m.vault.Credential(ctx, user.ID, name)
	if stackhand.KindOf(err) == stackhand.NotFound {
		return stackhand.Errorf(stackhand.NotFound, "You are not logged in to %s.", name)
	} else if err != nil {
		return err
	}
	if err := m.idle(ctx, user, name); err != nil {
		return err
	}
	if err := m.vault.DeleteCredential(ctx, user.ID, name); err != nil {
		return err
	}
	login, err := m.unseal(cred.Sealed, cred.User, cred.Cloud)
	if err == nil {
		err = m.revoke(ctx, cred, login)
		m.pool.Forget(name, login)
	}
	if err != nil && cred.AppCredID != "" {
		return stackhand.Errorf(stackhand.Forbidden, "You are logged out of %s: nothing of your login is kept here. The application credential that was made for it stays in the cloud until %s.",
			name, cred.Ends.UTC().Format("2006-01-02")).
			Do("To end it now: openstack application credential delete %s", cred.AppCredID).Because(err)
	}
	return nil
}

// idle refuses while a job of the user is at work in the cloud.
func (m *Manager) idle(ctx context.Context, user stackhand.User, name string) error {
	if m.o.Busy == nil {
		return nil
	}
	job, err := m.o.Busy(ctx, user.ID, name)
	if err != nil {
		return err
	}
	if job != "" {
		return stackhand.Errorf(stackhand.Conflict, "Job %s of yours is still at work in %s.", job, name).Do("Wait for its end, or cancel it.")
	}
	return nil
}

func (m *Manager) settings(name string) (commands.CloudSettings, error) {
	s, ok := m.o.Clouds[name]
	if !ok {
		return s, stackhand.Errorf(stackhand.NotFound, "There is no cloud %q here.", name).
			Do("Choose one of %s.", strings.Join(slices.Sorted(maps.Keys(m.o.Clouds)), ", "))
	}
	return s, nil
}

// keep checks a complete login against the cloud, exchanges it where that can be done, and stores it in
// the place of an earlier one.
func (m *Manager) keep(ctx context.Context, user stackhand.User, name string, login stackhand.Login) (stackhand.Credential, error) {
	client, err := m.pool.Client(ctx, name, login)
	if err != nil {
		return stackhand.Credential{}, err
	}
	cred := stackhand.Credential{User: user.ID, Cloud: name, Identity: client.Identity(), Created: m.o.Now()}
	kept, err := m.exchange(ctx, &cred, login)
	if err != nil {
		return cred, err
	}
	if cred.Sealed, err = m.sealed(kept, user.ID, name); err != nil {
		return cred, err
	}
	old, err := m.vault.Credential(ctx, user.ID, name)
	if err != nil && stackhand.KindOf(err) != stackhand.NotFound {
		return cred, err
	}
	cred.Rev = old.Rev
	if err := m.vault.SaveCredential(ctx, &cred); err != nil {
		return cred, errors.Join(err, m.revoke(ctx, cred, login))
	}
	if old.AppCredID != cred.AppCredID {
		if err := m.revoke(ctx, old, login); err != nil {
			m.o.Log.Warn("an earlier application credential stays in the cloud until it ends", "user", user.ID, "cloud", name, "err", err)
		}
	}
	if login != kept {
		m.pool.Forget(name, login)
	}
	return cred, nil
}

// exchange makes an application credential out of a password, which is then forgotten. Clouds that have
// none get what was typed.
func (m *Manager) exchange(ctx context.Context, cred *stackhand.Credential, login stackhand.Login) (stackhand.Login, error) {
	if login.AppCredID != "" {
		return login, nil
	}
	ends := cred.Created.Add(m.o.Life)
	name := fmt.Sprintf("stackhand-%s-%s", cred.User, cred.Created.UTC().Format("20060102T150405.000Z"))
	kept, id, err := m.pool.Exchange(ctx, cred.Cloud, login, name, ends)
	switch stackhand.KindOf(err) {
	case "":
		cred.AppCredID, cred.Ends = id, ends
		return kept, nil
	case stackhand.NotFound:
		return login, nil
	}
	return login, err
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

func (m *Manager) remember(user, name string, login stackhand.Login) error {
	sealed, err := m.sealed(login, user, name)
	if err != nil {
		return err
	}
	now := m.o.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.pending, func(_ [2]string, p pending) bool { return now.After(p.until) })
	m.pending[[2]string{user, name}] = pending{sealed: sealed, until: now.Add(patience)}
	return nil
}

func (m *Manager) sealed(login stackhand.Login, user, name string) ([]byte, error) {
	plain, err := json.Marshal(login)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	return m.seal.Seal(plain, user, name)
}

func (m *Manager) unseal(sealed []byte, user, name string) (stackhand.Login, error) {
	plain, err := m.seal.Open(sealed, user, name)
	if err != nil {
		return stackhand.Login{}, stackhand.Errorf(stackhand.Unauthorized, "Your login to %s cannot be opened with the present keyset.", name).
			Do("Log in again.").Because(err)
	}
	defer clear(plain)
	var login stackhand.Login
	if err := json.Unmarshal(plain, &login); err != nil {
		return login, fmt.Errorf("the stored login of %s to %s: %w", user, name, err)
	}
	return login, nil
}

func names(projects []stackhand.Project) string {
	var s []string
	for _, p := range projects {
		s = append(s, p.Name)
	}
	slices.Sort(s)
	return strings.Join(s, ", ")
}
