package openstack

import (
	"maps"
	"time"
)

func (s *snapshot) view(q *call, detailed bool) object {
	o := object{"id": s.id, "created_at": micro(s.created), "updated_at": nil, "name": orNil(s.name), "description": orNil(s.description),
		"volume_id": s.of.id, "status": s.status, "size": s.size, "metadata": maps.Clone(s.metadata)}
	if !s.updated.IsZero() {
		o["updated_at"] = micro(s.updated)
	}
	if q.minor >= 14 {
		o["group_snapshot_id"] = nil
	}
	if q.minor >= 41 {
		o["user_id"] = s.user
	}
	if q.minor >= 65 {
		o["consumes_quota"] = true
	}
	if detailed {
		o["os-extended-snapshot-attributes:project_id"], o["os-extended-snapshot-attributes:progress"] = s.project, "0%"
		if s.status == "available" {
			o["os-extended-snapshot-attributes:progress"] = "100%"
		}
	}
	return o
}

// listSnapshots is GET /snapshots and /snapshots/detail, newest first.
func (c *Cloud) listSnapshots(detail bool) handler {
	return func(q *call) (answer, error) {
		items := newestFirst(c.storage.snapshots, func(s *snapshot) (object, bool) {
			return s.view(q, detail), q.listsProject(s.project)
		})
		return q.cinderPage("snapshots", items, func(o object) object { return o })
	}
}

func (c *Cloud) showSnapshot(q *call) (answer, error) {
	s, err := c.snapshotFor(q, q.id())
	if err != nil {
		return answer{}, err
	}
	return ok(object{"snapshot": s.view(q, true)})
}

var snapshotFields = map[string]bool{"name": true, "display_name": true, "description": true, "display_description": true, "volume_id": true,
	"force": true, "metadata": true}

// createSnapshot is POST /snapshots; force takes one of a volume in use.
func (c *Cloud) createSnapshot(q *call) (answer, error) {
	in, err := q.part("snapshot")
	if err != nil {
		return answer{}, missingPart(err, "snapshot")
	}
	if in["volume_id"] == nil {
		return answer{}, invalid("snapshot", in, "'volume_id' is a required property")
	}
	for _, key := range sortedKeys(in) {
		if !snapshotFields[key] {
			return answer{}, invalid("snapshot", in, "Additional properties are not allowed ('%s' was unexpected)", key)
		}
	}
	id := text(in["volume_id"])
	if !isUUID(id) {
		return answer{}, invalid("volume_id", id, "%s is not valid under any of the given schemas", quoted(id))
	}
	if name := nameOf(in); len([]rune(name)) > 255 {
		return answer{}, invalid("name", name, "%s is too long", quoted(name))
	}
	metadata, err := readVolumeMetadata(in["metadata"])
	if err != nil {
		return answer{}, err
	}
	v, err := c.volume(q, id)
	if err != nil {
		return answer{}, err
	}
	force, why := asBool(in["force"])
	forced := why == "" && force.(bool) || q.minor >= 66 // from then on all are taken so
	if v.status != "available" && !(forced && v.status == "in-use") {
		return answer{}, invalidVolume("Volume %s status must be available, but current status is: %s.", v.id, v.status)
	}
	s, err := c.takeSnapshot(q, v, nameOf(in))
	if err != nil {
		return answer{}, err
	}
	s.description = text(in["description"])
	maps.Copy(s.metadata, metadata)
	return accepted(object{"snapshot": s.view(q, false)})
}

// takeSnapshot makes a snapshot, which is usable a little later.
func (c *Cloud) takeSnapshot(q *call, v *volume, name string) (*snapshot, error) {
	if err := c.roomForVolume(q.tok.projectID(), "snapshots", v.size); err != nil {
		return nil, err
	}
	s := &snapshot{id: newID(), name: name, status: "creating", of: v, size: v.size, project: q.tok.projectID(), user: q.tok.user.id,
		metadata: map[string]string{}, created: q.now}
	c.next()
	c.storage.snapshots = append(c.storage.snapshots, s)
	fails := c.planForVolume(name)
	c.at(q.now.Add(c.opt.Build/4), func(at time.Time) {
		if s.status != "creating" {
			return
		}
		s.status, s.updated = "available", at
		if fails {
			s.status = "error"
		}
	})
	return s, nil
}

func (c *Cloud) updateSnapshot(q *call) (answer, error) {
	in, err := q.part("snapshot")
	if err != nil {
		return answer{}, missingPart(err, "snapshot")
	}
	set, err := readEdit("snapshot", in)
	if err != nil {
		return answer{}, err
	}
	s, err := c.snapshotFor(q, q.id())
	if err != nil {
		return answer{}, err
	}
	set.apply(&s.name, &s.description, &s.metadata)
	s.updated = q.now
	return ok(object{"snapshot": s.view(q, false)})
}

func (c *Cloud) deleteSnapshot(q *call) (answer, error) {
	s, err := c.snapshotFor(q, q.id())
	if err != nil {
		return answer{}, err
	}
	if s.status != "available" && s.status != "error" {
		return answer{}, refusal(400, "Invalid snapshot: Snapshot status must be available or error or error_deleting.")
	}
	c.eraseSnapshot(s, q)
	return accepted(nil)
}

func (c *Cloud) eraseSnapshot(s *snapshot, q *call) {
	s.status, s.updated = "deleting", q.now
	c.at(q.now.Add(c.opt.Build/8), func(time.Time) {
		s.gone = true
		c.storage.snapshots = without(c.storage.snapshots, s)
	})
}

// snapshotAction is POST /snapshots/{id}/action, for administrators.
func (c *Cloud) snapshotAction(q *call) (answer, error) {
	s, err := c.snapshotFor(q, q.id())
	if err != nil {
		return answer{}, err
	}
	body, err := q.json()
	if err != nil || len(body) != 1 {
		return answer{}, refusal(400, "Malformed request body")
	}
	name := sortedKeys(body)[0]
	if name != "os-reset_status" && name != "os-force_delete" {
		return answer{}, noSuchAction(name)
	}
	if !q.tok.admin() {
		return answer{}, cinderPolicy("volume_extension:snapshot_admin_actions:" + name[3:])
	}
	if name == "os-force_delete" {
		c.eraseSnapshot(s, q)
		return accepted(nil)
	}
	in, _ := body[name].(object)
	s.status, s.updated = text(in["status"]), q.now
	return accepted(nil)
}
