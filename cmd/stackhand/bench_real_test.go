package main

import (
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand/internal/cloud"
)

// sideBySide is the bot on real services, and the openstack client beside it with the same login.
type sideBySide struct {
	*benched
	env []string
}

// newSideBySide needs the entry OS_CLOUD of OS_CLIENT_CONFIG_FILE, and an external network called public.
func newSideBySide(b *testing.B) sideBySide {
	if os.Getenv("STACKHAND_REALCLOUD") == "" {
		b.Skip("STACKHAND_REALCLOUD is not set: there is no real OpenStack to measure on")
	}
	name, file := os.Getenv("OS_CLOUD"), os.Getenv("OS_CLIENT_CONFIG_FILE")
	entries, err := cloud.LoadEntries(file, name)
	if err != nil {
		b.Fatal(err)
	}
	d := demoCmd{Cloud: name, CloudsFile: file, Dir: b.TempDir(), ClockRate: 1, LogLevel: 12}
	st, err := newStage(b.Context(), d, streams{err: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(st.close)
	w := &benched{b: b, st: st, p: newPlayer(st, io.Discard)}
	w.must(st.start(b.Context()))
	w.must(w.p.connected(b.Context()))
	e := entries[name]
	return sideBySide{w, append(os.Environ(), "OS_AUTH_URL="+e.AuthURL, "OS_USERNAME="+e.Auth.Username, "OS_PASSWORD="+e.Auth.Password,
		"OS_PROJECT_NAME="+e.Auth.ProjectName)}
}

// typing is a line typed by alice, and how long until something begins with the words.
func (w sideBySide) typing(line, begins string) time.Duration {
	w.b.Helper()
	mark, typed := w.st.slack.Mark(), time.Now()
	w.must(w.st.slack.Type("alice", "team-a", "", "/stack "+line))
	return w.answer(mark, begins).Sub(typed)
}

// running is another program, and how long it took.
func (w sideBySide) running(args ...string) time.Duration {
	w.b.Helper()
	began := time.Now()
	w.output(args...)
	return time.Since(began)
}

func (w sideBySide) output(args ...string) string {
	w.b.Helper()
	cmd := exec.CommandContext(w.b.Context(), args[0], args[1:]...)
	cmd.Env = w.env
	out, err := cmd.Output()
	if err != nil {
		var said []byte
		if e, ok := err.(*exec.ExitError); ok {
			said = e.Stderr
		}
		w.b.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, said)
	}
	return strings.TrimSpace(string(out))
}

// building is a program that prints how many seconds the building took.
func (w sideBySide) building(args ...string) time.Duration {
	w.b.Helper()
	s, err := strconv.ParseFloat(w.output(args...), 64)
	w.must(err)
	return time.Duration(s * float64(time.Second))
}

func (w sideBySide) report(name string, took []time.Duration) {
	w.b.ReportMetric(quantile(took, 0.5).Seconds(), name+"-s")
}

// BenchmarkBesideClient reads what there is in Slack and with the openstack client, in turn, on the same real services.
func BenchmarkBesideClient(b *testing.B) {
	w := newSideBySide(b)
	w.typing("create beside --flavor m1.tiny --image \"CirrOS 0.6\" --for 2h", "@alice beside")
	defer w.typing("delete beside", "@alice beside")
	var list, show, cliList, cliShow []time.Duration
	for b.Loop() {
		list = append(list, w.typing("list", "1 server"))
		cliList = append(cliList, w.running("openstack", "server", "list"))
		show = append(show, w.typing("show beside", "beside ACTIVE"))
		cliShow = append(cliShow, w.running("openstack", "server", "show", "beside"))
	}
	w.report("list", list)
	w.report("client-list", cliList)
	w.report("show", show)
	w.report("client-show", cliShow)
}

// BenchmarkCreateBesideOthers builds a server with a floating IP, on a network of its own, in Slack, with the openstack
// client a line at a time, and with a script that calls the APIs and looks every five seconds.
func BenchmarkCreateBesideOthers(b *testing.B) {
	w := newSideBySide(b)
	what := []string{"CirrOS 0.6", "m1.tiny", "public"}
	var own, client, script []time.Duration
	for b.Loop() {
		own = append(own, w.typing("create beside --network new --open 22 --flavor m1.tiny --image \"CirrOS 0.6\" --for 2h", "@alice beside"))
		w.typing("delete beside", "@alice beside")
		client = append(client, w.building(append([]string{"../../testdata/sidebyside/cli.sh", "beside-cli"}, what...)...))
		script = append(script, w.building(append([]string{"python3", "../../testdata/sidebyside/poll.py", "beside-py"}, what...)...))
	}
	w.report("stackhand", own)
	w.report("client", client)
	w.report("script", script)
}
