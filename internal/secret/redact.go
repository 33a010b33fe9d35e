package secret

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Hidden is what stands where a secret was.
const Hidden = "[hidden]"

const (
	// minLiteral is the shortest secret that is looked for as it is, in bytes: shorter ones would
	// be found in every other word.
	minLiteral = 4
	// maxLiterals is how many secrets are remembered; then the oldest is forgotten.
	maxLiterals = 4096
)

// Redactor takes secrets out of text and log records: those that it was told of, and whatever
// looks like one. The zero value is ready. It is safe for use by many goroutines.
type Redactor struct {
	mu       sync.Mutex
	literals []string // oldest first
	replacer atomic.Pointer[strings.Replacer]
}

// Hide tells of secrets that must not show from now on, whatever they look like, also escaped as
// in URLs and JSON, or in base64. Those shorter than 4 bytes are not looked for.
func (r *Redactor) Hide(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range secrets {
		if len(s) >= minLiteral && !slices.Contains(r.literals, s) {
			r.literals = append(r.literals, s)
		}
	}
	if over := len(r.literals) - maxLiterals; over > 0 {
		r.literals = slices.Delete(r.literals, 0, over)
	}
	var forms []string
	for _, s := range r.literals {
		forms = append(forms, shapes(s)...)
	}
	// The longest first, so that no end of a secret is left where a shorter one is its beginning.
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, f := range slices.Compact(forms) {
		pairs = append(pairs, f, Hidden)
	}
	r.replacer.Store(strings.NewReplacer(pairs...))
}

// shapes are the ways in which a secret may be written.
func shapes(s string) []string {
	forms := []string{s, url.QueryEscape(s), url.PathEscape(s),
		base64.StdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s))}
	if quoted, err := json.Marshal(s); err == nil {
		forms = append(forms, strings.Trim(string(quoted), `"`))
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}

// Redact gives s without the secrets in it. It may hide a little too much, such as the word after
// "password:".
func (r *Redactor) Redact(s string) string {
	if literals := r.replacer.Load(); literals != nil {
		s = literals.Replace(s)
	}
	for _, p := range patterns {
		s = p.find.ReplaceAllString(s, p.with)
	}
	return tidy(s)
}

// Strict is Redact for text that people are meant to read as it is: it hides the secrets that were told of, and what can be nothing
// else than a secret, but no words because of the word before them.
func (r *Redactor) Strict(s string) string {
	if literals := r.replacer.Load(); literals != nil {
		s = literals.Replace(s)
	}
	for _, p := range patterns[:plain] {
		s = p.find.ReplaceAllString(s, p.with)
	}
	return tidy(s)
}

func tidy(s string) string {
	// A pattern whose values may stand in brackets has found what is hidden already.
	return strings.ReplaceAll(s, "["+Hidden+"]", Hidden)
}

// nameOf are the ends of names whose values are secret, in text; names of attributes are compared
// by isSecret.
const nameOf = `[\w.-]*(?:password|passwd|passphrase|adminpass|secret|token|api[_-]?key|private[_-]?key|keyset|ticket)`

// plain is how many of the patterns match nothing but secrets: the first ones.
const plain = 5

// patterns are the shapes of secrets, tried in this order.
var patterns = []struct {
	find *regexp.Regexp
	with string
}{
	// A private key, also one that was cut off, and one whose line ends are escaped.
	{regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|$)`), Hidden},
	// Slack's tokens, and addresses that work for whoever knows them.
	{regexp.MustCompile(`\b(?:xox[a-zA-Z]|xapp|xwfp)[-.][A-Za-z0-9.-]{4,}`), Hidden},
	{regexp.MustCompile(`(hooks\.slack(?:-gov)?\.com/)[^\s"'\\<>|]+`), "${1}" + Hidden},
	// Keystone's Fernet tokens; JSON web tokens, and a keyset, which is JSON in base64 too.
	{regexp.MustCompile(`gAAAA[A-Za-z0-9_%-]{16,}=*`), Hidden},
	{regexp.MustCompile(`\beyJ[A-Za-z0-9_+/.-]{20,}=*`), Hidden},
	// Headers, as on the wire, as a map prints itself, and in JSON.
	{regexp.MustCompile(`(?i)((?:x-(?:auth|subject|service|storage)-token|authorization|set-cookie|cookie)[\\"']*\s*[:=]\s*(?:\[\]string\{)?[\["'\\]*)[^\r\n"'\]\\]+`), "${1}" + Hidden},
	{regexp.MustCompile(`(?i)\b(bearer|basic)(\s+)[A-Za-z0-9._~+/-]{8,}=*`), "${1}${2}" + Hidden},
	// name=value, name: value, "name": "value", and the last within another JSON string.
	{regexp.MustCompile(`(?i)(` + nameOf + `["']?\s*[:=]\s*")(?:[^"\\]|\\.)*("?)`), "${1}" + Hidden + "${2}"},
	{regexp.MustCompile(`(?i)(` + nameOf + `(?:\\+")?\s*[:=]\s*\\+")[^"\\]*`), "${1}" + Hidden},
	{regexp.MustCompile(`(?i)(` + nameOf + `["']?\s*[:=]\s*')[^']*('?)`), "${1}" + Hidden + "${2}"},
	{regexp.MustCompile(`(?i)(` + nameOf + `["']?\s*[:=]\s*\[?)[^\s"'\[\],;&}\\]+`), "${1}" + Hidden},
	{regexp.MustCompile(`(?i)((?:^|\s)--?` + nameOf + `\s+)[^\s-][^\s]*`), "${1}" + Hidden},
	// The password of a URL.
	{regexp.MustCompile(`(://[^\s/:@"']*:)[^\s/@"']+@`), "${1}" + Hidden + "@"},
}

// isSecret tells whether the value of an attribute, field or header of this name must not show.
func isSecret(name string) bool {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune("-_. ", r) {
			return -1
		}
		return r
	}, strings.ToLower(name))
	return slices.ContainsFunc(secretNames, func(s string) bool { return strings.Contains(name, s) })
}

var secretNames = []string{"password", "passwd", "passphrase", "adminpass", "secret", "token",
	"authorization", "cookie", "privatekey", "apikey", "keyset", "userdata"}
