// Package session gives people their own way into each project of each cloud: it logs them in, keeps what they
// log in with sealed, remembers where they chose to work, and opens clients with exactly their rights.
package session

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
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

// Vault keeps credentials, which are sealed already, and what people chose.
type Vault interface {
	Credential(ctx context.Context, user, cloud, projectID string) (stackhand.Credential, error)
	SaveCredential(ctx context.Context, c *stackhand.Credential) error
	DeleteCredential(ctx context.Context, user, cloud, projectID string) error
	Credentials(ctx context.Context, user string) ([]stackhand.Credential, error)
	Choice(ctx context.Context, user string) (stackhand.Choice, error)
	SaveChoice(ctx context.Context, c *stackhand.Choice) error
	AddLoginTry(ctx context.Context, t stackhand.LoginTry) error
	LoginTries(ctx context.Context, user, cloud string) ([]stackhand.LoginTry, error)
	ForgetLoginTry(ctx context.Context, t stackhand.LoginTry) error
}

// Sealer encrypts for one user and cloud; what it made opens for no other.
type Sealer interface {
	Seal(plain []byte, user, cloud string) ([]byte, error)
	Open(sealed []byte, user, cloud string) ([]byte, error)
}

// Options are the settings of a Manager.
type Options struct {
	Clouds  map[string]commands.CloudSettings
	Default string // the cloud that is meant by those who chose none
	// Life is how long an application credential that we make is good for, where the cloud's settings do not say; 0: 90 days.
	Life time.Duration
	// Busy answers the jobs of the user that are still at work in the cloud: they go on with the user's
	// rights, so that no logout may take them away. nil: there are no jobs.
	Busy     func(ctx context.Context, user, cloud string) ([]stackhand.Job, error)
	Conflict error // what the vault answers when somebody else was first
	Alone    bool  // no other process uses the vault
	Now      func() time.Time
	Log      *slog.Logger
}

// Manager opens clients for people. It satisfies commands.Clouds.
type Manager struct {
	pool  *cloud.Pool
	vault Vault
	seal  Sealer
	o     Options
	id    string // of this process, among others with the same vault

	mu      sync.Mutex
	pending map[[2]string]pending // by user and cloud
}

// New makes a Manager.
func New(pool *cloud.Pool, vault Vault, seal Sealer, o Options) *Manager {
	if o.Life == 0 {
		o.Life = 90 * 24 * time.Hour
	}
	return &Manager{pool: pool, vault: vault, seal: seal, o: o, id: rand.Text(), pending: map[[2]string]pending{}}
}

var _ commands.Clouds = (*Manager)(nil)

// Open gives a client with the user's own rights. It answers Unauthorized, because of a commands.NoLogin, for
// somebody who is not logged in to the project, and NotFound for a cloud that is not configured.
func (m *Manager) Open(ctx context.Context, user stackhand.User, name string, at stackhand.Scope) (commands.Cloud, error) {
	c, err := m.Client(ctx, user.ID, name, at)
	if err != nil {
		return nil, err
	}
	return c.Cached(), nil
}

// Client is Open, by the user's id, with all that the client can do. A project to which the user has no login is
// opened with another login of theirs where that can be done: one with a password or a token, which serves
// for every project, or one of an administrator of the cloud, whose rights go beyond their project; then
// Identity tells another project than at.
func (m *Manager) Client(ctx context.Context, user, name string, at stackhand.Scope) (*cloud.Client, error) {
	settings, err := m.settings(name)
	if err != nil {
		return nil, err
	}
	if at, err = m.place(ctx, user, name, at); err != nil {
		return nil, err
	}
	if settings.Service {
		return m.pool.ServiceIn(ctx, name, at.Region)
	}
	cred, err := m.vault.Credential(ctx, user, name, at.ProjectID)
	if stackhand.KindOf(err) == stackhand.NotFound {
		return m.standIn(ctx, user, name, at)
	} else if err != nil {
		return nil, err
	}
	return m.connect(ctx, cred, at.Region)
}

// connect opens a stored credential.
func (m *Manager) connect(ctx context.Context, cred stackhand.Credential, region string) (*cloud.Client, error) {
	login, err := m.unseal(cred.Sealed, cred.User, cred.Cloud)
	if err != nil {
		return nil, err
	}
	c, err := m.pool.ClientIn(ctx, cred.Cloud, region, login)
	if stackhand.KindOf(err) == stackhand.Unauthorized {
		return nil, stackhand.Errorf(stackhand.Unauthorized, "%s no longer accepts your login.", cred.Cloud).Do("Log in again.").
			Because(errors.Join(commands.NoLogin{Cloud: cred.Cloud, ProjectID: cred.Identity.ProjectID, Refused: true}, err))
	}
	return c, err
}

