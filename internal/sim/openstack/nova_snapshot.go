package openstack

import (
	"encoding/json"
	"maps"
	"strings"
	"time"
)

// imageOf is the image that a server's snapshot becomes: it belongs to the project of who asks for it. It takes over what is told of the one that the server was made from.
func (c *Cloud) imageOf(q *call, s *server, name string) *image {
	i := &image{name: name, owner: q.tok.projectID(), visibility: "private", status: "queued", minDisk: s.flavor.disk, created: q.now, updated: q.now, props: map[string]string{}}
	base := s.imageID
	for _, a := range s.disks {
		if a.root {
			base = a.volume.image["image_id"]
		}
	}
	if from := c.images[base]; from != nil {
		maps.Copy(i.props, from.props)
	}
	maps.Copy(i.props, map[string]string{"image_type": "snapshot", "instance_uuid": s.id, "user_id": s.user.id, "base_image_ref": base,
		"owner_user_name": s.user.name, "owner_project_name": s.tenant.name, "boot_roles": strings.Join(q.tok.roles, ",")})
	return i
}

// expose takes the snapshot. That of a server on volumes is an empty image, at once, which names snapshots of the volumes.
func (c *Cloud) expose(q *call, s *server, i *image) error {
	if !s.rootOnVolume {
		c.addImage(i)
		vm, power := s.vm, s.power
		c.transition(q, s, "createImage", "image_snapshot", c.opt.Build, func(at time.Time) {
			s.settleAs(vm, power, at)
			if c.images[i.id] == i {
				i.upload(at)
			}
		})
		return nil
	}
	var mapping []object
	for _, a := range s.disks {
		shot, err := c.takeSnapshot(q, a.volume, "snapshot for "+i.name)
		if err != nil {
			return refusal(403, "%s", err.(*apiError).msg)
		}
		entry := object{"source_type": "snapshot", "destination_type": "volume", "snapshot_id": shot.id, "device_name": a.device,
			"boot_index": nil, "delete_on_termination": a.deleteToo, "volume_size": a.volume.size}
		if a.root {
			entry["boot_index"] = 0
		}
		mapping = append(mapping, entry)
	}
	told, err := json.Marshal(mapping)
	if err != nil {
		return err
	}
	for _, key := range []string{"image_type", "instance_uuid", "user_id"} {
		delete(i.props, key)
	}
	maps.Copy(i.props, map[string]string{"bdm_v2": "True", "root_device_name": "/dev/vda", "block_device_mapping": string(told)})
	i.diskFormat, i.containerFormat = "qcow2", "bare"
	i.fill(nil, q.now)
	c.addImage(i)
	s.noted(q, "createImage").end(q.now, false)
	return nil
}

// upload gives a snapshot its content.
func (i *image) upload(at time.Time) {
	i.diskFormat, i.containerFormat = "raw", "bare"
	i.fill(make([]byte, 64<<10), at)
}

// shelf is the name of the image that a shelved server is kept in.
func (s *server) shelf() string { return s.name + "-shelved" }

// putAway makes the image of a server that is being shelved.
func (c *Cloud) putAway(q *call, s *server) {
	if s.rootOnVolume {
		return
	}
	i := c.imageOf(q, s, s.shelf())
	c.addImage(i)
	s.shelved = i
}

// unpack drops it again.
func (c *Cloud) unpack(s *server) {
	if s.shelved != nil {
		c.dropImage(s.shelved.id)
	}
	s.shelved = nil
}
