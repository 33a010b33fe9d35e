package commands

import (
	"strings"
	"testing"

	"github.com/stackhand/stackhand"
)

// Nouns that have no such command are no names of servers: nothing is made, nothing deleted.
func TestAbsent(t *testing.T) {
	for line, want := range map[string]string{
		"server add network":                                "no command for that yet",
		"server add network web-1 n":                        "no command for that yet",
		"server add floating ip web-1 1.2.3.4":              "no command for that yet",
		"server remove security group data default":         "no command for that yet",
		"server add volume data web-1":                      "no command for that yet",
		"server image create web-1":                         "Did you mean image list",
		"server image create web-1 --name x":                "Did you mean image list",
		"server rename data web":                            "no command for that yet",
		"network create n":                                  "Did you mean network list.*Usage: network list",
		"create network n":                                  "Did you mean network list",
		"please create a new network n":                     "Did you mean network list",
		"add 2 networks":                                    "Did you mean network list",
		"make network":                                      "Did you mean network list",
		"add router":                                        "no command for that yet",
		"create a router":                                   "no command for that yet",
		"subnet create s-1":                                 "no command for that yet",
		"create port p-1":                                   "no command for that yet",
		"volume create data":                                "no command for that yet",
		"volume delete data":                                "no command for that yet",
		"delete volume data":                                "no command for that yet",
		"remove the volumes data and web":                   "no command for that yet",
		"floating ip create public":                         "Did you mean floating ip list",
		"add floating ip web-1 1.2.3.4":                     "Did you mean floating ip list",
		"remove floating ip 203.0.113.5":                    "Did you mean floating ip list",
		"security group create g-1":                         "Did you mean security group list",
		"security group delete data":                        "Did you mean security group list",
		"load balancer create lb-1":                         "no command for that yet",
		"server group create g-1":                           "no command for that yet",
		"make coffee":                                       "no command for that yet",
		"make me coffee":                                    "no command for that yet",
		"order pizza":                                       "no command for that yet",
		"can you add network n-1 to web-1":                  "Did you mean network list",
		"openstack network create n":                        "I do not understand|needs a name|Did you mean",
		"openstack server add floating ip data 203.0.113.5": "I do not understand|does not know",
	} {
		t.Run(line, func(t *testing.T) {
			w, env := newWorld()
			for _, name := range []string{"data", "web", "volume", "network", "default"} {
				w.give("U0ALICE", name)
			}
			r, err := say(t, env, alice, line)
			if stackhand.KindOf(err) != stackhand.Invalid || len(w.jobs) != 0 {
				t.Fatalf("%d jobs, kind %q: %s", len(w.jobs), stackhand.KindOf(err), told(r, err))
			}
			expect(t, told(r, err), want)
		})
	}
}

// What stands beside a noun of the catalogue and is meant all the same.
func TestNotAbsent(t *testing.T) {
	for line, want := range map[string]string{
		"create web":                                 "Create web: job",
		"add web-5":                                  "Understood as create web-5",
		"make me a server named coffee":              "Understood as create coffee",
		"launch coffee":                              "Understood as create coffee",
		"create --name network":                      "Create network: job",
		"server create web-5":                        "Create web-5: job",
		"server delete data":                         "Delete data: job",
		"remove server data":                         "Understood as delete data",
		"openstack server create --image i-jammy w1": "Create w1: job",
		"make me a server with image debian named w": "Understood as create w --image debian",
		"add a server with key laptop named x1":      "Understood as create x1 --key-name laptop",
		"remove key laptop":                          "laptop",
		"delete keypair laptop":                      "laptop",
		"show the networks":                          "public",
	} {
		t.Run(line, func(t *testing.T) {
			w, env := newWorld()
			w.give("U0ALICE", "data")
			r, err := say(t, env, alice, line)
			if err != nil {
				t.Fatal(told(r, err))
			}
			expect(t, told(r, err), want)
		})
	}
}

// TestHelpOfALine asks for help beside whatever else a command takes.
func TestHelpOfALine(t *testing.T) {
	for line, want := range map[string]string{
		"delete web-1 --help": `Usage: delete \[SERVER…\]`, "delete --help": `Usage: delete \[SERVER…\]`, "help delete web-1": `Usage: delete \[SERVER…\]`,
		"delete web-1 --public --help": `Usage: delete \[SERVER…\]`, "help kill web-1": `Usage: delete \[SERVER…\]`, "image list ubuntu --help": `Usage: image list`,
		"create x --flavor m1.small -h": `Usage: create NAME`, "openstack server create web-9 --help": `Usage: create NAME`, "server delete --help": `Usage: delete`,
		"--help": `create .*list`, "help --help": `create .*list`, "-h": `create .*list`,
	} {
		w, env := newWorld()
		w.give("U0ALICE", "web-1")
		r, err := say(t, env, alice, line)
		if err != nil || len(w.jobs) != 0 {
			t.Errorf("%s: %d jobs, %s", line, len(w.jobs), told(r, err))
		}
		expect(t, told(r, err), want)
	}
}

// What may be a secret is never said again, however the line is wrong.
func TestHush(t *testing.T) {
	for _, line := range []string{
		"login alice hunter2hunter2", "login hunter2hunter2", "login hunter2hunter2!", "log in alice hunter2hunter2", "log in hunter2hunter2", "sign in hunter2hunter2", "Login: hunter2hunter2 x",
		"login --hunter2hunter2", "login lab hunter2hunter2", "please login alice hunter2hunter2", "openstack login alice hunter2hunter2", "logout hunter2hunter2",
		"password hunter2hunter2", "passwd hunter2hunter2", "set password hunter2hunter2", "my password hunter2hunter2", "hunter2hunter2 password", "token hunter2hunter2",
		"show password hunter2hunter2",
	} {
		w, env := newWorld()
		r, err := say(t, env, alice, line)
		all := told(r, err)
		if err == nil || len(w.jobs) != 0 || strings.Contains(all, "hunter2") || strings.Contains(all, "alice") {
			t.Errorf("%s: %s", line, all)
		}
		expect(t, all, "(form that `login` opens|form that opens), (and )?nowhere else")
	}
}
