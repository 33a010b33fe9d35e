package commands

import "github.com/stackhand/stackhand"

// Line is what somebody typed, clicked or sent, and where.
type Line struct {
	Text  string
	Place stackhand.Place
	// Key is the same for every delivery of the same line: ids of jobs are made from it.
	Key   string
	Files []File // shared together with the line
}

// File is a text file, shared with a line or sent with a reply.
type File struct {
	Name    string
	Content []byte
}

// Reply is what a command answers, as data. Text alone must carry the whole answer; with
// Table it is the sentence above it.
type Reply struct {
	Text    stackhand.Text
	Fields  []Field
	Table   *Table
	Actions []stackhand.Action
	Form    *Form // to be opened before the asker
	File    *File
	Job     string         // id of the job that was started: its card is the answer
	Notice  stackhand.Text // shown to the asker before the rest: how the line was understood
	Share   string         // the line that shows the same to everybody; "" where sharing makes no sense
	Public  bool           // for everybody in the channel, not for the asker alone
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
	Optional  bool
	Multiline bool
	Secret    bool // sealed before it is written anywhere
}

// Option is one choice of an Input.
type Option struct{ Label, Value string }
