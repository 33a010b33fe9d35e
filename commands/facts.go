package commands

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

// facts are what a change comes to, names as ids: what the rules decide by, and what the audit trail keeps of it.
type facts struct {
	policy.Request
	ServerID string `json:"server_id,omitempty"`
	FlavorID string `json:"flavor_id,omitempty"` // of the size asked for
	Flavor   string `json:"flavor,omitempty"`
	ImageID  string `json:"image_id,omitempty"` // of the image asked for
	Image    string `json:"image,omitempty"`
	ThingID  string `json:"thing_id,omitempty"` // what is removed, changed, added or taken off
	Thing    string `json:"thing,omitempty"`
}

// factsOf reads them out of what the job will do, so that no way to a job has other facts than another. Its input
// must not be sealed. stack is the one that it is about, if it is about one that is there.
func factsOf(job stackhand.Job, stack *stackhand.Stack) (facts, error) {
	f := facts{Request: policy.Request{Noun: "server", Count: 1, Cloud: job.Cloud, Region: job.Scope.Region}}
	if stack != nil {
		f.Name, f.Project, f.Owner, f.ServerID = stack.Name, stack.Project, stack.Lease.Owner, stack.Server
	}
	var err error
	switch job.Flow {
	case "create":
		err = readInput(job, &f, createFacts)
	case "delete":
		f.Verb = "delete"
	case "reboot":
		err = readInput(job, &f, func(f *facts, s stackhand.RebootSpec) { f.Verb, f.Name, f.ServerID = "reboot", s.Name, s.Server })
	case "act":
		err = readInput(job, &f, actFacts)
	case "ladder":
		err = readInput(job, &f, ladderFacts)
	case "make":
		err = readInput(job, &f, makeFacts)
	case "remove":
		err = readInput(job, &f, removeFacts)
	case "edit":
		err = readInput(job, &f, editFacts)
	case "orphan":
		err = readInput(job, &f, func(f *facts, s stackhand.OrphanSpec) {
			f.Verb, f.Noun, f.Name = "delete", s.Things[0].Kind, s.Things[0].Name
		})
	case "adopt":
		err = readInput(job, &f, func(f *facts, s stackhand.AdoptSpec) {
			f.Verb, f.Name, f.Project, f.Owner, f.ServerID, f.Lifetime = "adopt", s.Name, s.Project, s.Owner, s.Server, s.For
		})
	case "release":
		f.Verb = "release"
	case flowLine:
		err = readInput(job, &f, func(f *facts, s lineSpec) {
			f.Request = s.Wish
			if !s.Until.IsZero() {
				f.Lifetime = s.Until.Sub(job.Created)
			}
		})
	case "cleanup":
		f.Verb, f.Noun, f.Name = "cleanup", "job", strings.TrimPrefix(job.Line, "cleanup ")
	default:
		return f, fmt.Errorf("the gate does not know the flow %q", job.Flow)
	}
	return f, err
}

// fill adds what is not in the job's input: how long a server that is resized still lasts, and with how many others the line does the
// same.
func (f *facts) fill(m matter, stack *stackhand.Stack, now time.Time) {
	if f.Verb == stackhand.ActResize && stack != nil && stack.Lease.Until.After(now) {
		f.Lifetime = stack.Lease.Until.Sub(now)
	}
	if m.session != nil {
		f.Count = max(f.Count, m.session.together)
	}
}

// readInput decodes a job's input for the function that knows it.
func readInput[S any](job stackhand.Job, f *facts, fill func(*facts, S)) error {
	var spec S
	if err := json.Unmarshal(job.Input, &spec); err != nil {
		return fmt.Errorf("input of %s: %w", job.Flow, err)
	}
	fill(f, spec)
	return nil
}

func createFacts(f *facts, s stackhand.CreateSpec) {
	f.Request = policy.Request{
		Verb: "create", Noun: "server", Name: s.Name, Cloud: s.Cloud, Project: s.Project, Region: f.Region, Owner: s.Owner,
		Count: max(1, s.Count), Lifetime: s.For, Network: first(s.NetworkNm, s.Network), Zone: s.Zone, Floating: s.Floating,
		Open: s.Open, Properties: s.Metadata, UserData: len(s.UserData) > 0 || len(s.Files) > 0, BootGB: s.BootGB,
	}
	f.FlavorID, f.Flavor, f.ImageID, f.Image = s.FlavorID, s.Flavor, s.ImageID, s.Image
}

