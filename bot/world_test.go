package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
	sim "github.com/stackhand/stackhand/internal/sim/slack"
)

// world is a bot on a simulated workspace, with a store in memory and commands that are
// simple and keep state.
type world struct {
	t      testing.TB
	slack  *sim.Workspace
	server *httptest.Server
	mem    *memory
	bot    *Bot
	log    *lines
	ended  chan error
	stop   context.CancelFunc
	dead   *atomic.Bool // the present bot's program has died: nothing it does has effect any more
	wrap   func(http.RoundTripper) http.RoundTripper
	hide   Redactor
	trip   func(over string) // is told of what the bot does with its records, and may panic; nil does not

	audit     func(context.Context, stackhand.AuditRecord) error
	ask       Approvals
	mayRefuse bool // the workspace refuses blocks that are good elsewhere

	mu     sync.Mutex
	ahead  time.Duration // of the bot's clock
	did    []string      // lines carried out, as "user text"
	hold   chan struct{} // what "slow" waits for
	logins map[string]string
	renew  func(context.Context, *stackhand.Notice) error
}

// lines is a log.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newWorld(t testing.TB, o sim.Options) *world {
	t.Helper()
	for _, s := range scopes {
		o.Scopes = append(o.Scopes, s.name)
	}
	o.Events = events
	w := &world{t: t, slack: sim.New(o), mem: newMemory(), log: &lines{}, hold: make(chan struct{}), logins: map[string]string{}}
	w.server = httptest.NewServer(w.slack)
	t.Cleanup(func() {
		w.kill()
		for _, c := range w.slack.Calls() {
			if c.Error == "missing_scope" || c.Error == "invalid_blocks" && !w.mayRefuse || c.Error == "msg_too_long" {
				t.Errorf("%s was refused: %s", c.Method, c.Error)
			}
		}
		w.slack.Close()
		w.server.Close()
		if t.Failed() {
			t.Logf("the log:\n%s", w.log)
		}
	})
	return w
}

// boot starts a bot on the present state and waits until it is connected.
func (w *world) boot() *world {
	w.t.Helper()
	w.launch()
	w.until("connected", func() bool { n, _, _ := w.bot.Health(); return n == 2 })
	return w
}

func (w *world) launch() {
	w.t.Helper()
	w.dead = new(atomic.Bool)
	transport := http.RoundTripper(&http.Transport{})
	if w.wrap != nil {
		transport = w.wrap(transport)
	}
	b, err := New(Options{
		AppToken: w.slack.AppToken(), BotToken: w.slack.BotToken(), APIURL: w.server.URL + "/api/",
		Env: &commands.Env{Stacks: w.mem, Audit: w.audit}, Records: mortal{w.mem, w.dead, w.trip}, Seal: rot{}, Role: roleOf, Admins: func() []string { return []string{"U0DANA"} }, Groups: func() []string { return []string{"S0OPS"} },
		Log: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})), HTTP: &http.Client{Transport: transport},
		Renew: w.renew, Withdraw: w.mem.withdraw, Now: w.now, Redact: w.hide, Approvals: func() Approvals { return w.ask },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	b.talk = talk{do: w.do, submit: w.submit, complete: w.complete, click: w.click, secretlike: commands.Secretlike}
	ctx, stop := context.WithCancel(context.Background())
	w.bot, w.stop, w.ended = b, stop, make(chan error, 1)
	go func() { w.ended <- b.Run(ctx) }()
}

// kill ends the bot. Whatever it still tries to write down after that is lost.
func (w *world) kill() {
	if w.stop == nil {
		return
	}
	w.dead.Store(true)
	w.stop()
	<-w.ended
	w.stop = nil
}

func roleOf(f UserFacts) stackhand.Role {
	for _, g := range f.Groups {
		if g == "S0OPS" {
			return stackhand.Approver
		}
	}
	return stackhand.Member
}

var errDead = errors.New("the program is dead")

// mortal is a store that no longer listens to a program that has died.
type mortal struct {
	*memory
	dead *atomic.Bool
	trip func(string)
}

func (m mortal) over(what string) {
	if m.trip != nil {
		m.trip(what)
	}
}

func (m mortal) Receive(ctx context.Context, in stackhand.Inbound) (bool, error) {
	m.over("receive")
	return m.memory.Receive(ctx, in)
}

