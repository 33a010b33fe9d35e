package bot

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
)

// What comes from outside our workspace, or would go there: other workspaces' people and envelopes, and channels that are
// shared with another organisation (Slack Connect). Nothing about servers is said in such a channel.

// errShared is why nothing is posted in a channel.
var errShared = errors.New("it is shared with another organisation")

// rooms remembers for some minutes which channels are shared with another organisation.
type rooms struct {
	mu    sync.Mutex
	known map[string]room
}

type room struct {
	shared bool
	asked  time.Time
}

// learn keeps that an event said of its channel that it is shared: an older answer of Slack's is wrong then.
func (r *rooms) learn(channel string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil || len(r.known) >= maxKnown {
		r.known = map[string]room{}
	}
	r.known[channel] = room{true, time.Now()}
}

// shared tells whether a channel is shared with another organisation. Where Slack does not tell, an old answer counts; without
// one it is taken for one of ours: it is a channel that the bot cannot see, and hence cannot post to, or Slack is away.
func (w *web) shared(ctx context.Context, channel string) bool {
	if channel == "" || strings.HasPrefix(channel, "D") {
		return false
	}
	w.rooms.mu.Lock()
	was, ok := w.rooms.known[channel]
	w.rooms.mu.Unlock()
	if ok && time.Since(was.asked) < freshFor {
		return was.shared
	}
	now := room{was.shared, time.Now()}
	err := w.limit.wait(ctx, "conversations.info", "")
	if err == nil {
		err = w.try(ctx, "conversations.info", func(ctx context.Context) error {
			c, err := w.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: channel})
			if err == nil {
				now.shared = c.IsExtShared
			}
			return err
		})
	}
	if err != nil && outcomeOf(err) != refused {
		return was.shared
	}
	w.rooms.mu.Lock()
	defer w.rooms.mu.Unlock()
	if w.rooms.known == nil || len(w.rooms.known) >= maxKnown {
		w.rooms.known = map[string]room{}
	}
	w.rooms.known[channel] = now
	return now.shared
}

// origin is where an envelope says that it comes from.
type origin struct {
	Team              string `json:"team_id"`
	Enterprise        string `json:"enterprise_id"`
	ContextTeam       string `json:"context_team_id"` // of events: through which workspace we hear it
	ContextEnterprise string `json:"context_enterprise_id"`
	Shared            bool   `json:"is_ext_shared_channel"`
}

// ours tells whether something comes from our own workspace, or from another one of our Enterprise Grid. Before Slack has told
// us which that is, everything does.
func (b *Bot) ours(team, enterprise string) bool {
	return b.self.team == "" || team == "" || team == b.self.team || enterprise != "" && enterprise == b.self.enterprise
}

// from marks what arrived with where it comes from.
func (b *Bot) from(m *body, o origin) {
	if !b.ours(firstOf(o.ContextTeam, o.Team), firstOf(o.ContextEnterprise, o.Enterprise)) {
		m.Outside = firstOf(o.ContextTeam, o.Team)
	}
	if o.Shared {
		b.web.rooms.learn(m.Place.Channel)
	}
}

// oldest is how old something may be when it arrives: for as long the store remembers what arrived already. Slack gives up within
// hours; what is older was kept by somebody, to be sent again.
const oldest = 24 * time.Hour

// outside refuses what comes from another workspace, what is said in a channel that is shared with one, and what was kept for a
// day; nil for the rest.
func (b *Bot) outside(ctx context.Context, rq *request) error {
	switch place := rq.body.Place; {
	case rq.body.Outside != "":
		return stackhand.Errorf(stackhand.Forbidden, "That came from another workspace (%s), so I did nothing.", clip(rq.body.Outside, 30)).
			Do("Talk to me in the workspace that I belong to.")
	case rq.body.Said != 0 && rq.in.Received.Sub(time.Unix(rq.body.Said, 0)) > oldest:
		return stackhand.Errorf(stackhand.Forbidden, "That was said more than a day before it came to me, so I did nothing.").Do("Say it again, or press the button again.")
	case !place.Direct && b.web.shared(ctx, place.Channel):
		return stackhand.Errorf(stackhand.Forbidden, "This channel is shared with another organisation, so I do and show nothing about servers here.").
			Do("Write to me in a direct message, or in a channel of this workspace alone.").Because(errShared)
	}
	return nil
}

// turnAway tells who is refused before any command runs, and writes it to the audit trail. What was typed in a shared channel
// can be said in the direct message at a press of a button.
func (b *Bot) turnAway(ctx context.Context, rq *request, why error) {
	e := b.explain(ctx, rq, why)
	b.answer(ctx, rq, commands.Reply{}, e)
	if audit := b.o.Env.Audit; audit != nil {
		rec := stackhand.AuditRecord{
			ID: rq.in.ID + "/refused", At: b.o.Now(), What: stackhand.AuditRefused, User: rq.in.User, Name: rq.user.Name, Place: rq.body.Place,
			Command: rq.in.Kind, Result: string(e.Kind), Problem: e.Msg,
		}
		if err := audit(ctx, rec); err != nil {
			rq.log.ErrorContext(ctx, "a refusal is not in the audit trail", "err", err)
		}
	}
	line := rq.body.Text
	if !errors.Is(why, errShared) || rq.in.Kind != kindLine || line == "" || len(line) > maxValue || rq.body.Leak != "" {
		return
	}
	again := sheet{{
		Text:    stackhand.Textf("You wrote to me in a channel that is shared with another organisation. Here we are among ourselves: %s", stackhand.AsCode(clip(line, maxPiece))),
		Actions: []stackhand.Action{{ID: "choose", Label: "Say it here", Value: line}},
	}}
	if err := b.tellDirectly(ctx, rq, again.messages()); err != nil {
		rq.log.WarnContext(ctx, "no direct message", "err", err)
	}
}

// notTheirs refuses a form that was opened before somebody else.
func (b *Bot) notTheirs(ctx context.Context, rq *request, form formView) {
	why := stackhand.Errorf(stackhand.Forbidden, "That form was opened for somebody else, so I did nothing with it.").Do("Type the command yourself.")
	b.turnAway(ctx, rq, why)
	if err := b.web.updateView(ctx, rq.body.View, *result(form.Title, failure(why, nil), "")); err != nil {
		rq.log.InfoContext(ctx, "the form was closed meanwhile", "err", err)
	}
}
