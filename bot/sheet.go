package bot

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
)

// sheet is what a message should show, before it becomes Slack's: parts below each other.
type sheet []part

// part is a text with the buttons below it.
type part struct {
	Text    stackhand.Text
	Small   bool // beside the matter: shown smaller
	Chart   *commands.Chart
	Actions []stackhand.Action
	Job     string // whose buttons these are; "" where that does not matter
}

// message is what is sent. Text carries everything: screen readers and notifications
// read nothing else.
type message struct {
	Text   string
	Blocks []slack.Block
}

// hash tells whether two messages show the same.
func (m message) hash() string {
	var b strings.Builder
	b.WriteString(m.Text)
	for _, block := range m.Blocks {
		if a, ok := block.(*slack.ActionBlock); ok {
			for _, e := range a.Elements.ElementSet {
				if button, ok := e.(*slack.ButtonBlockElement); ok {
					b.WriteString("\x00" + button.ActionID + "\x00" + button.Value)
				}
			}
		}
	}
	return digest(b.String())
}

// messages renders a sheet; one that is too long for a message goes on in further ones.
func (s sheet) messages() []message {
	var out []message
	var m message
	size := 0
	flush := func() {
		if m.Text != "" || len(m.Blocks) > 0 {
			out = append(out, m)
		}
		m, size = message{}, 0
	}
	for _, p := range s {
		for _, text := range chunks(atomsOf(p.Text), maxSection) {
			n := utf8.RuneCountInString(text) + 1
			if size+n > maxText || len(m.Blocks) >= maxBlocks {
				flush()
			}
			if m.Text != "" {
				m.Text += "\n"
			}
			m.Text += text
			m.Blocks = append(m.Blocks, textBlock(text, p.Small))
			size += n
		}
		if chart := chartBlock(p.Chart); chart != nil {
			m.Blocks = append(m.Blocks, chart)
		}
		id := "actions"
		if p.Job != "" {
			id = offerBlock + p.Job
		}
		for _, block := range actionBlocks(p.Actions, id+"-"+strconv.Itoa(len(out)*1000+len(m.Blocks))) {
			if len(m.Blocks) >= maxBlocks+2 {
				flush()
			}
			m.Blocks = append(m.Blocks, block)
		}
	}
	flush()
	for i := range out {
		if out[i].Text == "" {
			out[i].Text = "…"
		}
	}
	return out
}

// message renders a sheet as one message; what does not fit is cut off and said to be.
func (s sheet) message() message {
	all := s.messages()
	if len(all) == 0 {
		return message{Text: "…"}
	}
	m := all[0]
	if len(all) > 1 {
		m.Text += "\n…"
	}
	return m
}

func textBlock(text string, small bool) slack.Block {
	object := slack.NewTextBlockObject(slack.MarkdownType, text, false, true)
	if small {
		return slack.NewContextBlock("", object)
	}
	return slack.NewSectionBlock(object, nil, nil)
}

// maxButtons keeps rows short enough for a phone; Slack's limit is 25.
const maxButtons = 5

// actionBlocks puts buttons into rows, whose ids begin with id. No action id stands twice in a row: Slack refuses that.
func actionBlocks(actions []stackhand.Action, id string) []slack.Block {
	var rows [][]slack.BlockElement
	var ids [][]string
	for _, a := range actions {
		if a.ID == "" || len(a.Value) > maxValue {
			continue
		}
		at := slices.IndexFunc(ids, func(row []string) bool { return len(row) < maxButtons && !slices.Contains(row, a.ID) })
		if at < 0 {
			at = len(ids)
			ids, rows = append(ids, nil), append(rows, nil)
		}
		ids[at] = append(ids[at], a.ID)
		rows[at] = append(rows[at], button(a))
	}
	out := make([]slack.Block, len(rows))
	for i, row := range rows {
		out[i] = slack.NewActionBlock(id+"-"+strconv.Itoa(i), row...)
	}
	return out
}

func button(a stackhand.Action) *slack.ButtonBlockElement {
	label := clip(a.Label, maxLabel)
	if strings.TrimSpace(label) == "" {
		label = a.ID
	}
	b := slack.NewButtonBlockElement(a.ID, a.Value, words75(label))
	if a.Danger {
		b.Style = slack.StyleDanger
	}
	if a.Confirm != "" {
		b.Confirm = slack.NewConfirmationBlockObject(
			words75("Are you sure?"),
			words75(clip(a.Confirm, 300)),
			words75(clip(label, 30)), words75("Not now"))
		if a.Danger {
			b.Confirm.Style = slack.StyleDanger
		}
	}
	return b
}

// words75 is plain text, in which nothing has a meaning, without what nobody sees.
func words75(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, firstOf(stackhand.Clean(s), "…"), false, false)
}

// clip shortens to at most n characters.
func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	r := []rune(s)
	return string(r[:n-1]) + "…"
}
