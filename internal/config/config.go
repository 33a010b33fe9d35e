// Package config reads stackhand.yaml. Unknown keys and nonsense are errors that show the line.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/xhit/go-str2duration/v2"
)

// Config is the whole of stackhand.yaml.
type Config struct {
	Slack  Slack  `yaml:"slack"`
	Clouds Clouds `yaml:"clouds"`
	Store  string `yaml:"store"`
	Roles  Roles  `yaml:"roles"`
	Policy []Rule `yaml:"policy"`
	Leases Leases `yaml:"leases"`
	// Approvals is what becomes of requests that wait for an approver.
	Approvals Approvals `yaml:"approvals"`
	Listen    string    `yaml:"listen"`
	// Orphans is when to look for what no record accounts for.
	Orphans Times `yaml:"orphans"`
	// Digest is when channels are told of their week, and which.
	Digest Digest `yaml:"digest"`
	// Keep is for how long records are kept of what has come to its end.
	Keep Duration `yaml:"keep"`

	// Path is the file that it was read from; relative paths in it start from there.
	Path string `yaml:"-"`
}

// Times is when something is done: a schedule of five fields, as cron has it, in a time zone.
type Times struct {
	Schedule string `yaml:"schedule"`
	TZ       string `yaml:"tz"`
}

// Digest is the weekly message to channels.
type Digest struct {
	Schedule string   `yaml:"schedule"`
	TZ       string   `yaml:"tz"`
	Channels []string `yaml:"channels"` // ids; none: those in which servers were made
	Off      bool     `yaml:"off"`
}

// Slack is how the workspace is reached.
type Slack struct {
	Command string `yaml:"command"`
	APIURL  string `yaml:"api_url"`
	// Files to read the tokens from, where they do not come from the environment.
	AppTokenFile string `yaml:"app_token_file"`
	BotTokenFile string `yaml:"bot_token_file"`
	KeysetFile   string `yaml:"keyset_file"`
}

// Clouds names the standard OpenStack file and what we add to its entries.
type Clouds struct {
	File    string
	Default string
	Entries map[string]Cloud
}

// Cloud is the settings of one entry of clouds.yaml.
type Cloud struct {
	Credentials     string             `yaml:"credentials"`
	ExternalNetwork string             `yaml:"external_network"`
	Image           string             `yaml:"image"`
	Flavor          string             `yaml:"flavor"`
	Prices          map[string]float64 `yaml:"prices"`
	// LoginFor is how long the application credential is good for that a login makes: "30d"; 90 days without it.
	LoginFor Duration `yaml:"login_for"`
	// LoginRoles are the roles, by their names in Keystone, that people may take into it. Without it they take all of
	// theirs, and the cloud's administrators leave that role out unless they are administrators of the bot as well.
	LoginRoles []string `yaml:"login_roles"`
}

// Roles are Slack user ids, or user group ids.
type Roles struct {
	Admin    []string `yaml:"admin"`
	Approver []string `yaml:"approver"`
}

// Approvals says where approvers are asked, besides the channel of the request, and after what time something is done
// about a request that nobody decides.
type Approvals struct {
	Channel  string   `yaml:"channel"`
	Remind   Duration `yaml:"remind"`
	Escalate Duration `yaml:"escalate"`
	End      Duration `yaml:"end"`
}

func (a *Approvals) fill() {
	a.End = cmp.Or(a.End, Duration(72*time.Hour))
	a.Remind = cmp.Or(a.Remind, min(Duration(4*time.Hour), a.End/4))
	a.Escalate = cmp.Or(a.Escalate, min(Duration(24*time.Hour), a.End/2))
}

// channelID is the id of a public or a private channel of Slack; names may change.
var channelID = regexp.MustCompile(`^[CG][A-Z0-9]{2,}$`)

func (a Approvals) check() error {
	switch {
	case a.Channel != "" && !channelID.MatchString(a.Channel):
		return fmt.Errorf("approvals.channel is %q: it is the id of a channel, such as C0123ABCD, at the end of its details in Slack", a.Channel)
	case a.Remind >= a.End || a.Escalate >= a.End:
		return fmt.Errorf("approvals.remind (%s) and approvals.escalate (%s) come before approvals.end (%s)",
			time.Duration(a.Remind), time.Duration(a.Escalate), time.Duration(a.End))
	}
	return nil
}

// Duration is a time.Duration that also knows days and weeks: "3d", "1w", "36h".
type Duration time.Duration

// UnmarshalYAML reads "3d" and the like.
func (d *Duration) UnmarshalYAML(node ast.Node) error {
	var s string
	if err := yaml.NodeToValue(node, &s); err != nil {
		return err
	}
	v, err := str2duration.ParseDuration(s)
	if err != nil || v <= 0 {
		return &yaml.SyntaxError{
			Message: fmt.Sprintf("%q is not a length of time: write 90m, 12h, 3d or 1w", s),
			Token:   node.GetToken(),
		}
	}
	*d = Duration(v)
	return nil
}

