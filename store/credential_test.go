package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/bolt"
	"github.com/stackhand/stackhand/store/storetest"
)

// credential is one of a user in a project of a cloud.
func credential(user, cloud, project string) stackhand.Credential {
	return stackhand.Credential{User: user, Cloud: cloud, Sealed: []byte(user + cloud + project), Created: start,
		Identity: stackhand.Identity{ProjectID: project, Roles: []string{"member"}}}
}

func TestCredentials(t *testing.T) {
	s, _, _ := memory(t)
	ctx := t.Context()
	lab, second, odd := credential("U1", "lab", "p1"), credential("U1", "lab", "p2"), credential("U1", "a/b%", "p/1")
	other, alike := credential("U1/a", "b%", "p"), credential("U1", "lab/p1", "p1")
	for _, c := range []*stackhand.Credential{&lab, &second, &odd, &other, &alike} {
		ok(t, s.SaveCredential(ctx, c))
	}
	got, err := s.Credential(ctx, "U1", "lab", "p1")
	ok(t, err)
	same(t, "credential", lab, got)
	all, err := s.Credentials(ctx, "U1")
	ok(t, err)
	same(t, "credentials", []stackhand.Credential{odd, alike, lab, second}, all)
	_, err = s.Credential(ctx, "U1", "lab", "")
	notFound(t, err)

	again := lab
	again.Rev = 0
	lost(t, s.SaveCredential(ctx, &again))
	lab.Sealed = []byte{9}
	ok(t, s.SaveCredential(ctx, &lab))
	lost(t, s.SaveCredential(ctx, &got))
	ok(t, s.DeleteCredential(ctx, "U1", "lab", "p1"))
	all, err = s.Credentials(ctx, "U1")
	ok(t, err)
	same(t, "credentials", []stackhand.Credential{odd, alike, second}, all)
	lost(t, s.SaveCredential(ctx, &lab)) // a logout meanwhile must not be undone
}

func TestChoice(t *testing.T) {
	s, _, _ := memory(t)
	ctx := t.Context()
	c, err := s.Choice(ctx, "U1")
	ok(t, err)
	same(t, "nothing chosen", stackhand.Choice{User: "U1"}, c)
	late := c
	c.Cloud, c.In = "lab", map[string]stackhand.Scope{"lab": {ProjectID: "p1", Region: "RegionTwo"}}
	ok(t, s.SaveChoice(ctx, &c))
	lost(t, s.SaveChoice(ctx, &late))
	got, err := s.Choice(ctx, "U1")
	ok(t, err)
	same(t, "choice", c, got)
	other, err := s.Choice(ctx, "U2")
	ok(t, err)
	same(t, "somebody else's", stackhand.Choice{User: "U2"}, other)
}

func TestLoginTries(t *testing.T) {
	s, _, _ := memory(t)
	ctx := t.Context()
	one := stackhand.LoginTry{User: "U1", Cloud: "lab", Name: "stackhand-1", By: "x", At: start}
	two, other := one, one
	two.Name, other.Cloud = "stackhand-2", "lab2"
	for _, try := range []stackhand.LoginTry{one, two, other} {
		ok(t, s.AddLoginTry(ctx, try))
	}
	lost(t, s.AddLoginTry(ctx, one))
	names := func() (list []string) {
		tries, err := s.LoginTries(ctx, "U1", "lab")
		ok(t, err)
		for _, try := range tries {
			list = append(list, try.Name)
		}
		return list
	}
	same(t, "tries", []string{"stackhand-1", "stackhand-2"}, names())
	for range 2 { // twice does no harm
		ok(t, s.ForgetLoginTry(ctx, one))
	}
	same(t, "tries", []string{"stackhand-2"}, names())
}

