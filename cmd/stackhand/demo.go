package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/config"
	"github.com/stackhand/stackhand/internal/secret"
	"github.com/stackhand/stackhand/internal/sim/openstack"
	"github.com/stackhand/stackhand/internal/sim/slack"
	"github.com/stackhand/stackhand/store"
)

type demoCmd struct {
	Script     string        `arg:"--script" file:"read" help:"Play the conversation in this file (- for standard input), print what was said, and end." placeholder:"FILE"`
	Dir        string        `arg:"--dir" help:"Keep the bot's state here instead of in a temporary folder."`
	Port       int           `arg:"--port" help:"Port of the page; the next free one is taken where it is busy." default:"7333"`
	ClockAt    string        `arg:"--clock-at,env:STACKHAND_DEMO_CLOCK_AT" help:"The moment at which the demo's time begins, such as 2027-03-27T12:00:00Z; now without it." placeholder:"TIME"`
	ClockRate  float64       `arg:"--clock-rate" help:"How fast the demo's time runs." default:"1"`
	Build      time.Duration `arg:"--build" help:"How long the simulated cloud takes to build a server." default:"2s"`
	Profile    string        `arg:"--profile" help:"The time that the simulated cloud is of: today, zed, 2014 (Keystone v2.0, Nova without microversions) or 2011 (Nova alone)." placeholder:"YEAR"`
	Latency    time.Duration `arg:"--latency" help:"How long the simulated cloud takes to answer any call, on top." default:"0s"`
	OwnLogin   string        `arg:"--own-login" help:"Give the bot a login of its own to the simulated cloud, as clouds.yaml may: a user, and the project." placeholder:"USER/PROJECT"`
	Cloud      string        `arg:"--cloud" help:"Put this entry of --clouds-file behind the bot instead of the simulated cloud." placeholder:"NAME"`
	CloudsFile string        `arg:"--clouds-file" file:"read" help:"A clouds.yaml." placeholder:"FILE"`
	Policy     string        `arg:"--policy" file:"read" help:"Take the sections policy, roles, leases and approvals from this file, such as your own stackhand.yaml, to try them." placeholder:"FILE"`
	SlackPace  float64       `arg:"--slack-pace,env:STACKHAND_DEMO_SLACK_PACE" help:"How many times Slack's own rates the simulated workspace takes and the bot uses, and how many times as long as in Slack a form may be opened." default:"1"`
	NoBot      bool          `arg:"--no-bot" help:"Run the simulators only, for other programs."`
	LogLevel   slog.Level    `arg:"--log-level" help:"debug, info, warn or error, of what the bot logs to standard error." default:"error"`
}

// demoCloud is the name of the demo's only cloud.
const demoCloud = "lab"

// Run is the main job of the product without Slack and without a cloud.
func (d demoCmd) Run(ctx context.Context, s streams, _ *cli) error {
	if err := d.check(); err != nil {
		return err
	}
	var lines []scriptLine
	if d.Script != "" {
		var err error
		if lines, err = readScript(d.Script, s.in); err != nil {
			return err
		}
	}
	st, err := newStage(ctx, d, s)
	if err != nil {
		return err
	}
	defer st.close()
	if d.NoBot {
		st.announce(s.out)
		<-ctx.Done()
		return nil
	}
	if err := st.start(ctx); err != nil {
		return err
	}
	if d.Script == "" {
		st.announce(s.out)
		return st.wait(ctx)
	}
	return newPlayer(st, s.out).play(ctx, lines)
}

func (d demoCmd) check() error {
	switch {
	case (d.Cloud == "") != (d.CloudsFile == ""):
		return errors.New("--cloud NAME and --clouds-file FILE go together: the entry, and the clouds.yaml that it is in")
	case d.Profile != "" && !slices.Contains(openstack.Profiles(), d.Profile):
		return fmt.Errorf("there is no --profile %s: say one of %s", d.Profile, strings.Join(openstack.Profiles(), ", "))
	case d.Cloud != "" && d.Profile != "":
		return errors.New("--profile is of the simulated cloud: leave --cloud away")
	case d.Cloud != "" && d.OwnLogin != "":
		return errors.New("--own-login is of the simulated cloud: with --cloud the entry's own counts")
	case d.OwnLogin != "" && !strings.Contains(d.OwnLogin, "/"):
		return errors.New("--own-login is a user of the simulated cloud and a project of theirs, such as admin/admin")
	case d.ClockRate <= 0:
		return errors.New("--clock-rate is above 0: 1 is real time, 600 makes ten minutes of every second")
	case d.SlackPace < 1:
		return errors.New("--slack-pace is 1, which is how fast Slack takes messages, or above")
	case d.NoBot && d.Script != "":
		return errors.New("--script needs the bot: leave --no-bot away")
	}
	return nil
}