// UnmarshalYAML takes the two fixed keys out; every other one is the name of a cloud.
func (c *Clouds) UnmarshalYAML(node ast.Node) error {
	m, ok := node.(ast.MapNode)
	if !ok {
		return &yaml.SyntaxError{Message: "clouds is a list of keys: file, default, and the names of clouds", Token: node.GetToken()}
	}
	c.Entries = map[string]Cloud{}
	for it := m.MapRange(); it.Next(); {
		var err error
		switch name := it.Key().String(); name {
		case "file":
			err = yaml.NodeToValue(it.Value(), &c.File)
		case "default":
			err = yaml.NodeToValue(it.Value(), &c.Default)
		default:
			var entry Cloud
			err = yaml.NodeToValue(it.Value(), &entry, yaml.Strict())
			c.Entries[name] = entry
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Find tells which file to read when none is named on the command line.
func Find() (string, error) {
	tried := []string{os.Getenv("STACKHAND_CONFIG"), "stackhand.yaml", "/etc/stackhand/stackhand.yaml"}
	for _, p := range tried {
		if p == "" {
			continue
		}
		if _, err := os.Stat(p); err == nil {
			return p, nil
		} else if !errors.Is(err, fs.ErrNotExist) || p == tried[0] {
			return "", fmt.Errorf("cannot read the configuration %s: %w", p, err)
		}
	}
	return "", errors.New("there is no configuration: name it with --config or $STACKHAND_CONFIG, or put stackhand.yaml here or into /etc/stackhand (deploy/stackhand.yaml is an example)")
}

// Load reads and checks a file.
func Load(path string) (Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("cannot read the configuration: %w", err)
	}
	c, err := Parse(data)
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	c.Path = path
	return c, nil
}

// Parse reads a configuration and fills in the defaults.
func Parse(data []byte) (Config, error) {
	var c Config
	if err := yaml.UnmarshalWithOptions(data, &c, yaml.Strict()); err != nil {
		return Config{}, errors.New(strings.TrimSpace(yaml.FormatError(err, false, true)))
	}
	c.Slack.Command = cmp.Or(c.Slack.Command, "/stack")
	c.Store = cmp.Or(c.Store, "bolt:stackhand.db")
	c.Leases.Default = cmp.Or(c.Leases.Default, Duration(72*time.Hour))
	c.Leases.Max = cmp.Or(c.Leases.Max, Duration(14*24*time.Hour))
	c.Orphans.Schedule = cmp.Or(c.Orphans.Schedule, "0 7 * * *")
	c.Keep = cmp.Or(c.Keep, Duration(400*24*time.Hour))
	c.Digest.Schedule = cmp.Or(c.Digest.Schedule, "0 9 * * MON")
	c.Leases.fill()
	c.Approvals.fill()
	return c, c.check()
}

// leastKept is the shortest time for which records are kept.
const leastKept = Duration(30 * 24 * time.Hour)

func (c Config) check() error {
	switch {
	case !strings.HasPrefix(c.Slack.Command, "/") || strings.ContainsAny(c.Slack.Command, " \t"):
		return fmt.Errorf("slack.command is %q: it begins with a slash and has no spaces, such as /stack", c.Slack.Command)
	case c.Leases.Default > c.Leases.Max:
		return fmt.Errorf("leases.default (%s) is longer than leases.max (%s)", time.Duration(c.Leases.Default), time.Duration(c.Leases.Max))
	case c.Keep < leastKept:
		return fmt.Errorf("keep is %s: less than 30 days is too short for reports and for who wants to know what became of a server", time.Duration(c.Keep))
	case c.Leases.Idle.check() != nil:
		return c.Leases.Idle.check()
	}
	for name, e := range c.Clouds.Entries {
		switch e.Credentials {
		case "", "user", "service":
		default:
			return fmt.Errorf("clouds.%s.credentials is %q: it is user (everyone logs in) or service (the entry's own credentials serve everyone)", name, e.Credentials)
		}
		if e.Credentials == "service" && (e.LoginFor > 0 || len(e.LoginRoles) > 0) {
			return fmt.Errorf("clouds.%s: login_for and login_roles are of no use with credentials: service, where nobody logs in", name)
		}
		if e.LoginFor > 0 && time.Duration(e.LoginFor) < time.Hour {
			return fmt.Errorf("clouds.%s.login_for is %s: less than an hour is too short to work with", name, time.Duration(e.LoginFor))
		}
		for flavor, price := range e.Prices {
			if price < 0 {
				return fmt.Errorf("clouds.%s.prices.%s is below zero", name, flavor)
			}
		}
	}
	if err := c.Approvals.check(); err != nil {
		return err
	}
	if _, err := c.Rules(); err != nil {
		return err
	}
	if err := c.Leases.check(); err != nil {
		return err
	}
	if err := c.Orphans.check("orphans"); err != nil {
		return err
	}
	if err := (Times{c.Digest.Schedule, c.Digest.TZ}).check("digest"); err != nil {
		return err
	}
	_, err := c.StorePath()
	return err
}

// StorePath is the file of the bolt store, made relative to the configuration's folder.
func (c Config) StorePath() (string, error) {
	kind, rest, _ := strings.Cut(c.Store, ":")
	switch {
	case kind == "bolt" && rest != "":
		return c.Rel(rest), nil
	case kind == "etcd":
		return "", errors.New("store: this version keeps its state in a bolt file only: write bolt:stackhand.db")
	}
	return "", fmt.Errorf("store is %q: write bolt:FILE, such as bolt:stackhand.db", c.Store)
}

// Rel takes a path as it stands in the file: from the file's own folder, if it is relative.
func (c Config) Rel(p string) string {
	if p == "" || filepath.IsAbs(p) || c.Path == "" {
		return p
	}
	return filepath.Join(filepath.Dir(c.Path), p)
}

// Secret reads a secret from the environment or, failing that, from a file that the
// configuration names. It answers "" where neither is there.
func (c Config) Secret(env, file string) (string, error) {
	if v := os.Getenv(env); v != "" {
		return strings.TrimSpace(v), nil
	}
	if file == "" {
		return "", nil
	}
	data, err := os.ReadFile(c.Rel(file))
	if err != nil {
		return "", fmt.Errorf("cannot read the file for %s: %w", env, err)
	}
	return strings.TrimSpace(string(data)), nil
}
