package commands

import "regexp"

// secrets are the shapes of what must not be in a message. Public keys have none of them.
var secrets = []struct {
	what  string
	shape *regexp.Regexp
}{
	{"a private key", regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY|PuTTY-User-Key-File-\d`)},
	{"an application credential's secret", regexp.MustCompile(`(?i)application[_-]credential[_-]secret["']?(\s*[=:]\s*|\s+)["']?[^\s"']`)},
	{"a password", regexp.MustCompile(`(?i)(\b|_)(password|passphrase|adminpass|plain_text_passwd)["']?\s*[=:]\s*["']?[^\s"']`)},
	{"a password", regexp.MustCompile(`(?i)\b(passwd|pwd)["']?\s*[=:]\s*["']?[^\s"']`)},
	{"a password", regexp.MustCompile(`(?i)(^|\s)(--|\x{2014}|\x{2013})(os-)?(password|passwd|admin-pass|passphrase)[\s=]+[^\s-]`)},
	{"a password", regexp.MustCompile(`(?i)\b(password|passphrase|passwd)\b(\s+(for|of|on|to)\s+\S{1,60})?\s+(is|was):?\s+["']?[^\s"']`)},
	{"a password", regexp.MustCompile(`(?i)(^|[\s"',;])(pass|pw)["']?\s*[=:]\s*["']?[^\s"']`)},
	{"a password in an address", regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://[^\s/:@|<>]+:[^\s/@|<>]+@`)},
	{"a Slack token", regexp.MustCompile(`\bxox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{8,}|\bxapp-[A-Za-z0-9-]{8,}`)},
	{"an OpenStack token", regexp.MustCompile(`\bgAAAA[A-Za-z0-9_-]{16,}`)},
	{"an OpenStack token", regexp.MustCompile(`(?i)\b(os_token|os_auth_token|x-auth-token|x-subject-token)["']?\s*[=:]\s*["']?[^\s"']|--os-token[\s=]+\S`)},
	{"a token", regexp.MustCompile(`(?i)\bbearer\s+[a-z0-9._~+/-]{16,}|\bgh[pousr]_[A-Za-z0-9]{20,}|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.`)},
	{"a secret", regexp.MustCompile(`(?i)(\b|_)secret["']?\s*[=:]\s*["']?[^\s"']`)},
	{"a secret key", regexp.MustCompile(`\b(AKIA|ASIA)[0-9A-Z]{16}\b`)},
	{"a secret key", regexp.MustCompile(`(?i)\b(secret[_-]?(access[_-]?)?key|client[_-]secret|api[_-]?key|access[_-]?token)["']?\s*[=:]\s*["']?[^\s"']`)},
}

// Secretlike tells whether a text seems to hold something that must stay secret, and what in
// words. Such a text is neither stored nor processed.
func Secretlike(text string) (what string, yes bool) {
	for _, s := range secrets {
		if s.shape.MatchString(text) || s.shape.MatchString(decode(text)) {
			return s.what, true
		}
	}
	return "", false
}
