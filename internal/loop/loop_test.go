package loop_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/loop"
)

// run has a part at work for a while, and answers what was told of panics and what is in the log.
func run(t *testing.T, p loop.Part, long time.Duration) (told []string, log string) {
	t.Helper()
	var out bytes.Buffer
	r := loop.Runner{Log: slog.New(slog.NewTextHandler(&out, nil)), Panicked: func(_ context.Context, part string, found []*stackhand.Panic) string {
		for _, f := range found {
			told = append(told, part+": "+f.Of+": "+f.Error())
		}
		return "r"
	}}
	ctx, stop := context.WithTimeout(t.Context(), long)
	defer stop()
	if err := r.Run(ctx, p); err != nil {
		t.Fatal(err)
	}
	return told, out.String()
}

// Whatever becomes of a turn, the next one comes, and what panicked is told of.
func TestTheNextTurnComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := 0
		told, log := run(t, loop.Part{Name: "p", Every: "@every 1m", Turn: func(context.Context) error {
			switch turns++; turns {
			case 1:
				panic("no such thing")
			case 2:
				return errors.New("late")
			case 3:
				return errors.Join(errors.New("late"), stackhand.Guarded("web-1", func() error { panic("neither") }))
			}
			return nil
		}}, 4*time.Minute+time.Second)
		if turns != 4 {
			t.Errorf("%d turns in four minutes", turns)
		}
		if got := strings.Join(told, "; "); got != "p: : panic: no such thing; p: web-1: panic: neither" {
			t.Errorf("told %s", got)
		}
		if n := strings.Count(log, "the next one goes on"); n != 3 || strings.Count(log, "part=p") != 3 {
			t.Errorf("the log says %s", log)
		}
	})
}

// What is done at the start does not keep the turns from coming either.
func TestBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []string
		note := func(what string) { at = append(at, what+time.Now().UTC().Format(" 15:04:05")) }
		told, _ := run(t, loop.Part{Name: "p", Every: "@every 1m", Begin: func(context.Context) error { note("begin"); panic("oh") },
			Turn: func(context.Context) error { note("turn"); return nil }}, 61*time.Second)
		if got := strings.Join(at, ", "); got != "begin 00:00:00, turn 00:01:00" || len(told) != 1 {
			t.Errorf("%s; told %v", got, told)
		}
	})
}

// A turn that takes its time is not joined by the next one, and the end waits for it.
func TestOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []string
		busy := false
		run(t, loop.Part{Name: "p", Every: "@every 1m", Turn: func(context.Context) error {
			if busy {
				t.Error("two turns at once")
			}
			busy = true
			at = append(at, time.Now().UTC().Format("15:04:05"))
			<-time.After(90 * time.Second)
			busy = false
			return nil
		}}, 3*time.Minute+time.Second)
		if got := strings.Join(at, " "); got != "00:01:00 00:03:00" || busy {
			t.Errorf("turns at %s, busy %v", got, busy)
		}
	})
}

// What fails because the bot stops is no news, but a panic is.
func TestAtTheEnd(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var log bytes.Buffer
	told := 0
	r := loop.Runner{Log: slog.New(slog.NewTextHandler(&log, nil)), Panicked: func(context.Context, string, []*stackhand.Panic) string { told++; return "r" }}
	if err := r.Do(ctx, "p", func(ctx context.Context) error { return ctx.Err() }); !errors.Is(err, context.Canceled) || told != 0 || log.Len() > 0 {
		t.Errorf("%v, told %d times: %s", err, told, log.String())
	}
	if err := r.Do(ctx, "p", func(context.Context) error { panic("oh") }); err == nil || told != 1 {
		t.Errorf("%v, told %d times", err, told)
	}
}

func TestNoSuchSchedule(t *testing.T) {
	begun := false
	err := loop.Runner{}.Run(t.Context(), loop.Part{Name: "sweeps", Every: "now and then", Begin: func(context.Context) error { begun = true; return nil }})
	if err == nil || !strings.Contains(err.Error(), "the schedule of sweeps") || begun {
		t.Errorf("%v, begun %v", err, begun)
	}
}
