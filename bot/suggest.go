package bot

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/slack-go/slack"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
)

// Choices are looked up while somebody types into a form. They travel in the acknowledgement,
// which Slack awaits for three seconds; nothing is written down for them.
// Source: docs.slack.dev/reference/interaction-payloads/block_suggestion-payload.
const (
	suggestWithin = 2 * time.Second
	suggestFor    = 15 * time.Second // a slow lookup goes on for that long: the next letter finds it in the cache
	maxLookups    = 32
)

// noChoice is the value of an entry that only tells something: choosing it chooses nothing.
const noChoice = "stackhand:none"

// suggestion is somebody typing into a select of a form.
type suggestion struct {
	envelope, user string
	kind           string // the input's Search
	typed          string
}

// readSuggestion understands a block_suggestion.
func readSuggestion(e envelope) (suggestion, bool) {
	if e.Type != "interactive" {
		return suggestion{}, false
	}
	var p struct {
		Type string `json:"type"`
		User struct {
			ID string `json:"id"`
		} `json:"user"`
		Action string `json:"action_id"`
		Value  string `json:"value"`
		View   struct {
			Meta string `json:"private_metadata"`
		} `json:"view"`
	}
	if json.Unmarshal(e.Payload, &p) != nil || p.Type != "block_suggestion" {
		return suggestion{}, false
	}
	return suggestion{envelope: e.ID, user: p.User.ID, kind: metaOf(p.View.Meta).Search[p.Action], typed: p.Value}, true
}

// suggest answers a suggestion without keeping its reader waiting.
func (b *Bot) suggest(ctx context.Context, s suggestion, ack func(context.Context, string, any) error) {
	b.beside(ctx, "what somebody may choose from", func() {
		if err := b.acknowledge(ctx, ack, s.envelope, b.choices(ctx, s)); err != nil {
			b.log.InfoContext(ctx, "choices could not be shown", "user", s.user, "err", err)
		}
	})
}

// choices looks up what fits. What goes wrong is an entry that says so.
func (b *Bot) choices(ctx context.Context, s suggestion) any {
	select {
	case b.lookups <- struct{}{}:
	default:
		return excuse("Too many people choose at once.", "Type a letter more in a moment.")
	}
	type found struct {
		options []commands.Option
		err     error
	}
	done := make(chan found, 1)
	b.beside(ctx, "what somebody may choose from", func() {
		defer func() { <-b.lookups }()
		ctx, cancel := context.WithTimeout(ctx, suggestFor)
		defer cancel()
		options, err := b.lookUp(ctx, s)
		done <- found{options, err}
	})
	timer := time.NewTimer(suggestWithin)
	defer timer.Stop()
	select {
	case f := <-done:
		if f.err != nil {
			e := b.explain(ctx, &request{log: b.log.With("user", s.user, "search", s.kind)}, f.err)
			return excuse(e.Msg, e.Next)
		}
		return optionsResponse(f.options)
	case <-timer.C:
		return excuse("The cloud takes its time.", "Type a letter more in a moment.")
	}
}

func (b *Bot) lookUp(ctx context.Context, s suggestion) (options []commands.Option, err error) {
	if s.kind == "" {
		return nil, stackhand.Errorf(stackhand.Invalid, "This form is no longer in use.").Do("Close it and type the command again.")
	}
	user, err := b.user(ctx, s.user)
	if errors.Is(err, errNobody) {
		return nil, stackhand.Errorf(stackhand.Forbidden, "There is nothing for you to choose from.")
	}
	if err != nil {
		return nil, err
	}
	_, err = b.safely(ctx, &request{log: b.log.With("user", s.user, "search", s.kind)}, func(ctx context.Context) (commands.Reply, error) {
		options, err = b.talk.complete(ctx, user, s.kind, s.typed)
		return commands.Reply{}, err
	})
	return options, err
}

// optionsResponse is the answer with the choices; one without any lets Slack say that nothing fits.
func optionsResponse(all []commands.Option) any {
	options := []*slack.OptionBlockObject{}
	for _, o := range all {
		// A value that is cut short would be another one.
		if o.Value != "" && len(o.Value) <= maxLabel && len(options) < maxOptions {
			options = append(options, option(o))
		}
	}
	return map[string]any{"options": options}
}

func option(o commands.Option) *slack.OptionBlockObject {
	return slack.NewOptionBlockObject(clip(o.Value, maxLabel), words75(clip(firstOf(o.Label, o.Value), maxLabel)), nil)
}

// excuse is a group of choices that says why there are none.
func excuse(why, next string) any {
	group := slack.NewOptionGroupBlockElement(words75(clip(why, maxLabel)),
		option(commands.Option{Label: firstOf(next, "Try again in a moment."), Value: noChoice}))
	return slack.OptionGroupsResponse{OptionGroups: []*slack.OptionGroupBlockObject{group}}
}
