package openstack

import (
	"slices"
	"strings"
	"time"
)

// serverVerb is one action of POST /servers/{id}/action.
type serverVerb struct {
	from, to int      // microversions; 0: no bound
	vm       []string // vm_states that it is for; nil: any
	busy     bool     // allowed while another task runs
	locked   bool     // allowed on a locked server
	word     string   // what Nova calls it in a refusal; the action's name if ""
	placed   bool     // refused, whatever the state, of a server that no host has
	needs    string   // a property that the body must have
	types    []string // what the body's "type" may be; nil: anything
	fields   []string // all that the body may hold; nil: anything
	do       func(c *Cloud, q *call, s *server, in object) (answer, error)
}

var serverVerbs map[string]serverVerb

func init() {
	up := []string{"active"}
	serverVerbs = map[string]serverVerb{
		"reboot":         {needs: "type", types: []string{"HARD", "Hard", "hard", "SOFT", "Soft", "soft"}, busy: true, do: (*Cloud).reboot},
		"os-start":       {vm: []string{"stopped"}, placed: true, word: "start", do: (*Cloud).start},
		"os-stop":        {vm: []string{"active", "error"}, placed: true, word: "stop", do: (*Cloud).stop},
		"pause":          {vm: up, do: simply("pausing", "paused", powerPaused)},
		"unpause":        {vm: []string{"paused"}, do: simply("unpausing", "active", powerRunning)},
		"suspend":        {vm: up, do: simply("suspending", "suspended", powerSuspended)},
		"resume":         {vm: []string{"suspended"}, do: simply("resuming", "active", powerRunning)},
		"lock":           {busy: true, locked: true, do: (*Cloud).lock},
		"unlock":         {busy: true, locked: true, do: (*Cloud).unlock},
		"shelve":         {vm: []string{"active", "stopped", "paused", "suspended"}, do: (*Cloud).shelve},
		"unshelve":       {vm: []string{"shelved", "shelved_offloaded"}, do: (*Cloud).unshelve},
		"rebuild":        {vm: []string{"active", "stopped", "error"}, needs: "imageRef", do: (*Cloud).rebuild},
		"resize":         {vm: []string{"active", "stopped"}, needs: "flavorRef", do: (*Cloud).resize},
		"confirmResize":  {vm: []string{"resized"}, do: (*Cloud).confirmResize},
		"revertResize":   {vm: []string{"resized"}, do: (*Cloud).revertResize},
		"createImage":    {vm: []string{"active", "stopped", "paused", "suspended"}, needs: "name", do: (*Cloud).snapshot},
		"changePassword": {vm: up, needs: "adminPass", do: (*Cloud).changePassword},

		"os-getConsoleOutput": {busy: true, locked: true, fields: []string{"length"}, do: (*Cloud).consoleOutput},
		"os-getVNCConsole":    consoleVerb("vnc"),
		"os-getSPICEConsole":  consoleVerb("spice"),
		"os-getRDPConsole":    consoleVerb("rdp"),
		"os-getSerialConsole": consoleVerb("serial"),
		"addSecurityGroup":    {busy: true, locked: true, needs: "name", do: (*Cloud).addGroup},
		"removeSecurityGroup": {busy: true, locked: true, needs: "name", do: (*Cloud).removeGroup},
		"addFloatingIp":       {to: 43, busy: true, locked: true, needs: "address", do: (*Cloud).addFloating},
		"removeFloatingIp":    {to: 43, busy: true, locked: true, needs: "address", do: (*Cloud).removeFloating},
		"os-resetState":       {busy: true, locked: true, needs: "state", do: (*Cloud).resetState},
		"forceDelete":         {busy: true, do: (*Cloud).forceDelete},
	}
}

// actOnServer is POST /servers/{id}/action. Nova looks at the form of what it is asked before it looks for the server.
func (c *Cloud) actOnServer(q *call) (answer, error) {
	body, err := q.json()
	if err != nil || len(body) != 1 {
		return answer{}, refusal(400, "Malformed request body")
	}
	name := sortedKeys(body)[0]
	verb, known := serverVerbs[name]
	if !known || slices.Contains(c.era.verbs, name) {
		return answer{}, refusal(400, "There is no such action: %s", name)
	}
	if err := q.since(verb.from, verb.to); err != nil {
		return answer{}, err
	}
	in, err := verb.form(name, body[name])
	if err != nil {
		return answer{}, err
	}
	s, err := c.server(q, q.id())
	if err != nil {
		return answer{}, err
	}
	if err := verb.allowed(q, s, name); err != nil {
		return answer{}, err
	}
	return verb.do(c, q, s, in)
}

// form reads what an action is given, and refuses what its schema does not allow.
func (v serverVerb) form(name string, given any) (object, error) {
	in, isObject := given.(object)
	if !isObject && (v.needs != "" || v.fields != nil) {
		return nil, invalid(name, given, "%s is not of type 'object'", quoted(given))
	}
	if _, given := in[v.needs]; v.needs != "" && !given {
		return nil, invalid(name, in, "'%s' is a required property", v.needs)
	}
	if v.fields != nil {
		if err := only(name, in, v.fields...); err != nil {
			return nil, err
		}
	}
	if v.types != nil && !slices.Contains(v.types, text(in["type"])) {
		return nil, notOneOf("type", in["type"], v.types)
	}
	return in, nil
}

