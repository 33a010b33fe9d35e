package commands

import (
	"fmt"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// need is how much of one quota a create takes.
type need struct {
	what  string
	n     int
	limit stackhand.Limit
	unit  func(int) string
}

// needs are all quotas that the plan touches.
func (p *plan) needs() []need {
	l, n := p.seen.limits, p.spec.Count
	plain := plainNumber
	out := []need{
		{"servers", n, l.Servers, plain},
		{"cores", n * p.flavor.VCPUs, l.Cores, plain},
		{"RAM", n * p.flavor.RAM, l.RAM, mebi},
	}
	ports := n
	if p.fresh {
		ports += 2 // of the router and of DHCP
		out = append(out, need{"networks", 1, l.Networks, plain}, need{"subnets", 1, l.Subnets, plain})
		if p.spec.External != "" {
			out = append(out, need{"routers", 1, l.Routers, plain})
		}
	}
	out = append(out, need{"ports", ports, l.Ports, plain})
	if gb := p.spec.BootGB; gb > 0 {
		out = append(out, need{"volumes", n, l.Volumes, plain}, need{"GiB of volumes", n * gb, l.VolumeGB, plain})
	}
	if p.spec.Floating {
		out = append(out, need{"floating IPs", n, l.FloatingIPs, plain})
	}
	if len(p.spec.Open) > 0 && !p.hasGroup() {
		// Two rules let everything out, one lets pings in.
		out = append(out, need{"security groups", 1, l.Groups, plain}, need{"security group rules", len(p.spec.Open) + 3, l.GroupRules, plain})
	}
	return out
}

// hasGroup tells whether a group of ours for the same ports is there already.
func (p *plan) hasGroup() bool {
	name := "stackhand-open"
	for _, port := range p.spec.Open {
		name += fmt.Sprintf("-%d", port)
	}
	for _, g := range p.seen.groups {
		if g.Name == name && g.ProjectID == p.spec.ProjectID {
			return true
		}
	}
	return false
}

func plainNumber(i int) string { return fmt.Sprint(i) }

// room refuses a plan that the project's quotas have no room for.
func (p *plan) room() error { return lacking(p.spec.Project, p.names(), p.needs()) }

// listOfQuota is the command that lists what takes of a quota; of those that are not here, servers do.
var listOfQuota = map[string]string{
	"networks": "network list", "subnets": "subnet list", "routers": "router list", "ports": "port list", "floating IPs": "floating ip list",
	"security groups": "security group list", "security group rules": "security group list",
	"volumes": "volume list", "volume storage": "volume list", "GiB of volumes": "volume list", "volume snapshots": "volume snapshot list",
}

// lacking refuses what a project's quotas have no room for, naming all that is short.
func lacking(project, what string, needs []need) error {
	var short []string
	where := "`list`"
	for _, n := range needs {
		if n.n > 0 && !n.limit.Room(n.n) {
			if list := listOfQuota[n.what]; list != "" && len(short) == 0 {
				where = "`" + list + "`"
			}
			short = append(short, fmt.Sprintf("%s (%s of %s in use, %s needed)", n.what, n.unit(n.limit.Used), n.unit(n.limit.Max), n.unit(n.n)))
		}
	}
	if len(short) == 0 {
		return nil
	}
	return stackhand.Errorf(stackhand.Quota, "The project %s has no room for %s: not enough %s.", project, what, strings.Join(short, ", ")).
		Do("Delete something that is no longer needed (%s), ask for less, or ask your cloud's administrator for a larger quota.", where)
}

// show is the plan in words, for --dry-run.
func (p *plan) show() Reply {
	s := p.spec
	plain := stackhand.Textf
	r := Reply{Text: plain("%s would be created in %s of %s: %s, %s, for %s. Nothing was made.", p.names(), s.Project, s.Cloud, s.Flavor, s.Image, lifetime(s))}
	field := func(name, format string, args ...any) {
		r.Fields = append(r.Fields, Field{name, plain(format, args...)})
	}
	field("Image", "%s (%s)", s.Image, s.ImageID)
	field(factFlavor, "%s (%s): %s", s.Flavor, s.FlavorID, flavorThing(p.flavor).note)
	if s.BootGB > 0 {
		from := ""
		if s.BootSnapshot != "" {
			from = ", from the snapshot " + s.BootSnapshot
		}
		field("Boot volume", "%d GiB%s", s.BootGB, from)
	}
	field("Network", "%s", p.network)
	switch {
	case s.Floating:
		field("Floating IP", "%d, from %s (%s)", s.Count, p.externalName(), s.External)
	default:
		field("Floating IP", "none")
	}
	if len(s.Open) > 0 {
		field("Open ports", "%s", openPorts(s.Open))
	}
	if len(s.Groups) > 0 {
		field("Security groups", "%s", strings.Join(s.Groups, ", "))
	}
	field("Key pair", "%s", orNone(s.KeyName))
	if s.For > 0 {
		field(factEnds, "%s after it is ready: if that were now, %s", short(s.For), stackhand.At(p.session.env.Now().Add(s.For)))
	}
	price, known := p.session.settings.Prices[p.flavor.Name]
	field(factCost, "%s", costOf(p.flavor.Name, price, known, s.Count, s.For))
	field(factLeft, "%s", leftOver(p.needs()))
	for _, n := range p.notes {
		field(factMind, "%s", n)
	}
	return r
}

func lifetime(s stackhand.CreateSpec) string {
	if s.For == 0 {
		return "as long as you like"
	}
	return short(s.For)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func (p *plan) externalName() string {
	for _, n := range p.seen.networks {
		if n.ID == p.spec.External {
			return n.Name
		}
	}
	return "the external network"
}

// costOf estimates by the operator's price for an hour of a flavor.
func costOf(flavor string, price float64, known bool, count int, lasts time.Duration) string {
	if !known {
		return "no price known for " + flavor
	}
	hourly := price * float64(count)
	out := rounded(hourly*24, 2) + " a day"
	if lasts > 0 {
		out += fmt.Sprintf(", %s for %s", rounded(hourly*lasts.Hours(), 2), short(lasts))
	}
	return out
}

func leftOver(needs []need) string {
	var out []string
	for _, n := range needs {
		if n.limit.Max >= 0 {
			out = append(out, fmt.Sprintf("%s %s of %s", n.what, n.unit(n.limit.Max-n.limit.Used-n.n), n.unit(n.limit.Max)))
		}
	}
	if len(out) == 0 {
		return "the cloud tells no limits"
	}
	return strings.Join(out, ", ")
}
