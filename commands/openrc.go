package commands

import (
	"regexp"
	"strings"

	"github.com/stackhand/stackhand"
)

var (
	assignment = regexp.MustCompile(`^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$`)
	// idle are the lines of a dashboard's openrc that set nothing: they ask for the password, or tidy up.
	idle = regexp.MustCompile(`^(#.*|(?:export|unset)(\s+[A-Za-z_][A-Za-z0-9_]*)+|echo(\s.*)?|read(\s+-[a-z]+)*(\s+-p\s+("[^"]*"|'[^']*'))?\s+[A-Za-z_][A-Za-z0-9_]*|` +
		`if \[ (-z|-n) "?\$\{?[A-Za-z_][A-Za-z0-9_]*\}?"? \]; then(\s+unset\s+[A-Za-z_][A-Za-z0-9_]*;?\s*fi)?|fi|then)$`)
	wholeVariable = regexp.MustCompile(`^"?\$\{?[A-Za-z_][A-Za-z0-9_]*\}?"?$`)
)

// readOpenrc reads an openrc file without running anything of it: lines that set a variable to a plain text, and the
// few others that dashboards write. A password that the file asks for when it is run is left out. Any other
// line is refused, by its number.
func readOpenrc(text string) (pasted, error) {
	set := map[string]string{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimLeft(strings.TrimRight(line, "\n"), " \t")
		if bare := strings.TrimSpace(line); bare == "" || idle.MatchString(bare) {
			continue
		}
		m := assignment.FindStringSubmatch(line)
		if m == nil {
			return pasted{}, unreadable("Line %d of what you pasted is none of an openrc file: it sets no variable.", n)
		}
		if wholeVariable.MatchString(strings.TrimSpace(m[2])) { // export OS_PASSWORD=$OS_PASSWORD_INPUT
			delete(set, m[1])
			continue
		}
		value, ok := plainValue(m[2])
		if !ok {
			return pasted{}, unreadable("The value in line %d of what you pasted is not a plain text: nothing of the file is run here.", n)
		}
		set[m[1]] = value
	}
	return openrcLogin(set)
}

func openrcLogin(set map[string]string) (pasted, error) {
	get := func(keys ...string) string {
		for _, k := range keys {
			if v := set["OS_"+k]; v != "" {
				return v
			}
		}
		return ""
	}
	p := pasted{authURL: get("AUTH_URL"), region: get("REGION_NAME"), login: stackhand.Login{
		AuthType: get("AUTH_TYPE"), AppCredID: get("APPLICATION_CREDENTIAL_ID"), AppCredSecret: get("APPLICATION_CREDENTIAL_SECRET"),
		Username: get("USERNAME"), Password: get("PASSWORD"), Token: get("TOKEN", "AUTH_TOKEN"),
		ProjectName: get("PROJECT_NAME", "TENANT_NAME"), ProjectID: get("PROJECT_ID", "TENANT_ID"),
		UserDomain: get("USER_DOMAIN_NAME", "DOMAIN_NAME", "DEFAULT_DOMAIN_NAME"), UserDomainID: get("USER_DOMAIN_ID", "DOMAIN_ID", "DEFAULT_DOMAIN_ID", "DEFAULT_DOMAIN"),
		ProjectDomain: get("PROJECT_DOMAIN_NAME", "DOMAIN_NAME", "DEFAULT_DOMAIN_NAME"), ProjectDomainID: get("PROJECT_DOMAIN_ID", "DOMAIN_ID", "DEFAULT_DOMAIN_ID", "DEFAULT_DOMAIN"),
	}}
	return p.tidy(get("APPLICATION_CREDENTIAL_NAME"))
}

// plainValue reads the right side of an assignment as a shell does, with nothing in it that the shell would replace: not
// ok with a $, a backtick, an open quote, or more words than one. A comment may follow.
func plainValue(s string) (value string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\'':
			end := strings.IndexByte(s[i+1:], '\'')
			if end < 0 {
				return "", false
			}
			b.WriteString(s[i+1 : i+1+end])
			i += end + 1
		case c == '"':
			inside, used, ok := doubleQuoted(s[i+1:])
			if !ok {
				return "", false
			}
			b.WriteString(inside)
			i += used
		case c == '\\':
			if i++; i == len(s) {
				return "", false
			}
			b.WriteByte(s[i])
		case c == ' ' || c == '\t':
			rest := strings.TrimSpace(s[i:])
			return b.String(), rest == "" || rest[0] == '#'
		case strings.IndexByte("$`;&|<>()", c) >= 0, c == '~' && b.Len() == 0:
			return "", false
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), true
}

// doubleQuoted reads up to the closing quote, and tells how much it used with it. Within double quotes a backslash
// stands for itself unless one of $ ` " \ follows.
func doubleQuoted(s string) (inside string, used int, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), i + 1, true
		case c == '$' || c == '`':
			return "", 0, false
		case c == '\\' && i+1 < len(s) && strings.IndexByte("$`\"\\", s[i+1]) >= 0:
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", 0, false
}
