package commands

import (
	"context"
	"strings"
	"unicode"

	"github.com/stackhand/stackhand"
)

// inJob is what every command takes that starts a job in a cloud.
type inJob struct {
	inCloud
	Line Line
}

func (a inJob) asked() inJob { return a }

// asking are the arguments of a command that starts a job.
type asking interface{ asked() inJob }

// making is a command that makes one thing: fill turns its arguments into the input of the flow.
type making[A asking] struct {
	name     string // "network create"
	help     string
	examples []string
	fill     func(ctx context.Context, s *session, a A) (stackhand.MakeSpec, error)
}

// addMake puts a command into the table that makes one thing as a job. What the cloud has no room for is refused first.
func addMake[A asking](m making[A]) bool {
	return add(Command[A]{
		Name: m.name, Help: m.help, Examples: m.examples, Role: stackhand.Member,
		Run: func(ctx context.Context, env *Env, user stackhand.User, a A) (Reply, error) {
			line := a.asked().Line
			if job, done, err := env.started(ctx, line, 0); err != nil || done {
				return begun(job), err
			}
			s, err := open(ctx, env, user, a.asked().Cloud)
			if err != nil {
				return Reply{}, err
			}
			spec, err := m.fill(ctx, s, a)
			if err != nil {
				return Reply{}, err
			}
			if err := s.room(ctx, spec); err != nil {
				return Reply{}, err
			}
			spec.Cloud, spec.ProjectID, spec.Project = s.name, s.who.ProjectID, s.who.Project
			job, err := s.start(ctx, line, 0, stackhand.Job{Flow: "make", Cloud: s.name, Scope: s.scope(), Title: makeTitle(spec)}, spec)
			return begun(job), err
		},
	})
}

// makeTitle is what the card of the job is called.
func makeTitle(m stackhand.MakeSpec) string {
	switch m.Kind {
	case stackhand.KindInterface:
		return "Add subnet " + m.Target + " to router " + m.Parent
	case stackhand.KindRule:
		return "Add a rule to security group " + m.Parent
	case stackhand.KindFloatingIP:
		return "Create a floating IP"
	}
	return "Create " + m.Kind + " " + m.Name
}

// quotaOf is how much of which quotas a thing takes.
func quotaOf(l stackhand.Limits, m stackhand.MakeSpec) []need {
	one := func(what string, l stackhand.Limit) []need { return []need{{what, 1, l, plainNumber}} }
	switch m.Kind {
	case stackhand.KindNetwork:
		return one("networks", l.Networks)
	case stackhand.KindSubnet:
		return one("subnets", l.Subnets)
	case stackhand.KindRouter:
		return one("routers", l.Routers)
	case stackhand.KindPort, stackhand.KindInterface:
		return one("ports", l.Ports)
	case stackhand.KindSecurityGroup:
		return one("security groups", l.Groups)
	case stackhand.KindRule:
		return one("security group rules", l.GroupRules)
	case stackhand.KindFloatingIP:
		return one("floating IPs", l.FloatingIPs)
	case stackhand.KindVolume:
		return append(one("volumes", l.Volumes), need{"volume storage", m.Volume.Size, l.VolumeGB, gibi})
	case stackhand.KindSnapshot:
		return append(one("volume snapshots", l.Snapshots), need{"volume storage", m.Volume.Size, l.VolumeGB, gibi})
	}
	return nil
}

// room refuses what the project's quotas have no room for.
func (s *session) room(ctx context.Context, m stackhand.MakeSpec) error {
	limits, err := s.Limits(ctx)
	if err != nil {
		return err
	}
	what := first(m.Name, "another "+m.Kind)
	return lacking(s.who.Project, what, quotaOf(limits, m))
}

// longestName is how many characters the name of a thing may have that is no server: the services' own limit.
const longestName = 255

// checkLabel refuses what no service of OpenStack takes as a name.
func checkLabel(command, name string) error {
	switch e := find(command); {
	case strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }):
		return e.misuse("A name must not have line breaks or control characters in it.")
	case len([]rune(name)) > longestName:
		return e.misuse("A name has at most %d characters, this one has %d.", longestName, len([]rune(name)))
	case strings.HasPrefix(name, "-"):
		return e.misuse("%s looks like an option, not like a name.", quote(clip(name, 60)))
	}
	return nil
}
