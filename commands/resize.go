package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

type resizeArgs struct {
	Server  string `arg:"server" help:"name or id; in a server's thread, that one"`
	Flavor  string `opt:"flavor" value:"NAME|ram=2048" help:"the new size: name, id, or the smallest with that much RAM in MiB"`
	Confirm bool   `help:"keep the new size; beside --flavor: without asking"`
	Revert  bool   `help:"go back to the old size"`
	inCloud
	Line Line
}

var _ = add(Command[resizeArgs]{
	Name:     "resize",
	Help:     "give a server another flavor; the new size is confirmed or reverted within a day",
	Examples: []string{"resize web-1 --flavor m1.medium", "resize web-1 --confirm", "resize web-1 --revert"},
	Role:     stackhand.Member,
	Run:      resize,
})

var (
	resizing  = change{verb: stackhand.ActResize, do: "resize", from: []string{"ACTIVE", "SHUTOFF"}, unlocked: true}
	confirms  = change{verb: stackhand.ActConfirm, do: "confirm the new size of", unlocked: true}
	reverting = change{verb: stackhand.ActRevert, do: "revert the size of", unlocked: true}
)

func resize(ctx context.Context, env *Env, user stackhand.User, a resizeArgs) (Reply, error) {
	e := find("resize")
	switch {
	case a.Confirm && a.Revert:
		return Reply{}, e.misuse("--confirm and --revert together make no sense.")
	case a.Revert && a.Flavor != "":
		return Reply{}, e.misuse("--revert takes no --flavor: it goes back to the old one.")
	}
	if job, done, err := env.started(ctx, a.Line, 0); err != nil || done {
		return begun(job), err
	}
	c := resizing
	switch {
	case a.Revert:
		c = reverting
	case a.Confirm && a.Flavor == "":
		c = confirms
	}
	s, t, err := c.find(ctx, env, user, oneServer{a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("resize", a) }})
	if err != nil {
		return Reply{}, err
	}
	if c.verb != stackhand.ActResize {
		return s.settleSize(ctx, a, c, t)
	}
	if a.Flavor == "" {
		return s.askSize(a, t), nil
	}
	return s.resize(ctx, a, t)
}

// settleSize confirms or reverts a resize that waits for it.
func (s *session) settleSize(ctx context.Context, a resizeArgs, c change, t target) (Reply, error) {
	if st := t.server.Status; st != "" && st != "VERIFY_RESIZE" {
		err := stackhand.Errorf(stackhand.Conflict, "There is nothing to %s: %s is %s with %s.", shortVerb(c), t.name(), st, first(t.server.Flavor, stackOf(t).Flavor, "its flavor"))
		return Reply{}, err.Do("A new size waits for that only right after `resize %s --flavor NAME`, while the server is VERIFY_RESIZE.", quote(t.name()))
	}
	title := "Confirm the new size of "
	if c.verb == stackhand.ActRevert {
		title = "Revert the size of "
	}
	return s.acted(ctx, a.Line, t, title+t.name(), stackhand.ActSpec{Verb: c.verb})
}

func shortVerb(c change) string {
	if c.verb == stackhand.ActRevert {
		return "revert"
	}
	return "confirm"
}

// askSize asks for the flavor in a form.
func (s *session) askSize(a resizeArgs, t target) Reply {
	flavor := first(t.server.Flavor, stackOf(t).Flavor)
	intro := stackhand.Textf("%s has the flavor %s now. It is stopped for a moment while it moves to the new size.", stackhand.AsBold(t.name()), dash(flavor))
	in := s.search("flavor", "New flavor", "flavor", "Begin to type, or choose")
	in.Optional = false
	return Reply{
		Text: stackhand.Textf("Choose the new size of %s in the form, or say for example %s.", t.name(), stackhand.AsCode("resize "+quote(t.name())+" --flavor NAME")),
		Form: lineForm(format("resize", a), "Resize a server", "Resize", intro, in),
	}
}

func (s *session) resize(ctx context.Context, a resizeArgs, t target) (Reply, error) {
	var f stackhand.Flavor
	var flavors []stackhand.Flavor
	err := s.again(func() (err error) {
		if flavors, err = flavorsBySize(ctx, s); err != nil {
			return err
		}
		f, err = flavorOf(a.Flavor, flavors)
		return err
	})
	if err != nil {
		return Reply{}, ask(err, func(id string) string { a.Flavor = id; return format("resize", a) })
	}
	if f.ID == t.server.FlavorID || t.server.FlavorID == "" && f.Name == t.server.Flavor {
		return Reply{}, stackhand.Errorf(stackhand.Conflict, "%s has the flavor %s already.", t.name(), f.Name).Do("See `flavor list` for others.")
	}
	if err := s.roomToGrow(ctx, t, f, flavors); err != nil {
		return Reply{}, err
	}
	return s.acted(ctx, a.Line, t, "Resize "+t.name()+" to "+f.Name,
		stackhand.ActSpec{Verb: stackhand.ActResize, FlavorID: f.ID, Flavor: f.Name, Confirm: a.Confirm})
}

// flavorOf finds a flavor by name, by id, or by the RAM that it should have at least.
func flavorOf(word string, flavors []stackhand.Flavor) (stackhand.Flavor, error) {
	if ram, ok := ramOf(word); ok {
		return smallest(flavors, ram, stackhand.Image{Name: "it"})
	}
	return pick("flavor", word, flavors, flavorThing, false)
}

// roomToGrow refuses a flavor that the project's quota of cores or RAM has no room for. While a resize waits to be
// confirmed the larger of both sizes counts (Nova, "Resize and cold migrate").
func (s *session) roomToGrow(ctx context.Context, t target, to stackhand.Flavor, flavors []stackhand.Flavor) error {
	l, err := s.Limits(ctx)
	if err != nil {
		return err
	}
	var now stackhand.Flavor
	for _, f := range flavors {
		if f.ID == t.server.FlavorID || t.server.FlavorID == "" && f.Name == t.server.Flavor {
			now = f
		}
	}
	if now.ID == "" {
		return nil // the cloud does not list it any more, so what is added cannot be told
	}
	return lacking(s.who.Project, t.name()+" with "+to.Name, []need{
		{"cores", to.VCPUs - now.VCPUs, l.Cores, plainNumber}, {"RAM", to.RAM - now.RAM, l.RAM, mebi},
	})
}
