package commands

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/stackhand/stackhand"
)

// maxUserData is what Nova takes: 65535 characters of base64 (Nova API, "user_data").
const maxUserData = 65535 / 4 * 3

// firstBoot is what a server is given for its first start, as options of a command.
type firstBoot struct {
	UserData *string  `opt:"user-data" value:"optional" help:"for cloud-init: a code block after it, or a file shared with the message"`
	File     []string `opt:"file" value:"PATH=FILE" help:"a file to be written at the first start: a shared file or a code block (repeat)"`
	Line     Line
}

// bootFile is a file to be there after the first start.
type bootFile struct {
	path    string
	content []byte
}

// own is what was given, read and checked as far as that goes without the cloud.
func (a *firstBoot) own(e *entry) (data []byte, files []bootFile, err error) {
	if data, err = a.ownUserData(); err != nil {
		return nil, nil, err
	}
	if files, err = a.files(e); err != nil {
		return nil, nil, err
	}
	_, err = a.userData(data, files)
	return data, files, err
}

// userData is what cloud-init gets: the asker's own data, the files to write, or both as MIME
// parts (cloudinit.readthedocs.io, "User data formats"). nil where there is neither.
func (a *firstBoot) userData(own []byte, files []bootFile) ([]byte, error) {
	out := own
	var err error
	switch {
	case len(files) > 0 && own != nil:
		out, err = together(own, cloudConfig(files))
	case len(files) > 0:
		out = cloudConfig(files)
	}
	if len(out) > maxUserData {
		return nil, stackhand.Errorf(stackhand.Invalid, "User data and files make %d KiB together; a cloud takes at most %d KiB.", (len(out)+1023)/1024, maxUserData/1024).
			Do("Fetch large things from somewhere else in a script.")
	}
	return out, err
}

// hand gives the data and the files to whoever of the two the cloud has: Nova itself puts files into a server
// before microversion 2.57 ("personality"), and cloud-init does since.
func (a *firstBoot) hand(own []byte, files []bootFile, can stackhand.Features, most stackhand.Limits) (data []byte, put map[string][]byte, err error) {
	if !can.Personality || len(files) == 0 {
		data, err = a.userData(own, files)
		return data, nil, err
	}
	if n := most.MaxPersonality; n > 0 && len(files) > n {
		return nil, nil, stackhand.Errorf(stackhand.Invalid, "The cloud takes %d files of a server, and you give %d.", n, len(files)).Do("Leave some --file out.")
	}
	put = map[string][]byte{}
	for _, f := range files {
		// Nova counts what it is sent, which is base64 (nova/compute/api.py, _check_injected_file_quota).
		if n := most.MaxPersonalityBytes; n > 0 && base64.StdEncoding.EncodedLen(len(f.content)) > n {
			return nil, nil, stackhand.Errorf(stackhand.Invalid, "%s has %d bytes, and the cloud takes files of at most %d.", f.path, len(f.content), n/4*3).
				Do("Fetch large things from somewhere else in a script.")
		}
		put[f.path] = f.content
	}
	data, err = a.userData(own, nil)
	return data, put, err
}

func (a *firstBoot) ownUserData() ([]byte, error) {
	if a.UserData == nil {
		return nil, nil
	}
	v := *a.UserData
	if f := a.Line.file(v); f != nil {
		return text(f.Name, f.Content)
	}
	switch {
	case v == "" && len(a.Line.Files) == 1:
		return text(a.Line.Files[0].Name, a.Line.Files[0].Content)
	case v == "":
		return nil, stackhand.Errorf(stackhand.Invalid, "--user-data has nothing to take.").
			Do("Put a code block after it, or share one file together with the message.")
	case strings.Contains(v, "\n"), strings.HasPrefix(v, "#"):
		return text("the user data", []byte(v))
	}
	return nil, stackhand.Errorf(stackhand.NotFound, "No file called %s was shared with this message.", quote(clip(path.Base(v), 60))).
		Do("Files on your computer are not seen here: share the file together with the message, or put a code block after --user-data.")
}

// file finds a file shared with the line by the last part of a path.
func (l Line) file(name string) *File {
	for i := range l.Files {
		if name != "" && l.Files[i].Name == path.Base(name) {
			return &l.Files[i]
		}
	}
	return nil
}

