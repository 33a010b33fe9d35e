package openstack

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-shellwords"
)

// client is one process of the openstack client, which is given command after command of one user.
type client struct {
	in    io.Writer
	out   *bufio.Reader
	env   map[string]string
	key   string
	waits time.Duration
	kept  map[string]string // what '=' steps remember
	own   string            // the project's name where it is not the same on both clouds
}

// said is what a command answered.
type said struct {
	Code int
	Out  string
	Err  string
}

func startClient(t *testing.T, env map[string]string) *client {
	t.Helper()
	path, err := exec.LookPath("openstack")
	if err != nil {
		if os.Getenv("STACKHAND_REQUIRE_TOOLS") == "1" {
			t.Fatal("the openstack client is required here, but it is not on PATH")
		}
		t.Skip("the openstack client is not on PATH (Debian: python3-openstackclient)")
	}
	script, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := bytes.Cut(script, []byte("\n"))
	python := strings.Fields(strings.TrimPrefix(string(first), "#!"))
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), python[0], append(python[1:], filepath.Join("testdata", "cli.py"))...)
	cmd.Env = append(os.Environ(), "PYTHONHASHSEED=0") // it puts the words of a refusal into sets
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	key := filepath.Join(t.TempDir(), "key.pub")
	if err := os.WriteFile(key, []byte(publicKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return &client{in: in, out: bufio.NewReader(out), env: env, key: key, waits: time.Minute, kept: map[string]string{}}
}

func (c *client) run(t *testing.T, args ...string) said {
	t.Helper()
	line, err := json.Marshal([]any{c.env, args})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.in.Write(append(line, '\n')); err != nil {
		t.Fatal(err)
	}
	answer, err := c.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("openstack %s: %v", strings.Join(args, " "), err)
	}
	var s said
	if err := json.Unmarshal(answer, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// step is one line of testdata/cli.txt.
type step struct {
	line, user string
	mark       byte      // ':' works, '!' fails, '?' waits, '=' works and is remembered
	keep       [2]string // for '=': the name, and the field that it stands for
	words      []string
}

func readSteps(t *testing.T) []step {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "cli.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var out []step
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		i := strings.IndexAny(line, ":!?=")
		if line == "" || strings.HasPrefix(line, "#") || i < 0 {
			continue
		}
		words, err := shellwords.Parse(line[i+1:])
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		s := step{line: line, user: line[:i], mark: line[i], words: words}
		if s.mark == '=' {
			s.keep, s.words = [2]string(words), words[2:]
		}
		out = append(out, s)
	}
	return out
}

// shows are the words of commands that answer with fields.
var shows = []string{"list", "show", "create", "rebuild"}

// play runs a step and answers what it said, without what is different each time.
func (c *client) play(t *testing.T, s step) any {
	t.Helper()
	if s.mark == '?' {
		c.await(t, s)
		return nil
	}
	args := slices.Clone(s.words)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "KEY", c.key)
		if name, remembered := strings.CutPrefix(args[i], "$"); remembered {
			args[i] = c.kept[name]
		}
	}
	if slices.ContainsFunc(args, func(w string) bool { return slices.Contains(shows, w) }) {
		args = append(args, "-f", "json")
	}
	got := c.run(t, args...)
	if (got.Code == 0) != (s.mark != '!') {
		t.Errorf("%s: status %d\n%s%s", s.line, got.Code, got.Out, got.Err)
	}
	if got.Code != 0 {
		return plainWords(strings.TrimSpace(c.neutral(got.Err)))
	}
	var v any
	if json.Unmarshal([]byte(c.neutral(got.Out)), &v) != nil {
		return nil // help, or words for people
	}
	if row, isRow := v.(map[string]any); isRow && s.mark == '=' {
		c.kept[s.keep[0]], _ = row[s.keep[1]].(string)
	}
	return constant("", v)
}

// neutral is what was said with the same word for the client's own project on both clouds.
func (c *client) neutral(s string) string {
	if c.own == "" {
		return s
	}
	return strings.ReplaceAll(s, c.own, "PROJECT")
}

