package openstack

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Rule is one entry of the fault menu: what goes wrong, with which calls, and how often.
// ParseRule writes one in words.
//
// Path matches the end of a call's path, segment by segment: "/servers" is POST /servers and
// GET /servers, not /servers/{id}/action. "*" is any one segment. So that the paths people
// guess do what they mean, besides that
//   - ids may be left out in the middle: "/servers/action" is POST /servers/{id}/action, and
//     "/add_router_interface" is PUT /routers/{id}/add_router_interface;
//   - an id may be left out at the end with DELETE, PUT and PATCH: "DELETE /servers" is
//     DELETE /servers/{id} — with GET write "/servers/*";
//   - "GET /servers" is GET /servers/detail as well, "/flavors" likewise;
//   - the names of Slack commands will do: "/floating-ips", "/security-group-rules", "/keypairs";
//   - the name of a service, "/identity", "/compute", "/network" or "/image", is every call of it, and "/" every call of all.
type Rule struct {
	Method string // GET, POST …; "" or "any": all
	Path   string

	Status int           // the answer, such as 500
	Drop   bool          // the connection is cut without an answer
	Hang   bool          // no answer comes until the client gives up
	Expire bool          // the call's token ends: 401
	After  bool          // the call is carried out first, so that only its answer is lost
	Delay  time.Duration // before anything else
	Times  int           // how many calls; 0: once (a Delay alone, or with P: always), −1: always
	Nth    int           // which matching call from now on is the first; 0 and 1: the next
	P      float64       // probability of each matching call; 0: 1

	// Instead of a call, one of these.
	None      bool   // all rules for calls, builds and volumes end
	Tokens    bool   // every token that there is ends now
	Revoked   string // the application credentials and tokens of this user are withdrawn
	Build     string // builds of servers of this name, "*" for any, go wrong: Times of them, all by default
	BuildText string // the fault that the build ends with; "" and it never ends
	Volume    string // volumes and snapshots of this name, "*" for any, end in error: Times of them, all by default
	Confirms  bool   // the cloud confirms resizes by itself: after Confirm, as Options.Confirm
	Confirm   time.Duration
	Load      string // servers of this name, "*" for all, are busy by Percent of their processors
	Percent   float64
	Numbers   string // who may read diagnostics: members, admins; or whether there is a metrics service: gnocchi, no gnocchi
	Hosts     string // "away": no hypervisor takes new servers; "back"
	Project   string // gets the Quota Limit, −1 for none
	Quota     string
	Limit     int
	Catalogue *advert // what the catalogue says from now on

	seen int // matching calls so far
	left int // calls still to hit; −1: always
}

// blow is what one call gets.
type blow struct {
	status             int
	drop, hang, expire bool
	after              bool
	delay              time.Duration
}

// Fault adds a rule; it holds from the next call on.
func (c *Cloud) Fault(r Rule) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle(c.opt.Now().UTC())
	switch {
	case r.None:
		c.clearFaults()
		return nil
	case r.Tokens:
		c.expireTokens()
		return nil
	case r.Revoked != "":
		return c.revoke(r.Revoked)
	case r.Catalogue != nil:
		c.advert = *r.Catalogue
		return nil
	case r.Confirms:
		c.setConfirm(r.Confirm, c.opt.Now().UTC())
		return nil
	case r.Load != "":
		c.setLoad(r.Load, r.Percent, c.opt.Now().UTC())
		return nil
	case r.Numbers != "":
		c.setNumbers(r.Numbers)
		return nil
	case r.Hosts != "":
		c.hostsAway = r.Hosts == "away"
		return nil
	case r.Quota != "":
		return c.faultQuota(r)
	}
	left := r.Times
	if left == 0 {
		left = -1
	}
	switch {
	case r.Volume != "":
		c.storage.plans = slices.Insert(c.storage.plans, 0, buildPlan{name: r.Volume, left: left})
		return nil
	case r.Build != "":
		// The newest word on a name counts.
		c.compute.plans = slices.Insert(c.compute.plans, 0, buildPlan{name: r.Build, fault: r.BuildText, left: left})
		return nil
	}
	if err := r.sane(); err != nil {
		return err
	}
	r.left = r.Times
	if r.Times == 0 {
		r.left = 1
		if r.P > 0 || r.Status == 0 && !r.Drop && !r.Hang && !r.Expire {
			r.left = -1
		}
	}
	c.rules = append(c.rules, &r)
	return nil
}

