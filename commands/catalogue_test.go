package commands

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
)

func TestCatalogues(t *testing.T) {
	w, env := newWorld()
	w.cloud.networks = append(w.cloud.networks, stackhand.Network{ID: "n1", Name: "inner", Status: "ACTIVE", ProjectID: teamA}, stackhand.Network{ID: "n2", Name: "common", Status: "ACTIVE", Shared: true})
	w.cloud.subnets = []stackhand.Subnet{{NetworkID: "n1", CIDR: "10.1.0.0/24"}, {NetworkID: "n1", CIDR: "10.2.0.0/24"}, {NetworkID: "n2", CIDR: "10.3.0.0/24"}}
	w.cloud.groups = []stackhand.SecurityGroup{{ID: "g", Name: "web", Description: "for the web", Rules: []stackhand.Rule{
		{Direction: "egress"}, {Direction: "ingress", Protocol: "tcp", PortMin: 80, PortMax: 80}, {Direction: "ingress", Protocol: "tcp", PortMin: 80, PortMax: 80, EtherType: "IPv6"},
		{Direction: "ingress", Protocol: "udp", PortMin: 1, PortMax: 9, RemoteIP: "10.0.0.0/8"}, {Direction: "ingress", Protocol: "icmp", RemoteIP: "0.0.0.0/0"},
		{Direction: "ingress", RemoteGroup: "g"}, {Direction: "ingress", Protocol: "tcp", PortMin: 5432, PortMax: 5432, RemoteGroup: "h"}, {Direction: "ingress", Protocol: "esp", RemoteGroup: "foreign"},
	}}, {ID: "h", Name: "shut", Rules: []stackhand.Rule{{Direction: "egress"}}}}
	w.give("U0ALICE", "web-1")
	w.cloud.ips = []stackhand.FloatingIP{{ID: "f2", IP: "203.0.113.9", Status: "DOWN"}, {ID: "f1", IP: "203.0.113.5", Status: "ACTIVE", FixedIP: "10.0.0.4"}}
	for line, want := range map[string][][]string{
		"network list":        {{"common", "ACTIVE", "shared", "10.3.0.0/24", "n2"}, {"inner", "ACTIVE", "of the project", "10.1.0.0/24 10.2.0.0/24", "n1"}, {"public", "ACTIVE", "external", "–", "n-public"}},
		"security group list": {{"shut", "nothing", "–", "h"}, {"web", "tcp 80, udp 1-9 from 10.0.0.0/8, icmp, anything from its own servers, tcp 5432 from servers of shut, esp from servers of foreign", "for the web", "g"}},
		"floating ip list":    {{"203.0.113.5", "ACTIVE", "web-1", "10.0.0.4", "f1"}, {"203.0.113.9", "DOWN", "–", "–", "f2"}},
		"keypair list":        {{"laptop", "ssh", "aa:bb"}},
		"list":                {{"web-1", "ACTIVE", "203.0.113.5", "U0ALICE", "m1.small", "in 23h"}},
	} {
		r, err := say(t, env, alice, line)
		if err != nil {
			t.Fatal(told(r, err))
		}
		if diff := cmp.Diff(want, r.Table.Rows); diff != "" {
			t.Errorf("%s:\n%s", line, diff)
		}
	}
	r, err := say(t, env, alice, "show web-1")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Fields {
		if f.Name == "Properties" && f.Value.String() != "team=web" {
			t.Errorf("properties: %s", f.Value)
		}
	}
}