func (m mortal) Report(ctx context.Context, job string) (stackhand.Report, error) {
	m.over("look at " + job)
	return m.memory.Report(ctx, job)
}

func (m mortal) SaveReport(ctx context.Context, r *stackhand.Report) error {
	m.over("report")
	if m.dead.Load() {
		return errDead
	}
	return m.memory.SaveReport(ctx, r)
}

func (m mortal) SaveNotice(ctx context.Context, n *stackhand.Notice) error {
	m.over("notice " + n.ID)
	if m.dead.Load() {
		return errDead
	}
	return m.memory.SaveNotice(ctx, n)
}

func (m mortal) Handled(ctx context.Context, id string) error {
	m.over("handled")
	if m.dead.Load() {
		return errDead
	}
	return m.memory.Handled(ctx, id)
}

// click stumbles over buttons of one value.
func (w *world) click(action, value string) (string, bool) {
	if value == "boom" {
		panic("hidden words")
	}
	return commands.ClickLine(action, value)
}

// do are the commands.
func (w *world) do(ctx context.Context, user stackhand.User, line commands.Line) (commands.Reply, error) {
	w.mu.Lock()
	w.did = append(w.did, user.Name+" "+line.Text)
	w.mu.Unlock()
	verb, rest, _ := strings.Cut(line.Text, " ")
	switch verb {
	case "list":
		return commands.Reply{
			Text: stackhand.Textf("1 server of %s", user.Name), Public: rest == "--public", Share: "list --public",
			Table: &commands.Table{Columns: []string{"NAME", "STATUS"}, Rows: [][]string{{"web-1", "ACTIVE"}}},
		}, nil
	case "role":
		return commands.Reply{Text: stackhand.Textf("you are %s", user.Role)}, nil
	case "where":
		return commands.Reply{Text: stackhand.Textf("direct=%v thread=%v", line.Place.Direct, line.Place.Thread != "")}, nil
	case "cat":
		if len(line.Files) == 0 {
			return commands.Reply{}, stackhand.Errorf(stackhand.Invalid, "No file.").Do("Share one.")
		}
		return commands.Reply{Text: stackhand.Textf("%s holds %s", line.Files[0].Name, line.Files[0].Content)}, nil
	case "log":
		return commands.Reply{Text: stackhand.Textf("here it is"), File: &commands.File{Name: "console.txt", Content: []byte("booted fine")}}, nil
	case "slow":
		select {
		case <-w.hold:
		case <-ctx.Done():
		}
		return commands.Reply{Text: stackhand.Textf("slow is done")}, ctx.Err()
	case "boom":
		panic("hidden words")
	case "fail":
		return commands.Reply{}, errors.New("hidden words")
	case "secret":
		return commands.Reply{}, stackhand.Errorf(stackhand.Unauthorized, "You are not logged in.").Do("Log in first.")
	case "login":
		return commands.Reply{Form: loginForm()}, nil
	case "which":
		return commands.Reply{Text: stackhand.Textf("Which one?"), Actions: []stackhand.Action{
			{ID: "choose", Label: "web-1 a", Value: "show a"}, {ID: "choose", Label: "web-1 b", Value: "show b"}}}, nil
	case "create":
		id := line.Key[:8]
		// The step has no start: of one that has, the elapsed time is told anew every second, and the bot is never idle.
		j := job(id, stackhand.JobRunning, stackhand.JobStep{Name: "server", Title: "Server " + rest, State: stackhand.StepRunning})
		j.User, j.Place, j.Line, j.Title, j.Started = user, line.Place, line.Text, "Create "+rest, time.Now()
		j.Stacks = []string{id + "-1"}
		if _, err := w.mem.Job(ctx, id); err != nil {
			w.mem.put(j)
		}
		return commands.Reply{Job: id, Begun: stackhand.Textf("Create %s: job %s is at work.", rest, id)}, nil
	}
	return w.more(ctx, user, line, verb, rest)
}

func loginForm() *commands.Form {
	return &commands.Form{ID: "login", Title: "Log in", Submit: "Log in", State: "lab", Inputs: []commands.Input{
		{ID: "auth_type", Label: "How", Value: "password", Options: []commands.Option{{Label: "Password", Value: "password"}, {Label: "Token", Value: "token"}}},
		{ID: "username", Label: "User name"}, {ID: "password", Label: "Password", Secret: true},
	}}
}

