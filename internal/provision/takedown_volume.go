package provision

import (
	"context"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
)

// detachFor is how long a server is given to let a volume go before it is deleted all the same.
const detachFor = 2 * time.Minute

// foreign is why a volume is left that was not made by us.
const foreign = "it was not made for this stack. It is detached."

// release detaches the volumes of a server that is about to be deleted, so that no disk of somebody else's goes
// with it. The one that it boots from cannot be detached. What the cloud refuses to detach in the server's state,
// it detaches when it deletes the server.
func (t *takedown) release(ctx context.Context, srv stackhand.Server) error {
	for _, id := range srv.Volumes {
		v, err := t.cloud.Volume(ctx, id)
		if is(err, stackhand.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if v.Metadata[metaStack] != "" && v.Metadata[metaStack] == srv.Metadata[metaStack] {
			continue // it boots from it
		}
		if v.Metadata[metaJob] == "" || !t.ours(ctx, stackhand.KindVolume, id) {
			if err := t.left(ctx, stackhand.Resource{Kind: stackhand.KindVolume, ID: id, Name: v.Name}, foreign); err != nil {
				return err
			}
		}
		if err := t.detach(ctx, v, srv); err != nil {
			return err
		}
	}
	return nil
}

func (t *takedown) detach(ctx context.Context, v stackhand.Volume, srv stackhand.Server) error {
	if v.Status != "detaching" {
		err := gone(t.cloud.DetachVolume(ctx, srv.ID, v.ID))
		if is(err, stackhand.Conflict) || is(err, stackhand.Invalid) || is(err, stackhand.Forbidden) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	wait, cancel := context.WithTimeout(ctx, detachFor)
	defer cancel()
	_, err := awaitDetached(wait, t.run, t.cloud, v.ID, srv.ID, srv.Name)
	if ctx.Err() == nil && (wait.Err() != nil || is(err, stackhand.Failed)) {
		return nil
	}
	return gone(err)
}

// volume removes a volume of ours, once its server has let it go. One that was not made by us is only taken off
// the record, and so is one that its owner wants to keep.
func (t *takedown) volume(ctx context.Context, r stackhand.Resource) error {
	v, err := t.cloud.Volume(ctx, r.ID)
	if is(err, stackhand.NotFound) {
		return t.forget(ctx, r)
	}
	if err != nil {
		return err
	}
	why := ""
	switch {
	case r.Job == "":
		why = foreign
	case v.ProjectID != "" && t.within != "" && v.ProjectID != t.within:
		why = "it was given to another project." // an administrator's login sees it there
	case t.keep && r.Job != t.boot:
		why = "it was to be kept. It is detached."
	}
	if why != "" {
		if err := t.left(ctx, r, why); err != nil {
			return err
		}
		return t.forget(ctx, r)
	}
	if v.Metadata[metaJob] != r.Job {
		return t.left(ctx, r, "it does not carry the mark of the job that made it any more.")
	}
	if user, err := t.volumeUser(ctx, v); err != nil {
		return err
	} else if user != "" {
		return t.left(ctx, r, user+" uses it.")
	}
	err = gone(removeThing(ctx, t.run, t.cloud, r))
	if is(err, stackhand.Conflict) {
		return t.left(ctx, r, err.Error())
	}
	if err != nil {
		return err
	}
	return t.forget(ctx, r)
}

// copied removes an image, or a snapshot of a volume. One that the cloud does not give away, because something is built on it, stays.
func (t *takedown) copied(ctx context.Context, r stackhand.Resource) error {
	err := gone(removeThing(ctx, t.run, t.cloud, r))
	if is(err, stackhand.Conflict) {
		return t.left(ctx, r, err.Error())
	}
	if err != nil {
		return err
	}
	return t.forget(ctx, r)
}

// volumeUser names the server that has the volume, after giving one that was just deleted time to let it go.
func (t *takedown) volumeUser(ctx context.Context, v stackhand.Volume) (string, error) {
	end := time.Now().Add(settling)
	user := ""
	err := until(ctx, func() (over bool, err error) {
		user = ""
		if at := slices.IndexFunc(v.Attached, func(a stackhand.Attachment) bool { return a.ServerID != "" }); at >= 0 {
			user = serverName(ctx, t.cloud, v.Attached[at].ServerID)
		}
		if user == "" && v.Status != "detaching" || time.Now().After(end) {
			return true, nil
		}
		v, err = t.cloud.Volume(ctx, v.ID)
		if is(err, stackhand.NotFound) {
			v, err = stackhand.Volume{}, nil
		}
		return false, err
	})
	return user, err
}
