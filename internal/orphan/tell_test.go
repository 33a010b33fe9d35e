package orphan_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/orphan"
)

// teller looks at a cloud with n orphans.
func teller(n int) (*orphan.Teller, *book, *site) {
	f, b := world()
	s := &site{things: whole()}
	for i := range n {
		s.things = append(s.things, thing(stackhand.KindVolume, fmt.Sprintf("v%d", i), stackhand.Mark{Job: "gone", Stack: "gone-1"}))
	}
	return &orphan.Teller{
		Finder: *f, AddNotice: b.AddNotice,
		Places: func(context.Context) ([]orphan.Place, error) {
			return []orphan.Place{{At: orphan.At{Cloud: "lab"}, Open: func(context.Context) (orphan.Cloud, error) { return s, nil }}}, nil
		},
		Cost: func(stackhand.Orphan) string { return "1.00 per day" },
	}, b, s
}

// told counts how often each volume was named to the admins.
func told(b *book) map[string]int {
	out := map[string]int{}
	for _, n := range b.notices {
		for _, line := range strings.Split(n.Text.String(), "\n") {
			if name, _, ok := strings.Cut(strings.TrimPrefix(line, "• "), ":"); ok {
				out[name]++
			}
		}
	}
	return out
}

// Wherever it is killed, each finding is told to the admins once in the end.
func TestToldOnce(t *testing.T) {
	for dies := 1; dies < 14; dies++ {
		tell, b, s := teller(3)
		b.dies = dies
		_ = tell.Look(t.Context())
		b.dies = 0
		now := t0.Add(24 * time.Hour)
		tell.Now = func() time.Time { return now }
		s.things = append(s.things, thing(stackhand.KindVolume, "later", stackhand.Mark{Job: "gone", Stack: "gone-1"}))
		for range 2 {
			if err := tell.Look(t.Context()); err != nil {
				t.Fatal(err)
			}
			now = now.Add(24 * time.Hour)
		}
		got := told(b)
		if len(got) != 4 {
			t.Errorf("killed at write %d: told %v", dies, got)
		}
		for what, n := range got {
			if n != 1 {
				t.Errorf("killed at write %d: %s was told %d times", dies, what, n)
			}
		}
	}
}

func TestWordsToAdmins(t *testing.T) {
	tell, b, _ := teller(12)
	if err := tell.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, n := range b.notices {
		text := n.Text.String()
		for _, want := range []string{"12 things", "Nothing was deleted", "volume v", "It costs 1.00 per day.", "… and 2 more."} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in %s", want, text)
			}
		}
		if n.Place.Channel != "" || n.User != "" || !n.Admins {
			t.Errorf("the message goes to %+v, %q", n.Place, n.User)
		}
	}
}

func TestIgnoredIsNotTold(t *testing.T) {
	tell, b, s := teller(1)
	found, err := tell.Find(t.Context(), s, orphan.At{Cloud: "lab"})
	if err != nil {
		t.Fatal(err)
	}
	if err := tell.Ignore(t.Context(), found.Orphans[0], "UD", "an archive"); err != nil {
		t.Fatal(err)
	}
	if err := tell.Look(t.Context()); err != nil || len(b.notices) != 0 {
		t.Errorf("%v, told %v", err, told(b))
	}
	if again, err := tell.Find(t.Context(), s, orphan.At{Cloud: "lab"}); err != nil || again.Orphans[0].Ignored.By != "UD" || again.Orphans[0].Ignored.Why != "an archive" {
		t.Errorf("%+v, %v", again, err)
	}
	if err := tell.Ignore(t.Context(), found.Orphans[0], "", ""); err != nil {
		t.Fatal(err)
	}
	if err := tell.Look(t.Context()); err != nil || len(b.notices) != 1 {
		t.Errorf("%v, told %v", err, told(b))
	}
}

// A cloud that is down is an error, and no reason to say anything, nor to look nowhere else.
func TestCloudDown(t *testing.T) {
	tell, b, s := teller(2)
	down := errors.New("cloud down")
	places, err := tell.Places(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tell.Places = func(context.Context) ([]orphan.Place, error) {
		return append([]orphan.Place{{Open: func(context.Context) (orphan.Cloud, error) { return nil, down }}}, places...), nil
	}
	if err := tell.Look(t.Context()); !errors.Is(err, down) || len(b.notices) != 1 {
		t.Errorf("%v, %d messages", err, len(b.notices))
	}
	// A person's login that has ended is neither.
	ended := stackhand.Errorf(stackhand.Unauthorized, "lab no longer accepts your login.")
	for user, want := range map[string]bool{"U1": false, "": true} {
		tell.Places = func(context.Context) ([]orphan.Place, error) {
			return []orphan.Place{{User: user, Open: func(context.Context) (orphan.Cloud, error) { return nil, ended }}}, nil
		}
		if err := tell.Look(t.Context()); (err != nil) != want {
			t.Errorf("the login of %q has ended: %v", user, err)
		}
	}
	tell.Places = func(context.Context) ([]orphan.Place, error) { return places, nil }
	s.err = down
	if err := tell.Look(t.Context()); !errors.Is(err, down) || len(b.notices) != 1 {
		t.Errorf("%v, %d messages", err, len(b.notices))
	}
}

func TestKeep(t *testing.T) {
	f, b := world()
	found := find(t, f, thing(stackhand.KindFloatingIP, "x", stackhand.Mark{Job: "live", Stack: "live-1"}))
	for range 2 {
		st, err := f.Keep(t.Context(), found.Orphans[0], "live-1")
		if len(b.stacks["live-1"].Ledger) != 3 || st.ID != "live-1" && err == nil {
			t.Errorf("%+v, %v", st, err)
		}
	}
	if _, err := f.Keep(t.Context(), found.Orphans[0], "gone-1"); stackhand.KindOf(err) != stackhand.Conflict {
		t.Errorf("kept for a stack that is gone: %v", err)
	}
	if got := find(t, f, thing(stackhand.KindFloatingIP, "x", stackhand.Mark{Job: "live", Stack: "live-1"})); len(got.Orphans) != 0 {
		t.Errorf("still found: %+v", got.Orphans)
	}
}

// A place over which the program stumbles does not keep the others from being looked at.
func TestAPlaceThatPanics(t *testing.T) {
	tell, b, _ := teller(2)
	places := tell.Places
	tell.Places = func(ctx context.Context) ([]orphan.Place, error) {
		all, err := places(ctx)
		odd := orphan.Place{At: orphan.At{Cloud: "odd"}, User: "U1", Open: func(context.Context) (orphan.Cloud, error) { panic("no such thing") }}
		return append([]orphan.Place{odd}, all...), err
	}
	err := tell.Look(t.Context())
	if found := stackhand.Panics(err); len(found) != 1 || found[0].Of != "looking for orphans in odd" {
		t.Errorf("the look says %v", err)
	}
	if got := told(b); len(got) != 2 {
		t.Errorf("told %v", got)
	}
}
