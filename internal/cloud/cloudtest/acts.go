package cloudtest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

const nothing = "3a1f9a52-0000-4000-8000-1f0e5b6f2f10" // an id that nobody has

// running is a server of its own on a network of its own, on cidr.
func (s *suite) running(cidr string) (id string, n stackhand.Network, p stackhand.Port) {
	s.Helper()
	n = s.network(s.mark)
	s.subnet(n.ID, cidr)
	p = s.port(n.ID)
	id = s.boot(s.spec(s.mark, p.ID))
	s.active(id)
	return id, n, p
}

// reaches waits until a server has come to rest in one of the states.
func (s *suite) reaches(id string, states ...string) stackhand.Server {
	s.Helper()
	got, err := s.c.Await(s.ctx(), id, func(v stackhand.Server) bool {
		return v.Task == "" && (slices.Contains(states, v.Status) || v.Status == "ERROR")
	})
	s.ok(err)
	if !slices.Contains(states, got.Status) {
		s.Fatalf("server is %s (%s), want %v", got.Status, got.Fault, states)
	}
	return got
}

func power(s *suite) {
	id, _, _ := s.running("10.250.20.0/24")
	for _, step := range []struct {
		verb   string
		states []string
		twice  stackhand.Kind // what the same verb is answered in the new state
	}{
		{stackhand.ActStop, []string{"SHUTOFF"}, stackhand.Conflict},
		{stackhand.ActStart, []string{"ACTIVE"}, stackhand.Conflict},
		{stackhand.ActPause, []string{"PAUSED"}, stackhand.Conflict},
		{stackhand.ActUnpause, []string{"ACTIVE"}, stackhand.Conflict},
		{stackhand.ActSuspend, []string{"SUSPENDED"}, stackhand.Conflict},
		{stackhand.ActResume, []string{"ACTIVE"}, stackhand.Conflict},
		{stackhand.ActShelve, []string{"SHELVED", "SHELVED_OFFLOADED"}, stackhand.Conflict},
		{stackhand.ActUnshelve, []string{"ACTIVE"}, stackhand.Conflict},
	} {
		before := s.actions(id)
		s.Log(step.verb)
		s.ok(s.c.ActOnServer(s.ctx(), id, step.verb))
		got := s.reaches(id, step.states...)
		if after := s.actions(id); len(after) <= len(before) || after[0].Action != step.verb || after[0].UserID != s.c.Identity().UserID {
			s.Errorf("actions after %s: %+v", step.verb, after)
		}
		if slices.Equal(step.states, []string{got.Status}) {
			s.refused(s.c.ActOnServer(s.ctx(), id, step.verb), step.twice)
		}
	}
	for _, verb := range []string{stackhand.ActConfirm, stackhand.ActRevert} {
		s.refused(s.c.ActOnServer(s.ctx(), id, verb), stackhand.Conflict)
	}
	s.refused(s.c.ActOnServer(s.ctx(), id, "explode"), stackhand.Invalid)
}

// noServer: whatever is asked of a server that is not there, the answer is that it is not.
func noServer(s *suite) {
	ctx, name := s.ctx(), "x"
	_, snapshot := s.c.SnapshotServer(ctx, nothing, s.mark, nil)
	_, console := s.c.ConsoleURL(ctx, nothing, "novnc")
	_, attached := s.c.Attachments(ctx, nothing)
	for what, err := range map[string]error{
		"start": s.c.ActOnServer(ctx, nothing, stackhand.ActStart), "unlock": s.c.ActOnServer(ctx, nothing, stackhand.ActUnlock),
		"confirm": s.c.ActOnServer(ctx, nothing, stackhand.ActConfirm), "resize": s.c.ResizeServer(ctx, nothing, s.spec(s.mark).FlavorID),
		"rebuild":  s.c.RebuildServer(ctx, nothing, stackhand.RebuildSpec{ImageID: s.spec(s.mark).ImageID}),
		"snapshot": snapshot, "console": console, "attachments": attached,
		"rename":   s.c.UpdateServer(ctx, nothing, stackhand.ServerChange{Name: &name}),
		"metadata": s.c.ChangeServerMetadata(ctx, nothing, map[string]string{"k": "v"}, nil),
		"group":    s.c.AddServerGroup(ctx, nothing, "default"), "no group": s.c.RemoveServerGroup(ctx, nothing, "default"),
		"port": s.c.AttachPort(ctx, nothing, nothing), "no port": s.c.DetachPort(ctx, nothing, nothing),
	} {
		s.Log(what)
		s.refused(err, stackhand.NotFound)
	}
}

