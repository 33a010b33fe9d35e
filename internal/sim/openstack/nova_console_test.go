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

// TestFormsBeforeServers asks for what no schema allows of a server that is not there: Nova looks at the form first.
func TestFormsBeforeServers(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	lay := p.lay()
	id := p.boot("web-1", lay.port)
	for _, tc := range []struct {
		method, path string
		body         object
		words        string
	}{
		{"POST", "/os-volume_attachments", object{"volumeAttachment": object{}}, "'volumeId' is a required property"},
		{"PUT", "", object{"server": object{"foo": 1}}, "('foo' was unexpected)"},
		{"POST", "/os-interface", object{"interfaceAttachment": object{"foo": 1}}, "('foo' was unexpected)"},
		{"POST", "/os-interface", object{"interfaceAttachment": object{"net_id": "x"}}, "'x' is not a 'uuid'"},
		{"POST", "/os-interface", object{"interfaceAttachment": object{"tag": "x"}}, "('tag' was unexpected)"},
		{"POST", "/os-interface", object{"interfaceAttachment": object{"net_id": nobody, "port_id": nobody}}, "Must not input both"},
	} {
		for _, server := range []string{id, nobody} {
			p.do(tc.method, nova+"/servers/"+server+tc.path, tc.body).want(400, tc.words)
		}
	}
	p.do("DELETE", nova+"/servers/"+id+"/os-interface/"+nobody, nil).want(202)
	p.do("GET", neutron+"/ports/"+lay.port, nil).want(200, id)
}

// TestVolumesOfNovaHaveEmptyNames tells those that Nova made from those that somebody made without a name.
func TestVolumesOfNovaHaveEmptyNames(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	lay := p.lay()
	p.do("POST", nova+"/servers", object{"server": object{"name": "web-1", "flavorRef": "1", "networks": []object{{"port": lay.port}},
		"block_device_mapping_v2": []object{{"boot_index": 0, "uuid": p.image("CirrOS 0.6"), "source_type": "image", "destination_type": "volume",
			"volume_size": 1}}}}).want(202)
	w.clock.add(3 * time.Second)
	base := "/volume/v3/" + p.project + "/volumes"
	p.do("GET", base+"/detail", nil).want(200, `"name":""`, `"description":""`)
	p.do("POST", base, object{"volume": object{"size": 1}}).want(202, `"name":null`)
}