func TestCatalogueTrouble(t *testing.T) {
	for line, calls := range map[string][]string{
		"image list": {"Open", "Images"}, "flavor list": {"Open", "Flavors"}, "network list": {"Open", "Networks", "Subnets"}, "security group list": {"Open", "SecurityGroups"},
		"floating ip list": {"Open", "FloatingIPs", "Servers"}, "keypair list": {"Open", "KeyPairs"}, "keypair delete laptop": {"Open", "KeyPairs", "DeleteKeyPair"},
		"keypair create k --public-key '" + pubKey + "'": {"Open", "CreateKeyPair"}, "list": {"Open", "Servers", "InProject"}, "show web-1": {"Open", "Servers", "InProject"},
		"whoami": {"Credentials"}, "clouds": {"Credentials"}, "logout": {"Credentials"}, "jobs": {"Recent"}, "job show aaaa2222": {"Job"}, "cancel aaaa2222": {"Job", "Cancel"},
		"delete web-1": {"Servers", "Start"}, "reboot web-1": {"Servers", "Start"},
	} {
		for _, call := range calls {
			w, env := newWorld()
			w.give("U0ALICE", "web-1")
			giveJob(w, "aaaa2222", "U0ALICE", stackhand.JobRunning)
			w.fail[call] = stackhand.Errorf(stackhand.Unavailable, "No answer.").Do("Try again.")
			if r, err := say(t, env, alice, line); stackhand.KindOf(err) != stackhand.Unavailable {
				t.Errorf("%s without %s: %s", line, call, told(r, err))
			}
		}
	}
}

func TestNoSuchThings(t *testing.T) {
	w, env := newWorld()
	w.login["U0BOB"] = ""
	r, err := say(t, env, bob, "whoami")
	expect(t, told(r, err), "used with the bot's own login")
	delete(env.Settings.Clouds, "svc")
	r, err = say(t, env, bob, "whoami")
	expect(t, told(r, err), `not logged in to any cloud.*\[login Log in → \]`)
	w.cloud.keys, w.cloud.images = nil, nil
	r, err = say(t, env, alice, "keypair list")
	expect(t, told(r, err), "no key pair in lab. Make one")
	env.Settings.Clouds["lab"] = CloudSettings{}
	r, err = say(t, env, alice, "create w")
	expect(t, told(r, err), "no image to create a server from")
	r, err = say(t, env, alice, "show 0a79d92b-5487-4d60-8d6a-21bcb844703a")
	expect(t, told(r, err), "no server with the id 0a79d92b")
}

// TestUnroutedNetwork checks that a network of the project without a router is not taken for the
// routed one.
func TestUnroutedNetwork(t *testing.T) {
	w, env := newWorld()
	w.cloud.networks = append(w.cloud.networks, stackhand.Network{ID: "n1", Name: "lonely", ProjectID: teamA}, stackhand.Network{ID: "n2", Name: "other", ProjectID: "p-other"})
	w.cloud.ports = []stackhand.Port{{NetworkID: "n1", DeviceOwner: "network:dhcp"}, {NetworkID: "n1", DeviceOwner: "network:router_gateway"}, {NetworkID: "n2", DeviceOwner: "network:router_interface"}}
	r, err := say(t, env, alice, "create w --dry-run")
	expect(t, told(r, err), "Network: a new one with a router")
}

func TestNovaOptions(t *testing.T) {
	for line, want := range map[string]string{
		"nova boot --min-count 2 --max-count 3 --flavor 2 --image i-jammy app":                 `create app --count 3 --flavor 2 --image i-jammy`,
		"nova boot --security-groups a,b --image i-jammy app":                                  `create app --image i-jammy --security-group a --security-group b`,
		"openstack server create --config-drive False --use-config-drive app":                  ``,
		"openstack server create --no-config-drive --nic auto app --property=a=b":              `create app --property a=b`,
		"openstack server create app --config-drive True --os-region-name X --max-width=80":    `create app --config-drive`,
		"openstack --os-cloud lab --os-username u server create app --key laptop -c id -f csv": `create app --key-name laptop --cloud lab`,
	} {
		words, err := typed{text: line}.words()
		if err != nil {
			t.Fatal(err)
		}
		got, ok, err := fromClient(words)
		if err != nil || !ok {
			t.Fatalf("%s: %v", line, err)
		}
		c, err := strict(got)
		if want == "" {
			if err == nil {
				t.Errorf("%s was accepted", line)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", line, err)
		} else if said := c.entry.format(c.args); said != want {
			t.Errorf("%s\n got %s\nwant %s", line, said, want)
		}
	}
}
