package commands

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"golang.org/x/sync/errgroup"

	"github.com/stackhand/stackhand"
)

// target is a server that a line means: a stack of ours, a server of the project, or both.
type target struct {
	stack  *stackhand.Stack
	server stackhand.Server // zero while the stack has none, or when only the stack is known
	gone   bool             // the stack's server was looked for, and the cloud does not have it any more
}

func (t target) name() string {
	if t.stack != nil {
		return t.stack.Name
	}
	return t.server.Name
}

// id is the server's, or the stack's while there is no server.
func (t target) id() string {
	switch {
	case t.server.ID != "":
		return t.server.ID
	case t.stack.Server != "":
		return t.stack.Server
	}
	return t.stack.ID
}

// notThere is the status of a server that somebody removed by another way.
const notThere = "not in the cloud any more"

func (t target) status() string {
	switch {
	case t.server.Status != "":
		return t.server.Status
	case t.gone:
		return notThere
	case t.stack != nil:
		return strings.ToUpper(string(t.stack.State))
	}
	return "UNKNOWN"
}

// runs tells whether there is a guest that may answer.
func (t target) runs() bool {
	return slices.Contains([]string{"", "ACTIVE", "VERIFY_RESIZE", "PASSWORD"}, t.server.Status)
}

// address is the one to reach it at: the floating one where there is one; "" where nothing
// answers at it.
func (t target) address() string {
	if t.gone {
		return ""
	}
	best := ""
	for _, a := range t.server.Addresses {
		if a.Floating {
			return a.IP
		}
		if best == "" || a.Version == 4 && strings.Contains(best, ":") {
			best = a.IP
		}
	}
	if t.stack != nil && t.stack.Address != "" {
		return t.stack.Address
	}
	return best
}

func (s *session) thing(ctx context.Context, t target) thing {
	now := s.env.Now()
	var notes []string
	created := t.server.Created
	if t.stack != nil {
		notes = append(notes, "owner "+s.ownerOf(ctx, *t.stack))
		if created.IsZero() {
			created = t.stack.Created
		}
	} else {
		notes = append(notes, "not made here")
	}
	if !created.IsZero() {
		notes = append(notes, "created "+humanize.RelTime(created, now, "ago", "from now"))
	}
	notes = append(notes, t.status())
	if a := t.address(); a != "" {
		notes = append(notes, a)
	}
	return thing{t.id(), t.name(), strings.Join(notes, ", ")}
}

