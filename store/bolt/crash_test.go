package bolt_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	bbolt "go.etcd.io/bbolt"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/bolt"
)

// childFile makes the test's own program a child that writes to this file until it is killed.
const childFile = "STACKHAND_TEST_BOLT_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		if err := child(path); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// child writes pairs for ever, several writers at once, and prints the number of each once it is
// on disk.
func child(path string) error {
	d, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		return err
	}
	failed := make(chan error)
	for w := range 4 {
		go func() {
			for i := 1; ; i++ {
				v := strconv.Itoa(i)
				pad := strings.Repeat("x", 300*(i%40)) // pages split, grow and become free
				_, err := d.Commit(context.Background(),
					store.Op{Key: fmt.Sprintf("%d/left", w), Value: []byte(v)},
					store.Op{Key: fmt.Sprintf("%d/pad/%d", w, i%50), Value: []byte(pad)},
					store.Op{Key: fmt.Sprintf("%d/pad/%d", w, (i+25)%50), Delete: true},
					store.Op{Key: fmt.Sprintf("%d/right", w), Value: []byte(v)})
				if err != nil {
					failed <- err
				}
				fmt.Printf("%d %d\n", w, i)
			}
		}()
	}
	return <-failed
}

// writer is a running child with what it said to be on disk.
type writer struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
	acked map[int]int
}

func startWriter(t *testing.T, path string) *writer {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childFile+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w := &writer{cmd: cmd, lines: bufio.NewScanner(out), acked: map[int]int{}}
	t.Cleanup(w.kill)
	return w
}

// read takes in n more lines, or all that are left.
func (w *writer) read(t *testing.T, n int) {
	t.Helper()
	for ; n != 0 && w.lines.Scan(); n-- {
		var who, i int
		if _, err := fmt.Sscanf(w.lines.Text(), "%d %d", &who, &i); err != nil {
			t.Fatalf("the child said %q", w.lines.Text())
		}
		w.acked[who] = i
	}
	if n > 0 {
		t.Fatal("the child ended by itself")
	}
}

// kill is kill -9; it may be called again.
func (w *writer) kill() {
	if w.cmd.ProcessState == nil {
		_ = w.cmd.Process.Kill()
		_, _ = io.Copy(io.Discard, w.cmd.Stdout.(io.Reader))
		_ = w.cmd.Wait()
	}
}

// whole holds a file against what was said to be on disk.
func whole(t *testing.T, path string, acked map[int]int) {
	t.Helper()
	d, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for w := range 4 {
		left, err1 := d.Get(t.Context(), fmt.Sprintf("%d/left", w))
		right, err2 := d.Get(t.Context(), fmt.Sprintf("%d/right", w))
		if errors.Is(err1, store.ErrNotFound) && errors.Is(err2, store.ErrNotFound) && acked[w] == 0 {
			continue
		}
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if string(left.Value) != string(right.Value) || left.Rev != right.Rev {
			t.Errorf("half a commit: %s and %s", left.Value, right.Value)
		}
		if i, err := strconv.Atoi(string(left.Value)); err != nil || i < acked[w] {
			t.Errorf("writer %d was told that %d is on disk, and %s is", w, acked[w], left.Value)
		}
	}
	put(t, d, "after", "the crash")
}

// sound lets bbolt look at every page.
func sound(t *testing.T, path string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bbolt.Tx) error {
		var all []error
		for err := range tx.Check() {
			all = append(all, err)
		}
		return errors.Join(all...)
	})
	if err != nil {
		t.Error(err)
	}
}

func TestKilledWhileWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	for round := range 12 {
		w := startWriter(t, path)
		w.read(t, 1+round*7)
		if err := w.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		w.read(t, -1) // what it had said before
		w.kill()
		whole(t, path, w.acked)
		sound(t, path)
	}
}

// TestCopiedAtAnyMoment stops the writer wherever it is and copies the file, as a crash would
// leave it.
func TestCopiedAtAnyMoment(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "s.db")
	w := startWriter(t, path)
	for round := range 25 {
		w.read(t, 5)
		if err := w.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		b := stopped(t, w, path)
		copied := filepath.Join(dir, fmt.Sprintf("copy%d.db", round))
		if err := os.WriteFile(copied, b, 0o600); err != nil {
			t.Fatal(err)
		}
		whole(t, copied, w.acked)
		sound(t, copied)
		if err := os.Remove(copied); err != nil {
			t.Fatal(err)
		}
		if err := w.cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
	}
}

// stopped reads the file once the child stands still.
func stopped(t *testing.T, w *writer, path string) []byte {
	t.Helper()
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(w.cmd.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatalf("the child did not stop: %v, %v", status, err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestTornHead garbles the last page that a commit wrote, as a loss of power would in the middle of
// that write: the commit is gone as a whole, and the one before it is there as a whole.
func TestTornHead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "s.db")
	d := open(t, path)
	for n := range 30 {
		writePair(t, d, n)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		tear(b)
		copied := filepath.Join(dir, fmt.Sprintf("torn%d.db", n))
		if err := os.WriteFile(copied, b, 0o600); err != nil {
			t.Fatal(err)
		}
		c := open(t, copied)
		if n > 0 {
			want := strconv.Itoa(n - 1)
			if l, r := get(t, c, "left"), get(t, c, "right"); l != want || r != want {
				t.Fatalf("after the commit %d was torn: %s and %s", n, l, r)
			}
		}
		writePair(t, c, n)
		c.Close()
		sound(t, copied)
	}
}

// tear garbles the newer of the two pages that say where everything is (16 bytes of page header,
// and in the meta the transaction's number at 48 and a sum over all that at 56).
func tear(b []byte) {
	const header, txid = 16, 48
	page := os.Getpagesize()
	newer := 0
	if binary.LittleEndian.Uint64(b[page+header+txid:]) > binary.LittleEndian.Uint64(b[header+txid:]) {
		newer = page
	}
	for i := range 8 {
		b[newer+header+txid+i] ^= 0x5a
	}
}

func TestSecondProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	w := startWriter(t, path)
	w.read(t, 1)
	refused(t, path, stackhand.Conflict, "another process")
	w.kill()
	open(t, path)
	refused(t, path, stackhand.Conflict, "another process") // nor twice in one process
}

func writePair(t testing.TB, d *bolt.DB, n int) int64 {
	t.Helper()
	v := []byte(strconv.Itoa(n))
	rev, err := d.Commit(context.Background(), store.Op{Key: "left", Value: v}, store.Op{Key: "right", Value: v})
	if err != nil {
		t.Fatal(err)
	}
	return rev
}
