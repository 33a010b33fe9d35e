package commands

import (
	"context"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
)

type archiveArgs struct {
	Server  string `arg:"server" help:"name or id; in a server's thread, that one"`
	Name    string `opt:"name" help:"of the image; without it the server's, with the time"`
	Volumes string `opt:"volumes" help:"what becomes of volumes that were added to it: delete, or keep" default:"keep"`
	inCloud
	Line Line
}

var _ = add(Command[archiveArgs]{
	Name:     "archive",
	Help:     "make an image of a server, and delete it once the image is there; restore brings it back",
	Examples: []string{"archive web-1", "archive web-1 --name web-before-christmas"},
	Role:     stackhand.Member,
	Run:      archive,
})

var archiving = change{verb: stackhand.LadderArchive, do: "archive", from: slices.Concat(settled, shelved), unlocked: true}

func archive(ctx context.Context, env *Env, user stackhand.User, a archiveArgs) (Reply, error) {
	if !slices.Contains([]string{volumesKeep, "delete"}, a.Volumes) {
		return Reply{}, find("archive").misuse("--volumes is keep or delete.")
	}
	if job, done, err := env.started(ctx, a.Line, 0); err != nil || done {
		return begun(job), err
	}
	s, t, err := archiving.find(ctx, env, user, oneServer{a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("archive", a) }})
	if err != nil {
		return Reply{}, err
	}
	if t.stack == nil {
		return Reply{}, stackhand.Errorf(stackhand.Conflict, "%s was not made here, so I do not delete it.", t.name()).
			Do("`image create %s` makes an image of it.", quote(t.name()))
	}
	st := t.stack
	spec := stackhand.LadderSpec{
		Cloud: st.Cloud, ProjectID: st.ProjectID, Project: st.Project, Stack: st.ID, Server: st.Server, Name: st.Name,
		Verb: stackhand.LadderArchive, Image: first(a.Name, st.Name+"-"+env.Now().UTC().Format("20060102-1504")), KeepVolumes: a.Volumes == volumesKeep,
	}
	job, err := s.start(ctx, a.Line, 0, stackhand.Job{
		Flow: "ladder", Cloud: st.Cloud, Scope: st.Scope(), Title: "Snapshot and delete " + st.Name, Stacks: []string{st.ID},
	}, spec)
	if err != nil {
		return Reply{}, err
	}
	return begun(job), nil
}

type restoreArgs struct {
	Server string        `arg:"server" help:"the name that it had; without it, you are asked which"`
	Name   string        `opt:"name" help:"another name for it"`
	For    time.Duration `opt:"for" help:"for how long; without it the usual time"`
	inCloud
	Line Line
}

var _ = add(Command[restoreArgs]{
	Name:     "restore",
	Help:     "make a server anew from the image that was made before it was deleted",
	Examples: []string{"restore web-1", "restore web-1 --for 2d"},
	Role:     stackhand.Member,
	Run:      restore,
})

// kept is for how long after the end of a server its record is looked through; as long its image is no orphan.
const kept = 400 * day

// restore creates a server like the one that is gone: whatever create checks, asks and shows holds for it too.
func restore(ctx context.Context, env *Env, user stackhand.User, a restoreArgs) (Reply, error) {
	if job, done, err := env.started(ctx, a.Line, 0); err != nil || done {
		return begun(job), err
	}
	if a.Server == "" {
		return env.restorable(ctx, user, a)
	}
	st, err := env.archived(ctx, user, a)
	if err != nil {
		return Reply{}, err
	}
	r, _ := st.Lease.Ladder.Snapshot()
	if err := env.imageThere(ctx, user, st, r); err != nil {
		return Reply{}, err
	}
	c := r.Recipe
	if c == nil {
		c = &stackhand.Recipe{Image: r.Image, Network: "auto", Floating: true}
	}
	key, note, err := env.keyAgain(ctx, user, st, c.Key)
	if err != nil {
		return Reply{}, err
	}
	floating := c.Floating
	again := createArgs{
		Name: first(a.Name, st.Name), Image: r.Image, Flavor: c.Flavor, Network: first(c.Network, "auto"), KeyName: key, SecurityGroup: c.Groups,
		Open: c.Open, FloatingIP: &floating, Count: 1, For: a.For,
	}
	again.Cloud, again.Line = st.Cloud, a.Line
	reply, err := create(ctx, env, user, again)
	if err == nil && note != nil {
		reply.Text = lineOf(reply.Text, note)
	}
	return reply, err
}

