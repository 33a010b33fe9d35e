package store

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestKeyIsInjective(t *testing.T) {
	part := rapid.StringOfN(rapid.RuneFrom([]rune("a%/25F0")), 0, 4, -1)
	parts := rapid.SliceOfN(part, 1, 4)
	rapid.Check(t, func(t *rapid.T) {
		a, b := parts.Draw(t, "a"), parts.Draw(t, "b")
		if slices.Equal(a, b) != (key(a...) == key(b...)) {
			t.Fatalf("%q and %q give %q and %q", a, b, key(a...), key(b...))
		}
	})
}

func TestUnderHoldsWhatIsBelow(t *testing.T) {
	part := rapid.StringOfN(rapid.RuneFrom([]rune("a%/0.\x00ÿ")), 0, 3, -1)
	parts := rapid.SliceOfN(part, 1, 4)
	rapid.Check(t, func(t *rapid.T) {
		above, k := parts.Draw(t, "above"), parts.Draw(t, "key")
		from, to := under(above...)
		inside := from <= key(k...) && key(k...) < to
		if below := len(k) > len(above) && slices.Equal(k[:len(above)], above); inside != below {
			t.Fatalf("%q is below %q: %v, but within [%q, %q): %v", k, above, below, from, to, inside)
		}
	})
}

func TestTimesInOrder(t *testing.T) {
	moment := rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
	})
	rapid.Check(t, func(t *rapid.T) {
		a := moment.Draw(t, "a")
		b := moment.Draw(t, "b")
		if rapid.Bool().Draw(t, "near") {
			b = a.Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, "d")))
		}
		if got := strings.Compare(rising(a), rising(b)); got != a.Compare(b) {
			t.Fatalf("rising %v, %v: %d", a, b, got)
		}
		if got := strings.Compare(falling(a), falling(b)); got != b.Compare(a) {
			t.Fatalf("falling %v, %v: %d", a, b, got)
		}
	})
	// Wherever it is said, a moment is the same.
	at := time.Date(2026, 11, 21, 5, 0, 0, 1, time.UTC)
	if rising(at) != rising(at.In(time.FixedZone("", 3600))) || len(rising(at)) != 24 {
		t.Error(rising(at))
	}
}
