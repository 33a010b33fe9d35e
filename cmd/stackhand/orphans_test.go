package main

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// The daily look is at each region of the catalogue, that of the login first, with the right client for each.
func TestTheDailyLookIsInAllRegions(t *testing.T) {
	st, err := newStage(t.Context(), demoCmd{Dir: t.TempDir(), ClockRate: 1, ClockAt: *scriptsAt, SlackPace: pace, Build: 100 * time.Millisecond, LogLevel: 12}, streams{err: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.close)
	r, err := openstack.ParseRule(strings.Fields("catalogue regions North RegionOne South"))
	if err := errors.Join(err, st.cloud.Fault(r), st.start(t.Context())); err != nil {
		t.Fatal(err)
	}
	places, err := st.on.app.outlooks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var at []string
	for _, p := range places {
		c, err := p.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		at = append(at, c.Identity().Region)
	}
	if want := []string{"RegionOne", "North", "South"}; !slices.Equal(at, want) {
		t.Errorf("looked at %q, want %q", at, want)
	}
}