// keyAgain is the key pair that a server is restored with: the one that it had, or none where it had none or the asker does not have
// it any more. Its image lets in whoever it let in before, so that is no obstacle.
func (env *Env) keyAgain(ctx context.Context, user stackhand.User, st stackhand.Stack, had string) (key string, note stackhand.Text, err error) {
	const none = "none"
	if had == "" {
		return none, nil, nil
	}
	s, err := open(ctx, env, user, st.Cloud)
	if err != nil {
		return none, nil, err
	}
	keys, err := s.KeyPairs(ctx)
	if err != nil || slices.ContainsFunc(keys, func(k stackhand.KeyPair) bool { return k.Name == had }) {
		return had, nil, err
	}
	return none, stackhand.Textf("It had the key pair %s, which you do not have. Whoever got into it before still does, since that is in its image.", had), nil
}

// imageThere refuses to restore from an image that somebody has deleted since.
func (env *Env) imageThere(ctx context.Context, user stackhand.User, st stackhand.Stack, r stackhand.Rung) error {
	s, err := open(ctx, env, user, st.Cloud)
	if err != nil {
		return err
	}
	_, err = s.Image(ctx, r.Image)
	if stackhand.KindOf(err) != stackhand.NotFound {
		return err
	}
	named := r.Image
	if r.Recipe != nil {
		named = first(r.Recipe.Named, named)
	}
	return stackhand.Errorf(stackhand.NotFound, "%s cannot be restored: its image %s is not there any more.", st.Name, named).
		Do("`image list` shows the images; `create %s --image IMAGE` makes a server from any of them.", quote(st.Name)).Because(err)
}

// restorable asks which of the servers that are gone is meant.
func (env *Env) restorable(ctx context.Context, user stackhand.User, a restoreArgs) (Reply, error) {
	all, err := env.restorables(ctx, user, a)
	if err != nil {
		return Reply{}, err
	}
	const most = 10
	var r Reply
	seen := map[string]bool{}
	for _, st := range all {
		if rung, _ := st.Lease.Ladder.Snapshot(); !seen[st.Name] && len(r.Actions) < most {
			r.Text = r.Text.Add("\n• %s: %s", st.Name, stackhand.At(rung.At))
			r.Actions = append(r.Actions, stackhand.Action{ID: "choose", Label: clip(st.Name, 60), Value: format("restore", restoreArgs{Server: st.ID, Name: a.Name, For: a.For})})
		}
		seen[st.Name] = true
	}
	if len(r.Actions) == 0 {
		return Reply{}, noneKept("No server of yours was deleted of which there is an image.")
	}
	r.Text = append(stackhand.Textf("Which one? These were deleted, and have an image of this moment:"), r.Text...)
	return r, nil
}

func noneKept(format string, args ...any) error {
	return stackhand.Errorf(stackhand.NotFound, format, args...).
		Do("`image list` shows the images; `create NAME --image IMAGE` makes a server from any of them.")
}

// restorables are the stacks of a project that are gone, have an image, and that the asker may bring back, the last one first.
func (env *Env) restorables(ctx context.Context, user stackhand.User, a restoreArgs) ([]stackhand.Stack, error) {
	s, err := open(ctx, env, user, a.Cloud)
	if err != nil {
		return nil, err
	}
	all, err := env.Stacks.EverInProject(ctx, s.name, s.who.ProjectID, env.Now().Add(-kept))
	if err != nil {
		return nil, err
	}
	slices.Reverse(all)
	return slices.DeleteFunc(all, func(st stackhand.Stack) bool {
		_, has := st.Lease.Ladder.Snapshot()
		return !has || st.State != stackhand.StackGone || !st.Of(user) && user.Role < stackhand.Admin
	}), nil
}

// archived finds the stack that is meant: by its id, or as the last one of that name that the asker had and that has an image.
func (env *Env) archived(ctx context.Context, user stackhand.User, a restoreArgs) (stackhand.Stack, error) {
	if st, ok := env.stackOf(ctx, a.Server); ok {
		if _, has := st.Lease.Ladder.Snapshot(); has && st.State == stackhand.StackGone {
			return st, env.mayChange(ctx, user, st, "restore")
		}
		return st, stackhand.Errorf(stackhand.Conflict, "There is no image of %s to restore it from.", st.Name).Do("`list` shows what there is.")
	}
	all, err := env.restorables(ctx, user, a)
	if err != nil {
		return stackhand.Stack{}, err
	}
	if i := slices.IndexFunc(all, func(st stackhand.Stack) bool { return st.Name == a.Server }); i >= 0 {
		return all[i], nil
	}
	return stackhand.Stack{}, noneKept("There is no image of a server of yours called %s that was deleted.", quote(clip(a.Server, 60)))
}
