package slack_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	api "github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"github.com/stackhand/stackhand/internal/sim/slack"
)

// scripted is a small app on the workspace, enough for every kind of thing that the page shows.
type scripted struct {
	t      *testing.T
	web    *api.Client
	socket *socketmode.Client
}

// startScripted runs a workspace with the app connected to it, and the server that both are on.
func startScripted(t *testing.T) (*slack.Workspace, *httptest.Server) {
	t.Helper()
	w := slack.New(slack.Options{Relaxed: true})
	server := httptest.NewServer(w)
	client := &http.Client{Transport: &http.Transport{}}
	web := api.New(w.BotToken(), api.OptionAppLevelToken(w.AppToken()), api.OptionAPIURL(server.URL+"/api/"), api.OptionHTTPClient(client))
	quiet := log.New(logTo{t}, "", 0)
	app := &scripted{t: t, web: web, socket: socketmode.New(web, socketmode.OptionLog(quiet))}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{}, 2)
	go func() {
		_ = app.socket.RunContext(ctx) // ends with the context, and says so
		done <- struct{}{}
	}()
	go func() {
		app.serve(ctx)
		done <- struct{}{}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		<-done
		w.Close()
		client.CloseIdleConnections()
		server.CloseClientConnections()
		server.Close()
	})
	waitConnected(t, w)
	return w, server
}

// logTo sends the client's log to the test's, but not after its end.
type logTo struct{ t *testing.T }

func (l logTo) Write(p []byte) (int, error) {
	if l.t.Context().Err() == nil {
		l.t.Log(strings.TrimSpace(string(p)))
	}
	return len(p), nil
}

func waitConnected(t *testing.T, w *slack.Workspace) {
	t.Helper()
	for changed := w.Changed(); w.Connections() == 0; changed = w.Changed() {
		select {
		case <-changed:
		case <-t.Context().Done():
			t.Fatal("the app did not connect")
		}
	}
}

func (a *scripted) serve(ctx context.Context) {
	for {
		select {
		case event := <-a.socket.Events:
			if err := a.handle(ctx, event); err != nil && ctx.Err() == nil {
				a.t.Errorf("app: %s: %v", event.Type, err)
			}
		case <-ctx.Done():
			return
		}
	}
}

func (a *scripted) handle(ctx context.Context, event socketmode.Event) error {
	switch data := event.Data.(type) {
	case api.SlashCommand:
		return a.command(ctx, *event.Request, data)
	case api.InteractionCallback:
		return a.interaction(ctx, *event.Request, data)
	case slackevents.EventsAPIEvent:
		if err := a.socket.AckCtx(ctx, event.Request.EnvelopeID, nil); err != nil {
			return err
		}
		return a.event(ctx, data.InnerEvent.Data)
	}
	return nil
}

func plain(text string) *api.TextBlockObject {
	return api.NewTextBlockObject("plain_text", text, false, false)
}

func mrkdwn(text string) *api.TextBlockObject {
	return api.NewTextBlockObject("mrkdwn", text, false, false)
}

// command answers "login" with a modal, "silence" not at all, and everything else for the asker alone.
func (a *scripted) command(ctx context.Context, request socketmode.Request, cmd api.SlashCommand) error {
	if cmd.Text == "silence" {
		return nil
	}
	if err := a.socket.AckCtx(ctx, request.EnvelopeID, nil); err != nil {
		return err
	}
	if cmd.Text == "login" {
		_, err := a.web.OpenViewContext(ctx, cmd.TriggerID, loginView(cmd.ChannelID))
		return err
	}
	switch cmd.Text {
	case "usage":
		return a.usage(ctx, cmd)
	case "log":
		return a.log(ctx, cmd)
	}
	text := "You have *1* server: `web-1` (" + cmd.Text + ")"
	share := api.NewButtonBlockElement("share", "1", plain("Share"))
	_, err := a.web.PostEphemeralContext(ctx, cmd.ChannelID, cmd.UserID, api.MsgOptionText(text, false),
		api.MsgOptionBlocks(api.NewSectionBlock(mrkdwn(text), nil, nil), api.NewActionBlock("", share)))
	return err
}

func loginView(channel string) api.ModalViewRequest {
	input := func(id, label string, optional bool, element api.BlockElement) api.Block {
		block := api.NewInputBlock("block-"+id, plain(label), nil, element)
		block.Optional = optional
		return block
	}
	groups := api.NewOptionsMultiSelectBlockElement("multi_static_select", plain("Choose groups"), "groups",
		api.NewOptionBlockObject("default", plain("default"), nil), api.NewOptionBlockObject("ssh", plain("ssh"), nil))
	project := api.NewOptionsSelectBlockElement("external_select", plain("Choose a project"), "project_name")
	least := 0
	project.MinQueryLength = &least
	return api.ModalViewRequest{
		Type: "modal", Title: plain("Log in"), Submit: plain("Log in"), Close: plain("Cancel"), CallbackID: "login", PrivateMetadata: channel,
		Blocks: api.Blocks{BlockSet: []api.Block{
			input("username", "User name", false, api.NewPlainTextInputBlockElement(nil, "username")),
			input("password", "Password", false, api.NewPlainTextInputBlockElement(nil, "password")),
			input("project", "Project", true, project),
			input("groups", "Groups", true, groups),
			api.NewActionBlock("questions", api.NewButtonBlockElement("explain", "", plain("Why?")), api.NewButtonBlockElement("wider", "", plain("Wider"))),
		}},
	}
}

