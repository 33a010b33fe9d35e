package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/stackhand/stackhand"
)

var credentialTable = table[stackhand.Credential]{
	what: "login",
	key: func(c *stackhand.Credential) string {
		return key("credential", c.User, c.Cloud, c.Identity.ProjectID)
	},
	rev: func(c *stackhand.Credential) *int64 { return &c.Rev },
}

// Credential reads what a user logs in to a project of a cloud with.
func (s *Store) Credential(ctx context.Context, user, cloud, projectID string) (stackhand.Credential, error) {
	c, err := credentialTable.read(ctx, s.d, key("credential", user, cloud, projectID))
	if errors.Is(err, ErrNotFound) {
		return c, noLogin(cloud)
	}
	return c, err
}

func noLogin(cloud string) error {
	return stackhand.Errorf(stackhand.NotFound, "There is no login for the cloud %s.", cloud).
		Do("Log in first.").Because(ErrNotFound)
}

// SaveCredential writes a credential; ErrConflict if its revision is not the store's.
func (s *Store) SaveCredential(ctx context.Context, c *stackhand.Credential) error {
	if err := need("credential", c.User, c.Cloud, c.Identity.ProjectID); err != nil {
		return err
	}
	return credentialTable.save(ctx, s.d, c)
}

// DeleteCredential forgets a credential; NotFound if there is none.
func (s *Store) DeleteCredential(ctx context.Context, user, cloud, projectID string) error {
	k := key("credential", user, cloud, projectID)
	if _, err := s.d.Get(ctx, k); errors.Is(err, ErrNotFound) {
		return noLogin(cloud)
	} else if err != nil {
		return fmt.Errorf("delete a login: %w", err)
	}
	if _, err := s.d.Commit(ctx, Op{Key: k, Delete: true}); err != nil {
		return fmt.Errorf("delete a login: %w", err)
	}
	return nil
}

// Credentials reads all credentials of a user, in the order of the clouds' names.
func (s *Store) Credentials(ctx context.Context, user string) ([]stackhand.Credential, error) {
	from, to := under("credential", user)
	return credentialTable.list(ctx, s.d, from, to, 0)
}

// EveryCredential reads those of all users.
func (s *Store) EveryCredential(ctx context.Context) ([]stackhand.Credential, error) {
	from, to := under("credential")
	return credentialTable.list(ctx, s.d, from, to, 0)
}

// keymark is the key of something that is sealed with the oldest key that anything in the store may need.
var keymark = key("meta", "keymark")

// Keymark reads it, before the store is opened; nil where there is none. Without one it answers the credentials as they lie
// there, whatever the schema, by which a keyset can be tried as well.
func Keymark(ctx context.Context, d Driver) (mark []byte, creds []stackhand.Credential, err error) {
	item, err := d.Get(ctx, keymark)
	if err == nil {
		return item.Value, nil, nil
	}
	if !errors.Is(err, ErrNotFound) {
		return nil, nil, fmt.Errorf("read the mark of the keyset: %w", err)
	}
	from, to := under("credential")
	creds, err = credentialTable.list(ctx, d, from, to, 0)
	return nil, creds, err
}

// SaveKeymark writes it.
func (s *Store) SaveKeymark(ctx context.Context, mark []byte) error {
	if _, err := s.d.Commit(ctx, Op{Key: keymark, Value: mark}); err != nil {
		return fmt.Errorf("write the mark of the keyset: %w", err)
	}
	return nil
}

// Keymark is the mark as it stands now; nil where there is none.
func (s *Store) Keymark(ctx context.Context) ([]byte, error) {
	item, err := s.d.Get(ctx, keymark)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return item.Value, err
}

// ForgetSealed takes all credentials and the mark of the keyset out, whose keyset is lost, and tells how many they were.
func ForgetSealed(ctx context.Context, d Driver) (int, error) {
	from, to := under("credential")
	items, err := d.Scan(ctx, from, to, 0)
	if err != nil {
		return 0, err
	}
	ops := []Op{{Key: keymark, Delete: true}}
	for _, item := range items {
		ops = append(ops, Op{Key: item.Key, Delete: true})
	}
	for some := range slices.Chunk(ops, maxOps) {
		if _, err := d.Commit(ctx, some...); err != nil {
			return 0, fmt.Errorf("forget the logins: %w", err)
		}
	}
	return len(items), nil
}

// credentialPerProject (schema 1 to 2) gives each credential a key with its project, so that a user can have several in
// a cloud. Until then there was one, and its key ended with the cloud. What is sealed stays as it is: it
// was, and is, bound to user and cloud. One write moves a record, so that one that was moved is not seen again.
func credentialPerProject(ctx context.Context, d Driver) error {
	from, to := under("credential")
	items, err := d.Scan(ctx, from, to, 0)
	if err != nil {
		return err
	}
	for _, item := range items {
		var c stackhand.Credential
		if err := credentialTable.decode(item, &c); err != nil {
			return err
		}
		if item.Key != key("credential", c.User, c.Cloud) {
			continue // moved already
		}
		ops := []Op{{Key: item.Key, Delete: true, Check: true, Expect: item.Rev}}
		if c.Identity.ProjectID != "" { // without a project it was good for nothing
			ops = append(ops, Op{Key: credentialTable.key(&c), Value: item.Value, Check: true})
		}
		if _, err := d.Commit(ctx, ops...); err != nil {
			return err
		}
	}
	return nil
}

// AllCredentials reads the credentials of everybody, in the order of people's ids.
func (s *Store) AllCredentials(ctx context.Context) ([]stackhand.Credential, error) {
	from, to := under("credential")
	return credentialTable.list(ctx, s.d, from, to, 0)
}