// schema1 is what the first schema wrote: a credential's key ended with its cloud.
var schema1 = map[string]string{
	"meta/schema":             "1",
	"credential/U1/lab":       `{"user":"U1","cloud":"lab","sealed":"AQI=","identity":{"user_id":"u","user":"alice","project_id":"p1","project":"team-a"},"created":"2026-11-21T08:00:00Z","app_cred_id":"ac1"}`,
	"credential/U1/a%2Fb%25":  `{"user":"U1","cloud":"a/b%","sealed":"Aw==","identity":{"user":"a","project_id":"p2","project":"x"},"created":"2026-11-21T08:00:00Z"}`,
	"credential/U2/lab":       `{"user":"U2","cloud":"lab","sealed":"BA==","identity":{"user":"bob","project_id":"p/3","project":"team-b"},"created":"2026-11-21T08:00:00Z"}`,
	"credential/U3/lab":       `{"user":"U3","cloud":"lab","sealed":"BQ==","identity":{"user":"zoe"},"created":"2026-11-21T08:00:00Z"}`,
	"credentials-by-the-way":  `not one of them`,
	"job/aaaa2222":            `{"id":"aaaa2222","flow":"create"}`,
	"setting/credential/U1/x": `{}`,
}

// An old file is read as if it had always had a key for each project, wherever the change was cut short.
func TestMigrateCredentials(t *testing.T) {
	for cut := range 4 {
		file := filepath.Join(t.TempDir(), "old.db")
		d, err := bolt.Open(file, bolt.Options{NoSync: true})
		ok(t, err)
		for k, v := range schema1 {
			_, err := d.Commit(t.Context(), store.Op{Key: k, Value: []byte(v)})
			ok(t, err)
		}
		if _, err := store.New(t.Context(), &cutShort{Driver: d, left: cut}, store.Options{}); err == nil {
			t.Fatal("the cut went unnoticed")
		}
		ok(t, d.Close())
		d, err = bolt.Open(file, bolt.Options{NoSync: true})
		ok(t, err)
		s, err := store.New(t.Context(), d, store.Options{})
		ok(t, err)
		checkMigrated(t, s)
		same(t, "schema", "2", string(item(t, d, "meta/schema").Value))
		same(t, "another key", "not one of them", string(item(t, d, "credentials-by-the-way").Value))
		ok(t, s.Close())
	}
}

func checkMigrated(t *testing.T, s *store.Store) {
	t.Helper()
	c, err := s.Credential(t.Context(), "U1", "lab", "p1")
	ok(t, err)
	same(t, "sealed", []byte{1, 2}, c.Sealed)
	same(t, "application credential", "ac1", c.AppCredID)
	for user, want := range map[string]int{"U1": 2, "U2": 1, "U3": 0} {
		all, err := s.Credentials(t.Context(), user)
		ok(t, err)
		same(t, user, want, len(all))
	}
	_, err = s.Credential(t.Context(), "U2", "lab", "p/3")
	ok(t, err)
	c.Ends = start.Add(time.Hour)
	ok(t, s.SaveCredential(t.Context(), &c))
}

func item(t *testing.T, d store.Driver, key string) store.Item {
	t.Helper()
	i, err := d.Get(t.Context(), key)
	ok(t, err)
	return i
}

// cutShort is a driver that dies after some commits.
type cutShort struct {
	store.Driver
	left int
}

func (c *cutShort) Commit(ctx context.Context, ops ...store.Op) (int64, error) {
	if c.left == 0 {
		return 0, errors.New("the process died")
	}
	c.left--
	return c.Driver.Commit(ctx, ops...)
}

// What cannot be read stops the change rather than being lost.
func TestMigrateBrokenCredential(t *testing.T) {
	m := storetest.NewMemory()
	for k, v := range map[string]string{"meta/schema": "1", "credential/U1/lab": "{"} {
		_, err := m.Commit(t.Context(), store.Op{Key: k, Value: []byte(v)})
		ok(t, err)
	}
	_, err := store.New(t.Context(), m, store.Options{})
	var bad *json.SyntaxError
	if !errors.As(err, &bad) || string(item(t, m, "credential/U1/lab").Value) != "{" {
		t.Fatalf("New: %v", err)
	}
}
