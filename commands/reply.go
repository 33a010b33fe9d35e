package commands

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/stackhand/stackhand"
)

// Line is what somebody typed, clicked or sent, and where.
type Line struct {
	Text  string // in Slack's own encoding: <links|links>, &amp;
	Place stackhand.Place
	// Key is the same for every delivery of the same line: ids of jobs are made from it.
	Key   string
	Files []File // shared together with the line
	Link  string // address of the message, or else of the channel
	// Values are what was entered in a form that ended as this line and is none of its words: secrets are here
	// and nowhere else. nil for a line that was typed.
	Values map[string]string

	read *reading // what it was understood as; nil before
}

// reading is the command that a line was understood as, with its arguments.
type reading struct {
	entry *entry
	args  reflect.Value
}

// command is the name of the command that the line was understood as; "" before it was.
func (l Line) command() string {
	if l.read == nil {
		return ""
	}
	return l.read.entry.Name
}

// arguments are those of the command, the line itself among them, so that it can be carried out once more.
func (l Line) arguments() (json.RawMessage, error) {
	if l.read == nil {
		return nil, nil
	}
	raw, err := json.Marshal(l.read.args.Interface())
	if err != nil {
		return nil, fmt.Errorf("arguments of %s: %w", l.command(), err)
	}
	return raw, nil
}

// shown is the line as cards show it, to everybody in the channel: its first line, without the contents that options hold.
func (l Line) shown() string {
	if l.read != nil {
		if bare, hidden := l.read.entry.kept(l.read.args, l.Text); len(hidden) > 0 {
			return firstLine(bare)
		}
	}
	return firstLine(l.Text)
}

// File is a text file, shared with a line or sent with a reply.
type File struct {
	Name    string
	Content []byte
}

// Reply is what a command answers, as data. Whole is the same as words alone. A Reply that comes
// with an error holds nothing but the Actions that help against it.
type Reply struct {
	Text    stackhand.Text
	Fields  []Field
	Table   *Table
	Actions []stackhand.Action
	Form    *Form // to be opened before the asker
	File    *File
	Chart   *Chart         // says in a picture what the text says too
	Private bool           // holds what only the asker may see: never shared, posted or uploaded
	Once    bool           // is not to stay, not even in a direct message
	Job     string         // id of the job that was started: its card is the answer
	Begun   stackhand.Text // the same in a sentence, for where nobody sees the card at once; goes before Text
	Notice  stackhand.Text // shown to the asker before the rest: how the line was understood
	Share   string         // the line that shows the same to everybody; "" where sharing makes no sense
	Public  bool           // for everybody in the channel, not for the asker alone
	Cards   []string       // ids of jobs whose cards show something else now
}

// Words are the sentences of the answer: that the job began, and what there is to say besides.
func (r Reply) Words() stackhand.Text {
	out := append(stackhand.Text(nil), r.Begun...)
	if len(r.Begun) > 0 && len(r.Text) > 0 {
		out = out.Add("\n")
	}
	return append(out, r.Text...)
}

// Whole is the whole answer as text: the sentences, a line for each field, a line for each row.
func (r Reply) Whole() stackhand.Text {
	out := r.Words()
	for _, f := range r.Fields {
		out = out.Add("\n%s: ", f.Name)
		out = append(out, f.Value...)
	}
	if r.Table != nil && len(r.Table.Rows) > 0 {
		out = out.Add("\n%s", stackhand.AsBlock(strings.Join(r.Table.Lines(), "\n")))
		if r.Table.More != "" {
			out = out.Add("\nMore: %s", stackhand.AsCode(r.Table.More))
		}
	}
	return out
}

// Lines are the head and the rows of a table as text with aligned columns, a line each.
func (t *Table) Lines() []string {
	rows := append([][]string{t.Columns}, t.Rows...)
	width := make([]int, len(t.Columns))
	for _, row := range rows {
		for i := range min(len(row), len(width)) {
			width[i] = max(width[i], utf8.RuneCountInString(row[i]))
		}
	}
	lines := make([]string, len(rows))
	for n, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			cell = strings.ReplaceAll(stackhand.Clean(cell), "\n", " ")
			b.WriteString(cell)
			if i < len(row)-1 && i < len(width) {
				b.WriteString(strings.Repeat(" ", max(0, width[i]-utf8.RuneCountInString(cell))+2))
			}
		}
		lines[n] = strings.TrimRight(b.String(), " ")
	}
	return lines
}

// Field is a name with its value.
type Field struct {
	Name  string
	Value stackhand.Text
}

// Table is rows under column heads. More is the line that shows the next page, "" at the end.
type Table struct {
	Columns []string
	Rows    [][]string
	More    string
}

// Chart is numbers over names or days. The text beside it carries the same facts.
type Chart struct {
	Title  string
	Kind   string // bar, line or pie
	Unit   string // "h", "EUR"; may be ""
	Labels []string
	Told   bool     // the text beside it says the numbers in words: they need no table
	Series []Series // each with as many values as there are labels; a pie has one
}

// Series is one row of numbers of a Chart.
type Series struct {
	Name   string
	Values []float64
}

// Form is a modal. Secrets are entered in forms and nowhere else.
type Form struct {
	ID     string // comes back with the values
	Title  string // at most 24 characters
	Submit string
	Intro  stackhand.Text
	Inputs []Input
	State  string // comes back too; it is not secret
}

// Input is one field of a form; ID is the key of its value.
type Input struct {
	ID        string
	Label     string
	Hint      string
	Value     string
	Options   []Option // makes it a select
	Search    string   // makes it a select whose options Complete looks up while somebody types: "image", "flavor" …
	Optional  bool
	Multiline bool
	Secret    bool // sealed before it is written anywhere
}

// Option is one choice of an Input.
type Option struct{ Label, Value string }
