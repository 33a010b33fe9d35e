package openstack

import (
	"testing"
	"time"
)

// TestResizeConfirmedByTheCloud resizes in clouds that confirm at once, after a while, and not at all.
func TestResizeConfirmedByTheCloud(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	path := nova + "/servers/" + p.boot("web-1", p.lay().port)
	resize := func(flavor string) {
		t.Helper()
		p.do("POST", path+"/action", object{"resize": object{"flavorRef": flavor}}).want(202)
		w.clock.add(3 * time.Second)
	}
	w.fault("resize confirms")
	resize("3")
	p.do("GET", path, nil).want(200, `"status":"ACTIVE"`, `"flavor":{"id":"3"`)
	p.do("POST", path+"/action", object{"confirmResize": nil}).want(409, "while it is in vm_state active")
	p.do("POST", path+"/action", object{"revertResize": nil}).want(409, "while it is in vm_state active")
	if got := p.do("GET", path+"/os-instance-actions", nil).want(200).list("instanceActions")[0].(object); got["action"] != "confirmResize" || got["user_id"] != nil {
		t.Errorf("newest action: %v, want a confirmResize of nobody's", got)
	}

	w.fault("resize confirms 60")
	resize("2")
	p.do("GET", path, nil).want(200, `"status":"VERIFY_RESIZE"`)
	w.clock.add(50 * time.Second)
	p.do("GET", path, nil).want(200, `"status":"VERIFY_RESIZE"`)
	w.clock.add(10 * time.Second)
	p.do("GET", path, nil).want(200, `"status":"ACTIVE"`, `"flavor":{"id":"2"`)

	resize("3")
	p.do("POST", path+"/action", object{"revertResize": nil}).want(202) // who is quicker than the cloud is heard
	w.clock.add(2 * time.Minute)
	p.do("GET", path, nil).want(200, `"status":"ACTIVE"`, `"flavor":{"id":"2"`)

	w.fault("resize waits")
	resize("3")
	w.clock.add(24 * time.Hour)
	p = w.as("alice", "team-a")
	p.do("GET", path, nil).want(200, `"status":"VERIFY_RESIZE"`)
	w.fault("resize confirms 60") // servers that wait already are meant as well
	w.clock.add(time.Minute)
	p.do("GET", path, nil).want(200, `"status":"ACTIVE"`, `"flavor":{"id":"3"`)
}

// TestResizeOfAStoppedServerConfirmedByTheCloud ends where it began, by the option as by the fault.
func TestResizeOfAStoppedServerConfirmedByTheCloud(t *testing.T) {
	w := newWorld(t)
	w.cloud.compute.confirm = 30 * time.Second
	p := w.as("alice", "team-a")
	path := nova + "/servers/" + p.boot("web-1", p.lay().port)
	p.do("POST", path+"/action", object{"os-stop": nil}).want(202)
	w.clock.add(3 * time.Second)
	p.do("POST", path+"/action", object{"resize": object{"flavorRef": "3"}}).want(202)
	w.clock.add(3 * time.Second)
	p.do("GET", path, nil).want(200, `"status":"VERIFY_RESIZE"`)
	w.clock.add(30 * time.Second)
	p.do("GET", path, nil).want(200, `"status":"SHUTOFF"`)
}
