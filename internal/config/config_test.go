package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const whole = `slack:
  command: /stack
  api_url: ""
clouds:
  file: clouds.yaml
  default: lab
  lab:
    credentials: user
    external_network: public
    image: "Ubuntu 22.04"
    flavor: m1.small
    prices: {m1.small: 0.02}
    login_for: 30d
    login_roles: [member]
store: bolt:state/stackhand.db
roles:
  admin: [U0ADMIN]
  approver: [S0OPS]
leases:
  default: 72h
  max: 2w
  warn: [1d, 1h]
  idle: {after: 48h, cpu_below: 2.0}
listen: 127.0.0.1:9090
`

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "stackhand.yaml")
	if err := os.WriteFile(file, []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	lab := c.Clouds.Entries["lab"]
	if c.Clouds.Default != "lab" || lab.Image != "Ubuntu 22.04" || lab.Prices["m1.small"] != 0.02 || time.Duration(lab.LoginFor) != 30*24*time.Hour || len(lab.LoginRoles) != 1 {
		t.Errorf("clouds = %+v", c.Clouds)
	}
	if time.Duration(c.Leases.Max) != 14*24*time.Hour || time.Duration(c.Leases.Warn[0]) != 24*time.Hour {
		t.Errorf("leases = %+v", c.Leases)
	}
	p, err := c.StorePath()
	if err != nil || p != filepath.Join(dir, "state", "stackhand.db") {
		t.Errorf("StorePath = %q, %v", p, err)
	}
}

func TestDefaults(t *testing.T) {
	c, err := Parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Slack.Command != "/stack" || time.Duration(c.Leases.Default) != 72*time.Hour || len(c.Leases.Warn) != 2 || time.Duration(c.Keep) != 400*24*time.Hour {
		t.Errorf("defaults = %+v", c)
	}
	if a := c.Approvals; a.Channel != "" || time.Duration(a.Remind) != 4*time.Hour || time.Duration(a.Escalate) != 24*time.Hour || time.Duration(a.End) != 72*time.Hour {
		t.Errorf("approvals = %+v", a)
	}
	c, err = Parse([]byte("approvals: {channel: C0OPS, end: 2h}"))
	if err != nil || c.Approvals.Channel != "C0OPS" || c.Approvals.Remind >= c.Approvals.Escalate || c.Approvals.Escalate >= c.Approvals.End {
		t.Errorf("approvals = %+v, %v", c.Approvals, err)
	}
}

// Nonsense is refused, with the line or the key and what to write instead.
func TestRefusals(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"unknown key", "slack:\n  comand: /stack\n", "comand"},
		{"unknown key shows the line", "store: bolt:x.db\nslack:\n  comand: /stack\n", "3 |"},
		{"unknown key of a cloud", "clouds:\n  default: lab\n  lab:\n    flavour: m1.small\n", "4 |"},
		{"kept too short", "keep: 3d\n", "less than 30 days"},
		{"duration", "leases:\n  default: soon\n", "write 90m"},
		{"negative duration", "leases:\n  max: -3h\n", "write 90m"},
		{"default over max", "leases:\n  default: 3w\n  max: 1d\n", "longer than"},
		{"command", "slack:\n  command: stack\n", "begins with a slash"},
		{"store", "store: sqlite:x\n", "bolt:FILE"},
		{"etcd", "store: etcd:http://127.0.0.1:2379\n", "bolt file only"},
		{"credentials", "clouds:\n  lab:\n    credentials: mine\n", "user (everyone logs in)"},
		{"clouds is no map", "clouds: lab\n", "file, default"},
		{"policy", "policy:\n  - when: request.vreb == \"create\"\n    then: deny\n    why: x\n", "policy, rule 1, line 2, column 18: undefined field 'vreb'"},
		{"policy without why", "policy:\n  - when: \"true\"\n    then: deny\n", "policy, rule 1, line 2, column 5: a denial needs its `why`"},
		{"approvers by name", "policy:\n  - then: approve\n    approvers: [\"@carol\"]\n", "policy, rule 1, line 2, column 5: \"@carol\" among the approvers is no id"},
		{"not YAML", "slack: [\n", "1 |"},
		{"approvals' channel", "approvals:\n  channel: \"#ops\"\n", "id of a channel"},
		{"approvals' end", "approvals:\n  remind: 4d\n", "come before"},
		{"login_for", "clouds:\n  lab:\n    login_for: 10m\n", "too short to work with"},
		{"login_for and service", "clouds:\n  lab:\n    credentials: service\n    login_for: 30d\n", "nobody logs in"},
		{"price", "clouds:\n  lab:\n    prices: {m1.small: -1}\n", "below zero"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(c.in))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Parse: %v, want something with %q", err, c.want)
			}
		})
	}
}

func TestFind(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("STACKHAND_CONFIG", "")
	if _, err := Find(); err == nil || !strings.Contains(err.Error(), "--config") {
		t.Errorf("Find in an empty folder: %v", err)
	}
	if err := os.WriteFile("stackhand.yaml", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := Find(); err != nil || p != "stackhand.yaml" {
		t.Errorf("Find = %q, %v", p, err)
	}
	t.Setenv("STACKHAND_CONFIG", "missing.yaml")
	if _, err := Find(); err == nil || !strings.Contains(err.Error(), "missing.yaml") {
		t.Errorf("Find of a named file that is missing: %v", err)
	}
}

func TestSecret(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := Config{Path: filepath.Join(dir, "stackhand.yaml")}
	t.Setenv("X_TOKEN", "")
	for _, tc := range []struct{ env, file, want string }{
		{"", "", ""}, {"", "token", "from-file"}, {"from-env", "token", "from-env"},
	} {
		t.Setenv("X_TOKEN", tc.env)
		if got, err := c.Secret("X_TOKEN", tc.file); err != nil || got != tc.want {
			t.Errorf("Secret(env %q, file %q) = %q, %v", tc.env, tc.file, got, err)
		}
	}
	t.Setenv("X_TOKEN", "")
	if _, err := c.Secret("X_TOKEN", "nowhere"); err == nil {
		t.Error("a file that is missing was taken")
	}
}

func TestIdle(t *testing.T) {
	c, err := Parse([]byte("leases:\n  idle: {after: 3d, cpu_below: 5, network_below: 20, calls_per_minute: 60, ask: false}\n"))
	if i := c.Leases.Idle; err != nil || i == nil || time.Duration(i.After) != 72*time.Hour || i.CPUBelow != 5 || i.NetworkBelow != 20 || i.CallsPerMinute != 60 || i.Ask == nil || *i.Ask {
		t.Errorf("%+v, %v", c.Leases.Idle, err)
	}
	for text, want := range map[string]string{
		"{cpu_below: 101}":      "cpu_below",
		"{cpu_below: -1}":       "cpu_below",
		"{disk_below: -1}":      "disk_below",
		"{calls_per_minute: 5}": "one sample may take 12 calls",
		"{after: soon}":         "length of time",
		"{cpu: 5}":              "cpu",
	} {
		if _, err := Parse([]byte("leases:\n  idle: " + text + "\n")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
