package provision

import (
	"context"
	"fmt"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// editor changes an image. The change says how it is to be afterwards, so that making it twice does no harm.
type editor struct {
	Deps
	spec stackhand.EditSpec
}

func editFlow(d Deps) jobs.Flow {
	return jobs.Flow{
		Name: FlowEdit, Version: 1,
		Steps: func(job stackhand.Job) ([]jobs.Step, error) {
			spec, err := input[stackhand.EditSpec](job)
			if err != nil {
				return nil, err
			}
			e := editor{d, spec}
			return []jobs.Step{{Name: "edit", Title: "Change image " + spec.Image, Do: d.with(e.edit)}}, nil
		},
	}
}

func (e editor) edit(ctx context.Context, run *jobs.Run, c Cloud) error {
	if err := (home{e.spec.ProjectID, e.spec.Project}).check(c.Identity(), true); err != nil {
		return err
	}
	err := c.UpdateImage(ctx, e.spec.ImageID, e.spec.Change)
	if is(err, stackhand.NotFound) {
		return stackhand.Errorf(stackhand.NotFound, "The image %s is not there any more.", e.spec.Image).Because(err)
	}
	if err != nil {
		return err
	}
	if name := e.spec.Change.Name; name != "" && name != e.spec.Image {
		return run.Say(ctx, fmt.Sprintf("The image %s is called %s now.", e.spec.Image, name))
	}
	return nil
}
