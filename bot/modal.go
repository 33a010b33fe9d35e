package bot

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
)

// formMeta travels in a modal's private_metadata, which Slack keeps and anybody with the
// app's tokens can read: it holds nothing secret.
type formMeta struct {
	Form   string   `json:"form"`
	State  string   `json:"state,omitempty"`
	Secret []string `json:"secret,omitempty"` // ids of inputs that are never shown again
	// Search says for inputs, by id, what is looked up while somebody types.
	Search map[string]string `json:"search,omitempty"`
	Place  stackhand.Place   `json:"place"`
	User   string            `json:"user,omitempty"` // before whom it was opened
}

func metaOf(s string) formMeta {
	var m formMeta
	_ = json.Unmarshal([]byte(s), &m) // a modal of another version has nothing for us
	return m
}

// maxMeta is Slack's limit of private_metadata.
const maxMeta = 3000

// modal makes the view of a form.
func modal(f commands.Form, place stackhand.Place, user string) (slack.ModalViewRequest, error) {
	meta := formMeta{Form: f.ID, State: f.State, Place: place, User: user}
	var blocks []slack.Block
	for _, text := range chunks(atomsOf(f.Intro), maxSection) {
		blocks = append(blocks, textBlock(text, false))
	}
	for _, in := range f.Inputs {
		if in.Secret {
			meta.Secret = append(meta.Secret, in.ID)
		}
		if in.Search != "" {
			if meta.Search == nil {
				meta.Search = map[string]string{}
			}
			meta.Search[in.ID] = in.Search
		}
		blocks = append(blocks, inputBlock(in))
	}
	packed, err := json.Marshal(meta)
	if err != nil {
		return slack.ModalViewRequest{}, err
	}
	if len(packed) > maxMeta {
		return slack.ModalViewRequest{}, stackhand.Errorf(stackhand.Internal, "the form %s carries more than Slack takes along", f.ID)
	}
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: words75(clip(f.Title, 24)), CallbackID: clip(f.ID, 255),
		Submit: words75(clip(firstOf(f.Submit, "Send"), 24)), Close: words75("Cancel"),
		Blocks: slack.Blocks{BlockSet: blocks}, PrivateMetadata: string(packed),
	}, nil
}

// maxOptions is Slack's limit of a select; what is beyond can be typed as a command.
const maxOptions = 100

func inputBlock(in commands.Input) slack.Block {
	var hint *slack.TextBlockObject
	if in.Hint != "" {
		hint = words75(clip(in.Hint, 2000))
	}
	block := slack.NewInputBlock(in.ID, words75(clip(firstOf(in.Label, in.ID), 2000)), hint, elementOf(in))
	block.Optional = in.Optional
	return block
}

func elementOf(in commands.Input) slack.BlockElement {
	switch {
	case in.Search != "":
		return searchElement(in)
	case len(in.Options) > 0:
		return selectElement(in)
	}
	text := slack.NewPlainTextInputBlockElement(nil, in.ID)
	text.Multiline = in.Multiline
	if !in.Secret {
		text.InitialValue = clip(in.Value, maxInput)
	}
	return text
}

func selectElement(in commands.Input) slack.BlockElement {
	choice := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, nil, in.ID)
	for _, o := range in.Options[:min(len(in.Options), maxOptions)] {
		entry := option(o)
		choice.Options = append(choice.Options, entry)
		if o.Value == in.Value && in.Value != "" {
			choice.InitialOption = entry
		}
	}
	return choice
}

// searchElement is a select whose options are looked up while somebody types, from the first
// letter on, and before it.
func searchElement(in commands.Input) slack.BlockElement {
	none := 0
	choice := slack.NewOptionsSelectBlockElement(slack.OptTypeExternal, words75("Type to search"), in.ID)
	choice.MinQueryLength = &none
	if in.Value == "" || len(in.Value) > maxLabel {
		return choice
	}
	chosen := commands.Option{Value: in.Value}
	for _, o := range in.Options {
		if o.Value == in.Value {
			chosen = o
		}
	}
	choice.InitialOption = option(chosen)
	return choice
}

// maxInput is Slack's limit of what a text input holds.
const maxInput = 3000

// readSubmit reads a sent modal. What can be checked at once is answered with the
// acknowledgement; otherwise the modal says that it is being checked, and is updated later.
func (b *Bot) readSubmit(p interaction) (arrival, bool) {
	var view slack.View
	if json.Unmarshal(p.View, &view) != nil || view.ID == "" {
		return arrival{}, false
	}
	a := arrival{kind: kindSubmit, user: p.User.ID, key: "submit:" + view.ID + ":" + view.Hash}
	values, labels := typed(view)
	if empty := missing(view, values); len(empty) > 0 {
		a.answer, a.final = slack.NewErrorsViewSubmissionResponse(empty), true
		return a, true
	}
	meta := metaOf(view.PrivateMetadata)
	form, err := json.Marshal(formView{
		Title: view.Title, Submit: view.Submit, Callback: view.CallbackID, Meta: view.PrivateMetadata, Blocks: view.Blocks,
	})
	if err != nil {
		return arrival{}, false
	}
	a.body = body{Place: meta.Place, View: view.ID, Form: form}
	b.from(&a.body, p.origin())
	a.secret = secret{Trigger: p.Trigger, Values: values, Labels: labels}
	a.answer = slack.NewUpdateViewSubmissionResponse(result(view.Title, sheet{{Text: stackhand.Textf("Checking…")}}, ""))
	return a, true
}

