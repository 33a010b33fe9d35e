package commands

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
)

const (
	pubKey   = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
	otherKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHVrGv3Hp2oZyMZ3RLvT4ZLIuCfmrPZpUxqjhfsdvvZM"
)

func TestKeyPairs(t *testing.T) {
	for name, c := range map[string]struct {
		line  string
		files []File
		want  string // the key that is stored; "" for a refusal
	}{
		"quoted":         {line: `keypair create work --public-key "` + pubKey + ` me@work"`, want: pubKey + " me@work"},
		"bare":           {line: "keypair create work --public-key " + pubKey + " me@work", want: pubKey + " me@work"},
		"as a link":      {line: "keypair create work --public-key " + pubKey + " <mailto:me@work.org|me@work.org>", want: pubKey + " me@work.org"},
		"option first":   {line: `openstack keypair create --public-key "` + pubKey + `" work`, want: pubKey},
		"a file":         {line: "keypair create work", files: []File{{"id.pub", []byte(pubKey + " me\n")}}, want: pubKey + " me"},
		"a named file":   {line: "openstack keypair create --public-key ~/.ssh/id.pub work", files: []File{{"id.pub", []byte(pubKey)}, {"x", nil}}, want: pubKey},
		"nova":           {line: "nova keypair-add --pub-key id.pub work", files: []File{{"id.pub", []byte(pubKey)}}, want: pubKey},
		"a private file": {line: "keypair create work", files: []File{{"id", []byte("-----BEGIN OPENSSH PRIVATE KEY-----\n")}}},
		"two keys":       {line: "keypair create work", files: []File{{"id", []byte(pubKey + "\n" + otherKey)}}},
		"no file":        {line: "openstack keypair create --public-key ~/.ssh/id.pub work"},
		"name in use":    {line: `keypair create laptop --public-key "` + pubKey + `"`},
	} {
		t.Run(name, func(t *testing.T) {
			w, env := newWorld()
			r, err := say(t, env, alice, c.line, c.files...)
			if c.want == "" {
				expect(t, told(r, err), map[string]string{"a private file": "That is a private key"}[name])
				if err == nil || len(w.cloud.keys) != 1 {
					t.Errorf("taken: %s", told(r, err))
				}
				return
			}
			if err != nil {
				t.Fatal(told(r, err))
			}
			if k := w.cloud.keys[1]; k.Name != "work" || k.PublicKey != c.want {
				t.Errorf("%+v", k)
			}
			if r, err := say(t, env, alice, c.line, c.files...); err != nil {
				t.Errorf("the same again: %s", told(r, err))
			}
			if r, err := say(t, env, alice, "keypair delete work"); err != nil || len(w.cloud.keys) != 1 {
				t.Errorf("deleted: %s", told(r, err))
			}
		})
	}
}

// A word that a sentence would do without is a name where the line is typed as the table has it.
func TestAKeyPairCalledMine(t *testing.T) {
	w, env := newWorld()
	r, err := say(t, env, alice, `keypair create mine --public-key "`+pubKey+`"`)
	if err != nil || w.cloud.keys[len(w.cloud.keys)-1].Name != "mine" {
		t.Errorf("%+v: %s", w.cloud.keys, told(r, err))
	}
}

// Where everybody works with the bot's own login, the key pairs are everybody's too.
func TestSharedKeyPairsAreTheAdministrators(t *testing.T) {
	w, env := newWorld()
	env.Settings.Clouds["lab"] = CloudSettings{Service: true}
	before := len(w.cloud.keys)
	if r, err := say(t, env, alice, "keypair delete laptop"); stackhand.KindOf(err) != stackhand.Forbidden || len(w.cloud.keys) != before {
		t.Errorf("a member: %s, %d of %d left", told(r, err), len(w.cloud.keys), before)
	}
	if r, err := say(t, env, dana, "keypair delete laptop"); err != nil || len(w.cloud.keys) != before-1 {
		t.Errorf("an administrator: %s, %d of %d left", told(r, err), len(w.cloud.keys), before)
	}
}

func TestUserData(t *testing.T) {
	for name, c := range map[string]struct {
		line  string
		files []File
		want  string
	}{
		"block":      {"create w1 --user-data ```#!/bin/sh\necho hi &gt; /x```", nil, "#!/bin/sh\necho hi > /x"},
		"file":       {"create w1 --user-data", []File{{"init.sh", []byte("#!/bin/sh\n")}}, "#!/bin/sh\n"},
		"named file": {"openstack server create --image i-jammy --flavor 2 --user-data ./init.sh w1", []File{{"x", []byte("y")}, {"init.sh", []byte("#!\n")}}, "#!\n"},
		"write":      {"create w1 --file /etc/motd=```hello\nyou```", nil, "#cloud-config\nwrite_files:\n- path: \"/etc/motd\"\n  encoding: b64\n  content: " + base64.StdEncoding.EncodeToString([]byte("hello\nyou")) + "\n"},
		"write file": {"create w1 --file /etc/motd=motd.txt", []File{{"motd.txt", []byte("hi")}}, "#cloud-config\nwrite_files:\n- path: \"/etc/motd\"\n  encoding: b64\n  content: aGk=\n"},
	} {
		t.Run(name, func(t *testing.T) {
			w, env := newWorld()
			r, err := say(t, env, alice, c.line, c.files...)
			if err != nil {
				t.Fatal(told(r, err))
			}
			if diff := cmp.Diff(c.want, string(input[stackhand.CreateSpec](t, w).UserData)); diff != "" {
				t.Error(diff)
			}
			if j := w.jobs[w.order[0]]; strings.Contains(j.Line, "\n") || strings.Contains(j.Line, "\x00") {
				t.Errorf("the card's line is %q", j.Line)
			}
		})
	}
}

func TestUserDataTogether(t *testing.T) {
	w, env := newWorld()
	r, err := say(t, env, alice, "create w1 --user-data ```#cloud-config\npackages: [jq]\n``` --file /a=```A B```")
	if err != nil {
		t.Fatal(told(r, err))
	}
	msg, err := mail.ReadMessage(bytes.NewReader(input[stackhand.CreateSpec](t, w).UserData))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for parts := multipart.NewReader(msg.Body, params["boundary"]); ; {
		p, err := parts.NextPart()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := strings.Cut(p.Header.Get("Content-Type"), ";")
		got = append(got, kind+" "+string(content))
	}
	want := []string{"text/cloud-config #cloud-config\nwrite_files:\n- path: \"/a\"\n  encoding: b64\n  content: QSBC\n", "text/cloud-config #cloud-config\npackages: [jq]\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUserDataRefusals(t *testing.T) {
	for line, files := range map[string][]File{
		"create w1 --user-data":               {{"a", []byte("#!")}, {"b", []byte("#!")}},
		"create w1 --user-data a":             {{"a", nil}},
		"create w1 --user-data b":             {{"b", []byte("\xff\xfe")}},
		"create w1 --user-data c":             {{"c", bytes.Repeat([]byte("#"), maxUserData+1)}},
		"create w1 --user-data d --file /x=d": {{"d", []byte("MZ")}},
		"create w1 --file /x=e --file /x=e":   {{"e", []byte("x")}},
		"create w1 --file ../x=f":             {{"f", []byte("x")}},
		"create w1 --file /x=nothing.txt":     nil,
	} {
		w, env := newWorld()
		r, err := say(t, env, alice, line, files...)
		if k := stackhand.KindOf(err); k != stackhand.Invalid && k != stackhand.NotFound || len(w.jobs) != 0 {
			t.Errorf("%s: %s", line, told(r, err))
		}
	}
}
