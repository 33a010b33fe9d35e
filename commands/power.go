package commands

import (
	"context"
	"strings"

	"github.com/stackhand/stackhand"
)

// simple is a command that changes servers and needs no more than their names.
type simple struct {
	change
	help     string
	examples []string
	already  string // "running": what a server is that it need not be done to
	// isDone tells it where the status does not.
	isDone func(sv stackhand.Server) bool
}

// Statuses of servers, grouped as the changes need them.
var (
	running = []string{"ACTIVE"}
	settled = []string{"ACTIVE", "SHUTOFF", "PAUSED", "SUSPENDED"}
	shelved = []string{"SHELVED", "SHELVED_OFFLOADED"}
)

var _ = addSimple(
	simple{change{stackhand.ActStart, "start", []string{"SHUTOFF"}, running, true}, "start servers that are stopped", []string{"start web-1", "start web-1 web-2"}, "running", nil},
	simple{change{stackhand.ActStop, "stop", []string{"ACTIVE", "ERROR"}, []string{"SHUTOFF"}, true}, "shut servers down; they keep their disks and addresses", []string{"stop web-1"}, "stopped", nil},
	simple{change{stackhand.ActPause, "pause", running, []string{"PAUSED"}, true}, "freeze servers in memory", []string{"pause web-1"}, "paused", nil},
	simple{change{stackhand.ActUnpause, "unpause", []string{"PAUSED"}, running, true}, "let paused servers go on", []string{"unpause web-1"}, "running", nil},
	simple{change{stackhand.ActSuspend, "suspend", running, []string{"SUSPENDED"}, true}, "put the memory of servers on disk, and stop them", []string{"suspend web-1"}, "suspended", nil},
	simple{change{stackhand.ActResume, "resume", []string{"SUSPENDED"}, running, true}, "let suspended servers go on", []string{"resume web-1"}, "running", nil},
	simple{change{stackhand.ActShelve, "shelve", settled, shelved, true}, "put servers away, so that they use no cores and memory", []string{"shelve web-1"}, "shelved", nil},
	simple{change{stackhand.ActUnshelve, "unshelve", shelved, running, true}, "bring shelved servers back", []string{"unshelve web-1"}, "running", nil},
	simple{change{stackhand.ActLock, "lock", nil, nil, false}, "protect servers from changes until they are unlocked", []string{"lock web-1"}, "locked", func(sv stackhand.Server) bool { return sv.Locked }},
	// Never done already: Novas before microversion 2.9 do not tell of a lock, and to unlock twice does no harm.
	simple{change{stackhand.ActUnlock, "unlock", nil, nil, false}, "let locked servers be changed again", []string{"unlock web-1"}, "", nil},
)

func addSimple(all ...simple) bool {
	for _, c := range all {
		add(Command[serversArgs]{Name: c.verb, Help: c.help, Examples: c.examples, Role: stackhand.Member, Run: c.run})
	}
	return true
}

func (c simple) run(ctx context.Context, env *Env, user stackhand.User, a serversArgs) (Reply, error) {
	return several{
		verb: c.verb, args: a,
		again: func(names []string) string { a.Servers = names; return format(c.verb, a) },
		check: c.check,
		propose: func(ctx context.Context, s *session, t target, n int) (proposal, error) {
			if p, parked := t.parked(); parked && c.brings() {
				return s.wake(ctx, a.Line, n, t, p)
			}
			return s.act(ctx, a.Line, n, t, capital(c.verb)+" "+t.name(), stackhand.ActSpec{Verb: c.verb})
		},
	}.run(ctx, env, user)
}

func (c simple) check(ctx context.Context, s *session, t target) (Reply, error) {
	if err := c.allowed(ctx, s, t); err != nil {
		return Reply{}, err
	}
	if _, parked := t.parked(); parked && c.brings() {
		return Reply{}, s.mayWake(t) // whatever state it is in: start and unshelve mean the same then
	}
	if c.done(t) || c.isDone != nil && c.isDone(t.server) {
		status := ""
		if c.isDone == nil && !strings.EqualFold(t.status(), c.already) {
			status = " (" + t.status() + ")"
		}
		return Reply{Text: stackhand.Textf("%s is %s already%s: there is nothing to do.", t.name(), c.already, status)}, nil
	}
	return Reply{}, c.fits(t, s.who)
}
