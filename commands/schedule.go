package commands

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

type scheduleArgs struct {
	Server   string            `arg:"server" help:"name or id; in a server's thread, that one"`
	Stop     string            `value:"20:00" help:"when to stop"`
	Start    string            `value:"08:00" help:"when to start"`
	Days     string            `value:"mon-fri" help:"on which days of the week; every day by default"`
	TZ       string            `opt:"tz,timezone" value:"Europe/Istanbul" help:"in which time zone; by default your own, where the chat tells it, or else UTC"`
	Property map[string]string `help:"instead of one server: all of yours in this project that have this property then (repeat for more)"`
	All      bool              `help:"instead of one server: all of yours in this project, those that come included"`
	inCloud
	Line Line
}

var _ = add(Command[scheduleArgs]{
	Name: "schedule", Help: "stop and start servers by the clock", Role: stackhand.Member,
	Examples: []string{
		`schedule web-1 --stop 20:00 --start 08:00 --days mon-fri --tz Europe/Istanbul`,
		`schedule --property env=test --stop 19:00`, `schedule --all --stop 22:00 --tz America/New_York`,
	},
	Run: schedule,
})

func schedule(ctx context.Context, env *Env, user stackhand.User, a scheduleArgs) (Reply, error) {
	several := a.All || len(a.Property) > 0
	switch {
	case env.Schedules == nil:
		return Reply{}, noSchedules()
	case several && a.Server != "":
		return Reply{}, find("schedule").misuse("Name a server, or say --all or --property: not both.")
	case a.All && len(a.Property) > 0:
		return Reply{}, find("schedule").misuse("--all and --property together make no sense: --property alone picks some of yours.")
	case a.Stop == "" && a.Start == "":
		return scheduleShow(ctx, env, user, a, several)
	}
	s := stackhand.Schedule{Owner: user.ID, Stop: a.Stop, Start: a.Start, Days: a.Days, Zone: a.TZ, Property: a.Property, Place: a.Line.Place}
	if s.Zone == "" {
		s.Zone = env.zone(ctx, user)
	}
	var err error
	if several {
		err = scheduleSeveral(ctx, env, user, a, &s)
	} else {
		err = scheduleOne(ctx, env, user, a, &s)
	}
	if err != nil {
		return Reply{}, err
	}
	if r, waits, err := env.passSchedule(ctx, user, a.Line, "schedule", s); waits || err != nil {
		return r, err
	}
	if s, err = env.Schedules.Set(ctx, s); err != nil {
		return Reply{}, err
	}
	return scheduled(ctx, env, s), nil
}

// scheduleShow answers a line that says no time: the schedule that the server has.
func scheduleShow(ctx context.Context, env *Env, user stackhand.User, a scheduleArgs, several bool) (Reply, error) {
	missing := find("schedule").misuse("Say when: --stop 20:00, --start 08:00, or both.")
	if several || a.Days != "" || a.TZ != "" {
		return Reply{}, missing
	}
	_, t, err := locate(ctx, env, user, a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("schedule", a) })
	if err != nil {
		return Reply{}, err
	}
	words, err := env.scheduleOf(ctx, t)
	switch {
	case err != nil:
		return Reply{}, err
	case words == nil:
		return Reply{}, missing
	}
	return Reply{Text: stackhand.Textf("%s: %s.", stackhand.AsBold(t.name()), words)}, nil
}

// scheduleOf tells in a line what a server's schedules do, and when next; nil where it has none.
func (env *Env) scheduleOf(ctx context.Context, t target) (stackhand.Text, error) {
	all, err := env.ofServer(ctx, t)
	if err != nil {
		return nil, err
	}
	var out stackhand.Text
	for i, s := range all {
		if i > 0 {
			out = out.Add("; ")
		}
		out = out.Add("%s", s.Words())
		if s.Several() {
			out = out.Add(" (%s)", s.Which(env.person(ctx, s.Owner)))
		}
		out = append(out, nextRuns(env, s, t.stack.ID)...)
	}
	return out, nil
}

