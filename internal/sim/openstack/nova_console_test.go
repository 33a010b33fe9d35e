package openstack

import (
	"strings"
	"testing"
	"time"
)

func TestConsoles(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	path := nova + "/servers/" + p.boot("web-1", p.lay().port)
	ask := func(protocol, kind any) object {
		return object{"remote_console": object{"protocol": protocol, "type": kind}}
	}
	for _, tc := range []struct {
		micro, at string
		body      object
		status    int
		words     string
	}{
		{"2.5", "/remote-consoles", ask("vnc", "novnc"), 404, "could not be found"},
		{"2.6", "/remote-consoles", ask("vnc", "novnc"), 200, "token="},
		{"2.6", "/remote-consoles", ask("vnc", "xvpvnc"), 400, "Invalid console type xvpvnc"},
		{"2.6", "/remote-consoles", ask("vnc", "serial"), 400, "Invalid console type serial"},
		{"2.6", "/remote-consoles", ask("serial", "serial"), 400, "Unavailable console type serial."},
		{"2.6", "/remote-consoles", ask("spice", "novnc"), 400, "Unavailable console type novnc."},
		{"2.6", "/remote-consoles", ask("mks", "webmks"), 400, "'mks' is not one of ['vnc', 'spice', 'rdp', 'serial']"},
		{"2.8", "/remote-consoles", ask("mks", "webmks"), 400, "Unavailable console type webmks."},
		{"2.6", "/remote-consoles", ask("vnc", "foo"), 400, "'foo' is not one of ['novnc', 'xvpvnc', 'rdp-html5', 'spice-html5', 'serial']"},
		{"2.6", "/remote-consoles", ask(5, "novnc"), 400, "5 is not of type 'string'"},
		{"2.6", "/remote-consoles", object{}, 400, "'remote_console' is a required property"},
		{"2.6", "/remote-consoles", object{"remote_console": nil}, 400, "None is not of type 'object'"},
		{"2.6", "/remote-consoles", object{"remote_console": object{"type": "novnc"}}, 400, "'protocol' is a required property"},
		{"2.6", "/action", object{"os-getSerialConsole": object{"type": "serial"}}, 404, "could not be found"},
		{"", "/action", object{"os-getVNCConsole": object{"type": "novnc"}}, 200, "token="},
		{"", "/action", object{"os-getVNCConsole": object{"type": "foo"}}, 400, "'foo' is not one of ['novnc', 'xvpvnc']"},
		{"", "/action", object{"os-getVNCConsole": object{"type": "xvpvnc"}}, 500, "Unexpected API Error"},
		{"", "/action", object{"os-getVNCConsole": object{"type": "novnc", "x": 1}}, 400, "('x' was unexpected)"},
		{"", "/action", object{"os-getSerialConsole": object{"type": "serial"}}, 400, "Unavailable console type serial."},
		{"", "/action", object{"os-getSPICEConsole": object{"type": "spice-html5"}}, 400, "Unavailable console type spice-html5."},
		{"", "/action", object{"os-getRDPConsole": object{"type": "serial"}}, 400, "'serial' is not one of ['rdp-html5']"},
		{"", "/action", object{"os-getConsoleOutput": nil}, 400, "None is not of type 'object'"},
		{"", "/action", object{"os-getConsoleOutput": object{"length": -5}}, 400, "-5 is less than the minimum of -1"},
	} {
		p.micro = tc.micro
		p.do("POST", path+tc.at, tc.body).want(tc.status, tc.words)
	}
	p.micro = "2.6"
	bob := w.as("bob", "team-b")
	bob.micro = p.micro
	bob.do("POST", path+"/remote-consoles", ask("vnc", "novnc")).want(404)
	elsewhere := nova + "/servers/" + nobody
	p.do("POST", elsewhere+"/remote-consoles", ask("foo", "novnc")).want(400, "'foo' is not one of")
	p.do("POST", elsewhere+"/remote-consoles", ask("vnc", "novnc")).want(404, "Instance "+nobody+" could not be found.")
	p.do("POST", elsewhere+"/action", object{"reboot": object{"type": "X"}}).want(400, "is not one of ['HARD'")
	p.do("POST", elsewhere+"/action", object{"nonsense": nil}).want(400, "There is no such action")
}

// TestShelvedServersAreNotReady holds what Nova answers while no host has the server.
func TestShelvedServersAreNotReady(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	id := p.boot("web-1", p.lay().port)
	path := nova + "/servers/" + id + "/action"
	p.do("POST", path, object{"shelve": nil}).want(202)
	w.clock.add(3 * time.Second)
	for _, verb := range []string{"os-start", "os-stop", "os-getConsoleOutput", "os-getVNCConsole", "pause"} {
		words := "Instance " + id + " is not ready"
		var in any
		switch {
		case verb == "pause":
			words = "Cannot 'pause' instance " + id + " while it is in vm_state shelved_offloaded"
		case strings.HasPrefix(verb, "os-getVNC"):
			in = object{"type": "novnc"}
		case strings.HasPrefix(verb, "os-get"):
			in = object{}
		}
		p.do("POST", path, object{verb: in}).want(409, words)
	}
}
