package bot

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"github.com/stackhand/stackhand"
)

// Kinds of Inbound.
const (
	kindLine   = "line"   // typed after the slash command, a mention, or in a direct message
	kindClick  = "click"  // a button
	kindSubmit = "submit" // a modal
	kindHome   = "home"   // the home tab was opened
)

// arrival is what came in, before it is written down.
type arrival struct {
	key, kind, user string
	body            body
	secret          secret
	answer          any  // goes along with the acknowledgement
	final           bool // the answer is all there is to do
}

// body is what Inbound.Body holds; all that could do harm lies sealed in it.
type body struct {
	Text      string          `json:"text,omitempty"` // sealed on disk
	Place     stackhand.Place `json:"place"`
	TS        string          `json:"ts,omitempty"` // of the message that was written, or that the button stands in
	Slash     bool            `json:"slash,omitempty"`
	Action    string          `json:"action,omitempty"`
	Value     string          `json:"value,omitempty"`
	Block     string          `json:"block,omitempty"`     // id of the block that the button stands in
	Threaded  bool            `json:"threaded,omitempty"`  // the button stands in a thread
	Ephemeral bool            `json:"ephemeral,omitempty"` // on a message that only the user sees
	View      string          `json:"view,omitempty"`      // id of the modal
	Form      json.RawMessage `json:"form,omitempty"`      // the modal as it was, without what was typed
	Files     []sharedFile    `json:"files,omitempty"`
	Leak      string          `json:"leak,omitempty"`    // what secret the line seemed to hold; the line itself is not kept
	Outside   string          `json:"outside,omitempty"` // id of the other workspace that it says to come from
	Said      int64           `json:"said,omitempty"`    // when it was typed or pressed, in seconds since 1970; 0: it does not say
	Sealed    []byte          `json:"sealed,omitempty"`
}

// secret is the part of a body that is stored encrypted: what was typed, in a line (user data may be in it)
// or into a modal, and Slack's own short-lived keys.
type secret struct {
	Text        string            `json:"text,omitempty"`
	ResponseURL string            `json:"response_url,omitempty"`
	Trigger     string            `json:"trigger,omitempty"`
	Values      map[string]string `json:"values,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"` // of chosen values
}

// sharedFile is a file that came along with a message.
type sharedFile struct {
	Name string `json:"name"`
	URL  string `json:"url_private_download"`
	Size int64  `json:"size"`
}

// sealedFor is the purpose that sealed parts are bound to.
const sealedFor = "slack"

// inbound makes the record that is written down.
func (b *Bot) inbound(a arrival) (stackhand.Inbound, error) {
	in := stackhand.Inbound{
		ID: digest(a.key), Key: a.key, User: a.user, Kind: a.kind, Received: b.o.Now(),
	}
	a.secret.Text, a.body.Text = a.body.Text, ""
	plain, err := json.Marshal(a.secret)
	if err != nil {
		return in, err
	}
	if a.body.Sealed, err = b.o.Seal.Seal(plain, a.user, sealedFor); err != nil {
		return in, fmt.Errorf("seal what arrived: %w", err)
	}
	in.Body, err = json.Marshal(a.body)
	return in, err
}

// unpack is the reverse of inbound. Where the sealed part cannot be opened any more (another
// keyset) the rest is still good.
func (b *Bot) unpack(in stackhand.Inbound) (body, secret, error) {
	var m body
	var s secret
	if err := json.Unmarshal(in.Body, &m); err != nil {
		return m, s, err
	}
	plain, err := b.o.Seal.Open(m.Sealed, in.User, sealedFor)
	if err == nil {
		err = json.Unmarshal(plain, &s)
	}
	if err != nil && (in.Kind == kindSubmit || in.Kind == kindLine) {
		return m, s, err
	}
	if s.Text != "" {
		m.Text = s.Text
	}
	return m, s, nil
}

// Anew seals what arrived with another key, by what anew does with what was sealed for a user and a purpose. changed is false
// where there is nothing to do.
func Anew(in stackhand.Inbound, anew func(sealed []byte, user, purpose string) ([]byte, bool, error)) (out stackhand.Inbound, changed bool, err error) {
	var m body
	if err := json.Unmarshal(in.Body, &m); err != nil {
		return in, false, err
	}
	if m.Sealed, changed, err = anew(m.Sealed, in.User, sealedFor); err != nil || !changed {
		return in, false, err
	}
	in.Body, err = json.Marshal(m)
	return in, err == nil, err
}

