package openstack

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// orderForm is what a POST /servers asks for, checked.
type orderForm struct {
	in         object
	name       string
	flavor     *flavor
	image      *image
	min, max   int
	plugs      []plugWish
	disks      []diskWish
	groups     []*group
	names      []string // of the groups, as asked for
	zone       string
	configFlag bool
}

// plugWish is one entry of "networks": a port that exists, or a network to make one on.
type plugWish struct {
	port  *port
	net   *netw
	fixed string
}

// createServer is POST /servers.
func (c *Cloud) createServer(q *call) (answer, error) {
	in, err := q.part("server")
	if err != nil {
		return answer{}, missingPart(err, "server")
	}
	f := &orderForm{in: in}
	for _, check := range []func(*call, *orderForm) error{
		c.checkServerFields, c.checkServerText, c.checkCount, c.checkNetworks, c.checkZone, c.checkImageAndFlavor, c.checkDisks,
		c.checkKey, c.checkFiles, c.checkGroups, c.checkServerQuota, c.checkPlugs,
	} {
		if err := check(q, f); err != nil {
			return answer{}, err
		}
	}
	reservation := "r-" + newHexID()[:8]
	var first *server
	for i := range f.max {
		s := c.newServer(q, f, i)
		s.reservation = reservation
		s.plugs, s.wanted, s.wishes = f.plugs, f.groups, f.disks
		c.takeDisks(s, f.disks, q.now)
		c.compute.servers[s.id] = s
		c.compute.order = append(c.compute.order, s)
		c.build(q, s)
		if first == nil {
			first = s
		}
	}
	if b, _ := in["return_reservation_id"].(bool); b {
		return accepted(object{"reservation_id": reservation})
	}
	names := f.names
	if len(names) == 0 {
		names = []string{"default"}
	}
	groups := []object{}
	for _, n := range names {
		groups = append(groups, object{"name": n})
	}
	a, err := accepted(object{"server": object{"id": first.id, "links": q.links("servers", first.id),
		"OS-DCF:diskConfig": first.diskConfig, "security_groups": groups, "adminPass": first.adminPass}})
	a.head = map[string]string{"Location": q.base() + q.nova() + "/servers/" + first.id}
	return a, err
}

func (c *Cloud) newServer(q *call, f *orderForm, i int) *server {
	s := &server{
		id: newID(), name: f.name, tenant: q.tok.project, user: q.tok.user, flavor: f.flavor, zone: f.zone,
		keyName: text(f.in["key_name"]), userData: text(f.in["user_data"]), description: text(f.in["description"]),
		configDrive: f.configFlag, metadata: map[string]string{}, created: q.now, updated: q.now, diskConfig: "MANUAL",
		pinned: text(f.in["availability_zone"]), adminPass: text(f.in["adminPass"]), launchIndex: i, accessV4: text(f.in["accessIPv4"]), accessV6: text(f.in["accessIPv6"]),
	}
	if f.image != nil {
		s.imageID = f.image.id
	}
	if f.max > 1 {
		s.name = fmt.Sprintf("%s-%d", f.name, i+1)
	}
	if s.adminPass == "" {
		s.adminPass = newPassword()
	}
	if d := text(f.in["OS-DCF:diskConfig"]); d != "" {
		s.diskConfig = d
	}
	if m, given := f.in["metadata"].(object); given {
		for k, v := range m {
			s.metadata[k] = text(v)
		}
	}
	if tags, given := f.in["tags"].([]any); given {
		for _, t := range tags {
			s.tags = append(s.tags, text(t))
		}
	}
	s.groups = f.names
	return s
}

