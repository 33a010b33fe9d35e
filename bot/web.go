package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"

	"github.com/stackhand/stackhand"
)

// web is Slack's Web API behind the limiter.
type web struct {
	api   *slack.Client
	http  *http.Client
	limit *limiter
	dms   sync.Map    // user id → channel of the direct conversation, which never changes
	plain atomic.Bool // this workspace does not show charts
	rooms rooms
	hide  Redactor // nil hides nothing
}

// callTimeout bounds one call. Its outcome is unknown afterwards.
const callTimeout = 15 * time.Second

func newWeb(o Options) (*web, error) {
	base := http.Client{}
	if o.HTTP != nil {
		base = *o.HTTP
	}
	if base.Transport == nil {
		base.Transport = http.DefaultTransport
	}
	base.Transport = &breaker{next: base.Transport}
	base.Timeout = maxPause + 3*callTimeout // the breaker's pause must not count as silence
	opts := []slack.Option{
		slack.OptionAppLevelToken(o.AppToken),
		slack.OptionHTTPClient(&base),
		slack.OptionLog(log.New(io.Discard, "", 0)),
	}
	if o.APIURL != "" {
		if !strings.HasSuffix(o.APIURL, "/") {
			return nil, stackhand.Errorf(stackhand.Invalid, "the Slack API URL %q does not end with a slash", o.APIURL).
				Do("Write it as https://host/api/.")
		}
		opts = append(opts, slack.OptionAPIURL(o.APIURL))
	}
	return &web{api: slack.New(o.BotToken, opts...), http: &base, limit: newLimiter(o.Pace), hide: o.Redact}, nil
}

// outcome is what can be known of a call that changes something.
type outcome int

const (
	sent    outcome = iota // it was done
	limited                // it was not done, and may be later
	refused                // it was not done, and will not be
	unknown                // it may have been done
)

// Errors with which Slack says that it stumbled, possibly after it had done what was asked.
var stumbles = []string{"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}

func outcomeOf(err error) outcome {
	var said slack.SlackErrorResponse
	var status slack.StatusCodeError
	var rate *slack.RateLimitedError
	switch {
	case err == nil:
		return sent
	case errors.As(err, &rate):
		return limited
	case errors.Is(err, errShared):
		return refused
	case errors.As(err, &said):
		switch {
		case said.Err == "ratelimited":
			return limited
		case slices.Contains(stumbles, said.Err):
			return unknown
		}
		return refused
	case errors.As(err, &status):
		switch {
		case status.Code == http.StatusTooManyRequests:
			return limited
		case status.Code < 500:
			return refused
		}
	}
	return unknown
}

// slackCode is the word with which Slack refused, or the error itself.
func slackCode(err error) string {
	var said slack.SlackErrorResponse
	if errors.As(err, &said) {
		return said.Err
	}
	return err.Error()
}

// cannotWrite tells whether Slack does not let the bot write in a channel.
func cannotWrite(err error) bool {
	code := slackCode(err)
	return errors.Is(err, errShared) || slices.Contains([]string{
		"not_in_channel", "channel_not_found", "is_archived", "user_not_in_channel", "no_permission", "access_denied",
		"cannot_reply_to_message", "ekm_access_denied", "messages_tab_disabled",
	}, code) || strings.HasPrefix(code, "restricted_action")
}

// try makes one call for which a place was taken.
func (w *web) try(ctx context.Context, method string, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := call(ctx)
	if outcomeOf(err) == limited {
		wait := time.Second
		var rate *slack.RateLimitedError
		if errors.As(err, &rate) {
			wait = max(wait, rate.RetryAfter)
		}
		w.limit.block(method, wait)
	}
	return err
}

// patience is how often a call that was not done is made anew before giving up.
const patience = 5

// call makes a call as soon as the limiter allows, and again where Slack said "later".
// With safe, doing it twice does no harm, and an unknown outcome is tried again too.
func (w *web) call(ctx context.Context, method, channel string, safe bool, call func(context.Context) error) error {
	var err error
	for try := range patience {
		if err = w.limit.wait(ctx, method, channel); err != nil {
			return err
		}
		err = w.try(ctx, method, call)
		switch o := outcomeOf(err); {
		case o == sent, o == refused, o == unknown && !safe:
			return err
		case o == unknown && !sleep(ctx, 200*time.Millisecond<<try):
			return ctx.Err()
		}
	}
	return err
}

func (w *web) whoami(ctx context.Context) (self, error) {
	var me self
	err := w.try(ctx, "auth.test", func(ctx context.Context) error {
		r, err := w.api.AuthTestContext(ctx)
		if err == nil {
			me = self{user: r.UserID, bot: r.BotID, team: r.TeamID, enterprise: r.EnterpriseID, name: r.User, url: r.URL}
		}
		return err
	})
	return me, err
}

// dm opens the direct conversation with a user.
func (w *web) dm(ctx context.Context, user string) (channel string, err error) {
	if known, ok := w.dms.Load(user); ok {
		return known.(string), nil
	}
	err = w.call(ctx, "conversations.open", "", true, func(ctx context.Context) error {
		c, _, _, err := w.api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{user}})
		if err == nil {
			channel = c.ID
			w.dms.Store(user, channel)
		}
		return err
	})
	return channel, err
}

