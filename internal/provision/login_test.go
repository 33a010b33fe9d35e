package provision_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/provision"
)

// botSession is a session with the bot's own login.
type botSession struct {
	session
	who stackhand.Identity
}

func (b botSession) Identity() stackhand.Identity { return b.who }

func (l *lab) openOwn(p *process) func(context.Context, string, stackhand.Scope) (provision.Cloud, error) {
	if l.own == nil {
		return nil
	}
	return func(context.Context, string, stackhand.Scope) (provision.Cloud, error) {
		who, err := l.own()
		l.used.Store(err == nil)
		return botSession{session{l.cloud, &p.severed}, who}, err
	}
}

var (
	inside  = stackhand.Identity{User: "bot", ProjectID: "p1", Project: "team-a"}
	outside = stackhand.Identity{User: "bot", ProjectID: "p9", Project: "admin", Roles: []string{"admin"}}
)

func as(who stackhand.Identity) func() (stackhand.Identity, error) {
	return func() (stackhand.Identity, error) { return who, nil }
}

func dueShelve(until time.Time) stackhand.Job {
	return step(stackhand.ActShelve, func(s *stackhand.LadderSpec) { s.Until, s.FreeIP = until, true })
}

// atEndOwn is atEnd for a job that is the bot's own.
func atEndOwn(t *testing.T, l *lab, job func(time.Time) stackhand.Job, change func(), check func(p *process, j stackhand.Job)) {
	t.Helper()
	p := l.start()
	ready()(p)
	j := aimed(job(p.stack("job0-1").Lease.Until), l)
	j.Own = true
	change()
	check(p, p.run(j))
}

// Whenever the owner's login ends, before a step of the ladder or in the middle of any call of it, the step is taken once, with
// the bot's own login, and the record says so.
func TestTheOwnersLoginEndsAtAnyCall(t *testing.T) {
	for what, c := range map[string]struct {
		job    func(time.Time) stackhand.Job
		record string
		left   []string
	}{
		"stop":    {dueStop, "stop", slices.DeleteFunc(whole("stackhand-auto", "web"), func(s string) bool { return s == "floating ip" })},
		"archive": {dueArchive, "createImage", []string{"image web-end"}},
		"delete":  {dueDelete, "delete", nil},
	} {
		calls := 1000
		for n := 0; n <= calls; n++ {
			t.Run(fmt.Sprintf("%s/%d", what, n), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l := newLab(t)
					l.own = as(inside)
					atEndOwn(t, l, c.job, func() {
						l.ended.Store(n == 0)
						l.cloud.arm(func(i int, _ string) fault {
							if n == 0 || i < n || l.used.Load() {
								return fault{}
							}
							return fault{before: stackhand.Errorf(stackhand.Unauthorized, "Token expired.")}
						})
					}, func(p *process, j stackhand.Job) {
						l.want(j, stackhand.JobDone, slices.Clone(c.left)...)
						if did := l.cloud.did(c.record); did > 1 {
							t.Errorf("%s was asked for %d times", c.record, did)
						}
						if !l.used.Load() { // it was over before
							calls = 0
							return
						}
						if j.Instead != "bot, project team-a" || !strings.Contains(strings.Join(j.Notes, " "), "The bot's own login to lab was used (bot, project team-a), since its owner's has ended.") {
							t.Errorf("instead %q; %s", j.Instead, story(j))
						}
					})
				})
			})
		}
		if calls != 0 {
			t.Errorf("%s: its calls have no end", what)
		}
	}
}

// Without a login that gets there nothing is done, and it is said what would help.
func TestNoLoginGetsThere(t *testing.T) {
	none := func() (stackhand.Identity, error) {
		return stackhand.Identity{}, stackhand.Errorf(stackhand.Unauthorized, "The bot's own login is to the project ops and does not get into this one.").
			Do("give the cloud's user bot a role in it.")
	}
	for _, c := range []struct {
		name string
		own  func() (stackhand.Identity, error)
		job  func(time.Time) stackhand.Job
		edit func(*stackhand.Job)
		msg  string
		next string
	}{
		{"no login", nil, dueDelete, nil, "Its owner is not logged in to lab any more. The bot has no login of its own there.", "Ask its owner to log in again."},
		{"another project's", none, dueStop, nil, "any more. The bot's own login is to the project ops", "or help the bot: give the cloud's user bot a role in it."},
		{"an image in another project", as(outside), dueArchive, nil, "would belong to the project admin and not to team-a, so none is made", "give the cloud's user bot a role in the project team-a"},
		{"a shelf in another project", as(outside), dueShelve, nil, "would belong to the project admin and not to team-a, so none is made", "give the cloud's user bot"},
		{"somebody asked for it", as(inside), dueDelete, func(j *stackhand.Job) { j.Own = false }, "lab no longer accepts your login.", "Log in again."},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				l.own = c.own
				job := func(until time.Time) stackhand.Job { return c.job(until) }
				p := l.start()
				ready()(p)
				j := aimed(job(p.stack("job0-1").Lease.Until), l)
				j.Own = true
				if c.edit != nil {
					c.edit(&j)
				}
				l.ended.Store(true)
				j = p.run(j)
				l.want(j, stackhand.JobFailed, whole("stackhand-auto", "web")...)
				is("ACTIVE small")(l, stackhand.Stack{})
				if j.Problem == nil || j.Problem.Kind != stackhand.Unauthorized || !strings.Contains(j.Problem.Msg, c.msg) || !strings.Contains(j.Problem.Next, c.next) {
					t.Errorf("%+v", j.Problem)
				}
				if st := p.stack("job0-1"); st.Busy != "" || st.State != stackhand.StackReady {
					t.Errorf("stack %+v", st)
				}
			})
		})
	}
}

// An administrator's login reaches from another project what makes nothing there, and leaves what is locked.
func TestTheBotsOwnLoginFromAnotherProject(t *testing.T) {
	for what, job := range map[string]func(time.Time) stackhand.Job{"stop": dueStop, "delete": dueDelete} {
		for _, locked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", what, locked), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l := newLab(t)
					l.own = as(outside)
					atEndOwn(t, l, job, func() {
						l.ended.Store(true)
						l.cloud.edit(func() {
							_, v := first(l.cloud.servers, func(*fakeServer) bool { return true })
							v.Locked = locked
						})
					}, func(p *process, j stackhand.Job) {
						switch {
						case locked:
							l.want(j, stackhand.JobFailed, whole("stackhand-auto", "web")...)
							if !strings.Contains(j.Problem.Msg, "is locked") {
								t.Errorf("%s", story(j))
							}
						case what == "delete":
							l.want(j, stackhand.JobDone)
						default:
							is("SHUTOFF small")(l, stackhand.Stack{})
						}
						if j.Instead != "bot, project admin" {
							t.Errorf("instead %q", j.Instead)
						}
					})
				})
			})
		}
	}
}

// What somebody typed ends with their login, also in the middle of a step.
func TestWhatIsTypedEndsWithItsLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.own = as(inside)
		p := l.start()
		ready()(p)
		l.cloud.arm(func(i int, _ string) fault {
			if i < 3 {
				return fault{}
			}
			return fault{before: stackhand.Errorf(stackhand.Unauthorized, "Token expired.")}
		})
		j := p.run(deleteOf("del1", "job0-1"))
		l.want(j, stackhand.JobFailed, whole("stackhand-auto", "web")...)
		if l.used.Load() || j.Instead != "" || j.Problem.Msg != "Token expired." {
			t.Errorf("the bot's own login was used for %s", story(j))
		}
	})
}
