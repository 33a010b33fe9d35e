package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

type passwordArgs struct {
	Show   bool   `help:"show the one that the cloud gave it when it was made or rebuilt: to its owner, once, within a day"`
	Server string `arg:"server" help:"name or id; in a server's thread, that one"`
	inCloud
	Line Line
}

var _ = add(Command[passwordArgs]{
	Name:     "password",
	Help:     "set the password of a server's administrator, in a form, or see the one that the cloud gave it",
	Examples: []string{"password web-1", "password web-1 --show"},
	Role:     stackhand.Member,
	Run:      password,
})

var settingPassword = change{verb: stackhand.ActPassword, do: "change the password of", from: []string{"ACTIVE"}}

// maxPassword is as long as other words that Nova takes; it sets no limit of its own.
const maxPassword = 255

func password(ctx context.Context, env *Env, user stackhand.User, a passwordArgs) (Reply, error) {
	if a.Show {
		return showPassword(ctx, env, user, a)
	}
	if job, done, err := env.started(ctx, a.Line, 0); err != nil || done {
		return begun(job), err
	}
	s, t, err := settingPassword.find(ctx, env, user, oneServer{a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("password", a) }})
	if stackhand.KindOf(err) == stackhand.NotFound {
		// Somebody may have typed the password where the server's name belongs.
		return Reply{}, stackhand.Errorf(stackhand.NotFound, "There is no server of that name.").
			Do("Say only which server: `password NAME`. The password goes into the form that opens, nowhere else; if there was one in your message, delete the message and choose another.").Because(err)
	}
	if err != nil {
		return Reply{}, err
	}
	if a.Line.Values == nil {
		return Reply{
			Text: stackhand.Textf("Enter the new password of %s in the form.", t.name()),
			Form: lineForm(format("password", a), "New password", "Set it",
				stackhand.Textf("The new password of the administrator of %s. It is sealed until it is set, and shown nowhere; mind who looks on while you type.", stackhand.AsBold(t.name())),
				Input{ID: inputPassword, Label: "Password", Secret: true}),
		}, nil
	}
	value := a.Line.Values[inputPassword]
	if value == "" || len(value) > maxPassword {
		return Reply{}, stackhand.Errorf(stackhand.Invalid, "A password has from 1 to %d characters.", maxPassword).Do("Enter another one.")
	}
	return s.acted(ctx, a.Line, t, "Set the password of "+t.name(), stackhand.ActSpec{Verb: stackhand.ActPassword, Password: value})
}

var seeingPassword = change{do: "see the password of"}

// showPassword shows it and forgets it.
func showPassword(ctx context.Context, env *Env, user stackhand.User, a passwordArgs) (Reply, error) {
	s, t, err := seeingPassword.see(ctx, env, user, oneServer{a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("password", a) }})
	if err != nil {
		return Reply{}, err
	}
	other := "`password " + quote(t.name()) + "` sets another one."
	none := stackhand.Errorf(stackhand.NotFound, "There is no password of %s to show: it was shown already, a day has gone by since, or the cloud gave none.", t.name()).Do("%s", other)
	if env.TakePassword == nil {
		return Reply{}, none
	}
	value, err := env.TakePassword(ctx, user, s.name, t.id())
	switch stackhand.KindOf(err) {
	case "":
	case stackhand.NotFound:
		return Reply{}, none.Because(err)
	default:
		return Reply{}, err
	}
	return Reply{Private: true, Once: true, Text: stackhand.Textf(
		"The password that the cloud gave the administrator of %s: %s. It is shown this once and kept nowhere; %s sets another one.",
		stackhand.AsBold(t.name()), stackhand.AsCode(value), stackhand.AsCode("password "+quote(t.name())))}, nil
}
