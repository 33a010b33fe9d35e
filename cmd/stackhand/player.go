package main

import (
	"context"
	"errors"
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

// How long the player waits, in real time.
const (
	glance    = 5 * time.Millisecond // between two looks
	calm      = 20                   // so many looks in a row find nothing to do before a wait ends: between two of the bot's duties one look may
	stillness = 3 * time.Second      // without anything to do, before what was to come is given up: what is due is looked for every second
	patience  = time.Minute          // for anything, while the bot is at work
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
	return p.coming(ctx, func() error {
		for _, s := range p.st.slack.Since(p.typed) {
			if !p.typedBy(s) {
				return nil
			}
		}
		return errors.New("nothing answered")
	})
}

// card finds the thread to answer in.
func (p *player) card(ctx context.Context, user string) (channel, thread string, err error) {
	err = p.newest(ctx, func() error {
		var ok bool
		if channel, thread, ok = p.st.slack.LastCard(user); !ok {
			return fmt.Errorf("%s sees no card to answer in the thread of", user)
		}
		return nil
	})
	return channel, thread, err
}

// click presses a button.
func (p *player) click(ctx context.Context, l scriptLine) error {
	return p.newest(ctx, func() error {
		if l.value != "" {
			return p.st.slack.ClickValue(l.user, l.words, l.value)
		}
		return p.st.slack.Click(l.user, l.words)
	})
}

// newest is coming for what is done with the newest card: that of what was begun last is posted first, so that an older one is not taken for it.
func (p *player) newest(ctx context.Context, try func() error) error {
	end := time.Now().Add(patience)
	for {
		if posted, err := p.posted(ctx); err != nil {
			return err
		} else if posted || time.Now().After(end) {
			return p.coming(ctx, try)
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// coming tries again until it succeeds. It gives up when the bot has been still for a while, or has been at work for too long.
func (p *player) coming(ctx context.Context, try func() error) error {
	end, quiet := time.Now().Add(patience), time.Now()
	for {
		busy, err := p.busy(ctx)
		if err != nil {
			return err
		}
		if busy != "" {
			quiet = time.Now()
		}
		err = try()
		if err == nil || time.Since(quiet) > stillness || time.Now().After(end) {
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
	return p.until(ctx, patience, "the bot is still busy with it", func() (bool, error) {
		if p.st.slack.Unacked() > 0 {
			return false, nil
		}
		pending, err := p.st.on.app.store.Pending(ctx)
		return len(pending) == 0, err
	})
}

// wait returns when every job has its final message.
func (p *player) wait(ctx context.Context, limit time.Duration) error {
	end, real := p.st.clock.Now().Add(limit), time.Now().Add(patience)
	for quiet := 0; ; quiet++ {
		busy, err := p.busy(ctx)
		switch {
		case err != nil:
			return err
		case busy != "":
			quiet = 0
		case quiet >= calm:
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
	return p.coming(ctx, func() error {
		if p.matches(l) == "" {
			return errors.New("nothing shown since the last typed line matches")
		}
		return nil
	})
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
	return p.coming(ctx, func() error {
		n, err := p.st.count(ctx, l.words)
		if err == nil && n != l.count {
			err = fmt.Errorf("the cloud holds %d %s", n, l.words)
		}
		return err
	})
}

func (p *player) connected(ctx context.Context) error {
	return p.until(ctx, patience, "the bot does not connect", func() (bool, error) {
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