// targets are all servers of the project and all stacks of it, joined.
func (s *session) targets(ctx context.Context) ([]target, error) {
	var servers []stackhand.Server
	var stacks []stackhand.Stack
	crew, ctx := errgroup.WithContext(ctx)
	g := stackhand.Guarding(crew)
	g.Go(func() (err error) { servers, err = s.Servers(ctx); return err })
	g.Go(func() (err error) { stacks, err = s.stacksHere(ctx); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	byServer := make(map[string]*stackhand.Stack, len(stacks))
	for i := range stacks {
		if id := stacks[i].Server; id != "" {
			byServer[id] = &stacks[i]
		}
	}
	out := make([]target, 0, len(servers)+len(stacks))
	for _, sv := range servers {
		out = append(out, target{stack: byServer[sv.ID], server: sv})
		delete(byServer, sv.ID)
	}
	for i := range stacks {
		if stacks[i].Server == "" || byServer[stacks[i].Server] != nil {
			st := &stacks[i]
			out = append(out, target{stack: st, gone: st.Server != "" && rests(st.State)})
		}
	}
	return hideBuilding(out), nil
}

// rests tells whether nothing builds or deletes a stack's server just now.
func rests(s stackhand.StackState) bool {
	return s == stackhand.StackReady || s == stackhand.StackKept
}

// hideBuilding drops the servers that belong to a stack whose record does not know them yet:
// they carry its id, and the stack stands for them.
func hideBuilding(all []target) []target {
	open := map[string]int{}
	for i, t := range all {
		if t.stack != nil && t.server.ID == "" {
			open[t.stack.ID] = i
		}
	}
	return slices.DeleteFunc(all, func(t target) bool {
		i, ok := open[t.server.Metadata["stackhand_stack"]]
		if ok && t.stack == nil {
			all[i].server = t.server
			return true
		}
		return false
	})
}

var stackID = regexp.MustCompile(`^[a-z2-7]{8}-[0-9]+$`)

// locateServer finds the server that a line means: by name or id, else by the thread. again is the
// line for one of several that fit.
func locateServer(ctx context.Context, env *Env, user stackhand.User, line Line, cloud, name string, again func(id string) string) (*session, target, error) {
	if name == "" {
		return fromThread(ctx, env, user, line, again)
	}
	if st, ok := env.stackOf(ctx, name); ok && (cloud == "" || cloud == st.Cloud) {
		s, err := openFor(ctx, env, user, st)
		if err != nil {
			return nil, target{}, err
		}
		t, err := s.target(ctx, name)
		return s, t, err
	}
	s, err := open(ctx, env, user, cloud)
	if err != nil {
		return nil, target{}, err
	}
	t, err := s.target(ctx, name)
	return s, t, ask(err, again)
}

// stackOf is the stack that is named by its id, as buttons do.
func (env *Env) stackOf(ctx context.Context, name string) (stackhand.Stack, bool) {
	if !stackID.MatchString(name) {
		return stackhand.Stack{}, false
	}
	st, err := env.Stacks.Stack(ctx, name)
	return st, err == nil
}

// openFor begins the session in which a stack is, whatever the user has chosen. Who has no login to its project and neither
// owns it nor has it shared is left where they work: there it is decided what they may do with it.
func openFor(ctx context.Context, env *Env, user stackhand.User, st stackhand.Stack) (*session, error) {
	s, err := openAt(ctx, env, user, st.Cloud, st.Scope())
	var missing NoLogin
	switch {
	case !errors.As(err, &missing):
		return s, err
	case !st.Of(user):
		return open(ctx, env, user, st.Cloud)
	case missing.Refused:
		return nil, err
	}
	return nil, withoutLogin(st, user, env.person(ctx, st.Lease.Owner), missing)
}

func fromThread(ctx context.Context, env *Env, user stackhand.User, line Line, again func(id string) string) (*session, target, error) {
	if line.Place.Thread == "" {
		return nil, target{}, stackhand.Errorf(stackhand.Invalid, "Which server do you mean?").
			Do("Name it, or say it in the thread of its card. `list` shows what there is.")
	}
	stacks, err := env.Stacks.InThread(ctx, line.Place.Channel, line.Place.Thread)
	if err != nil {
		return nil, target{}, err
	}
	stacks = slices.DeleteFunc(slices.Clone(stacks), func(s stackhand.Stack) bool { return s.State == stackhand.StackGone })
	switch len(stacks) {
	case 0:
		return nil, target{}, stackhand.Errorf(stackhand.Invalid, "This thread belongs to no server that is still there.").
			Do("Name the server that you mean. `list` shows what there is.")
	case 1:
	default:
		c := &choice{kind: "server"}
		for i := range stacks {
			c.things = append(c.things, thing{stacks[i].ID, stacks[i].Name, target{stack: &stacks[i]}.status()})
		}
		return nil, target{}, ask(c, again)
	}
	s, err := openFor(ctx, env, user, stacks[0])
	if err != nil {
		return nil, target{}, err
	}
	t := target{stack: &stacks[0]}
	return s, t, s.refresh(ctx, &t)
}

// refresh reads the server of a stack; one that is gone from the cloud leaves the stack alone.
func (s *session) refresh(ctx context.Context, t *target) error {
	if t.stack.Server == "" || t.stack.ProjectID != s.who.ProjectID || !s.here(*t.stack) {
		return nil
	}
	sv, err := s.Server(ctx, t.stack.Server)
	if stackhand.KindOf(err) == stackhand.NotFound {
		t.gone = rests(t.stack.State)
		return nil
	}
	t.server = sv
	return err
}

// target finds a server by id or name. A name that fits several is asked about, even where only
// one of them is the asker's.
func (s *session) target(ctx context.Context, name string) (target, error) {
	all, err := s.targets(ctx)
	if err != nil {
		return target{}, err
	}
	of := func(t target) thing { return s.thing(ctx, t) }
	for _, t := range all {
		if t.server.ID == name || t.stack != nil && (t.stack.ID == name || t.stack.Server == name) {
			return t, nil
		}
	}
	found, err := pick("server", name, all, of, false)
	if stackhand.KindOf(err) == stackhand.NotFound {
		return s.elsewhere(ctx, name, err)
	}
	return found, err
}

// isGone refuses what is asked of a server that was there, and says how it comes back where it can.
func isGone(st stackhand.Stack) error {
	e := stackhand.Errorf(stackhand.NotFound, "%s is gone already.", st.Name)
	if _, has := st.Lease.Ladder.Snapshot(); has {
		return e.Do("`restore %s` makes it anew from the image that was made before.", quote(st.Name))
	}
	return e.Do("Nothing is left to do. `list` shows what there is.")
}

// errElsewhere is the cause of a refusal: the server is in a project that its asker, whose it is not, is not logged in to.
var errElsewhere = errors.New("it is in another project")

// elsewhere looks where the session's project does not: a stack or its server by id, which
// buttons send, and own and shared stacks in other projects and clouds.
func (s *session) elsewhere(ctx context.Context, name string, missing error) (target, error) {
	st, err := s.record(ctx, name)
	switch {
	case stackhand.KindOf(err) == stackhand.NotFound:
	case err != nil:
		return target{}, err
	case st.State == stackhand.StackGone:
		return target{}, isGone(st)
	case st.Cloud == s.name && s.mayReach(st, name):
		return target{stack: &st}, nil
	case !st.Of(s.user):
		owner := s.env.person(ctx, st.Lease.Owner)
		return target{}, stackhand.Errorf(stackhand.Forbidden, "%s belongs to %s and is in another project than %s of %s, which you are logged in to.", st.Name, owner, s.who.Project, s.name).
			Do("Ask %s, or an administrator.", owner).Because(errElsewhere)
	}
	mine, err := s.env.ofMine(ctx, s.user)
	if err != nil {
		return target{}, err
	}
	c := &choice{kind: "server", word: name, away: true}
	for _, st := range mine {
		if st.Name == name || st.ID == name || st.Server == name {
			c.things = append(c.things, thing{st.ID, st.Name, "in the project " + st.Project + " of " + st.Cloud})
		}
	}
	if len(c.things) > 0 {
		return target{}, c
	}
	return target{}, missing
}

// record is the stack that an id means, its own or its server's; NotFound for anything else.
func (s *session) record(ctx context.Context, id string) (stackhand.Stack, error) {
	if stackID.MatchString(id) {
		if st, err := s.env.Stacks.Stack(ctx, id); stackhand.KindOf(err) != stackhand.NotFound {
			return st, err
		}
	}
	return s.env.Stacks.ByServer(ctx, s.name, id)
}

// mayReach tells whether a stack that the session's project does not list is open to the user: as
// a part of the project, to administrators, and to its owners by its own id.
func (s *session) mayReach(st stackhand.Stack, id string) bool {
	return st.ProjectID == s.who.ProjectID && s.here(st) || s.user.Role >= stackhand.Admin || st.Of(s.user) && st.ID == id
}

// mayChange refuses somebody who is neither an owner of a stack nor an administrator.
func (env *Env) mayChange(ctx context.Context, user stackhand.User, st stackhand.Stack, verb string) error {
	if st.Of(user) || user.Role >= stackhand.Admin {
		return nil
	}
	owner := env.person(ctx, st.Lease.Owner)
	return stackhand.Errorf(stackhand.Forbidden, "%s belongs to %s, so you cannot %s it.", st.Name, owner, verb).
		Do("Ask %s, or an administrator.", owner).Because(ofAnother{st})
}

// person is how somebody is called in plain text: by the name, else by the id.
func (env *Env) person(ctx context.Context, id string) string {
	if env.Name != nil {
		if name := env.Name(ctx, id); name != "" {
			return name
		}
	}
	return id
}

// left says how long a lease still lasts, for tables.
func left(st *stackhand.Stack, now time.Time) string {
	switch {
	case st == nil:
		return "–"
	case st.Lease.Until.IsZero():
		return string(st.State)
	case !st.Lease.Until.After(now):
		return "over"
	}
	return fmt.Sprintf("in %s", roughly(st.Lease.Until.Sub(now)))
}
