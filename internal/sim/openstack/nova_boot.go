package openstack

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Servers on volumes: block_device_mapping_v2 of POST /servers.

// diskWish is one entry of it: a volume that exists, or one to make from something.
type diskWish struct {
	volume       *volume
	from         object // what createVolume would be asked for, where the volume is to be made
	root, delete bool
	device, tag  string
}

var (
	mappingFields = []string{"source_type", "destination_type", "uuid", "boot_index", "delete_on_termination", "volume_size", "device_name",
		"device_type", "disk_bus", "guest_format", "image_id", "no_device", "tag", "volume_type", "volume_id", "snapshot_id"}
	sourceTypes = []string{"volume", "image", "snapshot", "blank"}
)

func badMapping(format string, args ...any) *apiError {
	e := refusal(400, format, args...)
	e.msg = "Block Device Mapping is Invalid: " + e.msg
	return e
}

// checkDisks reads block_device_mapping_v2 into what the form wants.
func (c *Cloud) checkDisks(q *call, f *orderForm) error {
	list, _ := f.in["block_device_mapping_v2"].([]any)
	list = f.image.mapped(list)
	for _, x := range list {
		o, isObject := x.(object)
		if !isObject {
			return invalid("block_device_mapping_v2", list, "%s is not of type 'object'", quoted(x))
		}
		for _, k := range sortedKeys(o) {
			if !slices.Contains(mappingFields, k) {
				return invalid("0", o, "Additional properties are not allowed ('%s' was unexpected)", k)
			}
		}
		w, err := c.diskWish(q, o)
		if err != nil {
			return err
		}
		if w != nil {
			f.disks = append(f.disks, *w)
		}
	}
	roots := 0
	for _, w := range f.disks {
		if w.root {
			roots++
		}
	}
	if f.image != nil && !f.localRoot(list) && roots == 0 {
		roots++
	}
	if len(list) > 0 && roots != 1 && !f.localRoot(list) || roots > 0 && f.localRoot(list) {
		return badMapping("Boot sequence for the instance and image/block device mapping combination is not valid.")
	}
	return c.checkRoots(f)
}

// mapped are the disks that an image stands for which is one of a server on volumes, together with those that were asked for. A disk that
// was asked for takes the place of one with its name.
func (i *image) mapped(asked []any) []any {
	if i == nil || i.props["bdm_v2"] == "" {
		return asked
	}
	var own []object
	d := json.NewDecoder(strings.NewReader(i.props["block_device_mapping"]))
	d.UseNumber()
	if d.Decode(&own) != nil {
		return asked
	}
	var all []any
	root := false
	for _, o := range own {
		named := func(x any) bool {
			a, _ := x.(object)
			return text(a["device_name"]) != "" && text(a["device_name"]) == text(o["device_name"])
		}
		if slices.ContainsFunc(asked, named) {
			continue
		}
		wish := object{"source_type": o["source_type"], "destination_type": o["destination_type"], "uuid": o["snapshot_id"], "boot_index": o["boot_index"],
			"delete_on_termination": o["delete_on_termination"], "volume_size": o["volume_size"], "device_name": o["device_name"]}
		n, isNumber := whole(o["boot_index"])
		root = root || isNumber && n == 0
		all = append(all, wish)
	}
	for _, x := range asked {
		o, _ := x.(object)
		if n, isNumber := whole(o["boot_index"]); root && isNumber && n == 0 && text(o["source_type"]) == "image" && text(o["destination_type"]) == "local" {
			continue // the image has no disk of its own
		}
		all = append(all, x)
	}
	return all
}

// localRoot tells whether a mapping names the image's own disk, as clients do beside data volumes.
func (f *orderForm) localRoot(list []any) bool {
	return slices.ContainsFunc(list, func(x any) bool {
		o, _ := x.(object)
		n, isNumber := whole(o["boot_index"])
		return isNumber && n == 0 && text(o["source_type"]) == "image" && text(o["destination_type"]) == "local"
	})
}

