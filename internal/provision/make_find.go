package provision

import (
	"context"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// find puts on the record what carries the job's mark, since an answer may have been lost.
func (m maker) find(ctx context.Context, run *jobs.Run, c Cloud) error {
	found, err := m.marked(ctx, run, c)
	if err != nil {
		return err
	}
	for _, r := range found {
		r.Job = m.id
		if err := run.Made(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (m maker) marked(ctx context.Context, run *jobs.Run, c Cloud) ([]stackhand.Resource, error) {
	kind := m.spec.Kind
	thing := func(id, name string) stackhand.Resource { return stackhand.Resource{Kind: kind, ID: id, Name: name} }
	switch kind {
	case stackhand.KindVolume:
		return markedVolumes(ctx, c, m.id)
	case stackhand.KindSnapshot:
		all, err := c.VolumeSnapshots(ctx)
		return ofJob(all, err, m.id, func(s stackhand.VolumeSnapshot) (map[string]string, stackhand.Resource) {
			return s.Metadata, thing(s.ID, s.Name)
		})
	case stackhand.KindInterface, stackhand.KindRule:
		return m.unnamed(ctx, run, c)
	}
	if kind == stackhand.KindFloatingIP {
		if f, err := m.lostAddress(ctx, run, c, m.mark()); err != nil || f.ID != "" {
			return []stackhand.Resource{thing(f.ID, f.IP)}, err
		}
	}
	return marked(ctx, c, kind, m.spec.Name, m.id)
}

// ofJob makes resources of those things whose metadata names the job.
func ofJob[T any](all []T, err error, job string, what func(T) (map[string]string, stackhand.Resource)) ([]stackhand.Resource, error) {
	var out []stackhand.Resource
	for _, t := range all {
		if meta, r := what(t); meta[metaJob] == job {
			r.Job, r.Stack = job, meta[metaStack]
			out = append(out, r)
		}
	}
	return out, err
}

// unnamed finds what carries no mark, if it was not there before the job.
func (m maker) unnamed(ctx context.Context, run *jobs.Run, c Cloud) ([]stackhand.Resource, error) {
	var fresh bool
	if _, err := run.Get("fresh", &fresh); err != nil || !fresh {
		return nil, err
	}
	r := stackhand.Resource{Kind: m.spec.Kind, ID: m.spec.TargetID, Name: m.spec.Target, Parent: m.spec.ParentID}
	if m.spec.Kind == stackhand.KindRule {
		rule, err := m.findRule(ctx, c)
		if r.ID = rule.ID; err != nil || r.ID == "" {
			return nil, err
		}
		return []stackhand.Resource{r}, nil
	}
	if there, err := joined(ctx, c, m.spec.ParentID, m.spec.TargetID); err != nil || !there {
		return nil, err
	}
	return []stackhand.Resource{r}, nil
}
