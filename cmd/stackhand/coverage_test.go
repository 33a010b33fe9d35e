package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"
)

const (
	scripts      = "../../testdata/script"
	coverageFile = "../../docs/coverage.md"
)

// seedIDs are the operations that the project was begun for, as docs/coverage.md explains them.
var seedIDs = []string{
	"I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8",
	"C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9", "C10", "C11", "C12", "C13", "C14", "C15", "C16", "C17", "C18", "C19", "C20", "C21", "C22", "C23",
	"N1", "N2", "N3", "N4", "N5", "N6", "N7", "N8", "V1",
}

// coverageRow is a row of docs/coverage.md: an operation, the words that make it happen, and what proves it where.
type coverageRow struct {
	id       string
	words    []string            // commands, each to be found in a script of the row
	profiles []string            // kinds of clouds on which the operation exists
	plays    map[string][]string // profile → scripts
	goTests  []string            // names of tests, for what no conversation can show
	original string
}

var (
	codeWords = regexp.MustCompile("`([^`]+)`")
	testName  = regexp.MustCompile(`^Test\w+$`)
	rowHead   = regexp.MustCompile(`^\| [A-Z][0-9]+$`)
	playsOn   = regexp.MustCompile(`(?m)^exec stackhand demo( --profile (\w+))?`)
	typed     = regexp.MustCompile(`(?m)^[a-z]+ (?:#\S+|@stackhand|thread): (.*)$`)
	steers    = regexp.MustCompile(`(?m)^(fault|clock) `)
)

