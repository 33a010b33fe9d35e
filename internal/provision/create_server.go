package provision

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// How long the steps may take that depend on more than an API's answer.
const (
	attachFor = 2 * time.Minute  // until a new router routes
	buildFor  = 30 * time.Minute // until a server is ACTIVE
	sshFor    = 10 * time.Minute // until a server takes logins
	goneFor   = 15 * time.Minute // until a deleted server is gone
)

// serverSteps build the n-th server on the network; the last one is the one to wait for. Ports need
// what is in needs, an address from outside the step routed ("": nothing).
func (c create) serverSteps(n int, needs []string, routed string) []jobs.Step {
	sid := c.stack(n)
	k := func(step string) string { return key(step, n) }
	at := func(do func(context.Context, *jobs.Run, Cloud, int) error) func(context.Context, *jobs.Run) error {
		return c.with(func(ctx context.Context, run *jobs.Run, cloud Cloud) error { return do(ctx, run, cloud, n) })
	}
	steps := []jobs.Step{{
		Name: k("port"), Title: c.title("Port", n), Needs: needs,
		Do: at(c.port), Undo: c.with(c.undo(stackhand.KindPort, sid)),
	}}
	if c.spec.Floating {
		needs := []string{k("floating-ip"), k("port")}
		if routed != "" {
			needs = append(needs, routed)
		}
		steps = append(steps, jobs.Step{
			Name: k("floating-ip"), Title: c.title("Floating IP", n),
			Do: at(c.floatingIP), Undo: c.with(c.undo(stackhand.KindFloatingIP, sid)),
		}, jobs.Step{
			Name: k("attach"), Title: c.title("Attach floating IP", n), Needs: needs, Timeout: attachFor, Do: at(c.attach),
		})
	}
	steps = append(steps, jobs.Step{
		Name: k("server"), Title: "Server " + c.name(n), Needs: []string{k("port")},
		Do: at(c.server), Undo: c.with(c.undo(stackhand.KindServer, sid)), Timeout: goneFor,
	}, jobs.Step{
		Name: k("build"), Title: c.title("Build", n), Needs: []string{k("server")}, Timeout: buildFor, Waits: true, Do: at(c.build),
	})
	if c.spec.WaitSSH {
		needs := []string{k("build")}
		if c.spec.Floating {
			needs = append(needs, k("attach"))
		}
		steps = append(steps, jobs.Step{
			Name: k("ssh"), Title: c.title("SSH", n), Needs: needs, Waits: true, Timeout: sshFor + time.Minute, Do: at(c.ssh),
		})
	}
	return steps
}

func (c create) port(ctx context.Context, run *jobs.Run, cloud Cloud, n int) error {
	sid, netID := c.stack(n), c.netID(run)
	groups, err := c.groups(run)
	if err != nil {
		return err
	}
	var p stackhand.Port
	if run.Again() {
		if p, err = findPort(ctx, cloud, netID, c.id, sid); err != nil {
			return err
		}
	}
	if p.ID == "" {
		spec := stackhand.PortSpec{Name: c.name(n), Description: mark("", c.id, sid), NetworkID: netID, Groups: groups}
		if c.spec.Count == 1 {
			spec.FixedIP = c.spec.FixedIP
		}
		if p, err = cloud.CreatePort(ctx, spec); err != nil {
			return err
		}
	}
	if len(p.IPs) > 0 {
		if err := run.Note(ctx, p.IPs[0].IP); err != nil {
			return err
		}
		if !c.spec.Floating {
			if err := run.Set(ctx, key("address", n), p.IPs[0].IP); err != nil {
				return err
			}
		}
	}
	return run.Made(ctx, stackhand.Resource{Kind: stackhand.KindPort, ID: p.ID, Name: c.name(n), Parent: netID, Job: c.id, Stack: sid})
}

