package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/bolt"
)

type backupCmd struct {
	storeArgs
	File string `arg:"positional,required" help:"Where the copy goes; only its owner can read it."`
}

// Run copies the store as of one moment: through the running bot, or from the file. The copy is opened once before it is kept.
func (v backupCmd) Run(ctx context.Context, s streams, c *cli) (err error) {
	path, err := v.path(c)
	if err != nil {
		return err
	}
	var from copier
	if desk := atDesk(ctx, deskOf(path)); desk != nil {
		from = desk
	} else {
		db, err := bolt.Open(path, bolt.Options{ReadOnly: true})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		from = db
	}
	var records int64
	err = wholeFile(v.File, func(w io.Writer) error {
		if err := from.Backup(ctx, w); err != nil {
			return err
		}
		var err error
		records, err = inspectCopy(ctx, w.(*os.File).Name())
		return err
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "ok: %s is a copy of %s; its audit trail of %d records is whole\nKeep STACKHAND_KEYSET with it, in another place: without the keyset it opens for nobody.\n", v.File, path, records)
	return err
}

// inspectCopy opens a copy, and follows its audit trail.
func inspectCopy(ctx context.Context, path string) (records int64, err error) {
	db, err := bolt.Open(path, bolt.Options{ReadOnly: true})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s, err := store.Reader(ctx, db)
	if err != nil {
		return 0, err
	}
	var chain store.AuditChain
	err = s.VerifyAudit(ctx, &chain)
	return chain.N, err
}

type restoreCmd struct {
	storeArgs
	File string `arg:"positional,required" file:"read" help:"A copy that backup wrote."`
}

// Run puts the copy in the store's place. What was there stays beside it, under another name.
func (v restoreCmd) Run(ctx context.Context, s streams, c *cli) (err error) {
	path, err := v.path(c)
	if err != nil {
		return err
	}
	records, err := inspectCopy(ctx, v.File)
	if err != nil {
		return fmt.Errorf("%s is not put in the store's place: %w", v.File, err)
	}
	if atDesk(ctx, deskOf(path)) != nil {
		return fmt.Errorf("a bot runs on %s: stop it first, and start it again afterwards", path)
	}
	kept, err := setAside(path)
	if err != nil {
		return err
	}
	err = wholeFile(path, func(w io.Writer) error {
		from, err := os.Open(v.File)
		if err != nil {
			return err
		}
		defer from.Close()
		if _, err = io.Copy(w, from); err != nil {
			return err
		}
		return markBackup(ctx, w.(*os.File).Name())
	})
	if err != nil && kept != "" {
		err = errors.Join(err, os.Rename(kept, path))
	}
	if err != nil {
		return err
	}
	if kept != "" {
		kept = "; what was there before is in " + kept
	}
	_, err = fmt.Fprintf(s.out, "ok: %s is the store now, with %d records of the audit trail%s\nWhat was done since the copy was made is not in it: `stackhand doctor`, then start the bot, which goes on from there. Of every server that has come to its end it tells once more before it does anything.\n", path, records, kept)
	return err
}

// markBackup writes into a copy that it is one: what people were told before, and what they answered since, may not be the same any more.
func markBackup(ctx context.Context, path string) (err error) {
	db, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s, err := store.Reader(ctx, db)
	if err != nil {
		return err
	}
	b, err := s.Brake(ctx)
	if err != nil {
		return err
	}
	b.Backup = true
	return s.SaveBrake(ctx, &b)
}

// setAside gives the store that is there another name, once its lock shows that nobody uses it. "" where there is none.
func setAside(path string) (string, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	db, err := bolt.Open(path, bolt.Options{ReadOnly: true})
	switch {
	case stackhand.KindOf(err) == stackhand.Conflict:
		return "", err
	case err == nil:
		if err := db.Close(); err != nil {
			return "", err
		}
	}
	kept := path + ".before-" + time.Now().UTC().Format("20060102T150405.000")
	return kept, os.Rename(path, kept)
}