// place fills in what at leaves open with what the user chose. Who chose no project works in that of the newest login;
// without any login there is none.
func (m *Manager) place(ctx context.Context, user, name string, at stackhand.Scope) (stackhand.Scope, error) {
	if at.ProjectID != "" {
		return at, nil
	}
	choice, err := m.vault.Choice(ctx, user)
	if err != nil {
		return at, err
	}
	in := choice.In[name]
	if at.Region == "" {
		at.Region = in.Region
	}
	if at.ProjectID = in.ProjectID; at.ProjectID != "" || m.o.Clouds[name].Service {
		return at, nil
	}
	creds, err := m.credentialsIn(ctx, user, name)
	if len(creds) > 0 {
		at.ProjectID = creds[0].Identity.ProjectID
	}
	return at, err
}

// credentialsIn are the user's credentials in a cloud, the newest first.
func (m *Manager) credentialsIn(ctx context.Context, user, name string) ([]stackhand.Credential, error) {
	creds, err := m.vault.Credentials(ctx, user)
	return newestFirst(slices.DeleteFunc(creds, func(c stackhand.Credential) bool { return c.Cloud != name })), err
}

func newestFirst(creds []stackhand.Credential) []stackhand.Credential {
	slices.SortStableFunc(creds, func(a, b stackhand.Credential) int { return b.Created.Compare(a.Created) })
	return creds
}

// standIn opens a project to which the user has no login of its own.
func (m *Manager) standIn(ctx context.Context, user, name string, at stackhand.Scope) (*cloud.Client, error) {
	creds, err := m.credentialsIn(ctx, user, name)
	if err != nil {
		return nil, err
	}
	c, _, _, err := m.rescope(ctx, creds, at)
	if c != nil || err != nil {
		return c, err
	}
	for _, cred := range creds {
		if slices.Contains(cred.Identity.Roles, adminRole) {
			return m.connect(ctx, cred, at.Region)
		}
	}
	return nil, noLogin(name, at.ProjectID, len(creds) > 0)
}

// rescope tries the logins that serve for every project of their user, and answers the client with the login and
// the credential that it is of; nil without one.
func (m *Manager) rescope(ctx context.Context, creds []stackhand.Credential, at stackhand.Scope) (*cloud.Client, stackhand.Login, stackhand.Credential, error) {
	for _, cred := range creds {
		login, err := m.unseal(cred.Sealed, cred.User, cred.Cloud)
		if err != nil || login.AppCredID != "" {
			continue
		}
		login.ProjectID, login.ProjectName = at.ProjectID, ""
		c, err := m.pool.ClientIn(ctx, cred.Cloud, at.Region, login)
		if err == nil {
			return c, login, cred, nil
		}
		if !refused(err) {
			return nil, login, cred, err
		}
	}
	return nil, stackhand.Login{}, stackhand.Credential{}, nil
}

// noLogin is the error for somebody who is not logged in to a cloud, or only to other projects of it.
func noLogin(name, project string, elsewhere bool) error {
	missing := commands.NoLogin{Cloud: name, ProjectID: project}
	if elsewhere && project != "" {
		return stackhand.Errorf(stackhand.Unauthorized, "You are not logged in to the project %s of %s.", project, name).
			Do("Log in to that project, too.").Because(missing)
	}
	return stackhand.Errorf(stackhand.Unauthorized, "You are not logged in to %s.", name).Do("Log in first.").Because(missing)
}

// Credentials are what the user is logged in with, by the names of clouds and projects. What is sealed in them stays so.
func (m *Manager) Credentials(ctx context.Context, user stackhand.User) ([]stackhand.Credential, error) {
	creds, err := m.vault.Credentials(ctx, user.ID)
	slices.SortStableFunc(creds, func(a, b stackhand.Credential) int {
		return cmp.Or(strings.Compare(a.Cloud, b.Cloud), strings.Compare(a.Identity.Project, b.Identity.Project))
	})
	return creds, err
}

func (m *Manager) settings(name string) (commands.CloudSettings, error) {
	s, ok := m.o.Clouds[name]
	if !ok {
		return s, stackhand.Errorf(stackhand.NotFound, "There is no cloud %q here.", name).
			Do("Choose one of %s.", strings.Join(slices.Sorted(maps.Keys(m.o.Clouds)), ", "))
	}
	return s, nil
}