// stage is the demo's world, and the bot that is on at the moment.
type stage struct {
	demo        demoCmd
	streams     streams
	clock       *clock
	slack       *slack.Workspace
	cloud       *openstack.Cloud // nil with a real one
	servers     []*http.Server
	page        string // base URL of the workspace
	auth        string // of the cloud
	dir         string
	temp        bool
	keyset      string
	freshKeyset func() (string, error) // see world; nil: it stays the same
	entries     map[string]cloud.Entry

	loggedIn bool // alice, in an earlier life of the bot

	on   *running
	tap  func(net http.RoundTripper, dead *atomic.Bool) http.RoundTripper // of tests
	disk func(disk store.Driver, dead *atomic.Bool) store.Driver          // of tests

	sweep string // of tests that sweep by themselves: the schedule of sweeps
}

func newStage(ctx context.Context, d demoCmd, s streams) (st *stage, err error) {
	st = &stage{demo: d, streams: s, clock: newClock(d.ClockRate), dir: d.Dir}
	if d.ClockAt != "" {
		at, err := time.Parse(time.RFC3339, d.ClockAt)
		if err != nil {
			return nil, fmt.Errorf("--clock-at is a moment such as 2027-03-27T12:00:00Z: %w", err)
		}
		st.clock.Jump(at)
	}
	defer func() {
		if err != nil {
			st.close()
		}
	}()
	if st.dir == "" {
		st.temp = true
		if st.dir, err = os.MkdirTemp("", "stackhand-demo-"); err != nil {
			return nil, err
		}
	} else if err = os.MkdirAll(st.dir, 0o700); err != nil {
		return nil, err
	}
	if st.keyset, err = demoKeyset(filepath.Join(st.dir, "keyset")); err != nil {
		return nil, err
	}
	st.slack = slack.New(slack.Options{Now: st.clock.Now, Pace: d.SlackPace, Clocks: slack.Clocks{Trigger: time.Duration(d.SlackPace * float64(slack.TriggerLife))}})
	if st.page, err = st.serve(ctx, st.slack, d.Port); err != nil {
		return nil, err
	}
	return st, st.setCloud(ctx)
}

// setCloud puts the simulated cloud, or the real one that was asked for, behind the bot.
func (st *stage) setCloud(ctx context.Context) error {
	if st.demo.Cloud != "" {
		entries, err := cloud.LoadEntries(st.demo.CloudsFile, st.demo.Cloud)
		if err != nil {
			return err
		}
		e := entries[st.demo.Cloud]
		st.auth = e.AuthURL
		st.entries = map[string]cloud.Entry{demoCloud: e}
		return nil
	}
	st.cloud = openstack.New(openstack.Options{Now: st.clock.Now, Build: st.demo.Build, Latency: st.demo.Latency, Profile: st.demo.Profile,
		Metrics: st.demo.Profile != "2011" && st.demo.Profile != "2014"})
	base, err := st.serve(ctx, st.cloud, 0)
	if err != nil {
		return err
	}
	st.auth = base + "/identity/" + st.cloud.IdentityVersion()
	st.entries, err = cloudAt(st.auth, st.demo.OwnLogin)
	return err
}

