package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand/bot"
	"github.com/stackhand/stackhand/internal/config"
	"github.com/stackhand/stackhand/internal/secret"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/bolt"
)

type doctorCmd struct{}

// checkup collects what the doctor found: a line each, and the exit status.
type checkup struct {
	out      io.Writer
	errors   int
	warnings int
}

func (c *checkup) ok(what, format string, args ...any) { c.line("ok", what, format, args) }

func (c *checkup) warn(what, format string, args ...any) {
	c.warnings++
	c.line("warning", what, format, args)
}

func (c *checkup) fail(what, format string, args ...any) {
	c.errors++
	c.line("error", what, format, args)
}

func (c *checkup) line(verdict, what, format string, args []any) {
	fmt.Fprintf(c.out, "%-8s %-14s %s\n", verdict, what, fmt.Sprintf(format, args...))
}

// Run checks everything that the bot leans on; nothing is changed anywhere. The exit status is 0 when
// there is no error, warnings or not.
func (doctorCmd) Run(ctx context.Context, s streams, c *cli) error {
	d := &checkup{out: s.out}
	cfg, err := c.load()
	if err != nil {
		d.fail("config", "%v", err)
		return exitCode(1)
	}
	d.ok("config", "%s", cfg.Path)
	if n := len(cfg.Policy); n > 0 {
		d.ok("policy", "rules: %d; `stackhand policy test FILE` tries them on examples", n)
	}
	d.keyset(cfg)
	d.slack(ctx, cfg)
	d.groups(ctx, cfg)
	d.clouds(ctx, cfg)
	d.store(ctx, cfg)
	fmt.Fprintf(s.out, "%d errors, %d warnings\n", d.errors, d.warnings)
	if d.errors > 0 {
		return exitCode(1)
	}
	return nil
}

func (c *checkup) keyset(cfg config.Config) {
	k, err := cfg.Secret("STACKHAND_KEYSET", cfg.Slack.KeysetFile)
	switch {
	case err != nil:
		c.fail("keyset", "%v", err)
		return
	case k == "":
		c.fail("keyset", "STACKHAND_KEYSET is not set: put there what `stackhand keyset new` prints")
		return
	}
	if _, err := secret.Open(k); err != nil {
		c.fail("keyset", "%v", err)
		return
	}
	c.ok("keyset", "it opens")
}

// slack tries both tokens, and holds the bot token's scopes against those of the manifest.
func (c *checkup) slack(ctx context.Context, cfg config.Config) {
	base := slackBase(cfg)
	for _, t := range []struct{ env, file, method, what string }{
		{"SLACK_BOT_TOKEN", cfg.Slack.BotTokenFile, "auth.test", "bot token"},
		{"SLACK_APP_TOKEN", cfg.Slack.AppTokenFile, "apps.connections.open", "app token"},
	} {
		token, err := cfg.Secret(t.env, t.file)
		if err != nil || token == "" {
			c.fail(t.what, "%s is not set (%v): docs/slack.md tells where it comes from", t.env, err)
			continue
		}
		header, answer, err := callSlack(ctx, base+t.method, token)
		switch {
		case err != nil:
			c.fail(t.what, "%s does not answer: %v", base, err)
			continue
		case !answer.OK:
			c.fail(t.what, "Slack refuses it: %s", answer.Error)
			continue
		}
		c.ok(t.what, "%s accepted", t.method)
		c.clock(header)
		if t.method == "auth.test" {
			c.scopes(header.Get("X-OAuth-Scopes"))
		}
	}
}

// groups looks for the user groups that roles and rules name: nobody is in one that is not there.
func (c *checkup) groups(ctx context.Context, cfg config.Config) {
	token, err := cfg.Secret("SLACK_BOT_TOKEN", cfg.Slack.BotTokenFile)
	if err != nil || token == "" {
		return // said already
	}
	for _, id := range cfg.Groups() {
		_, answer, err := callSlack(ctx, slackBase(cfg)+"usergroups.users.list?usergroup="+url.QueryEscape(id), token)
		switch {
		case err != nil:
			c.fail("user groups", "%v", err)
		case answer.Error == "no_such_subteam":
			c.fail("user groups", "Slack knows no user group %s, which roles or rules name, so nobody is in it: its id is at the end of its address in Slack", id)
		case !answer.OK:
			c.warn("user groups", "Slack does not tell who is in %s: %s", id, answer.Error)
		default:
			c.ok("user groups", "%s is there", id)
		}
	}
}

func slackBase(cfg config.Config) string {
	if cfg.Slack.APIURL == "" {
		return "https://slack.com/api/"
	}
	return cfg.Slack.APIURL
}

func (c *checkup) clock(h http.Header) {
	there, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return // a simulator that does not say
	}
	if off := time.Since(there).Abs(); off > time.Minute {
		c.warn("clock", "this machine's clock is %s off Slack's: leases end at wrong moments; set it by NTP", off.Round(time.Second))
	}
}

func (c *checkup) scopes(have string) {
	if have == "" {
		return
	}
	var missing []string
	got := strings.FieldsFunc(have, func(r rune) bool { return r == ',' || r == ' ' })
	for _, want := range bot.Scopes() {
		if !slices.Contains(got, want) {
			missing = append(missing, want)
		}
	}
	if len(missing) > 0 {
		c.fail("scopes", "missing %s: put `stackhand manifest` into the app's settings and install it again", strings.Join(missing, ", "))
		return
	}
	c.ok("scopes", "all that the bot uses")
}

type slackAnswer struct {
	OK    bool   `json:"ok"`
	Error string `json:"error"`
}

func callSlack(ctx context.Context, url, token string) (http.Header, slackAnswer, error) {
	var a slackAnswer
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return nil, a, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, a, err
	}
	defer resp.Body.Close()
	err = json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&a)
	return resp.Header, a, err
}

// store looks whether the file can be written, without opening it where a bot is using it.
func (c *checkup) store(ctx context.Context, cfg config.Config) {
	path, err := cfg.StorePath()
	if err != nil {
		c.fail("store", "%v", err)
		return
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
			c.fail("store", "the folder of %s is not there: make it, writable for the bot", path)
			return
		}
		c.ok("store", "%s will be made at the first start", path)
		return
	}
	db, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		c.warn("store", "%v", err)
		return
	}
	if err := c.sealedFor(ctx, cfg, db); err != nil {
		c.fail("keyset", "%v", err)
	}
	if err := db.Close(); err != nil {
		c.fail("store", "%v", err)
		return
	}
	c.ok("store", "%s opens", path)
}

// sealedFor tries whether the keyset opens what lies in the store. A keyset that is none was told of already.
func (c *checkup) sealedFor(ctx context.Context, cfg config.Config, db store.Driver) error {
	k, err := cfg.Secret(secret.Variable, cfg.Slack.KeysetFile)
	if err != nil {
		return nil
	}
	box, err := secret.Open(k)
	if err != nil {
		return nil
	}
	return fits(ctx, db, box)
}
