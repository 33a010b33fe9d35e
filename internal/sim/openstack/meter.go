package openstack

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// usualLoad is how busy a server is of which nothing was said, in percent of its processors.
const usualLoad = 5

// stretch is a time in which a server was equally busy, with its counters at the beginning. They begin anew when it is started.
type stretch struct {
	from      time.Time
	born      time.Time     // of the guest
	load      float64       // percent of all its processors; below 0: it did not run
	cpu       time.Duration // of all of them
	cpus      int
	net, disk float64 // bytes
}

// Bytes a second that a server sends and receives, and reads and writes, for each percent that it is busy.
const (
	netPerLoad  = 1000
	diskPerLoad = 2048
)

// at are the counters at a moment of the stretch.
func (s stretch) at(t time.Time) stretch {
	if gone := t.Sub(s.from); gone > 0 && s.load >= 0 {
		s.cpu += time.Duration(float64(gone) * s.load / 100 * float64(s.cpus))
		s.net += gone.Seconds() * s.load * netPerLoad
		s.disk += gone.Seconds() * s.load * diskPerLoad
	}
	s.from = t
	return s
}

// maxStretches is how much of its past a server's meters keep.
const maxStretches = 500

// count begins a stretch with the state that the server is in now. A paused one keeps its counters, any other loses
// them when it does not run.
func (s *server) count(at time.Time) {
	next := s.meter().at(at)
	switch {
	case s.power == powerPaused:
		next.load = 0
	case s.power != powerRunning:
		next.load = -1
	case next.load < 0:
		next = stretch{from: at, born: at, load: s.busy}
	default:
		next.load = s.busy
	}
	next.cpus = s.flavor.vcpus
	s.stretches = append(s.stretches, next)
	s.stretches = s.stretches[max(0, len(s.stretches)-maxStretches):]
}

// halt ends the counters, as a guest that is begun anew.
func (s *server) halt(at time.Time) { s.stretches = append(s.stretches, stretch{from: at, load: -1}) }

// meter is the stretch that goes on.
func (s *server) meter() stretch {
	if len(s.stretches) == 0 {
		return stretch{load: -1}
	}
	return s.stretches[len(s.stretches)-1]
}

// counters are what a hypervisor would have told at a moment; false if the server did not run.
func (s *server) counters(t time.Time) (stretch, bool) {
	for _, m := range slices.Backward(s.stretches) {
		if !m.from.After(t) {
			return m.at(t), m.load >= 0
		}
	}
	return stretch{}, false
}

// parseLoad reads `load NAME PERCENT`.
func parseLoad(words []string) (Rule, error) {
	usage := fmt.Errorf("a load goes `load NAME PERCENT`, got `load %s`", strings.Join(words, " "))
	if len(words) != 2 {
		return Rule{}, usage
	}
	percent, err := strconv.ParseFloat(strings.TrimSuffix(words[1], "%"), 64)
	if err != nil || percent < 0 || percent > 100 {
		return Rule{}, usage
	}
	return Rule{Load: words[0], Percent: percent}, nil
}

// setLoad makes the servers of a name, those to come included, so busy from now on.
func (c *Cloud) setLoad(name string, percent float64, now time.Time) {
	if c.compute.loads == nil {
		c.compute.loads = map[string]float64{}
	}
	c.compute.loads[name] = percent
	for _, s := range c.compute.servers {
		if !s.gone && (name == "*" || s.name == name) {
			s.busy = percent
			s.count(now)
		}
	}
}

// loadOf is how busy a server of that name is.
func (c *Cloud) loadOf(name string) float64 {
	for _, n := range []string{name, "*"} {
		if l, ok := c.compute.loads[n]; ok {
			return l
		}
	}
	return usualLoad
}

// parseNumbers reads who may read diagnostics, and whether there is a service of metrics.
func parseNumbers(words []string) (Rule, error) {
	switch strings.Join(words, " ") {
	case "members":
		return Rule{Numbers: "members"}, nil
	case "admins":
		return Rule{Numbers: "admins"}, nil
	case "gnocchi":
		return Rule{Numbers: "gnocchi"}, nil
	case "no gnocchi":
		return Rule{Numbers: "no gnocchi"}, nil
	}
	return Rule{}, fmt.Errorf("numbers go `numbers members` or `numbers admins` (who may read diagnostics), `numbers gnocchi` or `numbers no gnocchi`, got `numbers %s`",
		strings.Join(words, " "))
}

func (c *Cloud) setNumbers(what string) {
	switch what {
	case "members", "admins":
		c.compute.open = what == "members"
	case "gnocchi", "no gnocchi":
		c.metered = what == "gnocchi"
	}
}
