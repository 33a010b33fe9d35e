package openstack

import (
	"fmt"
	"maps"
	"strings"
	"time"
)

// createVolume is POST /volumes: from nothing, an image, a snapshot or another volume.
func (c *Cloud) createVolume(q *call) (answer, error) {
	in, err := q.part("volume")
	if err != nil {
		return answer{}, missingPart(err, "volume")
	}
	v, err := c.orderVolume(q, in)
	if err != nil {
		return answer{}, err
	}
	c.growVolume(v, q)
	a, err := accepted(object{"volume": v.view(c, q, false)})
	a.head = map[string]string{"Location": q.volumeLinks("volumes", v.id)[0].Href}
	return a, err
}

// growVolume adds the volume, which is usable a little later.
func (c *Cloud) growVolume(v *volume, q *call) {
	c.next()
	c.storage.volumes = append(c.storage.volumes, v)
	fails := c.planForVolume(v.name)
	c.laterVolume(v, q.now, c.opt.Build/4, func(at time.Time) {
		v.become("available", at)
		v.bootable = v.bootable || v.image != nil
		if fails {
			v.become("error", at)
		}
	})
}

// orderVolume checks a wish and makes the volume of it, which is in no list yet.
func (c *Cloud) orderVolume(q *call, in object) (*volume, error) {
	if err := checkVolumeText(in); err != nil {
		return nil, err
	}
	metadata, err := readVolumeMetadata(in["metadata"])
	if err != nil {
		return nil, err
	}
	size, err := volumeSize(in)
	if err != nil {
		return nil, err
	}
	v := &volume{id: newID(), name: nameOf(in), description: text(in["description"]), status: "creating", size: size,
		project: q.tok.projectID(), user: q.tok.user.id, metadata: map[string]string{}, created: q.now}
	maps.Copy(v.metadata, metadata)
	if err := c.checkVolumeKind(in); err != nil {
		return nil, err
	}
	if err := c.fromSource(q, v, in); err != nil {
		return nil, err
	}
	return v, c.roomForVolume(v.project, "volumes", v.size)
}

func nameOf(in object) string {
	if s := text(in["name"]); s != "" {
		return s
	}
	return text(in["display_name"])
}

// checkVolumeText refuses names and descriptions that are none.
func checkVolumeText(in object) error {
	for _, key := range []string{"name", "description"} {
		s, isText := in[key].(string)
		if in[key] != nil && !isText {
			return invalid(key, in[key], "%s is not of type 'string', 'null'", quoted(in[key]))
		}
		if n := len([]rune(s)); n > 255 {
			return invalidVolumeInput("%s has %d characters, more than 255.", key, n)
		}
	}
	return nil
}

// readVolumeMetadata refuses what is no map of short strings; nil where there is none.
func readVolumeMetadata(v any) (map[string]string, error) {
	if v == nil {
		return nil, nil
	}
	m, isObject := v.(object)
	if !isObject {
		return nil, invalid("metadata", v, "%s is not of type 'object', 'null'", quoted(v))
	}
	out := map[string]string{}
	for _, k := range sortedKeys(m) {
		s, isText := m[k].(string)
		switch {
		case k == "" || len(k) > 255 || strings.Trim(k, metadataKeys+"/") != "":
			return nil, invalid("metadata", v, "%s does not match any of the regexes: '^[a-zA-Z0-9-_:. /]{1,255}$'", quoted(k))
		case !isText:
			return nil, invalid(k, m[k], "%s is not of type 'string'", quoted(m[k]))
		case len(s) > 255:
			return nil, invalid(k, s, "%s is too long", quoted(s))
		}
		out[k] = s
	}
	return out, nil
}

// volumeSize reads the size in GiB; 0 where it comes from the source.
func volumeSize(in object) (int, error) {
	v, given := in["size"]
	if !given || v == nil {
		for _, source := range []string{"snapshot_id", "source_volid"} {
			if in[source] != nil {
				return 0, nil
			}
		}
		return 0, refusal(400, "The server could not comply with the request since it is either malformed or otherwise incorrect.")
	}
	return wholeGiB("size", v, ", 'null'")
}