// read understands an envelope; not ok is what does not concern us.
func (b *Bot) read(e envelope) (arrival, bool) {
	switch e.Type {
	case "slash_commands":
		return b.readSlash(e.Payload)
	case "events_api":
		return b.readEvent(e.Payload)
	case "interactive":
		return b.readInteractive(e.Payload)
	}
	return arrival{}, false
}

func (b *Bot) readSlash(payload []byte) (arrival, bool) {
	var p struct {
		Channel string `json:"channel_id"`
		Name    string `json:"channel_name"`
		User    string `json:"user_id"`
		Text    string `json:"text"`
		URL     string `json:"response_url"`
		Trigger string `json:"trigger_id"`
		origin
	}
	if json.Unmarshal(payload, &p) != nil || p.User == "" || p.Trigger == "" {
		return arrival{}, false
	}
	a := arrival{key: "slash:" + p.Trigger, kind: kindLine, user: p.User}
	a.body = body{Slash: true, Place: stackhand.Place{Team: p.Team, Channel: p.Channel, Direct: p.Name == "directmessage"}}
	b.from(&a.body, p.origin)
	b.channels.note(a.body.Place, p.Name)
	a.body.say(b, p.Text)
	a.secret = secret{ResponseURL: p.URL, Trigger: p.Trigger}
	return a, true
}

// say keeps a line, or of one that seems to hold a secret only what it seems to be.
func (m *body) say(b *Bot, text string) {
	if what, leak := b.talk.secretlike(text); leak {
		m.Leak, m.Files = what, nil
		return
	}
	for _, f := range m.Files {
		if what, leak := b.talk.secretlike(f.Name); leak {
			m.Leak, m.Files = what, nil
			return
		}
	}
	m.Text = text
}

type event struct {
	Type    string `json:"type"`
	Subtype string `json:"subtype"`
	User    string `json:"user"`
	Bot     string `json:"bot_id"`
	Team    string `json:"team"`
	Text    string `json:"text"`
	Channel string `json:"channel"`
	Kind    string `json:"channel_type"`
	TS      string `json:"ts"`
	Thread  string `json:"thread_ts"`
	Tab     string `json:"tab"`
	Hidden  bool   `json:"hidden"`
	Edited  *struct {
		TS string `json:"ts"`
	} `json:"edited"`
	Files []sharedFile `json:"files"`
}

func (b *Bot) readEvent(payload []byte) (arrival, bool) {
	var p struct {
		ID    string `json:"event_id"`
		Time  int64  `json:"event_time"`
		Event event  `json:"event"`
		origin
	}
	e := &p.Event
	if json.Unmarshal(payload, &p) != nil || p.ID == "" || e.User == "" || e.Bot != "" || e.User == b.self.user {
		return arrival{}, false
	}
	a := arrival{key: "event:" + p.ID, kind: kindLine, user: e.User}
	a.body.Place = stackhand.Place{Team: p.Team, Channel: e.Channel, Thread: e.Thread, Direct: e.Kind == "im"}
	b.from(&a.body, p.origin)
	a.body.Said = p.Time
	switch {
	case e.Type == "app_home_opened":
		a.kind = kindHome
		return a, e.Tab == "" || e.Tab == "home"
	case e.Edited != nil, e.Hidden, e.Subtype != "" && e.Subtype != "file_share" && e.Subtype != "thread_broadcast":
		return arrival{}, false // an edited line is not carried out a second time
	case e.Type == "app_mention" && !strings.HasPrefix(e.Channel, "D"):
	case e.Type == "message" && e.Kind == "im":
	default:
		return arrival{}, false
	}
	a.body.Files, a.body.TS = e.Files, e.TS
	a.body.say(b, b.unmentioned(e.Text))
	return a, true
}

// unmentioned takes the mention of the bot itself out of a line: the first thing in it, or
// else wherever it stands.
func (b *Bot) unmentioned(text string) string {
	text = strings.TrimSpace(text)
	for _, m := range []string{"<@" + b.self.user + ">", "<@" + b.self.user + "|"} {
		i := strings.Index(text, m)
		if i < 0 {
			continue
		}
		end := i + strings.Index(text[i:], ">")
		if end < i {
			continue
		}
		rest := strings.TrimLeft(text[end+1:], " \t\u00a0:,")
		return strings.TrimSpace(text[:i] + rest)
	}
	return text
}

