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
		b.WriteString(s.String())
	}
	return b.String()
}

// written is how a moment is written out where it is not shown to each reader in their own time zone.
const written = "2006-01-02 15:04 UTC"

// writtenOut are moments of this century: chats show no others.
var writtenOut = regexp.MustCompile(`\b20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2} UTC\b`)

// Retold are words that went through a record, such as the title or the problem of a job: moments that String has written out
// in them are moments again, to the minute.
func Retold(s string) (out Text) {
	at := 0
	for _, m := range writtenOut.FindAllStringIndex(s, -1) {
		t, err := time.Parse(written, s[m[0]:m[1]])
		if err != nil {
			continue // a thirteenth month
		}
		out = append(out.plain(s[at:m[0]]), At(t))
		at = m[1]
	}
	return out.plain(s[at:])
}

// In is the text with its moments written out in a time zone, for what only one person sees and what cannot hold a moment, such as
// the label of a button.
func (t Text) In(zone *time.Location) string {
	var b strings.Builder
	for _, s := range t {
		if s.Kind == Moment {
			b.WriteString(s.T.In(zone).Format("2006-01-02 15:04 MST"))
		} else {
			b.WriteString(s.String())
		}
	}
	return b.String()
}

// String is the span as Text.String has it.
func (s Span) String() string {
	switch s.Kind {
	case Moment:
		return s.T.UTC().Format(written)
	case Mention:
		return "@" + s.S
	case Link:
		return s.S + " (" + s.URL + ")"
	}
	return s.S
}

// Clean drops what nobody sees and what changes how other text is seen: control characters, those that turn text around, those
// without a width. Between letters of scripts that need them, and in emoji, joiners stay. Other ends of a line become line ends.
func Clean(s string) string {
	if plainASCII(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	rs := []rune(s)
	for i, r := range rs {
		switch {
		case r == 0x85, r == 0x2028, r == 0x2029:
			b.WriteByte('\n')
		case r == 0x200c || r == 0x200d:
			if i > 0 && i+1 < len(rs) && rs[i-1] > 0x2ff && rs[i+1] > 0x2ff {
				b.WriteRune(r)
			}
		case !invisible(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}

// plainASCII tells whether there is nothing to be dropped, which is the usual case.
func plainASCII(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= 0x7f || c < 0x20 && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}

// invisible are the characters that Clean drops wherever they stand (Unicode: Cc but for line ends and tabs, Cf, and what is
// shown as nothing although it counts as a letter).
func invisible(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
		return true
	}
	switch r {
	case 0x034f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x3164, 0xffa0:
		return true
	}
	return false
}
