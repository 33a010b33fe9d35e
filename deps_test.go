package stackhand_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/stackhand/stackhand"

// fence says what a package may import. Dependencies point one way, from the adapters to the
// domain, so that Slack, OpenStack or the database can each be replaced in one place.
type fence struct {
	own   []string // packages of ours, relative to the module; a trailing /... takes those below too
	never []string // modules that only others may import
}

const (
	slackGo     = "github.com/slack-go"
	gophercloud = "github.com/gophercloud"
	bbolt       = "go.etcd.io/bbolt"
	etcd        = "go.etcd.io/etcd"
)

// Longest match wins.
var fences = map[string]fence{
	"":                         {own: nil, never: []string{""}},
	"internal/jobs":            {own: []string{""}, never: []string{slackGo, gophercloud, bbolt, etcd}},
	"internal/provision":       {own: []string{"", "internal/jobs"}, never: []string{slackGo, gophercloud, bbolt, etcd}},
	"internal/policy":          {own: []string{""}, never: []string{slackGo, gophercloud, bbolt, etcd}},
	"internal/secret":          {own: []string{""}, never: []string{slackGo, gophercloud, bbolt, etcd}},
	"internal/abreast":         {own: []string{""}, never: []string{slackGo, gophercloud, bbolt, etcd}},
	"internal/lease":           {own: []string{"", "internal/abreast"}, never: []string{slackGo, gophercloud, bbolt, etcd}},
	"internal/approval":        {own: []string{""}, never: []string{slackGo, gophercloud, bbolt, etcd}},
	"internal/schedule":        {own: []string{"", "internal/abreast"}, never: []string{slackGo, gophercloud, bbolt, etcd}},
	"internal/loop":            {own: []string{""}, never: []string{slackGo, gophercloud, bbolt, etcd}},
	"internal/idle":            {own: []string{""}, never: []string{slackGo, gophercloud, bbolt, etcd}},
	"internal/orphan":          {own: []string{""}, never: []string{slackGo, gophercloud, bbolt, etcd}},
	"internal/config":          {own: []string{"", "commands", "internal/policy", "internal/lease"}, never: []string{slackGo, gophercloud, bbolt, etcd}},
	"internal/session":         {own: []string{"", "commands", "internal/cloud", "internal/secret"}, never: []string{slackGo, gophercloud, bbolt, etcd}},
	"internal/cloud":           {own: []string{""}, never: []string{slackGo, bbolt, etcd}},
	"internal/cloud/cloudtest": {own: []string{"", "internal/cloud"}, never: []string{slackGo, bbolt, etcd}},
	"internal/sim":             {own: []string{"internal/sim/..."}, never: []string{slackGo, gophercloud, bbolt, etcd}},
	"commands":                 {own: []string{"", "internal/policy"}, never: []string{slackGo, gophercloud, bbolt, etcd}},
	"store":                    {own: []string{""}, never: []string{slackGo, gophercloud, bbolt, etcd}},
	"store/storetest":          {own: []string{"", "store"}, never: []string{slackGo, gophercloud, bbolt, etcd}},
	"store/bolt":               {own: []string{"", "store"}, never: []string{slackGo, gophercloud, etcd}},
	"store/etcd":               {own: []string{"", "store"}, never: []string{slackGo, gophercloud, bbolt}},
	"bot":                      {own: []string{"", "commands"}, never: []string{gophercloud, bbolt, etcd}},
	"cmd/stackhand":            {own: []string{"/..."}, never: []string{slackGo, gophercloud}},
	"deploy":                   {own: nil, never: []string{""}},
}

// TestFences reads the imports of every file that is not a test and holds them against the table.
func TestFences(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && (name == "node_modules" || name == "testdata" || strings.HasPrefix(name, ".") && name != ".") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		pkg := path.Dir(filepath.ToSlash(p))
		if pkg == "." {
			pkg = ""
		}
		seen[pkg] = true
		checkFile(t, pkg, p)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !seen[""] || !seen["cmd/stackhand"] {
		t.Fatalf("the walk missed packages: %v", seen)
	}
}

func checkFile(t *testing.T, pkg, file string) {
	rule, ok := fenceOf(pkg)
	if !ok {
		t.Errorf("%s: package %q has no fence: add a line to the table", file, pkg)
		return
	}
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Errorf("%s: %v", file, err)
		return
	}
	for _, i := range f.Imports {
		target, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if why := breaks(rule, pkg, target); why != "" {
			t.Errorf("%s imports %s: %s", file, target, why)
		}
	}
}

func breaks(rule fence, pkg, target string) string {
	if own, ok := strings.CutPrefix(target, module); ok {
		own = strings.TrimPrefix(own, "/")
		if allowed(rule.own, own) {
			return ""
		}
		return "package " + strconv.Quote(pkg) + " may import of ours only " + strings.Join(rule.own, ", ")
	}
	if !strings.Contains(strings.Split(target, "/")[0], ".") {
		return "" // the standard library
	}
	for _, n := range rule.never {
		if n == "" || target == n || strings.HasPrefix(target, n+"/") {
			return "that is for another package to know"
		}
	}
	return ""
}

func allowed(own []string, target string) bool {
	return slices.ContainsFunc(own, func(o string) bool {
		if below, ok := strings.CutSuffix(o, "/..."); ok {
			return target == below || strings.HasPrefix(target, below+"/") || below == ""
		}
		return o == target
	})
}

func fenceOf(pkg string) (fence, bool) {
	for p := pkg; ; p = path.Dir(p) {
		if f, ok := fences[p]; ok && (p != "" || pkg == "") {
			return f, true
		}
		if p == "." || p == "" || p == "/" {
			return fence{}, false
		}
	}
}

// The fences must hold back what they are there to hold back.
func TestFencesRefuse(t *testing.T) {
	for _, c := range []struct{ pkg, target string }{
		{"", "github.com/google/go-cmp/cmp"},
		{"commands", module + "/bot"},
		{"commands", slackGo + "/slack"},
		{"internal/sim/openstack", module + "/internal/cloud"},
		{"internal/sim/slack", slackGo + "/slack"},
		{"store", bbolt},
		{"store/bolt", module + "/store/etcd"},
		{"bot", gophercloud + "/gophercloud/v2"},
		{"internal/cloud", module + "/internal/provision"},
	} {
		rule, ok := fenceOf(c.pkg)
		if !ok || breaks(rule, c.pkg, c.target) == "" {
			t.Errorf("%s may import %s", c.pkg, c.target)
		}
	}
}
