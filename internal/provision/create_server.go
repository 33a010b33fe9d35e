package provision

import (
	"cmp"
	"context"
	"maps"
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
	var steps []jobs.Step
	upon := needs // what the server stands on
	if !c.spec.Classic {
		steps = append(steps, jobs.Step{
			Name: k("port"), Makes: stackhand.KindPort, Title: c.title("Port", n), Needs: needs,
			Do: at(c.port), Undo: c.with(c.undo(stackhand.KindPort, sid)),
		})
		upon = []string{k("port")}
	}
	if c.spec.BootGB > 0 {
		steps = append(steps, jobs.Step{
			Name: k("volume"), Makes: stackhand.KindVolume, Title: c.title("Boot volume", n), Do: at(c.bootVolume), Undo: c.with(c.undo(stackhand.KindVolume, sid)),
		}, jobs.Step{
			Name: k("fill"), Title: c.title("Fill the boot volume", n), Needs: []string{k("volume")}, Timeout: buildFor, Waits: true, Do: at(c.fill),
		})
		upon = append(slices.Clone(upon), k("fill"))
	}
	server := []jobs.Step{{
		Name: k("server"), Makes: stackhand.KindServer, Title: "Server " + c.name(n), Needs: upon,
		Do: at(c.server), Undo: c.with(c.undo(stackhand.KindServer, sid)), Timeout: goneFor,
	}, {
		Name: k("build"), Title: c.title("Build", n), Needs: []string{k("server")}, Timeout: buildFor, Waits: true, Do: at(c.build),
	}}
	switch address := c.addressSteps(n, routed); {
	case c.spec.Classic: // the server has to be there before it can get an address
		steps = append(append(steps, server...), address...)
	default:
		steps = append(append(steps, address...), server...)
	}
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

// addressSteps give the n-th server its floating IP.
func (c create) addressSteps(n int, routed string) []jobs.Step {
	if !c.spec.Floating {
		return nil
	}
	at := func(do func(context.Context, *jobs.Run, Cloud, int) error) func(context.Context, *jobs.Run) error {
		return c.with(func(ctx context.Context, run *jobs.Run, cloud Cloud) error { return do(ctx, run, cloud, n) })
	}
	needs := []string{key("floating-ip", n), key("port", n)}
	if c.spec.Classic {
		needs[1] = key("build", n)
	}
	if routed != "" {
		needs = append(needs, routed)
	}
	return []jobs.Step{{
		Name: key("floating-ip", n), Makes: stackhand.KindFloatingIP, Title: c.title("Floating IP", n),
		Do: at(c.floatingIP), Undo: c.with(c.undo(stackhand.KindFloatingIP, c.stack(n))),
	}, {
		Name: key("attach", n), Title: c.title("Attach floating IP", n), Needs: needs, Timeout: attachFor, Do: at(c.attach),
	}}
}

func (c create) port(ctx context.Context, run *jobs.Run, cloud Cloud, n int) error {
	sid, netID := c.stack(n), c.netID(run)
	groups, err := c.groups(run)
	if err != nil {
		return err
	}
	spec := stackhand.PortSpec{Name: c.name(n), Description: c.sign(c.id, sid).String(), NetworkID: netID, Groups: groups}
	if c.spec.Count == 1 {
		spec.FixedIP = c.spec.FixedIP
	}
	p, err := makePort(ctx, run, cloud, spec)
	if err != nil {
		return err
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
	f, err := c.makeFloatingIP(ctx, run, cloud, c.spec.External, c.sign(c.id, sid).String())
	if err != nil {
		return err
	}
	if err := run.Note(ctx, f.IP); err != nil {
		return err
	}
	return run.Made(ctx, stackhand.Resource{Kind: stackhand.KindFloatingIP, ID: f.ID, Name: f.IP, Job: c.id, Stack: sid})
}

// attach gives the address to the server's port. A router that was just made may need a
// moment before the cloud believes that it connects the two.
func (c create) attach(ctx context.Context, run *jobs.Run, cloud Cloud, n int) error {
	if c.spec.Classic {
		return c.attachClassic(ctx, run, cloud, n)
	}
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
		return (&stackhand.Error{Kind: stackhand.Unavailable, Msg: err.Error(), Detail: stackhand.Said(err), Err: err}).
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
		password := ""
		id, err = c.newServer(ctx, run, cloud, n, func(p string) { password = p })
		if err == nil {
			err = c.keep(ctx, run, cmp.Or(c.spec.Owner, run.Job().User.ID), id, password, key("password", n))
		}
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

func (c create) newServer(ctx context.Context, run *jobs.Run, cloud Cloud, n int, tell func(password string)) (string, error) {
	job, sid := run.Job(), c.stack(n)
	mark := c.sign(c.id, sid)
	mark.Owner = c.spec.Owner
	meta := maps.Clone(c.spec.Metadata)
	if meta == nil {
		meta = map[string]string{}
	}
	maps.Copy(meta, mark.Metadata())
	spec := stackhand.ServerSpec{
		Name: c.name(n), ImageID: c.spec.ImageID, FlavorID: c.spec.FlavorID, KeyName: c.spec.KeyName, Metadata: meta,
		UserData: c.spec.UserData, Zone: c.spec.Zone, ConfigDrv: c.spec.ConfigDrv, Files: c.spec.Files, TellPassword: tell,
	}
	if id := madeID(job, stackhand.KindVolume, sid); id != "" {
		spec.ImageID, spec.BootVolume = "", id
	}
	if !c.spec.Classic {
		spec.Ports = []string{madeID(job, stackhand.KindPort, sid)}
		return cloud.CreateServer(ctx, spec)
	}
	if c.spec.Network != "auto" {
		spec.Networks = []string{c.spec.Network}
	}
	var err error
	if spec.Groups, err = c.classicGroups(ctx, run, cloud); err != nil {
		return "", err
	}
	return cloud.CreateServer(ctx, spec)
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
		return broken(srv, "Try again, with a smaller flavor if the cloud is full; if it happens again, ask the cloud's administrator.",
			"The cloud could not build %s", c.name(n))
	case c.spec.Classic && !c.spec.Floating:
		if err := run.Set(ctx, key("address", n), addressOf(srv)); err != nil {
			return err
		}
	}
	if err := run.Set(ctx, key("born", n), srv.Created); err != nil {
		return err
	}
	if c.spec.Count > maxPasswordButtons {
		return nil
	}
	return c.offerPassword(ctx, run, c.name(n), id, key("password", n), c.spec.Count > 1)
}

// tryAgain is the next step where the cloud failed and nobody knows better.
const tryAgain = "Try again; if it happens again, ask the cloud's administrator."

// broken is the Error for a server that went into ERROR: what could not be done, why, and the next step where the cloud's words
// do not tell a better one.
func broken(s stackhand.Server, next, format string, args ...any) *stackhand.Error {
	e := stackhand.Errorf(stackhand.Failed, format+"%s", append(args, fault(s))...).Do("%s", next)
	if s.FaultNext != "" {
		e.Next = s.FaultNext
	}
	e.Detail = s.FaultSaid
	return e
}

// fault ends a sentence with why a server is in ERROR.
func fault(s stackhand.Server) string {
	f := strings.TrimSpace(stackhand.Clean(s.Fault))
	switch {
	case f == "":
		return ": it gave no reason."
	case s.FaultSaid != "":
		return ". " + f
	}
	return ": " + f
}
