package openstack

import "slices"

// consoleKinds are the types of console by protocol, as Nova's schema has them; only the first of vnc is on offer here.
var consoleKinds = map[string][]string{
	"vnc": {"novnc", "xvpvnc"}, "spice": {"spice-html5"}, "rdp": {"rdp-html5"}, "serial": {"serial"}, "mks": {"webmks"},
}

// remoteConsole is POST /servers/{id}/remote-consoles, which took the place of the actions with microversion 2.6.
func (c *Cloud) remoteConsole(q *call) (answer, error) {
	if err := q.since(6, 0); err != nil {
		return answer{}, err
	}
	body, err := q.json()
	if err != nil {
		return answer{}, err
	}
	in, given := body["remote_console"].(object)
	if !given {
		return answer{}, refusal(400, "'remote_console' is a required property")
	}
	for _, name := range []string{"protocol", "type"} {
		if _, given := in[name]; !given {
			return answer{}, invalid("remote_console", in, "'%s' is a required property", name)
		}
	}
	for _, name := range sortedKeys(in) {
		if name != "protocol" && name != "type" {
			return answer{}, invalid("remote_console", in, "Additional properties are not allowed ('%s' was unexpected)", name)
		}
	}
	s, err := c.server(q, q.id())
	if err != nil {
		return answer{}, err
	}
	protocol, kind := text(in["protocol"]), text(in["type"])
	if !slices.Contains(consoleKinds[protocol], kind) || kind != "novnc" {
		return answer{}, refusal(400, "Unavailable console type %s.", kind)
	}
	if s.host == "" || s.launched.IsZero() {
		return answer{}, refusal(409, "Instance %s is not ready", s.id)
	}
	return ok(object{"remote_console": object{"protocol": protocol, "type": kind, "url": q.base() + "/compute/console?token=" + newID()}})
}
