package slack

import (
	"unicode/utf8"

	"github.com/stackhand/stackhand/internal/sim/slack/blockkit"
)

// maxStream is how much a streamed message may say in all.
const maxStream = 12_000

func chatStartStream(w *Workspace, q *request) (obj, error) {
	c, err := w.writable(q.str("channel"))
	if err != nil {
		return nil, err
	}
	if q.str("thread_ts") == "" {
		return nil, refuse("invalid_thread_ts")
	}
	if !c.isDM() && q.str("recipient_user_id") == "" {
		return nil, refuse("missing_recipient_user_id")
	}
	if !c.isDM() && q.str("recipient_team_id") == "" {
		return nil, refuse("missing_recipient_team_id")
	}
	m := w.botMessage(c, content{})
	if m.thread, err = c.threadOf(q.str("thread_ts")); err != nil {
		return nil, err
	}
	m.streaming = true
	if err := m.stream(q); err != nil {
		return nil, err
	}
	w.post(m)
	return obj{"channel": c.ID, "ts": m.ts}, nil
}

func chatAppendStream(w *Workspace, q *request) (obj, error) {
	m, err := w.streamed(q)
	if err != nil {
		return nil, err
	}
	if !q.has("markdown_text") && !q.has("chunks") {
		return nil, refuse("no_text")
	}
	if err := m.stream(q); err != nil {
		return nil, err
	}
	w.revise(m)
	return obj{"channel": m.channel.ID, "ts": m.ts}, nil
}

func chatStopStream(w *Workspace, q *request) (obj, error) {
	m, err := w.streamed(q)
	if err != nil {
		return nil, err
	}
	blocks, err := q.blocks("blocks", blockkit.Message)
	if err != nil {
		return nil, err
	}
	if err := m.stream(q); err != nil {
		return nil, err
	}
	m.blocks = append(m.blocks, blocks...)
	m.streaming = false
	w.revise(m)
	w.echo(m, "")
	return obj{"channel": m.channel.ID, "ts": m.ts, "message": w.json(m)}, nil
}

func (w *Workspace) streamed(q *request) (*message, error) {
	m, err := w.own(q)
	switch {
	case err != nil:
		return nil, err
	case !m.bot || !m.streaming:
		return nil, refuse("message_not_in_streaming_state")
	}
	return m, nil
}

// stream adds markdown_text and chunks to the message.
func (m *message) stream(q *request) error {
	text := q.str("markdown_text")
	chunks, err := q.json("chunks")
	if err != nil {
		return refuse("invalid_chunks")
	}
	for _, c := range items(chunks) {
		switch chunk := asObj(c); chunk["type"] {
		case "markdown_text":
			text += str(chunk, "text")
		case "task_update":
			text += "\n" + str(chunk, "title") + " " + str(chunk, "status")
		case "plan_update":
			text += "\n" + str(chunk, "title")
		case "blocks":
			blocks, err := checkBlocks(chunk["blocks"], blockkit.Message)
			if err != nil {
				return err
			}
			m.blocks = append(m.blocks, blocks...)
		default:
			return refuse("invalid_chunks")
		}
	}
	if utf8.RuneCountInString(m.text+text) > maxStream {
		return refuse("msg_too_long")
	}
	m.text += text
	return nil
}
