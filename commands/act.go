package commands

import (
	"context"
	"slices"

	"github.com/stackhand/stackhand"
)

// change is something that is done to a server: how it is spoken of, and when it can be done. The statuses are
// those of Nova's state machine (nova/compute/api.py, check_instance_state), in the words of its API.
type change struct {
	verb  string   // of ActSpec; it is what the command is called
	do    string   // as it stands before "it" in a sentence: "stop", "add a volume to"
	from  []string // in which statuses it can be done; nil: in any
	there []string // in which statuses there is nothing left to do
	// unlocked is set where a locked server refuses it (check_instance_lock).
	unlocked bool
}

// oneServer is how a line names one server.
type oneServer struct {
	line   Line
	cloud  string
	server string                 // "" is that of the thread
	again  func(id string) string // the line for one of several that fit
}

// find locates the server that a change is for, and refuses it where the asker has no right to it or its state
// does not allow it.
func (c change) find(ctx context.Context, env *Env, user stackhand.User, o oneServer) (*session, target, error) {
	s, t, err := locate(ctx, env, user, o.line, o.cloud, o.server, o.again)
	if err == nil {
		err = c.allowed(ctx, s, t)
	}
	if err == nil {
		err = c.fits(t, s.who)
	}
	return s, t, err
}

// allowed refuses what is not the asker's, or stands in the way of a job. What may be done to a server that was not
// made here is for the cloud to say, unless everybody uses the cloud with the bot's own login.
func (c change) allowed(ctx context.Context, s *session, t target) error {
	if t.stack == nil {
		if s.settings.Service && s.user.Role < stackhand.Admin {
			return stackhand.Errorf(stackhand.Forbidden, "%s was not made here, so only an administrator may %s it.", t.name(), c.do).Do("Ask one of them.")
		}
		return nil
	}
	if err := s.env.mayChange(ctx, s.user, *t.stack, c.do); err != nil {
		return err
	}
	switch {
	case t.stack.State == stackhand.StackBuilding:
		return stackhand.Errorf(stackhand.Conflict, "%s is not ready yet.", t.name()).Do("Wait for its card to say so; `job show %s` tells how far it is.", t.stack.Job)
	case t.stack.State == stackhand.StackDeleting, t.stack.State == stackhand.StackGone:
		return stackhand.Errorf(stackhand.Conflict, "%s is being deleted.", t.name()).Do("Make a new one with `create %s`.", t.name())
	case t.stack.Server == "":
		return stackhand.Errorf(stackhand.Conflict, "You cannot %s %s: there is no server, only other pieces of it.", c.do, t.name()).
			Do("`delete %s` removes them.", t.name())
	case t.gone:
		return stackhand.Errorf(stackhand.Conflict, "%s is %s, so you cannot %s it.", t.name(), notThere, c.do).Do("`delete %s` removes what is left of it.", t.name())
	}
	return s.env.idle(ctx, *t.stack)
}

// idle refuses a stack that a job is at work on.
func (env *Env) idle(ctx context.Context, st stackhand.Stack) error {
	if st.Busy == "" {
		return nil
	}
	job, err := env.Jobs.Job(ctx, st.Busy)
	if stackhand.KindOf(err) == stackhand.NotFound || err == nil && job.State.Rests() {
		return nil
	}
	if err != nil {
		return err
	}
	return stackhand.Errorf(stackhand.Conflict, "Job %s (%s) is still at work on %s.", job.ID, job.Title, st.Name).
		Do("Say it again when that is done; `job show %s` tells how far it is.", job.ID)
}

// done tells whether the server is already as the change would leave it.
func (c change) done(t target) bool { return slices.Contains(c.there, t.server.Status) }

// fits refuses a change that the server's state does not allow, and says what to do first. A status that is not
// known is left to the cloud.
func (c change) fits(t target, who stackhand.Identity) error {
	status := t.server.Status
	if c.unlocked && t.server.Locked && !slices.Contains(who.Roles, "admin") {
		return stackhand.Errorf(stackhand.Conflict, "%s is locked, so you cannot %s it now.", t.name(), c.do).Do("`unlock %s` first.", quote(t.name()))
	}
	if status == "" || c.from == nil || slices.Contains(c.from, status) || slices.Contains(c.there, status) {
		return nil
	}
	return stackhand.Errorf(stackhand.Conflict, "%s is %s, so you cannot %s it now.", t.name(), status, c.do).Do("%s", wayOut(t))
}

// wayOut says what brings a server from its status to one in which more can be done.
func wayOut(t target) string {
	name := quote(t.name())
	switch t.server.Status {
	case "ACTIVE":
		return "It is running; `stop " + name + "` stops it."
	case "SHUTOFF":
		return "`start " + name + "` first."
	case "PAUSED":
		return "`unpause " + name + "` first."
	case "SUSPENDED":
		return "`resume " + name + "` first."
	case "SHELVED", "SHELVED_OFFLOADED":
		return "`unshelve " + name + "` first."
	case "VERIFY_RESIZE":
		return "Its new size waits for an answer: `resize " + name + " --confirm`, or `resize " + name + " --revert` to have the old one back."
	case "ERROR":
		return "`show " + name + "` tells why. `reboot " + name + " --hard` or a rebuild may mend it; `delete " + name + "` removes it."
	case "DELETED", "SOFT_DELETED":
		return "It is deleted; make a new one with `create " + name + "`."
	}
	return "Wait until that is over: `show " + name + "` tells its state."
}

// act proposes the job that changes a server; n counts the jobs of the line, from 0.
func (s *session) act(ctx context.Context, line Line, n int, t target, title string, spec stackhand.ActSpec) (proposal, error) {
	spec.Cloud, spec.Server, spec.Name = s.name, t.id(), t.name()
	spec.ProjectID, spec.Project = s.who.ProjectID, s.who.Project
	job := stackhand.Job{Flow: "act", Cloud: s.name, Scope: s.scope(), Title: title}
	if st := t.stack; st != nil {
		spec.Stack, spec.ProjectID, spec.Project = st.ID, st.ProjectID, st.Project
		job.Stacks, job.Scope = []string{st.ID}, st.Scope()
	}
	return s.propose(ctx, line, n, job, spec)
}

// acted starts the job of a line that starts one.
func (s *session) acted(ctx context.Context, line Line, t target, title string, spec stackhand.ActSpec) (Reply, error) {
	p, err := s.act(ctx, line, 0, t, title, spec)
	if err != nil {
		return Reply{}, err
	}
	job, err := s.env.admit(ctx, p)
	return begun(job), err
}
