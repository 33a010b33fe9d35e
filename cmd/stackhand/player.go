package main

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/stackhand/stackhand/internal/sim/slack"
)

// player plays a conversation on the stage, and holds what is shown against what was expected.
type player struct {
	st     *stage
	out    io.Writer
	shown  int // up to where the transcript is printed
	typed  int // the mark of the last typed line
	failed int
	last   map[string]string // what a message said, by its ts: of an edit only the news is printed
}

// How long the player waits in real time: for the first answer to a line, for an expectation while
// something is going on, for a line to be dealt with, for what the cloud holds, and at least in a wait.
const (
	firstAnswer = 5 * time.Second
	expecting   = 10 * time.Second
	dealing     = 60 * time.Second
	counting    = 3 * time.Second
	leastWait   = 15 * time.Second
	calm        = 100 * time.Millisecond // without anything to do, before a wait ends
	stillness   = time.Second            // … before an expectation is given up
	glance      = 5 * time.Millisecond
)

func newPlayer(st *stage, out io.Writer) *player {
	return &player{st: st, out: out, last: map[string]string{}}
}

// play returns an error where an expectation did not hold or a line went without its final answer.
func (p *player) play(ctx context.Context, lines []scriptLine) error {
	if err := p.connected(ctx); err != nil {
		return err
	}
	for _, l := range lines {
		fmt.Fprintf(p.out, "%s\n", l.text)
		if err := p.do(ctx, l); err != nil {
			p.failed++
			p.print()
			fmt.Fprintf(p.out, "    FAILED line %d: %v\n", l.n, err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p.print()
	}
	if err := p.wait(ctx, time.Minute); err != nil {
		p.failed++
		fmt.Fprintf(p.out, "    FAILED at the end: %v\n", err)
	}
	p.print()
	if p.failed > 0 {
		fmt.Fprintf(p.out, "%d of %d lines failed\n", p.failed, len(lines))
		return exitCode(1)
	}
	fmt.Fprintf(p.out, "all %d lines held\n", len(lines))
	return nil
}

func (p *player) do(ctx context.Context, l scriptLine) error {
	switch l.what {
	case "say", "thread":
		return p.say(ctx, l)
	case "click":
		return p.act(ctx, func() error { return p.click(ctx, l) })
	case "submit":
		values, err := p.st.withTokens(ctx, l.values)
		if err != nil {
			return err
		}
		return p.act(ctx, func() error { return p.st.slack.Submit(l.user, values) })
	case "wait":
		return p.wait(ctx, l.time)
	case "expect":
		return p.expect(ctx, l)
	case "reject":
		return p.reject(ctx, l)
	case "cloud":
		return p.count(ctx, l)
	case "slack":
		return p.change(ctx, l)
	case "fault":
		if p.st.cloud == nil {
			return fmt.Errorf("only the simulated cloud has faults")
		}
		return p.st.cloud.Fault(l.rule)
	case "restart":
		p.st.kill()
		if err := p.st.start(ctx); err != nil {
			return err
		}
		return p.connected(ctx)
	case "elsewhere":
		return p.elsewhere(ctx, l)
	case "clock":
		if l.words == "jumps" {
			return p.jump(ctx, l.time)
		}
		return p.moveClock(ctx, l.time)
	}
	return fmt.Errorf("%q is not a line of a conversation", l.what)
}

func (p *player) say(ctx context.Context, l scriptLine) error {
	channel, thread := strings.TrimPrefix(l.where, "#"), ""
	if l.what == "thread" {
		var err error
		if channel, thread, err = p.card(ctx, l.user); err != nil {
			return err
		}
	}
	p.typed = p.st.slack.Mark()
	if err := p.act(ctx, func() error { return p.st.slack.Type(l.user, channel, thread, l.words) }); err != nil {
		return err
	}
	return p.until(ctx, firstAnswer, "nothing answered", func() (bool, error) {
		for _, s := range p.st.slack.Since(p.typed) {
			if !p.typedBy(s) {
				return true, nil
			}
		}
		return false, nil
	})
}

// card finds the thread to answer in. While work goes on, a card may still be coming.
func (p *player) card(ctx context.Context, user string) (channel, thread string, err error) {
	err = p.coming(ctx, func() error {
		var ok bool
		if channel, thread, ok = p.st.slack.LastCard(user); !ok {
			return fmt.Errorf("%s sees no card to answer in the thread of", user)
		}
		return nil
	})
	return channel, thread, err
}

// click presses a button. While work goes on, it may still be coming.
func (p *player) click(ctx context.Context, l scriptLine) error {
	return p.coming(ctx, func() error {
		if l.value != "" {
			return p.st.slack.ClickValue(l.user, l.words, l.value)
		}
		return p.st.slack.Click(l.user, l.words)
	})
}

// coming tries again while the bot is at work. What was begun last has its card posted first, so
// that an older card is not taken for it.
func (p *player) coming(ctx context.Context, try func() error) error {
	end := time.Now().Add(expecting)
	for posted := false; !posted && time.Now().Before(end); {
		var err error
		if posted, err = p.posted(ctx); err != nil {
			return err
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
	for {
		busy, err := p.busy(ctx)
		if err != nil {
			return err
		}
		if err := try(); err == nil || busy == "" || time.Now().After(end) {
			return err
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// posted tells whether every job that goes on is in the chat.
func (p *player) posted(ctx context.Context) (bool, error) {
	reports, err := p.st.on.app.store.OpenReports(ctx)
	for _, r := range reports {
		if r.Card.TS == "" && r.Steps.TS == "" {
			return false, err
		}
	}
	return true, err
}

// act does something as a person, and waits until the bot has dealt with what came of it.
func (p *player) act(ctx context.Context, do func() error) error {
	if err := do(); err != nil {
		return err
	}
	return p.until(ctx, dealing, "the bot is still busy with it", func() (bool, error) {
		if p.st.slack.Unacked() > 0 {
			return false, nil
		}
		pending, err := p.st.on.app.store.Pending(ctx)
		return len(pending) == 0, err
	})
}

// wait returns when every job has its final message.
func (p *player) wait(ctx context.Context, limit time.Duration) error {
	end, real := p.st.clock.Now().Add(limit), time.Now().Add(leastWait)
	for quiet := time.Now(); ; {
		busy, err := p.busy(ctx)
		switch {
		case err != nil:
			return err
		case busy != "":
			quiet = time.Now()
		case time.Since(quiet) > calm:
			return nil
		}
		if p.st.clock.Now().After(end) && time.Now().After(real) {
			return fmt.Errorf("after %s %s", limit, busy)
		}
		if err := pause(ctx); err != nil {
			return err
		}
		p.print()
	}
}

// busy says what the bot still has to do; "" for nothing.
func (p *player) busy(ctx context.Context) (string, error) {
	s := p.st.on.app.store
	if n := p.st.slack.Unacked(); n > 0 {
		return fmt.Sprintf("%d deliveries are not acknowledged", n), nil
	}
	if in, err := s.Pending(ctx); err != nil || len(in) > 0 {
		return fmt.Sprintf("%d lines are not handled", len(in)), err
	}
	if jobs, err := s.OpenJobs(ctx); err != nil || len(jobs) > 0 {
		var names []string
		for _, j := range jobs {
			names = append(names, j.Title+" ("+string(j.State)+")")
		}
		return "work goes on: " + strings.Join(names, ", "), err
	}
	if r, err := s.OpenReports(ctx); err != nil || len(r) > 0 {
		return fmt.Sprintf("%d jobs have no final message", len(r)), err
	}
	notices, err := s.OpenNotices(ctx)
	for _, n := range notices {
		if n.Problem == "" {
			return "a notice is not delivered", err
		}
	}
	if p.st.on.app.behind(ctx) {
		return "a message is not as it should be yet", err
	}
	return "", err
}

func (p *player) expect(ctx context.Context, l scriptLine) error {
	end := time.Now().Add(expecting)
	for {
		busy, err := p.busy(ctx)
		if err != nil {
			return err
		}
		if p.matches(l) != "" {
			return nil
		}
		// Cards of other jobs may still have to follow what happened.
		if busy == "" && !p.st.on.app.behind(ctx) && p.matches(l) == "" || time.Now().After(end) {
			return fmt.Errorf("nothing shown since the last typed line matches")
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

func (p *player) reject(ctx context.Context, l scriptLine) error {
	if m := p.matches(l); m != "" {
		return fmt.Errorf("this was shown: %s", m)
	}
	return ctx.Err()
}

// matches answers the first text shown since the last typed line that the line's expression matches; what
// people typed themselves does not count. The columns of a table may be read with one space between them.
func (p *player) matches(l scriptLine) string {
	for _, s := range p.st.slack.Since(p.typed) {
		if !p.typedBy(s) && (l.match.MatchString(s.Text) || l.match.MatchString(columns.ReplaceAllString(s.Text, " "))) {
			return s.Text
		}
	}
	return ""
}

var columns = regexp.MustCompile(" {2,}")

// typedBy tells whether what was shown is what somebody typed.
func (p *player) typedBy(s slack.Shown) bool { return s.Kind == "message" && s.User != slack.BotUserID }

func (p *player) count(ctx context.Context, l scriptLine) error {
	n := -1
	err := p.until(ctx, counting, "", func() (ok bool, err error) {
		n, err = p.st.count(ctx, l.words)
		return n == l.count, err
	})
	if err != nil && n >= 0 && ctx.Err() == nil {
		return fmt.Errorf("the cloud holds %d %s", n, l.words)
	}
	return err
}

func (p *player) connected(ctx context.Context) error {
	return p.until(ctx, expecting, "the bot does not connect", func() (bool, error) {
		select {
		case err := <-p.st.on.done:
			p.st.on.done <- err
			return false, fmt.Errorf("the bot gave up: %w", err)
		default:
			return p.st.slack.Connections() > 0, nil
		}
	})
}

// until asks again and again, until the answer is yes or the time is over.
func (p *player) until(ctx context.Context, limit time.Duration, late string, ok func() (bool, error)) error {
	end := time.Now().Add(limit)
	for {
		if done, err := ok(); done || err != nil {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s after %s", late, limit)
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(glance):
		return nil
	}
}

// print adds to the transcript what was shown since.
func (p *player) print() {
	for _, s := range p.st.slack.Since(p.shown) {
		p.shown = s.Seq
		if p.typedBy(s) {
			continue
		}
		where := s.Channel
		if s.Thread != "" {
			where += " (thread)"
		}
		if s.For != "" {
			where += " only to " + s.For
		}
		fmt.Fprintf(p.out, "    [%s] %s: %s\n", s.Kind, where, strings.ReplaceAll(p.news(s), "\n", "\n        "))
	}
}

// news is what a message says that its last version did not.
func (p *player) news(s slack.Shown) string {
	old, edited := p.last[s.TS]
	p.last[s.TS] = s.Text
	if !edited || s.Kind != "update" {
		return s.Text
	}
	if fresh := missing(s.Text, old); len(fresh) > 0 {
		return strings.Join(fresh, "\n")
	}
	return "no more: " + strings.Join(missing(old, s.Text), " · ") // such as buttons that were taken away
}

// missing are the lines of a text that another does not have.
func missing(text, other string) []string {
	var out []string
	for _, line := range strings.Split(text, "\n") {
		if !strings.Contains(other, line) {
			out = append(out, line)
		}
	}
	return out
}
