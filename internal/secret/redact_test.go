package secret_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stackhand/stackhand/internal/secret"
)

const (
	fernet = "gAAAAABmT3q7Yk0c1z9sQ2rXh5vNw8Lp4uJd6eAfGbKoTiMyPlRnSxCzVjHqWE_-0123456789abcdef=="
	pem    = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\nQyNTUxOQAAACB\n-----END OPENSSH PRIVATE KEY-----"
)

// leaks are texts that show the secret, each part of which must be gone afterwards.
var leaks = []struct{ name, text, secret string }{
	{"bot token", "token xoxb-1234567890-abcdefGHIJ used", "abcdefGHIJ"},
	{"user token", "xoxp-1-2-3-deadbeef", "deadbeef"},
	{"rotating token", "got xoxe.xoxp-1-Mi0yLTEyMzQ.", "Mi0yLTEyMzQ"},
	{"app token", "xapp-1-A0B1C2-345-abcdef0123", "abcdef0123"},
	{"web hook", "POST https://hooks.slack.com/services/T0/B0/XyZ987 failed", "XyZ987"},
	{"response url", "https://hooks.slack.com/commands/T1/2/qwertz>", "qwertz"},
	{"socket url", "dial wss://wss-primary.slack.com/link/?ticket=3b1f-44&app_id=1", "3b1f-44"},
	{"fernet", "Got " + fernet + " back", fernet[10:30]},
	{"web token", "id eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "c2lnbmF0dXJl"},
	{"header line", "GET / HTTP/1.1\r\nX-Auth-Token: 0f9e8d7c6b5a\r\nAccept: */*", "0f9e8d7c6b5a"},
	{"subject token", "x-subject-token=0f9e8d7c6b5a", "0f9e8d7c6b5a"},
	{"header map", fmt.Sprint(http.Header{"X-Auth-Token": {"0f9e8d7c6b5a"}, "Accept": {"*/*"}}), "0f9e8d7c6b5a"},
	{"header map in Go", fmt.Sprintf("%#v", http.Header{"X-Auth-Token": {"0f9e8d7c6b5a"}}), "0f9e8d7c6b5a"},
	{"authorization", "Authorization: Basic YWxhZGRpbjpvcGVu", "YWxhZGRpbjpvcGVu"},
	{"bearer", "sent bearer abcdef123456", "abcdef123456"},
	{"cookie", "Set-Cookie: d=xyzzy123; Path=/", "xyzzy123"},
	{"JSON", `{"auth":{"user":{"name":"alice","password":"p4ss w\"rd"}}}`, "p4ss"},
	{"JSON, the rest", `{"password":"p4ss w\"rd-end","next":1}`, "rd-end"},
	{"JSON, cut off", `{"password":"p4ss w`, "p4ss"},
	{"JSON, spaced", `"adminPass" : "aB3dE5gH"`, "aB3dE5gH"},
	{"JSON in JSON", `{"body":"{\"password\":\"hunter2\"}"}`, "hunter2"},
	{"JSON in JSON in JSON", `"{\\\"password\\\":\\\"hunter2\\\"}"`, "hunter2"},
	{"form", "username=alice&password=hunter2&x=1", "hunter2"},
	{"environment", "OS_PASSWORD=hunter2 OS_USERNAME=alice", "hunter2"},
	{"yaml", "application_credential_secret: hunter2", "hunter2"},
	{"quoted", "password='hunter two'", "hunter"},
	{"Go struct", "{Username:alice Password:hunter2 Token:}", "hunter2"},
	{"option", "openstack --os-password hunter2 server list", "hunter2"},
	{"api key", "api_key=hunter2", "hunter2"},
	{"url", "dial postgres://alice:hunter2@db/x", "hunter2"},
	{"private key", "key:\n" + pem + "\nend", "b3BlbnNzaC1rZXktdjEAAAAA"},
	{"private key, later lines", pem, "QyNTUxOQAAACB"},
	{"private key, cut off", pem[:90], "b3BlbnNzaC1rZXktdjEAAAAA"},
	{"private key, escaped", strings.ReplaceAll(pem, "\n", `\n`), "QyNTUxOQAAACB"},
	{"RSA key", strings.ReplaceAll(pem, "OPENSSH", "RSA"), "QyNTUxOQAAACB"},
}

func TestRedact(t *testing.T) {
	var r secret.Redactor
	for _, tt := range leaks {
		got := r.Redact(tt.text)
		if strings.Contains(got, tt.secret) || !strings.Contains(got, secret.Hidden) {
			t.Errorf("%s: %q", tt.name, got)
		}
		if again := r.Redact(got); again != got {
			t.Errorf("%s: twice gives %q, once %q", tt.name, again, got)
		}
	}
}

func TestRedactLeavesTheRest(t *testing.T) {
	var r secret.Redactor
	for _, s := range []string{
		"", "web-1 is yours until friday", "the server 5b7a1f3e-9d5c-4a7b-8e61-0c2d4f6a8b90 is ACTIVE",
		"Your password was wrong.", "the token has expired", "job=ab12cd34 step=port user=U0ALICE cloud=lab",
		"http://203.0.113.7:8080/v2.1/servers?name=web", `{"name":"web-1","status":"BUILD"}`,
		"ssh ubuntu@203.0.113.7", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ alice@host",
		"-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----", "https://slack.com/api/chat.postMessage",
	} {
		if got := r.Redact(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}

func TestHide(t *testing.T) {
	var r secret.Redactor
	const odd = `sw0rd/fi sh"<é`
	text := strings.Join([]string{
		"plain " + odd, "query sw0rd%2Ffi+sh%22%3C%C3%A9", "path sw0rd%2Ffi%20sh%22%3C%C3%A9",
		`json sw0rd/fi sh\"\u003cé`, "base64 c3cwcmQvZmkgc2giPMOp",
	}, "\n")
	if got := r.Redact(text); got != text {
		t.Fatalf("hidden before it was told of: %q", got)
	}
	r.Hide(odd, "", "abc")
	got := r.Redact(text)
	if strings.Contains(got, "sw0rd") || strings.Contains(got, "c3cw") || strings.Count(got, secret.Hidden) != 5 {
		t.Errorf("%q", got)
	}
	r.Hide(">>>???")
	if got := r.Redact("Pj4+Pz8/ Pj4-Pz8_"); got != secret.Hidden+" "+secret.Hidden {
		t.Errorf("both sorts of base64: %q", got)
	}
	if got := r.Redact("abc"); got != "abc" {
		t.Errorf("a short word was hidden: %q", got)
	}
	// One secret may be the beginning of another, whichever came first.
	r.Hide("correct-horse", "correct-horse-battery")
	if got := r.Redact("correct-horse-battery, correct-horse"); strings.Contains(got, "battery") || strings.Contains(got, "horse") {
		t.Errorf("%q", got)
	}
}

func TestHideForgetsTheOldest(t *testing.T) {
	var r secret.Redactor
	secrets := make([]string, 4100)
	for i := range secrets {
		secrets[i] = fmt.Sprintf("literal-%04d.", i)
	}
	r.Hide(secrets...)
	if got := r.Redact(secrets[0]); got != secrets[0] {
		t.Errorf("the first of 4100 is still remembered: %q", got)
	}
	if got := r.Redact(secrets[4099] + secrets[4]); got != secret.Hidden+secret.Hidden {
		t.Errorf("the others: %q", got)
	}
}

func FuzzRedact(f *testing.F) {
	for _, l := range leaks {
		f.Add(l.text)
	}
	var r secret.Redactor
	r.Hide("literal-secret")
	f.Fuzz(func(t *testing.T, s string) {
		got := r.Redact(s + " literal-secret " + s)
		if strings.Contains(got, "literal-secret") {
			t.Errorf("%q became %q", s, got)
		}
	})
}

// Strict leaves the words alone that only may be secret, and hides what can be nothing else.
func TestStrict(t *testing.T) {
	r := &secret.Redactor{}
	r.Hide("k3yset-of-ours")
	for in, want := range map[string]string{
		"`password web-1` sets it; --password x; token: abc":                       "`password web-1` sets it; --password x; token: abc",
		"https://console/vnc?token=5d1f-77":                                        "https://console/vnc?token=5d1f-77",
		"it is k3yset-of-ours":                                                     "it is [hidden]",
		"xoxb-12345-abcdef and gAAAAABl" + strings.Repeat("x", 30):                 "[hidden] and [hidden]",
		"-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY----- rest": "[hidden] rest",
		"https://hooks.slack.com/commands/T1/2/abc":                                "https://hooks.slack.com/[hidden]",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc":                             "[hidden]",
	} {
		if got := r.Strict(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
