package commands

import (
	"slices"
	"strings"
)

// verbs are everyday words and other clients' words for the verbs of the table.
var verbs = map[string]string{
	"launch": "create", "boot": "create", "make": "create", "new": "create", "spawn": "create", "provision": "create",
	"build": "create", "add": "create", "spin": "create", "import": "create", "order": "create",
	"ls":   "list",
	"kill": "delete", "destroy": "delete", "terminate": "delete", "rm": "delete", "remove": "delete", "del": "delete", "drop": "delete",
	"restart": "reboot", "bounce": "reboot", "reset": "reboot",
	"info": "show", "describe": "show", "details": "show", "display": "show", "status": "show", "get": "show",
	"prolong": "extend", "renew": "extend", "lengthen": "extend",
	"halt": "stop", "unadopt": "release", "poweroff": "stop", "hibernate": "suspend", "wake": "resume", "scale": "resize", "reinstall": "rebuild", "history": "events",
	"quota": "limits", "quotas": "limits", "limit": "limits", "costs": "usage", "cost": "usage", "ips": "addresses",
	"handover": "transfer",
	"abort":    "cancel", "signin": "login", "signout": "logout", "log-in": "login", "log-out": "logout",
	"commands": "help", "?": "help", "man": "help",
}

// nouns are the ways to write the nouns of the table; the noun server is left out.
var nouns = map[string]string{
	"server": "", "servers": "", "instance": "", "instances": "", "vm": "", "vms": "", "machine": "", "machines": "", "box": "", "boxes": "",
	"image": "image", "images": "image", "flavor": "flavor", "flavors": "flavor", "flavour": "flavor", "flavours": "flavor", "size": "flavor", "sizes": "flavor",
	"network": "network", "networks": "network", "net": "network", "nets": "network",
	"keypair": "keypair", "keypairs": "keypair", "key-pair": "keypair", "key": "keypair", "keys": "keypair", "sshkey": "keypair",
	"security-group": "security group", "security-groups": "security group", "secgroup": "security group", "secgroups": "security group",
	"floating-ip": "floating ip", "floating-ips": "floating ip", "floatingip": "floating ip", "floatingips": "floating ip", "fip": "floating ip", "fips": "floating ip",
	"security-group-rule": "security group rule", "security-group-rules": "security group rule", "secgroup-rule": "security group rule", "secgroup-rules": "security group rule",
	"subnet": "subnet", "subnets": "subnet", "subnetwork": "subnet", "subnetworks": "subnet", "router": "router", "routers": "router", "port": "port", "ports": "port",
	"volume": "volume", "volumes": "volume", "disk": "volume", "disks": "volume",
	"volume-snapshot": "volume snapshot", "volume-snapshots": "volume snapshot", "snapshot": "volume snapshot", "snapshots": "volume snapshot",
	"project": "project", "projects": "project", "tenant": "project", "tenants": "project", "user": "user", "users": "user",
	"hypervisor": "hypervisor", "hypervisors": "hypervisor",
	"job": "job", "jobs": "jobs", "ladder": "ladder",
}

// pairs are nouns and verbs of two words or three, as one.
var pairs = map[string]string{
	"security group rule": "security-group-rule", "security group rules": "security-group-rules", "volume snapshot": "volume-snapshot", "volume snapshots": "volume-snapshots",
	"public ip": "floating-ip", "public ips": "floating-ips", "public address": "floating-ip", "elastic ip": "floating-ip",
	"hand over": "transfer", "give away": "transfer", "turn off": "stop", "switch off": "stop", "power off": "stop", "shut off": "stop", "power down": "stop", "turn on": "start", "switch on": "start", "power on": "start",
	"security group": "security-group", "security groups": "security-group",
	"floating ip": "floating-ip", "floating ips": "floating-ip", "key pair": "keypair", "key pairs": "keypair",
	"ssh key": "keypair", "ssh keys": "keypair",
	"spin up": "create", "fire up": "create", "set up": "create", "shut down": "stop", "tear down": "delete", "take down": "delete", "get rid": "delete",
	"log in": "login", "log out": "logout", "sign in": "login", "sign out": "logout", "who am": "whoami", "try again": "retry",
	"clean up": "cleanup", "load balancer": "load-balancer", "load balancers": "load-balancers",
	"server group": "server-group", "server groups": "server-groups", "application credential": "application-credential",
	"application credentials": "application-credentials",
}