func findPort(ctx context.Context, cloud Cloud, network, job, stack string) (stackhand.Port, error) {
	all, err := cloud.Ports(ctx, stackhand.PortFilter{NetworkID: network})
	if err != nil {
		return stackhand.Port{}, err
	}
	if at := slices.IndexFunc(all, func(p stackhand.Port) bool { return isMarked(p.Description, job, stack) }); at >= 0 {
		return all[at], nil
	}
	return stackhand.Port{}, nil
}

// groups are the security groups of a port: those that were named, else the project's
// default one, and the one that opens ports.
func (c create) groups(run *jobs.Run) ([]string, error) {
	out := slices.Clone(c.spec.Groups)
	ours := madeID(run.Job(), stackhand.KindSecurityGroup, "")
	if ours == "" {
		return out, nil
	}
	if len(out) == 0 {
		var id string
		if ok, err := run.Get("default group", &id); err != nil {
			return nil, err
		} else if ok {
			out = append(out, id)
		}
	}
	return append(out, ours), nil
}

// floatingIP takes an address, attached to nothing yet, beside the building of the rest.
func (c create) floatingIP(ctx context.Context, run *jobs.Run, cloud Cloud, n int) error {
	sid := c.stack(n)
	var f stackhand.FloatingIP
	if run.Again() {
		all, err := cloud.FloatingIPs(ctx)
		if err != nil {
			return err
		}
		if at := slices.IndexFunc(all, func(f stackhand.FloatingIP) bool { return isMarked(f.Description, c.id, sid) }); at >= 0 {
			f = all[at]
		}
	}
	if f.ID == "" {
		var err error
		if f, err = cloud.CreateFloatingIP(ctx, c.spec.External, mark("", c.id, sid)); err != nil {
			return err
		}
	}
	if err := run.Note(ctx, f.IP); err != nil {
		return err
	}
	return run.Made(ctx, stackhand.Resource{Kind: stackhand.KindFloatingIP, ID: f.ID, Name: f.IP, Job: c.id, Stack: sid})
}

// attach gives the address to the server's port. A router that was just made may need a
// moment before the cloud believes that it connects the two.
func (c create) attach(ctx context.Context, run *jobs.Run, cloud Cloud, n int) error {
	job, sid := run.Job(), c.stack(n)
	id, port := madeID(job, stackhand.KindFloatingIP, sid), madeID(job, stackhand.KindPort, sid)
	if run.Again() {
		f, err := cloud.FloatingIP(ctx, id)
		if err != nil {
			return err
		}
		if f.PortID == port {
			return nil
		}
	}
	err := cloud.AttachFloatingIP(ctx, id, port)
	if is(err, stackhand.NotFound) || is(err, stackhand.Conflict) {
		return (&stackhand.Error{Kind: stackhand.Unavailable, Msg: err.Error(), Err: err}).
			Do("Look whether the network has a router to the outside, or create the server with --no-floating-ip.")
	}
	return err
}

// server asks for the server. The port guards against a second one: it can serve one only.
func (c create) server(ctx context.Context, run *jobs.Run, cloud Cloud, n int) error {
	sid := c.stack(n)
	id := ""
	var err error
	if run.Again() {
		if id, err = c.findServer(ctx, cloud, n); err != nil {
			return err
		}
	}
	if id == "" {
		id, err = cloud.CreateServer(ctx, c.serverSpec(run, n))
		if is(err, stackhand.Conflict) || is(err, stackhand.Invalid) {
			if other, lookErr := c.findServer(ctx, cloud, n); lookErr == nil && other != "" {
				id, err = other, nil
			}
		}
		if err != nil {
			return err
		}
	}
	if err := run.Note(ctx, c.name(n)); err != nil {
		return err
	}
	return run.Made(ctx, stackhand.Resource{Kind: stackhand.KindServer, ID: id, Name: c.name(n), Job: c.id, Stack: sid})
}

