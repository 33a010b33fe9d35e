package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// An owner's login has ended: servers are still stopped, with the bot's own, and are not started. The owner hears of it once.
func TestTheBotsOwnLoginStops(t *testing.T) {
	ended := stackhand.Errorf(stackhand.Unauthorized, "lab no longer accepts your login.").Do("Log in again.")
	for name, end := range map[string]func(w *world){
		"at once":   func(w *world) { w.shut = ended },
		"when used": func(w *world) { w.out = ended },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.lend = true
			st := w.give("U1", "web-1", map[string]string{"stackhand_stack": "web-1-1", "stackhand_job": "j-web-1"})
			w.set(stackhand.Schedule{Stack: st.ID, Name: st.Name, Stop: "20:00", Start: "08:00"})
			end(w)
			w.live(at(2, 12, 0))
			if want := []string{"Mon 20:00 Stop web-1"}; !slices.Equal(w.done, want) || w.servers[st.Server].Status != "SHUTOFF" {
				t.Fatalf("%v, want %v", w.done, want)
			}
			if n := w.told("does only half its work: lab no longer accepts your login. Log in again. Until then it stops servers with the bot's own login, and starts none."); n != 1 {
				t.Errorf("told %d times\n%v", n, w.said())
			}
			if w.told("does not work") != 0 || w.told("web-1 will be stopped") == 0 || w.told("not started again before its owner has logged in again") != 1 {
				t.Errorf("%v", w.said())
			}
			w.shut, w.out = nil, nil
			w.live(at(3, 9, 0))
			if want := []string{"Mon 20:00 Stop web-1", "Thu 08:00 Start web-1"}; !slices.Equal(w.done, want) {
				t.Errorf("%v after the new login, want %v", w.done, want)
			}
			if !slices.Equal(w.owns, []bool{true, false}) {
				t.Errorf("the jobs are the bot's own: %v", w.owns)
			}
		})
	}
}

// Where the first moment after a login has ended is a start, the owner hears of the half that is left, and not that nothing works.
func TestAStartThatTheBotLeavesOut(t *testing.T) {
	ended := stackhand.Errorf(stackhand.Unauthorized, "lab no longer accepts your login.").Do("Log in again.")
	for name, c := range map[string]struct {
		stop string
		own  error
		want string
	}{
		"stops go on":    {stop: "20:00", want: "does only half its work: lab no longer accepts your login."},
		"no stops":       {want: "does not work: lab no longer accepts your login."},
		"nor the bot's":  {stop: "20:00", own: ended, want: "does not work: lab no longer accepts your login."},
		"nobody answers": {stop: "20:00", own: stackhand.Errorf(stackhand.Unavailable, "lab does not answer.")},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.lend, w.shut, w.own = true, ended, c.own
			st := w.give("U1", "web-1", map[string]string{"stackhand_stack": "web-1-1", "stackhand_job": "j-web-1"})
			w.servers[st.Server].Status = "SHUTOFF"
			w.set(stackhand.Schedule{Stack: st.ID, Name: st.Name, Stop: c.stop, Start: "16:00"})
			w.live(monday.Add(8 * time.Hour))
			if n := w.told("Your schedule"); (n == 1) != (c.want != "") || c.want != "" && w.told(c.want) != 1 || len(w.done) != 0 {
				t.Errorf("%v\n%v, want %q", w.done, w.said(), c.want)
			}
		})
	}
}

// A schedule over which the program stumbles does not stop the others, nor the bot.
func TestAScheduleThatPanics(t *testing.T) {
	w := newWorld(t)
	open := w.o.Open
	w.o.Open = func(ctx context.Context, user, cloud string, at stackhand.Scope) (Cloud, error) {
		if user == "U1" {
			panic("no such thing")
		}
		return open(ctx, user, cloud, at)
	}
	for _, owner := range []string{"U1", "U2", "U3"} {
		st := w.give(owner, "web-"+owner, nil)
		_, err := w.Set(t.Context(), stackhand.Schedule{Stack: st.ID, Name: st.Name, Owner: owner, Cloud: "lab", Zone: "UTC", Stop: "20:00", Start: "08:00"})
		w.must(err)
	}
	var err error
	for ; w.now.Before(at(0, 20, 5)); w.now = w.now.Add(time.Minute) {
		err = errors.Join(err, w.Sweep(t.Context()))
	}
	if err == nil || !strings.Contains(err.Error(), "of U1: panic: no such thing") {
		t.Errorf("the sweeps say %v", err)
	}
	if slices.Sort(w.done); !slices.Equal(w.done, []string{"Mon 20:00 Stop web-U2", "Mon 20:00 Stop web-U3"}) {
		t.Errorf("done: %v", w.done)
	}
}

// The bot's own login touches nothing but what carries the stack's mark, and what cannot be reached for now is waited for.
func TestTheBotsOwnLoginLeaves(t *testing.T) {
	ended := stackhand.Errorf(stackhand.Unauthorized, "lab no longer accepts your login.")
	w := newWorld(t)
	w.lend, w.shut = true, ended
	marked := map[string]string{"stackhand_stack": "web-1-1", "stackhand_job": "j-web-1"}
	st := w.give("U1", "web-1", marked)
	w.set(stackhand.Schedule{Stack: st.ID, Name: st.Name, Stop: "20:00"})
	w.servers[st.Server].Metadata = map[string]string{"stackhand_stack": "other-1"}
	w.live(monday.Add(9 * 3600e9))
	if w.told("does not carry its mark any more") != 1 || len(w.done) != 0 {
		t.Fatalf("%v\n%v", w.done, w.said())
	}
	w.servers[st.Server].Metadata = marked
	w.own = stackhand.Errorf(stackhand.Unavailable, "lab does not answer.")
	w.live(at(1, 21, 0))
	if len(w.done) != 0 || w.told("does not work") != 0 {
		t.Fatalf("%v\n%v", w.done, w.said())
	}
	w.own = nil
	w.live(at(1, 21, 10))
	if want := []string{"Tue 21:05 Stop web-1"}; !slices.Equal(w.done, want) {
		t.Errorf("%v, want %v", w.done, want)
	}
}

// A job says how late it may begin: an hour, and not after the next moment of its schedule.
func TestJobsSayHowLateTheyMayBegin(t *testing.T) {
	w := newWorld(t)
	st := w.give("U1", "web-1", nil)
	w.set(stackhand.Schedule{Stack: st.ID, Name: st.Name, Stop: "20:00", Start: "20:30"})
	w.live(at(1, 12, 0))
	all, err := w.store.RecentJobs(t.Context(), "U1", 10)
	if err != nil || len(all) < 2 {
		t.Fatal(all, err)
	}
	for _, j := range all {
		var spec stackhand.ActSpec
		if err := json.Unmarshal(j.Input, &spec); err != nil {
			t.Fatal(err)
		}
		want := time.Hour
		if spec.Verb == stackhand.ActStop {
			want = 30 * time.Minute
		}
		if got := spec.Latest.Sub(j.Created); got != want {
			t.Errorf("%s: %s after it was asked for, want %s", j.Title, got, want)
		}
	}
}
