package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/config"
	"github.com/stackhand/stackhand/internal/secret"
	"github.com/stackhand/stackhand/store/bolt"
)

type serveCmd struct {
	LogLevel slog.Level `arg:"--log-level" help:"debug, info, warn or error." default:"info"`
	LogJSON  bool       `arg:"--log-json" help:"Log as JSON lines."`
}

// Run is the bot, until it is told to stop. Whatever is wrong with its surroundings is said before
// anything is touched.
func (v serveCmd) Run(ctx context.Context, s streams, c *cli) (err error) {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	w, err := v.surroundings(cfg, s)
	if err != nil {
		return err
	}
	path, err := cfg.StorePath()
	if err != nil {
		return err
	}
	db, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	w.driver, w.desk = db, deskOf(path)
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	w.again = reloading{signal: hup, read: c.load}
	a, err := newApp(ctx, w)
	if err != nil {
		return err
	}
	w.log.Info("stackhand starts", "version", version, "config", cfg.Path, "clouds", slices.Sorted(maps.Keys(w.entries)))
	sparing()
	if err := a.run(ctx); err != nil {
		return err
	}
	w.log.Info("stackhand stops; what it was doing goes on when it starts again")
	return nil
}

// sparing collects garbage when a third of what is in use has gathered, not as much again, unless the environment says otherwise: a
// bot rests most of the time, what it keeps is small, and a collection takes a few milliseconds beside its work.
func sparing() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(30)
	}
}

// surroundings reads the secrets and the clouds. All that is missing is said at once.
func (v serveCmd) surroundings(cfg config.Config, s streams) (world, error) {
	w := world{cfg: cfg, now: time.Now, sweep: cfg.Leases.Schedule(), dial: (&net.Dialer{Timeout: 10 * time.Second}).DialContext}
	var errs []error
	for _, want := range []struct {
		env, file string
		into      *string
		how       string
	}{
		{"SLACK_APP_TOKEN", cfg.Slack.AppTokenFile, &w.appToken, "the app-level token (xapp-…) with connections:write"},
		{"SLACK_BOT_TOKEN", cfg.Slack.BotTokenFile, &w.botToken, "the bot token (xoxb-…) of the installed app"},
		{"STACKHAND_KEYSET", cfg.Slack.KeysetFile, &w.keyset, "what `stackhand keyset new` prints"},
	} {
		v, err := cfg.Secret(want.env, want.file)
		if err == nil && v == "" {
			err = fmt.Errorf("%s is not set: it takes %s", want.env, want.how)
		}
		if err != nil {
			errs = append(errs, err)
		}
		*want.into = v
	}
	entries, err := loadClouds(cfg)
	if err := errors.Join(append(errs, err)...); err != nil {
		return w, err
	}
	w.entries = entries
	w.freshKeyset = func() (string, error) { return cfg.Secret(secret.Variable, cfg.Slack.KeysetFile) }
	w.log, w.redact = newLog(s, v.LogLevel, v.LogJSON)
	w.redact.Hide(w.appToken)
	w.redact.Hide(w.botToken)
	w.redact.Hide(w.keyset)
	return w, nil
}

// loadClouds reads the entries that stackhand.yaml names; where it names none, all of clouds.yaml.
func loadClouds(cfg config.Config) (map[string]cloud.Entry, error) {
	names := slices.Sorted(maps.Keys(cfg.Clouds.Entries))
	if d := cfg.Clouds.Default; d != "" && !slices.Contains(names, d) {
		names = append(names, d)
	}
	entries, err := cloud.LoadEntries(cfg.Rel(cfg.Clouds.File), names...)
	if err != nil {
		return nil, err
	}
	switch d := cfg.Clouds.Default; {
	case len(entries) == 0:
		return nil, errors.New("clouds.yaml has no entry: the bot needs a cloud")
	case d == "" && len(entries) > 1:
		return nil, fmt.Errorf("clouds.default is not set, and there are several: %s", strings.Join(slices.Sorted(maps.Keys(entries)), ", "))
	}
	return entries, nil
}

// newLog is the log with a redactor before it, so that no secret gets into it.
func newLog(s streams, level slog.Level, asJSON bool) (*slog.Logger, *secret.Redactor) {
	var h slog.Handler = slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: level})
	if asJSON {
		h = slog.NewJSONHandler(s.err, &slog.HandlerOptions{Level: level})
	}
	r := &secret.Redactor{}
	return slog.New(r.Wrap(h)), r
}
