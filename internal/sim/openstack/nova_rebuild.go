package openstack

import "time"

// rebuild makes the server anew from an image; its addresses and volumes stay.
func (c *Cloud) rebuild(q *call, s *server, in object) (answer, error) {
	i := c.images[text(in["imageRef"])]
	switch {
	case s.host == "":
		return answer{}, refusal(409, "Instance %s is in an invalid state for 'rebuild'", s.id)
	case !isUUID(text(in["imageRef"])):
		return answer{}, invalid("imageRef", in["imageRef"], "%s is not a 'uuid'", quoted(in["imageRef"]))
	case i == nil || !i.visibleTo(q.tok):
		return answer{}, refusal(400, "Cannot find image for rebuild")
	}
	if err := c.checkRebuild(q, in); err != nil {
		return answer{}, err
	}
	if err := c.rebuildable(s, i); err != nil {
		return answer{}, err
	}
	s.takeOver(in)
	if !s.rootOnVolume {
		s.imageID = i.id
	}
	vm, power := "active", powerRunning
	if s.vm == "stopped" {
		vm, power = "stopped", powerShutdown
	}
	c.transition(q, s, "rebuild", "rebuilding", c.opt.Build, func(at time.Time) {
		s.halt(at)
		s.settleAs(vm, power, at)
		s.fault, s.launched = nil, at
		s.plug(true)
	})
	return c.rebuilt(q, s)
}

// takeOver changes what a rebuild changes beside the image.
func (s *server) takeOver(in object) {
	setText(in, "name", &s.name)
	setText(in, "description", &s.description)
	setText(in, "accessIPv4", &s.accessV4)
	setText(in, "accessIPv6", &s.accessV6)
	setText(in, "key_name", &s.keyName)
	setText(in, "user_data", &s.userData)
	s.adminPass = newPassword()
	setText(in, "adminPass", &s.adminPass)
	if m, given := in["metadata"].(object); given {
		s.metadata = map[string]string{}
		for k, v := range m {
			s.metadata[k] = text(v)
		}
	}
}

// rebuilt is the answer: the server, with the password that it gets.
func (c *Cloud) rebuilt(q *call, s *server) (answer, error) {
	a, err := c.trimmed(q, s)
	if err != nil {
		return a, err
	}
	v, err := asObject(a.body.(object)["server"])
	if err != nil {
		return a, err
	}
	v["adminPass"] = s.adminPass
	if q.minor >= 57 {
		v["user_data"] = orNil(s.userData)
	}
	return answer{code: 202, body: object{"server": v}, head: map[string]string{"Location": q.base() + q.nova() + "/servers/" + s.id}}, nil
}

// rebuildFields are what rebuild takes, with the microversions that they belong to.
var rebuildFields = map[string][2]int{
	"imageRef": {}, "name": {}, "adminPass": {}, "metadata": {}, "accessIPv4": {}, "accessIPv6": {}, "preserve_ephemeral": {},
	"OS-DCF:diskConfig": {}, "personality": {0, 56}, "description": {19, 0}, "key_name": {54, 0}, "user_data": {57, 0},
	"trusted_image_certificates": {63, 0}, "hostname": {90, 0},
}

// checkRebuild refuses what is unknown, of another microversion, or no key pair.
func (c *Cloud) checkRebuild(q *call, in object) error {
	for _, name := range sortedKeys(in) {
		of, known := rebuildFields[name]
		if !known || q.minor < of[0] || of[1] > 0 && q.minor > of[1] {
			return invalid("rebuild", in, "Additional properties are not allowed ('%s' was unexpected)", name)
		}
	}
	if name := text(in["key_name"]); name != "" && c.keyPair(q.tok.user.id, name) == nil {
		return refusal(400, "Invalid key_name provided.")
	}
	if v, given := in["name"]; given {
		if err := checkServerName(v); err != nil {
			return err
		}
	}
	if err := checkMetadata(in["metadata"]); err != nil {
		return err
	}
	return checkUserData(in["user_data"])
}

// rebuildable refuses an image that does not fit the server: one on a volume keeps the image that it has.
func (c *Cloud) rebuildable(s *server, i *image) error {
	if !s.rootOnVolume {
		return i.fits(s.flavor)
	}
	for _, a := range s.disks {
		if a.root && a.volume.image["image_id"] != i.id {
			return refusal(400, "Unable to rebuild with a different image for a volume-backed server.")
		}
	}
	return nil
}