// passSchedule is the gate of what is done with a schedule.
func (env *Env) passSchedule(ctx context.Context, user stackhand.User, line Line, verb string, s stackhand.Schedule) (Reply, bool, error) {
	which := s.Which(env.person(ctx, s.Owner))
	d := deed{title: capital(verb) + " " + which, matter: matter{user: user, line: line, at: s.Scope, facts: facts{Thing: s.Words(), Request: policy.Request{
		Verb: verb, Noun: "schedule", Name: s.Name, Owner: s.Owner, Cloud: s.Cloud, Project: s.Project, Region: s.Scope.Region, Count: 1, Properties: s.Property,
	}}}}
	if verb == "delete" {
		d.title = "End the schedule of " + which
	}
	if st, ok := env.stackOf(ctx, s.Stack); ok {
		d.stack = &st
	}
	return env.pass(ctx, d)
}

func noSchedules() error {
	return stackhand.Errorf(stackhand.NotFound, "There are no schedules here.").Do("Use `stop` and `start`.")
}

// zone is the time zone that a user means who names none.
func (env *Env) zone(ctx context.Context, user stackhand.User) string {
	if env.Zone != nil {
		if z := env.Zone(ctx, user.ID); z != "" {
			return z
		}
	}
	return "UTC"
}

func scheduleSeveral(ctx context.Context, env *Env, user stackhand.User, a scheduleArgs, s *stackhand.Schedule) error {
	c, err := open(ctx, env, user, a.Cloud)
	if err == nil {
		s.Cloud, s.Scope, s.Project = c.name, c.scope(), c.who.Project
	}
	return err
}

// scheduleOne is for one server, in the name of its owner, whoever makes it.
func scheduleOne(ctx context.Context, env *Env, user stackhand.User, a scheduleArgs, s *stackhand.Schedule) error {
	_, t, err := locate(ctx, env, user, a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("schedule", a) })
	if err != nil {
		return err
	}
	if t.stack == nil {
		return stackhand.Errorf(stackhand.Conflict, "%s was not made here, so it has no owner in whose name it could be stopped and started.", t.name()).
			Do("`adopt` puts it under your care first.")
	}
	st := *t.stack
	if err := env.mayChange(ctx, user, st, "schedule"); err != nil {
		return err
	}
	if t.gone || st.State == stackhand.StackDeleting || st.State == stackhand.StackGone {
		return stackhand.Errorf(stackhand.Conflict, "%s is going or gone, so there is nothing to schedule.", t.name())
	}
	s.Owner, s.Stack, s.Name, s.Cloud, s.Scope, s.Project = st.Lease.Owner, st.ID, st.Name, st.Cloud, st.Scope(), st.Project
	if user.ID != s.Owner {
		s.By = user.ID
	}
	return nil
}

// scheduled says what a schedule will do.
func scheduled(ctx context.Context, env *Env, s stackhand.Schedule) Reply {
	text := stackhand.Textf("%s: %s", stackhand.AsBold(capitalOf(s, env.person(ctx, s.Owner))), s.Words())
	text = append(text, nextRuns(env, s, s.Stack)...).Add(".")
	if s.Start == "" {
		text = text.Add(" Nothing starts by itself again: --start 08:00 would do that.")
	}
	return Reply{Text: text, Public: true, Actions: []stackhand.Action{
		{ID: "choose", Label: "End the schedule", Value: "schedule delete " + s.ID},
	}}
}

func capitalOf(s stackhand.Schedule, owner string) string {
	if s.Several() {
		return capital(s.Which(owner))
	}
	return s.Name
}

// nextRuns are the next moments of a schedule, in the reader's time zone, and until when it leaves a stack alone.
func nextRuns(env *Env, s stackhand.Schedule, stack string) stackhand.Text {
	left, runs := s.Turns[stack].Left, env.Schedules.Runs(s, 4)
	var out stackhand.Text
	if left.After(env.Now()) {
		out = stackhand.Textf(" · left as it is until %s", stackhand.At(left))
		runs = slices.DeleteFunc(runs, func(r stackhand.Run) bool { return r.At.Before(left) })
	}
	for i, run := range runs[:min(2, len(runs))] {
		out = out.Add("%s%s %s", [2]string{" · next: ", ", then "}[i], run.Verb, stackhand.At(run.At))
	}
	return out
}

