package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

// flowLine is the flow of jobs that say a line again which was approved.
const flowLine = "line"

// deed is a change that the command does at once, and that waits as a request where somebody has to approve it. Approved,
// it is a job that says the line again: see CarryOut.
type deed struct {
	matter
	title   string           // what it is called while it waits; "": it cannot wait
	stack   *stackhand.Stack // that it is about; nil: none
	said    *reading         // the command with arguments that mean the same whenever they are read; nil: as the line was read
	until   time.Time        // the end that a lease is to get
	over    string           // why more than the rules wants an approval: a sentence
	ends    time.Time        // when it is too late to approve it; zero: as for any request
	once    bool             // a second one for the same stack is refused while one waits
	finding string           // of orphans, that it is about: a second one for it is refused as well
	outline outline          // what approvers see of it; empty: it is found out
}

// deed is what a line wants that is no job. Its Cloud, Project and Region are the session's, or the stack's where that is in another
// project.
func (s *session) deed(line Line, request policy.Request, st *stackhand.Stack) deed {
	request.Cloud, request.Project, request.Region, request.Count = s.name, s.who.Project, s.who.Region, max(1, request.Count)
	d := deed{matter: matter{user: s.user, line: line, at: s.scope(), session: s}, stack: st}
	if st != nil && st.ProjectID != s.who.ProjectID {
		request.Project, request.Region, d.at = st.Project, st.Region, st.Scope()
	}
	if s.Cloud == nil { // see locateLease
		d.session = nil
	}
	d.facts.Request = request
	return d
}

// lineSpec is the input of jobs that say a line again.
type lineSpec struct {
	Command string          `json:"command"`
	Args    json.RawMessage `json:"args"`
	Wish    policy.Request  `json:"wish"` // for the gate, should the job be tried again
	Until   time.Time       `json:"until,omitzero"`
}

// overBudget is what is named in place of a rule where a lease's budget wants the approval.
const overBudget = "leases.extensions"

// pass is the gate of a deed. Where it waits for an approval the Reply says so, and nothing else is to be done; otherwise it
// may be done now.
func (env *Env) pass(ctx context.Context, d deed) (r Reply, waits bool, err error) {
	if env.carrying { // that was decided
		return Reply{}, false, nil
	}
	v, err := env.decide(ctx, d.matter)
	if err != nil {
		return Reply{}, false, err
	}
	if env.rehearsing == nil && d.over == "" && (v.Then != policy.Approve || env.approves(d.user, v)) {
		return Reply{}, false, nil
	}
	if v.Then != policy.Approve && d.over != "" {
		v = policy.Verdict{Then: policy.Approve, Rule: overBudget, Why: d.over, Needed: 1}
	}
	if env.rehearsing == nil {
		if err := env.mayWait(ctx, d, v); err != nil {
			return Reply{}, false, err
		}
	}
	p, err := env.proposal(d, v)
	if err != nil {
		return Reply{}, false, err
	}
	job, err := env.admit(ctx, p)
	return begun(job), true, err
}

// approves tells whether to do what a rule wants an approval for is to approve it.
func (env *Env) approves(user stackhand.User, v policy.Verdict) bool {
	if !v.Own || v.Needed > 1 || !mayDecide(user, v.Approvers) {
		return false
	}
	env.note(func(r *stackhand.AuditRecord) {
		r.Approvals = []stackhand.Approval{{User: user.ID, Approved: true, At: env.Now()}}
	})
	return true
}

// mayWait refuses what cannot wait for an approval: because of what it is, because nobody could give it, or because the
// same waits already.
func (env *Env) mayWait(ctx context.Context, d deed, v policy.Verdict) error {
	if d.title == "" || env.Requests == nil || len(v.Approvers) == 0 && !env.Settings.Deciders {
		return stackhand.Errorf(stackhand.Forbidden, "By the rule %q that needs the approval of %s, for which this command cannot wait.", v.Rule, env.approvers(ctx, v)).
			Do("Ask one of them to do it. Where the rule is for them too, it has to say `own: true`: tell whoever runs this bot.")
	}
	return env.waitsAlready(ctx, JobID(d.line.Key, 0), func(r stackhand.Request) bool {
		return d.once && asksFor(d.stack.ID, d.command())(r) || d.finding != "" && r.Job.Finding == d.finding && r.Command == d.command()
	})
}

// waitsAlready refuses to ask for an approval twice: same tells of a request whether it is for that, id is that of the new one.
func (env *Env) waitsAlready(ctx context.Context, id string, same func(stackhand.Request) bool) error {
	open, err := env.waitingRequest(ctx, same)
	if err != nil || open == nil || open.ID == id {
		return err
	}
	return stackhand.Errorf(stackhand.Conflict, "%s waits for an approval already (request %s).", open.Job.Title, open.ID).
		Do("Wait for the decision, or take it back with `cancel %s` and ask anew.", open.ID)
}

// command is what will be said once it is approved.
func (d deed) command() string {
	if d.said != nil {
		return d.said.entry.Name
	}
	return d.line.command()
}

