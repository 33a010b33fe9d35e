package slack_test

import (
	"context"
	"net/http/httptest"
	"testing"

	client "github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"github.com/stackhand/stackhand/internal/sim/slack"
)

// program is an app on slack-go: each kind of event is handed to its function, on one goroutine.
type program struct {
	t        *testing.T
	api      *client.Client
	socket   *socketmode.Client
	command  func(client.SlashCommand, func(any))
	interact func(client.InteractionCallback, func(any))
	event    func(slackevents.EventsAPIEvent)
}

// run connects the program and lets it work until the test ends.
func (p *program) run(t *testing.T, w *slack.Workspace, url string) {
	p.t = t
	p.api = client.New(w.BotToken(), client.OptionAppLevelToken(w.AppToken()), client.OptionAPIURL(url+"/api/"))
	p.socket = socketmode.New(p.api)
	ctx, cancel := context.WithCancel(context.Background())
	done, looped := make(chan error, 1), make(chan bool)
	go func() { done <- p.socket.RunContext(ctx) }()
	go func() {
		defer close(looped)
		p.loop(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-looped
		<-done // the context's error
	})
	for changed := w.Changed(); w.Connections() == 0; changed = w.Changed() {
		<-changed
	}
}

func (p *program) loop(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-p.socket.Events:
			ack := func(payload any) {
				if err := p.socket.AckCtx(ctx, e.Request.EnvelopeID, payload); err != nil {
					p.t.Error(err)
				}
			}
			switch data := e.Data.(type) {
			case client.SlashCommand:
				p.command(data, ack)
			case client.InteractionCallback:
				p.interact(data, ack)
			case slackevents.EventsAPIEvent:
				ack(nil)
				p.event(data)
			}
		}
	}
}

func newServer(t *testing.T, opt slack.Options) (*slack.Workspace, string) {
	t.Helper()
	w := slack.New(opt)
	srv := httptest.NewServer(w)
	t.Cleanup(func() {
		w.Close()
		srv.CloseClientConnections()
		srv.Close()
	})
	return w, srv.URL
}

// TestSlackGo goes through a whole conversation with the library that the bot is made with.
func TestSlackGo(t *testing.T) {
	w, url := newServer(t, slack.Options{})
	p := &program{}
	p.command = func(c client.SlashCommand, ack func(any)) {
		ack(map[string]any{"text": "working on " + c.Text})
		_, err := p.api.OpenView(c.TriggerID, form("Name?"))
		check(t, err)
	}
	p.interact = func(c client.InteractionCallback, ack func(any)) {
		switch c.Type {
		case client.InteractionTypeViewSubmission:
			name := c.View.State.Values["b"]["name"].Value
			if name == "loud" {
				ack(client.NewErrorsViewSubmissionResponse(map[string]string{"b": "too loud"}))
				return
			}
			ack(nil)
			p.card(t, name)
		case client.InteractionTypeBlockActions:
			ack(nil)
			_, _, err := p.api.PostMessage("", client.MsgOptionText("gone", false), client.MsgOptionReplaceOriginal(c.ResponseURL))
			check(t, err)
		}
	}
	p.event = func(e slackevents.EventsAPIEvent) {
		if m, ok := e.InnerEvent.Data.(*slackevents.AppMentionEvent); ok {
			_, err := p.api.PostEphemeral(m.Channel, m.User, client.MsgOptionText("psst", false), client.MsgOptionTS(m.TimeStamp))
			check(t, err)
		}
	}
	p.run(t, w, url)

	mark := w.Mark()
	must(t, w.Type("alice", "#team-a", "", "/stack create"))
	await(t, w, mark, "modal", "Your name")
	await(t, w, mark, "ephemeral", "working on create")
	must(t, w.Submit("alice", map[string]string{"name": "loud"}))
	await(t, w, mark, "modal", "too loud")
	must(t, w.Submit("alice", map[string]string{"name": "web-1"}))
	await(t, w, mark, "message", "web-1 is ready\n[Delete]")
	must(t, w.Click("bob", "delete"))
	await(t, w, mark, "update", "gone")
	must(t, w.Type("carol", "#ops", "", "hello @stackhand"))
	if s := await(t, w, mark, "ephemeral", "psst"); s.For != "U0CAROL" {
		t.Errorf("shown %+v", s)
	}
}

