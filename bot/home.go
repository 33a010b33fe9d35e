package bot

import (
	"context"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
)

// actionRefresh is the button of the home tab that only the bot itself handles.
const actionRefresh = "refresh"

// maxHome is how many servers the home tab shows; a view holds 100 blocks.
const maxHome = 30

// publishHome shows a user's servers in the app's home tab.
func (b *Bot) publishHome(ctx context.Context, rq *request) {
	stacks, err := b.o.Env.Stacks.OfOwner(ctx, rq.user.ID)
	if err == nil {
		var shared []stackhand.Stack
		shared, err = b.o.Env.Stacks.StacksSharedWith(ctx, append([]string{rq.user.ID}, rq.user.Groups...)...)
		stacks = append(stacks, slices.DeleteFunc(shared, func(st stackhand.Stack) bool { return st.Lease.Owner == rq.user.ID })...)
	}
	if err != nil {
		rq.log.ErrorContext(ctx, "the home tab cannot be filled", "err", err)
		return
	}
	var freeze stackhand.Freeze
	if b.o.Env.Freeze != nil {
		if freeze, err = b.o.Env.Freeze(ctx); err != nil {
			rq.log.ErrorContext(ctx, "the home tab does not tell whether there is a freeze", "err", err)
		}
	}
	view := slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: b.home(stacks, rq.user.ID, freeze)}}
	b.web.mask(&view)
	err = b.web.call(ctx, "views.publish", "", true, func(ctx context.Context) error {
		_, err := b.web.api.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: rq.user.ID, View: view})
		return err
	})
	if err != nil {
		rq.log.ErrorContext(ctx, "the home tab cannot be shown", "err", err)
	}
}

func (b *Bot) home(stacks []stackhand.Stack, user string, freeze stackhand.Freeze) []slack.Block {
	slices.SortFunc(stacks, func(x, y stackhand.Stack) int {
		return strings.Compare(x.Name+"\x00"+x.ID, y.Name+"\x00"+y.ID)
	})
	s := sheet{{Text: stackhand.Textf("%s", stackhand.AsBold("Your servers"))}}
	if len(stacks) == 0 {
		s[0].Text = s[0].Text.Add("\nYou have none. Type %s to get one.", stackhand.AsCode(b.o.Command+" create web-1"))
	}
	if freeze.On() {
		s = append(sheet{{Text: commands.FreezeText(freeze)}}, s...)
	}
	for i, st := range stacks {
		if i == maxHome {
			s = append(s, part{Text: stackhand.Textf("… and %d more: %s", len(stacks)-i, stackhand.AsCode(b.o.Command+" list --mine"))})
			break
		}
		text := serverLine(st).Add(" · %s", st.Cloud+" / "+st.Project)
		if st.Lease.Owner != user {
			text = text.Add(" · shared by %s", stackhand.To(st.Lease.Owner))
		}
		s = append(s, part{Text: text, Actions: serverActions(st)})
	}
	s = append(s, part{
		Text:  stackhand.Textf("Shown at %s. %s tells what else I can do.", stackhand.At(b.o.Now()), stackhand.AsCode(b.o.Command+" help")),
		Small: true,
		Actions: []stackhand.Action{
			{ID: actionRefresh, Label: "Refresh", Value: "home"}, {ID: "help", Label: "Help"}, {ID: "login", Label: "Log in"},
		},
	})
	var blocks []slack.Block
	for _, m := range s.messages() {
		blocks = append(blocks, m.Blocks...)
	}
	return blocks
}
