package bot

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

func TestForeign(t *testing.T) {
	in := func(team, enterprise string) *slack.User {
		return &slack.User{TeamID: team, Enterprise: slack.EnterpriseUser{ID: enterprise}}
	}
	for _, c := range []struct {
		name string
		user *slack.User
		ours string // enterprise
		want bool
	}{
		{"our workspace", in("T1", ""), "", false},
		{"another workspace", in("T2", ""), "", true},
		{"another workspace of our grid", in("T2", "E1"), "E1", false},
		{"another company's grid", in("T2", "E2"), "E1", true},
		{"another company's grid, and we are in none", in("T2", "E2"), "", true},
		{"a stranger, whatever the team", &slack.User{TeamID: "T1", IsStranger: true}, "", true},
	} {
		if got := foreign(c.user, "T1", c.ours); got != c.want {
			t.Errorf("%s: foreign %v, want %v", c.name, got, c.want)
		}
	}
}

// The log shows the command of a line and nothing that was typed besides, not even as its first word.
func TestLogShowsCommandsOnly(t *testing.T) {
	for line, want := range map[string]string{
		"create web-1 --for 2h": "create", "keypair  create laptop": "keypair create", "Tr0ub4dor-bare-word": "other words", "": "other words",
	} {
		if got := commandIn(line); got != want {
			t.Errorf("commandIn(%q) = %q, want %q", line, got, want)
		}
	}
}

// reversing is a sealer whose work can be told from what it sealed; broken opens nothing.
type reversing struct{ broken bool }

func (reversing) Seal(plain []byte, _, _ string) ([]byte, error) {
	sealed := bytes.Clone(plain)
	for i := range sealed {
		sealed[i] ^= 0xff
	}
	return sealed, nil
}

func (r reversing) Open(sealed []byte, user, cloud string) ([]byte, error) {
	if r.broken {
		return nil, errors.New("another key")
	}
	return r.Seal(sealed, user, cloud)
}

// A line may hold user data: it is sealed on disk, and not carried out when it cannot be opened.
func TestLinesAreSealed(t *testing.T) {
	b := &Bot{o: Options{Seal: reversing{}, Now: time.Now}}
	in, err := b.inbound(arrival{key: "k", kind: kindLine, user: "U1", body: body{Text: "create web-1 --user-data swordfish"}})
	if err != nil || bytes.Contains(in.Body, []byte("swordfish")) {
		t.Fatalf("the line lies on disk as it is (%v): %s", err, in.Body)
	}
	if m, _, err := b.unpack(in); err != nil || m.Text != "create web-1 --user-data swordfish" {
		t.Errorf("unpack: %q, %v", m.Text, err)
	}
	b.o.Seal = reversing{broken: true}
	if m, _, err := b.unpack(in); err == nil || m.Text != "" {
		t.Errorf("a line that cannot be opened came out as %q", m.Text)
	}
}
