package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/stackhand/stackhand/store"
)

// The desk is a socket beside the store's file, at which a running bot lets its operator read the store: the file itself is locked. Only
// the user that the bot runs as, and root, may open it, as with the file.

// deskOf is where the desk of a store is.
func deskOf(storePath string) string { return storePath + ".sock" }

// maxSocket is how long the path of a socket may be, whatever the system.
const maxSocket = 100

// openDesk makes the socket. It is made in a folder that nobody else can enter, and moved to its place with its rights set. A path that is
// too long for a socket is no reason not to work: then the answer is nil.
func (a *app) openDesk(ctx context.Context) (net.Listener, error) {
	private, err := os.MkdirTemp(filepath.Dir(a.desk), ".desk-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(private)
	hidden := filepath.Join(private, "s")
	if max(len(hidden), len(a.desk)) > maxSocket {
		a.log.Warn("the path of the store is too long for a socket beside it: audit and backup work only while the bot does not run", "path", a.desk)
		return nil, nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", hidden)
	if err != nil {
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	if err = os.Chmod(hidden, 0o600); err == nil {
		err = os.Rename(hidden, a.desk) // also in the place of one that a killed bot left
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// serveDesk answers there until ctx ends.
func (a *app) serveDesk(ctx context.Context) error {
	l, err := a.openDesk(ctx)
	if err != nil || l == nil {
		return err
	}
	defer os.Remove(a.desk)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /audit", a.sendTrail)
	mux.HandleFunc("GET /audit/head", a.sendHead)
	mux.HandleFunc("GET /backup", func(w http.ResponseWriter, r *http.Request) { a.cut(a.copyTo(r.Context(), w)) })
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { srv.Close() })
	defer stop()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// trailHead is the end of the trail.
type trailHead struct {
	N    int64  `json:"n"`
	Hash string `json:"hash"`
}

func (a *app) sendHead(w http.ResponseWriter, r *http.Request) {
	n, hash, err := a.store.AuditHead(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	a.cut(json.NewEncoder(w).Encode(trailHead{n, hash}))
}

func (a *app) sendTrail(w http.ResponseWriter, r *http.Request) {
	var since time.Time
	if s := r.URL.Query().Get("since"); s != "" {
		var err error
		if since, err = time.Parse(time.RFC3339Nano, s); err != nil {
			http.Error(w, "since is no time", http.StatusBadRequest)
			return
		}
	}
	a.cut(a.store.ExportAudit(r.Context(), since, lines(w)))
}

// cut ends an answer that was begun in such a way that nobody takes it for whole.
func (a *app) cut(err error) {
	if err != nil {
		a.log.Error("what the operator asked for could not be sent", "err", err)
		panic(http.ErrAbortHandler)
	}
}

// lines writes each record on a line of its own.
func lines(w io.Writer) func([]byte) error {
	return func(line []byte) error {
		_, err := w.Write(append(line, '\n'))
		return err
	}
}

// copier is a driver that can write a copy of itself.
type copier interface {
	Backup(ctx context.Context, w io.Writer) error
}

func (a *app) copyTo(ctx context.Context, w io.Writer) error {
	c, ok := a.driver.(copier)
	if !ok {
		return errors.New("this store has no backup of its own")
	}
	return c.Backup(ctx, w)
}

// counter is the client's side of a desk.
type counter struct{ http *http.Client }

// atDesk answers nil where no bot serves at the desk.
func atDesk(ctx context.Context, path string) *counter {
	if len(path) > maxSocket {
		return nil
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, "unix", path)
	}
	conn, err := dial(ctx, "", "")
	if err != nil {
		return nil
	}
	conn.Close()
	return &counter{&http.Client{Transport: &http.Transport{DialContext: dial}}}
}

func (c *counter) get(ctx context.Context, path string, read func(io.Reader) error) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://desk"+path, nil)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("the running bot does not answer: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		why, _ := io.ReadAll(io.LimitReader(resp.Body, 500))
		return fmt.Errorf("the running bot answers %s: %s", resp.Status, why)
	}
	return read(resp.Body)
}

func (c *counter) head(ctx context.Context) (int64, string, error) {
	var h trailHead
	err := c.get(ctx, "/audit/head", func(r io.Reader) error { return json.NewDecoder(r).Decode(&h) })
	return h.N, h.Hash, err
}

var _ copier = (*counter)(nil)

// Backup copies the store of the running bot.
func (c *counter) Backup(ctx context.Context, w io.Writer) error {
	return c.get(ctx, "/backup", func(r io.Reader) error {
		_, err := io.Copy(w, r)
		return err
	})
}

var _ trail = (*store.Store)(nil)
