package openstack

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Volumes of a server: os-volume_attachments, and how they come and go with the server.

func (a *attachment) view(q *call) object {
	v := object{"id": a.volume.id, "volumeId": a.volume.id, "serverId": a.server.id, "device": a.device}
	if q.minor >= 70 {
		v["tag"] = orNil(a.tag)
	}
	if q.minor >= 79 {
		v["delete_on_termination"] = a.deleteToo
	}
	if q.minor >= 89 {
		delete(v, "id")
		v["attachment_id"], v["bdm_uuid"] = a.id, a.bdm
	}
	return v
}

// serverVolumes is GET /servers/{id}/os-volume_attachments.
func (c *Cloud) serverVolumes(q *call) (answer, error) {
	s, err := c.server(q, q.id())
	if err != nil {
		return answer{}, err
	}
	out := []object{}
	for _, a := range s.disks {
		out = append(out, a.view(q))
	}
	return ok(object{"volumeAttachments": out})
}

// diskOf is the attachment that the path names.
func (c *Cloud) diskOf(q *call) (*server, *attachment, error) {
	s, err := c.server(q, q.id())
	if err != nil {
		return nil, nil, err
	}
	id := q.PathValue("volume")
	for _, a := range s.disks {
		if a.volume.id == id {
			return s, a, nil
		}
	}
	return s, nil, refusal(404, "Instance %s is not attached to volume %s", s.id, id)
}

func (c *Cloud) showServerVolume(q *call) (answer, error) {
	_, a, err := c.diskOf(q)
	if err != nil {
		return answer{}, err
	}
	return ok(object{"volumeAttachment": a.view(q)})
}

var devicePattern = regexp.MustCompile(`^/dev/x?[a-z]?d?[a-z]+[0-9]*$`)

// attachmentFields are what POST takes, with the microversion that they came with.
var attachmentFields = map[string]int{"volumeId": 0, "device": 0, "tag": 49, "delete_on_termination": 79}

func checkAttachment(q *call, in object) error {
	id, given := in["volumeId"]
	if !given {
		return invalid("volumeAttachment", in, "'volumeId' is a required property")
	}
	for _, key := range sortedKeys(in) {
		if since, known := attachmentFields[key]; !known || q.minor < since {
			return invalid("volumeAttachment", in, "Additional properties are not allowed ('%s' was unexpected)", key)
		}
	}
	if !isUUID(text(id)) {
		return invalid("volumeId", id, "%s is not a 'uuid'", quoted(id))
	}
	if d := in["device"]; d != nil && !devicePattern.MatchString(text(d)) {
		return invalid("device", d, "%s does not match '(^/dev/x{0,1}[a-z]{0,1}d{0,1})([a-z]+)[0-9]*$'", quoted(d))
	}
	return checkTermination(in)
}

func checkTermination(in object) error {
	if v, given := in["delete_on_termination"]; given {
		if _, isBool := cinderBool(v); !isBool {
			return invalid("delete_on_termination", v, "%s is not one of [True, 'True', 'TRUE', 'true', '1', 'ON', 'On', 'on', 'YES', 'Yes', 'yes', "+
				"False, 'False', 'FALSE', 'false', '0', 'OFF', 'Off', 'off', 'NO', 'No', 'no']", quoted(v))
		}
	}
	return nil
}

// attachVolume is POST /servers/{id}/os-volume_attachments.
func (c *Cloud) attachVolume(q *call) (answer, error) {
	in, err := q.part("volumeAttachment")
	if err != nil {
		return answer{}, missingPart(err, "volumeAttachment")
	}
	if err := checkAttachment(q, in); err != nil {
		return answer{}, err
	}
	s, err := c.server(q, q.id())
	if err != nil {
		return answer{}, err
	}
	v, err := c.volume(q, text(in["volumeId"]))
	if err != nil {
		return answer{}, err
	}
	if err := s.unlocked(q); err != nil {
		return answer{}, err
	}
	if !slices.Contains([]string{"active", "paused", "stopped", "resized", "soft-delete", "shelved", "shelved_offloaded"}, s.vm) {
		return answer{}, wrongState(s, "attach_volume")
	}
	if s.task != "" {
		return answer{}, refusal(409, "Cannot 'attach_volume' instance %s while it is in task_state %s", s.id, s.task)
	}
	if err := v.free(); err != nil {
		return answer{}, err
	}
	a := c.reserve(s, v, text(in["device"]), q.now)
	a.tag = text(in["tag"])
	a.deleteToo, _ = cinderBool(in["delete_on_termination"])
	action := s.noted(q, "attach_volume")
	c.laterVolume(v, q.now, c.opt.Build/8, func(at time.Time) {
		a.plugged(at)
		action.end(at, false)
	})
	view := a.view(q)
	return ok(object{"volumeAttachment": view})
}

