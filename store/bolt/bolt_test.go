package bolt_test

import (
	"path/filepath"
	"testing"

	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/bolt"
	"github.com/stackhand/stackhand/store/storetest"
)

func open(t testing.TB, path string) *bolt.DB {
	t.Helper()
	d, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestDriver(t *testing.T) {
	paths := map[store.Driver]string{}
	storetest.Run(t, func(t *testing.T) store.Driver {
		path := filepath.Join(t.TempDir(), "s.db")
		d := open(t, path)
		paths[d] = path
		return d
	}, storetest.Options{
		Reopen: func(t *testing.T, d store.Driver) store.Driver {
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, paths[d])
		},
	})
}