// formView is a modal as it is kept until its values are handled: without the values.
type formView struct {
	Title    *slack.TextBlockObject `json:"title"`
	Submit   *slack.TextBlockObject `json:"submit"`
	Callback string                 `json:"callback_id"`
	Meta     string                 `json:"private_metadata"`
	Blocks   slack.Blocks           `json:"blocks"`
}

// typed collects the values of a modal by input id, and what the chosen ones are called.
func typed(view slack.View) (values, labels map[string]string) {
	values, labels = map[string]string{}, map[string]string{}
	if view.State == nil {
		return values, labels
	}
	for _, actions := range view.State.Values {
		for id, v := range actions {
			values[id] = firstOf(v.Value, v.SelectedOption.Value)
			if values[id] == noChoice {
				values[id] = ""
			}
			if t := v.SelectedOption.Text; t != nil {
				labels[id] = t.Text
			}
		}
	}
	return values, labels
}

// missing finds inputs that hold nothing but spaces; Slack itself checks only for empty ones.
func missing(view slack.View, values map[string]string) map[string]string {
	empty := map[string]string{}
	for _, block := range view.Blocks.BlockSet {
		if in, ok := block.(*slack.InputBlock); ok && !in.Optional {
			if v, there := values[actionOf(in.Element)]; there && strings.TrimSpace(v) == "" {
				empty[in.BlockID] = "This is needed."
			}
		}
	}
	return empty
}

func actionOf(e slack.BlockElement) string {
	switch e := e.(type) {
	case *slack.PlainTextInputBlockElement:
		return e.ActionID
	case *slack.SelectBlockElement:
		return e.ActionID
	}
	return ""
}

// result is a modal that only tells something.
func result(title *slack.TextBlockObject, s sheet, meta string) *slack.ModalViewRequest {
	view := &slack.ModalViewRequest{
		Type: slack.VTModal, Title: title, Close: words75("Close"), PrivateMetadata: meta,
		Blocks: slack.Blocks{BlockSet: s.message().withoutCharts().Blocks}, // charts are for messages only
	}
	if title == nil {
		view.Title = words75("Stackhand")
	}
	return view
}

// again shows a form once more with what was typed, secrets apart, and what is wrong with it.
func (f formView) again(entered secret, problems map[string]string, lead stackhand.Text) slack.ModalViewRequest {
	meta := metaOf(f.Meta)
	var blocks []slack.Block
	warn := func(t stackhand.Text) {
		for _, text := range chunks(atomsOf(t), maxSection) {
			blocks = append(blocks, textBlock(text, false))
		}
	}
	if len(lead) > 0 {
		warn(append(stackhand.Textf("⚠️ "), lead...))
	}
	for _, block := range f.Blocks.BlockSet {
		in, ok := block.(*slack.InputBlock)
		if !ok {
			if s, isText := block.(*slack.SectionBlock); !isText || s.Text == nil || !strings.HasPrefix(s.Text.Text, "⚠️ ") {
				blocks = append(blocks, block)
			}
			continue
		}
		id := actionOf(in.Element)
		if problem := problems[id]; problem != "" {
			label := id
			if in.Label != nil {
				label = in.Label.Text
			}
			warn(stackhand.Textf("⚠️ %s: %s", stackhand.AsBold(label), problem))
		}
		if !slices.Contains(meta.Secret, id) {
			preset(in.Element, commands.Option{Value: entered.Values[id], Label: entered.Labels[id]})
		}
		blocks = append(blocks, in)
	}
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: f.Title, Submit: f.Submit, Close: words75("Cancel"),
		CallbackID: f.Callback, PrivateMetadata: f.Meta, Blocks: slack.Blocks{BlockSet: blocks},
	}
}

func preset(e slack.BlockElement, entered commands.Option) {
	switch e := e.(type) {
	case *slack.PlainTextInputBlockElement:
		e.InitialValue = entered.Value
	case *slack.SelectBlockElement:
		if e.Type == slack.OptTypeExternal {
			e.InitialOption = nil
			if entered.Value != "" {
				e.InitialOption = option(entered)
			}
		}
		for _, o := range e.Options {
			if o.Value == entered.Value {
				e.InitialOption = o
			}
		}
	}
}

// updateView changes an open modal; doing it twice does no harm.
func (w *web) updateView(ctx context.Context, id string, view slack.ModalViewRequest) error {
	w.mask(&view)
	return w.call(ctx, "views.update", "", true, func(ctx context.Context) error {
		_, err := w.api.UpdateViewContext(ctx, view, "", "", id)
		return err
	})
}

func (w *web) openView(ctx context.Context, trigger string, view slack.ModalViewRequest) error {
	w.mask(&view)
	return w.call(ctx, "views.open", "", false, func(ctx context.Context) error {
		_, err := w.api.OpenViewContext(ctx, trigger, view)
		return err
	})
}