func (a *scripted) interaction(ctx context.Context, request socketmode.Request, call api.InteractionCallback) error {
	var answer any
	switch call.Type {
	case api.InteractionTypeViewSubmission:
		return a.submitted(ctx, request, call)
	case api.InteractionTypeBlockSuggestion:
		answer = projects(call.Value)
	}
	if err := a.socket.AckCtx(ctx, request.EnvelopeID, answer); err != nil || call.Type != api.InteractionTypeBlockActions {
		return err
	}
	var err error
	switch call.ActionCallback.BlockActions[0].ActionID {
	case "reboot":
		_, _, _, err = a.web.UpdateMessageContext(ctx, call.Channel.ID, call.Message.Timestamp, card("web-1 was rebooted by "+call.User.Name)...)
	case "explain":
		text := api.NewSectionBlock(mrkdwn("It is *forgotten* after the exchange."), nil, nil)
		_, err = a.web.PushViewContext(ctx, call.TriggerID, api.ModalViewRequest{Type: "modal", Title: plain("Your password"), Blocks: api.Blocks{BlockSet: []api.Block{text}}})
	case "wider":
		view := loginView(call.View.PrivateMetadata)
		view.Title = plain("Log in, wider")
		_, err = a.web.UpdateViewContext(ctx, view, "", "", call.View.ID)
	}
	return err
}

func (a *scripted) submitted(ctx context.Context, request socketmode.Request, call api.InteractionCallback) error {
	values := call.View.State.Values
	if values["block-password"]["password"].Value != "secret" {
		return a.socket.AckCtx(ctx, request.EnvelopeID, api.NewErrorsViewSubmissionResponse(map[string]string{"block-password": "The cloud says: wrong password."}))
	}
	if err := a.socket.AckCtx(ctx, request.EnvelopeID, nil); err != nil {
		return err
	}
	state, err := json.Marshal(map[string]any{"project": values["block-project"]["project_name"].SelectedOption.Value, "groups": len(values["block-groups"]["groups"].SelectedOptions)})
	if err != nil {
		return err
	}
	text := fmt.Sprintf("web-1 is ready for <@%s> %s", call.User.ID, state)
	_, _, err = a.web.PostMessageContext(ctx, call.View.PrivateMetadata, card(text)...)
	return err
}

// card is a message with a button that asks before it acts.
func card(text string) []api.MsgOption {
	reboot := api.NewButtonBlockElement("reboot", "web-1", plain("Reboot"))
	reboot.Confirm = api.NewConfirmationBlockObject(plain("Reboot web-1?"), mrkdwn("Everyone on *web-1* is thrown out."), plain("Reboot"), plain("Cancel"))
	remove := api.NewButtonBlockElement("delete", "web-1", plain("Delete")).WithStyle(api.StyleDanger)
	fields := []*api.TextBlockObject{mrkdwn("*Address*\n`203.0.113.5`"), mrkdwn("*Until*\n<!date^1795250000^{date_short_pretty} at {time}|2026-11-21 08:33 UTC>")}
	return []api.MsgOption{
		api.MsgOptionText(text, false),
		api.MsgOptionBlocks(api.NewSectionBlock(mrkdwn(":white_check_mark: "+text), fields, nil), api.NewActionBlock("actions", reboot, remove)),
	}
}

// event answers a mention in its thread and shows a home tab.
func (a *scripted) event(ctx context.Context, event any) error {
	switch event := event.(type) {
	case *slackevents.AppMentionEvent:
		thread := event.ThreadTimeStamp
		if thread == "" {
			thread = event.TimeStamp
		}
		_, _, err := a.web.PostMessageContext(ctx, event.Channel, api.MsgOptionText("On it, <@"+event.User+">.", false), api.MsgOptionTS(thread))
		return err
	case *slackevents.AppHomeOpenedEvent:
		refresh := api.NewAccessory(api.NewButtonBlockElement("refresh", "", plain("Refresh")))
		home := api.HomeTabViewRequest{Type: "home", Blocks: api.Blocks{BlockSet: []api.Block{api.NewHeaderBlock(plain("Your servers")), api.NewSectionBlock(mrkdwn("*web-1* is yours"), nil, refresh)}}}
		_, err := a.web.PublishViewContext(ctx, api.PublishViewContextRequest{UserID: event.User, View: home})
		return err
	}
	return nil
}
