package commands

import (
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// printing are options of the other clients that change how they print or wait, or that the
// login has settled here; the number is how many values follow.
var printing = map[string]int{
	"--wait": 0, "--poll": 0, "--format": 1, "-f": 1, "--column": 1, "-c": 1, "--max-width": 1, "--fit-width": 0, "--print-empty": 0,
	"--noindent": 0, "--prefix": 1, "--quote": 1, "--sort-column": 1, "--sort": 1, "--sort-ascending": 0, "--sort-descending": 0, "--verbose": 0, "-v": 0, "--quiet": 0, "-q": 0,
	"--debug": 0, "--timing": 0, "--insecure": 0, "--fields": 1, "--minimal": 0, "--yes": 0, "-y": 0, "--human": 0, "--human-readable": 0,
	"--long": 0, "--detail": 0, "--detailed": 0, "--limit": 1, "--page-size": 1, "--absolute": 0, "--rate": 0, "--reserved": 0, "--all": 0, "--enable": 0, "--device": 1, "--tag": 1, "--enable-delete-on-termination": 0, "--disable-delete-on-termination": 0,
	"--os-auth-url": 1, "--os-username": 1, "--os-project-name": 1, "--os-tenant-name": 1, "--os-tenant-id": 1, "--os-project-id": 1, "--os-region-name": 1,
	"--os-user-domain-name": 1, "--os-project-domain-name": 1, "--os-identity-api-version": 1, "--os-compute-api-version": 1, "--os-volume-api-version": 1,
	"--os-image-api-version": 1, "--os-interface": 1, "--os-endpoint-type": 1, "--os-cacert": 1, "--os-auth-type": 1, "--api-version": 1,
}

// refused are options that would change what is made, and that are not there; with the reason.
var refused = map[string]string{
	"--volume":               "A server cannot be made from a volume that is there already; --boot-from-volume GB makes one from the image.",
	"--boot-volume":          "A server cannot be made from a volume that is there already; --boot-from-volume GB makes one from the image.",
	"--snapshot":             "A server cannot be made from a snapshot; --boot-from-volume GB makes its volume from the image.",
	"--block-device":         "Disks are not described like that here; --boot-from-volume GB makes a boot volume, and `add volume` attaches others.",
	"--block-device-mapping": "Disks are not described like that here; --boot-from-volume GB makes a boot volume, and `add volume` attaches others.",
	"--swap":                 "A swap disk cannot be asked for; choose a flavor that has one.",
	"--ephemeral":            "An ephemeral disk cannot be asked for; choose a flavor that has one.",
	"--hint":                 "Scheduler hints are not supported; leave --hint out.",
	"--port":                 "The port is made for the server; say --network and --fixed-ip instead of --port.",
	"--private-key":          "Private keys stay on your computer: make one there with ssh-keygen and give its public part.",
	"--project":              "Things are made in the project that you are logged in to; `use` changes to another one.",
	"--tenant-id":            "Things are made in the project that you are logged in to; `use` changes to another one.",
	"--external":             "Only administrators of the cloud make networks that lead outside, with their own tools.",
	"--share":                "Only administrators of the cloud share networks with all projects, with their own tools.",
	"--shared":               "Only administrators of the cloud share networks with all projects, with their own tools.",
	"--is-public":            "Say --public or --private instead of --is-public.",
}

// renamed are options of other clients under our names.
var renamed = map[string]string{
	"--meta": "--property", "--metadata": "--property", "--num-instances": "--count", "--max-count": "--count", "--max": "--count",
	"--key": "--key-name", "--security-groups": "--security-group", "--os-cloud": "--cloud", "--use-config-drive": "--config-drive",
	"--pub-key": "--public-key", "--zone": "--availability-zone", "--display-name": "--name", "--display-description": "--description",
	"--volume-type": "--type", "--image-id": "--image", "--snapshot-id": "--snapshot", "--source-volid": "--source", "--gateway-ip": "--gateway",
	"--dns-nameservers": "--dns-nameserver", "--remote-ip-prefix": "--remote-ip", "--remote-group-id": "--remote-group", "--port-id": "--port",
	"--floating-ip-address": "--address", "--device-id": "--server", "--length": "--lines", "--purge-props": "", "--is-protected": "--protected",
	"--net-id": "--network", "--tenant": "--project", "--start": "--from", "--end": "--to", "--reset-network": "",
}

// clients are the command line tools whose lines are understood, with the name that their lines stand under.
var clients = map[string]string{"openstack": "openstack", "nova": "nova", "neutron": "neutron", "quantum": "neutron", "glance": "glance", "cinder": "cinder", "keystone": "keystone"}

// fromClient rewrites a pasted line of the openstack client or of an older one. ok is false for a line
// that is none; an error says which part of it has no counterpart here.
func fromClient(words []string) (out []string, ok bool, err error) {
	if len(words) == 0 {
		return nil, false, nil
	}
	tool, ok := clients[strings.ToLower(words[0])]
	if !ok {
		return nil, false, ofShell(words)
	}
	words, globals := splitGlobals(unspaced(words[1:]))
	if err := answered(tool, words); err != nil {
		return nil, true, err
	}
	known := false
	for _, r := range clientLines[tool] {
		e := find(r.command())
		if e == nil || !begins(words, r.verb()) {
			continue
		}
		known = true
		free, options, derr := divide(e, tool, words)
		if derr != nil {
			return nil, true, derr
		}
		if got, fits := r.apply(free, strings.ToLower); fits {
			return named(e, slices.Concat(got, options, globals)), true, nil
		}
	}
	if tool != "openstack" && len(words) > 0 && !known {
		return nil, true, stackhand.Errorf(stackhand.Invalid, "%s of the client %s has no counterpart here.", quote(clip(words[0], 60)), tool).
			Do("`help` lists what there is.")
	}
	if known {
		return nil, true, incomplete(tool, words)
	}
	e, _ := literal(words)
	if e == nil && len(words) > 0 && !isOption(words[0]) && find(strings.ToLower(words[0])) == nil {
		return nil, true, nothingLike(words)
	}
	free, options, err := divide(e, tool, words)
	return slices.Concat(free, options, globals), true, err
}

// nothingLike is the answer to a line of the openstack client without a counterpart. It is not read as a sentence:
// "server remove fixed ip" would delete servers.
func nothingLike(words []string) error {
	if err := puzzled(words); len(words) == 1 || !otherNoun(strings.ToLower(words[0])) {
		return err
	}
	return nothingFor(words, nouns[strings.ToLower(words[0])])
}

// shellTools are words that lines of a shell begin with.
var shellTools = wordSet("curl wget export source sudo pip pip3 apt apt-get yum python python3 ssh scp git")

// asked are ends of addresses that people read with curl, and what answers the same here.
var asked = []struct{ path, line string }{
	{"/tokens", "login"}, {"/auth/tokens", "login"}, {"/flavors", "flavor list"}, {"/images", "image list"}, {"/servers/detail", "list --long"},
	{"/servers", "list"}, {"/os-hypervisors", "hypervisor list"}, {"/projects", "project list"}, {"/tenants", "project list"}, {"/users", "user list"},
	{"/networks", "network list"}, {"/limits", "limits"}, {"/os-keypairs", "keypair list"}, {"/floatingips", "floating ip list"}, {"/volumes", "volume list"},
}

// ofShell answers a line that is for a shell, in words. nil for any other.
func ofShell(words []string) error {
	if !shellTools[strings.ToLower(words[0])] || len(words) < 2 {
		return nil
	}
	no := stackhand.Errorf(stackhand.Invalid, "That is a line for a shell, and this is none: nothing was done.")
	if strings.EqualFold(words[0], "export") || strings.EqualFold(words[0], "source") {
		return no.Do("`login` logs you in; its form takes the text of an openrc file as well.")
	}
	for _, w := range words[1:] {
		w, _, _ = strings.Cut(w, "?")
		for _, a := range asked {
			if strings.Contains(w, "://") && strings.HasSuffix(strings.TrimRight(w, "/"), a.path) {
				return no.Do("The bot speaks with the cloud by itself: `%s` does what this asks for.", a.line)
			}
		}
	}
	return no.Do("`help` lists what can be done here.")
}

// begins tells whether words begin with a verb.
func begins(words, verb []string) bool {
	if len(words) < len(verb) {
		return false
	}
	for i, v := range verb {
		if !strings.EqualFold(words[i], v) {
			return false
		}
	}
	return true
}

// incomplete is the answer to a line whose verb is known and that has too few or too many words.
func incomplete(tool string, words []string) error {
	for _, r := range clientLines[tool] {
		if e := find(r.command()); begins(words, r.verb()) && e != nil {
			return e.misuse("That line has too few words, or too many, for %s %s.", tool, strings.Join(r.verb(), " "))
		}
	}
	return puzzled(words)
}

// answered answers the lines that have no counterpart in words.
func answered(tool string, words []string) error {
	for _, w := range clientWords {
		of, verb, _ := strings.Cut(w.begins, " ")
		if of == tool && begins(words, strings.Fields(verb)) {
			if e, n := literal(words); e != nil && w.begins == "openstack image create" && n < len(words) && find("image create") == e && !slices.ContainsFunc(words, isOption) {
				return nil // "openstack image create web-1", as it is said here
			}
			return stackhand.Errorf(stackhand.Invalid, "%s", w.why).Do("%s", w.next)
		}
	}
	return nil
}

// splitGlobals takes the options before the command's name out; which cloud is meant is kept.
func splitGlobals(words []string) (rest, globals []string) {
	for len(words) > 0 && isOption(words[0]) {
		name, value, has := strings.Cut(words[0], "=")
		name = optionName(name)
		n, known := printing[name]
		words = words[1:]
		if !has && len(words) > 0 && (known && n > 0 || !known) {
			value, words = words[0], words[1:]
		}
		if name == "--os-cloud" || name == "--cloud" {
			globals = append(globals, "--cloud", value)
		}
	}
	return words, globals
}

func optionName(w string) string { return strings.ReplaceAll(strings.ToLower(w), "_", "-") }

// unspaced joins what a document's typesetting took apart: "-- image X" is --image X, and "my\_instance" has lost its backslash already.
func unspaced(words []string) []string {
	var out []string
	for i := 0; i < len(words); i++ {
		if words[i] == "--" && i+2 < len(words) && isOption("--"+words[i+1]) && !strings.HasPrefix(words[i+1], "-") {
			i++
			out = append(out, "--"+words[i])
			continue
		}
		out = append(out, words[i])
	}
	return out
}

// unnamed are commands whose counterparts in other clients may do without a name.
var unnamed = map[string]string{"subnet create": "subnet", "port create": "port", "volume create": "volume", "volume snapshot create": "snapshot"}

// named gives what a client makes without a name one.
func named(e *entry, words []string) []string {
	if e == nil || unnamed[e.Name] == "" || slices.Contains(words, "--name") {
		return words
	}
	n := len(strings.Fields(e.Name))
	if len(words) > n && !isOption(words[n]) {
		return words
	}
	return slices.Insert(slices.Clone(words), n, unnamed[e.Name])
}
