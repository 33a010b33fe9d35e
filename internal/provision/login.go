package provision

import (
	"context"
	"errors"
	"fmt"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// with opens the session for a step. Where nobody asked for the job and the login of its user has ended, be it in the middle of
// the step, it goes on with the bot's own.
func (d Deps) with(do action) func(context.Context, *jobs.Run) error {
	return func(ctx context.Context, run *jobs.Run) error {
		c, bots, err := d.session(ctx, run)
		if err != nil {
			return err
		}
		err = do(ctx, run, c)
		job := run.Job()
		if !is(err, stackhand.Unauthorized) || !job.Own || bots {
			return err
		}
		if _, err := d.instead(ctx, run, err); err != nil {
			return err
		}
		// Another attempt knows that this one may have done something.
		return stackhand.Errorf(stackhand.Unavailable, "Its owner is not logged in to %s any more; the bot goes on with its own login.", job.Cloud).Because(err)
	}
}

// session opens the cloud, and tells whether it is with the bot's own login.
func (d Deps) session(ctx context.Context, run *jobs.Run) (c Cloud, bots bool, err error) {
	job := run.Job()
	if job.Instead != "" {
		c, err = d.own(ctx, job)
		return c, true, err
	}
	c, err = d.Open(ctx, job.User.ID, job.Cloud, job.Scope)
	if job.Own && is(err, stackhand.Unauthorized) {
		c, err = d.instead(ctx, run, err)
		return c, true, err
	}
	return c, false, err
}

// instead notes on the record, before anything is done with it, that the bot's own login is used because the user's has ended.
func (d Deps) instead(ctx context.Context, run *jobs.Run, cause error) (Cloud, error) {
	job := run.Job()
	c, err := d.own(ctx, job)
	if err != nil {
		return nil, withCause(err, cause)
	}
	who := c.Identity()
	login := fmt.Sprintf("%s, project %s", who.User, who.Project)
	return c, run.Instead(ctx, login, fmt.Sprintf("The bot's own login to %s was used (%s), since its owner's has ended.", job.Cloud, login))
}

// own opens the cloud with the bot's own login. That it does not serve is said together with why it is needed.
func (d Deps) own(ctx context.Context, job stackhand.Job) (Cloud, error) {
	if d.Own == nil {
		return nil, unreachable(job.Cloud, stackhand.Errorf(stackhand.Unauthorized, "The bot has no login of its own there."))
	}
	c, err := d.Own(ctx, job.Cloud, job.Scope)
	if is(err, stackhand.Unauthorized) {
		return nil, unreachable(job.Cloud, err)
	}
	return c, err
}

func unreachable(cloud string, err error) error {
	next := "Ask its owner to log in again."
	var e *stackhand.Error
	if errors.As(err, &e) && e.Next != "" {
		next = fmt.Sprintf("Ask its owner to log in again, or help the bot: %s", e.Next)
	}
	return stackhand.Errorf(stackhand.Unauthorized, "Its owner is not logged in to %s any more. %s", cloud, err.Error()).Do("%s", next).Because(err)
}

func withCause(err, cause error) error {
	var e *stackhand.Error
	if errors.As(err, &e) {
		return e.Because(errors.Join(cause, e.Err))
	}
	return err
}

// inProject refuses, to the bot's own login in another project, a step that makes an image: it would be of that project, where
// the server's owner could not use it.
func (r rung) inProject(do action) action {
	return func(ctx context.Context, run *jobs.Run, c Cloud) error {
		job := run.Job()
		if who := c.Identity(); job.Instead != "" && r.spec.ProjectID != "" && who.ProjectID != r.spec.ProjectID {
			return unreachable(job.Cloud, stackhand.Errorf(stackhand.Unauthorized,
				"An image that is made with the bot's own login would belong to the project %s and not to %s, so none is made.", who.Project, r.spec.Project).
				Do("give the cloud's user %s a role in the project %s.", who.User, r.spec.Project))
		}
		return do(ctx, run, c)
	}
}
