package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// settling is how long a refusal may be about something that is just going away.
const settling = 20 * time.Second

// takedown removes resources that were made for stacks, and nothing else. What others
// use meanwhile is left and said; it stays on the record.
type takedown struct {
	Deps
	run     *jobs.Run
	cloud   Cloud
	name    string // of the cloud
	project string
	within  string   // the project that volumes have to be of; "": of whichever
	own     []string // stacks and jobs whose use of a shared thing does not count
	since   time.Time
	boot    string                                          // the job whose volumes are disks that servers boot from
	keep    bool                                            // leave the other volumes, although they were made by us
	forget  func(context.Context, stackhand.Resource) error // takes it off the record, durably
}

// remove takes away one thing; pieces of a network go together, see network.
func (t *takedown) remove(ctx context.Context, r stackhand.Resource) error {
	switch {
	case r.Job == "" && r.Kind == stackhand.KindPort:
		return t.forget(ctx, r) // it was there before the stack: the cloud deletes it with the server if it made it for that
	case r.Job == "" && r.Kind == stackhand.KindFloatingIP:
		if err := t.left(ctx, r, "it was not made for this stack."); err != nil {
			return err
		}
		return t.forget(ctx, r)
	}
	switch r.Kind {
	case stackhand.KindFloatingIP:
		return t.floatingIP(ctx, r)
	case stackhand.KindServer:
		return t.server(ctx, r)
	case stackhand.KindPort:
		return t.port(ctx, r)
	case stackhand.KindSecurityGroup:
		return t.group(ctx, r)
	case stackhand.KindVolume:
		return t.volume(ctx, r)
	case stackhand.KindSnapshot, stackhand.KindImage:
		return t.copied(ctx, r)
	}
	return fmt.Errorf("provision: no way to remove a %s alone", r.Kind)
}

// left says that a thing stays, and why.
func (t *takedown) left(ctx context.Context, r stackhand.Resource, why string) error {
	name := r.Name
	if name == "" {
		name = r.ID
	}
	return t.run.Say(ctx, fmt.Sprintf("The %s %s was left: %s", r.Kind, name, why))
}

func (t *takedown) floatingIP(ctx context.Context, r stackhand.Resource) error {
	f, err := t.cloud.FloatingIP(ctx, r.ID)
	if is(err, stackhand.NotFound) {
		return t.forget(ctx, r)
	}
	if err != nil {
		return err
	}
	if f.PortID != "" && !t.ours(ctx, stackhand.KindPort, f.PortID) {
		return t.left(ctx, r, "it serves another port now ("+f.PortID+").")
	}
	if f.PortID == "" && f.ServerID != "" {
		if stays, err := t.letAddressGo(ctx, r, f); err != nil || stays {
			return err
		}
	}
	if err := gone(t.cloud.DeleteFloatingIP(ctx, r.ID)); err != nil {
		return err
	}
	return t.forget(ctx, r)
}

// letAddressGo takes an address off the server that has it, on clouds where servers have them themselves. It
// tells, and says, that it has to stay with somebody else's.
func (t *takedown) letAddressGo(ctx context.Context, r stackhand.Resource, f stackhand.FloatingIP) (stays bool, err error) {
	srv, err := t.cloud.Server(ctx, f.ServerID)
	if err != nil {
		return false, gone(err)
	}
	if srv.Metadata[metaStack] != r.Stack {
		return true, t.left(ctx, r, "it serves "+srv.Name+" now.")
	}
	return false, gone(t.cloud.RemoveFloatingIP(ctx, f.ServerID, f.IP))
}

// ours tells whether the thing is, or was, on the record of this takedown.
func (t *takedown) ours(ctx context.Context, kind, id string) bool {
	has := func(r stackhand.Resource) bool { return r.Kind == kind && r.ID == id }
	if slices.ContainsFunc(t.run.Job().Made, has) {
		return true
	}
	for _, id := range t.own {
		if st, err := t.Book.Stack(ctx, id); err == nil && slices.ContainsFunc(st.Ledger, has) {
			return true
		}
	}
	return false
}

func (t *takedown) server(ctx context.Context, r stackhand.Resource) error {
	srv, err := t.cloud.Server(ctx, r.ID)
	if is(err, stackhand.NotFound) {
		return t.forget(ctx, r)
	}
	if err != nil {
		return err
	}
	if err := t.mayDelete(srv, r); err != nil {
		return err
	}
	if err := t.release(ctx, srv); err != nil {
		return err
	}
	if err := gone(t.cloud.DeleteServer(ctx, r.ID)); err != nil {
		return err
	}
	wasBad := srv.Status == "ERROR"
	srv, err = t.cloud.Await(ctx, r.ID, func(s stackhand.Server) bool {
		return s.Status == "DELETED" || s.Status == "ERROR" && s.Task == "" && !wasBad
	})
	if gone(err) != nil {
		return err
	}
	if err == nil && srv.Status == "ERROR" {
		return broken(srv, tryAgain, "The cloud could not delete %s", srv.Name)
	}
	return t.forget(ctx, r)
}