// diskWish resolves one entry; nil is one that needs no volume.
func (c *Cloud) diskWish(q *call, o object) (*diskWish, error) {
	source, id := text(o["source_type"]), text(o["uuid"])
	if !slices.Contains(sourceTypes, source) {
		return nil, invalid("source_type", o["source_type"], "%s is not one of ['volume', 'image', 'snapshot', 'blank']", quoted(o["source_type"]))
	}
	if id == "" && source != "blank" {
		return nil, badMapping("Missing device UUID.")
	}
	n, isNumber := whole(o["boot_index"])
	w := &diskWish{root: isNumber && n == 0, device: text(o["device_name"]), tag: text(o["tag"])}
	w.delete, _ = cinderBool(o["delete_on_termination"])
	to := text(o["destination_type"])
	if source == "volume" {
		v, err := c.volume(q, id)
		if err != nil {
			return nil, badMapping("failed to get volume %s.", id)
		}
		w.volume = v
		return w, nil
	}
	if (source == "blank" || source == "image") && to != "volume" {
		return nil, nil
	}
	return w, c.growable(q, w, source, id, o)
}

// growable fills in what the volume of a wish is to be made from.
func (c *Cloud) growable(q *call, w *diskWish, source, id string, o object) error {
	size, _ := whole(o["volume_size"])
	w.from = object{"size": any(size), "name": "", "volume_type": o["volume_type"]}
	switch source {
	case "image":
		if i := c.images[id]; i == nil || !i.visibleTo(q.tok) {
			return badMapping("failed to get image %s.", id)
		}
		w.from["imageRef"] = id
	case "snapshot":
		if _, err := c.snapshotFor(q, id); err != nil {
			return refusal(400, "Snapshot %s could not be found.", id)
		}
		w.from["snapshot_id"] = id
	}
	switch {
	case size == 0 && source == "image":
		return refusal(400, "Images with destination_type 'volume' need to have a non-zero size specified")
	case size == 0 && source == "blank":
		return refusal(400, "Blank volumes (source: 'blank', dest: 'volume') need to have non-zero size")
	case size == 0:
		delete(w.from, "size")
	}
	return nil
}

// checkRoots refuses disks that cannot be booted or taken.
func (c *Cloud) checkRoots(f *orderForm) error {
	for _, w := range f.disks {
		if w.root && w.volume != nil && !w.volume.bootable {
			return refusal(400, "Block Device %s is not bootable.", w.volume.id)
		}
		i := c.images[text(w.from["imageRef"])]
		size, sized := whole(w.from["size"])
		if w.root && w.from["snapshot_id"] != nil && sized {
			i = f.image // Nova measures the disk that it would make by the image, although nothing of it comes from there
		}
		if i != nil {
			if size < i.minDisk {
				return refusal(400, "Volume is smaller than the minimum size specified in image metadata. Volume size is %d bytes, minimum size is %d bytes.",
					int64(size)<<30, int64(i.minDisk)<<30)
			}
		}
		if w.volume != nil {
			if err := w.volume.reservable(); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeDisks reserves the volumes of a new server; those to be made are made while it builds.
func (c *Cloud) takeDisks(s *server, wishes []diskWish, now time.Time) {
	for _, w := range wishes {
		if w.root {
			s.imageID = ""
		}
		if w.volume != nil {
			c.mount(s, w, w.volume, now)
		}
	}
	s.rootOnVolume = slices.ContainsFunc(wishes, func(w diskWish) bool { return w.root })
}

func (c *Cloud) mount(s *server, w diskWish, v *volume, now time.Time) {
	a := c.reserve(s, v, w.device, now)
	a.root, a.deleteToo, a.tag = w.root, w.delete, w.tag
}

// growDisks makes the volumes that a building server asked for. Nova notices only then that they cannot be had.
func (c *Cloud) growDisks(q *call, s *server, at time.Time) error {
	then := *q
	then.now = at
	for _, w := range s.wishes {
		if w.volume != nil {
			continue
		}
		v, err := c.orderVolume(&then, w.from)
		if err != nil {
			return err
		}
		v.byNova, v.bootable = true, v.image != nil || v.bootable
		c.next()
		c.storage.volumes = append(c.storage.volumes, v)
		c.mount(s, w, v, at)
	}
	return nil
}

// plugDisks is the moment at which the guest sees its volumes.
func (s *server) plugDisks(at time.Time) {
	for _, a := range s.disks {
		if a.at.IsZero() {
			a.plugged(at)
		}
	}
}
