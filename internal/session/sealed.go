package session

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// pending is a login that was accepted and waits for its project to be chosen.
type pending struct {
	sealed []byte
	until  time.Time
}

// patience is how long a login waits for its project to be chosen.
const patience = 10 * time.Minute

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

// waiting is the login that was remembered.
func (m *Manager) waiting(user, name string) (stackhand.Login, error) {
	m.mu.Lock()
	p, ok := m.pending[[2]string{user, name}]
	m.mu.Unlock()
	if !ok || m.o.Now().After(p.until) {
		return stackhand.Login{}, stackhand.Errorf(stackhand.Unauthorized, "That login took too long.").Do("Log in again.")
	}
	return m.unseal(p.sealed, user, name)
}

func (m *Manager) forget(user, name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.pending, [2]string{user, name})
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
