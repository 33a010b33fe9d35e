package openstack

import (
	"time"
)

// server is an instance of Nova.
type server struct {
	id, name, description string
	tenant                *project
	user                  *user
	flavor                *flavor
	oldFlavor             *flavor // before a resize that waits for confirmation
	imageID, keyName      string
	userData, zone        string
	pinned                string // the zone that was asked for; "" left it to Nova
	reservation           string
	adminPass             string
	configDrive           bool
	launchIndex           int
	metadata              map[string]string
	tags                  []string
	ports                 []*port
	disks                 []*attachment
	wishes                []diskWish // volumes asked for at its creation
	rootOnVolume          bool
	shelved               *image     // what it is kept in while it is shelved
	plugs                 []plugWish // bound when the build gets that far
	wanted                []*group
	groups                []string // names asked for, shown while it has no port yet

	vm, task             string // vm_state and task_state; "" is none
	power                int
	fault                *fault
	locked               string // "", "owner" or "admin"
	lockedWhy            string
	host                 string
	accessV4, accessV6   string
	diskConfig           string
	created, updated     time.Time
	launched, terminated time.Time
	gone                 bool
	actions              []*instanceAction
	stretches            []stretch // how busy it was
	busy                 float64   // percent of its processors
	gen                  int       // counts state changes: what was planned before one does not happen
}

// fault is why a server is in ERROR.
type fault struct {
	code    int
	message string
	created time.Time
}

// instanceAction is one entry of os-instance-actions.
type instanceAction struct {
	name, request, user, project string
	start, update, finish        time.Time
	failed                       bool
}

// Power states, by Nova's numbers.
const (
	powerNone      = 0
	powerRunning   = 1
	powerPaused    = 3
	powerShutdown  = 4
	powerSuspended = 7
)

// status is what users see; it follows from vm_state and task_state.
func (s *server) status() string {
	switch s.task {
	case "reboot_pending", "reboot_started", "rebooting":
		return "REBOOT"
	case "rebooting_hard", "reboot_pending_hard", "reboot_started_hard":
		return "HARD_REBOOT"
	case "rebuilding", "rebuild_block_device_mapping", "rebuild_spawning":
		return "REBUILD"
	case "resize_prep", "resize_migrating", "resize_migrated", "resize_finish":
		return "RESIZE"
	case "resize_reverting":
		return "REVERT_RESIZE"
	case "updating_password":
		return "PASSWORD"
	}
	switch s.vm {
	case "building":
		return "BUILD"
	case "stopped":
		return "SHUTOFF"
	case "resized":
		return "VERIFY_RESIZE"
	}
	return map[string]string{"active": "ACTIVE", "error": "ERROR", "paused": "PAUSED", "suspended": "SUSPENDED",
		"deleted": "DELETED", "shelved": "SHELVED", "shelved_offloaded": "SHELVED_OFFLOADED", "soft-delete": "SOFT_DELETED"}[s.vm]
}

// begin puts the server into a task; whatever was planned for it before is off.
func (s *server) begin(task string, now time.Time) {
	s.gen++
	s.task, s.updated = task, now
}

// settleAs ends a task.
func (s *server) settleAs(vm string, power int, at time.Time) {
	s.vm, s.task, s.power, s.updated = vm, "", power, at
	s.count(at)
}

// later plans a change of the server, which is off if something else changes it before.
func (c *Cloud) later(s *server, now time.Time, d time.Duration, do func(at time.Time)) {
	gen := s.gen
	c.at(now.Add(d), func(at time.Time) {
		if s.gen == gen && !s.gone {
			do(at)
		}
	})
}

// noted records an action; the returned entry is finished when it ends.
func (s *server) noted(q *call, name string) *instanceAction {
	a := &instanceAction{name: name, request: requestID(), user: q.tok.user.id, project: q.tok.projectID(), start: q.now, update: q.now}
	s.actions = append(s.actions, a)
	return a
}

func (a *instanceAction) end(at time.Time, failed bool) {
	a.finish, a.update, a.failed = at, at, failed
}

// fail puts the server into ERROR.
func (s *server) fail(message string, at time.Time) {
	s.settleAs("error", powerNone, at)
	s.fault = &fault{code: 500, message: message, created: at}
}

// server finds one that the caller may see.
func (c *Cloud) server(q *call, id string) (*server, error) {
	s := c.compute.servers[id]
	if s == nil || s.gone || !q.tok.sees(s.tenant.id) {
		return nil, refusal(404, "Instance %s could not be found.", id)
	}
	return s, nil
}
