package commands

import (
	"context"
	"fmt"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

type createArgs struct {
	Name            string            `arg:"name" opt:"name" required:"true" help:"of the server: letters, digits, dots, hyphens and underscores"`
	Count           int               `opt:"count" default:"1" help:"how many; they are called NAME-1, NAME-2 …"`
	Flavor          string            `opt:"flavor" value:"NAME|ram=2048" help:"its size: name, id, or the smallest with that much RAM in MiB"`
	Image           string            `opt:"image" help:"name or id"`
	For             time.Duration     `opt:"for" help:"how long you need it"`
	Network         string            `opt:"network" value:"NAME|auto|new" default:"auto" help:"auto: the project's routed network, made if there is none; new: one for this server alone"`
	KeyName         string            `opt:"key-name" help:"the key pair to log in with; none for no key"`
	SecurityGroup   []string          `opt:"security-group" help:"an existing security group (repeat)"`
	Open            []int             `opt:"open" value:"22,80,443" help:"TCP ports to open"`
	FloatingIP      *bool             `opt:"floating-ip" help:"an address reachable from outside; yes where there is an external network"`
	Property        map[string]string `opt:"property" help:"metadata of the server (repeat)"`
	BootFromVolume  int               `opt:"boot-from-volume" value:"GB" help:"boot from a volume of that size in GiB, made from the image; it goes with the server"`
	Zone            string            `opt:"availability-zone" help:"where to put it"`
	FixedIP         string            `opt:"fixed-ip" value:"ADDRESS" help:"its address in the network"`
	ConfigDrive     bool              `opt:"config-drive" help:"give it its metadata on a disk"`
	WaitFor         string            `opt:"wait-for" value:"ssh" help:"ready only when SSH answers"`
	ExternalNetwork string            `opt:"external-network" help:"where floating IPs come from, if there are several"`
	DryRun          bool              `opt:"dry-run" help:"show the plan, make nothing"`
	firstBoot
	inCloud
}

var _ = add(Command[createArgs]{
	Name: "create",
	Help: "create a server that you can reach, with all that it needs",
	Examples: []string{
		"create web-1",
		`create web-1 --flavor m1.small --image "Ubuntu 22.04" --for 3d`,
		"create web --count 3 --open 22,80,443 --for 8h",
		"create db-1 --flavor ram=4096 --network new --no-floating-ip --dry-run",
	},
	Role: stackhand.Member,
	Asks: true,
	Run:  create,
})

const (
	maxCount = 20
	minLease = time.Minute
)

func create(ctx context.Context, env *Env, user stackhand.User, a createArgs) (Reply, error) {
	if a.Name == "" {
		return askCreate(ctx, env, user, a)
	}
	if !a.DryRun {
		if job, done, err := env.started(ctx, a.Line, 0); err != nil || done {
			return begun(job), err
		}
	}
	if err := a.check(env.Settings); err != nil {
		return Reply{}, err
	}
	own, files, err := a.own(find("create"))
	if err != nil {
		return Reply{}, err
	}
	s, err := open(ctx, env, user, a.Cloud)
	if err != nil {
		return Reply{}, err
	}
	var p *plan
	err = s.again(func() (err error) {
		p, err = s.plan(ctx, a)
		return err
	})
	if err != nil {
		return Reply{}, err
	}
	if p.spec.UserData, p.spec.Files, err = a.hand(own, files, p.seen.features, p.seen.limits); err != nil {
		return Reply{}, err
	}
	if err := p.room(); err != nil {
		return Reply{}, err
	}
	if a.DryRun {
		return p.tried(ctx, a.Line)
	}
	return p.begin(ctx, a.Line)
}

// begin starts the job that makes what is planned.
func (p *plan) begin(ctx context.Context, line Line) (Reply, error) {
	now := p.session.env.Now()
	id := JobID(line.Key, 0)
	stacks := make([]stackhand.Stack, p.spec.Count)
	for i := range stacks {
		stacks[i] = stackhand.Stack{
			ID:   fmt.Sprintf("%s-%d", id, i+1),
			Name: serverName(p.spec.Name, p.spec.Count, i), Cloud: p.spec.Cloud, ProjectID: p.spec.ProjectID, Project: p.spec.Project, Region: p.session.who.Region,
			State: stackhand.StackBuilding, Job: id, Busy: id, Place: line.Place,
			Lease:  stackhand.Lease{Owner: p.spec.Owner, For: p.spec.For},
			Flavor: p.spec.Flavor, Image: p.spec.Image, Login: p.spec.Login, Created: now,
		}
	}
	title := "Create " + p.spec.Name
	if p.spec.Count > 1 {
		title = fmt.Sprintf("Create %s-1 … %s-%d", p.spec.Name, p.spec.Name, p.spec.Count)
	}
	asked, err := p.session.propose(ctx, line, 0, stackhand.Job{Flow: "create", Cloud: p.spec.Cloud, Scope: p.session.scope(), Title: title}, p.spec, stacks...)
	if err != nil {
		return Reply{}, err
	}
	asked.outline = p.outline()
	job, err := p.session.env.admit(ctx, asked)
	if err != nil {
		return Reply{}, err
	}
	r := begun(job)
	for _, n := range p.notes {
		r.Text = lineOf(r.Text, stackhand.Textf("%s", n))
	}
	return r, nil
}

// tried is the answer to --dry-run: the plan, or what the rules have against it.
func (p *plan) tried(ctx context.Context, line Line) (Reply, error) {
	env, r := p.session.env, p.show()
	f := facts{Request: policy.Request{Region: p.session.who.Region}}
	createFacts(&f, p.spec)
	v, err := env.ruled(ctx, matter{user: p.session.user, line: line, at: p.session.scope(), session: p.session, facts: f})
	if err != nil {
		return Reply{}, err
	}
	if v.Then == policy.Approve {
		r.Fields = append(r.Fields, Field{"Needs", stackhand.Textf("the approval of %s, by the rule %q%s", env.approvers(ctx, v), v.Rule, because(v.Why))})
	}
	return r, nil
}

// because adds a reason to words.
func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

// serverName is the name of the i-th server of count, i from 0.
func serverName(base string, count, i int) string {
	if count == 1 {
		return base
	}
	return fmt.Sprintf("%s-%d", base, i+1)
}
