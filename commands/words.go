package commands

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/mattn/go-shellwords"
)

const maxBlocks = 10 // as many as one digit can tell apart

var (
	apostrophe = regexp.MustCompile(`(\pL)'(\pL|\s|$)`)
	blockMark  = regexp.MustCompile("\x00([0-9])\x00")
	plainWord  = regexp.MustCompile(`^[\pL\pN_@%+=:,./~-]+$`)
)

var errQuote = errors.New("a quote is opened and not closed")

// words splits a line as a shell does, nothing being expanded or executed.
func (t typed) words() ([]string, error) {
	if len(t.blocks) > maxBlocks {
		return nil, errors.New("there are more than ten code blocks in it")
	}
	ws, err := shellSplit(t.text)
	if err != nil {
		// "what's on?" is no quote: apostrophes inside of words are tried as such.
		if ws, err = shellSplit(apostrophe.ReplaceAllString(t.text, `$1\'$2`)); err != nil {
			return nil, errQuote
		}
	}
	var out []string
	for i := 0; i < len(ws); i++ {
		w := ws[i]
		// "--file /etc/motd= ```…```" is one value.
		if strings.HasSuffix(w, "=") && i+1 < len(ws) && blockMark.MatchString(ws[i+1]) {
			i++
			w += ws[i]
		}
		out = append(out, blockMark.ReplaceAllStringFunc(w, func(m string) string {
			n, err := strconv.Atoi(m[1:2])
			if err != nil || n >= len(t.blocks) {
				return ""
			}
			return t.blocks[n]
		}))
	}
	return out, nil
}

func shellSplit(s string) ([]string, error) {
	p := shellwords.NewParser()
	p.SetExcludeSeparators(';', '&', '|', '<', '>', '(', ')', '`', '$')
	return p.Parse(s)
}

// quote writes a word so that words reads it back.
func quote(w string) string {
	if plainWord.MatchString(w) {
		return w
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(w) + `"`
}