func (s *suite) actions(id string) []stackhand.ServerAction {
	s.Helper()
	all, err := s.c.ServerActions(s.ctx(), id)
	s.ok(err)
	return all
}

func locking(s *suite) {
	id, _, _ := s.running("10.250.21.0/24")
	s.ok(s.c.ActOnServer(s.ctx(), id, stackhand.ActLock))
	s.ok(s.c.ActOnServer(s.ctx(), id, stackhand.ActLock)) // again is fine
	if got, err := s.c.Server(s.ctx(), id); err != nil || !got.Locked {
		s.Errorf("locked, it is %+v: %v", got, err)
	}
	s.refused(s.c.ActOnServer(s.ctx(), id, stackhand.ActStop), stackhand.Conflict)
	s.refused(s.c.RebootServer(s.ctx(), id, true), stackhand.Conflict)
	s.refused(s.c.DeleteServer(s.ctx(), id), stackhand.Conflict)
	s.ok(s.c.ActOnServer(s.ctx(), id, stackhand.ActUnlock))
	s.ok(s.c.ActOnServer(s.ctx(), id, stackhand.ActUnlock))
	if got, err := s.c.Server(s.ctx(), id); err != nil || got.Locked {
		s.Errorf("unlocked, it is %+v: %v", got, err)
	}
	s.ok(s.c.RebootServer(s.ctx(), id, true))
	s.active(id)
}

// larger is the next flavor that a server can be given.
func (s *suite) larger(id string) stackhand.Flavor {
	s.Helper()
	all, err := s.c.Flavors(s.ctx())
	s.ok(err)
	slices.SortFunc(all, func(a, b stackhand.Flavor) int { return a.RAM - b.RAM })
	i := slices.IndexFunc(all, func(f stackhand.Flavor) bool { return f.ID == id })
	for _, f := range all[i+1:] {
		if f.RAM > all[i].RAM && f.Disk >= all[i].Disk {
			return f
		}
	}
	s.Skip("there is no larger flavor")
	return stackhand.Flavor{}
}

func resizing(s *suite) {
	spec := s.spec(s.mark)
	to := s.larger(spec.FlavorID)
	id, _, _ := s.running("10.250.22.0/24")
	was, err := s.c.Server(s.ctx(), id)
	s.ok(err)
	s.refused(s.c.ResizeServer(s.ctx(), id, nothing), stackhand.Invalid, stackhand.NotFound)
	s.refused(s.c.ResizeServer(s.ctx(), id, spec.FlavorID), stackhand.Invalid)
	s.ok(s.c.ResizeServer(s.ctx(), id, to.ID))
	if got := s.reaches(id, "VERIFY_RESIZE"); got.Flavor != to.Name {
		s.Errorf("resized to %s, it has %s", to.Name, got.Flavor)
	}
	s.refused(s.c.ActOnServer(s.ctx(), id, stackhand.ActStop), stackhand.Conflict)
	s.ok(s.c.ActOnServer(s.ctx(), id, stackhand.ActRevert))
	if got := s.reaches(id, "ACTIVE"); got.Flavor != was.Flavor {
		s.Errorf("reverted, it has %s", got.Flavor)
	}
	s.ok(s.c.ActOnServer(s.ctx(), id, stackhand.ActStop))
	s.reaches(id, "SHUTOFF")
	s.ok(s.c.ResizeServer(s.ctx(), id, to.ID))
	s.reaches(id, "VERIFY_RESIZE")
	s.ok(s.c.ActOnServer(s.ctx(), id, stackhand.ActConfirm))
	if got := s.reaches(id, "SHUTOFF"); got.Flavor != to.Name {
		s.Errorf("confirmed, it has %s", got.Flavor)
	}
	if done := s.actions(id); done[0].Action != "confirmResize" || done[1].Action != "resize" {
		s.Errorf("actions %+v", done[:2])
	}
}

