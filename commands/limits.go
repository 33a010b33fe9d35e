package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

type limitsArgs struct {
	Absolute bool `help:"accepted, as the openstack client has it" hidden:"true"`
	inCloud
}

var _ = add(Command[limitsArgs]{
	Name: "limits", Help: "how much of its quotas your project uses, and what there is still room for", Examples: []string{"limits"},
	Role: stackhand.Member, Reads: true, Run: limits,
})

// nearlyFull is the part of a quota from which on it is marked.
const nearlyFull = 0.9

func limits(ctx context.Context, env *Env, user stackhand.User, a limitsArgs) (Reply, error) {
	s, err := open(ctx, env, user, a.Cloud)
	if err != nil {
		return Reply{}, err
	}
	var l stackhand.Limits
	var flavors []stackhand.Flavor
	err = gather(ctx, into(&l, s.Limits), into(&flavors, func(ctx context.Context) ([]stackhand.Flavor, error) { return flavorsBySize(ctx, s) }))
	if err != nil {
		return Reply{}, err
	}
	t := &Table{Columns: []string{"What", "In use", "Of", "Left", ""}}
	for _, n := range allQuotas(l) {
		t.Rows = append(t.Rows, quotaRow(n))
	}
	text := stackhand.Textf("Quotas of %s in %s", s.who.Project, s.name)
	if room := roomWords(l, flavors); room != "" {
		text = text.Add(". Room for %s", room)
	}
	return Reply{Text: text.Add(":"), Table: t}, nil
}

// allQuotas are the quotas that the cloud tells of, most important first.
func allQuotas(l stackhand.Limits) []need {
	all := []need{
		{"Servers", 0, l.Servers, plainNumber}, {"Cores", 0, l.Cores, plainNumber}, {"RAM", 0, l.RAM, mebi},
		{"Floating IPs", 0, l.FloatingIPs, plainNumber}, {"Volumes", 0, l.Volumes, plainNumber}, {"Volume storage", 0, l.VolumeGB, gibi},
		{"Volume snapshots", 0, l.Snapshots, plainNumber}, {"Networks", 0, l.Networks, plainNumber}, {"Subnets", 0, l.Subnets, plainNumber},
		{"Routers", 0, l.Routers, plainNumber}, {"Ports", 0, l.Ports, plainNumber}, {"Security groups", 0, l.Groups, plainNumber},
		{"Security group rules", 0, l.GroupRules, plainNumber}, {"Key pairs", 0, l.KeyPairs, plainNumber},
	}
	for _, most := range []struct {
		what string
		n    int
		unit func(int) string
	}{{"Properties of a server", l.MaxMetadata, plainNumber}, {"Files put into a server", l.MaxPersonality, plainNumber},
		{"Bytes of such a file", l.MaxPersonalityBytes, plainNumber}} {
		if most.n > 0 {
			all = append(all, need{most.what, 0, stackhand.Limit{Used: -1, Max: most.n}, most.unit})
		}
	}
	// A cloud without Cinder tells neither a use nor an end of volumes.
	return slices.DeleteFunc(all, func(n need) bool { return n.limit.Max < 0 && n.limit.Used <= 0 })
}

func quotaRow(n need) []string {
	l := n.limit
	switch {
	case l.Used < 0: // an upper bound for each server, of which nothing is used up
		return []string{n.what, "–", n.unit(l.Max), "–", ""}
	case l.Max < 0:
		return []string{n.what, n.unit(l.Used), "no limit", "–", ""}
	}
	mark := ""
	switch {
	case l.Used >= l.Max:
		mark = "full"
	case float64(l.Used) >= nearlyFull*float64(l.Max):
		mark = "nearly full"
	}
	return []string{n.what, n.unit(l.Used), n.unit(l.Max), n.unit(max(0, l.Max-l.Used)), mark}
}

// roomWords says how many servers of the usual sizes still fit.
func roomWords(l stackhand.Limits, flavors []stackhand.Flavor) string {
	var out []string
	for _, f := range flavors {
		if n := roomFor(l, f); n >= 0 && len(out) < 4 {
			out = append(out, fmt.Sprintf("%d %s", n, f.Name))
		}
	}
	return strings.Join(out, ", or ")
}