var _ = add(Command[struct{}]{
	Name: "schedule list", Help: "your schedules, and when they stop and start what next", Role: stackhand.Member, Reads: true,
	Examples: []string{"schedule list"},
	Run: func(ctx context.Context, env *Env, user stackhand.User, _ struct{}) (Reply, error) {
		if env.Schedules == nil {
			return Reply{}, noSchedules()
		}
		all, err := env.Schedules.OfOwner(ctx, user.ID)
		if err != nil {
			return Reply{}, err
		}
		if len(all) == 0 {
			return Reply{Text: stackhand.Textf("You have no schedules. %s stops a server at night.", stackhand.AsCode("schedule web-1 --stop 20:00 --start 08:00"))}, nil
		}
		text := stackhand.Textf("Your schedules:")
		for _, s := range all {
			text = text.Add("\n• %s: %s%s · %s", stackhand.AsBold(s.Which(env.person(ctx, s.Owner))), s.Words(), nextRuns(env, s, s.Stack),
				stackhand.AsCode("schedule delete "+s.ID))
		}
		return Reply{Text: text}, nil
	},
})

type unscheduleArgs struct {
	Server   string            `arg:"server" help:"a server, or the id of a schedule as schedule list tells it; in a server's thread, that one"`
	Property map[string]string `help:"instead of one server: the schedule of yours for those in this project that have this property (repeat for more)"`
	All      bool              `help:"instead of one server: the schedule for all of yours in this project"`
	inCloud
	Line Line
}

var _ = add(Command[unscheduleArgs]{
	Name: "schedule delete", Help: "end a schedule", Role: stackhand.Member,
	Examples: []string{"schedule delete web-1", "schedule delete --all"},
	Run:      scheduleDelete,
})

func scheduleDelete(ctx context.Context, env *Env, user stackhand.User, a unscheduleArgs) (Reply, error) {
	if env.Schedules == nil {
		return Reply{}, noSchedules()
	}
	if a.All || len(a.Property) > 0 {
		return endSeveral(ctx, env, user, a)
	}
	if a.Server != "" {
		s, err := env.Schedules.Schedule(ctx, a.Server)
		if err == nil {
			return endSchedule(ctx, env, user, a.Line, s)
		} else if stackhand.KindOf(err) != stackhand.NotFound {
			return Reply{}, err
		}
	}
	_, t, err := locate(ctx, env, user, a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("schedule delete", a) })
	if err != nil {
		return Reply{}, err
	}
	all, err := env.ofServer(ctx, t)
	if err != nil {
		return Reply{}, err
	}
	own := slices.IndexFunc(all, func(s stackhand.Schedule) bool { return !s.Several() })
	switch {
	case own >= 0:
		return endSchedule(ctx, env, user, a.Line, all[own])
	case len(all) > 0:
		return Reply{}, stackhand.Errorf(stackhand.Conflict, "%s has no schedule of its own: it belongs to one for %s.", t.name(), all[0].Which(env.person(ctx, all[0].Owner))).
			Do("`schedule delete %s` ends that one; `schedule %s …` gives this server one of its own.", all[0].ID, t.name())
	}
	return Reply{}, stackhand.Errorf(stackhand.NotFound, "%s has no schedule.", t.name()).Do("`schedule list` shows yours.")
}

// endSeveral ends the asker's schedule for several servers of the project where they work.
func endSeveral(ctx context.Context, env *Env, user stackhand.User, a unscheduleArgs) (Reply, error) {
	if a.Server != "" || a.All && len(a.Property) > 0 {
		return Reply{}, find("schedule delete").misuse("Name a server, or say --all or --property: one of them.")
	}
	c, err := open(ctx, env, user, a.Cloud)
	if err != nil {
		return Reply{}, err
	}
	all, err := env.Schedules.OfOwner(ctx, user.ID)
	if err != nil {
		return Reply{}, err
	}
	i := slices.IndexFunc(all, func(s stackhand.Schedule) bool {
		return s.Several() && s.Cloud == c.name && s.Scope == c.scope() && maps.Equal(s.Property, a.Property)
	})
	if i < 0 {
		about := stackhand.Schedule{Project: c.who.Project, Property: a.Property}
		return Reply{}, stackhand.Errorf(stackhand.NotFound, "There is no schedule for %s.", about.Which(env.person(ctx, user.ID))).Do("`schedule list` shows yours.")
	}
	return endSchedule(ctx, env, user, a.Line, all[i])
}