func newPassword() string {
	var raw [9]byte
	_, _ = rand.Read(raw[:])
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// attachPorts binds the ports that were made before, and makes the others.
func (c *Cloud) attachPorts(s *server, plugs []plugWish, groups []*group, now time.Time) error {
	for _, w := range plugs {
		p := w.port
		if p == nil {
			p = c.newPort(w.net, c.newMeta("", s.tenant.id, now))
			p.byNova, p.groups = true, groups
			if len(groups) == 0 {
				p.groups = []*group{c.defaultGroup(s.tenant.id, now)}
			}
			var want any
			if w.fixed != "" {
				want = []any{object{"ip_address": w.fixed}}
			}
			if err := p.allocate(want); err != nil {
				return refusal(400, "%s", err.(*apiError).msg)
			}
			c.network.ports.add(p)
		}
		if p.device != "" || c.network.ports.byID[p.id] == nil {
			return refusal(409, "Port %s is still in use.", p.id)
		}
		p.device, p.owner = s.id, ownerServer
		p.touch(now)
		s.ports = append(s.ports, p)
	}
	return nil
}

// serverFields are what POST /servers takes, with the microversions that they belong to.
var serverFields = map[string][2]int{
	"name": {}, "imageRef": {}, "flavorRef": {}, "networks": {}, "key_name": {}, "metadata": {}, "user_data": {},
	"availability_zone": {}, "config_drive": {}, "security_groups": {}, "min_count": {}, "max_count": {},
	"block_device_mapping_v2": {}, "block_device_mapping": {}, "adminPass": {}, "accessIPv4": {}, "accessIPv6": {},
	"OS-DCF:diskConfig": {}, "return_reservation_id": {}, "personality": {0, 56}, "description": {19, 0},
	"tags": {52, 0}, "trusted_image_certificates": {63, 0}, "host": {74, 0}, "hypervisor_hostname": {74, 0}, "hostname": {90, 0},
}

// checkServerFields refuses what is missing, unknown, or of another microversion.
func (c *Cloud) checkServerFields(q *call, f *orderForm) error {
	must := []string{"name", "flavorRef"}
	if q.minor >= 37 {
		must = append(must, "networks")
	}
	for _, name := range must {
		if _, given := f.in[name]; !given {
			return invalid("server", f.in, "'%s' is a required property", name)
		}
	}
	for _, name := range sortedKeys(f.in) {
		of, known := serverFields[name]
		if !known || q.minor < of[0] || of[1] > 0 && q.minor > of[1] {
			return invalid("server", f.in, "Additional properties are not allowed ('%s' was unexpected)", name)
		}
	}
	return nil
}

func (c *Cloud) checkServerText(q *call, f *orderForm) error {
	if err := checkServerName(f.in["name"]); err != nil {
		return err
	}
	f.name = text(f.in["name"])
	if err := checkMetadata(f.in["metadata"]); err != nil {
		return err
	}
	if err := checkUserData(f.in["user_data"]); err != nil {
		return err
	}
	for _, key := range []string{"accessIPv4", "accessIPv6"} {
		if v := f.in[key]; v != nil && text(v) != "" {
			if _, why := asIP(v); why != "" {
				return invalid(key, v, "%s is not a '%s'", quoted(v), strings.ToLower(strings.TrimPrefix(key, "access")))
			}
		}
	}
	if v, given := f.in["config_drive"]; given && v != nil {
		b, why := asBool(v)
		if why != "" {
			return invalid("config_drive", v, "%s is not one of [True, 'True', 'TRUE', 'true', '1', 'ON', 'On', 'on', 'YES', 'Yes', 'yes', False, 'False', 'FALSE', 'false', '0', 'OFF', 'Off', 'off', 'NO', 'No', 'no']", quoted(v))
		}
		f.configFlag = b.(bool)
	}
	if s, isText := f.in["adminPass"].(string); f.in["adminPass"] != nil && !isText {
		return invalid("adminPass", s, "%s is not of type 'string'", quoted(f.in["adminPass"]))
	}
	return nil
}

func checkServerName(v any) error {
	s, isText := v.(string)
	switch {
	case !isText:
		return invalid("name", v, "%s is not of type 'string'", quoted(v))
	case s == "":
		return invalid("name", v, "'' is too short")
	case len([]rune(s)) > 255:
		return invalid("name", v, "%s is too long", quoted(v))
	case strings.TrimSpace(s) != s || strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f }):
		return refusal(400, "An invalid 'name' value was provided. The name must be: printable characters. Can not start or end with whitespace.")
	}
	return nil
}

// checkMetadata refuses what is no map of short strings.
func checkMetadata(v any) error {
	if v == nil {
		return nil
	}
	m, isObject := v.(object)
	if !isObject {
		return invalid("metadata", v, "%s is not of type 'object'", quoted(v))
	}
	for _, k := range sortedKeys(m) {
		s, isText := m[k].(string)
		switch {
		case k == "" || len(k) > 255 || strings.Trim(k, metadataKeys) != "":
			return invalid("metadata", v, "%s does not match any of the regexes: '^[a-zA-Z0-9-_:. ]{1,255}$'", quoted(k))
		case !isText:
			return invalid(k, m[k], "%s is not of type 'string'", quoted(m[k]))
		case len(s) > 255:
			return invalid(k, s, "%s is too long", quoted(s))
		}
	}
	if len(m) > 128 {
		return refusal(403, "Maximum number of metadata items exceeds 128")
	}
	return nil
}

const metadataKeys = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:. "

// checkUserData takes base64 of at most 65535 characters; like the real one it reads over
// characters that are none of base64's.
func checkUserData(v any) error {
	if v == nil {
		return nil
	}
	s, isText := v.(string)
	if !isText || len(s) > 65535 {
		return invalid("user_data", v, "%s is too long", quoted(v))
	}
	only := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '+' || r == '/' || r == '=' {
			return r
		}
		return -1
	}, s)
	if _, err := base64.StdEncoding.DecodeString(only); err != nil {
		return invalid("user_data", v, "%s is not a 'base64'", quoted(v))
	}
	return nil
}

func (c *Cloud) checkCount(q *call, f *orderForm) error {
	f.min, f.max = 1, 0
	for name, to := range map[string]*int{"min_count": &f.min, "max_count": &f.max} {
		v, given := f.in[name]
		if !given || v == nil {
			continue
		}
		n, isNumber := whole(v)
		if !isNumber {
			return invalid(name, v, "%s is not of type 'integer', 'string'", quoted(v))
		}
		if n < 1 {
			return invalid(name, v, "%d is less than the minimum of 1", n)
		}
		*to = n
	}
	if f.max == 0 {
		f.max = f.min
	}
	if f.min > f.max {
		return refusal(400, "min_count must be <= max_count")
	}
	return nil
}

func (c *Cloud) checkZone(q *call, f *orderForm) error {
	f.zone = "nova"
	zone, host, _ := strings.Cut(cmp.Or(text(f.in["availability_zone"]), f.zone), ":")
	// With no host that is up the default zone is not available either, and Nova says so to those who named none too.
	if c.hostsAway || zone != "nova" || host != "" && host != hostName {
		return refusal(400, "The requested availability zone is not available")
	}
	return nil
}

func (c *Cloud) checkKey(q *call, f *orderForm) error {
	v, given := f.in["key_name"]
	if given && v != nil && c.keyPair(q.tok.user.id, text(v)) == nil {
		return refusal(400, "Invalid key_name provided.")
	}
	return nil
}

// idle is how long a server that is gone is remembered for changes-since, its actions, and the usage of its project.
const idle = 40 * 24 * time.Hour
