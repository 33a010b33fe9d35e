package commands

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

// strayOf is a world with a server that was made elsewhere by another user of the cloud than the one that everybody here
// works as; people are logged in as that user.
func strayOf(people ...string) (*world, *Env) {
	w, env := newWorld()
	giveStrays(w)
	w.login["U0BOB"] = "bob"
	w.change("stray", func(sv *stackhand.Server) { sv.UserID = "u-maker" })
	env.Name = func(_ context.Context, id string) string { return strings.ToLower(strings.TrimPrefix(id, "U0")) }
	env.Holders = func(_ context.Context, cloud, user string) ([]string, error) {
		if cloud == "lab" && user == "u-maker" {
			return people, nil
		}
		return nil, nil
	}
	return w, env
}

// adopted is what the job of an adoption has to do.
func (w *world) adopted(t *testing.T, id string) (spec stackhand.AdoptSpec, job stackhand.Job) {
	t.Helper()
	job = w.jobs[id]
	if err := json.Unmarshal(job.Input, &spec); err != nil || job.Flow != "adopt" {
		t.Fatalf("%v: %+v", err, w.jobs)
	}
	return spec, job
}

// An administrator asks whoever made a server; it is theirs once they accept, by their own login, once.
func TestAdministratorsAsk(t *testing.T) {
	w, env := strayOf("U0BOB")
	w.talk(t, env, []hears{
		{dana, "adopt stray --for 2d", "@U0BOB made stray, and was asked to take stray under a lease, and has time for an answer until "},
		{dana, "adopt stray", "stray is offered to bob already, who has not answered yet"},
		{dana, "adopt stray --owner @U0DANA", "stray was made by bob, who has to agree before it comes under a lease."},
		{dana, "show stray", "Offered to: @U0BOB, until"},
	})
	n := w.lastNotice("U0BOB")
	if len(w.jobs) != 1 || n.Adoption == nil || n.By != dana.ID || !n.Ends.Equal(w.now.Add(transferFor)) || n.Place.Channel == "" || len(n.Over) == 0 {
		t.Fatalf("bob was asked by %+v", n)
	}
	expect(t, n.Text.String(), "@U0DANA would put the server stray .team-a of lab, .* under a lease of yours, for 2d from when you accept it", "You need a login to that project")
	id := n.Actions[0].Value
	w.talk(t, env, []hears{
		{bob, "approvals", "@U0DANA offers you the server stray, until"},
		{dana, "approvals", "You offer @U0BOB the server stray, until"},
		{alice, "approvals", "Nothing waits for you"},
		{alice, clicked("accept", id), "stray is offered to bob, and nobody else can answer that"},
		{dana, clicked("accept", id), "nobody else can answer that"},
		{alice, clicked("withdraw", id), "Dana offered stray, so you cannot take that back"},
		{bob, clicked("accept", id+"x"), "There is no such offer"},
		{bob, "adopt accept ends/web-1", "There is no such offer"},
		{alice, "adopt decline stray", "There is no such offer"}, // of hers
		{dana, "adopt accept stray", "nobody else can answer that"},
	})
	r := decide(t, env, bob, clicked("accept", id), "Adopt stray: job .* is at work")
	spec, job := w.adopted(t, r.Job)
	if spec.Owner != bob.ID || spec.By != dana.ID || spec.For != 48*time.Hour || spec.Maker != "u-maker" || spec.Unasked || job.User.ID != bob.ID || job.Place != n.Place {
		t.Errorf("%+v, %+v", spec, job)
	}
	if n := w.notices[id]; len(n.Actions) > 0 || !n.Stale || n.Adoption.State != stackhand.TransferAccepted || !strings.Contains(n.Text.String(), "@U0BOB accepted the server stray") {
		t.Errorf("the offer says %q, %+v", n.Text, n.Adoption)
	}
	if told := w.lastNotice(dana.ID).Text.String(); !strings.Contains(told, "@U0BOB accepted the server stray") {
		t.Errorf("dana was told %q", told)
	}
	w.talk(t, env, []hears{
		{bob, clicked("accept", id), "You accepted stray already, just now"},
		{bob, clicked("decline", id), "You accepted stray already"},
		{dana, clicked("withdraw", id), "bob accepted stray already"},
	})
	if len(w.jobs) != 2 {
		t.Errorf("%d jobs", len(w.jobs))
	}
}