func (c *Cloud) faultQuota(r Rule) error {
	p := c.identity.project(r.Project)
	if p == nil {
		return fmt.Errorf("there is no project %q", r.Project)
	}
	name := quotaAlias(r.Quota)
	set := map[string]int{name: r.Limit}
	if _, compute := computeQuotas[name]; compute {
		c.setQuota(c.compute.quotas, p.id, set)
		return nil
	}
	if _, network := networkQuotas[name]; network {
		c.setQuota(c.network.quotas, p.id, set)
		return nil
	}
	if _, storage := volumeQuotas[name]; storage {
		c.setQuota(c.storage.quotas, p.id, set)
		return nil
	}
	return fmt.Errorf("there is no quota %q", r.Quota)
}

// quotaAlias takes the plural and dashed forms of a quota's name.
func quotaAlias(name string) string {
	name = strings.ReplaceAll(strings.ToLower(name), "-", "_")
	if to, known := map[string]string{"servers": "instances", "floating_ips": "floatingip", "floating_ip": "floatingip", "floatingips": "floatingip",
		"networks": "network", "subnets": "subnet", "routers": "router", "ports": "port", "security_groups": "security_group",
		"security_group_rules": "security_group_rule", "keypairs": "key_pairs", "vcpus": "cores", "memory": "ram",
		"volume": "volumes", "snapshot": "snapshots", "gb": "gigabytes"}[name]; known {
		return to
	}
	return name
}

// Faults lists the rules for calls that may still hit.
func (c *Cloud) Faults() []Rule {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]Rule, len(c.rules))
	for i, r := range c.rules {
		out[i] = *r
	}
	return out
}

// ClearFaults forgets all rules, those for builds and volumes included. Tokens that ended stay ended, and
// quotas stay.
func (c *Cloud) ClearFaults() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clearFaults()
}

func (c *Cloud) clearFaults() { c.rules, c.compute.plans, c.storage.plans = nil, nil, nil }

// strike finds what goes wrong with a call. Delays add up; of the rest the first rule counts.
func (c *Cloud) strike(r *http.Request, pattern string) *blow {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out *blow
	for _, rule := range c.rules {
		only := rule.Status == 0 && !rule.Drop && !rule.Hang && !rule.Expire
		if !rule.matches(r, pattern) || !only && out != nil && out.done() || !c.fires(rule) {
			continue
		}
		if out == nil {
			out = &blow{}
		}
		out.delay += rule.Delay
		if !only {
			out.status, out.drop, out.hang, out.expire, out.after = rule.Status, rule.Drop, rule.Hang, rule.Expire, rule.After
		}
	}
	c.rules = slices.DeleteFunc(c.rules, func(r *Rule) bool { return r.left == 0 })
	if out != nil && out.expire && !out.after {
		delete(c.identity.tokens, r.Header.Get("X-Auth-Token"))
	}
	return out
}

func (b *blow) done() bool { return b.status != 0 || b.drop || b.hang || b.expire }

// fires counts a matching call and tells whether the rule hits it.
func (c *Cloud) fires(r *Rule) bool {
	r.seen++
	if r.left == 0 || r.seen < r.Nth || r.P > 0 && c.random.Float64() >= r.P {
		return false
	}
	if r.left > 0 {
		r.left--
	}
	return true
}

// refuse answers in place of the service; false when the call goes on as if nothing was.
func (c *Cloud) refuse(w http.ResponseWriter, r *http.Request, b *blow) bool {
	switch {
	case b.drop:
		panic(http.ErrAbortHandler) // net/http cuts the connection, and logs nothing
	case b.hang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case b.expire && b.after:
		c.mu.Lock()
		delete(c.identity.tokens, r.Header.Get("X-Auth-Token"))
		c.mu.Unlock()
		send(w, c.problem(serviceOf(r.URL.Path), unauthorized()), requestID())
		return true
	case b.status != 0:
		send(w, c.problem(serviceOf(r.URL.Path), wordsFor(b.status)), requestID())
		return true
	}
	return false
}

// wordsFor is a refusal with the words that services have for a status.
func wordsFor(status int) *apiError {
	e := refusal(status, "%s", http.StatusText(status))
	switch status {
	case 401:
		e = unauthorized()
	case 409:
		e.msg, e.kind = "There was a conflict when trying to complete your request.", "Conflict"
	case 429:
		e.msg, e.after = "This request was rate-limited.", 1
	case 500:
		e.msg = "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if possible.\n<class 'oslo_messaging.exceptions.MessagingTimeout'>"
		e.kind = "HTTPInternalServerError"
	case 503:
		e.msg, e.kind, e.after = "Service Unavailable", "ServiceUnavailable", 1
	}
	return e
}
