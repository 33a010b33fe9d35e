package slack

import (
	"io"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/stackhand/stackhand/internal/sim/slack/blockkit"
)

const (
	maxFile    = 16 << 20
	maxPreview = 8 << 10
)

// file is an uploaded file. One that is announced but not uploaded yet has a ticket, one that is
// uploaded but not shared has no channels.
type file struct {
	id, name, title string
	user            string
	ticket          string
	length          int
	content         []byte
	uploaded        bool
	channels        []string
}

func (f *file) mimetype() string {
	if t := mime.TypeByExtension(path.Ext(f.name)); t != "" {
		return t
	}
	if utf8.Valid(f.content) {
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}

// preview is the beginning of a text file; "" for others.
func (f *file) preview() string {
	if !utf8.Valid(f.content) {
		return ""
	}
	return cut(string(f.content), maxPreview)
}

func (w *Workspace) filesJSON(list []*file) []obj {
	all := make([]obj, 0, len(list))
	for _, f := range list {
		all = append(all, w.fileJSON(f))
	}
	return all
}

func (w *Workspace) fileJSON(f *file) obj {
	url := "http://" + w.host + "/files/" + f.id + "/" + f.name
	kind := strings.TrimPrefix(path.Ext(f.name), ".")
	orDefault(&kind, "text")
	return obj{
		"id": f.id, "name": f.name, "title": f.title, "mimetype": f.mimetype(), "filetype": kind, "pretty_type": kind,
		"user": f.user, "size": len(f.content), "mode": "hosted", "is_external": false, "is_public": false, "editable": false,
		"url_private": url, "url_private_download": url, "permalink": url, "created": w.unixNow(), "timestamp": w.unixNow(),
		"channels": f.channels, "file_access": "visible", "user_team": TeamID,
	}
}

// newFile keeps a file that a person shares.
func (w *Workspace) newFile(user, name string, content []byte) *file {
	name = strings.ReplaceAll(path.Base(path.Clean("/"+name)), " ", "_")
	f := &file{id: newID("F"), name: name, title: name, user: user, content: content, length: len(content), uploaded: true}
	w.files[f.id] = f
	return f
}

func filesGetUploadURL(w *Workspace, q *request) (obj, error) {
	name, length := q.str("filename"), q.int("length", 0)
	switch {
	case name == "":
		return nil, refuse("missing_argument")
	case length <= 0 || length > maxFile:
		return nil, refuse("invalid_arguments")
	}
	f := w.newFile(BotUserID, name, nil)
	f.ticket, f.length, f.uploaded = random(16), length, false
	return obj{"file_id": f.id, "upload_url": "http://" + q.host + "/files/upload/" + f.ticket}, nil
}

// serveUpload takes the bytes of an announced file, raw or as the field "file" of a form.
func (w *Workspace) serveUpload(rw http.ResponseWriter, r *http.Request) {
	body := io.Reader(http.MaxBytesReader(rw, r.Body, maxFile+maxBody))
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		part, _, err := r.FormFile("file")
		if err != nil {
			http.Error(rw, "no field named file", http.StatusBadRequest)
			return
		}
		defer part.Close()
		body = part
	}
	content, err := io.ReadAll(body)
	if err != nil {
		http.Error(rw, "upload failed", http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.files {
		if f.ticket != "" && f.ticket == r.PathValue("ticket") {
			if len(content) != f.length {
				http.Error(rw, "length differs from what was announced", http.StatusBadRequest)
				return
			}
			f.content, f.ticket, f.uploaded = content, "", true
			// The client has gone if this fails.
			_, _ = io.WriteString(rw, "OK - "+http.StatusText(http.StatusOK))
			return
		}
	}
	http.Error(rw, "unknown upload", http.StatusNotFound)
}

func filesComplete(w *Workspace, q *request) (obj, error) {
	list, err := q.json("files")
	if err != nil || len(items(list)) == 0 {
		return nil, refuse("invalid_arguments")
	}
	var files []*file
	for _, it := range items(list) {
		f := w.files[str(asObj(it), "id")]
		if f == nil || f.user != BotUserID || !f.uploaded {
			return nil, refuse("file_not_found")
		}
		if t := str(asObj(it), "title"); t != "" {
			f.title = t
		}
		files = append(files, f)
	}
	if err := w.share(q, files); err != nil {
		return nil, err
	}
	return obj{"files": w.filesJSON(files)}, nil
}

// share posts files where the call says; without a channel they stay private.
func (w *Workspace) share(q *request, files []*file) error {
	id := q.str("channel_id")
	if id == "" {
		id, _, _ = strings.Cut(q.str("channels"), ",")
	}
	if id == "" {
		return nil
	}
	c, err := w.writable(id)
	if err != nil {
		return err
	}
	blocks, err := q.blocks("blocks", blockkit.Message)
	if err != nil {
		return err
	}
	m := w.botMessage(c, content{text: q.str("initial_comment"), blocks: blocks})
	if m.thread, err = c.threadOf(q.str("thread_ts")); err != nil {
		return err
	}
	for _, f := range files {
		if !slices.Contains(f.channels, c.ID) {
			f.channels = append(f.channels, c.ID)
		}
	}
	m.files, m.subtype = files, "file_share"
	w.post(m)
	w.echo(m, "file_share")
	return nil
}

func filesInfo(w *Workspace, q *request) (obj, error) {
	f := w.files[q.str("file")]
	if f == nil {
		return nil, refuse("file_not_found")
	}
	return obj{"file": w.fileJSON(f), "comments": []any{}}, nil
}

// serveFile gives a file to the app, which shows its bot token.
func (w *Workspace) serveFile(rw http.ResponseWriter, r *http.Request) {
	if strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ") != w.botToken {
		http.Error(rw, "not authorized", http.StatusForbidden)
		return
	}
	w.sendFile(rw, r)
}

func (w *Workspace) sendFile(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	f := w.files[r.PathValue("id")]
	w.mu.Unlock()
	if f == nil || !f.uploaded {
		http.NotFound(rw, r)
		return
	}
	rw.Header().Set("Content-Type", f.mimetype())
	rw.Header().Set("X-Content-Type-Options", "nosniff")
	rw.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.name}))
	// The client has gone if this fails.
	_, _ = rw.Write(f.content)
}