// verbsOf are the verbs of changes whose name is more than a word, with what they are about.
var verbsOf = map[string][2]string{
	stackhand.ActConfirm: {"confirm", "server"}, stackhand.ActRevert: {"revert", "server"}, stackhand.ActImage: {"create", "image"},
}

func actFacts(f *facts, s stackhand.ActSpec) {
	f.Verb, f.Name, f.ServerID, f.Project = s.Verb, s.Name, s.Server, first(s.Project, f.Project)
	for _, two := range []string{"add", "remove"} {
		if noun, ok := strings.CutPrefix(s.Verb, two+" "); ok {
			f.Verb, f.Noun = two, noun
		}
	}
	if v, ok := verbsOf[s.Verb]; ok {
		f.Verb, f.Noun = v[0], v[1]
	}
	f.FlavorID, f.Flavor, f.ImageID, f.Image = s.FlavorID, s.Flavor, s.ImageID, s.Image
	f.ThingID, f.Thing = s.TargetID, first(s.Target, s.NewName)
	f.Properties, f.UserData = s.Set, len(s.UserData) > 0 || len(s.Files) > 0
	f.Floating = s.Verb == stackhand.ActAddFloating
	if s.Verb == stackhand.ActAddNetwork {
		f.Network = s.Target
	}
}

func ladderFacts(f *facts, s stackhand.LadderSpec) {
	f.Verb, f.Name, f.ServerID, f.Project = s.Verb, s.Name, s.Server, first(s.Project, f.Project)
	switch s.Verb {
	case stackhand.LadderWake:
		f.Verb, f.Lifetime, f.Floating = "start", s.Grant, s.External != ""
	case stackhand.LadderArchive:
		f.Verb, f.ImageID, f.Thing = "delete", "", s.Image
	}
}

func makeFacts(f *facts, s stackhand.MakeSpec) {
	f.Verb, f.Noun, f.Name, f.Project = "create", s.Kind, s.Name, s.Project
	f.ThingID, f.Thing = first(s.TargetID, s.ParentID), first(s.Target, s.Parent)
	switch s.Kind {
	case stackhand.KindInterface:
		f.Verb, f.Noun, f.Name = "add", "subnet", s.Target
	case stackhand.KindVolume, stackhand.KindSnapshot:
		f.SizeGB, f.Zone, f.Properties, f.ImageID = s.Volume.Size, s.Volume.Zone, s.Volume.Metadata, s.Volume.ImageID
	case stackhand.KindFloatingIP:
		f.Floating, f.Network = true, s.External
	case stackhand.KindSubnet:
		f.Network = s.Subnet.NetworkID
	case stackhand.KindPort:
		f.Network = s.Port.NetworkID
	case stackhand.KindRule:
		f.Name, f.Open = s.Parent, opened(s.Rule)
	}
}

// opened are the ports that a rule of a security group lets in.
func opened(r stackhand.Rule) []int {
	if r.Direction != "ingress" || r.Protocol != "" && !slices.Contains(withPorts, r.Protocol) {
		return nil
	}
	from, to := r.PortMin, r.PortMax
	if to == 0 {
		from, to = max(1, from), 65535
	}
	var ports []int
	for p := max(1, from); p <= min(to, 65535); p++ {
		ports = append(ports, p)
	}
	return ports
}

func removeFacts(f *facts, s stackhand.RemoveSpec) {
	f.Verb, f.Noun, f.Name, f.Project, f.ThingID = "delete", s.Kind, s.Name, s.Project, s.ID
	if s.Kind == stackhand.KindInterface {
		f.Verb, f.Noun = "remove", "subnet"
	}
	f.Thing = s.Parent
}

func editFacts(f *facts, s stackhand.EditSpec) {
	f.Verb, f.Noun, f.Name, f.Project, f.ThingID = "set", "image", s.Image, s.Project, s.ImageID
	f.ImageID, f.Image, f.Properties = s.ImageID, s.Image, s.Change.Set
	if len(s.Change.Set) == 0 && len(s.Change.Unset) > 0 {
		f.Verb = "unset"
	}
}
