package stackhand

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Text is words for people without the markup of any chat. Only its adapter
// knows how a moment, a mention or code is written there; everything else in it
// is shown as it is, so that no name from a cloud can smuggle markup in.
type Text []Span

// Span is a piece of a Text.
type Span struct {
	Kind SpanKind  `json:"kind,omitempty"`
	S    string    `json:"s,omitempty"` // the words, the user's id, or the URL's label
	T    time.Time `json:"t,omitzero"`
	URL  string    `json:"url,omitempty"`
}

// SpanKind says how a Span is shown.
type SpanKind string

const (
	Plain   SpanKind = ""
	Code    SpanKind = "code"    // one line, typewriter
	Block   SpanKind = "block"   // several lines, typewriter
	Bold    SpanKind = "bold"    //
	Moment  SpanKind = "moment"  // T, shown in the reader's own time zone
	Mention SpanKind = "mention" // S is a user's id
	Link    SpanKind = "link"    // URL, shown as S
)

// AsCode, AsBlock, AsBold, At and To make spans to use as arguments of Textf.
func AsCode(s string) Span    { return Span{Kind: Code, S: s} }
func AsBlock(s string) Span   { return Span{Kind: Block, S: s} }
func AsBold(s string) Span    { return Span{Kind: Bold, S: s} }
func At(t time.Time) Span     { return Span{Kind: Moment, T: t} }
func To(userID string) Span   { return Span{Kind: Mention, S: userID} }
func AsLink(u, s string) Span { return Span{Kind: Link, URL: u, S: s} }

var slot = regexp.MustCompile("\x01([0-9]+)\x02")

// Textf formats like fmt.Sprintf; arguments that are a Span or a Text keep their
// meaning. Control characters in strings are dropped, line ends and tabs apart.
func Textf(format string, args ...any) Text {
	var kept []Text
	for i, a := range args {
		switch a := a.(type) {
		case Span:
			a.S = Clean(a.S)
			kept = append(kept, Text{a})
		case Text:
			kept = append(kept, a)
		case string:
			args[i] = Clean(a)
			continue
		case error:
			args[i] = Clean(a.Error())
			continue
		case fmt.Stringer:
			args[i] = Clean(a.String())
			continue
		default:
			continue
		}
		args[i] = fmt.Sprintf("\x01%d\x02", len(kept)-1)
	}
	s := fmt.Sprintf(format, args...)
	var out Text
	at := 0
	for _, m := range slot.FindAllStringSubmatchIndex(s, -1) {
		n, err := strconv.Atoi(s[m[2]:m[3]])
		if err != nil || n >= len(kept) {
			continue
		}
		out = out.plain(s[at:m[0]])
		out = append(out, kept[n]...)
		at = m[1]
	}
	return out.plain(s[at:])
}

func (t Text) plain(s string) Text {
	if s == "" {
		return t
	}
	return append(t, Span{S: s})
}

// Add returns t followed by the formatted text.
func (t Text) Add(format string, args ...any) Text {
	return append(t[:len(t):len(t)], Textf(format, args...)...)
}

// String is the text for a terminal or a log: moments in UTC, mentions as @id.
func (t Text) String() string {
	var b strings.Builder
	for _, s := range t {
		switch s.Kind {
		case Moment:
			b.WriteString(s.T.UTC().Format("2006-01-02 15:04 UTC"))
		case Mention:
			b.WriteString("@" + s.S)
		case Link:
			b.WriteString(s.S + " (" + s.URL + ")")
		default:
			b.WriteString(s.S)
		}
	}
	return b.String()
}

// Clean drops control characters and the invisible ones that turn text around.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return -1
		}
		return r
	}, s)
}
