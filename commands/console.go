package commands

import (
	"context"
	"regexp"
	"strings"

	"github.com/stackhand/stackhand"
)

type consoleLogArgs struct {
	Server string `arg:"server" help:"name or id; in a server's thread, that one"`
	Lines  int    `opt:"lines,length" help:"only so many from the end; without it all that the cloud keeps"`
	inCloud
	Line Line
}

var _ = add(Command[consoleLogArgs]{
	Name:     "console log",
	Help:     "what a server printed on its console, as a file",
	Examples: []string{"console log web-1", "console log web-1 --lines 100"},
	Role:     stackhand.Member,
	Run:      consoleLog,
})

// console is no change, but what can be seen there is its owner's as well.
var console = change{do: "see the console of"}

const maxLines = 100000

func consoleLog(ctx context.Context, env *Env, user stackhand.User, a consoleLogArgs) (Reply, error) {
	if a.Lines < 0 || a.Lines > maxLines {
		return Reply{}, find("console log").misuse("--lines is from 1 to %d.", maxLines)
	}
	s, t, err := console.see(ctx, env, user, oneServer{a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("console log", a) }})
	if err != nil {
		return Reply{}, err
	}
	log, err := s.ConsoleLog(ctx, t.id(), a.Lines)
	if err != nil {
		return Reply{}, err
	}
	log = readable(log)
	if strings.TrimSpace(log) == "" {
		return Reply{Text: stackhand.Textf("%s (%s) has printed nothing yet.", t.name(), t.status())}, nil
	}
	n := strings.Count(strings.TrimSuffix(log, "\n"), "\n") + 1
	return Reply{
		Text: stackhand.Textf("The console of %s: %s.", t.name(), count(n, "line")),
		File: &File{Name: fileName(t.name()) + "-console.txt", Content: []byte(log)},
	}, nil
}

// notInFiles are the characters that a file's name does without, wherever it is saved.
var notInFiles = regexp.MustCompile(`[^\pL\pN._-]+`)

// fileName makes the name of a file of a server's, which may be called anything.
func fileName(name string) string {
	return clip(first(strings.Trim(notInFiles.ReplaceAllString(name, "-"), "-."), "server"), 100)
}

// see locates a server that something is to be read of that only its owner may see.
func (c change) see(ctx context.Context, env *Env, user stackhand.User, o oneServer) (*session, target, error) {
	s, t, err := locate(ctx, env, user, o.line, o.cloud, o.server, o.again)
	switch {
	case err != nil:
		return nil, target{}, err
	case t.stack == nil && s.settings.Service && user.Role < stackhand.Admin:
		return nil, target{}, stackhand.Errorf(stackhand.Forbidden, "%s was not made here, so only an administrator may %s it.", t.name(), c.do).Do("Ask one of them.")
	case t.stack != nil:
		err = env.mayChange(ctx, user, *t.stack, c.do)
	}
	if err == nil && (t.gone || t.stack != nil && t.stack.Server == "") {
		err = stackhand.Errorf(stackhand.Conflict, "%s has no server (%s).", t.name(), t.status()).Do("`show %s` tells more.", quote(t.name()))
	}
	if err == nil && t.stack != nil {
		err = env.used(ctx, "console", t.stack.ID)
	}
	return s, t, err
}

// escapes are the sequences that colour and move text on a terminal (ECMA-48).
var escapes = regexp.MustCompile("\x1b(\\[[0-9;?]*[ -/]*[@-~]|\\][^\x07\x1b]*(\x07|\x1b\\\\)|[()][0-9A-Z]|[@-_=>])")

// readable is what a terminal would show of a log, as far as plain text can.
func readable(log string) string {
	log = strings.ToValidUTF8(escapes.ReplaceAllString(log, ""), "�")
	return stackhand.Clean(strings.ReplaceAll(log, "\r\n", "\n"))
}

type consoleURLArgs struct {
	Server string `arg:"server" help:"name or id; in a server's thread, that one"`
	Type   string `opt:"type" value:"novnc|serial|spice|rdp" help:"which kind; novnc unless it says otherwise"`
	NoVNC  bool   `opt:"novnc,xvpvnc" help:"for the browser, as --type novnc" hidden:"true"`
	Serial bool   `opt:"serial" help:"as --type serial" hidden:"true"`
	Spice  bool   `opt:"spice" help:"as --type spice" hidden:"true"`
	RDP    bool   `opt:"rdp" help:"as --type rdp" hidden:"true"`
	inCloud
	Line Line
}

var _ = add(Command[consoleURLArgs]{
	Name:     "console url",
	Help:     "a link to a server's console, for you alone",
	Examples: []string{"console url web-1", "console url web-1 --type serial"},
	Role:     stackhand.Member,
	Run:      consoleURL,
})

// consoles are the kinds of --type, in Nova's words.
var consoles = map[string]string{"novnc": "novnc", "serial": "serial", "spice": "spice-html5", "spice-html5": "spice-html5", "rdp": "rdp-html5", "rdp-html5": "rdp-html5"}

var watching = change{do: "see the console of", from: []string{"ACTIVE", "PAUSED", "RESCUE", "PASSWORD", "REBOOT", "HARD_REBOOT", "VERIFY_RESIZE"}}

func consoleURL(ctx context.Context, env *Env, user stackhand.User, a consoleURLArgs) (Reply, error) {
	kind, ok := consoles[strings.ToLower(a.kind())]
	if !ok {
		return Reply{}, find("console url").misuse("There is no console of the type %s.", quote(clip(a.kind(), 40)))
	}
	s, t, err := watching.see(ctx, env, user, oneServer{a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("console url", a) }})
	if err == nil {
		err = watching.fits(t, s.who)
	}
	if err != nil {
		return Reply{}, err
	}
	url, err := s.ConsoleURL(ctx, t.id(), kind)
	if err != nil {
		return Reply{}, err
	}
	r := Reply{Private: true, Text: stackhand.Textf("Whoever has this link sees and types at the console of %s, so keep it to yourself. It works for some minutes: ", t.name())}
	if kind == "serial" {
		r.Text = r.Text.Add("%s. It is for a client of serial consoles, not for a browser.", stackhand.AsCode(url))
		return r, nil
	}
	r.Text = append(r.Text, stackhand.AsLink(url, "console of "+t.name()))
	return r, nil
}

// kind is what --type says, or one of the openstack client's flags.
func (a consoleURLArgs) kind() string {
	switch {
	case a.Type != "":
		return a.Type
	case a.Serial:
		return "serial"
	case a.Spice:
		return "spice"
	case a.RDP:
		return "rdp"
	}
	return "novnc"
}
