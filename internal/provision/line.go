package provision

import (
	"context"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// lineFlow says a line that somebody had to approve. What it does is done at once by the command, which finds out
// when it is said twice; there is nothing to undo.
func lineFlow(d Deps) jobs.Flow {
	return jobs.Flow{
		Name: FlowLine, Version: 1,
		Steps: func(job stackhand.Job) ([]jobs.Step, error) {
			do := func(ctx context.Context, run *jobs.Run) error {
				if d.Line == nil {
					return stackhand.Errorf(stackhand.NeedsHuman, "Approved lines are not carried out here.").Do("Type the command again.")
				}
				said, err := d.Line(ctx, job)
				if err != nil || said == "" {
					return err
				}
				return run.Say(ctx, said)
			}
			return []jobs.Step{{Name: "do", Title: job.Title, Do: do}}, nil
		},
	}
}
