package cloud

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// maxMessage bounds what of a service's words is shown, in bytes.
const maxMessage = 500

// parseAnswer finds the message in an error's body. The services' forms are
//
//	Nova      {"itemNotFound": {"code": 404, "message": "…"}}
//	Neutron   {"NeutronError": {"type": "…", "message": "…", "detail": ""}}, or only a string
//	Keystone  {"error": {"code": 401, "title": "…", "message": "…"}}
//	Glance    {"message": "…<br /><br />", "code": "404 Not Found", "title": "Not Found"}
//	Gnocchi   {"description": "…", "code": 404, "title": "Not Found"}, or an object with a cause as the description
//
// and, from what stands in front of them, HTML or plain text.
func parseAnswer(status int, body []byte) *answer {
	a := &answer{Status: status}
	var doc map[string]json.RawMessage
	if json.Unmarshal(body, &doc) != nil {
		a.Message = tidy(string(body))
		return a
	}
	for name, raw := range doc {
		var inner struct {
			Type       string          `json:"type"`
			Message    string          `json:"message"`
			Detail     string          `json:"detail"`
			RetryAfter json.RawMessage `json:"retryAfter"`
		}
		var text string
		switch {
		case json.Unmarshal(raw, &inner) == nil && inner.Message != "":
			a.known = inner.Type != "HTTPNotFound" // Neutron's word for an address that it does not serve
			a.Type, a.Message = inner.Type, tidy(inner.Message)
			if a.Type == "" {
				a.Type = name
			}
			a.retry = retryAfter(strings.Trim(string(inner.RetryAfter), `"`), time.Time{})
			return a
		case name == "NeutronError" && json.Unmarshal(raw, &text) == nil:
			a.known, a.Type, a.Message = true, name, tidy(text)
			return a
		}
	}
	var flat struct {
		Message string `json:"message"`
		Title   string `json:"title"`
	}
	var gnocchi struct {
		Code        int             `json:"code"`
		Title       string          `json:"title"`
		Description json.RawMessage `json:"description"`
	}
	if json.Unmarshal(body, &gnocchi) == nil && gnocchi.Code == status && len(gnocchi.Description) > 0 {
		a.known, a.Type, a.Message = true, gnocchi.Title, tidy(cause(gnocchi.Description))
		return a
	}
	if json.Unmarshal(body, &flat) == nil && flat.Message != "" {
		a.Type, a.Message = flat.Title, tidy(flat.Message)
		a.known = !strings.HasPrefix(flat.Message, "The resource could not be found.") // webob's, for an unknown address
	}
	return a
}

// cause is what a description of Gnocchi says.
func cause(description json.RawMessage) string {
	var said struct {
		Cause string `json:"cause"`
	}
	var text string
	if json.Unmarshal(description, &text) == nil {
		return text
	}
	if json.Unmarshal(description, &said) == nil && said.Cause != "" {
		return said.Cause
	}
	return string(description)
}

var (
	htmlHead = regexp.MustCompile(`(?is)<(head|style|script)\b.*?</(head|style|script)>`)
	htmlTag  = regexp.MustCompile(`(?s)<(/?[a-zA-Z!][^<>]*)>`)
	spaces   = regexp.MustCompile(`\s+`)
)

// tidy makes one short line of plain text. Tags go only where the text is HTML: Nova puts
// class names in angle brackets.
func tidy(s string) string {
	if lower := strings.ToLower(s); strings.Contains(lower, "<html") || strings.Contains(lower, "<br") || strings.Contains(lower, "<title") {
		s = html.UnescapeString(htmlTag.ReplaceAllString(htmlHead.ReplaceAllString(s, " "), " "))
	}
	s = strings.TrimSpace(spaces.ReplaceAllString(stackhand.Clean(strings.ToValidUTF8(s, "?")), " "))
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage-len("…")], "") + "…"
	}
	return s
}

var (
	fernet      = regexp.MustCompile(`gAAAA[A-Za-z0-9_=-]{16,}`)
	v2Token     = regexp.MustCompile(`/tokens/[^/\s?"]+`)
	withQuery   = regexp.MustCompile(`(https?://[^\s?"]+)\?[^\s"]*`)
	secretValue = regexp.MustCompile(`((?:adminPass|changePassword|user_data|personality)\. Value: ).*`)
	withUser    = regexp.MustCompile(`(https?://)[^/\s@"]+@`)
)

// hideToken hides tokens in paths and text.
func hideToken(s string) string {
	s = fernet.ReplaceAllString(s, "[hidden]")
	return v2Token.ReplaceAllString(s, "/tokens/[hidden]")
}

// hideValue takes out of a message what Nova repeats of values that may be secrets.
func hideValue(s string) string { return secretValue.ReplaceAllString(s, "$1[hidden]") }

// hideBody takes the secrets at hand out of an answer as it came.
func (c caller) hideBody(body []byte) []byte {
	for _, form := range c.forms() {
		body = bytes.ReplaceAll(body, []byte(form), []byte("[hidden]"))
	}
	return body
}

// forms are the ways in which the secrets at hand may be repeated, the longest first: as they are, as JSON writes them (also in
// a JSON text within another), in an address, and in base64, as user data travels.
func (c caller) forms() []string {
	var forms []string
	for _, secret := range slices.Concat(c.secrets, []string{c.token()}) {
		if len(secret) < 4 {
			continue
		}
		forms = append(forms, secret, url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret)))
		sent, err := json.Marshal(secret) // as we send it
		if err != nil {
			continue
		}
		for _, quoted := range []string{inQuotes(string(sent)), quotedIn(secret), inQuotes(strconv.QuoteToASCII(secret))} { // the last as Python writes it
			forms = append(forms, quoted, quotedIn(quoted))
		}
	}
	slices.SortFunc(forms, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return slices.Compact(forms)
}

// quotedIn is a text within a string of JSON.
func quotedIn(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(s) != nil {
		return s
	}
	return inQuotes(strings.TrimSuffix(b.String(), "\n"))
}

func inQuotes(s string) string { return s[1 : len(s)-1] }

// linesOf are the lines of user data or of a file that are long enough to be known again: the cloud may repeat some of them.
func linesOf(text []byte) []string {
	secrets := []string{string(text)}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); len(line) >= 8 && len(secrets) < 1000 {
			secrets = append(secrets, line)
		}
	}
	return secrets
}

// hideText takes out of a text what nobody may see: the secrets at hand, whatever looks like
// a token, and the parts of addresses that may carry one.
func (c caller) hideText(s string) string {
	for _, form := range c.forms() {
		s = strings.ReplaceAll(s, form, "[hidden]")
	}
	s = withUser.ReplaceAllString(s, "$1")
	s = withQuery.ReplaceAllString(s, "$1")
	return hideToken(s)
}

func (c caller) token() string {
	if c.sc == nil || c.sc.ProviderClient == nil {
		return ""
	}
	return c.sc.Token()
}

// hidden is a cause whose text was cleared of secrets; errors.Is still sees what it was.
type hidden struct {
	text string
	err  error
}

func (h *hidden) Error() string { return h.text }

func (h *hidden) Is(target error) bool { return errors.Is(h.err, target) }

func (c caller) hide(err error) error {
	if err == nil {
		return nil
	}
	return &hidden{text: c.hideText(err.Error()), err: err}
}