// opEvent is the metadata type that marks our messages.
const opEvent = "stackhand_op"

func (w *web) options(m message, thread, op string) []slack.MsgOption {
	m = w.masked(m)
	opts := []slack.MsgOption{
		slack.MsgOptionText(m.Text, false),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	}
	if len(m.Blocks) > 0 {
		opts = append(opts, slack.MsgOptionBlocks(m.Blocks...))
	}
	if thread != "" {
		opts = append(opts, slack.MsgOptionTS(thread))
	}
	if op != "" {
		opts = append(opts, slack.MsgOptionMetadata(slack.SlackMetadata{EventType: opEvent, EventPayload: map[string]any{"op": op}}))
	}
	return opts
}

// post sends a message for which a place was taken; edit changes one. Both refuse channels that are shared with others.
func (w *web) post(ctx context.Context, channel, thread, op string, m message) (ts string, err error) {
	if w.shared(ctx, channel) {
		return "", errShared
	}
	err = w.drawing(m, func(m message) error {
		return w.try(ctx, "chat.postMessage", func(ctx context.Context) error {
			_, ts, err = w.api.PostMessageContext(ctx, channel, w.options(m, thread, op)...)
			return err
		})
	})
	return ts, err
}

func (w *web) edit(ctx context.Context, channel, ts, op string, m message) error {
	if w.shared(ctx, channel) {
		return errShared
	}
	return w.try(ctx, "chat.update", func(ctx context.Context) error {
		_, _, _, err := w.api.UpdateMessageContext(ctx, channel, ts, w.options(m, "", op)...)
		return err
	})
}

// ephemeral shows a message to one user in a channel.
func (w *web) ephemeral(ctx context.Context, channel, thread, user string, m message) error {
	return w.drawing(m, func(m message) error {
		return w.call(ctx, "chat.postEphemeral", "", false, func(ctx context.Context) error {
			_, err := w.api.PostEphemeralContext(ctx, channel, user, w.options(m, thread, "")...)
			return err
		})
	})
}

// respond answers through a response_url, which works five times within 30 minutes and
// also where the bot is not a member.
func (w *web) respond(ctx context.Context, url string, m message, replace bool) error {
	return w.drawing(m, func(m message) error { return w.answer(ctx, url, m, replace) })
}

func (w *web) answer(ctx context.Context, url string, m message, replace bool) error {
	m = w.masked(m)
	body, err := json.Marshal(map[string]any{
		"response_type": "ephemeral", "text": m.Text, "blocks": m.Blocks, "replace_original": replace,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return errors.New("bot: Slack gave a response_url that is none") // the URL is a key: it is not told
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	res, err := w.http.Do(req)
	if err != nil {
		return errors.New("bot: the answer could not be sent to the response_url")
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusOK {
		return nil
	}
	reason, err := io.ReadAll(io.LimitReader(res.Body, 200))
	if err == nil && res.StatusCode < http.StatusInternalServerError {
		if m := slackWord.FindStringSubmatch(string(reason)); m != nil {
			return slack.SlackErrorResponse{Err: m[1]}
		}
	}
	return fmt.Errorf("bot: the response_url answered %s", res.Status)
}

// slackWord is what Slack's reasons look like: alone, or in an object.
var slackWord = regexp.MustCompile(`^\s*(?:\{.*"error":\s*")?([a-z_]{3,50})(?:"|\s*$)`)
