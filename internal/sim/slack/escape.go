package slack

import (
	"regexp"
	"strings"
)

var (
	htmlEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	codeSpan   = regexp.MustCompile("(?s)```.*?```|`[^`\n]+`")
	// What Slack's composer turns into a reference: addresses, mail addresses, @names, #channels,
	// and bare host names with a common ending.
	reference = regexp.MustCompile(`https?://[^\s<>|]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|@[\w][\w.-]*|#[\w-]+|` +
		`(?i:\b(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|de|edu|gov|app|cloud)\b)`)
)

// encode is what a person typed, as Slack hands it on: special characters escaped, mentions and
// links as <…>. In slash commands a mention carries the name, too.
func (w *Workspace) encode(text string, slash bool) string {
	text = htmlEscape.Replace(text)
	var b strings.Builder
	at := 0
	for _, m := range codeSpan.FindAllStringIndex(text, -1) {
		b.WriteString(w.references(text[at:m[0]], slash))
		b.WriteString(text[m[0]:m[1]])
		at = m[1]
	}
	b.WriteString(w.references(text[at:], slash))
	return b.String()
}

func (w *Workspace) references(s string, slash bool) string {
	var b strings.Builder
	at := 0
	for _, m := range reference.FindAllStringIndex(s, -1) {
		b.WriteString(s[at:m[0]])
		ref := s[m[0]:m[1]]
		rest := ""
		if trimmed := strings.TrimRight(ref, ".,;:!?)'\""); len(trimmed) < len(ref) {
			ref, rest = trimmed, ref[len(trimmed):]
		}
		glued := m[0] > 0 && wordByte(s[m[0]-1])
		b.WriteString(w.reference(ref, slash, glued) + rest)
		at = m[1]
	}
	return b.String() + s[at:]
}

// reference is one of them; glued ones follow a word without a space.
func (w *Workspace) reference(ref string, slash, glued bool) string {
	switch {
	case glued:
		return ref
	case strings.HasPrefix(ref, "http://"), strings.HasPrefix(ref, "https://"):
		return "<" + ref + ">"
	case ref[0] == '@':
		return w.mentionOf(ref[1:], slash)
	case ref[0] == '#':
		if c := w.channel(ref[1:]); c != nil && !c.isDM() {
			return "<#" + c.ID + "|" + c.Name + ">"
		}
		return ref
	case strings.Contains(ref, "@"):
		return "<mailto:" + ref + "|" + ref + ">"
	}
	return "<http://" + ref + "|" + ref + ">"
}

func (w *Workspace) mentionOf(name string, slash bool) string {
	switch name {
	case "here", "channel", "everyone":
		return "<!" + name + ">"
	}
	if u := w.user(name); u != nil && slash {
		return "<@" + u.ID + "|" + u.Name + ">"
	} else if u != nil {
		return "<@" + u.ID + ">"
	}
	if g := w.group(name); g != nil {
		return "<!subteam^" + g.ID + "|@" + g.Handle + ">"
	}
	return "@" + name
}

func wordByte(b byte) bool {
	return b == '_' || b == '-' || b == '/' || b == '.' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}
