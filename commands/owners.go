package commands

import (
	"context"
	"slices"

	"github.com/stackhand/stackhand"
)

// ownerOf is who owns a stack, for tables, and whether it is shared.
func (s *session) ownerOf(ctx context.Context, st stackhand.Stack) string {
	owner := s.env.person(ctx, st.Lease.Owner)
	switch {
	case len(st.Shared) == 0:
		return owner
	case st.Lease.Owner != s.user.ID && st.Of(s.user):
		return owner + " (shared with you)"
	}
	return owner + " (shared)"
}

// elsewhereShared are the stacks that others share with the user and that the session's project does not list.
func (s *session) elsewhereShared(ctx context.Context, listed []target) ([]stackhand.Stack, error) {
	shared, err := s.env.Stacks.StacksSharedWith(ctx, append([]string{s.user.ID}, s.user.Groups...)...)
	if len(shared) == 0 || err != nil {
		return nil, err
	}
	here := make(map[string]bool, len(listed))
	for i := range listed {
		if st := listed[i].stack; st != nil {
			here[st.ID] = true
		}
	}
	return slices.DeleteFunc(shared, func(st stackhand.Stack) bool { return st.Lease.Owner == s.user.ID || here[st.ID] }), nil
}

// addShared adds what is shared with the user in other projects and clouds to a list of the session's own.
func (s *session) addShared(ctx context.Context, all []target) ([]target, int, error) {
	shared, err := s.elsewhereShared(ctx, all)
	for i := range shared {
		all = append(all, target{stack: &shared[i]})
	}
	return all, len(shared), err
}

// away is where a stack is, for those whose list it stands on although it is in another project; "" for one that is here.
func (s *session) away(t target) string {
	if t.stack == nil || t.stack.Cloud == s.name && t.stack.ProjectID == s.who.ProjectID && s.here(*t.stack) {
		return ""
	}
	return " in " + t.stack.Project + " of " + t.stack.Cloud
}

// showOwners tells who owns a stack, who may use it besides, and to whom it is offered.
func (s *session) showOwners(ctx context.Context, st stackhand.Stack, field func(name, format string, args ...any)) {
	field("Owner", "%s", stackhand.To(st.Lease.Owner))
	if len(st.Shared) > 0 {
		field("Shared with", "%s", s.env.callAll(ctx, st.Shared))
	}
	switch t := st.Transfer; {
	case t.Open(s.env.Now()):
		field("Offered to", "%s, until %s", stackhand.To(t.To), stackhand.At(t.Ends))
	case t.Pending(s.env.Now()):
		field("Offered to", "%s, who accepted; that waits for an approval (request %s)", stackhand.To(t.To), stackhand.AsCode(t.Waits))
	}
}

// noServers says that a list is empty.
func (s *session) noServers(whose string) Reply {
	return Reply{Text: stackhand.Textf("There is no server %sin %s of %s. Make one with %s.", whose, s.who.Project, s.name, stackhand.AsCode("create NAME"))}
}
