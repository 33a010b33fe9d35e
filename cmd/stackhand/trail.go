package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	str2duration "github.com/xhit/go-str2duration/v2"

	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/bolt"
)

// trail is an audit trail to be read: that of a store, or of a running bot.
type trail interface {
	ExportAudit(ctx context.Context, since time.Time, line func([]byte) error) error
	AuditHead(ctx context.Context) (n int64, hash string, err error)
}

// storeArgs say which store is meant.
type storeArgs struct {
	Store string `arg:"--store" help:"The store's file, instead of the one that the configuration names; a backup does too." placeholder:"FILE"`
}

func (s storeArgs) path(c *cli) (string, error) {
	if s.Store != "" {
		return s.Store, nil
	}
	cfg, err := c.load()
	if err != nil {
		return "", err
	}
	return cfg.StorePath()
}

// open reads through the bot that runs on the store, or else from the file.
func (s storeArgs) open(ctx context.Context, c *cli) (trail, func() error, error) {
	path, err := s.path(c)
	if err != nil {
		return nil, nil, err
	}
	if desk := atDesk(ctx, deskOf(path)); desk != nil {
		return desk, func() error { return nil }, nil
	}
	db, err := bolt.Open(path, bolt.Options{ReadOnly: true})
	if err != nil {
		return nil, nil, err
	}
	r, err := store.Reader(ctx, db)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return r, db.Close, nil
}

type auditExportCmd struct {
	storeArgs
	Since string `arg:"--since" help:"Only what is no older: a length of time (7d, 12h), or a day (2026-11-01, in UTC) or moment (RFC 3339)." placeholder:"WHEN"`
	Out   string `arg:"--out" help:"Write to this file instead of standard output; only its owner can read it." placeholder:"FILE"`
}

// Run prints the trail as it is stored: whatever is wrong with it is exported too.
func (v auditExportCmd) Run(ctx context.Context, s streams, c *cli) (err error) {
	since, err := sinceWhen(v.Since, time.Now())
	if err != nil {
		return err
	}
	t, done, err := v.open(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	n := 0
	write := func(w io.Writer) error {
		buffered := bufio.NewWriterSize(w, 1<<16)
		to := lines(buffered)
		if err := t.ExportAudit(ctx, since, func(line []byte) error { n++; return to(line) }); err != nil {
			return err
		}
		return buffered.Flush()
	}
	if v.Out == "" {
		return write(s.out)
	}
	if err := wholeFile(v.Out, write); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%d records in %s\n", n, v.Out)
	return err
}

func sinceWhen(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := str2duration.ParseDuration(s); err == nil && d > 0 {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("--since %s is neither a length of time such as 7d, nor a day such as 2026-11-01, nor a moment such as 2026-11-01T08:00:00Z", s)
}

// wholeFile writes a file that only its owner can read, all of it or none.
func wholeFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".stackhand-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return f.Close()
}

type auditVerifyCmd struct {
	storeArgs
	File   string `arg:"--file" help:"Verify an export instead of the store; - is standard input. It may begin in the middle." placeholder:"FILE"`
	Expect string `arg:"--expect" help:"The hash of a record, as an earlier verify printed it: fails unless that record is still there, which proves that nothing up to it was changed." placeholder:"HASH"`
}

// Run tells the last hash, to be kept where who can write to the store cannot. The exit status is 1 for a trail that is broken.
func (v auditVerifyCmd) Run(ctx context.Context, s streams, c *cli) error {
	chain := &store.AuditChain{Expect: v.Expect, Part: v.File != ""}
	verify := v.wholeTrail
	if v.File != "" {
		verify = v.exported
	}
	if err := verify(ctx, s, c, chain); err != nil {
		return err
	}
	if chain.N == 0 {
		_, err := fmt.Fprintln(s.out, "ok: there are no records yet")
		return err
	}
	part := ""
	if chain.First > 1 {
		part = fmt.Sprintf("; what came before record %d is not in the file", chain.First)
	}
	_, err := fmt.Fprintf(s.out, "ok: records %d to %d, the last of %s, are whole and in order%s\nlast hash: %s\n",
		chain.First, chain.N, chain.At.UTC().Format(time.DateTime+" UTC"), part, chain.Last)
	if err == nil && v.Expect == "" {
		_, err = fmt.Fprintf(s.out, "Keep the hash elsewhere. `stackhand audit verify --expect HASH` proves later that nothing up to this record was changed.\n")
	}
	return err
}

func (v auditVerifyCmd) wholeTrail(ctx context.Context, _ streams, c *cli, chain *store.AuditChain) (err error) {
	t, done, err := v.open(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	n, hash, err := t.AuditHead(ctx)
	if err != nil {
		return err
	}
	return store.FollowAudit(chain, n, hash,
		func(line func([]byte) error) error { return t.ExportAudit(ctx, time.Time{}, line) },
		func() (int64, string, error) { return t.AuditHead(ctx) })
}

func (v auditVerifyCmd) exported(_ context.Context, s streams, _ *cli, chain *store.AuditChain) error {
	in := s.in
	if v.File != "-" {
		f, err := os.Open(v.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	if err := eachLine(in, chain.Line); err != nil {
		return err
	}
	return chain.End()
}

// eachLine reads lines of any length.
func eachLine(r io.Reader, line func([]byte) error) error {
	in := bufio.NewReaderSize(r, 1<<16)
	for {
		raw, err := in.ReadBytes('\n')
		if text := bytes.TrimSpace(raw); len(text) > 0 {
			if lerr := line(text); lerr != nil {
				return lerr
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// ExportAudit and AuditHead make a desk a trail.
func (c *counter) ExportAudit(ctx context.Context, since time.Time, line func([]byte) error) error {
	path := "/audit"
	if !since.IsZero() {
		path += "?since=" + url.QueryEscape(since.UTC().Format(time.RFC3339Nano))
	}
	return c.get(ctx, path, func(r io.Reader) error { return eachLine(r, line) })
}

// AuditHead is the end of the running bot's trail.
func (c *counter) AuditHead(ctx context.Context) (int64, string, error) { return c.head(ctx) }