// card posts a message with a button and reads it back with its metadata.
func (p *program) card(t *testing.T, name string) {
	button := client.NewButtonBlockElement("delete", name, client.NewTextBlockObject("plain_text", "Delete", false, false))
	channel, ts, err := p.api.PostMessage("C0TEAMA",
		client.MsgOptionText(name+" is ready", false),
		client.MsgOptionBlocks(client.NewSectionBlock(client.NewTextBlockObject("mrkdwn", name+" is ready", false, false), nil, nil),
			client.NewActionBlock("", button)),
		client.MsgOptionMetadata(client.SlackMetadata{EventType: "stackhand_op", EventPayload: map[string]any{"op": name}}))
	check(t, err)
	h, err := p.api.GetConversationHistory(&client.GetConversationHistoryParameters{ChannelID: channel, IncludeAllMetadata: true})
	check(t, err)
	if m := h.Messages[0]; m.Timestamp != ts || m.Metadata.EventPayload["op"] != name || len(m.Blocks.BlockSet) != 2 {
		t.Errorf("read back %+v", m)
	}
}

func form(title string) client.ModalViewRequest {
	plain := func(s string) *client.TextBlockObject {
		return client.NewTextBlockObject("plain_text", s, false, false)
	}
	element := client.NewPlainTextInputBlockElement(nil, "name")
	return client.ModalViewRequest{
		Type: "modal", Title: plain(title), Submit: plain("Send"), CallbackID: "form",
		Blocks: client.Blocks{BlockSet: []client.Block{client.NewInputBlock("b", plain("Your name"), nil, element)}},
	}
}

// check is must for goroutines that are not the test's own.
func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// TestSlackGoCalls tries the calls of the Web API with the library's own requests and types.
func TestSlackGoCalls(t *testing.T) {
	w, url := newServer(t, slack.Options{})
	api := client.New(w.BotToken(), client.OptionAPIURL(url+"/api/"))
	who, err := api.AuthTest()
	must(t, err)
	if who.UserID != slack.BotUserID || who.TeamID != slack.TeamID || who.BotID != slack.BotID {
		t.Errorf("auth.test: %+v", who)
	}
	alice, err := api.GetUserInfo("U0ALICE")
	must(t, err)
	if alice.Name != "alice" || alice.TZ != "Europe/Berlin" || alice.Profile.Email != "alice@example.com" || alice.Locale != "en-US" {
		t.Errorf("users.info: %+v", alice)
	}
	ops, err := api.GetUserGroupMembers("S0OPS")
	must(t, err)
	if len(ops) != 2 || ops[0] != "U0CAROL" {
		t.Errorf("usergroups.users.list: %v", ops)
	}
	dm, _, _, err := api.OpenConversation(&client.OpenConversationParameters{Users: []string{"U0BOB"}})
	must(t, err)
	mark := w.Mark()
	file, err := api.UploadFile(client.UploadFileParameters{Filename: "console.log", Content: "boot\nlogin:", FileSize: 11, Channel: dm.ID, InitialComment: "The log"})
	must(t, err)
	s := await(t, w, mark, "file", "The log\n[file console.log]\nboot\nlogin:")
	if s.Channel != dm.ID || file.ID == "" {
		t.Errorf("shown %+v", s)
	}
	channels, _, err := api.GetConversations(&client.GetConversationsParameters{})
	must(t, err)
	if len(channels) != 4 || channels[3].IsMember {
		t.Errorf("conversations.list: %+v", channels)
	}
	if _, _, err := api.PostMessage("C0RANDOM", client.MsgOptionText("x", false)); err == nil || err.Error() != "not_in_channel" {
		t.Errorf("posting where the bot is not a member: %v", err)
	}
	heading := client.NewHeaderBlock(client.NewTextBlockObject("plain_text", "Your servers", false, false))
	_, err = api.PublishView("U0BOB", client.HomeTabViewRequest{Type: "home", Blocks: client.Blocks{BlockSet: []client.Block{heading}}}, "")
	must(t, err)
	await(t, w, mark, "home", "Your servers")
}
