package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/sim/openstack"
	"github.com/stackhand/stackhand/internal/sim/slack"
)

// benched is the whole product on a stage: the bot with its store on disk, the real adapter, and
// the simulators behind HTTP and web sockets, all in this process.
type benched struct {
	b  *testing.B
	st *stage
	p  *player
	tr *tracer
}

func newBenched(b *testing.B, d demoCmd) *benched {
	b.Helper()
	d.Dir, d.ClockRate, d.LogLevel = b.TempDir(), 1, 12
	st, err := newStage(b.Context(), d, streams{err: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(st.close)
	w := &benched{b: b, st: st, p: newPlayer(st, io.Discard)}
	w.tr = &tracer{host: strings.TrimPrefix(strings.TrimSuffix(st.auth, "/identity/v3"), "http://")}
	st.tap = w.tr.tap
	w.must(st.start(b.Context()))
	w.must(w.p.connected(b.Context()))
	return w
}

func (w *benched) must(err error) {
	w.b.Helper()
	if err != nil {
		w.b.Fatal(err)
	}
}

// rules tells the simulated cloud something, such as a quota.
func (w *benched) rules(lines ...string) {
	w.b.Helper()
	for _, l := range lines {
		r, err := openstack.ParseRule(l)
		w.must(err)
		w.must(w.st.cloud.Fault(r))
	}
}

// roomy takes the project's quotas away.
func (w *benched) roomy(project string) {
	w.b.Helper()
	for _, q := range []string{"instances", "cores", "ram", "ports", "floating-ips"} {
		w.rules("quota " + project + " " + q + " -1")
	}
}

// hire puts n people into the workspace, and gives their names back.
func (w *benched) hire(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("person%02d", i)
		w.st.slack.AddUser(slack.User{ID: "U0" + strings.ToUpper(names[i]), Name: names[i]})
	}
	return names
}

// login lets somebody work as a user of the cloud.
func (w *benched) login(name, user, project string) {
	w.b.Helper()
	_, _, err := w.st.on.app.sessions.Login(w.b.Context(), stackhand.User{ID: "U0" + strings.ToUpper(name)}, demoCloud,
		stackhand.Login{Username: user, Password: user + "-secret", ProjectName: project})
	w.must(err)
}

// answer waits for something shown since mark that begins with a text, and tells when it was.
func (w *benched) answer(mark int, begins string) time.Time {
	w.b.Helper()
	for {
		changed := w.st.slack.Changed()
		for _, s := range w.st.slack.Since(mark) {
			if strings.HasPrefix(s.Text, begins) {
				return s.At
			}
		}
		select {
		case <-changed:
		case <-time.After(time.Minute):
			w.b.Fatalf("nothing begins with %q", begins)
		}
	}
}

// ms is a duration as it is reported.
func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// quantile is the q-th part of what was measured.
func quantile[T ~int64 | ~float64](all []T, q float64) T {
	slices.Sort(all)
	return all[int(q*float64(len(all)-1))]
}

// BenchmarkAck sends envelopes of 50 people at 200 a second over Socket Mode, and measures from the
// moment the workspace has one to send until it has its acknowledgement, which the bot gives after
// the write to disk. One op is a second of it. The bot carries the lines out meanwhile, and both
// sides share the machine. The pace does not wait for the bot.
func BenchmarkAck(b *testing.B) {
	const perSecond = 200
	w := newBenched(b, demoCmd{})
	people := w.hire(50)
	sent, took, seen := map[string]time.Time{}, []time.Duration{}, 0
	began := time.Now()
	for b.Loop() {
		for range perSecond {
			<-time.After(time.Until(began.Add(time.Duration(seen) * time.Second / perSecond)))
			w.must(w.st.slack.Type(people[seen%len(people)], "@stackhand", "", "/stack help"))
			seen++
		}
		w.must(w.p.until(b.Context(), time.Minute, "not acknowledged", func() (bool, error) { return w.st.slack.Unacked() == 0, nil }))
		took = append(took, acks(w.st.slack.Frames(), sent)...)
	}
	if len(took) != seen {
		b.Fatalf("%d of %d envelopes were acknowledged", len(took), seen)
	}
	b.ReportMetric(ms(quantile(took, 0.5)), "p50-ms")
	b.ReportMetric(ms(quantile(took, 0.99)), "p99-ms")
	b.ReportMetric(ms(quantile(took, 1)), "max-ms")
}

// acks finds how long each slash command in the frames took that is not in sent yet.
func acks(frames []slack.Frame, sent map[string]time.Time) (took []time.Duration) {
	for _, f := range frames {
		var e struct {
			ID   string `json:"envelope_id"`
			Type string `json:"type"`
		}
		if json.Unmarshal(f.Data, &e) != nil || e.ID == "" {
			continue
		}
		began, known := sent[e.ID]
		switch {
		case f.Out && !known && e.Type == "slash_commands":
			sent[e.ID] = f.At
		case !f.Out && known && !began.IsZero():
			took = append(took, f.At.Sub(began))
			sent[e.ID] = time.Time{}
		}
	}
	return took
}

// BenchmarkCreate is a create as somebody types it, on a cloud that takes 50 ms for every call and
// 2 s for a build: from the line typed to the job's end, over the critical path of the calls that
// were made (budget: 1.10).
func BenchmarkCreate(b *testing.B) {
	const build = 2 * time.Second
	var ratios, walls, paths, replies []float64
	for b.Loop() {
		w := newBenched(b, demoCmd{Build: build, Latency: 50 * time.Millisecond})
		mark, calls, typed := w.st.slack.Mark(), w.tr.mark(), time.Now()
		w.must(w.st.slack.Type("alice", "team-a", "", "/stack create web-1"))
		w.answer(mark, "@alice web-1 ACTIVE")
		replied := time.Since(typed)
		jobs, err := w.st.on.app.store.RecentJobs(b.Context(), "U0ALICE", 1)
		w.must(err)
		wall := jobs[0].Ended.Sub(typed)
		after, before := w.tr.since(calls)
		path, way := critical(after, before, build)
		b.Logf("%v over %v: %s", wall, path, strings.Join(way, " > "))
		ratios, walls = append(ratios, float64(wall)/float64(path)), append(walls, ms(wall))
		paths, replies = append(paths, ms(path)), append(replies, ms(replied))
		w.st.close()
	}
	b.ReportMetric(quantile(ratios, 0.5), "ratio")
	b.ReportMetric(quantile(ratios, 1), "worst-ratio")
	b.ReportMetric(quantile(walls, 0.5), "wall-ms")
	b.ReportMetric(quantile(paths, 0.5), "path-ms")
	b.ReportMetric(quantile(replies, 0.5), "reply-ms")
}
