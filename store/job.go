package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// MaxStacks is how many stacks one job can bring with it: all are written in one commit.
const MaxStacks = 31

var jobTable = table[stackhand.Job]{
	what:  "job",
	key:   func(j *stackhand.Job) string { return key("job", j.ID) },
	rev:   func(j *stackhand.Job) *int64 { return &j.Rev },
	index: jobIndex,
}

func jobIndex(j *stackhand.Job) []string {
	var keys []string
	if !j.State.Rests() {
		keys = append(keys, key("job.open", j.ID))
	} else {
		keys = append(keys, endedKey(j.ID))
	}
	keys = append(keys,
		key("job.recent", falling(j.Created), j.ID),
		key("job.user", j.User.ID, falling(j.Created), j.ID))
	if j.Place.Thread != "" {
		keys = append(keys, threadKey(j.Place.Channel, j.Place.Thread, j.ID))
	}
	// A stuck job does not count as a user of what it made, but it may go on, and then all of
	// that would have to come back at once.
	if !j.State.Rests() || j.State == stackhand.JobStuck {
		keys = append(keys, resourceKeys(j.Cloud, j.Made, "job", j.ID)...)
	}
	return keys
}

// endedKey marks a job that came to rest. It is written with that, and taken away once its end is on the audit trail; it is
// no index of all jobs that rest.
func endedKey(id string) string { return key("job.ended", id) }

// threadKey leads from a thread to a job. The job writes it for the thread that it was asked for
// in, its report for the thread of its card.
func threadKey(channel, ts, job string) string { return key("thread", channel, ts, job) }