func rebuilding(s *suite) {
	n := s.network(s.mark)
	s.subnet(n.ID, "10.250.23.0/24")
	p, spec := s.port(n.ID), s.spec(s.mark)
	spec.Ports, spec.FlavorID = []string{p.ID}, s.larger(spec.FlavorID).ID // with room for other images
	id := s.boot(spec)
	s.active(id)
	was, err := s.c.Server(s.ctx(), id)
	s.ok(err)
	images, err := s.c.Images(s.ctx())
	s.ok(err)
	other := images[len(images)-1].ID
	for _, i := range images {
		if i.ID != was.ImageID && i.Status == "active" {
			other = i.ID
		}
	}
	s.refused(s.c.RebuildServer(s.ctx(), id, stackhand.RebuildSpec{ImageID: nothing}), stackhand.Invalid, stackhand.NotFound)
	name := s.mark + "-anew"
	s.ok(s.c.RebuildServer(s.ctx(), id, stackhand.RebuildSpec{
		ImageID: other, Name: name, Password: "Geheim-" + s.mark, Metadata: map[string]string{"anew": "yes"}, UserData: []byte("#cloud-config\n{}\n"),
	}))
	got := s.reaches(id, "ACTIVE")
	if got.Name != name || got.ImageID != other || !maps.Equal(got.Metadata, map[string]string{"anew": "yes"}) {
		s.Errorf("rebuilt, it is %+v", got)
	}
	if !slices.ContainsFunc(got.Addresses, func(a stackhand.Address) bool { return a.IP == p.IPs[0].IP }) {
		s.Errorf("it lost its address: %+v", got.Addresses)
	}
	s.ok(s.c.RebuildServer(s.ctx(), id, stackhand.RebuildSpec{ImageID: was.ImageID}))
	if got = s.reaches(id, "ACTIVE"); got.ImageID != was.ImageID || got.Name != name || got.Metadata["anew"] != "yes" {
		s.Errorf("rebuilt with nothing but an image, it is %+v", got)
	}
	s.ok(s.c.ActOnServer(s.ctx(), id, stackhand.ActStop))
	s.reaches(id, "SHUTOFF")
	s.ok(s.c.RebuildServer(s.ctx(), id, stackhand.RebuildSpec{ImageID: was.ImageID}))
	s.reaches(id, "SHUTOFF", "ACTIVE")
}

func properties(s *suite) {
	id, _, _ := s.running("10.250.24.0/24")
	s.ok(s.c.ChangeServerMetadata(s.ctx(), id, map[string]string{"team": "a b", "owner.of:it": "ß", "k": "1"}, []string{"never-there"}))
	s.ok(s.c.ChangeServerMetadata(s.ctx(), id, map[string]string{"k": "2"}, []string{"team", "team"}))
	got, err := s.c.Server(s.ctx(), id)
	s.ok(err)
	if want := map[string]string{"stackhand_job": s.mark, "owner.of:it": "ß", "k": "2"}; !maps.Equal(got.Metadata, want) {
		s.Errorf("metadata %v, want %v", got.Metadata, want)
	}
	s.refused(s.c.ChangeServerMetadata(s.ctx(), id, map[string]string{"schlüssel": "x"}, nil), stackhand.Invalid)
	s.refused(s.c.ChangeServerMetadata(s.ctx(), id, map[string]string{"k": strings.Repeat("x", 256)}, nil), stackhand.Invalid)
	s.refused(s.c.ChangeServerMetadata(s.ctx(), nothing, nil, []string{"k"}), stackhand.NotFound)
	name, v4, v6 := s.mark+" ü", "203.0.113.9", "2001:db8::9"
	s.ok(s.c.UpdateServer(s.ctx(), id, stackhand.ServerChange{Name: &name, AccessIPv4: &v4, AccessIPv6: &v6}))
	if got, err = s.c.Server(s.ctx(), id); err != nil || got.Name != name || got.AccessIPv4 != v4 || got.AccessIPv6 != v6 {
		s.Errorf("changed, it is %+v: %v", got, err)
	}
	empty, bad := "", "nonsense"
	s.refused(s.c.UpdateServer(s.ctx(), id, stackhand.ServerChange{Name: &empty}), stackhand.Invalid)
	s.refused(s.c.UpdateServer(s.ctx(), id, stackhand.ServerChange{AccessIPv4: &bad}), stackhand.Invalid)
	s.ok(s.c.UpdateServer(s.ctx(), id, stackhand.ServerChange{}))
	if err = s.c.UpdateServer(s.ctx(), id, stackhand.ServerChange{AccessIPv4: &empty, AccessIPv6: &empty}); err != nil {
		s.refused(err, stackhand.Invalid) // since v2.1 they can only be changed
		return
	}
	if got, err = s.c.Server(s.ctx(), id); err != nil || got.AccessIPv4 != "" || got.AccessIPv6 != "" || got.Name != name {
		s.Errorf("emptied, it is %+v: %v", got, err)
	}
}

