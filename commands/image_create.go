package commands

import (
	"context"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

type imageCreateArgs struct {
	Server   string            `arg:"server" help:"name or id; in a server's thread, that one"`
	Name     string            `opt:"name" help:"of the image; without it the server's, with the time"`
	Property map[string]string `opt:"property" help:"metadata of the image (repeat)"`
	inCloud
	Line Line
}

var _ = add(Command[imageCreateArgs]{
	Name:     "image create",
	Help:     "make an image of a server, to create others like it from",
	Examples: []string{"image create web-1", "image create web-1 --name web-golden --property release=3"},
	Role:     stackhand.Member,
	Run:      imageCreate,
})

var imaging = change{verb: stackhand.ActImage, do: "make an image of", from: settled}

func imageCreate(ctx context.Context, env *Env, user stackhand.User, a imageCreateArgs) (Reply, error) {
	e := find("image create")
	if err := checkProperties(e, a.Property); err != nil {
		return Reply{}, err
	}
	if strings.TrimSpace(a.Name) != a.Name || len(a.Name) > 255 || stackhand.Clean(a.Name) != a.Name || strings.ContainsAny(a.Name, "\n\t") {
		return Reply{}, e.misuse("%s cannot be an image's name: it has at most 255 characters, without line ends.", quote(clip(stackhand.Clean(a.Name), 60)))
	}
	if job, done, err := env.started(ctx, a.Line, 0); err != nil || done {
		return begun(job), err
	}
	s, t, err := imaging.find(ctx, env, user, oneServer{a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("image create", a) }})
	if err != nil {
		return Reply{}, err
	}
	name := first(a.Name, t.name()+"-"+env.Now().UTC().Format("20060102-1504"))
	c, err := s.catalogue(ctx)
	if err != nil {
		return Reply{}, err
	}
	if slices.ContainsFunc(c.images, func(i stackhand.Image) bool { return i.Name == name }) {
		return Reply{}, stackhand.Errorf(stackhand.Conflict, "There is an image called %s already.", quote(name)).Do("Choose another --name, so that everybody can tell them apart.")
	}
	return s.acted(ctx, a.Line, t, "Make the image "+name+" of "+t.name(), stackhand.ActSpec{Verb: stackhand.ActImage, NewName: name, Set: a.Property})
}