// await asks for a thing's status until it is as wanted.
func (c *client) await(t *testing.T, s step) {
	t.Helper()
	kind, name, want := strings.ReplaceAll(s.words[0], "+", " "), s.words[1], s.words[2]
	deadline := time.Now().Add(c.waits)
	var got said
	for time.Now().Before(deadline) {
		got = c.run(t, append(strings.Fields(kind), "show", name, "-f", "value", "-c", "status")...)
		if got.Code == 0 && strings.TrimSpace(got.Out) == want || got.Code != 0 && want == "gone" {
			return
		}
	}
	t.Fatalf("%s: it is %s%s", s.line, got.Out, got.Err)
}

var varying = []struct {
	form *regexp.Regexp
	to   string
}{
	{regexp.MustCompile(`https?://[^\s'"]*`), "URL"},
	{regexp.MustCompile(`req-[0-9a-f-]{36}`), "REQUEST"},
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "ID"},
	{regexp.MustCompile(`\b[0-9a-f]{32,}\b`), "HEX"},
	{regexp.MustCompile(`20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?(\+00:00)?`), "TIME"},
	{regexp.MustCompile(`\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b`), "MAC"},
	{regexp.MustCompile(`\b(203\.0\.113|10\.91\.0)\.\d+\b`), "ADDRESS"},
	{regexp.MustCompile(`/dev/[svx]+d`), "/dev/Xd"}, // the hypervisor's choice
	{regexp.MustCompile(`and \d+G has been consumed`), "and NG has been consumed"},
	{regexp.MustCompile(`used \d+ of`), "used N of"},
}

func plainWords(s string) string {
	for _, v := range varying {
		s = v.form.ReplaceAllString(s, v.to)
	}
	return s
}

// numbers that differ because other people use the real cloud, or because its host is another one.
var others = regexp.MustCompile(`(?i)^(adminPass|cloud|server_usages|.*[ -]Hours|total.*Used|hypervisor_.*|OS-EXT-SRV-ATTR:.*|user_id|description_of_others|` +
	`updated_at|revision_number|stores|direct_url|os_hash.*|checksum|size_of_others|services|rules)$`)

// constant is a value less what varies: of a list of rows those that are ours, or else what one row is made of.
func constant(key string, v any) any {
	switch x := v.(type) {
	case string:
		if key == "boot_roles" { // in the order of Keystone's ids, which are others on each cloud
			return strings.Join(slices.Sorted(strings.SplitSeq(x, ",")), ",")
		}
		return plainWords(x)
	case float64:
		if others.MatchString(key) {
			return "number"
		}
	case map[string]any:
		out := map[string]any{}
		for k, e := range x {
			out[k] = constant(k, e)
			if others.MatchString(k) {
				out[k] = "…"
			}
		}
		return out
	case []any:
		return constantRows(x)
	}
	return v
}

// ownName is how what the run made is called; an id may hold the same letters.
var ownName = regexp.MustCompile(`[^0-9a-f]cd-`)

func constantRows(list []any) any {
	var own []any
	keys := map[string]bool{}
	rows := false
	for _, e := range list {
		o, isRow := e.(map[string]any)
		rows = rows || isRow
		for k := range o {
			keys[k] = true
		}
		if told, _ := json.Marshal(o); !isRow || ownName.Match(told) {
			own = append(own, constant("", e))
		}
	}
	if rows && own == nil {
		return slices.Sorted(maps.Keys(keys))
	}
	return own
}

// TestCommandsOfTheClient runs every command that testdata/cli.txt lists: each must work, or be refused, as it says there.
// With STACKHAND_REALCLOUD=1 and OS_CLIENT_CONFIG_FILE (entries alice and admin) the same commands are run on the real
// services first, and what they answer is the judge of what the simulator answers.
func TestCommandsOfTheClient(t *testing.T) {
	if testing.Short() {
		t.Skip("this runs some two hundred commands of a Python program")
	}
	cloud := New(Options{Build: 200 * time.Millisecond})
	srv := httptest.NewServer(cloud)
	defer srv.Close()
	sim, judge := map[string]*client{}, map[string]*client{}
	for user, project := range map[string]string{"alice": "team-a", "admin": "admin"} {
		sim[user] = startClient(t, environment(srv.URL+"/identity", user, user+"-secret", project))
	}
	if os.Getenv("STACKHAND_REALCLOUD") != "" {
		judge, sim["alice"].own = realClients(t), "team-a"
	}
	for _, s := range readSteps(t) {
		got := sim[s.user].play(t, s)
		if judge[s.user] == nil {
			continue
		}
		if diff := cmp.Diff(judge[s.user].play(t, s), got); diff != "" {
			t.Errorf("%s (-real +simulator):\n%s", s.line, diff)
		}
	}
	for _, kind := range []string{"servers", "networks", "routers", "ports", "keypairs"} {
		if n := cloud.Count(kind, "team-a"); n != 0 {
			t.Errorf("%d %s left", n, kind)
		}
	}
}