// ofServer are the schedules that are for a server.
func (env *Env) ofServer(ctx context.Context, t target) ([]stackhand.Schedule, error) {
	if env.Schedules == nil || t.stack == nil {
		return nil, nil
	}
	return env.Schedules.OfServer(ctx, *t.stack, t.server)
}

func endSchedule(ctx context.Context, env *Env, user stackhand.User, line Line, s stackhand.Schedule) (Reply, error) {
	mine := s.Owner == user.ID || user.Role >= stackhand.Admin
	if !mine && !s.Several() {
		st, err := env.Stacks.Stack(ctx, s.Stack)
		mine = err == nil && st.Of(user)
	}
	if !mine {
		owner := env.person(ctx, s.Owner)
		return Reply{}, stackhand.Errorf(stackhand.Forbidden, "That schedule is %s's.", owner).Do("Ask %s, or an administrator.", owner)
	}
	if r, waits, err := env.passSchedule(ctx, user, line, "delete", s); waits || err != nil {
		return r, err
	}
	if err := env.Schedules.Remove(ctx, s.ID); err != nil {
		return Reply{}, err
	}
	which := s.Which(env.person(ctx, s.Owner))
	return Reply{Text: stackhand.Textf("The schedule of %s (%s) has ended. What is stopped now stays stopped until somebody starts it.", stackhand.AsBold(which), s.Words()), Public: true}, nil
}

type leaveArgs struct {
	Server string `arg:"server" help:"name or id; in a server's thread, that one"`
	Stop   string `value:"MOMENT" hidden:"true" help:"the stop that a button was shown for"`
	inCloud
	Line Line
}

var _ = add(Command[leaveArgs]{
	Name: "schedule leave", Help: "leave a server as it is for the rest of the day, whatever its schedule says", Role: stackhand.Member,
	Examples: []string{"schedule leave web-1"},
	Run:      scheduleLeave,
})

func scheduleLeave(ctx context.Context, env *Env, user stackhand.User, a leaveArgs) (Reply, error) {
	if env.Schedules == nil {
		return Reply{}, noSchedules()
	}
	_, t, err := locate(ctx, env, user, a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("schedule leave", a) })
	if err != nil {
		return Reply{}, err
	}
	none := stackhand.Errorf(stackhand.NotFound, "%s has no schedule.", t.name()).Do("It stays as it is.")
	if t.stack == nil {
		return Reply{}, none
	}
	st := *t.stack
	if at, err := time.Parse(time.RFC3339, a.Stop); err == nil && !env.Now().Before(at) {
		return Reply{}, stackhand.Errorf(stackhand.Conflict, "That button was for the stop at %s, which is past: %s is %s.", stackhand.At(at), t.name(), t.status()).
			Do("`start %s` starts it; `schedule leave %s` leaves it as it is today.", t.name(), t.name())
	}
	if err := env.mayChange(ctx, user, st, "leave alone"); err != nil {
		return Reply{}, err
	}
	about := stackhand.Schedule{Stack: st.ID, Name: st.Name, Owner: st.Lease.Owner, Cloud: st.Cloud, Project: st.Project, Scope: st.Scope()}
	if r, waits, err := env.passSchedule(ctx, user, a.Line, "leave", about); waits || err != nil {
		return r, err
	}
	until, err := env.Schedules.Leave(ctx, st, t.server)
	switch {
	case err != nil:
		return Reply{}, err
	case until.IsZero():
		return Reply{}, none
	}
	return Reply{Text: stackhand.Textf("%s is left as it is until %s; then its schedule goes on.", stackhand.AsBold(t.name()), stackhand.At(until)), Public: true}, nil
}