func serverGroups(s *suite) {
	g := s.group()
	id, _, _ := s.running("10.250.25.0/24")
	s.ok(s.c.AddServerGroup(s.ctx(), id, g.ID))
	s.refused(s.c.AddServerGroup(s.ctx(), id, g.Name), stackhand.Conflict)
	if got, err := s.c.Server(s.ctx(), id); err != nil || !slices.Contains(got.Groups, g.Name) {
		s.Errorf("groups %v: %v", got.Groups, err)
	}
	s.refused(s.c.AddServerGroup(s.ctx(), id, s.mark+"-none"), stackhand.NotFound)
	s.refused(s.c.DeleteSecurityGroup(s.ctx(), g.ID), stackhand.Conflict)
	s.ok(s.c.RemoveServerGroup(s.ctx(), id, g.ID))
	if got, err := s.c.Server(s.ctx(), id); err != nil || slices.Contains(got.Groups, g.Name) {
		s.Errorf("groups %v: %v", got.Groups, err)
	}
	s.refused(s.c.RemoveServerGroup(s.ctx(), id, g.Name), stackhand.NotFound)
}

func interfaces(s *suite) {
	id, _, p := s.running("10.250.26.0/24")
	second := s.network(s.mark + "-2")
	s.subnet(second.ID, "10.250.27.0/24")
	q := s.port(second.ID)
	s.ok(s.c.AttachPort(s.ctx(), id, q.ID))
	s.refused(s.c.AttachPort(s.ctx(), id, q.ID), stackhand.Conflict, stackhand.Invalid)
	s.refused(s.c.AttachPort(s.ctx(), id, nothing), stackhand.NotFound, stackhand.Invalid)
	used := s.portsOf(id)
	if len(used) != 2 || !slices.Contains(used, p.ID) || !slices.Contains(used, q.ID) {
		s.Errorf("ports %v", used)
	}
	s.ok(s.c.DetachPort(s.ctx(), id, q.ID))
	s.eventually("the port is off", func() bool { return !slices.Contains(s.portsOf(id), q.ID) })
	if err := s.c.DetachPort(s.ctx(), id, q.ID); err != nil { // some Novas say yes to what is done
		s.refused(err, stackhand.NotFound)
	}
	left, err := s.c.Ports(s.ctx(), stackhand.PortFilter{NetworkID: second.ID, Name: s.mark})
	s.ok(err)
	if len(left) != 1 || left[0].DeviceID != "" || left[0].MAC == "" {
		s.Errorf("a port that was given is kept: %+v", left)
	}
}

func (s *suite) portsOf(id string) []string {
	s.Helper()
	all, err := s.c.Ports(s.ctx(), stackhand.PortFilter{DeviceID: id})
	s.ok(err)
	var ids []string
	for _, p := range all {
		ids = append(ids, p.ID)
	}
	return ids
}

// eventually looks until done says so.
func (s *suite) eventually(what string, done func() bool) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.ctx(), time.Minute)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			s.Fatalf("not so after a minute: %s", what)
		case <-tick.C:
		}
	}
}

func consoles(s *suite) {
	id, _, _ := s.running("10.250.28.0/24")
	log, err := s.c.ConsoleLog(s.ctx(), id, 0)
	s.ok(err)
	short, err := s.c.ConsoleLog(s.ctx(), id, 1)
	s.ok(err)
	if log == "" || len(short) > len(log) {
		s.Errorf("the console said %q, its last line %q", log, short)
	}
	offered := 0
	for _, kind := range []string{"novnc", "serial", "spice-html5"} {
		u, err := s.c.ConsoleURL(s.ctx(), id, kind)
		if err != nil {
			s.refused(err, stackhand.Invalid, stackhand.NotFound, stackhand.Conflict)
			continue
		}
		if offered++; !strings.Contains(u, "://") || !strings.Contains(u, "token") {
			s.Errorf("%s console at %q", kind, u)
		}
	}
	if offered == 0 {
		s.Error("there is no console at all")
	}
	_, err = s.c.ConsoleURL(s.ctx(), id, "telepathy")
	s.refused(err, stackhand.Invalid)
	s.ok(s.c.SetServerPassword(s.ctx(), id, "Geheim-"+s.mark))
	err = s.c.SetServerPassword(s.ctx(), nothing, "Geheim-"+s.mark)
	s.refused(err, stackhand.NotFound)
	if strings.Contains(err.Error()+cause(err), "Geheim") {
		s.Error("the password is in the error")
	}
}
