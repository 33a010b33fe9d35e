package openstack

import (
	"slices"
	"strings"
)

// consoleKinds are the types of console by protocol; only the first of vnc is on offer here.
var consoleKinds = map[string][]string{
	"vnc": {"novnc", "xvpvnc"}, "spice": {"spice-html5"}, "rdp": {"rdp-html5"}, "serial": {"serial"},
}

// remoteConsole is POST /servers/{id}/remote-consoles, which took the place of the actions with microversion 2.6.
func (c *Cloud) remoteConsole(q *call) (answer, error) {
	if err := q.since(6, 0); err != nil {
		return answer{}, err
	}
	protocol, kind, err := readConsole(q)
	if err != nil {
		return answer{}, err
	}
	s, err := c.server(q, q.id())
	if err != nil {
		return answer{}, err
	}
	url, err := s.consoleAt(q, protocol, kind)
	if err != nil {
		return answer{}, err
	}
	return ok(object{"remote_console": object{"protocol": protocol, "type": kind, "url": url}})
}

// readConsole reads the console that is asked for, as Nova's schema has it.
func readConsole(q *call) (protocol, kind string, err error) {
	body, err := q.json()
	if err != nil {
		return "", "", err
	}
	given, there := body["remote_console"]
	in, isObject := given.(object)
	switch {
	case !there:
		return "", "", refusal(400, "'remote_console' is a required property")
	case !isObject:
		return "", "", invalid("remote_console", given, "%s is not of type 'object'", quoted(given))
	case len(body) > 1:
		delete(body, "remote_console")
		return "", "", refusal(400, "Additional properties are not allowed ('%s' was unexpected)", sortedKeys(body)[0])
	}
	protocols, kinds := []string{"vnc", "spice", "rdp", "serial"}, []string{"novnc", "xvpvnc", "rdp-html5", "spice-html5", "serial"}
	if q.minor >= 8 {
		protocols, kinds = append(protocols, "mks"), append(kinds, "webmks")
	}
	for _, field := range []struct {
		name   string
		values []string
	}{{"protocol", protocols}, {"type", kinds}} {
		v, there := in[field.name]
		if !there {
			return "", "", invalid("remote_console", in, "'%s' is a required property", field.name)
		}
		if !slices.Contains(field.values, text(v)) {
			return "", "", notOneOf(field.name, v, field.values)
		}
	}
	return text(in["protocol"]), text(in["type"]), only("remote_console", in, "protocol", "type")
}

// consoleVerb is the action that told the address of a console before microversion 2.6.
func consoleVerb(protocol string) serverVerb {
	return serverVerb{to: 5, busy: true, locked: true, needs: "type", fields: []string{"type"}, types: consoleKinds[protocol],
		do: func(_ *Cloud, q *call, s *server, in object) (answer, error) {
			kind := text(in["type"])
			url, err := s.consoleAt(q, protocol, kind)
			if err != nil && kind == "xvpvnc" {
				err = wordsFor(500) // Nova forgot to say more to clients that ask in the old way
			}
			if err != nil {
				return answer{}, err
			}
			return ok(object{"console": object{"type": kind, "url": url}})
		}}
}

// consoleAt is the address of a console.
func (s *server) consoleAt(q *call, protocol, kind string) (string, error) {
	switch {
	case s.host == "" || s.launched.IsZero():
		return "", notReady(s)
	case protocol == "vnc" && kind != "novnc":
		return "", refusal(400, "Invalid console type %s", kind)
	case protocol != "vnc":
		return "", refusal(400, "Unavailable console type %s.", kind)
	}
	return q.base() + "/compute/console?token=" + newID(), nil
}

// consoleOutput is what the guest has written, or its last lines.
func (c *Cloud) consoleOutput(_ *call, s *server, in object) (answer, error) {
	lines := s.console()
	if v, given := in["length"]; given && v != nil {
		n, isNumber := whole(v)
		if !isNumber {
			return answer{}, invalid("length", v, "%s does not match '^-?[0-9]+$'", quoted(v))
		}
		if n < -1 {
			return answer{}, invalid("length", v, "%s is less than the minimum of -1", quoted(v))
		}
		if n >= 0 && n < len(lines) {
			lines = lines[len(lines)-n:]
		}
	}
	if s.host == "" || s.launched.IsZero() {
		return answer{}, notReady(s)
	}
	return ok(object{"output": strings.Join(lines, "\n")})
}
