package cloud_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/cloud/cloudtest"
)

var onOpenStack = flag.Bool("openstack", os.Getenv("STACKHAND_REALCLOUD") == "1",
	"run the suite on the cloud that OS_CLIENT_CONFIG_FILE and OS_CLOUD name, too")

// TestOpenStack runs the suite on a real cloud. OS_CLOUD_OTHER may name a second entry with a
// login to another project of it, and OS_CLOUD_ADMIN one with that of an administrator.
func TestOpenStack(t *testing.T) {
	if !*onOpenStack {
		t.Skip("needs an OpenStack: give -openstack (or STACKHAND_REALCLOUD=1), OS_CLIENT_CONFIG_FILE and OS_CLOUD")
	}
	name := os.Getenv("OS_CLOUD")
	entries, err := cloud.LoadEntries("")
	if err != nil {
		t.Fatal(err)
	}
	entry, ok := entries[name]
	if !ok {
		t.Fatalf("OS_CLOUD is %q, which clouds.yaml does not have", name)
	}
	target := cloudtest.Target{
		Entries: entries, Cloud: name, Login: entry.Auth, Other: entries[os.Getenv("OS_CLOUD_OTHER")].Auth,
		Admin: entries[os.Getenv("OS_CLOUD_ADMIN")].Auth,
		Image: os.Getenv("OS_IMAGE"), Flavor: os.Getenv("OS_FLAVOR"),
	}
	knobs := filepath.Join(filepath.Dir(entry.File), "knobs.json")
	if _, err := os.Stat(filepath.Join(filepath.Dir(knobs), "etc")); err == nil {
		target.FailBuild = func(t *testing.T, server string) { failBuild(t, knobs, server) }
	}
	cloudtest.Run(t, target)
}

// failBuild adds a rule to a file that the test cloud's hypervisor heeds, until the test ends.
func failBuild(t *testing.T, knobs, server string) {
	var rules []any
	before, err := os.ReadFile(knobs)
	if err == nil {
		err = json.Unmarshal(before, &rules)
	} else if os.IsNotExist(err) {
		err = nil
	}
	if err != nil {
		t.Fatal(err)
	}
	rule := map[string]string{"op": "spawn", "match": "^" + regexp.QuoteMeta(server) + "$", "fail": "disk on fire"}
	b, err := json.Marshal(append(rules, rule))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(knobs, b, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if before == nil {
			err = os.Remove(knobs)
		} else {
			err = os.WriteFile(knobs, before, 0o600)
		}
		if err != nil {
			t.Error(err)
		}
	})
}