// resourceKeys lead from the resources to who holds them.
func resourceKeys(cloud string, held []stackhand.Resource, what, id string) []string {
	var keys []string
	for _, r := range held {
		if r.ID == "" {
			continue
		}
		if k := key("resource", cloud, r.ID, what, id); !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	return keys
}

// CreateJob writes a new job, its new stacks and an open report, all or none. If there is a job
// of this id already it writes nothing, says created false, and loads that job into *job.
func (s *Store) CreateJob(ctx context.Context, job *stackhand.Job, stacks []*stackhand.Stack) (created bool, err error) {
	if err := need("job", job.ID); err != nil {
		return false, err
	}
	if len(stacks) > MaxStacks {
		return false, stackhand.Errorf(stackhand.Invalid, "One job can make %d servers at most, not %d.", MaxStacks, len(stacks)).
			Do("Ask for fewer at once.")
	}
	switch was, err := jobTable.read(ctx, s.d, jobTable.key(job)); {
	case err == nil:
		*job = was
		return false, nil
	case !errors.Is(err, ErrNotFound):
		return false, err
	}
	s.rule.mu.RLock()
	defer s.rule.mu.RUnlock()
	ops, err := s.newJob(job, stacks)
	if err != nil {
		return false, err
	}
	// A request has a report before it has a job, and its messages are posted while this is written.
	report, err := s.reopened(ctx, job.ID)
	if err != nil {
		return false, err
	}
	rev, err := s.d.Commit(ctx, append(ops, report...)...)
	for try := 0; errors.Is(err, ErrConflict) && try < reportRaces; try++ {
		if report, err = s.reopened(ctx, job.ID); err == nil {
			rev, err = s.d.Commit(ctx, append(ops, report...)...)
		}
	}
	if errors.Is(err, ErrConflict) {
		return false, s.lostCreate(ctx, job, stacks, err)
	}
	if err != nil {
		return false, fmt.Errorf("create job %s: %w", job.ID, err)
	}
	job.Rev = rev
	for _, st := range stacks {
		st.Rev = rev
	}
	return true, nil
}

// reportRaces is how often the report of a new job may be written by somebody else first.
const reportRaces = 5

// lostCreate tells a job that somebody else made meanwhile from a stack whose id or server is
// taken.
func (s *Store) lostCreate(ctx context.Context, job *stackhand.Job, stacks []*stackhand.Stack, lost error) error {
	was, err := jobTable.read(ctx, s.d, jobTable.key(job))
	if err == nil {
		*job = was
		return nil
	}
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	for _, st := range stacks {
		if err := s.serverTaken(ctx, st); err != nil {
			return err
		}
	}
	return fmt.Errorf("create job %s: %w", job.ID, lost)
}

func (s *Store) newJob(job *stackhand.Job, stacks []*stackhand.Stack) ([]Op, error) {
	fresh := *job
	fresh.Rev = 0
	ops, _, err := jobTable.ops(nil, &fresh)
	if err != nil {
		return nil, err
	}
	for _, st := range stacks {
		if err := need("stack", st.ID); err != nil {
			return nil, err
		}
		row := s.row(*st)
		row.Rev = 0
		more, _, err := stackTable.ops(nil, &row)
		if err != nil {
			return nil, err
		}
		ops = append(ops, more...)
	}
	return ops, nil
}

// Job reads a job.
func (s *Store) Job(ctx context.Context, id string) (stackhand.Job, error) {
	return jobTable.get(ctx, s.d, key("job", id), id)
}

// JobByPrefix finds the job whose id begins so: NotFound for none, Ambiguous for several.
func (s *Store) JobByPrefix(ctx context.Context, prefix string) (stackhand.Job, error) {
	if prefix == "" {
		return stackhand.Job{}, stackhand.Errorf(stackhand.Invalid, "The job's id is missing.").
			Do("Say which job; the first letters of its id are enough.")
	}
	from := key("job", prefix)
	found, err := jobTable.list(ctx, s.d, from, from+"\xff", 2)
	switch {
	case err != nil:
		return stackhand.Job{}, err
	case len(found) == 0:
		return s.Job(ctx, prefix)
	case len(found) > 1 && found[0].ID != prefix:
		return stackhand.Job{}, stackhand.Errorf(stackhand.Ambiguous, "Several jobs begin with %s.", prefix).
			Do("Type more of the id.")
	}
	return found[0], nil
}

// SaveJob writes a job. If its revision is not the store's it answers ErrConflict.
func (s *Store) SaveJob(ctx context.Context, job *stackhand.Job) error {
	if err := need("job", job.ID); err != nil {
		return err
	}
	return jobTable.save(ctx, s.d, job)
}

// EachJob calls do with every job, in the order of their ids.
func (s *Store) EachJob(ctx context.Context, do func(stackhand.Job) error) error {
	from, to := under("job")
	return jobTable.each(ctx, s.d, from, to, do)
}

// OpenJobs reads the jobs that do not rest, oldest first.
func (s *Store) OpenJobs(ctx context.Context) ([]stackhand.Job, error) {
	from, to := under("job.open")
	open, err := jobTable.follow(ctx, s.d, from, to, 0, func(j *stackhand.Job) bool { return !j.State.Rests() })
	slices.SortStableFunc(open, func(a, b stackhand.Job) int { return a.Created.Compare(b.Created) })
	return open, err
}

// RecentJobs reads at most limit jobs (0: all), newest first: those of one user, or of all with
// user "".
func (s *Store) RecentJobs(ctx context.Context, user string, limit int) ([]stackhand.Job, error) {
	from, to := under("job.recent")
	if user != "" {
		from, to = under("job.user", user)
	}
	return jobTable.follow(ctx, s.d, from, to, limit, nil)
}

// jobBehind is the job's id as it stands in keys, from the key of the job, of its report, or of a notice.
func (s *Store) jobBehind(ctx context.Context, record string) (string, error) {
	kind, id, _ := strings.Cut(record, "/")
	if kind != "notice" {
		return id, nil
	}
	n, err := noticeTable.read(ctx, s.d, record)
	if err != nil {
		return "", err
	}
	return strings.TrimPrefix(key("job", n.Job), "job/"), nil
}

// JobsInThread tells the ids of the jobs that were asked for in a thread or whose card it belongs
// to, newest first.
func (s *Store) JobsInThread(ctx context.Context, channel, ts string) ([]string, error) {
	from, to := under("thread", channel, ts)
	items, err := s.d.Scan(ctx, from, to, 0)
	if err != nil {
		return nil, fmt.Errorf("read the thread's jobs: %w", err)
	}
	var found []stackhand.Job
	for _, i := range items {
		id, err := s.jobBehind(ctx, string(i.Value))
		if err != nil {
			return nil, err
		}
		j, err := jobTable.read(ctx, s.d, key("job")+"/"+id)
		switch {
		case err == nil:
			found = append(found, j)
		case !errors.Is(err, ErrNotFound):
			return nil, err
		}
	}
	slices.SortStableFunc(found, func(a, b stackhand.Job) int {
		return cmp.Or(b.Created.Compare(a.Created), strings.Compare(a.ID, b.ID))
	})
	var ids []string
	for _, j := range found {
		ids = append(ids, j.ID)
	}
	return slices.Compact(ids), nil
}
