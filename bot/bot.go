package bot

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
)

// Options says where the bot works and on what. Tokens, Env, Records, Seal and Role are needed.
type Options struct {
	AppToken, BotToken string
	APIURL             string // base URL of the Web API with a slash at its end; "" is Slack's own
	Env                *commands.Env
	Records            Records
	Seal               Sealer
	Role               func(UserFacts) stackhand.Role
	Groups             func() []string // ids of the user groups whose members are to be known: those of roles, rules …; nil: none
	Admins             func() []string // who is told what nobody else can be told: ids of people, or of user groups; nil: nobody
	Connections        int             // 0: two, so that a refresh of one loses nothing
	Workers            int             // commands carried out at once; 0: 16
	Now                func() time.Time
	Log                *slog.Logger
	HTTP               *http.Client
	Command            string // the slash command; "": /stack
	// Pace is how many times Slack's rates the workspace takes, for one that is simulated; 0: 1, which is Slack.
	Pace float64
	// Shared tells the ids of further user groups that matter, such as those that are co-owners. nil: there are none.
	Shared func(ctx context.Context) ([]string, error)
	// Redact takes secrets out of all that goes to Slack; nil takes none.
	Redact Redactor
	// Renew words a notice anew that is sent late, if what it says depends on the time. nil: none does.
	Renew func(ctx context.Context, n *stackhand.Notice) error
	// Posted is told what became of a notice that is for a channel alone: why is the word with which Slack refused it there, "" where it was
	// posted. It answers whether the notice is over; otherwise one that was refused is tried again. nil: it is.
	Posted func(ctx context.Context, n *stackhand.Notice, why string) (over bool, err error)
	// Withdraw takes the offers off a job's record once one of them was taken; doing it again
	// does no harm. nil leaves them until their time is over.
	Withdraw func(ctx context.Context, jobID string) error
	// Approvals says where and whom to ask for approval; it may be another answer the next time. nil: where it was asked, and nobody by name.
	Approvals func() Approvals
	// WithdrawLine takes the offers of one line off, which can be taken once. nil leaves them, too.
	WithdrawLine func(ctx context.Context, jobID, line string) error
	// Panicked is told of what panicked, in a command or in the bot's own work. nil: it is logged.
	Panicked stackhand.Panicked
}

// Redactor hides secrets: Redact in what is told of failures, where a word too much may go; Strict in everything, where only what
// is a secret beyond doubt may.
type Redactor interface {
	Redact(string) string
	Strict(string) string
}

// Records is the part of the store that the bot works on. Errors of saves that lost a race
// leave the record as it was; it is read again then.
type Records interface {
	Receive(ctx context.Context, in stackhand.Inbound) (fresh bool, err error)
	Pending(ctx context.Context) ([]stackhand.Inbound, error)
	SaveInbound(ctx context.Context, in *stackhand.Inbound) error
	Handled(ctx context.Context, id string) error
	Job(ctx context.Context, id string) (stackhand.Job, error)
	Request(ctx context.Context, id string) (stackhand.Request, error)
	OpenReports(ctx context.Context) ([]stackhand.Report, error)
	// LaterReports are those whose messages change by themselves once a time has come.
	LaterReports(ctx context.Context) ([]stackhand.Report, error)
	Report(ctx context.Context, jobID string) (stackhand.Report, error)
	SaveReport(ctx context.Context, report *stackhand.Report) error
	OpenNotices(ctx context.Context) ([]stackhand.Notice, error)
	Notice(ctx context.Context, id string) (stackhand.Notice, error)
	SaveNotice(ctx context.Context, notice *stackhand.Notice) error
}

// Sealer encrypts what must not lie on disk in clear, bound to a user and a purpose.
type Sealer interface {
	Seal(plain []byte, user, cloud string) ([]byte, error)
	Open(sealed []byte, user, cloud string) ([]byte, error)
}

// Bot is the Slack side of the program. Make it with New, set it going with Run.
type Bot struct {
	o        Options
	log      *slog.Logger
	web      *web
	talk     talk
	self     self
	base     atomic.Value // string: the address of the workspace
	people   *people
	channels channelNames
	roll     roll
	queue    *queue
	lanes    []chan *delivery
	reporter *reporter
	teller   *teller
	health   health
	answers  answers
	asides   sync.WaitGroup
	lookups  chan struct{} // a place for each lookup of choices
}

// New checks the options and makes a bot that is not connected yet.
func New(o Options) (*Bot, error) {
	switch {
	case o.AppToken == "" || o.BotToken == "":
		return nil, stackhand.Errorf(stackhand.Invalid, "the Slack tokens are missing").
			Do("Set SLACK_APP_TOKEN (xapp-…) and SLACK_BOT_TOKEN (xoxb-…).")
	case o.Env == nil || o.Records == nil || o.Seal == nil || o.Role == nil:
		return nil, errors.New("bot: Env, Records, Seal and Role are needed")
	}
	o.defaults()
	web, err := newWeb(o)
	if err != nil {
		return nil, err
	}
	b := &Bot{o: o, log: o.Log, web: web, talk: realTalk(o.Env)}
	if o.Panicked == nil {
		b.o.Panicked = stackhand.LogPanics(b.log)
	}
	b.people = newPeople(web, o)
	if o.Env.Name == nil {
		o.Env.Name = b.Name
	}
	if o.Env.Zone == nil {
		o.Env.Zone = b.Zone
	}
	if o.Env.Channel == nil {
		o.Env.Channel = b.channels.name
	}
	if o.Env.Who == nil {
		o.Env.Who = b.Who
	}
	if o.Env.Member == nil {
		o.Env.Member = b.Member
	}
	b.queue = newQueue(o.Workers, b.handle)
	b.reporter = newReporter(b)
	b.teller = newTeller(b)
	b.lookups = make(chan struct{}, maxLookups)
	b.health.up = make([]time.Time, o.Connections)
	b.lanes = make([]chan *delivery, lanes)
	for i := range b.lanes {
		b.lanes[i] = make(chan *delivery, laneDepth)
	}
	return b, nil
}

