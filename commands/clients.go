package commands

import (
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// novaVerbs are the verbs of the nova client, and of its fellows, that name a noun.
var novaVerbs = map[string][]string{
	"boot": {"create"}, "list": {"list"}, "show": {"show"}, "delete": {"delete"}, "force-delete": {"delete"}, "reboot": {"reboot"},
	"image-list": {"image", "list"}, "flavor-list": {"flavor", "list"},
	"keypair-list": {"keypair", "list"}, "keypair-add": {"keypair", "create"}, "keypair-delete": {"keypair", "delete"},
	"network-list": {"network", "list"}, "net-list": {"network", "list"}, "tenant-network-list": {"network", "list"},
	"secgroup-list": {"security", "group", "list"}, "security-group-list": {"security", "group", "list"},
	"floating-ip-list": {"floating", "ip", "list"}, "floatingip-list": {"floating", "ip", "list"},
}

// printing are options of the other clients that change how they print or wait, or that the
// login has settled here; the number is how many values follow.
var printing = map[string]int{
	"--wait": 0, "--poll": 0, "--format": 1, "-f": 1, "--column": 1, "-c": 1, "--max-width": 1, "--fit-width": 0, "--print-empty": 0,
	"--noindent": 0, "--prefix": 1, "--quote": 1, "--sort-column": 1, "--sort": 1, "--sort-ascending": 0, "--verbose": 0, "-v": 0, "--quiet": 0, "-q": 0,
	"--debug": 0, "--timing": 0, "--insecure": 0, "--fields": 1, "--minimal": 0, "--yes": 0, "-y": 0,
	"--os-auth-url": 1, "--os-username": 1, "--os-project-name": 1, "--os-tenant-name": 1, "--os-project-id": 1, "--os-region-name": 1,
	"--os-user-domain-name": 1, "--os-project-domain-name": 1, "--os-identity-api-version": 1, "--os-compute-api-version": 1,
	"--os-interface": 1, "--os-cacert": 1, "--os-auth-type": 1,
}

// refused are options that would change what is made, and that are not there; with the reason.
var refused = map[string]string{
	"--volume":               "Servers on volumes are not supported yet; leave --volume out and give --image.",
	"--snapshot":             "Servers on volumes are not supported yet; leave --snapshot out and give --image.",
	"--block-device":         "Servers on volumes are not supported yet; leave --block-device out.",
	"--block-device-mapping": "Servers on volumes are not supported yet; leave --block-device-mapping out.",
	"--swap":                 "A swap disk cannot be asked for; choose a flavor that has one.",
	"--ephemeral":            "An ephemeral disk cannot be asked for; choose a flavor that has one.",
	"--hint":                 "Scheduler hints are not supported; leave --hint out.",
	"--port":                 "The port is made for the server; say --network and --fixed-ip instead of --port.",
	"--all-projects":         "Servers of all projects cannot be listed here; log in to the project that you mean.",
	"--all-tenants":          "Servers of all projects cannot be listed here; log in to the project that you mean.",
	"--private-key":          "Private keys stay on your computer: make one there with ssh-keygen and give its public part.",
}

// renamed are options of other clients under our names.
var renamed = map[string]string{
	"--meta": "--property", "--num-instances": "--count", "--max-count": "--count", "--max": "--count",
	"--key": "--key-name", "--security-groups": "--security-group", "--os-cloud": "--cloud", "--use-config-drive": "--config-drive",
	"--pub-key": "--public-key", "--zone": "--availability-zone",
}

// clients are the command line tools whose lines are understood.
var clients = []string{"openstack", "nova", "neutron", "glance"}

// fromClient rewrites a pasted line of the openstack or nova client. ok is false for a line
// that is none; an error says which part of it has no counterpart here.
func fromClient(words []string) (out []string, ok bool, err error) {
	if len(words) == 0 {
		return nil, false, nil
	}
	tool := strings.ToLower(words[0])
	if !slices.Contains(clients, tool) {
		return nil, false, nil
	}
	out, err = translate(words[1:], tool)
	if err != nil {
		return nil, true, err
	}
	head, globals := splitGlobals(out)
	if tool != "openstack" && len(head) > 0 {
		if v, known := novaVerbs[strings.ToLower(head[0])]; known {
			head = append(slices.Clone(v), head[1:]...)
		}
	}
	return append(head, globals...), true, nil
}

// splitGlobals moves the options before the command's name behind it.
func splitGlobals(words []string) (head, globals []string) {
	i := 0
	for i+1 < len(words) && words[i] == "--cloud" {
		i += 2
	}
	return words[i:], words[:i]
}

func translate(words []string, tool string) ([]string, error) {
	var out []string
	for i := 0; i < len(words); i++ {
		w := words[i]
		if !isOption(w) {
			out = append(out, w)
			continue
		}
		name, value, has := strings.Cut(w, "=")
		name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
		if why, no := refused[name]; no {
			return nil, stackhand.Errorf(stackhand.Invalid, "%s", why).Do("Send the line again without %s.", name)
		}
		if n, drop := printing[name]; drop {
			if n > 0 && !has {
				i++
			}
			continue
		}
		next := func() string {
			if !has && i+1 < len(words) {
				i++
				return words[i]
			}
			return value
		}
		if name == "--config-drive" && !has && !(i+1 < len(words) && isBool(words[i+1])) {
			out = append(out, name)
			continue
		}
		got, err := option(name, tool, next)
		if err != nil {
			return nil, err
		}
		if got == nil {
			got = []string{w}
		}
		out = append(out, got...)
	}
	return out, nil
}

// option rewrites one option of another client; nil leaves it as it is.
func option(name, tool string, value func() string) ([]string, error) {
	switch name {
	case "--nic", "--net":
		return nic(value())
	case "--min", "--min-count":
		value()
		return []string{}, nil
	case "--security-groups":
		var out []string
		for _, g := range strings.Split(value(), ",") {
			out = append(out, "--security-group", g)
		}
		return out, nil
	case "--config-drive":
		if v := strings.ToLower(value()); v == "false" || v == "0" {
			return []string{"--no-config-drive"}, nil
		}
		return []string{"--config-drive"}, nil
	case "--name":
		if tool == "openstack" {
			return nil, nil
		}
	case "--file":
		return []string{"--file", value()}, nil
	}
	if to, ok := renamed[name]; ok {
		if name == "--use-config-drive" {
			return []string{to}, nil
		}
		return []string{to, value()}, nil
	}
	return nil, nil
}

func isBool(w string) bool {
	return slices.Contains([]string{"true", "false", "0", "1"}, strings.ToLower(w))
}

// nic reads what the clients take after --nic: net-id=ID,v4-fixed-ip=IP.
func nic(value string) ([]string, error) {
	var out []string
	for _, part := range strings.Split(value, ",") {
		k, v, pair := strings.Cut(part, "=")
		switch {
		case !pair:
			out = append(out, "--network", k)
		case k == "net-id" || k == "net-name":
			out = append(out, "--network", v)
		case k == "v4-fixed-ip":
			out = append(out, "--fixed-ip", v)
		default:
			return nil, stackhand.Errorf(stackhand.Invalid, "%s in --nic has no counterpart here.", quote(clip(k, 40))).
				Do("Say --network NAME, and --fixed-ip ADDRESS for a certain address.")
		}
	}
	return out, nil
}
