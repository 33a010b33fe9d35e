package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// stackRow is a stack as it is kept: with its next moment, so that the key that it has in the
// index is known even after the rule has changed.
type stackRow struct {
	stackhand.Stack
	DueAt time.Time `json:"due_at,omitzero"`
}

var stackTable = table[stackRow]{
	what:   "stack",
	key:    func(r *stackRow) string { return key("stack", r.ID) },
	rev:    func(r *stackRow) *int64 { return &r.Rev },
	index:  stackIndex,
	unique: serverKey,
}

func stackIndex(r *stackRow) []string {
	if r.State == stackhand.StackGone {
		return []string{key("stack.past", r.Cloud, r.ProjectID, rising(r.Gone), r.ID)}
	}
	var keys []string
	if !r.DueAt.IsZero() {
		keys = append(keys, key("stack.due", rising(r.DueAt), r.ID))
	}
	if k := serverKey(r); k != "" {
		keys = append(keys, k)
	}
	keys = append(keys,
		key("stack.owner", r.Lease.Owner, r.ID),
		key("stack.project", r.Cloud, r.ProjectID, r.ID))
	keys = append(keys, sharedKeys(&r.Stack)...)
	return append(keys, resourceKeys(r.Cloud, r.Ledger, "stack", r.ID)...)
}

// serverKey is where the one stack of a server stands.
func serverKey(r *stackRow) string {
	if r.Server == "" {
		return ""
	}
	return key("stack.server", r.Cloud, r.Server)
}

// row is for whoever holds s.rule until it is written.
func (s *Store) row(st stackhand.Stack) stackRow {
	return stackRow{Stack: st, DueAt: s.rule.due(st)}
}

// Stack reads a stack, a gone one too.
func (s *Store) Stack(ctx context.Context, id string) (stackhand.Stack, error) {
	r, err := stackTable.get(ctx, s.d, key("stack", id), id)
	return r.Stack, err
}

// SaveStack writes a stack; ErrConflict if its revision is not the store's, and a *stackhand.Error
// of kind Conflict if its server belongs to another stack.
func (s *Store) SaveStack(ctx context.Context, st *stackhand.Stack) error {
	if err := need("stack", st.ID); err != nil {
		return err
	}
	r, err := s.saveStack(ctx, *st)
	if errors.Is(err, ErrConflict) {
		if taken := s.serverTaken(ctx, st); taken != nil {
			return taken
		}
	}
	st.Rev = r.Rev
	return err
}

// saveStack writes a stack with its moment by the rule in force, which is not replaced meanwhile.
func (s *Store) saveStack(ctx context.Context, st stackhand.Stack) (stackRow, error) {
	s.rule.mu.RLock()
	defer s.rule.mu.RUnlock() // also after a panic of the rule: else no other one could be set any more
	r := s.row(st)
	err := stackTable.save(ctx, s.d, &r)
	return r, err
}

// serverTaken answers a Conflict if the stack's server belongs to another one.
func (s *Store) serverTaken(ctx context.Context, st *stackhand.Stack) error {
	if st.Server == "" || st.State == stackhand.StackGone {
		return nil
	}
	other, err := s.StackByServer(ctx, st.Cloud, st.Server)
	switch {
	case stackhand.KindOf(err) == stackhand.NotFound:
		return nil
	case err != nil:
		return err
	case other.ID == st.ID:
		return nil
	}
	return stackhand.Errorf(stackhand.Conflict, "That server already belongs to the stack %s.", other.Name).
		Do("Ask its owner to share it or to hand it over.")
}

// StackByServer finds the stack of a server.
func (s *Store) StackByServer(ctx context.Context, cloud, serverID string) (stackhand.Stack, error) {
	none := stackhand.Errorf(stackhand.NotFound, "The server %s does not belong to a stack.", serverID).Because(ErrNotFound)
	if serverID == "" {
		return stackhand.Stack{}, none
	}
	item, err := s.d.Get(ctx, key("stack.server", cloud, serverID))
	if errors.Is(err, ErrNotFound) {
		return stackhand.Stack{}, none
	}
	if err != nil {
		return stackhand.Stack{}, fmt.Errorf("find the stack of a server: %w", err)
	}
	r, err := stackTable.read(ctx, s.d, string(item.Value))
	switch {
	case errors.Is(err, ErrNotFound):
		return stackhand.Stack{}, none
	case err != nil:
		return stackhand.Stack{}, err
	case r.State == stackhand.StackGone || r.Server != serverID:
		return stackhand.Stack{}, none
	}
	return r.Stack, nil
}

// StacksInProject reads the stacks of a cloud's project, oldest first.
func (s *Store) StacksInProject(ctx context.Context, cloud, projectID string) ([]stackhand.Stack, error) {
	from, to := under("stack.project", cloud, projectID)
	return s.stacks(ctx, from, to, 0, byAge, func(st *stackRow) bool {
		return st.Cloud == cloud && st.ProjectID == projectID
	})
}

// StacksInCloud reads the stacks of all projects of a cloud, oldest first.
func (s *Store) StacksInCloud(ctx context.Context, cloud string) ([]stackhand.Stack, error) {
	from, to := under("stack.project", cloud)
	return s.stacks(ctx, from, to, 0, byAge, func(st *stackRow) bool { return st.Cloud == cloud })
}

