package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be stackhand itself, for scripts and for tests that kill it.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		// Conversations wait for timers most of the time.
		if err := f.Value.Set("16"); err != nil {
			panic(err)
		}
	}
	testscript.Main(m, map[string]func(){"stackhand": main})
}

// command runs the program in this process.
func command(t *testing.T, stdin string, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, streams{strings.NewReader(stdin), &o, &e})
	return code, o.String(), e.String()
}

// What the command line does not understand is refused with a sentence, before anything is touched.
func TestCommandLine(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, env := range []string{"STACKHAND_CONFIG", "SLACK_APP_TOKEN", "SLACK_BOT_TOKEN", "STACKHAND_KEYSET"} {
		t.Setenv(env, "")
	}
	if err := os.WriteFile("bad.yaml", []byte("slack:\n  comand: /x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("empty.yaml", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		code int
		want string // in what is printed
	}{
		{"version", 0, "stackhand "},
		{"--help", 0, "demo"},
		{"--config bad.yaml audit verify --help", 0, "--expect HASH"},
		{"audit verify --help", 0, "Prove that no record of the audit trail was changed"},
		{"demo --port x", 2, "stackhand: --port: no whole number: \"x\"\n"},
		{"demo --build 3", 2, "--build: missing unit in duration \"3\"\n"},
		{"", 2, "a command is missing\nstackhand --help"},
		{"keyset", 2, "stackhand keyset --help"},
		{"keyset --help", 0, "abandon"},
		{"backup", 2, "FILE is required\nstackhand backup --help"},
		{"frobnicate", 2, "stackhand --help"},
		{"serve --frobnicate", 2, "--frobnicate\nstackhand serve --help"},
		{"serve --config=~/home.yaml", 1, os.Getenv("HOME") + "/home.yaml"},
		{"demo --profile 1999", 1, "one of 2011, 2014"},
		{"serve", 1, "--config"},
		{"serve --config bad.yaml", 1, "comand"},
		{"serve --config empty.yaml", 1, "SLACK_APP_TOKEN is not set"},
		{"serve --config missing.yaml", 1, "missing.yaml"},
		{"doctor --config bad.yaml", 1, "error    config"},
		{"doctor --config empty.yaml", 1, "keyset new"},
		{"health --config empty.yaml", 1, "listen is not set"},
		{"demo --cloud lab", 1, "go together"},
		{"demo --clock-rate 0", 1, "above 0"},
		{"demo --no-bot --script -", 1, "--script needs the bot"},
		{"demo --script missing", 2, "--script: there is no file \"missing\"\nstackhand demo --help"},
		{"demo --policy missing", 2, "--policy: there is no file"},
		{"demo --clouds-file .", 2, "--clouds-file: \".\" is a directory"},
		{"restore missing", 2, "FILE: there is no file \"missing\"\nstackhand restore --help"},
		{"policy test missing", 2, "FILE: there is no file"},
		{"dmeo", 2, "dmeo; did you mean \"demo\"?\nstackhand --help"},
		{"keyset rotat", 2, "did you mean \"rotate\"?"},
		{"demo --scirpt x", 2, "--scirpt; did you mean \"--script\"?\nstackhand demo --help"},
		{"serve --conifg=x", 2, "did you mean \"--config\"?"},
		{"serve --script x", 2, "unknown argument --script\n"},
		{"manifest --config empty.yaml", 0, "socket_mode_enabled"},
		{"manifest --link --config empty.yaml", 0, "https://api.slack.com/apps?new_app=1"},
	} {
		code, out, errs := command(t, "", strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(out+errs, c.want) {
			t.Errorf("stackhand %s: status %d, want %d and %q in\n%s%s", c.args, code, c.code, c.want, out, errs)
		}
	}
}

func TestKeyset(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("stackhand.yaml", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, first, _ := command(t, "", "keyset", "new")
	t.Setenv("STACKHAND_KEYSET", first)
	code, second, errs := command(t, "", "keyset", "rotate")
	if code != 0 || second == first || len(second) <= len(first) {
		t.Errorf("rotate: status %d, %q from %q: %s", code, second, first, errs)
	}
	t.Setenv("STACKHAND_KEYSET", "nonsense")
	if code, _, errs := command(t, "", "keyset", "rotate"); code == 0 || strings.Contains(errs, "nonsense") {
		t.Errorf("a garbled keyset: status %d, %q", code, errs)
	}
}

// A script is checked as a whole before anything of it is played.
func TestScriptRefusals(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"alice #team-a:", "not understood"},
		{"alice shouts", "not understood"},
		{"alice click", "click ACTION"},
		{"bob submit username", "not key=value"},
		{"expect", "takes a regular expression"},
		{"expect (", "missing closing"},
		{"cloud dogs 1", "KIND one of"},
		{"cloud servers many", "KIND one of"},
		{"fault", "fault"},
		{"clock 2h", "moves on only"},
		{"clock -2h", "moves on only"},
		{"clock jumps 2h", "clock jumps -1h"},
		{"clock jumps far", "far"},
		{"elsewhere alice move address web-1", "move address SERVER SERVER"},
		{"elsewhere alice break server web-1", "write elsewhere PERSON"},
		{"clock +soon", "soon"},
		{"restart now", "stands alone"},
		{"slack bob promoted", "deactivated, guest or member"},
		{"wait long", "long"},
	} {
		code, out, errs := command(t, "# a comment\n\nalice #team-a: /stack list\n"+c.line+"\n", "demo", "--script", "-")
		if code != 1 || !strings.Contains(errs, c.want) || !strings.Contains(errs, "line 4") || out != "" {
			t.Errorf("%q: status %d, want %q and its line in %q (printed %q)", c.line, code, c.want, errs, out)
		}
	}
}

// Expectations that do not hold must fail: a player that is always content proves nothing.
func TestPlayerFails(t *testing.T) {
	const talk = `alice #team-a: /stack whoami
expect you are the queen of England
reject alice
cloud servers 7
carol click approve
alice #nowhere: /stack list
bob submit username=bob
`
	code, out, _ := command(t, talk, "demo", "--script", "-")
	if n := strings.Count(out, "FAILED line"); code != 1 || n != 6 {
		t.Errorf("status %d, %d lines failed, want 6:\n%s", code, n, out)
	}
}

// The demo that nobody tells to stop runs until its context ends, with the bot and without.
func TestDemoStops(t *testing.T) {
	for _, args := range [][]string{{"demo", "--port", "0"}, {"demo", "--port", "0", "--no-bot"}} {
		ctx, cancel := context.WithCancel(t.Context())
		out := &signalWriter{want: "Stop with Ctrl-C", seen: make(chan struct{})}
		done := make(chan int)
		go func() { done <- run(ctx, args, streams{strings.NewReader(""), out, os.Stderr}) }()
		<-out.seen
		cancel()
		if code := <-done; code != 0 {
			t.Errorf("%v: status %d", args, code)
		}
	}
}

// signalWriter closes seen when what is written holds the wanted words.
type signalWriter struct {
	buf  bytes.Buffer
	want string
	seen chan struct{}
	done bool
}

func (w *signalWriter) Write(p []byte) (int, error) {
	w.buf.Write(p)
	if !w.done && strings.Contains(w.buf.String(), w.want) {
		w.done = true
		close(w.seen)
	}
	return len(p), nil
}