// cloudAt is the demo's cloud as clouds.yaml would name it, with a login of its own, USER/PROJECT, or without.
func cloudAt(auth, own string) (map[string]cloud.Entry, error) {
	dir, err := os.MkdirTemp("", "stackhand-clouds-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file, login := filepath.Join(dir, "clouds.yaml"), ""
	if user, project, ok := strings.Cut(own, "/"); ok {
		login = fmt.Sprintf("      username: %s\n      password: %s-secret\n      project_name: %s\n      user_domain_name: Default\n      project_domain_name: Default\n",
			user, user, project)
	}
	text := fmt.Sprintf("clouds:\n  %s:\n    auth:\n      auth_url: %s\n%s    region_name: RegionOne\n", demoCloud, auth, login)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return cloud.LoadEntries(file, demoCloud)
}

// demoKeyset reads the demo's keyset, or makes it the first time.
func demoKeyset(file string) (string, error) {
	if old, err := os.ReadFile(file); err == nil {
		return string(bytes.TrimSpace(old)), nil
	}
	k, err := secret.NewKeyset()
	if err != nil {
		return "", err
	}
	return k, os.WriteFile(file, []byte(k+"\n"), 0o600)
}

// serve answers on loopback at the wanted port, or at a free one, and gives its URL.
func (st *stage) serve(ctx context.Context, h http.Handler, port int) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil && port != 0 {
		l, err = lc.Listen(ctx, "tcp", "127.0.0.1:0")
	}
	if err != nil {
		return "", fmt.Errorf("cannot listen on loopback: %w", err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	st.servers = append(st.servers, srv)
	go func() {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(st.streams.err, "stackhand:", err)
		}
	}()
	return "http://" + l.Addr().String(), nil
}

func (st *stage) close() {
	st.kill()
	if st.slack != nil {
		st.slack.Close()
	}
	for _, s := range st.servers {
		s.Close()
	}
	if st.temp {
		os.RemoveAll(st.dir)
	}
}

// config is the demo's stackhand.yaml, as a value, with the rules of --policy.
func (st *stage) config() (config.Config, error) {
	cfg, err := config.Parse([]byte(fmt.Sprintf(`
slack:
  command: /stack
  api_url: %s/api/
clouds:
  default: %s
  %s:
    external_network: public
    image: "Ubuntu 22.04"
    flavor: m1.small
    prices: {m1.tiny: 0.005, m1.small: 0.02, m1.medium: 0.04, m1.large: 0.08, m1.xlarge: 0.16}
leases:
  idle: {after: 48h, cpu_below: 2}
  dry_run: false
roles:
  admin: [U0DANA]
  approver: [U0CAROL]
policy:
  - name: large servers
    when: request.verb in ["create", "resize"] && flavor.vcpus > 4
    then: approve
    approvers: [U0CAROL]
    why: more than 4 cores
`, st.page, demoCloud, demoCloud)))
	if err != nil || st.demo.Policy == "" {
		return cfg, err
	}
	own, err := config.Load(st.demo.Policy)
	cfg.Policy, cfg.Leases, cfg.Approvals = own.Policy, own.Leases, own.Approvals
	if cfg.Leases.DryRun == nil {
		cfg.Leases.DryRun = new(bool) // a demo of a day would show nothing
	}
	if len(own.Roles.Admin)+len(own.Roles.Approver) > 0 {
		cfg.Roles = own.Roles
	}
	return cfg, err
}

// loginAlice gives the first person her credential, so that the demo can begin with a server. Where the cloud does not answer after a
// restart, the one that she has will do.
func (st *stage) loginAlice(ctx context.Context, a *app) error {
	login := stackhand.Login{Username: "alice", Password: "alice-secret", ProjectName: "team-a"}
	if own := st.entries[demoCloud].Auth; st.cloud == nil && own != (stackhand.Login{}) {
		login = own
	}
	_, projects, err := a.sessions.Login(ctx, stackhand.User{ID: "U0ALICE"}, demoCloud, login)
	if err == nil && len(projects) > 0 {
		_, err = a.sessions.LoginProject(ctx, stackhand.User{ID: "U0ALICE"}, demoCloud, projects[0].ID)
	}
	if err == nil {
		st.loggedIn = true
		return nil
	}
	if st.loggedIn {
		a.log.WarnContext(ctx, "alice keeps the login that she has", "err", err)
		return nil
	}
	return fmt.Errorf("logging alice in to %s: %w", st.auth, err)
}

// announce prints where everything is.
func (st *stage) announce(w io.Writer) {
	t := tabwriter.NewWriter(w, 2, 8, 2, ' ', 0)
	fmt.Fprintf(t, "Stackhand demo. Open the page, and type: /stack create web-1\n\n")
	fmt.Fprintf(t, "  Page\t%s/\n", st.page)
	fmt.Fprintf(t, "  Slack API\t%s/api/\n", st.page)
	fmt.Fprintf(t, "  app token\t%s\n  bot token\t%s\n", st.slack.AppToken(), st.slack.BotToken())
	fmt.Fprintf(t, "  OpenStack\t%s\n", st.auth)
	if st.cloud != nil {
		fmt.Fprintf(t, "\n  user\tpassword\tprojects\n")
		for _, u := range st.cloud.Users() {
			fmt.Fprintf(t, "  %s\t%s\t%v\n", u.Name, u.Password, u.Projects)
		}
	}
	fmt.Fprintf(t, "\nState is in %s. Stop with Ctrl-C.\n", st.dir)
	t.Flush()
}