func (c create) serverSpec(run *jobs.Run, n int) stackhand.ServerSpec {
	job, sid := run.Job(), c.stack(n)
	meta := maps.Clone(c.spec.Metadata)
	if meta == nil {
		meta = map[string]string{}
	}
	meta[metaJob], meta[metaStack], meta[metaOwner] = c.id, sid, c.spec.Owner
	return stackhand.ServerSpec{
		Name: c.name(n), ImageID: c.spec.ImageID, FlavorID: c.spec.FlavorID,
		Ports: []string{madeID(job, stackhand.KindPort, sid)}, KeyName: c.spec.KeyName, Metadata: meta,
		UserData: c.spec.UserData, Zone: c.spec.Zone, ConfigDrv: c.spec.ConfigDrv,
	}
}

// findServer looks for the server that an earlier attempt made; "" if there is none.
func (c create) findServer(ctx context.Context, cloud Cloud, n int) (string, error) {
	all, err := cloud.ServersNamed(ctx, c.name(n))
	if err != nil {
		return "", err
	}
	all = slices.DeleteFunc(all, func(s stackhand.Server) bool { return s.Metadata[metaStack] != c.stack(n) })
	switch len(all) {
	case 0:
		return "", nil
	case 1:
		return all[0].ID, nil
	}
	return "", tooMany("server", c.name(n), len(all))
}

// build waits until the server is there.
func (c create) build(ctx context.Context, run *jobs.Run, cloud Cloud, n int) error {
	id := madeID(run.Job(), stackhand.KindServer, c.stack(n))
	srv, err := cloud.Await(ctx, id, func(s stackhand.Server) bool { return s.Status == "ACTIVE" || s.Status == "ERROR" })
	switch {
	case is(err, stackhand.NotFound):
		return stackhand.Errorf(stackhand.Failed, "The server %s disappeared while it was built: somebody deleted it.", c.name(n)).
			Do("Try again.").Because(err)
	case err != nil:
		return err
	case srv.Status == "ERROR":
		return stackhand.Errorf(stackhand.Failed, "The cloud could not build %s: %s", c.name(n), fault(srv)).
			Do("Try again, with a smaller flavor if the cloud is full; if it happens again, ask the cloud's administrator.")
	}
	return nil
}

// fault is Nova's own words on why a server is in ERROR, in plainer ones where they are known.
func fault(s stackhand.Server) string {
	f := strings.TrimSpace(stackhand.Clean(s.Fault))
	switch {
	case f == "":
		return "it gave no reason."
	case strings.Contains(f, "No valid host"):
		return "no host has room for a server of this flavor (" + f + ")"
	}
	return f
}

// ssh waits until somebody who speaks SSH answers at the server's address. Silence does not
// fail the job: the server is there, and its owner may want to look why.
func (c create) ssh(ctx context.Context, run *jobs.Run, _ Cloud, n int) error {
	job := run.Job()
	var addr string
	if fips := made(job, stackhand.KindFloatingIP, c.stack(n)); len(fips) > 0 {
		addr = fips[0].Name
	} else if _, err := run.Get(key("address", n), &addr); err != nil {
		return err
	}
	look, cancel := context.WithTimeout(ctx, sshFor)
	defer cancel()
	for wait := 500 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		err := c.banner(look, addr)
		if err == nil {
			return run.Note(ctx, addr)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.Done():
			return run.Say(ctx, fmt.Sprintf("%s is up, but SSH at %s did not answer within %s (%v).", c.name(n), addr, words(sshFor), err))
		case <-time.After(wait):
		}
	}
}

// banner reads the line that an SSH server begins with (RFC 4253, section 4.2).
func (c create) banner(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := c.Dial(ctx, "tcp", net.JoinHostPort(addr, "22"))
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	head, err := bufio.NewReader(conn).Peek(4)
	if err != nil {
		return err
	}
	if string(head) != "SSH-" {
		return fmt.Errorf("something else than SSH answers at %s", addr)
	}
	return nil
}