func wholeGiB(field string, v any, orNull string) (int, error) {
	n, isNumber := whole(v)
	_, isText := v.(string)
	switch {
	case !isNumber && isText:
		return 0, invalid(field, v, "%s does not match '^[0-9]+$'", quoted(v))
	case !isNumber:
		return 0, invalid(field, v, "%s is not of type 'integer', 'string'%s", quoted(v), orNull)
	case n < 1:
		return 0, invalid(field, v, "%d is less than the minimum of 1", n)
	}
	return n, nil
}

func (c *Cloud) checkVolumeKind(in object) error {
	if name := text(in["volume_type"]); name != "" && name != volumeType && name != c.storage.typeID {
		if isUUID(name) {
			return refusal(404, "Volume type %s could not be found.", name)
		}
		return refusal(404, "Volume type with name %s could not be found.", name)
	}
	if zone := text(in["availability_zone"]); zone != "" && zone != "nova" {
		return refusal(400, "Availability zone '%s' is invalid.", zone)
	}
	return nil
}

// fromSource takes over what the volume is made from.
func (c *Cloud) fromSource(q *call, v *volume, in object) error {
	image := text(in["imageRef"])
	if image == "" {
		image = text(in["image_id"])
	}
	from := []string{image, text(in["snapshot_id"]), text(in["source_volid"])}
	n := 0
	for i, id := range from {
		if id == "" {
			continue
		}
		n++
		if i > 0 && !isUUID(id) {
			return invalid([]string{"imageRef", "snapshot_id", "source_volid"}[i], id, "%s is not valid under any of the given schemas", quoted(id))
		}
	}
	switch {
	case n > 1:
		return invalidVolumeInput("May specify only one of backup, imageRef, snapshot, source volume")
	case from[0] != "":
		return c.fromImage(q, v, from[0])
	case from[1] != "":
		return c.fromSnapshot(q, v, from[1])
	case from[2] != "":
		return c.fromVolume(q, v, from[2])
	}
	return nil
}

func (c *Cloud) fromImage(q *call, v *volume, id string) error {
	i := c.images[id]
	switch {
	case i == nil || !i.visibleTo(q.tok):
		return refusal(400, "Invalid image identifier or unable to access requested image.")
	case i.status != "active":
		return invalidVolumeInput("Image %s is not active.", i.id)
	case int64(v.size)<<30 < i.size:
		return invalidVolumeInput("Size of specified image %dGB is larger than volume size %dGB.", (i.size+1<<30-1)>>30, v.size)
	case v.size < i.minDisk:
		return invalidVolumeInput("Volume size %dGB cannot be smaller than the image minDisk size %dGB.", v.size, i.minDisk)
	}
	v.image = map[string]string{"signature_verified": "False"}
	maps.Copy(v.image, i.props)
	maps.Copy(v.image, map[string]string{"image_id": i.id, "image_name": i.name, "checksum": i.checksum, "container_format": i.containerFormat,
		"disk_format": i.diskFormat, "min_disk": fmt.Sprint(i.minDisk), "min_ram": fmt.Sprint(i.minRAM), "size": fmt.Sprint(i.size)})
	return nil
}

func (c *Cloud) fromSnapshot(q *call, v *volume, id string) error {
	s, err := c.snapshotFor(q, id)
	if err != nil {
		return err
	}
	if s.status != "available" {
		return refusal(400, "Invalid snapshot: Originating snapshot status must be one of 'available' values")
	}
	if v.size == 0 {
		v.size = s.size
	}
	if v.size < s.size {
		return invalidVolumeInput("Volume size '%d'GB cannot be smaller than the snapshot size %dGB. They must be >= original snapshot size.", v.size, s.size)
	}
	v.snapshotID, v.bootable, v.image = s.id, s.of.bootable, maps.Clone(s.of.image)
	return nil
}

func (c *Cloud) fromVolume(q *call, v *volume, id string) error {
	from, err := c.volume(q, id)
	if err != nil {
		return err
	}
	if from.status != "available" && from.status != "in-use" {
		return invalidVolume("Invalid volume: Unable to create a volume from an errored source volume.")
	}
	if v.size == 0 {
		v.size = from.size
	}
	if v.size < from.size {
		return invalidVolumeInput("Volume size '%d'GB cannot be smaller than original volume size  %dGB. They must be >= original volume size.", v.size, from.size)
	}
	v.sourceID, v.bootable, v.image = from.id, from.bootable, maps.Clone(from.image)
	return nil
}
