package openstack

import (
	"maps"
	"strconv"
	"time"
)

// view is a volume as Cinder shows it; detailed adds what only GET does.
func (v *volume) view(c *Cloud, q *call, detailed bool) object {
	o := object{"id": v.id, "status": v.status, "size": v.size, "availability_zone": "nova", "created_at": micro(v.created),
		"updated_at": nil, "name": v.title(v.name), "description": v.title(v.description), "volume_type": volumeType,
		"snapshot_id": orNil(v.snapshotID), "source_volid": orNil(v.sourceID), "metadata": maps.Clone(v.metadata),
		"links": q.volumeLinks("volumes", v.id), "user_id": v.user, "bootable": strconv.FormatBool(v.bootable), "encrypted": false,
		"replication_status": nil, "consistencygroup_id": nil, "multiattach": v.multi, "attachments": []object{}}
	if !v.updated.IsZero() {
		o["updated_at"] = micro(v.updated)
	}
	if a := v.attached; a != nil && !a.at.IsZero() {
		one := object{"id": v.id, "attachment_id": a.id, "volume_id": v.id, "server_id": a.server.id, "host_name": nil,
			"device": a.device, "attached_at": micro(a.at)}
		if q.tok.admin() {
			one["host_name"] = orNil(a.server.host)
		}
		o["attachments"] = []object{one}
	}
	v.addLater(c, q, o)
	if !detailed {
		return o
	}
	o["os-vol-tenant-attr:tenant_id"] = v.project
	if v.image != nil {
		o["volume_image_metadata"] = maps.Clone(v.image)
	}
	if q.tok.admin() {
		o["os-vol-host-attr:host"], o["os-vol-mig-status-attr:migstat"], o["os-vol-mig-status-attr:name_id"] = hostName+"@fake#fake", nil, nil
	}
	return o
}

// title is a name or description as views have it: null where there is none, "" where Nova gave that.
func (v *volume) title(s string) any {
	if v.byNova {
		return s
	}
	return orNil(s)
}

// addLater adds what microversions brought after 3.0.
func (v *volume) addLater(c *Cloud, q *call, o object) {
	for _, later := range []struct {
		from  int
		key   string
		value any
	}{
		{13, "group_id", nil}, {21, "provider_id", nil}, {48, "shared_targets", false}, {48, "service_uuid", c.storage.serviceID},
		{61, "cluster_name", nil}, {63, "volume_type_id", c.storage.typeID}, {65, "consumes_quota", true},
	} {
		admins := later.key == "provider_id" || later.key == "cluster_name"
		if q.minor >= later.from && (!admins || q.tok.admin()) {
			o[later.key] = later.value
		}
	}
}

// listVolumes is GET /volumes and /volumes/detail, newest first.
func (c *Cloud) listVolumes(detail bool) handler {
	return func(q *call) (answer, error) {
		items := newestFirst(c.storage.volumes, func(v *volume) (object, bool) {
			return v.view(c, q, true), q.listsProject(v.project)
		})
		return q.cinderPage("volumes", items, func(o object) object {
			if detail {
				return o
			}
			return object{"id": o["id"], "name": o["name"], "links": o["links"]}
		})
	}
}

func (c *Cloud) showVolume(q *call) (answer, error) {
	v, err := c.volume(q, q.id())
	if err != nil {
		return answer{}, err
	}
	return ok(object{"volume": v.view(c, q, true)})
}

// updateVolume is PUT /volumes/{id}: name, description, metadata.
func (c *Cloud) updateVolume(q *call) (answer, error) {
	in, err := q.part("volume")
	if err != nil {
		return answer{}, missingPart(err, "volume")
	}
	set, err := readEdit("volume", in)
	if err != nil {
		return answer{}, err
	}
	v, err := c.volume(q, q.id())
	if err != nil {
		return answer{}, err
	}
	set.apply(&v.name, &v.description, &v.metadata)
	v.updated = q.now
	return ok(object{"volume": v.view(c, q, false)})
}

// cinderEdit is what PUT changes of a volume or a snapshot; nil fields stay.
type cinderEdit struct {
	name, description *string
	metadata          map[string]string
}

func readEdit(part string, in object) (cinderEdit, error) {
	var e cinderEdit
	for _, key := range sortedKeys(in) {
		switch key {
		case "name", "display_name":
			e.name = new(text(in[key]))
		case "description", "display_description":
			e.description = new(text(in[key]))
		case "metadata":
		default:
			return e, invalid(part, in, "Additional properties are not allowed ('%s' was unexpected)", key)
		}
	}
	if err := checkVolumeText(in); err != nil {
		return e, err
	}
	var err error
	e.metadata, err = readVolumeMetadata(in["metadata"])
	return e, err
}

func (e cinderEdit) apply(name, description *string, metadata *map[string]string) {
	if e.name != nil {
		*name = *e.name
	}
	if e.description != nil {
		*description = *e.description
	}
	if e.metadata != nil {
		*metadata = e.metadata
	}
}

const undeletable = "Volume status must be available or error or error_restoring or error_extending or error_managing and must not be " +
	"migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated from snapshots after volume transfer."

// deleteVolume is DELETE /volumes/{id}; cascade=true takes the snapshots along.
func (c *Cloud) deleteVolume(q *call) (answer, error) {
	v, err := c.volume(q, q.id())
	if err != nil {
		return answer{}, err
	}
	cascade, why := asBool(q.URL.Query().Get("cascade"))
	all := why == "" && cascade.(bool)
	switch {
	case v.status == "deleting":
		return accepted(nil)
	case v.status != "available" && v.status != "error" && v.status != "error_extending" && v.status != "creating",
		v.attached != nil, !all && c.hasSnapshots(v):
		return answer{}, invalidVolume(undeletable)
	}
	if all {
		for _, s := range c.storage.snapshots {
			if s.of == v {
				c.eraseSnapshot(s, q)
			}
		}
	}
	c.eraseVolume(v, q)
	return accepted(nil)
}

func (c *Cloud) hasSnapshots(v *volume) bool {
	for _, s := range c.storage.snapshots {
		if s.of == v {
			return true
		}
	}
	return false
}

func (c *Cloud) eraseVolume(v *volume, q *call) {
	v.become("deleting", q.now)
	c.laterVolume(v, q.now, c.opt.Build/8, func(time.Time) { c.dropVolume(v) })
}
