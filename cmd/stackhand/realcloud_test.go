package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// realTalk is the main job on real services: build, use, fail on purpose, take down.
const realTalk = `alice #team-a: /stack list
alice #team-a: /stack create web-1 --for 2h
wait 5m
expect web-1 ACTIVE 203\.0\.113\.[0-9]+
expect ssh ubuntu@203\.0\.113\.
cloud servers 1
cloud floating-ips 1
alice #team-a: /stack show web-1
expect web-1 ACTIVE 203\.0\.113\.
alice thread: @stackhand reboot --hard
wait 2m
expect web-1 was rebooted
alice #team-a: /stack show web-1
expect Addresses: .*203\.0\.113\.
alice #team-a: /stack create web-1
expect (?i)already
bob #team-b: /stack login
bob submit username=bob password=bob-secret
expect logged in to lab as bob, project team-b
bob #team-b: /stack create db --count 2 --flavor m1.tiny --image "CirrOS 0.6" --network new
expect Build db-1 · (running|[0-9])
expect Build db-2 · (running|[0-9])
restart
wait 5m
expect db-1 ACTIVE 203\.0\.113\.
expect db-2 ACTIVE 203\.0\.113\.
cloud servers 3
bob #team-b: /stack create huge --flavor m1.xlarge --count 4
expect (?i)no room
bob #team-b: /stack delete db-1 db-2
restart
wait 5m
alice thread: @stackhand list
alice #team-a: /stack delete web-1
wait 5m
expect web-1 is deleted
cloud servers 0
cloud networks 0
cloud routers 0
cloud ports 0
cloud floating-ips 0
cloud security-groups 0
`

// TestSomeCloud plays the same against a cloud that the demo knows by its clouds.yaml alone.
func TestSomeCloud(t *testing.T) {
	o := newOutside(t)
	o.service("", "alice-secret")
	file := filepath.Join(o.dir, "clouds.yaml")
	text, err := os.ReadFile(file)
	o.must(err)
	o.write("clouds.yaml", strings.NewReplacer("username: bob", "username: alice", "team-b", "team-a").Replace(string(text)))
	var out bytes.Buffer
	code := run(t.Context(), []string{"demo", "--slack-pace", strconv.Itoa(pace), "--script", "-", "--cloud", "lab", "--clouds-file", file}, streams{strings.NewReader(realTalk), &out, os.Stderr})
	if code != 0 {
		t.Errorf("status %d\n%s", code, out.String())
	}
}

// TestRealCloud plays the main job, and every script which docs/coverage.md lists for real clouds, against real services, where
// STACKHAND_REALCLOUD says that there are some: the entry OS_CLOUD of OS_CLIENT_CONFIG_FILE is alice's. One after the other: they
// count what is in the projects.
func TestRealCloud(t *testing.T) {
	args := realArgs(t)
	talks := map[string]bool{}
	for _, row := range readCoverage(t) {
		for _, script := range row.plays["real"] {
			talks[script] = true
		}
	}
	if len(talks) == 0 {
		t.Error("docs/coverage.md has no script for real clouds")
	}
	t.Run("main_job", func(t *testing.T) {
		nothingLeft(t)
		playTalk(t, realTalk, args...)
	})
	for _, script := range slices.Sorted(maps.Keys(talks)) {
		t.Run(script, func(t *testing.T) {
			nothingLeft(t)
			playOn(t, script, args...)
		})
	}
}

// TestRealLeases plays on real services how servers end there and come back, on volumes too, and what is done with those that were made, or
// deleted, without the bot. The bot's clock is moved on; the services' is not.
func TestRealLeases(t *testing.T) {
	args := realArgs(t)
	for _, script := range []string{"ladder", "ladder_shelve", "volume_archive", "adopt", "orphans"} {
		t.Run(script, func(t *testing.T) {
			nothingLeft(t, "image") // what the ladder makes of a server stays
			for _, talk := range talksOf(t, script) {
				playTalk(t, talk, append(args, rulesOfScript(t, script)...)...)
			}
		})
	}
}

// rulesOfScript are the options with which the script's own rules are in force, where it has a file rules.yaml.
func rulesOfScript(t *testing.T, script string) []string {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join(scripts, script+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range a.Files {
		if f.Name != "rules.yaml" {
			continue
		}
		path := filepath.Join(t.TempDir(), f.Name)
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
		return []string{"--policy", path}
	}
	return nil
}

// realArgs are the options of a demo on real services. Without any the test is skipped.
func realArgs(t testing.TB) []string {
	t.Helper()
	if os.Getenv("STACKHAND_REALCLOUD") == "" {
		t.Skip("STACKHAND_REALCLOUD is not set: there is no real OpenStack to try this on")
	}
	return []string{"--cloud", os.Getenv("OS_CLOUD"), "--clouds-file", os.Getenv("OS_CLIENT_CONFIG_FILE")}
}