// free refuses a volume that something else has, in Nova's words.
func (v *volume) free() error {
	if a := v.attached; a != nil {
		return invalidVolume("volume %s is already attached to instances: %s", v.id, a.server.id)
	}
	return v.reservable()
}

// reservable refuses a volume that is not available, as Nova passes Cinder's words on.
func (v *volume) reservable() error {
	if v.status != "available" {
		return invalidVolume("Invalid input received: Invalid volume: Volume %s status must be available or downloading to reserve, but the current status is %s. (HTTP 400) (Request-ID: %s)",
			v.id, v.status, requestID())
	}
	return nil
}

// reserve puts the volume on the server, which sees it when it is plugged.
func (c *Cloud) reserve(s *server, v *volume, device string, now time.Time) *attachment {
	if device == "" {
		device = s.nextDevice()
	}
	a := &attachment{id: newID(), bdm: newID(), device: device, volume: v, server: s}
	v.attached, s.disks = a, append(s.disks, a)
	v.become("reserved", now)
	return a
}

// nextDevice is the first name that is free; the first disk of all is vda.
func (s *server) nextDevice() string {
	for i := 'a'; i <= 'z'; i++ {
		name := fmt.Sprintf("/dev/vd%c", i)
		taken := slices.ContainsFunc(s.disks, func(a *attachment) bool { return a.device == name })
		if !taken && (i > 'a' || s.imageID == "") {
			return name
		}
	}
	return "/dev/vdz"
}

func (a *attachment) plugged(at time.Time) {
	a.at = at
	a.volume.become("in-use", at)
}

// updateServerVolume is PUT, which since 2.85 changes delete_on_termination; swapping volumes is for
// administrators.
func (c *Cloud) updateServerVolume(q *call) (answer, error) {
	in, err := q.part("volumeAttachment")
	if err != nil {
		return answer{}, missingPart(err, "volumeAttachment")
	}
	if err := checkTermination(in); err != nil {
		return answer{}, err
	}
	_, a, err := c.diskOf(q)
	if err != nil {
		return answer{}, err
	}
	if q.minor < 85 || text(in["volumeId"]) != a.volume.id {
		return answer{}, novaPolicy("os-volumes-attachments:swap")
	}
	if v, given := in["delete_on_termination"]; given {
		a.deleteToo, _ = cinderBool(v)
	}
	return accepted(nil)
}

// detachVolume is DELETE /servers/{id}/os-volume_attachments/{volume}.
func (c *Cloud) detachVolume(q *call) (answer, error) {
	if _, err := c.server(q, q.id()); err != nil {
		return answer{}, err
	}
	if _, err := c.volume(q, q.PathValue("volume")); err != nil {
		return answer{}, err
	}
	s, a, err := c.diskOf(q)
	if err != nil {
		return answer{}, err
	}
	if err := s.unlocked(q); err != nil {
		return answer{}, err
	}
	switch {
	case a.root && s.vm != "shelved_offloaded":
		return answer{}, refusal(400, "Cannot detach a root device volume")
	case !slices.Contains([]string{"active", "paused", "stopped", "resized", "soft-delete", "shelved", "shelved_offloaded"}, s.vm):
		return answer{}, wrongState(s, "detach_volume")
	case a.volume.status != "in-use":
		return answer{}, invalidVolume("Invalid input received: Invalid volume: Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to detach. (HTTP 400) (Request-ID: %s)",
			requestID())
	}
	action := s.noted(q, "detach_volume")
	a.volume.become("detaching", q.now)
	c.laterVolume(a.volume, q.now, c.opt.Build/8, func(at time.Time) {
		c.release(a, at)
		action.end(at, false)
	})
	return accepted(nil)
}

// release takes a volume off its server.
func (c *Cloud) release(a *attachment, at time.Time) {
	a.server.disks = without(a.server.disks, a)
	a.volume.attached = nil
	a.volume.become("available", at)
}

// dropDisks takes the volumes off a server that goes; those that were made for it go along.
func (c *Cloud) dropDisks(s *server, at time.Time) {
	for _, a := range slices.Clone(s.disks) {
		c.release(a, at)
		if a.deleteToo && !c.hasSnapshots(a.volume) {
			c.dropVolume(a.volume)
		}
	}
}

// diskView is a volume in the view of its server.
type diskView struct {
	ID        string `json:"id"`
	DeleteToo *bool  `json:"delete_on_termination,omitempty"`
}

func (s *server) diskViews(q *call) []diskView {
	out := []diskView{}
	if s.task == "scheduling" {
		return out // Nova tells of them when the server has a host
	}
	for _, a := range s.disks {
		v := diskView{ID: a.volume.id}
		if q.minor >= 3 {
			v.DeleteToo = &a.deleteToo
		}
		out = append(out, v)
	}
	return out
}