// mayDelete refuses servers that do not carry the stack's mark. One whose metadata somebody
// removed must at least not be older than its stack.
func (t *takedown) mayDelete(srv stackhand.Server, r stackhand.Resource) error {
	stack := srv.Metadata[metaStack]
	if stack == r.Stack || stack == "" && !srv.Created.Before(t.since.Add(-10*time.Minute)) {
		return nil
	}
	return stackhand.Errorf(stackhand.Forbidden, "The server %s (%s) was not made for this stack, so it is not deleted.", srv.Name, srv.ID).
		Do("Delete it in the cloud itself if it has to go.")
}

// port removes a port of ours. One that a server still holds goes only if that server is ours too,
// or is not there any more.
func (t *takedown) port(ctx context.Context, r stackhand.Resource) error {
	all, err := t.cloud.Ports(ctx, stackhand.PortFilter{NetworkID: r.Parent})
	if err != nil && !is(err, stackhand.NotFound) {
		return err
	}
	at := slices.IndexFunc(all, func(p stackhand.Port) bool { return p.ID == r.ID })
	if at < 0 {
		return t.forget(ctx, r)
	}
	if device := all[at].DeviceID; device != "" {
		srv, err := t.cloud.Server(ctx, device)
		switch {
		case is(err, stackhand.NotFound):
		case err != nil:
			return err
		case srv.Metadata[metaStack] != r.Stack:
			return t.left(ctx, r, "the server "+srv.Name+" uses it.")
		default:
			// It was asked for in a call whose answer got lost, and came to life late.
			if err := t.server(ctx, stackhand.Resource{Kind: stackhand.KindServer, ID: srv.ID, Stack: r.Stack}); err != nil {
				return err
			}
		}
	}
	err = patiently(ctx, settling, func() error { return gone(t.cloud.DeletePort(ctx, r.ID)) })
	if is(err, stackhand.Conflict) {
		return t.left(ctx, r, err.Error())
	}
	if err != nil {
		return err
	}
	return t.forget(ctx, r)
}

// locked runs what under the lock, which is let go in any case.
func (t *takedown) locked(ctx context.Context, lock string, what func() error) error {
	if err := t.run.Lock(ctx, lock); err != nil {
		return err
	}
	err := what()
	if free := t.run.Unlock(ctx, lock); err == nil {
		err = free
	}
	return err
}

// others tells whether anybody else uses one of the things.
func (t *takedown) others(ctx context.Context, rs []stackhand.Resource) (bool, error) {
	for _, r := range rs {
		users, err := t.Book.UsersOfResource(ctx, t.name, r.ID)
		if err != nil {
			return false, fmt.Errorf("provision: users of %s %s: %w", r.Kind, r.ID, err)
		}
		for _, u := range users {
			if !slices.Contains(t.own, u) {
				return true, nil
			}
		}
	}
	return false, nil
}

func (t *takedown) group(ctx context.Context, r stackhand.Resource) error {
	return t.locked(ctx, groupLock(t.name, t.project), func() error {
		used, err := t.others(ctx, []stackhand.Resource{r})
		if err != nil {
			return err
		}
		if used {
			return t.forget(ctx, r) // it goes with the last of them
		}
		err = patiently(ctx, settling, func() error { return gone(t.cloud.DeleteSecurityGroup(ctx, r.ID)) })
		if is(err, stackhand.Conflict) {
			return t.left(ctx, r, t.groupUsers(ctx, r.ID, err))
		}
		if err != nil {
			return err
		}
		return t.forget(ctx, r)
	})
}

// groupUsers says which ports use a security group.
func (t *takedown) groupUsers(ctx context.Context, id string, refusal error) string {
	all, err := t.cloud.Ports(ctx, stackhand.PortFilter{})
	if err != nil {
		return refusal.Error()
	}
	all = slices.DeleteFunc(all, func(p stackhand.Port) bool { return !slices.Contains(p.Groups, id) })
	if len(all) == 0 {
		return refusal.Error()
	}
	return portNames(ctx, t.cloud, all) + " uses it."
}

// portNames names ports, and the servers behind them, at most three.
func portNames(ctx context.Context, c Cloud, ports []stackhand.Port) string {
	var out []string
	for _, p := range ports[:min(3, len(ports))] {
		name := "port " + portName(p)
		switch {
		case isInterface(p):
			name = "router " + p.DeviceID
		case p.DeviceID != "":
			if srv, err := c.Server(ctx, p.DeviceID); err == nil {
				name = "server " + srv.Name
			}
		}
		out = append(out, name)
	}
	if more := len(ports) - len(out); more > 0 {
		out = append(out, fmt.Sprintf("%d more", more))
	}
	return strings.Join(out, ", ")
}
