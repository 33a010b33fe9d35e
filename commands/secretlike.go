package commands

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// secretShape is a shape of what must not be in a message. sure, where there is one, looks at the shape's last group: the value.
type secretShape struct {
	what  string
	shape *regexp.Regexp
	sure  func(value string) bool
}

// secrets are those shapes. Public keys have none of them.
var secrets = []secretShape{
	{"a private key", regexp.MustCompile(`BEGIN [A-Z0-9 ]*PRIVATE KEY|PuTTY-User-Key-File-\d|(?i:AGE-SECRET-KEY-1[0-9A-Z]{20,})`), nil},
	{"an application credential's secret", regexp.MustCompile(`(?i)application[_-]credential[_-]secret["']?(?:\s*[=:]\s*|\s+)["']?([^\s"']+)`), nil},
	// Keystone makes them of 64 random bytes: 86 letters of base64 for addresses.
	{"an application credential's secret", regexp.MustCompile("(?:^|[\\s\"'`=:(>])([A-Za-z0-9_-]{86})(?:$|[\\s\"'`,;.)<])"), random},
	{"a password", regexp.MustCompile(`(?i)(?:\b|_)(?:password|passphrase|admin_?pass|plain_text_passwd|passwort|kennwort|mot de passe|contraseña|senha)["']?\s*[=:]\s*["']?([^\s"']+)`), nil},
	{"a password", regexp.MustCompile(`(?i)\b(?:passwd|pwd|chpasswd)["']?\s*[=:]\s*["']?([^\s"']+)`), nil},
	{"a password", regexp.MustCompile(`(?i)(?:^|\s)(?:--|\x{2014}|\x{2013})(?:os-)?(?:password|passwd|admin-pass|passphrase)[\s=]+([^\s-]\S*)`), noWord},
	{"a password", regexp.MustCompile(`(?i)\b(?:password|passphrase|passwd|passwort|kennwort)\b(?:\s+(?:for|of|on|to|für)\s+\S{1,60})?\s+(?:is|was|ist|lautet):?\s+["']?([^\s"']+)`), noWord},
	{"a password", regexp.MustCompile(`(?i)(?:^|[\s"',;])(?:pass|pw)["']?\s*=\s*["']?([^\s"']+)`), nil},
	{"a password", regexp.MustCompile(`(?i)(?:^|[\s"',;])(?:pass|pw)["']?\s*:\s*["']?([^\s"']+)`), odd},
	{"a password", regexp.MustCompile(`\bsshpass\s+-p\s*(\S+)|\bmysql\b[^|;]*\s-p(\S+)|\bcurl\b[^|;]*\s(?:-u|--user)[\s=]+[^\s:]+:(\S+)`), nil},
	{"a password", regexp.MustCompile(`\$(?:1|5|6|y|2[aby])\$[^\s$]*\$[A-Za-z0-9./$]{10,}`), nil}, // as /etc/shadow keeps them
	{"a password in an address", regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://[^\s/:@|<>]+:[^\s/@|<>]+@`), nil},
	{"a Slack token", regexp.MustCompile(`\bxox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{6,}|\bxapp-[A-Za-z0-9-]{8,}|hooks\.slack(?:-gov)?\.com/[a-z]+/[A-Z0-9]`), nil},
	{"an OpenStack token", regexp.MustCompile(`\bgAAAA[A-Za-z0-9_-]{16,}`), nil},
	{"an OpenStack token", regexp.MustCompile(`(?i)\b(?:os_token|os_auth_token|x-auth-token|x-subject-token)["']?\s*[=:]\s*["']?[^\s"']|--os-token[\s=]+\S`), nil},
	{"a token", regexp.MustCompile(`(?i)\bbearer\s+[a-z0-9._~+/-]{16,}|\bauthorization["']?\s*[:=]\s*["']?(?:basic|bearer|token)\s+\S{6,}`), nil},
	{"a token", regexp.MustCompile(`\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|npm_[A-Za-z0-9]{20,}|AIza[A-Za-z0-9_-]{30,}|hvs\.[A-Za-z0-9_-]{20,})`), nil},
	{"a token", regexp.MustCompile(`\b(sk-[A-Za-z0-9_-]{20,})`), random},
	// JSON web tokens, and a keyset of ours: JSON in base64.
	{"a token", regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.|\beyJ[A-Za-z0-9+/]{40,}`), nil},
	{"a token", regexp.MustCompile(`(?i)(?:\b|_)token["']?\s*[=:]\s*["']?([A-Za-z0-9_./+-]{12,})`), odd},
	{"a secret", regexp.MustCompile(`(?i)(?:\b|_)secret["']?\s*[=:]\s*["']?[^\s"']`), nil},
	{"a secret", regexp.MustCompile(`(?i)\bstackhand_keyset["']?\s*[=:]\s*["']?[^\s"']`), nil},
	{"a secret key", regexp.MustCompile(`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b`), nil},
	{"a secret key", regexp.MustCompile(`(?i)(?:\b|_)(?:secret[_ -]?(?:access[_ -]?)?key|client[_ -]secret|api[_ -]?key|access[_ -]?token)["']?\s*[=:]\s*["']?[^\s"']`), nil},
}

// Secretlike tells whether a text seems to hold something that must stay secret, and what in
// words. Such a text is neither stored nor processed.
func Secretlike(text string) (what string, yes bool) {
	for _, s := range secrets {
		if s.in(text) || s.in(decode(text)) {
			return s.what, true
		}
	}
	return "", false
}

func (s secretShape) in(text string) bool {
	if s.sure == nil {
		return s.shape.MatchString(text)
	}
	return slices.ContainsFunc(s.shape.FindAllStringSubmatch(text, -1), func(m []string) bool { return s.sure(m[len(m)-1]) })
}

// plainWords follow the word password, or the name of an option, where people speak about it: "the password is wrong".
var plainWords = strings.Fields(`a an and always being changed correct do does empty expired for from gone here in invalid is it kept known
	long lost mean means missing needed never no not now of ok option or required reset right sealed sent set short shown still stored
	that the this to too unknown used weak what when where which why with work works wrong yours`)

// noWord tells whether a value is none of the words of a sentence.
func noWord(value string) bool {
	return !slices.Contains(plainWords, strings.ToLower(strings.TrimRight(value, ".,;:!?)")))
}

// odd tells whether a value has something that words have not.
func odd(value string) bool {
	return strings.ContainsFunc(strings.TrimRight(value, ".,;:!?)"), func(r rune) bool { return !unicode.IsLower(r) })
}

// random tells whether a value is made of letters of both cases and digits, as what is random is at that length.
func random(value string) bool {
	return strings.ContainsFunc(value, unicode.IsUpper) && strings.ContainsFunc(value, unicode.IsLower) && strings.ContainsFunc(value, unicode.IsDigit)
}