func (o *Options) defaults() {
	if o.Connections <= 0 {
		o.Connections = 2
	}
	if o.Workers <= 0 {
		o.Workers = 16
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Command == "" {
		o.Command = "/stack"
	}
}

// grace is how long commands that are being carried out may go on after Run was told to end.
const grace = 2 * time.Second

// Run works until ctx ends, which is not an error, or until Slack refuses the tokens for
// good. What arrived before and was not handled is handled first.
func (b *Bot) Run(ctx context.Context) error {
	if err := b.introduce(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	b.queue.start(work)
	if err := b.recall(ctx); err != nil {
		return fmt.Errorf("what arrived before the start cannot be read: %w", err)
	}
	var background sync.WaitGroup
	background.Go(func() { b.reporter.run(work) })
	background.Go(func() { b.teller.run(work) })
	for _, lane := range b.lanes {
		background.Go(func() { b.receive(work, lane) })
	}
	sockets, listening := errgroup.WithContext(ctx)
	for n := range b.o.Connections {
		sockets.Go(func() error { return b.listen(listening, n) })
	}
	sockets.Go(func() error { b.watch(listening); return nil })
	err := sockets.Wait()
	b.queue.finish(grace)
	stop()
	b.queue.finish(grace)
	background.Wait()
	b.asides.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// self is who the bot is in its workspace.
type self struct{ user, bot, team, enterprise, name, url string }

// introduce asks Slack who we are. It goes on trying while Slack cannot be reached.
func (b *Bot) introduce(ctx context.Context) error {
	for wait := 250 * time.Millisecond; ; wait = min(2*wait, time.Minute) {
		me, err := b.web.whoami(ctx)
		if err == nil {
			b.self = me
			b.base.Store(me.url)
			b.people.enterprise = me.enterprise
			return nil
		}
		if outcomeOf(err) == refused {
			return stackhand.Errorf(stackhand.Unauthorized, "Slack does not accept the bot token (%s).", slackCode(err)).
				Because(err).Do("Check SLACK_BOT_TOKEN, and that the app is installed.")
		}
		b.log.WarnContext(ctx, "Slack cannot be reached", "err", err, "again_in", wait)
		if !sleep(ctx, wait) {
			return ctx.Err()
		}
	}
}

// recall queues what was acknowledged before the last end and not handled.
func (b *Bot) recall(ctx context.Context) error {
	rows, err := b.o.Records.Pending(ctx)
	if err != nil {
		return err
	}
	for _, in := range rows {
		in.Tries++
		if err := b.o.Records.SaveInbound(ctx, &in); err != nil {
			return err
		}
		b.queue.add(in)
	}
	if len(rows) > 0 {
		b.log.InfoContext(ctx, "going on with what arrived before the restart", "count", len(rows))
	}
	return nil
}

// Changed tells that a job's record changed, or something that its card shows. It is cheap
// and may be called as often as one likes: only the latest state counts.
func (b *Bot) Changed(jobID string) { b.reporter.changed(jobID) }

// Noticed tells that a notice was added.
func (b *Bot) Noticed() { b.teller.nudge() }

// Busy tells whether something that arrived is not handled yet, or something that should be
// in the chat is not there yet.
func (b *Bot) Busy() bool { return b.queue.busy() || b.reporter.busy() || b.teller.busy() }

// Behind tells whether something that arrived is not handled yet, or a message about a job does not show its
// present state. Unlike Busy it does not count notices that nobody takes.
func (b *Bot) Behind() bool { return b.queue.busy() || b.reporter.busy() }

// health is what Health tells. A zero time in up means that the connection is down.
type health struct {
	mu    sync.Mutex
	up    []time.Time
	last  time.Time // of the last thing that arrived
	since time.Time // of the last change between some and no connections
}

// Health tells how many connections are up, since when that is more than none (or none),
// and when Slack last said anything.
func (b *Bot) Health() (connected int, since, lastEvent time.Time) {
	b.health.mu.Lock()
	defer b.health.mu.Unlock()
	return b.health.count(), b.health.since, b.health.last
}

func (h *health) count() (n int) {
	for _, t := range h.up {
		if !t.IsZero() {
			n++
		}
	}
	return n
}

func (h *health) set(n int, up bool, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	before := h.count()
	h.up[n] = time.Time{}
	if up {
		h.up[n], h.last = now, now
	}
	if after := h.count(); (before == 0) != (after == 0) {
		h.since = now
	}
}

func (h *health) heard(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = now
}

// sleep waits and tells whether it could do so to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// newRef is a short random word that finds a failure in the log.
func newRef() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails, by its contract
	return hex.EncodeToString(b[:])
}

// digest is a short fingerprint of something that is compared or used as an id.
func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:12])
}
