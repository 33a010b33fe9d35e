package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

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
		r, err := openstack.ParseRule(strings.Fields(l))
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

// BenchmarkList is a list of 1,000 servers that the bot has on record, as somebody types it: what the
// bot takes beside the calls to the cloud, from the line typed to the answer shown (budget: 20 ms).
// A call is over when its whole answer has come in, so reading the answer is the bot's time.
func BenchmarkList(b *testing.B) {
	const servers = 1000
	w := newBenched(b, demoCmd{Build: time.Millisecond, Latency: 50 * time.Millisecond})
	w.roomy("team-a")
	w.fill(servers)
	var own, cloud []time.Duration
	for b.Loop() {
		mark, calls, typed := w.st.slack.Mark(), w.tr.mark(), time.Now()
		w.must(w.st.slack.Type("alice", "team-a", "", "/stack list"))
		wall := w.answer(mark, fmt.Sprintf("%d servers", servers)).Sub(typed)
		after, _ := w.tr.since(calls)
		own, cloud = append(own, wall-busy(after)), append(cloud, busy(after))
	}
	b.ReportMetric(ms(quantile(own, 0.5)), "bot-ms")
	b.ReportMetric(ms(quantile(own, 1)), "worst-bot-ms")
	b.ReportMetric(ms(quantile(cloud, 0.5)), "cloud-ms")
}

// fill makes servers of alice's, in the cloud and on record.
func (w *benched) fill(n int) {
	w.b.Helper()
	c, err := w.st.on.app.sessions.Client(w.b.Context(), "U0ALICE", demoCloud, stackhand.Scope{})
	w.must(err)
	images, err := c.Images(w.b.Context())
	w.must(err)
	network, err := c.CreateNetwork(w.b.Context(), "wide", "")
	w.must(err)
	_, err = c.CreateSubnet(w.b.Context(), stackhand.SubnetSpec{Name: "wide", NetworkID: network.ID, CIDR: "10.0.0.0/16"})
	w.must(err)
	work, ctx := errgroup.WithContext(w.b.Context())
	work.SetLimit(16)
	for i := range n {
		work.Go(func() error {
			name := fmt.Sprintf("web-%04d", i)
			port, err := c.CreatePort(ctx, stackhand.PortSpec{Name: name, NetworkID: network.ID})
			if err != nil {
				return err
			}
			id, err := c.CreateServer(ctx, stackhand.ServerSpec{Name: name, ImageID: images[0].ID, FlavorID: "1", Ports: []string{port.ID}})
			if err != nil {
				return err
			}
			now := w.st.clock.Now()
			return w.st.on.app.store.SaveStack(ctx, &stackhand.Stack{
				ID: name, Name: name, Cloud: demoCloud, ProjectID: c.Identity().ProjectID, Project: "team-a", Server: id,
				State: stackhand.StackReady, Address: port.IPs[0].IP, Flavor: "m1.tiny", Image: images[0].Name, Created: now,
				Lease: stackhand.Lease{Owner: "U0ALICE", Ready: now, Until: now.Add(72 * time.Hour), For: 72 * time.Hour},
			})
		})
	}
	w.must(work.Wait())
}