func environment(authURL, user, password, project string) map[string]string {
	return map[string]string{"OS_AUTH_URL": authURL, "OS_USERNAME": user, "OS_PASSWORD": password, "OS_PROJECT_NAME": project,
		"OS_USER_DOMAIN_NAME": "Default", "OS_PROJECT_DOMAIN_NAME": "Default", "OS_IDENTITY_API_VERSION": "3", "OS_REGION_NAME": Region,
		"OS_CLOUD": "", "OS_CLIENT_CONFIG_FILE": os.DevNull}
}

// realClients are alice and admin on the real services. alice works in a project of her own, since others work in those
// that there are: what they make would be in the lists, and their programs would use what is made here.
func realClients(t *testing.T) map[string]*client {
	t.Helper()
	out := map[string]*client{}
	for _, user := range []string{"admin", "alice"} {
		out[user] = startClient(t, map[string]string{"OS_CLIENT_CONFIG_FILE": os.Getenv("OS_CLIENT_CONFIG_FILE"), "OS_CLOUD": user})
	}
	admin, alice := out["admin"], out["alice"]
	must := func(c *client, args ...string) string {
		t.Helper()
		got := c.run(t, args...)
		if got.Code != 0 {
			t.Fatalf("openstack %s: %s", strings.Join(args, " "), got.Err)
		}
		return got.Out
	}
	var config map[string]any
	if err := json.Unmarshal([]byte(must(alice, "configuration", "show", "--unmask", "-f", "json")), &config); err != nil {
		t.Fatal(err)
	}
	said := func(key string) string {
		v, _ := config["auth."+key].(string)
		return v
	}
	project := "stackhand-" + strings.ToLower(rand.Text()[:8])
	must(admin, "project", "create", project)
	t.Cleanup(func() { leaveNothing(t, admin, alice, project) })
	must(admin, "role", "add", "--user", said("username"), "--user-domain", "Default", "--project", project, "member")
	alice.own = project
	alice.env = environment(said("auth_url"), said("username"), said("password"), project)
	return out
}

// leaveNothing removes what a run on the real services that ended early has left in its project, and the project.
func leaveNothing(t *testing.T, admin, alice *client, project string) {
	t.Helper()
	each := func(c *client, kind string, options ...string) {
		noun := strings.Fields(kind)
		list := c.run(t, append(append(slices.Clone(noun), "list", "-f", "value", "-c", "ID"), options...)...)
		for id := range strings.FieldsSeq(list.Out) {
			if got := c.run(t, append(append(noun, "delete"), id)...); got.Code != 0 {
				t.Logf("%s %s of the project %s is left: %s", kind, id, project, got.Err)
			}
		}
	}
	if t.Failed() {
		alice.run(t, "server", "delete", "--wait", "cd-web")
		alice.run(t, "server", "delete", "--wait", "cd-bfv")
		alice.run(t, "router", "remove", "subnet", "cd-router", "cd-sub")
		alice.run(t, "keypair", "delete", "cd-key")
		for _, kind := range []string{"floating ip", "router", "port", "volume snapshot", "volume"} {
			each(alice, kind)
		}
		each(alice, "network", "--internal")
		each(alice, "image", "--private")
	}
	each(admin, "security group", "--project", project)
	if got := admin.run(t, "project", "delete", project); got.Code != 0 {
		t.Errorf("the project %s is left: %s", project, got.Err)
	}
}
