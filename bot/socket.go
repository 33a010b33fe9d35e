package bot

import (
	"context"
	"encoding/json"
	"errors"
	"hash/fnv"
	"io"
	"log"
	"slices"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/stackhand/stackhand"
)

// lanes is how many writers bring what arrives to disk at the same time, so that the store
// can put their writes into one commit. A user always has the same lane: lines stay in order.
const (
	lanes     = 16
	laneDepth = 128
	ackWait   = 2500 * time.Millisecond // Slack waits three seconds
	maxFrame  = 4 << 20
)

// envelope is what Slack sends over a connection.
// Source: docs.slack.dev/apis/events-api/using-socket-mode.
type envelope struct {
	ID      string          `json:"envelope_id"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
	Attempt int             `json:"retry_attempt"`
}

// delivery is an envelope that was understood, on its way to disk.
type delivery struct {
	envelope string
	arrival  arrival
	ack      func(ctx context.Context, envelope string, answer any) error
}

// fatalOpen are the answers to apps.connections.open that do not get better by asking
// again; slack-go itself knows only some of them.
var fatalOpen = []string{
	"invalid_auth", "account_inactive", "not_authed", "token_revoked", "token_expired",
	"not_allowed_token_type", "missing_args", "forbidden_team", "no_permission", "missing_scope",
}

// listen keeps the n-th connection up until ctx ends or Slack refuses for good. slack-go
// reconnects by itself. Its debug output, which shows what people type into modals, is
// off, and its logger writes nowhere.
func (b *Bot) listen(ctx context.Context, n int) error {
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		client := socketmode.New(b.web.api,
			socketmode.OptionLog(log.New(io.Discard, "", 0)), socketmode.OptionReadLimit(maxFrame))
		running, stop := context.WithCancelCause(ctx)
		done := make(chan struct{})
		go func() {
			defer close(done)
			b.consume(running, client, n, stop)
		}()
		err := client.RunContext(running)
		cause := context.Cause(running)
		stop(nil)
		<-done
		b.health.set(n, false, time.Now())
		if ctx.Err() != nil {
			return nil
		}
		var said slack.SlackErrorResponse
		if errors.As(cause, &said) || errors.As(err, &said) {
			return stackhand.Errorf(stackhand.Unauthorized, "Slack does not accept the app token (%s).", said.Err).
				Because(err).Do("Check SLACK_APP_TOKEN and its scope connections:write.")
		}
		b.log.WarnContext(ctx, "the connection to Slack ended", "err", err, "again_in", wait)
		if !sleep(ctx, wait) {
			return nil
		}
	}
}

// consume takes events off a connection. It never waits for anything slow: a reader that
// stops loses the connection and what is in it.
func (b *Bot) consume(ctx context.Context, client *socketmode.Client, n int, stop context.CancelCauseFunc) {
	for {
		select {
		case <-ctx.Done():
			return
		case evt := <-client.Events:
			_ = b.guarded(ctx, "what Slack sent", func() error { b.event(ctx, client, n, evt, stop); return nil }) // it is told of, and sent again
		}
	}
}

func (b *Bot) event(ctx context.Context, client *socketmode.Client, n int, evt socketmode.Event, stop context.CancelCauseFunc) {
	switch evt.Type {
	case socketmode.EventTypeHello:
		if up, _, heard := b.Health(); up == 0 && !heard.IsZero() {
			b.teller.back()
		}
		b.health.set(n, true, time.Now())
	case socketmode.EventTypeConnecting:
		b.health.set(n, false, time.Now())
	case socketmode.EventTypeConnectionError:
		b.health.set(n, false, time.Now())
		if failed, ok := evt.Data.(*slack.ConnectionErrorEvent); ok {
			if slices.Contains(fatalOpen, slackCode(failed.ErrorObj)) {
				stop(failed.ErrorObj)
				return
			}
			b.log.WarnContext(ctx, "no connection to Slack", "err", failed.ErrorObj, "again_in", failed.Backoff)
		}
	case socketmode.EventTypeErrorWriteFailed:
		b.log.WarnContext(ctx, "an acknowledgement could not be written; Slack will deliver again")
	case socketmode.EventTypeErrorBadMessage:
		if bad, ok := evt.Data.(*socketmode.ErrorBadMessage); ok {
			var e envelope
			_ = json.Unmarshal(bad.Message, &e) // what is no envelope has no id, and is left
			b.take(ctx, client.AckCtx, e)
		}
	case socketmode.EventTypeEventsAPI, socketmode.EventTypeInteractive, socketmode.EventTypeSlashCommand:
		if r := evt.Request; r != nil {
			b.take(ctx, client.AckCtx, envelope{ID: r.EnvelopeID, Type: r.Type, Payload: r.Payload, Attempt: r.RetryAttempt})
		}
	}
}

// take brings an envelope on its way. What slack-go cannot parse may still be clear to us;
// what is not, or does not concern us, is acknowledged, or Slack would send it for ever.
func (b *Bot) take(ctx context.Context, ack func(context.Context, string, any) error, e envelope) {
	if e.ID == "" {
		return
	}
	b.health.heard(time.Now())
	if s, ok := readSuggestion(e); ok {
		b.suggest(ctx, s, ack)
		return
	}
	if b.heed(e) {
		if err := b.acknowledge(ctx, ack, e.ID, nil); err != nil {
			b.log.WarnContext(ctx, "not acknowledged", "envelope", e.ID, "err", err)
		}
		return
	}
	a, ok := b.read(e)
	if !ok || a.final {
		if err := b.acknowledge(ctx, ack, e.ID, a.answer); err != nil {
			b.log.WarnContext(ctx, "not acknowledged", "envelope", e.ID, "err", err)
		}
		return
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(a.user))
	select {
	case b.lanes[h.Sum32()%lanes] <- &delivery{envelope: e.ID, arrival: a, ack: ack}:
	case <-ctx.Done():
	}
}

func (b *Bot) acknowledge(ctx context.Context, ack func(context.Context, string, any) error, id string, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, ackWait)
	defer cancel()
	return ack(ctx, id, answer)
}

// receive writes deliveries down, acknowledges them and hands them on, in this order. What
// cannot be written down is not acknowledged: Slack delivers it again, or says that we failed.
func (b *Bot) receive(ctx context.Context, lane chan *delivery) {
	for {
		select {
		case <-ctx.Done():
			return
		case d := <-lane:
			if err := b.guarded(ctx, "what a user sent", func() error { return b.accept(ctx, d) }); err != nil {
				b.log.ErrorContext(ctx, "not accepted", "user", d.arrival.user, "kind", d.arrival.kind, "err", err)
			}
		}
	}
}

func (b *Bot) accept(ctx context.Context, d *delivery) error {
	in, err := b.inbound(d.arrival)
	if err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, ackWait)
	defer cancel()
	fresh, err := b.o.Records.Receive(within, in)
	if err != nil {
		return err
	}
	if !fresh {
		return b.acknowledge(ctx, d.ack, d.envelope, d.arrival.answer)
	}
	b.queue.expect()
	defer b.queue.put(in)
	return b.acknowledge(ctx, d.ack, d.envelope, d.arrival.answer)
}

// watchEvery is how often the watchdog looks, and how long no connection is worth a word.
const watchEvery = time.Minute

// watch says so while there is no connection at all.
func (b *Bot) watch(ctx context.Context) {
	for sleep(ctx, watchEvery) {
		if n, since, _ := b.Health(); n == 0 && time.Since(since) >= watchEvery {
			b.log.ErrorContext(ctx, "no connection to Slack", "since", since)
		}
	}
}