// A line that was cut short right after its answer goes on when it is delivered again, pressed or typed.
func TestAcceptedTwiceByOneLine(t *testing.T) {
	for _, typed := range []bool{false, true} {
		w, env := strayOf("U0BOB")
		w.talk(t, env, []hears{{dana, "adopt stray", "was asked"}})
		line := Line{Text: "adopt accept stray", Key: "once", Place: stackhand.Place{Channel: "C1"}}
		if !typed {
			line.Text = clicked("accept", w.lastNotice("U0BOB").Actions[0].Value)
		}
		env.Jobs = failingJobs{env.Jobs}
		if r, err := Do(t.Context(), env, bob, line); err == nil {
			t.Fatalf("the job began: %s", told(r, err))
		}
		env.Jobs = fakeJobs{w}
		for range 2 {
			r, err := Do(t.Context(), env, bob, line)
			if err != nil || r.Job != JobID("once", 0) || len(w.jobs) != 2 {
				t.Errorf("typed %v: %s, %d jobs", typed, told(r, err), len(w.jobs))
			}
		}
	}
}

// An offer is taken back by a line that is delivered twice.
func TestWithdrawnTwiceByOneLine(t *testing.T) {
	w, env := strayOf("U0BOB")
	w.talk(t, env, []hears{{dana, "adopt stray", "was asked"}})
	for range 2 {
		r, err := Do(t.Context(), env, dana, Line{Text: "adopt withdraw stray", Key: "once", Place: stackhand.Place{Channel: "C1"}})
		expect(t, told(r, err), "stray is no longer offered to @U0BOB")
	}
}

// Whoever made a server puts it under a lease while it is offered: the offer is over, and who made it is told.
func TestOfferIsOvertaken(t *testing.T) {
	for name, c := range map[string]struct {
		offer, later string
		to           stackhand.User
	}{
		"offered to its maker":   {"adopt stray --owner alice", "You accepted stray already, just now", alice},
		"offered to another one": {"adopt stray --owner bob", "The offer of stray was taken back, just now", bob},
	} {
		w, env := strayOf("U0ALICE")
		w.change("stray", func(sv *stackhand.Server) { sv.UserID = "u-alice" })
		w.talk(t, env, []hears{{dana, c.offer, "was asked"}})
		n := w.lastNotice(c.to.ID)
		w.talk(t, env, []hears{
			{alice, "adopt stray", "Adopt stray: job "},
			{c.to, clicked("accept", n.ID), c.later},
			{c.to, "approvals", "Nothing waits for you"},
		})
		if n = w.notices[n.ID]; len(n.Actions) > 0 || !n.Stale || len(w.jobs) != 2 {
			t.Errorf("%s: %+v, %d jobs", name, n, len(w.jobs))
		}
		expect(t, w.lastNotice(dana.ID).Text.String(), "@U0ALICE put the server stray under a lease .job [a-z2-7]+., so its offer has ended")
	}
}

// failingJobs start nothing.
type failingJobs struct{ Jobs }

func (failingJobs) Start(_ context.Context, j stackhand.Job, _ ...stackhand.Stack) (stackhand.Job, error) {
	return j, stackhand.Errorf(stackhand.Unavailable, "the disk is full")
}

// startsWhile has something happen while a job is being started.
type startsWhile struct {
	Jobs
	meanwhile func()
}

func (s startsWhile) Start(ctx context.Context, j stackhand.Job, made ...stackhand.Stack) (stackhand.Job, error) {
	s.meanwhile()
	return s.Jobs.Start(ctx, j, made...)
}

