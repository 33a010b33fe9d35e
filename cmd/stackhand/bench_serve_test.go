package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// newServe is a bot in a process of its own, of the binary as it is shipped.
func newServe(b *testing.B) *outside {
	b.Helper()
	o := newOutside(b)
	o.bin = filepath.Join(b.TempDir(), "stackhand")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", o.bin, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	return o
}

// BenchmarkServeStart measures from the start of the process to its first connection to Slack
// (budget: 150 ms), and the size of the binary (45 MB).
func BenchmarkServeStart(b *testing.B) {
	o := newServe(b)
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		o.start()
		took = append(took, time.Since(began))
		b.StopTimer()
		o.kill()
		b.StartTimer()
	}
	info, err := os.Stat(o.bin)
	o.must(err)
	b.ReportMetric(ms(quantile(took, 0.5)), "p50-ms")
	b.ReportMetric(ms(quantile(took, 1)), "max-ms")
	b.ReportMetric(float64(info.Size())/1e6, "binary-MB")
}

// resting is how long the process is left alone before its memory is read; sweeps are within.
const resting = 10 * time.Second

// BenchmarkServeMemory reads what the system counts as the process's memory: once it is connected,
// when it has built a server and answered 200 lines, and after it has rested (budget: 40 MB).
func BenchmarkServeMemory(b *testing.B) {
	var fresh, worked, rested, own float64
	for b.Loop() {
		o := newServe(b)
		o.start()
		o.until("the second connection", func() bool { return o.slack.Connections() > 1 })
		fresh, _ = o.memory()
		o.work()
		worked, _ = o.memory()
		<-time.After(resting)
		rested, own = o.memory()
		o.kill()
	}
	b.ReportMetric(fresh, "connected-MB")
	b.ReportMetric(worked, "worked-MB")
	b.ReportMetric(rested, "rest-MB")
	b.ReportMetric(own, "rest-anon-MB")
}

// work is a login, a create and 200 readings.
func (o *outside) work() {
	o.t.Helper()
	o.must(o.slack.Type("bob", "team-b", "", "/stack login"))
	o.until("the modal opens", func() bool { _, open := o.slack.Modal("bob"); return open })
	o.must(o.slack.Submit("bob", map[string]string{"username": "bob", "password": "bob-secret"}))
	o.until("bob is logged in", func() bool { return o.shown(0, "logged in to lab as bob") > 0 })
	o.must(o.slack.Type("bob", "team-b", "", "/stack create web-1"))
	o.until("the server is there", func() bool { return o.shown(0, finalCreated) > 0 })
	mark := o.slack.Mark()
	for i := range 200 {
		o.must(o.slack.Type("bob", "team-b", "", "/stack list"))
		o.until(fmt.Sprintf("answer %d", i+1), func() bool { return o.shown(mark, "^1 server") > i })
	}
}

var memoryLine = regexp.MustCompile(`(?m)^(VmRSS|RssAnon):\s+(\d+) kB$`)

// memory is the resident memory of the process in MB, and the part of it that is no file's.
func (o *outside) memory() (resident, anonymous float64) {
	o.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", o.bot.Process.Pid))
	o.must(err)
	found := map[string]float64{}
	for _, m := range memoryLine.FindAllStringSubmatch(string(status), -1) {
		kB, err := strconv.Atoi(m[2])
		o.must(err)
		found[m[1]] = float64(kB) * 1024 / 1e6
	}
	if found["VmRSS"] == 0 {
		o.t.Fatal("the system does not tell the memory of a process")
	}
	return found["VmRSS"], found["RssAnon"]
}
