package bot

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/stackhand/stackhand"
)

// Slack's limits, in characters, with some room left.
// Source: docs.slack.dev/reference/block-kit, chat.postMessage and chat.update.
const (
	maxSection = 2900 // of 3000
	maxText    = 3900 // of 4000, above which chat.update refuses
	maxBlocks  = 48   // of 50
	maxLabel   = 75
	maxValue   = 2000
	maxPiece   = 400 // longest piece of text that is never divided
)

var (
	userID = regexp.MustCompile(`^[UW][A-Z0-9]{2,30}$`)
	ticked = regexp.MustCompile("`([^`\n]+)`")
	escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
)

// atom is a piece of mrkdwn that may not be divided. One with block set is a line of
// typewriter text, to be fenced.
type atom struct {
	s     string
	block bool
}

// atomsOf renders the text. Nothing in it can become a mention or a link: only spans of
// those kinds do, and a pair of backticks in plain words means code.
func atomsOf(t stackhand.Text) []atom {
	var out []atom
	for _, s := range t {
		switch s.Kind {
		case stackhand.Block:
			for line := range strings.Lines(s.S) {
				for _, piece := range pieces(strings.TrimRight(line, "\n")) {
					out = append(out, atom{s: escape.Replace(strings.ReplaceAll(piece, "```", "ˋˋˋ")), block: true})
				}
			}
		case stackhand.Plain:
			out = append(out, plain(s.S)...)
		case stackhand.Bold:
			for _, piece := range pieces(s.S) {
				out = append(out, atom{s: bold(piece)})
			}
		case stackhand.Code:
			for _, piece := range pieces(s.S) {
				out = append(out, atom{s: code(piece)})
			}
		default:
			out = append(out, atom{s: special(s)})
		}
	}
	return out
}

// plain renders words; pairs of backticks make code.
func plain(s string) (out []atom) {
	at := 0
	for _, m := range ticked.FindAllStringIndex(s, -1) {
		out = append(out, words(s[at:m[0]])...)
		for _, piece := range pieces(s[m[0]+1 : m[1]-1]) {
			out = append(out, atom{s: code(piece)})
		}
		at = m[1]
	}
	return append(out, words(s[at:])...)
}

// words renders words without code. Moments that are written out in them are shown as moments are.
func words(s string) (out []atom) {
	for _, t := range stackhand.Retold(s) {
		if t.Kind == stackhand.Moment {
			out = append(out, atom{s: special(t)})
			continue
		}
		for line := range strings.Lines(t.S) {
			for _, piece := range pieces(line) {
				out = append(out, atom{s: escape.Replace(neutral(piece))})
			}
		}
	}
	return out
}

// bold renders a piece of bold text, with moments as words has them.
func bold(s string) string {
	var b strings.Builder
	for _, t := range stackhand.Retold(s) {
		if t.Kind == stackhand.Moment {
			b.WriteString(special(t))
		} else {
			b.WriteString(escape.Replace(neutral(strings.ReplaceAll(t.S, "*", "∗"))))
		}
	}
	return "*" + b.String() + "*"
}

// pieces cuts a string into parts of at most maxPiece characters.
func pieces(s string) []string {
	if utf8.RuneCountInString(s) <= maxPiece {
		return []string{s}
	}
	r := []rune(s)
	var out []string
	for len(r) > maxPiece {
		out, r = append(out, string(r[:maxPiece])), r[maxPiece:]
	}
	return append(out, string(r))
}

func special(s stackhand.Span) string {
	s.S = clip(s.S, maxPiece)
	switch s.Kind {
	case stackhand.Moment:
		return fmt.Sprintf("<!date^%d^{date_short_pretty} at {time}|%s>", s.T.Unix(), s)
	case stackhand.Mention:
		if userID.MatchString(s.S) {
			return "<@" + s.S + ">"
		}
		if groupID.MatchString(s.S) {
			return "<!subteam^" + s.S + ">"
		}
		return escape.Replace(neutral("@" + s.S))
	case stackhand.Link:
		if len(s.URL) > 1000 || !strings.HasPrefix(s.URL, "https://") && !strings.HasPrefix(s.URL, "http://") {
			return escape.Replace(neutral(s.S + " (" + clip(s.URL, maxPiece) + ")"))
		}
		url := strings.NewReplacer("&", "&amp;", "<", "%3C", ">", "%3E", "|", "%7C", " ", "%20", "\n", "").Replace(s.URL)
		label := strings.ReplaceAll(strings.ReplaceAll(s.S, "\n", " "), "|", "¦")
		return "<" + url + "|" + escape.Replace(neutral(label)) + ">"
	}
	return escape.Replace(neutral(s.S))
}

func code(s string) string {
	s = strings.NewReplacer("`", "ˋ", "\n", " ").Replace(s)
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return "`" + escape.Replace(s) + "`"
}

// neutral takes from characters that would format (*, _, ~, a leading >) their meaning where
// they stand at the edge of a word, by their look-alikes; inside words Slack leaves them alone.
func neutral(s string) string {
	if !strings.ContainsAny(s, "*_~`>") {
		return s
	}
	alike := map[rune]rune{'*': '∗', '_': '＿', '~': '∼', '`': 'ˋ'}
	r := []rune(s)
	for i, c := range r {
		edge := i == 0 || i == len(r)-1 || !wordy(r[i-1]) || !wordy(r[i+1])
		switch {
		case c == '>' && (i == 0 || r[i-1] == '\n'):
			r[i] = '›'
		case c == '`', edge && alike[c] != 0:
			r[i] = alike[c]
		}
	}
	return string(r)
}

func wordy(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// fence marks typewriter text.
const fence = "```"

// chunks packs rendered text into strings of at most limit characters each.
func chunks(atoms []atom, limit int) []string {
	var out []string
	var b strings.Builder
	size, open := 0, false
	closeFence := func() {
		if open {
			b.WriteString("\n" + fence)
			size, open = size+4, false
		}
	}
	flush := func() {
		closeFence()
		if s := strings.Trim(b.String(), "\n"); s != "" {
			out = append(out, s)
		}
		b.Reset()
		size = 0
	}
	for _, a := range atoms {
		n := utf8.RuneCountInString(a.s)
		if size > 0 && size+n+10 > limit {
			flush()
		}
		if !a.block {
			if open {
				closeFence()
				b.WriteString("\n")
				size++
			}
			b.WriteString(a.s)
			size += n
			continue
		}
		if !open {
			lead := fence + "\n"
			if size > 0 && !strings.HasSuffix(b.String(), "\n") {
				lead = "\n" + lead
			}
			b.WriteString(lead)
			size, open = size+5, true
			b.WriteString(a.s)
		} else {
			b.WriteString("\n" + a.s)
			size++
		}
		size += n
	}
	flush()
	return out
}

// mrkdwn renders the whole text as one string.
func mrkdwn(t stackhand.Text) string {
	return strings.Join(chunks(atomsOf(t), 1<<30), "\n")
}