// resolve finds the command that a line begins with, and the words left for it. exact tells
// whether it was typed as the table has it (the noun server may stand before it).
func resolve(words []string) (e *entry, rest []string, exact bool) {
	head := words
	for i, w := range words {
		if isOption(w) {
			head = words[:i]
			break
		}
	}
	if e, n := literal(head); e != nil {
		return e, words[n:], true
	}
	folded, from := fold(head)
	for n := min(2, len(folded)); n > 0; n-- {
		if e := match(folded[:n]); e != nil {
			return e, words[from[n]:], false
		}
		// "delete network x" must not be read as deleting servers of these names.
		if n == 2 && (otherNoun(folded[0]) || otherNoun(folded[1]) && isVerb(folded[0])) {
			return nil, words, false
		}
	}
	return nil, words, false
}

// otherNoun tells whether a word is a noun other than server.
func otherNoun(w string) bool { return nouns[w] != "" }

func isVerb(w string) bool {
	if asVerb(w) == "help" {
		return false
	}
	for _, e := range table {
		if e.Name == asVerb(w) || strings.HasSuffix(e.Name, " "+asVerb(w)) {
			return true
		}
	}
	return false
}

// literal finds a command typed as it is called; the noun server may precede a verb.
func literal(head []string) (*entry, int) {
	skip := 0
	if len(head) > 1 && strings.EqualFold(head[0], "server") {
		skip = 1
	}
	for n := min(4, len(head)-skip); n > 0; n-- {
		name := strings.ToLower(strings.Join(head[skip:skip+n], " "))
		// "create security group" begins with create, and means another noun.
		// What "use project team-b" is about comes after the verb and no other noun takes it.
		if e := find(name); e != nil && (n > 1 || name == "use" || name == "help" || !nounAfter(head[skip+1:])) {
			return e, skip + n
		}
	}
	return nil, 0
}

// nounAfter tells whether a verb is followed by the noun that it is about.
func nounAfter(words []string) bool {
	folded, _ := fold(words)
	if len(folded) == 0 {
		return false
	}
	_, ok := nouns[folded[0]]
	return ok
}

// fold joins words that belong together and puts them in lower case. from[n] is how many of
// the given words the first n of the folded ones are made of.
func fold(words []string) (folded []string, from []int) {
	from = []int{0}
	for i := 0; i < len(words); {
		w, n := paired(words[i:], strings.ToLower)
		folded = append(folded, w)
		i += n
		from = append(from, i)
	}
	return folded, from
}

// paired is the first of the words, joined with those after it that belong to it, and how many they are.
func paired(words []string, as func(string) string) (string, int) {
	for n := min(3, len(words)); n > 1; n-- {
		var said []string
		for _, w := range words[:n] {
			said = append(said, as(w))
		}
		if p, ok := pairs[strings.Join(said, " ")]; ok {
			return p, n
		}
	}
	return as(words[0]), 1
}

// match reads "noun verb", "verb noun", a verb, or a noun alone, which lists.
func match(words []string) *entry {
	noun, isNoun := nouns[words[0]]
	verb := asVerb(words[0])
	if len(words) == 1 {
		switch {
		case find(words[0]) != nil:
			return find(words[0])
		case isNoun && noun == "jobs":
			return find("jobs")
		case isNoun && noun != "job":
			return find(strings.TrimSpace(noun + " list"))
		}
		return find(verb)
	}
	if isNoun {
		return command(noun, asVerb(words[1]))
	}
	if noun, ok := nouns[words[1]]; ok {
		return command(noun, verb)
	}
	return nil
}

func command(noun, verb string) *entry {
	switch {
	case noun == "jobs" && verb == "list", noun == "job" && verb == "list":
		return find("jobs")
	case noun == "jobs", noun == "job":
		if slices.Contains([]string{"cancel", "retry", "cleanup", "keep"}, verb) {
			return find(verb)
		}
		noun = "job"
	}
	return find(strings.TrimSpace(noun + " " + verb))
}

func asVerb(w string) string {
	if v, ok := verbs[w]; ok {
		return v
	}
	return w
}
