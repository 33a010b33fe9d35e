package provision_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// Features is told once for a session, and is no call.
func (s session) Features(context.Context) (stackhand.Features, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.features, nil
}

// transition is what Nova does for a verb: in which states, and what comes of it.
type transition struct {
	record string
	from   []string
	to     string
}

var transitions = map[string]transition{
	stackhand.ActStart:    {"start", []string{"SHUTOFF"}, "ACTIVE"},
	stackhand.ActStop:     {"stop", []string{"ACTIVE", "ERROR"}, "SHUTOFF"},
	stackhand.ActPause:    {"pause", []string{"ACTIVE"}, "PAUSED"},
	stackhand.ActUnpause:  {"unpause", []string{"PAUSED"}, "ACTIVE"},
	stackhand.ActSuspend:  {"suspend", []string{"ACTIVE"}, "SUSPENDED"},
	stackhand.ActResume:   {"resume", []string{"SUSPENDED"}, "ACTIVE"},
	stackhand.ActShelve:   {"shelve", []string{"ACTIVE", "SHUTOFF", "PAUSED", "SUSPENDED"}, "SHELVED_OFFLOADED"},
	stackhand.ActUnshelve: {"unshelve", []string{"SHELVED", "SHELVED_OFFLOADED"}, "ACTIVE"},
	stackhand.ActConfirm:  {"confirmResize", []string{"VERIFY_RESIZE"}, "ACTIVE"},
	stackhand.ActRevert:   {"revertResize", []string{"VERIFY_RESIZE"}, "ACTIVE"},
}

// begin starts a change of a server that takes time. A lazy hypervisor leaves the server as it was.
func (s session) begin(id, record, to string, from ...string) (*fakeServer, error) {
	v, err := one(s.servers, "Server", id)
	if err != nil {
		return nil, err
	}
	if v.Task != "" || !slices.Contains(from, v.Status) {
		return nil, inUse("Cannot '%s' instance %s while it is in vm_state %s", record, id, strings.ToLower(v.Status))
	}
	action := stackhand.ServerAction{Action: record, RequestID: s.id("req")}
	v.next = to
	if s.lazy == record {
		action.Message, v.next = "Error", v.Status
	}
	v.actions = append([]stackhand.ServerAction{action}, v.actions...)
	v.ready = time.Now().Add(s.build)
	if record != "confirmResize" { // Nova shows nothing of it but its end
		v.Task = record + "ing"
	}
	return v, nil
}

func (s session) ActOnServer(ctx context.Context, id, verb string) error {
	return s.call(ctx, "ActOnServer", func() error {
		if verb == stackhand.ActLock || verb == stackhand.ActUnlock {
			v, err := one(s.servers, "Server", id)
			if err == nil {
				v.Locked = verb == stackhand.ActLock
			}
			return err
		}
		t := transitions[verb]
		v, err := s.begin(id, t.record, t.to, t.from...)
		if err == nil && verb == stackhand.ActRevert {
			v.FlavorID, v.Flavor = v.old, v.old
		}
		return err
	})
}

func (s session) ResizeServer(ctx context.Context, id, flavor string) error {
	return s.call(ctx, "ResizeServer", func() error {
		if flavor == "tiny" {
			return stackhand.Errorf(stackhand.Invalid, "Flavor's disk is too small for requested image. Flavor disk is smaller than the minimum size specified in image metadata.")
		}
		v, err := s.begin(id, "resize", "VERIFY_RESIZE", "ACTIVE", "SHUTOFF")
		if err != nil {
			return err
		}
		v.old = v.FlavorID
		if s.lazy == "resize" {
			return nil
		}
		if s.auto {
			v.next = v.Status
		}
		v.FlavorID, v.Flavor, v.Status = flavor, flavor, "RESIZE"
		return nil
	})
}

func (s session) RebuildServer(ctx context.Context, id string, spec stackhand.RebuildSpec) error {
	return s.call(ctx, "RebuildServer", func() error {
		was := ""
		if v, ok := s.servers[id]; ok {
			was = v.Status
		}
		v, err := s.begin(id, "rebuild", "ACTIVE", "ACTIVE", "SHUTOFF", "ERROR")
		if err != nil {
			return err
		}
		if was == "SHUTOFF" {
			v.next = was
		}
		v.Status, v.ImageID, v.Name, v.secret = "REBUILD", spec.ImageID, or(spec.Name, v.Name), spec.Password
		if spec.Metadata != nil {
			v.Metadata = maps.Clone(spec.Metadata)
		}
		return nil
	})
}