func text(name string, content []byte) ([]byte, error) {
	if len(bytes.TrimSpace(content)) == 0 {
		return nil, stackhand.Errorf(stackhand.Invalid, "%s is empty.", capital(name)).Do("Share it again with its content.")
	}
	if !utf8.Valid(content) {
		return nil, stackhand.Errorf(stackhand.Invalid, "%s is not a text file.", capital(name)).Do("cloud-init takes text: a script or a #cloud-config.")
	}
	return content, nil
}

// files are those of --file with their contents, in order.
func (a *firstBoot) files(e *entry) ([]bootFile, error) {
	var out []bootFile
	seen := map[string]bool{}
	for _, f := range a.File {
		to, from, ok := strings.Cut(f, "=")
		if !ok || !path.IsAbs(to) || path.Clean(to) == "/" || strings.ContainsAny(to, "\n\x00") {
			return nil, e.misuse("--file %s is not of the form /path/on/the/server=file.", quote(clip(f, 60)))
		}
		if to = path.Clean(to); seen[to] {
			return nil, e.misuse("--file names %s twice.", to)
		}
		seen[to] = true
		content, err := a.fileContent(to, from)
		if err != nil {
			return nil, err
		}
		out = append(out, bootFile{to, content})
	}
	return out, nil
}

// cloudConfig has cloud-init write files.
func cloudConfig(files []bootFile) []byte {
	var b bytes.Buffer
	b.WriteString("#cloud-config\nwrite_files:\n")
	for _, f := range files {
		fmt.Fprintf(&b, "- path: %s\n  encoding: b64\n  content: %s\n", strconv.Quote(f.path), base64.StdEncoding.EncodeToString(f.content))
	}
	return b.Bytes()
}

// fileContent is a shared file's, or what stands after the equals sign, if it is no mere name.
func (a *firstBoot) fileContent(to, from string) ([]byte, error) {
	if f := a.Line.file(from); f != nil {
		return f.Content, nil
	}
	if from == "" && len(a.Line.Files) == 1 {
		return a.Line.Files[0].Content, nil
	}
	if strings.ContainsAny(from, " \n\t") {
		return []byte(from), nil
	}
	return nil, stackhand.Errorf(stackhand.NotFound, "No file called %s was shared with this message, for --file %s.", quote(clip(path.Base(from), 60)), to).
		Do("Share the file together with the message, or put a code block after the equals sign.")
}

// together packs user data and files to write into one MIME message. Lists of both are joined,
// so that write_files in the user's own cloud-config stays.
func together(own, files []byte) ([]byte, error) {
	kind := "text/x-shellscript"
	switch {
	case bytes.HasPrefix(own, []byte("#cloud-config")):
		kind = "text/cloud-config"
	case bytes.HasPrefix(own, []byte("#include")):
		kind = "text/x-include-url"
	case !bytes.HasPrefix(own, []byte("#!")):
		return nil, stackhand.Errorf(stackhand.Invalid, "User data together with --file has to be a script or a #cloud-config.").
			Do("Begin it with #! or #cloud-config, or leave --file out.")
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	sum := sha256.Sum256(append(bytes.Clone(own), files...))
	if err := w.SetBoundary("stackhand-" + hex.EncodeToString(sum[:12])); err != nil {
		return nil, fmt.Errorf("boundary of user data: %w", err)
	}
	for _, part := range []struct {
		kind    string
		content []byte
	}{{"text/cloud-config", files}, {kind, own}} {
		head := textproto.MIMEHeader{
			"Content-Type": {part.kind + `; charset="utf-8"`}, "Mime-Version": {"1.0"},
			"Merge-Type": {"list(append)+dict(no_replace,recurse_list)+str()"},
		}
		pw, err := w.CreatePart(head)
		if err == nil {
			_, err = pw.Write(part.content)
		}
		if err != nil {
			return nil, fmt.Errorf("part of user data: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("end of user data: %w", err)
	}
	head := fmt.Sprintf("Content-Type: multipart/mixed; boundary=%q\nMIME-Version: 1.0\n\n", w.Boundary())
	return append([]byte(head), body.Bytes()...), nil
}
