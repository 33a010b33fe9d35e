package commands

import (
	"context"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// markedBy is the id of the job that made a thing, out of its description. "" if it was not
// made here; shared tells that the project's stacks use it together.
func markedBy(description string) (job string, shared bool) {
	m, _, _ := stackhand.ParseMark(description)
	return m.Job, m.Share != ""
}

// described is the part of a description that people wrote, behind the mark.
func described(description string) string {
	if _, said, ok := stackhand.ParseMark(description); ok {
		return said
	}
	return description
}

// mayTouch refuses, where everybody uses the cloud with the bot's own login, to change what is not the asker's: what they
// made, or what was made for a server that is theirs now. Elsewhere the asker's own rights in the cloud decide.
func (s *session) mayTouch(ctx context.Context, verb, what, job string) error {
	if !s.settings.Service || s.user.Role >= stackhand.Admin {
		return nil
	}
	if job != "" {
		switch made, err := s.env.Jobs.Job(ctx, job); {
		case err == nil:
			owner, err := s.madeFor(ctx, made)
			if err != nil || owner == "" {
				return err
			}
			name := s.env.person(ctx, owner)
			return stackhand.Errorf(stackhand.Forbidden, "%s was made by %s, so you cannot %s it.", capital(what), name, verb).Do("Ask %s, or an administrator.", name)
		case stackhand.KindOf(err) != stackhand.NotFound:
			return err
		}
	}
	return stackhand.Errorf(stackhand.Forbidden, "%s was not made by you, so only an administrator may %s it.", capital(what), verb).Do("Ask one of them.")
}

// madeFor tells whose is what a job made: that of the owner of its servers, while there are any, else that of who asked for it.
// It is "" where that is the session's user.
func (s *session) madeFor(ctx context.Context, made stackhand.Job) (string, error) {
	owner := made.User.ID
	for _, id := range made.Stacks {
		st, err := s.env.Stacks.Stack(ctx, id)
		switch {
		case stackhand.KindOf(err) == stackhand.NotFound || err == nil && st.State == stackhand.StackGone:
		case err != nil:
			return "", err
		case st.Of(s.user):
			return "", nil
		default:
			owner = st.Lease.Owner
		}
	}
	if owner == s.user.ID {
		return "", nil
	}
	return owner, nil
}

// holders are the stacks whose ledger a resource is on, and whether they share it.
func (s *session) holders(ctx context.Context, is func(stackhand.Resource) bool) (all []stackhand.Stack, shared bool, err error) {
	stacks, err := s.env.Stacks.InProject(ctx, s.name, s.who.ProjectID)
	for _, st := range stacks {
		if i := slices.IndexFunc(st.Ledger, is); i >= 0 {
			all = append(all, st)
			shared = shared || st.Ledger[i].Shared
		}
	}
	return all, shared, err
}

// mayTake refuses to remove what a stack is built on: what several share, and what is of somebody else's stack.
func (s *session) mayTake(ctx context.Context, what string, is func(stackhand.Resource) bool) error {
	held, shared, err := s.holders(ctx, is)
	if err != nil || len(held) == 0 {
		return err
	}
	var names []string
	for _, st := range held {
		if !slices.Contains(names, st.Name) {
			names = append(names, st.Name)
		}
	}
	if shared {
		return stackhand.Errorf(stackhand.Conflict, "%s is used by %s, so it cannot be deleted.", capital(what), strings.Join(names, ", ")).
			Do("It goes by itself with the last of them: `delete %s`.", quote(names[0]))
	}
	for _, st := range held {
		if !st.Of(s.user) && s.user.Role < stackhand.Admin {
			owner := s.env.person(ctx, st.Lease.Owner)
			return stackhand.Errorf(stackhand.Forbidden, "%s belongs to %s of %s, so you cannot delete it.", capital(what), st.Name, owner).
				Do("Ask %s. It goes by itself when %s is deleted.", owner, st.Name)
		}
	}
	return nil
}
