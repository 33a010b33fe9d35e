package main

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// BenchmarkCreate is a create as somebody types it, on a cloud that takes 50 ms for every call and
// 2 s for a build: from the line typed to the job's end, over the critical path of the calls that
// were made (budget: 1.10). The first one logs in and makes the network, the second one finds both.
func BenchmarkCreate(b *testing.B) {
	const build = 2 * time.Second
	kinds := []string{"first", "second"}
	ratios, walls, paths := map[string][]float64{}, map[string][]float64{}, map[string][]float64{}
	for b.Loop() {
		w := newBenched(b, demoCmd{Build: build, Latency: 50 * time.Millisecond})
		for i, kind := range kinds {
			name := fmt.Sprintf("web-%d", i)
			mark, calls, typed := w.st.slack.Mark(), w.tr.mark(), time.Now()
			w.must(w.st.slack.Type("alice", "team-a", "", "/stack create "+name))
			w.answer(mark, "@alice "+name+" ACTIVE")
			jobs, err := w.st.on.app.store.RecentJobs(b.Context(), "U0ALICE", 1)
			w.must(err)
			wall := jobs[0].Ended.Sub(typed)
			after, before := w.tr.since(calls)
			path, way := critical(after, before, jobs[0].Created, build)
			b.Logf("%s: %v over %v: %s", kind, wall, path, strings.Join(way, " > "))
			ratios[kind] = append(ratios[kind], float64(wall)/float64(path))
			walls[kind], paths[kind] = append(walls[kind], ms(wall)), append(paths[kind], ms(path))
		}
		w.st.close()
	}
	for _, kind := range kinds {
		b.ReportMetric(quantile(ratios[kind], 0.5), kind+"-ratio")
		b.ReportMetric(quantile(ratios[kind], 1), kind+"-worst")
		b.ReportMetric(quantile(walls[kind], 0.5), kind+"-ms")
		b.ReportMetric(quantile(paths[kind], 0.5), kind+"-path-ms")
	}
}

// many is how many creates are typed at once, each of how many servers, in which projects.
type many struct {
	jobs, each int
	projects   []string
}

// BenchmarkManyCreates types creates as fast as it can, by up to 10 people, and waits until all are
// done: what the cloud is asked about the state of servers is told per second and project while
// there is something to wait for. It grows with projects and time, not with servers. 200 jobs take
// longer than 10 of 20 servers each: every job begins with its card, and Slack's rates let the bot
// post four messages a second.
func BenchmarkManyCreates(b *testing.B) {
	for _, m := range []many{
		{1, 1, []string{"team-a"}}, {1, 20, []string{"team-a"}}, {10, 20, []string{"team-a"}},
		{10, 20, []string{"team-a", "team-b"}}, {200, 1, []string{"team-a"}},
	} {
		b.Run(fmt.Sprintf("jobs=%d/servers=%d/projects=%d", m.jobs, m.jobs*m.each, len(m.projects)), func(b *testing.B) {
			var rates, totals, took []float64
			for b.Loop() {
				w := newBenched(b, demoCmd{Build: 2 * time.Second, Latency: 50 * time.Millisecond})
				took = append(took, w.creates(m).Seconds())
				total := 0.0
				for _, p := range m.projects {
					n, during := polls(w.st.cloud.Requests(), p)
					rates, total = append(rates, float64(n)/during.Seconds()), total+float64(n)
				}
				totals = append(totals, total)
				w.st.close()
			}
			b.ReportMetric(quantile(rates, 0.5), "polls/s/project")
			b.ReportMetric(quantile(rates, 1), "worst-polls/s/project")
			b.ReportMetric(quantile(totals, 0.5), "polls")
			b.ReportMetric(quantile(took, 0.5), "s")
		})
	}
}

// creates has people create servers, each in their direct message with the bot, and tells how long
// it was until every job was done. Slack lets a bot meet 10 people at once: more would wait for that.
func (w *benched) creates(m many) time.Duration {
	w.b.Helper()
	member := map[string]string{"team-a": "alice", "team-b": "bob"}
	for _, p := range m.projects {
		w.roomy(p)
	}
	people := w.hire(min(m.jobs, 10))
	for i, who := range people {
		p := m.projects[i%len(m.projects)]
		w.login(who, member[p], p)
	}
	began := time.Now()
	for i := range m.jobs {
		w.must(w.st.slack.Type(people[i%len(people)], "@stackhand", "", fmt.Sprintf("/stack create web-%d --count %d", i, m.each)))
	}
	w.must(w.p.until(w.b.Context(), 5*time.Minute, "not all are done", func() (bool, error) {
		open, err := w.st.on.app.store.OpenJobs(w.b.Context())
		return len(open) == 0 && w.idle(), err
	}))
	took := time.Since(began)
	if got := w.st.cloud.Count("servers", m.projects...); got != m.jobs*m.each {
		w.b.Fatalf("the cloud has %d servers, want %d", got, m.jobs*m.each)
	}
	for _, who := range people {
		jobs, err := w.st.on.app.store.RecentJobs(w.b.Context(), "U0"+strings.ToUpper(who), m.jobs)
		w.must(err)
		for _, j := range jobs {
			if j.State != stackhand.JobDone {
				w.b.Fatalf("%s of %s is %s: %v", j.Title, who, j.State, j.Problem)
			}
		}
	}
	return took
}

// idle tells whether the bot has carried out all that was typed.
func (w *benched) idle() bool {
	pending, err := w.st.on.app.store.Pending(w.b.Context())
	return err == nil && len(pending) == 0 && w.st.slack.Unacked() == 0
}

var statusPath = regexp.MustCompile(`/servers/[^/]+$`)

// polls counts the looks at the state of a project's servers, and tells how long there was something
// to wait for: from the first server asked for to the last look.
func polls(requests []openstack.Request, project string) (n int, during time.Duration) {
	var from, to time.Time
	for _, r := range requests {
		switch {
		case r.Project != project:
		case r.Method == http.MethodPost && strings.HasSuffix(r.Path, "/servers") && from.IsZero():
			from = r.At
		case r.Method == http.MethodGet && statusPath.MatchString(r.Path):
			n, to = n+1, r.At
		}
	}
	return n, to.Sub(from)
}
