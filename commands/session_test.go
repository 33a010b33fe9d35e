package commands

import (
	"testing"

	"github.com/stackhand/stackhand"
)

// TestAgain: only what was not found is looked for on fresh lists, and once.
func TestAgain(t *testing.T) {
	for _, c := range []struct {
		first, then       stackhand.Kind
		looked, refreshed int
	}{
		{"", "", 1, 0},
		{stackhand.NotFound, "", 2, 1},
		{stackhand.NotFound, stackhand.NotFound, 2, 1},
		{stackhand.NotFound, stackhand.Ambiguous, 2, 1},
		{stackhand.Ambiguous, "", 1, 0},
		{stackhand.Unavailable, "", 1, 0},
	} {
		w, env := newWorld()
		s, err := open(t.Context(), env, alice, "")
		if err != nil {
			t.Fatal(err)
		}
		looked, last := 0, c.first
		err = s.again(func() error {
			if looked++; looked > 1 {
				last = c.then
			}
			if last == "" {
				return nil
			}
			return stackhand.Errorf(last, "no")
		})
		if looked != c.looked || w.cloud.refreshed != c.refreshed || stackhand.KindOf(err) != last {
			t.Errorf("%s, then %s: looked %d times, refreshed %d times, ended in %v", c.first, c.then, looked, w.cloud.refreshed, err)
		}
	}
}

// TestWishOfAFreshImage: words that fit an image which came a moment ago are found.
func TestWishOfAFreshImage(t *testing.T) {
	w, env := newWorld()
	w.cloud.onRefresh = func() {
		w.cloud.images = append(w.cloud.images, stackhand.Image{ID: "i-new", Name: "Haiku 5", Status: "active"})
	}
	words, err := wish(t.Context(), env, alice, []string{"haiku", "server", "named", "web-9"}, nil)
	if err != nil || len(words) == 0 || w.cloud.refreshed != 1 {
		t.Errorf("got %q, %v after %d refreshes", words, err, w.cloud.refreshed)
	}
}
