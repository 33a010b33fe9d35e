package commands

import (
	"context"
	"slices"

	"github.com/stackhand/stackhand"
)

type volumeAtArgs struct {
	Server string `arg:"server" help:"name or id; in a server's thread it can be left out"`
	Volume string `arg:"volume" help:"name or id; without it you choose"`
	inCloud
	Line Line
}

func (a volumeAtArgs) parts() parts { return parts{a.Server, a.Volume, a.Cloud, a.Line} }

func (a volumeAtArgs) with(server, volume string) volumeAtArgs {
	a.Server, a.Volume = server, volume
	return a
}

// attachable and detachable are Nova's: a paused server takes and gives volumes, a suspended one does not.
var (
	attachable = []string{"ACTIVE", "SHUTOFF", "PAUSED", "VERIFY_RESIZE", "SOFT_DELETED", "SHELVED", "SHELVED_OFFLOADED"}
	detachable = []string{"ACTIVE", "SHUTOFF", "PAUSED", "VERIFY_RESIZE", "SOFT_DELETED"}
)

var _ = addPairing(pairing[volumeAtArgs]{
	change: change{verb: stackhand.ActAddVolume, do: "add a volume to", from: attachable, unlocked: true},
	help:   "attach a volume to a server", example: "add volume web-1 data-1", title: "Add the volume %s to %s", resolve: addVolume,
})

var _ = addPairing(pairing[volumeAtArgs]{
	change: change{verb: stackhand.ActRemoveVolume, do: "remove a volume from", from: detachable, unlocked: true},
	help:   "detach a volume from a server; its data stay", example: "remove volume web-1 data-1", title: "Remove the volume %s from %s", resolve: removeVolume,
})

func addVolume(ctx context.Context, s *session, t target, a volumeAtArgs, spec *stackhand.ActSpec) (stackhand.Text, error) {
	all, err := s.Volumes(ctx)
	if err != nil {
		return nil, err
	}
	free := func(v stackhand.Volume) bool { return v.Status == "available" }
	v, err := suiting("volume", a.Volume, all, volumeKind.thing, free,
		stackhand.Errorf(stackhand.NotFound, "There is no volume that is free.").Do("Make one with `volume create NAME --size GB`."))
	if err != nil {
		return nil, err
	}
	name := first(v.Name, v.ID)
	switch {
	case atServer(v, t.id()):
		return stackhand.Textf("%s has the volume %s already: there is nothing to do.", t.name(), name), nil
	case len(v.Attached) > 0:
		return nil, s.volumeTaken(ctx, v)
	case !free(v):
		return nil, stackhand.Errorf(stackhand.Conflict, "The volume %s is %s, so it cannot be added to a server.", name, v.Status).
			Do("`volume show %s` tells more.", quote(name))
	}
	spec.TargetID, spec.Target = v.ID, name
	return nil, s.mayTouch(ctx, "attach", "the volume "+name, v.Metadata[metaJob])
}

// volumeTaken says at which server a volume is.
func (s *session) volumeTaken(ctx context.Context, v stackhand.Volume) error {
	name, at := first(v.Name, v.ID), v.Attached[0].ServerID
	if sv, err := s.Server(ctx, at); err == nil {
		at = sv.Name
	}
	return stackhand.Errorf(stackhand.Conflict, "The volume %s is at %s.", name, at).Do("`remove volume %s %s` first.", quote(at), quote(name))
}

func atServer(v stackhand.Volume, server string) bool {
	return slices.ContainsFunc(v.Attached, func(x stackhand.Attachment) bool { return x.ServerID == server })
}

func removeVolume(ctx context.Context, s *session, t target, a volumeAtArgs, spec *stackhand.ActSpec) (stackhand.Text, error) {
	all, err := s.Volumes(ctx)
	if err != nil {
		return nil, err
	}
	here := func(v stackhand.Volume) bool { return atServer(v, t.id()) }
	v, err := suiting("volume", a.Volume, all, volumeKind.thing, here, stackhand.Errorf(stackhand.NotFound, "%s has no volume.", t.name()))
	if err != nil {
		return nil, err
	}
	name := first(v.Name, v.ID)
	if !here(v) {
		return nil, stackhand.Errorf(stackhand.Conflict, "The volume %s is not at %s.", name, t.name()).Do("`show %s` lists those that it has.", quote(t.name()))
	}
	if root(v, t) {
		return nil, stackhand.Errorf(stackhand.Conflict, "%s boots from the volume %s, so it cannot be taken away.", t.name(), name).
			Do("It goes with the server: `delete %s`.", quote(t.name()))
	}
	spec.TargetID, spec.Target = v.ID, name
	return nil, nil
}

// root tells whether a server boots from a volume: such a server names no image.
func root(v stackhand.Volume, t target) bool {
	return t.server.ID != "" && t.server.ImageID == "" && v.Bootable && slices.ContainsFunc(v.Attached, func(x stackhand.Attachment) bool {
		return x.ServerID == t.server.ID && (x.Device == "/dev/vda" || x.Device == "/dev/sda")
	})
}
