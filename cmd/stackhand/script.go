package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mattn/go-shellwords"
	"github.com/xhit/go-str2duration/v2"

	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// scriptLine is one line of a conversation; docs/scripts.md describes the language. Which fields count
// depends on what.
type scriptLine struct {
	n      int
	text   string
	what   string // say, thread, click, submit, slack, wait, expect, reject, cloud, fault, restart, clock
	user   string // of slack, too: who is changed
	where  string // of say; of slack: the channel that is changed, or that the user joins or leaves
	words  string // of say and thread; the action of click; the kind of cloud
	value  string // of click
	values map[string]string
	match  *regexp.Regexp
	count  int
	time   time.Duration
	rule   openstack.Rule
}

// cloudKinds are what `cloud KIND N` counts.
var cloudKinds = []string{"servers", "networks", "routers", "ports", "floating-ips", "volumes", "snapshots", "security-groups"}

// readScript reads and checks a whole conversation before anything of it is played.
func readScript(file string, stdin io.Reader) ([]scriptLine, error) {
	in := stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("cannot read the script: %w", err)
		}
		defer f.Close()
		in = f
	}
	var lines []scriptLine
	scan := bufio.NewScanner(in)
	for n := 1; scan.Scan(); n++ {
		text := strings.TrimSpace(scan.Text())
		if text == "" || text == "#" || strings.HasPrefix(scan.Text(), "# ") {
			continue
		}
		l, err := parseLine(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %s: %w", n, text, err)
		}
		l.n, l.text = n, text
		lines = append(lines, l)
	}
	return lines, scan.Err()
}

func parseLine(text string) (scriptLine, error) {
	verb, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	l := scriptLine{what: verb}
	var err error
	switch verb {
	case "wait":
		l.time = time.Minute
		if rest != "" {
			l.time, err = str2duration.ParseDuration(rest)
		}
	case "expect", "reject":
		if rest == "" {
			return l, fmt.Errorf("%s takes a regular expression", verb)
		}
		l.match, err = regexp.Compile(rest)
	case "cloud":
		return parseCount(rest)
	case "elsewhere":
		return parseElsewhere(rest)
	case "fault":
		words, e := shellwords.Parse(rest)
		if e != nil {
			return l, e
		}
		l.rule, err = openstack.ParseRule(words)
	case "slack":
		return parseChange(rest)
	case "restart":
		if rest != "" {
			err = fmt.Errorf("restart stands alone")
		}
	case "clock":
		return parseClock(rest)
	default:
		return parsePerson(verb, rest)
	}
	return l, err
}

// parseClock reads `+2h`, which lets time pass, and `jumps +365d` and `jumps -1h`, which set the clock.
func parseClock(rest string) (scriptLine, error) {
	l := scriptLine{what: "clock"}
	span, jumps := strings.CutPrefix(rest, "jumps ")
	if jumps {
		l.words = "jumps"
	}
	by, back := strings.CutPrefix(span, "-")
	d, err := str2duration.ParseDuration(strings.TrimPrefix(by, "+"))
	switch {
	case err != nil:
		return l, err
	case d <= 0, back && !jumps, !back && !strings.HasPrefix(by, "+"):
		return l, fmt.Errorf("time moves on only: clock +2h; a clock that is wrong, or put right, jumps: clock jumps -1h")
	case back:
		d = -d
	}
	l.time = d
	return l, nil
}

func parseCount(rest string) (scriptLine, error) {
	l := scriptLine{what: "cloud"}
	kind, number, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil || !slices.Contains(cloudKinds, kind) {
		return l, fmt.Errorf("write cloud KIND NUMBER, KIND one of %s", strings.Join(cloudKinds, ", "))
	}
	l.words, l.count = kind, n
	return l, nil
}

// parsePerson reads what somebody does: types, clicks, sends a form.
func parsePerson(user, rest string) (scriptLine, error) {
	l := scriptLine{user: user}
	verb, args, _ := strings.Cut(rest, " ")
	switch verb {
	case "click":
		l.what = "click"
		l.words, l.value, _ = strings.Cut(strings.TrimSpace(args), " ")
		if l.words == "" {
			return l, fmt.Errorf("write %s click ACTION", user)
		}
		return l, nil
	case "submit":
		l.what = "submit"
		return parseSubmit(l, args)
	}
	where, words, ok := strings.Cut(rest, ":")
	l.where, l.words = strings.TrimSpace(where), strings.TrimSpace(words)
	switch {
	case !ok || l.words == "":
	case l.where == "thread":
		l.what = "thread"
	case strings.HasPrefix(l.where, "#") && !strings.Contains(l.where, " "), l.where == "@stackhand":
		l.what = "say"
	}
	if l.what == "" {
		return l, fmt.Errorf("not understood; a line is PERSON #channel: words · PERSON @stackhand: words · PERSON thread: words · PERSON click ACTION · PERSON submit key=value · slack · wait · expect · reject · cloud · fault · restart · clock")
	}
	return l, nil
}

func parseSubmit(l scriptLine, args string) (scriptLine, error) {
	words, err := shellwords.Parse(args)
	if err != nil {
		return l, err
	}
	l.values = map[string]string{}
	for _, w := range words {
		k, v, ok := strings.Cut(w, "=")
		if !ok || k == "" {
			return l, fmt.Errorf("%q is not key=value", w)
		}
		l.values[k] = v
	}
	return l, nil
}
