package cloud

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/stackhand/stackhand"
)

// words is one row of the table that says the messages of OpenStack's services in plain words.
//
// msg and next may name what the pattern caught, ${name}; what it caught as ${thing}, ${act}, ${state} or ${task} is said
// in the words of plain. Further there are ${service}, ${status}, ${at} (the service's host) and ${request} (the request's id).
type words struct {
	name   string         // of the row, for docs/errors.md and the tests
	of     service        // "": any service says it
	status int            // 0: any; inServer: what a server in ERROR says of itself
	says   string         // pattern of the message or of its type; "": anything, the status says all
	kind   stackhand.Kind // "": what the status means
	msg    string         // whole sentences
	next   string         // what to do about it
	unheld string         // why testdata has no message for it that a real service sent
}

// inServer marks rows that are about the fault of a server: https://docs.openstack.org/api-ref/compute/#show-server-details
const inServer = -1

// Steps that many rows end with.
const (
	askAdmin    = "Ask the cloud's administrator."
	tellAdmin   = "Try again; if it happens again, ask the cloud's administrator."
	askForRight = "Ask the cloud's administrator for the right to do it."
	makeRoom    = "Delete something, or ask the cloud's administrator for more quota; `limits` shows what is used."
	inAMoment   = "Try again in a moment."
)

type pattern struct {
	words
	re func() *regexp.Regexp // made when it is needed first: most never are, and all of them are nearly a megabyte
}

// table are all rows in the order in which they are tried: the first that fits is said.
var table = sync.OnceValue(func() []pattern {
	var all []pattern
	for _, rows := range [][]words{
		faultWords, stateWords, computeWords, launchWords, networkWords, addressWords, groupWords, volumeWords, imageWords, identityWords, anyWords,
	} {
		for _, w := range rows {
			all = append(all, pattern{w, sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(w.says) })})
		}
	}
	return all
})

// said is a message in plain words.
type said struct {
	row  string
	kind stackhand.Kind // "": what the status means
	msg  string
	next string
}

// inWords finds the row for an answer and fills it in; false where none fits.
func (a *answer) inWords(at string) (said, bool) {
	for _, p := range table() {
		if p.of != "" && p.of != a.Service || p.status != 0 && p.status != a.Status {
			continue
		}
		text := a.Message
		m := p.re().FindStringSubmatchIndex(text)
		if m == nil {
			text = a.Type
			if m = p.re().FindStringSubmatchIndex(text); m == nil || p.says == "" {
				continue
			}
		}
		fill := func(s string) string { return p.fill(s, text, m, a, at) }
		return said{row: p.name, kind: p.kind, msg: fill(p.msg), next: fill(p.next)}, true
	}
	return said{}, false
}

var slot = regexp.MustCompile(`\$\{(\w+)\}`)

// maxCaught bounds how much of what a service wrote gets into a sentence, in bytes; the whole of it is the Detail.
const maxCaught = 120

// fill puts what was caught into a sentence.
func (p pattern) fill(sentence, text string, m []int, a *answer, at string) string {
	return slot.ReplaceAllStringFunc(sentence, func(s string) string {
		name := s[2 : len(s)-1]
		switch name {
		case "service":
			return string(a.Service)
		case "status":
			return strconv.Itoa(a.Status)
		case "at":
			return at
		case "request":
			if a.RequestID == "" {
				return "the request has no id"
			}
			return "request " + a.RequestID
		}
		i := p.re().SubexpIndex(name)
		if i < 0 || m[2*i] < 0 {
			return ""
		}
		caught := strings.Trim(text[m[2*i]:m[2*i+1]], " .")
		if len(caught) > maxCaught {
			caught = strings.ToValidUTF8(caught[:maxCaught], "") + "…"
		}
		return plain(name, caught)
	})
}