func TestAdoptionsEnd(t *testing.T) {
	for name, c := range map[string]struct {
		who   stackhand.User
		line  string
		want  string
		state stackhand.TransferState
		later string // who presses Accept then
	}{
		"declined":  {bob, "decline", "stray stays as it is. Dana is told", stackhand.TransferDeclined, "You declined stray already"},
		"withdrawn": {dana, "withdraw", "stray is no longer offered to @U0BOB", stackhand.TransferWithdrawn, "The offer of stray was taken back, just now"},
		"late":      {bob, "", "", stackhand.TransferOpen, "The offer of stray ended unanswered, 2 hours ago"},
	} {
		w, env := strayOf("U0BOB")
		w.talk(t, env, []hears{{dana, "adopt stray", "was asked"}})
		id := w.lastNotice("U0BOB").Actions[0].Value
		if c.line == "" {
			w.now = w.now.Add(transferFor + 2*time.Hour)
		} else {
			w.talk(t, env, []hears{{c.who, clicked(c.line, id), c.want}})
		}
		w.talk(t, env, []hears{{bob, clicked("accept", id), c.later}})
		if got := w.notices[id].Adoption.State; got != c.state || len(w.jobs) != 1 {
			t.Errorf("%s: %s, %d jobs", name, got, len(w.jobs))
		}
		if name == "declined" && !strings.Contains(w.lastNotice(dana.ID).Text.String(), "@U0BOB declined the server stray") {
			t.Errorf("dana was told %q", w.lastNotice(dana.ID).Text)
		}
		if c.state != stackhand.TransferOpen { // then it can be offered anew, and answered by its name
			w.talk(t, env, []hears{{dana, "adopt stray --owner bob", "was asked"}, {bob, "adopt decline stray", "stray stays as it is"}})
		}
	}
}