func (w *world) submit(_ context.Context, user stackhand.User, form, state string, values map[string]string, line commands.Line) (commands.Reply, map[string]string, error) {
	switch {
	case form == "pick":
		return w.picked(user, values, line)
	case form == "project":
		return commands.Reply{Text: stackhand.Textf("You are logged in to lab, project %s.", values["project_name"])}, nil, nil
	case values["username"] == "nobody":
		return commands.Reply{}, map[string]string{"username": "Nobody is called that."}, nil
	case values["password"] != user.Name+"-secret":
		return commands.Reply{}, nil, stackhand.Errorf(stackhand.Unauthorized, "%s does not accept this password.", state).Do("Check it.")
	case values["username"] == "many":
		return commands.Reply{Form: &commands.Form{ID: "project", Title: "Project", Inputs: []commands.Input{
			{ID: "project_name", Label: "Project", Options: []commands.Option{{Label: "team-a", Value: "team-a"}, {Label: "team-b", Value: "team-b"}}}}}}, nil, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.logins[user.Name] = values["username"]
	return commands.Reply{Text: stackhand.Textf("You are logged in to lab as %s.", values["username"])}, nil, nil
}

func (w *world) done(line string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range w.did {
		if d == line {
			n++
		}
	}
	return n
}

// until waits for something to become true.
func (w *world) until(what string, cond func() bool) {
	w.t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		changed := w.slack.Changed()
		if cond() {
			return
		}
		select {
		case <-changed:
		case <-again.C:
		case <-deadline.C:
			w.t.Fatalf("waited in vain for: %s\n%s", what, w.transcript())
		}
	}
}

func (w *world) transcript() string {
	var b strings.Builder
	for _, s := range w.slack.Since(0) {
		fmt.Fprintf(&b, "%s for=%s ch=%s th=%s ts=%s by=%s: %s\n", s.Kind, s.For, s.Channel, s.Thread, s.TS, s.User, s.Text)
	}
	return b.String()
}

// see waits until something that matches is shown after mark.
func (w *world) see(mark int, pattern string) (found sim.Shown) {
	w.t.Helper()
	re := regexp.MustCompile(pattern)
	w.until(pattern, func() bool {
		for _, s := range w.slack.Since(mark) {
			if s.User != "U0ALICE" && re.MatchString(s.Text) {
				found = s
				return true
			}
		}
		return false
	})
	return found
}

// count counts what the bot posted (not edited) that matches.
func (w *world) count(kind, pattern string) (n int) {
	re := regexp.MustCompile(pattern)
	for _, s := range w.slack.Since(0) {
		if s.Kind == kind && s.User == sim.BotUserID && re.MatchString(s.Text) {
			n++
		}
	}
	return n
}

// calls counts the calls of a method.
func (w *world) calls(method string) (n int) {
	for _, c := range w.slack.Calls() {
		if c.Method == method {
			n++
		}
	}
	return n
}

func (w *world) typed(user, channel, thread, text string) (mark int) {
	w.t.Helper()
	mark = w.slack.Mark()
	if err := w.slack.Type(user, channel, thread, text); err != nil {
		w.t.Fatal(err)
	}
	return mark
}

func (w *world) clicked(user, action string) (mark int) {
	w.t.Helper()
	mark = w.slack.Mark()
	if err := w.slack.Click(user, action); err != nil {
		w.t.Fatal(err)
	}
	return mark
}

func (w *world) fault(name string, args ...string) {
	w.t.Helper()
	if err := w.slack.Fault(name, args...); err != nil {
		w.t.Fatal(err)
	}
}

// finish lets a job of create end well.
func (w *world) finish(id string) {
	j, err := w.mem.Job(context.Background(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	j.State, j.Ended = stackhand.JobDone, time.Now()
	for i := range j.Steps {
		j.Steps[i].State, j.Steps[i].Ended = stackhand.StepDone, time.Now()
	}
	s := readyStack(id)
	s.Name, s.Lease.Owner = strings.TrimPrefix(j.Title, "Create "), j.User.ID
	w.mem.put(j, s)
	w.bot.Changed(id)
}

// lastJob is the id of the only job that there is.
func (w *world) lastJob() (id string) {
	w.t.Helper()
	w.until("a job", func() bool {
		w.mem.mu.Lock()
		defer w.mem.mu.Unlock()
		for id = range w.mem.jobs {
			return true
		}
		return false
	})
	return id
}