// plain says the words of services for things, acts, states and tasks in everybody's.
func plain(group, caught string) string {
	switch group {
	case "thing":
		parts := strings.FieldsFunc(caught, func(r rune) bool { return strings.ContainsRune("[]', ", r) })
		for i, p := range parts {
			parts[i] = known(things, p)
		}
		return strings.Join(slices.Compact(parts), ", ")
	case "act":
		return known(acts, caught)
	case "state":
		return known(states, caught)
	case "task":
		return strings.ReplaceAll(caught, "_", " ")
	}
	return caught
}

func known(m map[string]string, word string) string {
	if w, ok := m[word]; ok {
		return w
	}
	return strings.ReplaceAll(word, "_", " ")
}

// things are what quotas are of: nova/quota.py, neutron/conf/quota.py, cinder/quota.py.
var things = map[string]string{
	"instances": "servers", "ram": "memory (MB)", "cores": "VCPUs", "metadata_items": "properties", "key_pairs": "key pairs",
	"network": "networks", "subnet": "subnets", "port": "ports", "router": "routers", "floatingip": "floating IPs", "floating_ips": "floating IPs",
	"security_group": "security groups", "security_group_rule": "rules of security groups",
	"security_groups": "security groups", "security_group_rules": "rules of security groups",
}

// acts are Nova's words for what is done to a server: the actions of nova/compute/api.py.
var acts = map[string]string{
	"createImage": "to make an image of it", "changePassword": "to set its password", "confirmResize": "to confirm a resize",
	"revertResize": "to revert a resize", "attach_volume": "to attach a volume", "detach_volume": "to detach a volume",
	"attach_interface": "to add a network", "detach_interface": "to remove a network", "delete": "to delete it",
	"get_console_output": "to read its console", "get_vnc_console": "to open its console",
	"start": "to start it", "stop": "to stop it", "pause": "to pause it", "unpause": "to unpause it", "suspend": "to suspend it",
	"resume": "to resume it", "shelve": "to shelve it", "unshelve": "to unshelve it", "reboot": "to reboot it", "resize": "to resize it",
	"rebuild": "to rebuild it", "rescue": "to rescue it", "lock": "to lock it", "unlock": "to unlock it",
}

// states are Nova's vm_states, and Cinder's states of volumes: nova/compute/vm_states.py, cinder/objects/fields.py.
var states = map[string]string{
	"active": "running", "building": "being built", "stopped": "stopped", "error": "in ERROR", "paused": "paused", "suspended": "suspended",
	"resized": "waiting for its resize to be confirmed or reverted", "shelved": "shelved", "shelved_offloaded": "shelved",
	"in-use": "in use", "reserved": "reserved for a server",
	"soft-delete": "deleted", "soft_deleted": "deleted", "deleted": "deleted", "rescued": "in rescue mode",
}

// explain makes the Error of an answer: in plain words where the table has them, else with the service's own.
func (a *answer) explain(at string) *stackhand.Error {
	kind := a.kind()
	w, ok := a.inWords(at)
	if !ok {
		e := stackhand.Errorf(kind, "%s", a.sentence(kind, at)).Because(a)
		e.Next = next(kind)
		return e
	}
	if a.row = w.row; w.kind != "" {
		kind = w.kind
	}
	e := stackhand.Errorf(kind, "%s", w.msg).Because(a)
	e.Next, e.Detail = w.next, a.detail()
	return e
}

// detail is what the service said, with the request's id where it failed by its own fault: administrators find it in their logs by that.
func (a *answer) detail() string {
	switch {
	case a.Message == "":
		return fmt.Sprintf("status %d (%s)", a.Status, http.StatusText(a.Status))
	case a.Status >= 500 && a.RequestID != "":
		return a.Message + " (" + a.RequestID + ")"
	}
	return a.Message
}

// tellFault fills in a server's fault: in plain words where the table has them, else Nova's own.
func tellFault(s *stackhand.Server, message string) {
	a := &answer{Service: compute, Status: inServer, Message: tidy(message)}
	s.Fault = a.Message
	if a.Message == "" {
		return // as nearly all servers: a list of a thousand asks as often
	}
	if w, ok := a.inWords(""); ok {
		s.Fault, s.FaultNext, s.FaultSaid = w.msg, w.next, a.Message
	}
}