// readCoverage reads the table: | id | operation | from Slack | proof | profiles |.
func readCoverage(t *testing.T) []coverageRow {
	t.Helper()
	text, err := os.ReadFile(coverageFile)
	if err != nil {
		t.Fatal(err)
	}
	var rows []coverageRow
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if len(cells) < 5 || !rowHead.MatchString(cells[0]) {
			continue
		}
		row := coverageRow{id: strings.TrimPrefix(cells[0], "| "), plays: map[string][]string{}, original: strings.TrimSpace(line)}
		for _, m := range codeWords.FindAllStringSubmatch(cells[2], -1) {
			row.words = append(row.words, m[1])
		}
		if cell := strings.TrimSuffix(strings.TrimSpace(cells[4]), " |"); cell != "–" {
			row.profiles = strings.Split(cell, ", ")
		}
		for _, m := range codeWords.FindAllStringSubmatch(cells[3], -1) {
			if testName.MatchString(m[1]) {
				row.goTests = append(row.goTests, m[1])
				continue
			}
			for _, p := range scriptProfiles(t, m[1], row.profiles) {
				row.plays[p] = append(row.plays[p], m[1])
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// scriptProfiles are those of a row's profiles that a script is for: old clouds where it is played on them by name, the newer
// ones where it is played on the demo's own cloud. What steers the simulated cloud cannot be played on a real one.
func scriptProfiles(t *testing.T, script string, profiles []string) []string {
	t.Helper()
	own := map[string]bool{}
	for _, m := range playsOn.FindAllStringSubmatch(headOf(t, script), -1) {
		own[m[2]] = true
	}
	return slices.DeleteFunc(slices.Clone(profiles), func(p string) bool {
		switch p {
		case "2011", "2014":
			return !own[p]
		case "real":
			return !own[""] || steers.MatchString(strings.Join(talksOf(t, script), "\n"))
		}
		return !own[""]
	})
}

// talksOf are the conversations in a script file: each begins anew.
func talksOf(t *testing.T, script string) (talks []string) {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join(scripts, script+".txtar"))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	for _, f := range a.Files {
		if f.Name != "rules.yaml" {
			talks = append(talks, string(f.Data))
		}
	}
	if len(talks) == 0 {
		t.Fatalf("%s has no conversation", script)
	}
	return talks
}

// headOf is a script file before its conversations.
func headOf(t *testing.T, script string) string {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join(scripts, script+".txtar"))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return string(a.Comment)
}

// proves tells the operations that a script says it proves, in a line "# proves: C1 C2" at its head.
func proves(t *testing.T, script string) []string {
	t.Helper()
	for line := range strings.Lines(headOf(t, script)) {
		if rest, ok := strings.CutPrefix(line, "# proves: "); ok {
			return strings.Fields(rest)
		}
	}
	return nil
}

// played remembers which scripts of the folder passed in TestScripts.
var played = struct {
	sync.Mutex
	passed map[string]bool
}{passed: map[string]bool{}}

// noting is a testscript.T that notes what passes.
type noting struct{ *testing.T }

func (n noting) Run(name string, f func(testscript.T)) {
	n.T.Run(name, func(t *testing.T) {
		t.Cleanup(func() {
			played.Lock()
			defer played.Unlock()
			played.passed[name] = !t.Failed() && !t.Skipped()
		})
		f(noting{t})
	})
}

func (n noting) Verbose() bool { return testing.Verbose() }

// scriptsAt is when conversations on the simulated cloud begin, the same moment in every run: what is stopped in the evening, or asked
// on a day off, must not hang on the hour at which somebody tests. It is a Monday, far from changes of the clock.
var scriptsAt = flag.String("scripts.at", "2027-01-11T12:00:00Z", "the moment at which conversations of tests begin")

// TestScripts plays whole conversations, as users see them.
func TestScripts(t *testing.T) {
	testscript.RunT(noting{t}, testscript.Params{Dir: scripts, Setup: func(env *testscript.Env) error {
		env.Setenv("STACKHAND_DEMO_SLACK_PACE", strconv.Itoa(pace))
		env.Setenv("STACKHAND_DEMO_CLOCK_AT", *scriptsAt)
		return nil
	}})
}

// pace is how many times Slack's rates the workspaces of tests take: what is played in them is not about rates, and would
// wait most of the time.
const pace = 10

// TestCoverage holds docs/coverage.md true: every operation has a row, every row has commands and scripts which use them, say
// that they prove it, and pass on each kind of cloud on which the operation exists.
func TestCoverage(t *testing.T) {
	rows := readCoverage(t)
	var ids []string
	todo := map[string]bool{} // profile/script
	for _, row := range rows {
		ids = append(ids, row.id)
		checkRow(t, row)
		for profile, list := range row.plays {
			for _, script := range list {
				todo[profile+"/"+script] = true
			}
		}
	}
	if !slices.Equal(ids, seedIDs) {
		t.Errorf("docs/coverage.md has the rows\n%v, want\n%v", ids, seedIDs)
	}
	for play := range todo {
		profile, script, _ := strings.Cut(play, "/")
		// TestRealCloud plays on the real one; TestScripts played on the demo's own cloud, which is of zed's time, and the
		// old clouds' own scripts.
		if profile == "real" || profile != "today" && played.passed[script] {
			continue
		}
		t.Run(play, func(t *testing.T) {
			t.Parallel()
			playOn(t, script, "--profile", profile)
		})
	}
}

// playOn plays a script's conversations on a simulated or real cloud.
func playOn(t *testing.T, script string, args ...string) {
	t.Helper()
	for _, talk := range talksOf(t, script) {
		playTalk(t, talk, args...)
	}
}

// playTalk plays one conversation.
func playTalk(t *testing.T, talk string, args ...string) {
	t.Helper()
	var out, errs bytes.Buffer
	begin := []string{"demo", "--port", "0", "--build", "300ms", "--slack-pace", strconv.Itoa(pace), "--script", "-"}
	if !slices.Contains(args, "--cloud") { // a real cloud's time is what it is
		begin = append(begin, "--clock-at", *scriptsAt)
	}
	args = append(begin, args...)
	if code := run(t.Context(), args, streams{strings.NewReader(talk), &out, &errs}); code != 0 {
		t.Errorf("%s: status %d\n%s%s", strings.Join(args, " "), code, &out, &errs)
	}
}

// checkRow tells what a row lacks before anything of it is played: proofs, and in every kind of cloud its commands.
func checkRow(t *testing.T, row coverageRow) {
	t.Helper()
	bad := func(format string, args ...any) {
		t.Helper()
		t.Errorf("docs/coverage.md, %s: %s", row.id, fmt.Sprintf(format, args...))
	}
	if len(row.plays) == 0 && len(row.goTests) == 0 {
		bad("nothing proves it: %s", row.original)
	}
	for _, name := range row.goTests {
		if !declared(t, name) {
			bad("there is no test %s", name)
		}
	}
	for _, profile := range row.profiles {
		if !slices.Contains([]string{"2011", "2014", "zed", "today", "real"}, profile) {
			bad("there is no profile %q", profile)
		}
		said := ""
		for _, script := range row.plays[profile] {
			if !slices.Contains(proves(t, script), row.id) {
				bad("the script %s does not say that it proves it", script)
			}
			for _, m := range typed.FindAllStringSubmatch(strings.Join(talksOf(t, script), "\n"), -1) {
				said += m[1] + "\n"
			}
		}
		for _, w := range row.words {
			if !strings.Contains(said, w) {
				bad("none of its scripts for %s says %q", profile, w)
			}
		}
	}
}

// declared tells whether the project has a test of that name.
func declared(t *testing.T, name string) bool {
	t.Helper()
	for _, dir := range []string{".", "../../commands", "../../internal/cloud", "../../internal/session", "../../internal/sim/openstack", "../../bot"} {
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(text, []byte("\nfunc "+name+"(")) {
				return true
			}
		}
	}
	return false
}