// interaction is a click or a sent modal.
// Source: docs.slack.dev/reference/interaction-payloads.
type interaction struct {
	Type string `json:"type"`
	User struct {
		ID   string `json:"id"`
		Team string `json:"team_id"`
	} `json:"user"`
	Team struct {
		ID         string `json:"id"`
		Enterprise string `json:"enterprise_id"`
	} `json:"team"`
	Enterprise struct {
		ID string `json:"id"`
	} `json:"enterprise"`
	Channel struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"channel"`
	Container struct {
		Type      string `json:"type"`
		Message   string `json:"message_ts"`
		Channel   string `json:"channel_id"`
		Thread    string `json:"thread_ts"`
		View      string `json:"view_id"`
		Ephemeral bool   `json:"is_ephemeral"`
	} `json:"container"`
	Message struct {
		TS     string `json:"ts"`
		Thread string `json:"thread_ts"`
	} `json:"message"`
	View     json.RawMessage `json:"view"`
	Trigger  string          `json:"trigger_id"`
	Response string          `json:"response_url"`
	Actions  []struct {
		ID       string `json:"action_id"`
		Block    string `json:"block_id"`
		Value    string `json:"value"`
		TS       string `json:"action_ts"`
		Selected struct {
			Value string `json:"value"`
		} `json:"selected_option"`
	} `json:"actions"`
}

// origin is where the interaction says that it comes from.
func (p interaction) origin() origin {
	return origin{Team: p.Team.ID, Enterprise: firstOf(p.Enterprise.ID, p.Team.Enterprise)}
}

func (b *Bot) readInteractive(payload []byte) (arrival, bool) {
	var p interaction
	if json.Unmarshal(payload, &p) != nil || p.User.ID == "" {
		return arrival{}, false
	}
	switch p.Type {
	case "block_actions":
		return b.readClick(p)
	case "view_submission":
		return b.readSubmit(p)
	}
	return arrival{}, false
}

func (b *Bot) readClick(p interaction) (arrival, bool) {
	if len(p.Actions) == 0 {
		return arrival{}, false
	}
	c, act := p.Container, p.Actions[0]
	if act.Value == "" {
		act.Value = act.Selected.Value
	}
	key := []string{p.User.ID, act.ID, act.Block, act.TS, c.Message, c.View}
	a := arrival{key: "click:" + strings.Join(key, ","), kind: kindClick, user: p.User.ID}
	a.secret = secret{ResponseURL: p.Response, Trigger: p.Trigger}
	thread := firstOf(c.Thread, p.Message.Thread)
	a.body = body{
		Action: act.ID, Value: act.Value, Block: act.Block, Ephemeral: c.Ephemeral, TS: c.Message,
		Threaded: thread != "" && thread != c.Message,
		Place: stackhand.Place{
			Team: firstOf(p.User.Team, p.Team.ID), Channel: firstOf(c.Channel, p.Channel.ID),
			Direct: p.Channel.Name == "directmessage" || strings.HasPrefix(firstOf(c.Channel, p.Channel.ID), "D"),
		},
	}
	if a.body.Threaded {
		a.body.Place.Thread = thread
	} else if !c.Ephemeral && !beside(act.ID) {
		a.body.Place.Thread = c.Message // what a card's button starts is told in the card's thread
	}
	b.from(&a.body, p.origin())
	a.body.Said = seconds(act.TS)
	if c.View != "" {
		var view slack.View
		if json.Unmarshal(p.View, &view) == nil && view.Type == slack.VTModal {
			a.body.View = c.View
			a.body.Place = metaOf(view.PrivateMetadata).Place
		}
	}
	return a, true
}

// seconds is the moment of one of Slack's timestamps; 0 if it is none.
func seconds(ts string) int64 {
	s, _, _ := strings.Cut(ts, ".")
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// beside tells whether a button belongs to the message itself, and not to a server or job:
// what follows then is not about a thread.
func beside(action string) bool {
	switch action {
	case "choose", "page", "share", "login":
		return true
	}
	return false
}

func firstOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}
