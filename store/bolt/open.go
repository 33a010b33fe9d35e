package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	bbolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/stackhand/stackhand"
)

const (
	fileMode    = 0o600
	defaultWait = 100 * time.Millisecond
	// mapSize is how much address space, not memory, is set aside for the file at once. A file
	// that outgrows its mapping has to wait for all readers, a long backup among them.
	mapSize = 256 << 20
	// growBy is by how much the file grows when it is full.
	growBy = 1 << 20
	// queueSize is how many commits can wait before the next one blocks.
	queueSize = 1024
)

// Open opens the file, and makes it where there is none; only its owner can read it. Failures are
// a *stackhand.Error that names the file: Conflict when another process has it open, Invalid when
// it cannot be a store.
func Open(path string, o Options) (*DB, error) {
	if o.Wait <= 0 {
		o.Wait = defaultWait
	}
	isNew, err := inspect(path, o)
	if err == nil && isNew && o.ReadOnly {
		return nil, stackhand.Errorf(stackhand.NotFound, "There is no store %s yet.", path).Do("The bot makes it when it starts. Check the config under store.")
	}
	if err != nil {
		return nil, explain(path, err)
	}
	db, err := load(path, o)
	if err != nil {
		return nil, explain(path, err)
	}
	if err := prepare(db, path, isNew, o.ReadOnly); err != nil {
		return nil, explain(path, errors.Join(err, db.Close()))
	}
	d := &DB{
		db:    db,
		reads: o.ReadOnly,
		queue: make(chan *commit, queueSize),
		quit:  make(chan struct{}),
		done:  make(chan struct{}),
	}
	go d.write()
	return d, nil
}

// load opens the file for writing. What bbolt finds damaged while it reads, it panics about.
func load(path string, o Options) (db *bbolt.DB, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errDamaged, p)
		}
	}()
	db, err = bbolt.Open(path, fileMode, &bbolt.Options{
		Timeout:         o.Wait,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: mapSize,
		NoSync:          o.NoSync,
		ReadOnly:        o.ReadOnly,
		NoStatistics:    true,
	})
	if err != nil {
		return nil, err
	}
	db.AllocSize = growBy
	return db, nil
}

var errDamaged = errors.New("the file is damaged")

// errCut says that the file ends before the pages that it speaks of.
var errCut = errors.New("the file is shorter than its contents")

// inspect looks at a file that is there already before anything is written to it: touching a page
// beyond the end of a file that was cut would end the process.
func inspect(path string, o Options) (isNew bool, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if info.IsDir() {
		return false, errors.New("it is a folder")
	}
	if info.Size() == 0 {
		return true, nil
	}
	db, err := bbolt.Open(path, fileMode, &bbolt.Options{ReadOnly: true, Timeout: o.Wait})
	if err != nil {
		return false, err
	}
	err = db.View(func(tx *bbolt.Tx) error {
		if tx.Size() > info.Size() {
			return errCut
		}
		return nil
	})
	return false, errors.Join(err, db.Close())
}

// prepare makes the bucket, and sees that a new file survives a crash of the machine and that
// nobody but its owner reads it, even if it was copied here with other rights.
func prepare(db *bbolt.DB, path string, isNew, readOnly bool) error {
	if readOnly {
		return db.View(ours)
	}
	if err := os.Chmod(path, fileMode); err != nil {
		return err
	}
	if err := db.View(foreign); err != nil {
		return err
	}
	if !isNew && has(db) {
		return nil // an update would write, even if there is nothing to do
	}
	err := db.Update(func(tx *bbolt.Tx) error {
		if tx.Bucket(bucket) != nil {
			return nil
		}
		_, err := tx.CreateBucket(bucket)
		return err
	})
	if err != nil || !isNew {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// has tells whether the bucket is there.
func has(db *bbolt.DB) bool {
	return db.View(func(tx *bbolt.Tx) error {
		if tx.Bucket(bucket) == nil {
			return errForeign
		}
		return nil
	}) == nil
}

var errForeign = errors.New("it belongs to another program")

// foreign refuses a bbolt file that holds something else.
func foreign(tx *bbolt.Tx) error {
	return tx.ForEach(func(name []byte, _ *bbolt.Bucket) error {
		if string(name) != string(bucket) {
			return errForeign
		}
		return nil
	})
}

// ours refuses a file without our bucket, for reading.
func ours(tx *bbolt.Tx) error {
	if tx.Bucket(bucket) == nil {
		return errForeign
	}
	return foreign(tx)
}

// explain tells people what is wrong with the file and what to do about it.
func explain(path string, err error) error {
	say := func(kind stackhand.Kind, format string, args ...any) *stackhand.Error {
		return stackhand.Errorf(kind, format, args...).Because(fmt.Errorf("open %s: %w", path, err))
	}
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return say(stackhand.Conflict, "The store %s is open in another process.", path).
			Do("Stop the other stackhand that uses it, or name another file in the config under store.")
	case errors.Is(err, fs.ErrNotExist):
		return say(stackhand.Invalid, "The folder of the store %s does not exist.", path).
			Do("Make the folder %s, or name another file in the config under store.", filepath.Dir(path))
	case errors.Is(err, fs.ErrPermission):
		return say(stackhand.Forbidden, "The store %s may not be opened by this user.", path).
			Do("Give the file and its folder to the user that stackhand runs as.")
	case errors.Is(err, errForeign), errors.Is(err, errCut), errors.Is(err, errDamaged), errors.Is(err, bolterrors.ErrInvalid),
		errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
		return say(stackhand.Invalid, "The file %s is not a store of stackhand, or is damaged.", path).
			Do("Restore a backup with “stackhand restore”, or name another file in the config under store.")
	}
	return say(stackhand.Invalid, "The store %s cannot be opened: %v.", path, err).
		Do("Look at the file and its folder, or name another file in the config under store.")
}