// allowed refuses the wrong moment, in Nova's words.
func (v serverVerb) allowed(q *call, s *server, name string) error {
	if !v.locked {
		if err := s.unlocked(q); err != nil {
			return err
		}
	}
	if v.word != "" {
		name = v.word
	}
	if v.placed && s.host == "" {
		return notReady(s)
	}
	if v.vm != nil && !slices.Contains(v.vm, s.vm) {
		return wrongState(s, name)
	}
	// What concerns the network, the lock or the console is taken even of a server that is being deleted: Nova looks
	// at no task for it (tried on Zed).
	if s.task == "deleting" && name == "forceDelete" || !v.busy && s.task != "" {
		return refusal(409, "Cannot '%s' instance %s while it is in task_state %s", name, s.id, s.task)
	}
	return nil
}

func wrongState(s *server, name string) error {
	return refusal(409, "Cannot '%s' instance %s while it is in vm_state %s", name, s.id, s.vm)
}

// notReady is the refusal of what only a host could do.
func notReady(s *server) error { return refusal(409, "Instance %s is not ready", s.id) }

// simply is an action that is one task and one new state.
func simply(task, vm string, power int) func(*Cloud, *call, *server, object) (answer, error) {
	names := map[string]string{"pausing": "pause", "unpausing": "unpause", "suspending": "suspend", "resuming": "resume"}
	return func(c *Cloud, q *call, s *server, _ object) (answer, error) {
		c.transition(q, s, names[task], task, c.opt.Build/4, func(at time.Time) { s.settleAs(vm, power, at) })
		return accepted(nil)
	}
}

// reboot SOFT is for a running server; HARD brings back one that is stopped or stuck as well.
func (c *Cloud) reboot(q *call, s *server, in object) (answer, error) {
	kind := strings.ToUpper(text(in["type"]))
	allowed, task, busy := []string{"active"}, "rebooting", s.task != ""
	if kind == "HARD" {
		allowed, task = []string{"active", "stopped", "paused", "suspended", "error"}, "rebooting_hard"
		busy = busy && s.status() != "REBOOT" && s.status() != "HARD_REBOOT" && s.task != "pausing" && s.task != "suspending"
	}
	switch {
	case !slices.Contains(allowed, s.vm):
		return answer{}, wrongState(s, "reboot")
	case busy:
		return answer{}, refusal(409, "Cannot 'reboot' instance %s while it is in task_state %s", s.id, s.task)
	case s.host == "":
		return answer{}, refusal(409, "Instance %s is in an invalid state for 'reboot'", s.id)
	}
	c.transition(q, s, "reboot", task, c.opt.Build/2, func(at time.Time) {
		if kind == "HARD" { // the guest is made anew, with counters from zero
			s.halt(at)
		}
		s.settleAs("active", powerRunning, at)
		s.plug(true)
	})
	return accepted(nil)
}

func (c *Cloud) start(q *call, s *server, _ object) (answer, error) {
	c.transition(q, s, "start", "powering-on", c.opt.Build/4, func(at time.Time) { s.settleAs("active", powerRunning, at) })
	return accepted(nil)
}

func (c *Cloud) stop(q *call, s *server, _ object) (answer, error) {
	c.transition(q, s, "stop", "powering-off", c.opt.Build/4, func(at time.Time) { s.settleAs("stopped", powerShutdown, at) })
	return accepted(nil)
}

func (c *Cloud) lock(q *call, s *server, in object) (answer, error) {
	s.locked = "owner"
	if q.tok.admin() {
		s.locked = "admin"
	}
	s.lockedWhy = ""
	if q.minor >= 73 {
		s.lockedWhy = text(in["locked_reason"])
	}
	s.noted(q, "lock").end(q.now, false)
	return accepted(nil)
}

func (c *Cloud) unlock(q *call, s *server, _ object) (answer, error) {
	if s.locked == "admin" && !q.tok.admin() {
		return answer{}, novaPolicy("os-lock-server:unlock:unlock_override")
	}
	s.locked, s.lockedWhy = "", ""
	s.noted(q, "unlock").end(q.now, false)
	return accepted(nil)
}

func (c *Cloud) shelve(q *call, s *server, _ object) (answer, error) {
	c.putAway(q, s)
	c.transition(q, s, "shelve", "shelving", c.opt.Build/2, func(at time.Time) {
		if s.shelved != nil {
			s.shelved.upload(at)
		}
		s.settleAs("shelved_offloaded", powerShutdown, at)
		s.plug(false)
		s.host = ""
	})
	return accepted(nil)
}

func (c *Cloud) unshelve(q *call, s *server, _ object) (answer, error) {
	c.transition(q, s, "unshelve", "unshelving", c.opt.Build/2, func(at time.Time) {
		s.settleAs("active", powerRunning, at)
		s.plug(true)
		s.host = hostName
		c.unpack(s)
	})
	return accepted(nil)
}

func (c *Cloud) changePassword(q *call, s *server, in object) (answer, error) {
	if _, isText := in["adminPass"].(string); !isText {
		return answer{}, invalid("adminPass", in["adminPass"], "%s is not of type 'string'", quoted(in["adminPass"]))
	}
	c.transition(q, s, "changePassword", "updating_password", c.opt.Build/8, func(at time.Time) {
		s.settleAs("active", powerRunning, at)
		s.adminPass = text(in["adminPass"])
	})
	return accepted(nil)
}

func (c *Cloud) resetState(q *call, s *server, in object) (answer, error) {
	if !q.tok.admin() {
		return answer{}, novaPolicy("os-admin-actions:reset_state")
	}
	state := text(in["state"])
	if state != "active" && state != "error" {
		return answer{}, invalid("state", in["state"], "%s is not one of ['active', 'error']", quoted(in["state"]))
	}
	s.gen++
	s.settleAs(state, s.power, q.now)
	return accepted(nil)
}

func (c *Cloud) forceDelete(q *call, s *server, _ object) (answer, error) {
	s.noted(q, "delete").end(q.now, false)
	s.gen++
	c.destroy(s, q.now)
	return accepted(nil)
}
