package openstack

import (
	"slices"
	"time"
)

// volumeVerb is one action of POST /volumes/{id}/action.
type volumeVerb struct {
	needs string // a property that the body must have
	rule  string // policy that only administrators fulfil
	do    func(c *Cloud, q *call, v *volume, in object) (answer, error)
}

var volumeVerbs = map[string]volumeVerb{
	"os-extend":               {needs: "new_size", do: (*Cloud).extendVolume},
	"os-set_bootable":         {needs: "bootable", do: (*Cloud).setBootable},
	"os-update_readonly_flag": {needs: "readonly", do: (*Cloud).setReadonly},
	"os-detach":               {do: (*Cloud).looseVolume},
	"os-retype":               {needs: "new_type", do: (*Cloud).retypeVolume},
	"os-show_image_metadata":  {do: (*Cloud).showVolumeImage},
	"os-set_image_metadata":   {needs: "metadata", do: (*Cloud).setVolumeImage},
	"os-unset_image_metadata": {needs: "key", do: (*Cloud).unsetVolumeImage},
	"os-reset_status":         {rule: "volume_extension:volume_admin_actions:reset_status", do: (*Cloud).resetVolume},
	"os-force_delete":         {rule: "volume_extension:volume_admin_actions:force_delete", do: (*Cloud).forceDeleteVolume},
	"os-force_detach":         {rule: "volume_extension:volume_admin_actions:force_detach", do: (*Cloud).looseVolume},
}

func noSuchAction(name string) *apiError {
	return refusal(400, "There is no such action: %s. Verify the request body and Content-Type header and try again.", name)
}

// actOnVolume is POST /volumes/{id}/action.
func (c *Cloud) actOnVolume(q *call) (answer, error) {
	body, err := q.json()
	if err != nil || len(body) != 1 {
		return answer{}, refusal(400, "Malformed request body")
	}
	name := sortedKeys(body)[0]
	verb, known := volumeVerbs[name]
	if !known {
		return answer{}, noSuchAction(name)
	}
	in, _ := body[name].(object)
	if _, given := in[verb.needs]; verb.needs != "" && !given {
		return answer{}, invalid(name, body[name], "'%s' is a required property", verb.needs)
	}
	if err := checkVolumeVerb(name, in); err != nil {
		return answer{}, err
	}
	v, err := c.volume(q, q.id())
	if err != nil {
		return answer{}, err
	}
	if verb.rule != "" && !q.tok.admin() {
		return answer{}, cinderPolicy(verb.rule)
	}
	return verb.do(c, q, v, in)
}

// checkVolumeVerb refuses fields by their form, which Cinder does before it looks for the volume.
func checkVolumeVerb(name string, in object) error {
	switch name {
	case "os-extend":
		_, err := wholeGiB("new_size", in["new_size"], "")
		return err
	case "os-set_bootable", "os-update_readonly_flag":
		key := volumeVerbs[name].needs
		if _, isBool := cinderBool(in[key]); !isBool {
			return invalid(key, in[key], "%s is not one of [True, 'True', 'TRUE', 'true', '1', 'ON', 'On', 'on', 'YES', 'Yes', 'yes', 'y', 't', "+
				"False, 'False', 'FALSE', 'false', '0', 'OFF', 'Off', 'off', 'NO', 'No', 'no', 'n', 'f']", quoted(in[key]))
		}
	}
	return nil
}

// cinderBool reads the many words for yes and no.
func cinderBool(v any) (value, isBool bool) {
	s := plain(v)
	yes := slices.Contains([]string{"True", "TRUE", "true", "1", "ON", "On", "on", "YES", "Yes", "yes", "y", "t"}, s)
	no := slices.Contains([]string{"False", "FALSE", "false", "0", "OFF", "Off", "off", "NO", "No", "no", "n", "f"}, s)
	return yes, yes || no
}

func (c *Cloud) extendVolume(q *call, v *volume, in object) (answer, error) {
	size, _ := whole(in["new_size"])
	fine := v.status == "available" || v.status == "in-use" && q.minor >= 42
	switch {
	case size <= v.size:
		return answer{}, invalidVolumeInput("New size for extend must be greater than current size. (current: %d, extended: %d).", v.size, size)
	case !fine:
		return answer{}, invalidVolume("Volume %s status must be '{'status': 'available'}' to extend, currently %s.", v.id, v.status)
	}
	if err := c.roomForSize(v.project, size-v.size); err != nil {
		return answer{}, err
	}
	before := v.status
	v.become("extending", q.now)
	c.laterVolume(v, q.now, c.opt.Build/8, func(at time.Time) {
		v.size = size
		v.become(before, at)
	})
	return accepted(nil)
}

func (c *Cloud) setBootable(q *call, v *volume, in object) (answer, error) {
	v.bootable, _ = cinderBool(in["bootable"])
	v.updated = q.now
	return ok(nil)
}

func (c *Cloud) setReadonly(q *call, v *volume, in object) (answer, error) {
	v.readonly, _ = cinderBool(in["readonly"])
	v.updated = q.now
	return accepted(nil)
}

// looseVolume is Cinder's own detach, which Nova is not told of: the last way out.
func (c *Cloud) looseVolume(q *call, v *volume, _ object) (answer, error) {
	if a := v.attached; a != nil {
		c.release(a, q.now)
	}
	return accepted(nil)
}

// retypeVolume has nothing to change to, as there is one type.
func (c *Cloud) retypeVolume(_ *call, _ *volume, in object) (answer, error) {
	if err := c.checkVolumeKind(object{"volume_type": in["new_type"]}); err != nil {
		return answer{}, err
	}
	return answer{}, invalidVolume("Retype needs volume to be in available or in-use state, not be part of an active migration or a " +
		"consistency group, requested type has to be different that the one from the volume, and for in-use volumes front-end qos specs cannot change.")
}

func (c *Cloud) showVolumeImage(_ *call, v *volume, _ object) (answer, error) {
	if v.image == nil {
		return answer{}, refusal(404, "Glance metadata for volume/snapshot %s cannot be found.", v.id)
	}
	return ok(object{"metadata": v.image})
}

func (c *Cloud) setVolumeImage(_ *call, v *volume, in object) (answer, error) {
	m, _ := in["metadata"].(object)
	if v.image == nil {
		v.image = map[string]string{}
	}
	for k, x := range m {
		v.image[k] = text(x)
	}
	return ok(object{"metadata": v.image})
}

func (c *Cloud) unsetVolumeImage(_ *call, v *volume, in object) (answer, error) {
	if _, there := v.image[text(in["key"])]; !there {
		return answer{}, refusal(404, "Volume %s has no glance metadata with key %s.", v.id, text(in["key"]))
	}
	delete(v.image, text(in["key"]))
	return ok(nil)
}

func (c *Cloud) resetVolume(q *call, v *volume, in object) (answer, error) {
	status := text(in["status"])
	if status != "" {
		v.become(status, q.now)
	}
	if text(in["attach_status"]) == "detached" && v.attached != nil {
		a := v.attached
		v.attached, a.server.disks = nil, without(a.server.disks, a)
	}
	return accepted(nil)
}

func (c *Cloud) forceDeleteVolume(q *call, v *volume, _ object) (answer, error) {
	if v.attached != nil || c.hasSnapshots(v) {
		return answer{}, invalidVolume(undeletable)
	}
	c.eraseVolume(v, q)
	return accepted(nil)
}
