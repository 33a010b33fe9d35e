package commands

import (
	"strings"
	"testing"

	"github.com/stackhand/stackhand"
)

// Nouns that have no such command are no names of servers: nothing is made, nothing deleted.
func TestAbsent(t *testing.T) {
	for line, want := range map[string]string{
		"make coffee":                            "no command for that yet",
		"make me coffee":                         "no command for that yet",
		"order pizza":                            "no command for that yet",
		"load balancer create lb-1":              "no command for that yet",
		"server group create g-1":                "no command for that yet",
		"create a trunk":                         "no command for that yet",
		"delete stack data":                      "no command for that yet",
		"add 2 networks":                         "Network create makes one at a time",
		"create 2 volumes":                       "Volume create makes one at a time",
		"adopt accept":                           "adopt accept needs an offer",
		"make network":                           "network create needs a name",
		"add router":                             "router create needs a name",
		"create a router":                        "router create needs a name",
		"subnet create s-1":                      "subnet create needs --network",
		"create port p-1":                        "port create needs --network",
		"volume create data":                     "volume create needs --size",
		"project create p":                       "Did you mean project list",
		"delete user data":                       "Did you mean user list",
		"hypervisor delete data":                 "Did you mean hypervisor list",
		"can you add a router named data please": "jobs: 1, Understood as router create data",
		"please create a new network n":          "jobs: 1, Understood as network create n",
		"create network n":                       "jobs: 1, Understood as network create n",
		"network create n":                       "jobs: 1, Create network n",
	} {
		t.Run(line, func(t *testing.T) {
			w, env := newWorld()
			for _, name := range []string{"data", "web", "volume", "network", "default"} {
				w.give("U0ALICE", name)
			}
			r, err := say(t, env, alice, line)
			if want, made := strings.CutPrefix(want, "jobs: 1, "); made {
				if err != nil || len(w.jobs) != 1 || len(w.stacks) != 5 {
					t.Fatalf("%d jobs: %s", len(w.jobs), told(r, err))
				}
				expect(t, told(r, err), want)
				return
			}
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
