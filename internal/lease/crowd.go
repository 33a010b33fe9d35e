package lease

import (
	"context"
	"errors"
	"fmt"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/abreast"
)

// Many leases may come to something at one moment, as with "keep --until friday 18:00", and a cloud may take its time or give no answer.
// So a sweep waits for several places at once, and reads the servers of a project in one go where it wants to know of many. TestCrowd
// measures what that is worth, with 100 ms for an answer, 2 ms more for each server in a list, and 15 s in vain for a cloud that is dead: how
// long until the last warning for a cloud that answers is written down, and how many calls are made for that. They go out when the sweep is
// through: half a minute later at most, beside a cloud that is dead.
//
//	                                one after the other     like this
//	1,000 leases in one project     100 s, 1,000 calls      2.6 s, 6 calls
//	1,000 leases in 40 projects     100 s, 1,000 calls      6.5 s, 240 calls
//	1,000 leases in 1,000 projects  100 s, 1,000 calls      25 s, 1,000 calls
//	20 leases beside a dead cloud   32 s, 20 calls          0.6 s, 6 calls
//
// Nothing is taken by what a list said: the job of each step reads its server anew, and holds it against the record.

// oneByOne is for how many servers of a project a sweep asks each by itself. A list of all costs a cloud as much as some of these.
const oneByOne = 5

// siteOf is where a stack is.
func siteOf(s stackhand.Stack) abreast.Site { return abreast.Site{Cloud: s.Cloud, Region: s.Region} }

// project is where stacks come to something in one sweep, and what its cloud said. They are looked at one after the other.
type project struct {
	stacks []stackhand.Stack // the earliest first
	asked  int
	listed map[string]stackhand.Server // by id; nil: not read
	alone  bool                        // no list can be had
}

// projectsOf sorts what is due by where it is.
func projectsOf(due []stackhand.Stack) map[abreast.Site][]*project {
	sites, known := map[abreast.Site][]*project{}, map[abreast.Site]map[string]*project{}
	for _, st := range due {
		at := siteOf(st)
		if known[at] == nil {
			known[at] = map[string]*project{}
		}
		in := known[at][st.ProjectID]
		if in == nil {
			in = &project{}
			known[at][st.ProjectID] = in
			sites[at] = append(sites[at], in)
		}
		in.stacks = append(in.stacks, st)
	}
	return sites
}

// lookAtAll looks at all that is due. While one waits for its cloud those in other places go on; all else is done by one at a time.
func (s *Sweeper) lookAtAll(ctx context.Context, p *pass, due []stackhand.Stack) error {
	return abreast.Do(projectsOf(due), func(in *project) error {
		var errs []error
		for _, stack := range in.stacks {
			errs = append(errs, p.turn.Take(func() error { return s.lookAgain(ctx, p, in, stack) }))
		}
		return errors.Join(errs...)
	})
}

// lookAgain looks at a stack, and again where somebody else was faster to write on it. A panic is one lease's trouble, too.
func (s *Sweeper) lookAgain(ctx context.Context, p *pass, in *project, stack stackhand.Stack) error {
	which := fmt.Sprintf("lease of %s (%s)", stack.Name, stack.ID)
	err := stackhand.Guarded("the "+which, func() error {
		err := s.look(ctx, p, in, stack)
		for try := 0; try < 5 && s.Conflict != nil && errors.Is(err, s.Conflict); try++ {
			delete(in.listed, stack.Server) // what the list said may be older than what was written
			if stack, err = s.Book.Stack(ctx, stack.ID); err == nil {
				err = s.look(ctx, p, in, stack)
			}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", which, err)
	}
	return nil
}

// ask tells what the cloud says of a stack's server, and gives the turn away while it waits. What a list does not hold is asked for: the list may be
// one of fewer servers.
func (s *Sweeper) ask(ctx context.Context, p *pass, in *project, stack stackhand.Stack) (srv stackhand.Server, err error) {
	p.turn.Away(func() { srv, err = s.tells(ctx, in, stack) })
	return srv, err
}

// tells is an answer of the cloud, or what a list of it said.
func (s *Sweeper) tells(ctx context.Context, in *project, stack stackhand.Stack) (stackhand.Server, error) {
	if in.asked++; in.asked > oneByOne && in.listed == nil && !in.alone && s.Servers != nil {
		s.list(ctx, in, stack)
	}
	if srv, ok := in.listed[stack.Server]; ok {
		return srv, nil
	}
	look, cancel := context.WithTimeout(ctx, abreast.LookFor)
	defer cancel()
	return s.Server(look, stack)
}

// list reads the servers of a project. Where that fails each is asked for by itself; a login that has ended is one owner's only.
func (s *Sweeper) list(ctx context.Context, in *project, stack stackhand.Stack) {
	look, cancel := context.WithTimeout(ctx, abreast.LookFor)
	defer cancel()
	all, err := s.Servers(look, stack)
	if err != nil {
		s.Log.Warn("the servers of a project cannot be listed; they are looked at one by one", "cloud", stack.Cloud, "project", stack.ProjectID, "err", err)
		in.alone = stackhand.KindOf(err) != stackhand.Unauthorized
		return
	}
	in.listed = make(map[string]stackhand.Server, len(all))
	for _, srv := range all {
		in.listed[srv.ID] = srv
	}
}
