package commands

import (
	"regexp"
	"strings"
	"unicode"
)

var (
	angle  = regexp.MustCompile(`<([^<>\n]*)>`)
	entity = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
	escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	// spelled is what Slack encodes, when it was typed or pasted in its encoded form and so came escaped.
	spelled = regexp.MustCompile(`<(?:https?://|mailto:|tel:|@[UW][A-Z0-9]|#[CG][A-Z0-9]|!subteam\^S[A-Z0-9])[^<>\s]*(?:\|[^<>\n]*)?>`)
	address = regexp.MustCompile(`^@[\w.-]+[:,]?(\s+|$)`)
)

const fence = "```"

// decode undoes the encoding in which Slack sends what was typed (api.slack.com, "Formatting
// text for app surfaces"): links, mentions and the three entities.
func decode(s string) string {
	return entity.Replace(angle.ReplaceAllStringFunc(s, unwrap))
}

// encode is the opposite, for lines that Do will decode.
func encode(s string) string { return escape.Replace(s) }

func unwrap(m string) string {
	target, label, labelled := strings.Cut(m[1:len(m)-1], "|")
	switch {
	case strings.HasPrefix(target, "@"):
		return target
	case strings.HasPrefix(target, "!subteam^"):
		return "@" + strings.TrimPrefix(target, "!subteam^") // the id: a label may be anything
	case strings.HasPrefix(target, "#") && labelled:
		return "#" + label
	case strings.HasPrefix(target, "#"):
		return target
	case strings.HasPrefix(target, "!"), strings.Contains(target, "://"), strings.HasPrefix(target, "mailto:"), strings.HasPrefix(target, "tel:"):
		if labelled {
			return label
		}
		return strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(target, "mailto:"), "tel:"), "!")
	}
	return m
}

// tidy undoes what editors do to a typed command: curly quotes, dashes drawn together, unusual
// spaces, invisible characters, backticks. Doing it twice changes nothing more.
func tidy(s string) string {
	s = strings.Map(tidyRune, s)
	var b strings.Builder
	start := true // of a word
	rs := []rune(s)
	for i := 0; i < len(rs); i++ {
		r := rs[i]
		if !isDash(r) {
			b.WriteRune(r)
			start = unicode.IsSpace(r)
			continue
		}
		if !start {
			b.WriteByte('-')
			continue
		}
		start = false
		for i+1 < len(rs) && (isDash(rs[i+1]) || rs[i+1] == '-') {
			i++
		}
		if i+1 < len(rs) && unicode.IsLetter(rs[i+1]) {
			b.WriteString("--")
		} else {
			b.WriteByte('-')
		}
	}
	return b.String()
}

func isDash(r rune) bool { return r >= 0x2010 && r <= 0x2015 || r == 0x2212 }

func tidyRune(r rune) rune {
	switch {
	case r == '\n' || r == '\t':
		return r
	case r == 0xad, r == 0x180e, r == 0xfeff, r >= 0x200b && r <= 0x200f, r >= 0x2060 && r <= 0x2064,
		r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == '`', r == unicode.ReplacementChar:
		return -1
	case unicode.IsControl(r):
		return -1
	case unicode.Is(unicode.Zs, r), r == 0x2028, r == 0x2029:
		return ' '
	case r >= 0x201c && r <= 0x201f, r == 0xab, r == 0xbb:
		return '"'
	case r >= 0x2018 && r <= 0x201b:
		return '\''
	}
	return r
}

// typed is a line as it was meant: its text without typography and address, in which \x00n\x00
// stands for the n-th code block.
type typed struct {
	text   string
	blocks []string
}

// read makes a line out of what arrived. The bot's own mention and the slash command's name in
// front of it are dropped, and a fence around the whole of it too.
func read(env *Env, text string) typed {
	s := strings.TrimSpace(decode(text))
	s = env.unaddress(s)
	if in, ok := strings.CutPrefix(s, fence); ok {
		if in, ok = strings.CutSuffix(in, fence); ok && !strings.Contains(in, fence) {
			s = in
		}
	}
	parts := strings.Split(s, fence)
	var line typed
	var b strings.Builder
	for i, p := range parts {
		if i%2 == 1 && i < len(parts)-1 {
			b.WriteString(" \x00" + string(rune('0'+len(line.blocks)%10)) + "\x00 ")
			line.blocks = append(line.blocks, strings.TrimPrefix(p, "\n"))
			continue
		}
		b.WriteString(tidy(p))
	}
	line.text = strings.TrimSpace(env.unaddress(strings.TrimSpace(unspell(b.String()))))
	return line
}

// unspell undoes links and mentions that were spelled out. Code blocks stay as they are.
func unspell(s string) string {
	for {
		was := s
		if s = spelled.ReplaceAllStringFunc(s, unwrap); s == was {
			return s
		}
	}
}

// unaddress drops who the line is addressed to: a mention or the slash command; and the prompt
// that a pasted line begins with.
func (env *Env) unaddress(s string) string {
	for {
		was := s
		s = strings.TrimSpace(address.ReplaceAllString(s, ""))
		if in, ok := strings.CutPrefix(s, "$ "); ok {
			s = strings.TrimSpace(in)
		}
		if c := env.Settings.Command; c != "" && (s == c || strings.HasPrefix(s, c+" ")) {
			s = strings.TrimSpace(s[len(c):])
		}
		if s == was {
			return s
		}
	}
}
