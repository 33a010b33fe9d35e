package provision_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
)

func (s session) ServersNamed(ctx context.Context, name string) ([]stackhand.Server, error) {
	return do(ctx, s, "ServersNamed", func() ([]stackhand.Server, error) {
		var out []stackhand.Server
		for _, v := range s.servers {
			if v.Name == name {
				out = append(out, v.Server)
			}
		}
		return out, nil
	})
}

func (s session) Server(ctx context.Context, id string) (stackhand.Server, error) {
	return do(ctx, s, "Server", func() (stackhand.Server, error) { return s.peek(id) })
}

func (s session) peek(id string) (stackhand.Server, error) {
	v, err := one(s.servers, "Server", id)
	if err != nil {
		return stackhand.Server{}, err
	}
	if s.elsewhere && len(s.roles) == 0 {
		return stackhand.Server{}, missing("Server", id)
	}
	return v.Server, nil
}

func (s session) CreateServer(ctx context.Context, spec stackhand.ServerSpec) (string, error) {
	return do(ctx, s, "CreateServer", func() (string, error) {
		if spec.ImageID == "broken" || spec.ImageID == "" && s.volumes[spec.BootVolume] == nil {
			return "", stackhand.Errorf(stackhand.Invalid, "The image is broken.")
		}
		for _, id := range spec.Ports {
			p, err := one(s.ports, "Port", id)
			if err != nil {
				return "", stackhand.Errorf(stackhand.Invalid, "Port %s could not be found.", id)
			}
			if p.DeviceID != "" {
				return "", inUse("Port %s is still in use.", id)
			}
		}
		v := &fakeServer{Server: stackhand.Server{
			ID: s.id("server"), Name: spec.Name, Status: "BUILD", Task: "spawning", Metadata: spec.Metadata, Created: time.Now(),
			FlavorID: spec.FlavorID, Flavor: spec.FlavorID, ImageID: spec.ImageID, Groups: spec.Groups,
		}, ports: slices.Clone(spec.Ports), ready: time.Now().Add(s.build)}
		v.actions = []stackhand.ServerAction{{Action: "create", RequestID: s.id("req")}}
		s.servers[v.ID] = v
		if !s.features.Network {
			v.Addresses = []stackhand.Address{{Network: "novanet", IP: fmt.Sprintf("10.1.0.%d", s.ids%250), Version: 4}}
		}
		if spec.BootVolume != "" {
			vol := s.volumes[spec.BootVolume]
			if vol.Status != "available" {
				return "", stackhand.Errorf(stackhand.Invalid, "Volume %s is %s.", vol.ID, vol.Status)
			}
			vol.Status, vol.Attached, v.Volumes = "in-use", []stackhand.Attachment{{VolumeID: vol.ID, ServerID: v.ID, Device: "/dev/vda"}}, []string{vol.ID}
		}
		for _, id := range spec.Ports {
			p := s.ports[id]
			p.DeviceID, p.DeviceOwner = v.ID, "compute:nova"
			s.ports[id] = p
		}
		return v.ID, nil
	})
}

func (s session) DeleteServer(ctx context.Context, id string) error {
	return s.call(ctx, "DeleteServer", func() error {
		v, err := one(s.servers, "Server", id)
		if err == nil && v.Locked {
			return inUse("Instance %s is locked", id)
		}
		if err == nil && v.gone.IsZero() {
			v.Task, v.gone = "deleting", time.Now().Add(s.removal)
		}
		return err
	})
}

func (s session) RebootServer(ctx context.Context, id string, hard bool) error {
	return s.call(ctx, "RebootServer", func() error {
		v, err := one(s.servers, "Server", id)
		if err != nil {
			return err
		}
		if v.Task != "" {
			return inUse("Cannot 'reboot' instance %s while it is in task_state %s", id, v.Task)
		}
		s.reboots++
		v.Status, v.Task, v.next, v.ready = "REBOOT", "reboot_started", "", time.Now().Add(s.build)
		v.actions = append([]stackhand.ServerAction{{Action: "reboot", RequestID: s.id("req")}}, v.actions...)
		return nil
	})
}

func (s session) ServerActions(ctx context.Context, id string) ([]stackhand.ServerAction, error) {
	return do(ctx, s, "ServerActions", func() ([]stackhand.ServerAction, error) {
		v, err := one(s.servers, "Server", id)
		if err != nil {
			return nil, err
		}
		return slices.Clone(v.actions), nil
	})
}

func (s session) Await(ctx context.Context, id string, done func(stackhand.Server) bool) (stackhand.Server, error) {
	for {
		v, err := do(ctx, s, "Await", func() (stackhand.Server, error) { return s.peek(id) })
		if err != nil || done(v) {
			return v, err
		}
		if err := pause(ctx, s.look); err != nil {
			return v, err
		}
	}
}