// Whom an adoption may come to, and who may say so.
func TestWhoseItBecomes(t *testing.T) {
	service := func(_ *world, env *Env) {
		lab := env.Settings.Clouds["lab"]
		lab.Service = true
		env.Settings.Clouds["lab"] = lab
	}
	mine := func(w *world, _ *Env) { w.change("stray", func(sv *stackhand.Server) { sv.UserID = "u-alice" }) }
	for name, c := range map[string]struct {
		makers []string
		edit   func(w *world, env *Env)
		who    stackhand.User
		line   string
		want   string
	}{
		"the maker offers":            {nil, mine, alice, "adopt stray --owner bob", "@U0BOB was asked to take stray"},
		"the maker takes":             {nil, mine, alice, "adopt stray", "Adopt stray: job"},
		"the maker names themself":    {nil, mine, alice, "adopt stray --owner alice", "Adopt stray: job"},
		"a member, another's":         {nil, nil, alice, "adopt stray --owner bob", "made by another user of the cloud than alice.*adopt stray --owner @alice"},
		"a member, on a shared login": {nil, service, alice, "adopt stray --owner bob", "Ask an administrator"},
		"an admin names another":      {[]string{"U0BOB"}, nil, dana, "adopt stray --owner carol", "@U0CAROL was asked"},
		"made by the admin":           {[]string{"U0DANA"}, nil, dana, "adopt stray", "Adopt stray: job"},
		"several are logged in":       {[]string{"U0BOB", "U0CAROL"}, nil, dana, "adopt stray", "as which several are logged in: bob, carol.*--owner @bob"},
		"several, the admin too":      {[]string{"U0BOB", "U0DANA"}, nil, dana, "adopt stray", "Adopt stray: job"},
		"nobody known":                {nil, nil, dana, "adopt stray", "made by u-maker, a user of the cloud as whom nobody is logged in here.*--owner @NAME.*choose Adopt it all the same"},
		"nobody known, confirmed":     {nil, nil, dana, "adopt stray --yes", "Adopt stray: job"},
		"known, in spite of yes":      {[]string{"U0BOB"}, nil, dana, "adopt stray --yes", "@U0BOB made stray, and was asked"},
		"deactivated":                 {[]string{"U0ED"}, nil, dana, "adopt stray", "made by @U0ED, who cannot be asked any more: ed is deactivated"},
		"on a shared login":           {[]string{"U0BOB"}, service, dana, "adopt stray", "does not tell who made stray, and nobody can be asked"},
		"no user told":                {nil, func(w *world, _ *Env) { w.change("stray", func(sv *stackhand.Server) { sv.UserID = "" }) }, dana, "adopt stray", "does not tell who made stray"},
		"by its mark": {nil, func(w *world, _ *Env) {
			w.change("stray", func(sv *stackhand.Server) {
				sv.Metadata = map[string]string{stackhand.MarkJob: "j", stackhand.MarkStack: "j-1", stackhand.MarkOwner: "U0BOB"}
			})
		}, dana, "adopt stray", "@U0BOB made stray, and was asked"},
		"a group":            {nil, nil, dana, "adopt stray --owner @ops", "is a user group, and a server has one owner"},
		"a guest":            {nil, nil, dana, "adopt stray --owner gus", "is a guest"},
		"a stranger":         {nil, nil, dana, "adopt stray --owner zoe", "Nobody here is called zoe"},
		"no notices":         {nil, func(_ *world, env *Env) { env.Notices = nil }, dana, "adopt stray --owner bob", "Nobody can be asked here"},
		"an orphan of bob's": {nil, func(w *world, env *Env) { giveOrphans(w, env).at["lab everywhere"][0].Owner = "U0BOB" }, dana, "orphans adopt aaaaaaaa", "@U0BOB made old-1, and was asked"},
		"an orphan of nobody's": {nil, func(w *world, env *Env) {
			giveOrphans(w, env).at["lab everywhere"][0].Owner = ""
			w.change("old-1", func(sv *stackhand.Server) { sv.UserID = "u-else" })
		}, dana, "orphans adopt aaaaaaaa", "choose Adopt it all the same → orphans adopt aaaaaaaa .*--yes"},
		"an orphan that is no server": {nil, func(w *world, env *Env) { giveOrphans(w, env) }, dana, "orphans adopt bbbbbbbb --owner bob", "--owner is for servers"},
	} {
		t.Run(name, func(t *testing.T) {
			w, env := strayOf(c.makers...)
			if c.edit != nil {
				c.edit(w, env)
			}
			before := len(w.jobs)
			r := decide(t, env, c.who, c.line, "(?s)"+c.want)
			if began := strings.Contains(c.want, "Adopt stray: job"); began != (len(w.jobs) > before) {
				t.Errorf("%d jobs", len(w.jobs))
			} else if began {
				spec, _ := w.adopted(t, r.Job)
				if spec.Unasked != strings.Contains(c.line, "--yes") || spec.Owner != c.who.ID {
					t.Errorf("%+v", spec)
				}
			}
			if name == "an admin names another" && !slices.Contains(w.told, "offered/"+w.lastNotice("U0CAROL").ID) {
				t.Errorf("the maker was not told: %q", w.told)
			}
		})
	}
}

// With a login of the cloud's administrator servers of all projects are found, and offered; none is taken.
func TestAdoptAnywhere(t *testing.T) {
	w, env := strayOf("U0BOB")
	w.cloud.who.Roles = []string{"admin"}
	far := stackhand.Server{ID: "srv-far", Name: "far", Status: "ACTIVE", UserID: "u-maker", ProjectID: "p-team-b"}
	lone := stackhand.Server{ID: "srv-lone", Name: "lone", Status: "ACTIVE", UserID: "u-nobody", ProjectID: "p-team-b"}
	w.cloud.abroad = append(w.cloud.abroad, far, lone)
	w.talk(t, env, []hears{
		{alice, "adopt far", "There is no server called far"},
		{dana, "adopt nothing", "There is no server called nothing"},
		{dana, "adopt far", "@U0BOB made far, and was asked to take far under a lease"},
		{dana, "adopt lone", "lone was made by u-nobody, a user of the cloud as whom nobody is logged in here, so nobody can be asked. It is in the project"},
		{dana, "adopt lone --yes", "Log in to its project"},
	})
	if o := w.lastNotice("U0BOB").Adoption; o == nil || o.Scope.ProjectID != "p-team-b" || len(w.jobs) != 1 {
		t.Errorf("%+v, %d jobs", o, len(w.jobs))
	}
	w.cloud.who.Roles = nil
	w.talk(t, env, []hears{{dana, "adopt far", "There is no server called far"}})
}

