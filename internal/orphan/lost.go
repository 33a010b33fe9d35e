package orphan

import (
	"context"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// lost are the records whose resources are not in the cloud any more.
func (l *look) lost(ctx context.Context, c Cloud) ([]stackhand.Orphan, error) {
	features, err := c.Features(ctx)
	if err != nil {
		return nil, err
	}
	var stacks []stackhand.Stack
	if l.at.Everywhere {
		stacks, err = l.Book.StacksInCloud(ctx, l.at.Cloud)
	} else {
		stacks, err = l.Book.StacksInProject(ctx, l.at.Cloud, l.who.ProjectID)
	}
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, t := range l.things {
		there[t.Kind+" "+t.ID] = true
	}
	var out []stackhand.Orphan
	for _, st := range stacks {
		if !l.settled(st) {
			continue
		}
		missing, rest := split(st, features, there)
		if len(missing) == 0 {
			continue
		}
		out = append(out, stackhand.Orphan{
			ID: idOf("record", st.ID), Cloud: l.at.Cloud, Record: st.ID, Name: st.Name, Missing: missing, Rest: rest, Owner: st.Lease.Owner,
			Scope: st.Scope(), Why: "The record is here, but not in the cloud: " + Words(missing) + ".",
		})
	}
	return out, nil
}

// settled tells whether nothing is done with a stack just now, and it is where was looked.
func (l *look) settled(st stackhand.Stack) bool {
	if st.State != stackhand.StackReady && st.State != stackhand.StackKept || st.Busy != "" {
		return false
	}
	region := st.Region
	if region == "" {
		region = l.at.Region
	}
	if region == "" && l.several {
		return false // nobody knows in which of them it is
	}
	here := region == "" || l.who.Region == "" || region == l.who.Region
	return here && l.Now().Sub(st.Created) >= Fresh && l.Now().Sub(st.Lease.Ready) >= Fresh
}

// split tells what of a stack's ledger is missing in the cloud, and what of its own is still there. What the cloud's
// services do not list is neither.
func split(st stackhand.Stack, f stackhand.Features, there map[string]bool) (missing, rest []stackhand.Resource) {
	kinds := []string{stackhand.KindServer}
	if f.Network {
		kinds = append(kinds, stackhand.KindPort, stackhand.KindFloatingIP, stackhand.KindNetwork, stackhand.KindSubnet, stackhand.KindRouter, stackhand.KindSecurityGroup)
	}
	if f.Volumes {
		kinds = append(kinds, stackhand.KindVolume)
	}
	for _, r := range st.Ledger {
		switch {
		case !slices.Contains(kinds, r.Kind) || r.Kind != stackhand.KindServer && (r.Job == "" || r.Shared):
		case there[r.Kind+" "+r.ID]:
			rest = append(rest, r)
		default:
			missing = append(missing, r)
		}
	}
	return missing, rest
}

// Words names resources in a sentence.
func Words(rs []stackhand.Resource) string {
	var out []string
	for _, r := range rs {
		name := r.Name
		if name == "" {
			name = r.ID
		}
		out = append(out, r.Kind+" "+name)
	}
	return strings.Join(out, ", ")
}
