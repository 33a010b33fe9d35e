package bot

import (
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// A limit that a refusal names is shown in the time zone of who reads it, as any other moment is.
func TestRefusalsTellMomentsInTheReadersZone(t *testing.T) {
	at := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	s := failure(stackhand.Errorf(stackhand.Invalid, "web-1 can be kept until %s at most.", stackhand.At(at)).Do("Ask for less."), nil)
	if got, want := mrkdwn(s[0].Text), "web-1 can be kept until <!date^1796115600^{date_short_pretty} at {time}|2026-12-01 09:00 UTC> at most.\nAsk for less."; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