func (s session) SetServerPassword(ctx context.Context, id, password string) error {
	return s.call(ctx, "SetServerPassword", func() error {
		v, err := one(s.servers, "Server", id)
		if err != nil {
			return err
		}
		if password == "short" {
			return inUse("The password %s is refused by the guest.", password)
		}
		v.secret = password
		return nil
	})
}

func (s session) UpdateServer(ctx context.Context, id string, change stackhand.ServerChange) error {
	return s.call(ctx, "UpdateServer", func() error {
		v, err := one(s.servers, "Server", id)
		if err != nil {
			return err
		}
		for to, from := range map[*string]*string{&v.Name: change.Name, &v.AccessIPv4: change.AccessIPv4, &v.AccessIPv6: change.AccessIPv6} {
			if from != nil {
				*to = *from
			}
		}
		return nil
	})
}

func (s session) ChangeServerMetadata(ctx context.Context, id string, set map[string]string, unset []string) error {
	return s.call(ctx, "ChangeServerMetadata", func() error {
		v, err := one(s.servers, "Server", id)
		if err != nil {
			return err
		}
		meta := maps.Clone(v.Metadata)
		maps.Copy(meta, set)
		for _, k := range unset {
			delete(meta, k)
		}
		v.Metadata = meta
		return nil
	})
}

func (s session) AddServerGroup(ctx context.Context, id, group string) error {
	return s.call(ctx, "AddServerGroup", func() error {
		v, err := one(s.servers, "Server", id)
		if err == nil && !slices.Contains(v.Groups, group) {
			v.Groups = append(slices.Clone(v.Groups), group)
		}
		return err
	})
}

func (s session) RemoveServerGroup(ctx context.Context, id, group string) error {
	return s.call(ctx, "RemoveServerGroup", func() error {
		v, err := one(s.servers, "Server", id)
		if err != nil {
			return err
		}
		if !slices.Contains(v.Groups, group) {
			return missing("Security group", group)
		}
		v.Groups = slices.DeleteFunc(slices.Clone(v.Groups), func(g string) bool { return g == group })
		return nil
	})
}

func (s session) AttachPort(ctx context.Context, server, port string) error {
	return s.call(ctx, "AttachPort", func() error {
		v, err := one(s.servers, "Server", server)
		if err != nil {
			return err
		}
		p, err := one(s.ports, "Port", port)
		if err != nil {
			return err
		}
		if p.DeviceID != "" {
			return inUse("Port %s is still in use.", port)
		}
		p.DeviceID, p.DeviceOwner = v.ID, "compute:nova"
		s.ports[port], v.ports = p, append(v.ports, port)
		return nil
	})
}

func (s session) DetachPort(ctx context.Context, server, port string) error {
	return s.call(ctx, "DetachPort", func() error {
		p, ok := s.ports[port]
		if !ok || p.DeviceID != server {
			return missing("Port", port)
		}
		p.DeviceID, p.DeviceOwner = "", ""
		s.ports[port] = p
		return nil
	})
}

func (s session) AddFloatingIP(ctx context.Context, server, ip, _ string) error {
	return s.call(ctx, "AddFloatingIP", func() error {
		v, err := one(s.servers, "Server", server)
		if err != nil {
			return err
		}
		id, f := first(s.fips, func(f stackhand.FloatingIP) bool { return f.IP == ip })
		if f.ServerID != "" {
			return inUse("floating ip %s is already associated", ip)
		}
		f.ServerID = server
		s.fips[id] = f
		v.Addresses = append(slices.Clone(v.Addresses), stackhand.Address{Network: "novanet", IP: ip, Version: 4, Floating: true})
		return nil
	})
}

func (s session) RemoveFloatingIP(ctx context.Context, server, ip string) error {
	return s.call(ctx, "RemoveFloatingIP", func() error {
		id, f := first(s.fips, func(f stackhand.FloatingIP) bool { return f.IP == ip })
		if f.ServerID != server {
			return inUse("floating ip %s is not associated with %s", ip, server)
		}
		f.ServerID = ""
		s.fips[id] = f
		return nil
	})
}

// did counts what Nova's records say was done under a name, to all servers.
func (c *fakeCloud) did(record string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range c.servers {
		for _, a := range v.actions {
			if a.Action == record {
				n++
			}
		}
	}
	return n
}

// state says how the one server of the name stands.
func (c *fakeCloud) state(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tick()
	for _, v := range c.servers {
		if v.Name == name {
			return fmt.Sprintf("%s %s", v.Status, v.Flavor)
		}
	}
	return "gone"
}