// The audit trail tells that nobody was asked.
func TestUnaskedOnTrail(t *testing.T) {
	_, env := strayOf()
	l := &paper{}
	env.Audit = l.audit
	decide(t, env, dana, "adopt stray --yes", "Adopt stray: job")
	if len(l.recs) != 1 || !strings.Contains(string(l.recs[0].Resolved), `"unasked":true`) {
		t.Fatalf("%+v", l.recs)
	}
	expect(t, env.told(t.Context(), l.recs[0]).String(), "dana asked for adopt stray --yes .*Whoever made stray was not asked: u-maker of the cloud")
}

// What was offered is looked at anew when it is accepted.
func TestAcceptedAdoptionIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(w *world, env *Env)
		want string
	}{
		"no login":       {func(w *world, _ *Env) { delete(w.login, "U0BOB") }, "you have no login there"},
		"gone":           {func(w *world, _ *Env) { w.cloud.servers = nil }, "stray is not in the cloud any more"},
		"being deleted":  {func(w *world, _ *Env) { w.change("stray", func(sv *stackhand.Server) { sv.Task = "deleting" }) }, "being built or deleted .ACTIVE, deleting."},
		"adopted since":  {func(w *world, _ *Env) { st := w.give("U0ALICE", "x"); st.Server = "srv-stray"; w.stacks[st.ID] = st }, "x belongs to alice already"},
		"theirs since":   {func(w *world, _ *Env) { st := w.give("U0BOB", "stray"); st.Server = "srv-stray"; w.stacks[st.ID] = st }, "stray is yours already, until"},
		"a rule denies":  {func(_ *world, env *Env) { rules(t, env, denyAll) }, "does not allow that"},
		"a freeze is on": {func(_ *world, env *Env) { env.Freeze = frozenBy("the hall is moved") }, "stopped since"},
	} {
		w, env := strayOf("U0BOB")
		w.talk(t, env, []hears{{dana, "adopt stray", "was asked"}})
		id := w.lastNotice("U0BOB").Actions[0].Value
		c.edit(w, env)
		before := len(w.jobs)
		decide(t, env, bob, clicked("accept", id), "(?s)"+c.want)
		if len(w.jobs) != before || w.notices[id].Adoption.State != stackhand.TransferOpen {
			t.Errorf("%s: %d jobs, the offer is %s", name, len(w.jobs), w.notices[id].Adoption.State)
		}
	}
}

// Where a rule wants an approval, it waits for that once its owner-to-be has agreed.
func TestAcceptedAdoptionWaits(t *testing.T) {
	for _, typed := range []bool{false, true} {
		w, env := strayOf("U0BOB")
		b := newBook(env)
		w.change("stray", func(sv *stackhand.Server) { sv.Flavor = "m1.small" })
		env.Settings.Clouds["lab"] = CloudSettings{Prices: map[string]float64{"m1.small": 0.02}}
		rules(t, env, policy.Rule{Name: "four eyes", When: `request.verb == "adopt"`, Then: policy.Approve})
		w.talk(t, env, []hears{{dana, "adopt stray", "was asked"}})
		line := "adopt accept stray"
		if !typed {
			line = clicked("accept", w.lastNotice("U0BOB").Actions[0].Value)
		}
		decide(t, env, bob, line, "Adopt stray .* waits for the approval of")
		id := b.only(t).ID
		expect(t, env.showRequest(t.Context(), carol, b.only(t)).Whole().String(), `Becomes: a server of @U0BOB, for 3d from then on`, `Cost: 0\.48 a day, 1\.44 for 3d`)
		expect(t, w.lastNotice(dana.ID).Text.String(), "@U0BOB accepted the server stray, which waits for an approval now .request "+id)
		decide(t, env, carol, "approve "+id, "You approved Adopt stray: job "+id+" is at work")
		if spec, _ := w.adopted(t, id); spec.Owner != bob.ID {
			t.Errorf("%+v", spec)
		}
	}
}
