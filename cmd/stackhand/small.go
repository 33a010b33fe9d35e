package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/stackhand/stackhand/internal/secret"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/bolt"
)

// version is set by the linker in releases.
var version = "dev"

type versionCmd struct{}

// Run prints one line.
func (versionCmd) Run(_ context.Context, s streams, _ *cli) error {
	commit := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, kv := range info.Settings {
			if kv.Key == "vcs.revision" {
				commit = kv.Value
			}
		}
	}
	_, err := fmt.Fprintf(s.out, "stackhand %s, commit %s, %s\n", version, commit, runtime.Version())
	return err
}

type keysetNewCmd struct{}

// Run prints a keyset, to be kept where secrets are kept.
func (keysetNewCmd) Run(_ context.Context, s streams, _ *cli) error {
	k, err := secret.NewKeyset()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, k)
	return err
}

type keysetRotateCmd struct {
	OnlyFirst bool `arg:"--only-first" help:"Instead of adding a key, take out all but the first. Do it once the bot has said that everything is sealed with it."`
}

// Run prints the present keyset with a new key in front.
func (v keysetRotateCmd) Run(_ context.Context, s streams, c *cli) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	old, err := cfg.Secret(secret.Variable, cfg.Slack.KeysetFile)
	if err != nil {
		return err
	}
	change := secret.Rotate
	if v.OnlyFirst {
		change = secret.OnlyFirst
	}
	k, err := change(old)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, k)
	return err
}

type keysetAbandonCmd struct {
	Yes bool `arg:"--yes" help:"Really forget all logins."`
}

// Run forgets what nobody can open any more: all logins. Servers, leases and jobs stay.
func (v keysetAbandonCmd) Run(ctx context.Context, s streams, c *cli) (err error) {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	path, err := cfg.StorePath()
	if err != nil {
		return err
	}
	if !v.Yes {
		return errors.New("this forgets all logins in the store; everybody has to log in again. Servers, leases and jobs stay. Say --yes to do it")
	}
	db, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	n, err := store.ForgetSealed(ctx, db)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%d logins are forgotten. Start the bot with a keyset from “stackhand keyset new”.\n", n)
	return err
}

type healthCmd struct{}

// Run asks /healthz of the bot that listens where the configuration says.
func (healthCmd) Run(ctx context.Context, s streams, c *cli) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	if cfg.Listen == "" {
		return errors.New("listen is not set in the configuration: without it nobody can ask the bot how it is")
	}
	host, port, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen is %q: write HOST:PORT", cfg.Listen)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("the bot does not answer: %w", err)
	}
	defer resp.Body.Close()
	words, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		return err
	}
	if _, err := s.out.Write(words); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return exitCode(1)
	}
	return nil
}