// StacksEverInProject reads the stacks of a cloud's project and those that went since a moment, oldest first.
func (s *Store) StacksEverInProject(ctx context.Context, cloud, projectID string, since time.Time) ([]stackhand.Stack, error) {
	all, err := s.StacksInProject(ctx, cloud, projectID)
	if err != nil {
		return nil, err
	}
	_, to := under("stack.past", cloud, projectID)
	rows, err := stackTable.follow(ctx, s.d, key("stack.past", cloud, projectID, rising(since)), to, 0, func(r *stackRow) bool {
		return r.State == stackhand.StackGone && r.Cloud == cloud && r.ProjectID == projectID && !r.Gone.Before(since)
	})
	for _, r := range rows {
		all = append(all, r.Stack)
	}
	sortByAge(all)
	return all, err
}

// StacksEver reads all stacks that are there and those that went since a moment, oldest first: for reports over everything.
func (s *Store) StacksEver(ctx context.Context, since time.Time) ([]stackhand.Stack, error) {
	from, to := under("stack.project")
	all, err := s.stacks(ctx, from, to, 0, byAge, func(*stackRow) bool { return true })
	if err != nil {
		return nil, err
	}
	// The index of what is past is by project: from each, what went since is read, and no more.
	from, to = under("stack.past")
	for {
		rows, err := stackTable.follow(ctx, s.d, from, to, 1, nil)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			break
		}
		_, end := under("stack.past", rows[0].Cloud, rows[0].ProjectID)
		gone, err := stackTable.follow(ctx, s.d, key("stack.past", rows[0].Cloud, rows[0].ProjectID, rising(since)), end, 0, func(r *stackRow) bool {
			return r.State == stackhand.StackGone && !r.Gone.Before(since)
		})
		if err != nil {
			return nil, err
		}
		for _, r := range gone {
			all = append(all, r.Stack)
		}
		from = end
	}
	sortByAge(all)
	return all, nil
}

// StacksOfOwner reads the stacks of a user, oldest first.
func (s *Store) StacksOfOwner(ctx context.Context, user string) ([]stackhand.Stack, error) {
	from, to := under("stack.owner", user)
	return s.stacks(ctx, from, to, 0, byAge, func(st *stackRow) bool { return st.Lease.Owner == user })
}

// StacksDue reads at most limit stacks (0: all) whose next moment is until or earlier, the
// earliest first. It reads no others.
func (s *Store) StacksDue(ctx context.Context, until time.Time, limit int) ([]stackhand.Stack, error) {
	from, _ := under("stack.due")
	_, to := under("stack.due", rising(until))
	return s.stacks(ctx, from, to, limit, nil, func(st *stackRow) bool {
		return !st.DueAt.IsZero() && !st.DueAt.After(until)
	})
}

func byAge(a, b *stackhand.Stack) int {
	return cmp.Or(a.Created.Compare(b.Created), strings.Compare(a.ID, b.ID))
}

func sortByAge(all []stackhand.Stack) {
	slices.SortFunc(all, func(a, b stackhand.Stack) int { return byAge(&a, &b) })
}

// stacks follows an index to the stacks that are not gone.
func (s *Store) stacks(ctx context.Context, from, to string, limit int,
	order func(a, b *stackhand.Stack) int, keep func(*stackRow) bool) ([]stackhand.Stack, error) {
	rows, err := stackTable.follow(ctx, s.d, from, to, limit, func(r *stackRow) bool {
		return r.State != stackhand.StackGone && keep(r)
	})
	if len(rows) == 0 || err != nil {
		return nil, err
	}
	sorted := make([]*stackhand.Stack, len(rows)) // a stack is large: only where it is moves
	for i := range rows {
		sorted[i] = &rows[i].Stack
	}
	if order != nil {
		slices.SortFunc(sorted, order)
	}
	out := make([]stackhand.Stack, len(rows))
	for i, st := range sorted {
		out[i] = *st
	}
	return out, nil
}

// UsersOfResource tells the ids of the stacks that are not gone and of the jobs that do not rest
// which hold a resource, in no particular order but always the same.
func (s *Store) UsersOfResource(ctx context.Context, cloud, resourceID string) ([]string, error) {
	held := func(rs []stackhand.Resource) bool {
		return slices.ContainsFunc(rs, func(r stackhand.Resource) bool { return r.ID == resourceID })
	}
	from, to := under("resource", cloud, resourceID, "stack")
	rows, err := stackTable.follow(ctx, s.d, from, to, 0, func(r *stackRow) bool {
		return r.State != stackhand.StackGone && held(r.Ledger)
	})
	if err != nil {
		return nil, err
	}
	from, to = under("resource", cloud, resourceID, "job")
	busy, err := jobTable.follow(ctx, s.d, from, to, 0, func(j *stackhand.Job) bool {
		return !j.State.Rests() && held(j.Made)
	})
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	for _, j := range busy {
		ids = append(ids, j.ID)
	}
	return ids, nil
}