// WaitingFor is the open request to say a command about a stack; nil where there is none.
func (env *Env) WaitingFor(ctx context.Context, stack, command string) (*stackhand.Request, error) {
	return env.waitingRequest(ctx, asksFor(stack, command))
}

// asksFor tells whether a request is to say a command about a stack.
func asksFor(stack, command string) func(stackhand.Request) bool {
	return func(r stackhand.Request) bool {
		return r.Job.Flow == flowLine && r.Command == command && slices.Contains(r.Job.Stacks, stack)
	}
}

// waitingRequest is the open request of which same is true; nil where there is none.
func (env *Env) waitingRequest(ctx context.Context, same func(stackhand.Request) bool) (*stackhand.Request, error) {
	if env.Requests == nil {
		return nil, nil
	}
	open, err := env.Requests.OpenRequests(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(open, func(r stackhand.Request) bool { return r.State == stackhand.RequestOpen && same(r) })
	if i < 0 {
		return nil, nil
	}
	return &open[i], nil
}

// proposal is the job that does it once it is approved.
func (env *Env) proposal(d deed, v policy.Verdict) (proposal, error) {
	if d.said != nil {
		d.line.read = d.said
	}
	args, err := d.line.bare()
	if err != nil {
		return proposal{}, err
	}
	spec := lineSpec{Command: d.line.command(), Args: args, Wish: d.facts.Request, Until: d.until}
	spec.Wish.Lifetime = 0 // that is another one at each moment
	raw, err := json.Marshal(spec)
	if err != nil {
		return proposal{}, fmt.Errorf("input of %s: %w", flowLine, err)
	}
	d.job = stackhand.Job{
		ID: JobID(d.line.Key, 0), Flow: flowLine, Cloud: d.facts.Cloud, Scope: d.at, Title: d.title, Input: raw, User: d.user, Place: d.line.Place,
		Line: d.line.shown(), State: stackhand.JobQueued, Created: env.Now(),
	}
	d.job.Finding = d.finding
	if d.stack != nil {
		d.job.Stacks, d.job.Cloud, d.job.Scope = []string{d.stack.ID}, d.stack.Cloud, d.stack.Scope()
	}
	return proposal{matter: d.matter, verdict: v, outline: d.outline, ends: d.ends}, nil
}

// bare are the arguments of the line without its words, which may be written otherwise each time.
func (l Line) bare() (json.RawMessage, error) {
	if l.read == nil {
		return nil, stackhand.Errorf(stackhand.Internal, "The line came without its command, so it cannot wait.").Do("Type it again.")
	}
	args := reflect.New(l.read.entry.args)
	args.Elem().Set(l.read.args)
	giveLine(args.Elem(), Line{Key: l.Key, Place: l.Place, Files: l.Files})
	raw, err := json.Marshal(args.Interface())
	if err != nil {
		return nil, fmt.Errorf("arguments of %s: %w", l.command(), err)
	}
	return raw, nil
}

// CarryOut says a line again that was approved, as whoever asked for it, and answers what came of it in words. It may be
// called again for the same job: the line has the key that it had at first.
func CarryOut(ctx context.Context, env *Env, job stackhand.Job) (string, error) {
	var spec lineSpec
	if err := json.Unmarshal(job.Input, &spec); err != nil {
		return "", fmt.Errorf("input of %s: %w", job.Flow, err)
	}
	e := find(spec.Command)
	if e == nil {
		return "", stackhand.Errorf(stackhand.NeedsHuman, "This version of the bot does not know the command %q.", spec.Command).Do("Start the version of the bot that began this job.")
	}
	args := reflect.New(e.args)
	if err := json.Unmarshal(spec.Args, args.Interface()); err != nil {
		return "", fmt.Errorf("arguments of job %s: %w", job.ID, err)
	}
	asker, err := env.asker(ctx, job.User)
	if err != nil {
		return "", err
	}
	line := lineIn(args.Elem())
	line.Text, line.read = job.Line, &reading{entry: e, args: args.Elem()}
	giveLine(args.Elem(), line)
	own := *env.current().audited(asker, line)
	own.carrying = true
	own.note(func(r *stackhand.AuditRecord) { r.Command, r.Job, r.Approvals = e.Name, job.ID, job.Approvals })
	reply, err := settle(e.run(ctx, &own, asker, args.Elem()))
	if err == nil && len(reply.Actions) > 0 && !reply.Public {
		err = stackhand.Errorf(stackhand.Conflict, "It is not clear any more what was meant: %s", reply.Text).Do("Ask anew.")
	}
	return env.plainly(ctx, reply.Text), err
}

// plainly is a text as notes of a job have it: people by their names.
func (env *Env) plainly(ctx context.Context, t stackhand.Text) string {
	named := slices.Clone(t)
	for i, s := range named {
		if s.Kind == stackhand.Mention {
			named[i].S = strings.TrimPrefix(env.person(ctx, s.S), "@")
		}
	}
	return named.String()
}
