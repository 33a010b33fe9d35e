package cloud

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/gophercloud/gophercloud/v2"

	"github.com/stackhand/stackhand"
)

// answer is what a service said when it did not do what was asked. It is the cause that the
// log shows; neither headers nor queries are in it.
type answer struct {
	Service   service
	Method    string
	Path      string
	Status    int
	Type      string // Neutron's name of the error, Nova's envelope
	Message   string
	RequestID string
	row       string // of the table of words that said it; "" where none does
	retry     time.Duration
	known     bool // the body is an error of the API, not of something in front of it
}

func (a *answer) Error() string {
	return fmt.Sprintf("%s %s %s: %d %s: %s (%s)", a.Service, a.Method, a.Path, a.Status, a.Type, a.Message, a.RequestID)
}

// classify turns any failure of a call into an Error. It is the only place that does.
func (c caller) classify(ctx context.Context, method, u string, err error) error {
	var own *stackhand.Error
	var reauth *gophercloud.ErrUnableToReauthenticate
	var code gophercloud.ErrUnexpectedResponseCode
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &reauth):
		return c.classify(ctx, method, u, reauth.ErrReauth)
	case errors.As(err, &code):
		return c.answered(method, u, code)
	case context.Cause(ctx) != nil && errors.Is(err, context.Canceled):
		return c.problem(stackhand.Canceled, err, "It was stopped before the cloud's %s service answered.", c.service)
	}
	return c.unanswered(method, u, err)
}

func (c caller) problem(kind stackhand.Kind, cause error, format string, args ...any) *stackhand.Error {
	e := stackhand.Errorf(kind, format, args...)
	e.Err = c.hide(cause)
	return e
}

// unanswered explains calls that got no proper answer. Whether they were done is unknown,
// unless no connection came about.
func (c caller) unanswered(method, u string, err error) error {
	where := fmt.Sprintf("The cloud's %s service at %s", c.service, host(u))
	astray := func(kind stackhand.Kind, format string, args ...any) *stackhand.Error {
		c.client.doubt()
		return c.problem(kind, err, format, args...).
			Do("Ask the operator to check the address in the cloud's catalogue, or to set %s_endpoint_override in clouds.yaml.", c.service)
	}
	var redirect *redirectError
	var cert *tls.CertificateVerificationError
	var dns *net.DNSError
	var timeout net.Error
	read := method == http.MethodGet
	switch {
	case errors.As(err, &redirect):
		return astray(stackhand.Invalid, "%s wants to send us on to %s; the token does not go there.", where, host(redirect.to))
	case errors.As(err, &cert):
		return c.problem(stackhand.Invalid, err, "%s shows a certificate that is not trusted.", where).
			Do("Ask the operator to name the CA's file as cacert in clouds.yaml.")
	case errors.As(err, &dns) && dns.IsNotFound:
		return astray(stackhand.Unavailable, "%s cannot be reached: there is no host of that name.", where)
	case errors.Is(err, syscall.ECONNREFUSED):
		return astray(stackhand.Unavailable, "%s cannot be reached: nothing listens there.", where)
	case errors.Is(err, errTooLarge):
		return c.problem(stackhand.Invalid, err, "%s answered more than can be read at once.", where).
			Do("Ask the operator to look at what answers there.")
	case read && foreign(err):
		return astray(stackhand.Invalid, "%s does not answer like OpenStack.", where)
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return c.problem(stackhand.Unavailable, err, "%s did not answer in time.", where)
	}
	return c.problem(stackhand.Unavailable, err, "The connection to the cloud's %s service at %s was lost.", c.service, host(u))
}

// foreign tells whether an answer came whole, but is not what the API promises.
func foreign(err error) bool {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var missing *missingKeyError
	var moment *time.ParseError
	var grammar *jsontext.SyntacticError // of a list; one that was cut off is one, too
	var shape *jsonv2.SemanticError
	if errors.As(err, &grammar) {
		return !errors.Is(err, io.ErrUnexpectedEOF)
	}
	return errors.As(err, &shape) || errors.As(err, &syntax) || errors.As(err, &kind) || errors.As(err, &missing) || errors.As(err, &moment)
}

// answered explains an answer with an error code.
func (c caller) answered(method, u string, code gophercloud.ErrUnexpectedResponseCode) error {
	a := parseAnswer(code.Actual, c.hideBody(code.Body)) // before it is cut to a length: the rest of a secret would not be known
	a.Service, a.Method = c.service, method
	if p, err := url.Parse(u); err == nil {
		a.Path = hideToken(p.Path)
	}
	a.RequestID = code.ResponseHeader.Get("X-Openstack-Request-Id")
	if a.retry == 0 {
		a.retry = retryAfter(code.ResponseHeader.Get("Retry-After"), c.site.opts.Now())
	}
	a.Message = c.hideText(a.Message)
	e := a.explain(host(u))
	a.Message, e.Detail = hideValue(a.Message), hideValue(e.Detail) // after explain: how long a value was tells something
	if e.Kind == stackhand.RateLimited || e.Kind == stackhand.Unavailable {
		e.RetryAfter = a.retry
	}
	return e
}

// kind sorts an answer by status and by what the service named it.
func (a *answer) kind() stackhand.Kind {
	switch a.Status {
	case http.StatusUnauthorized:
		return stackhand.Unauthorized
	case http.StatusForbidden:
		if saysQuota(a.Message) {
			return stackhand.Quota
		}
		if strings.Contains(a.Message, "is protected and cannot be deleted") || strings.Contains(a.Message, "Cannot detach a root device") {
			return stackhand.Conflict // not a matter of rights: Glance's word on an image, and Nova's on a volume
		}
		return stackhand.Forbidden
	case http.StatusBadRequest:
		if wrongVolume.MatchString(a.Message) {
			return stackhand.Conflict
		}
		return stackhand.Invalid
	case http.StatusNotFound:
		// Something else than the API may say 404 too. Taking that for "it is gone" would
		// lose what is still there.
		if !a.known {
			return stackhand.Invalid
		}
		return stackhand.NotFound
	case http.StatusConflict:
		if a.Type == "OverQuota" || a.Type == "IpAddressGenerationFailure" || saysQuota(a.Message) {
			return stackhand.Quota
		}
		return stackhand.Conflict
	case http.StatusRequestEntityTooLarge:
		if a.retry > 0 {
			return stackhand.RateLimited // Nova's limits per minute, before 2014
		}
		return stackhand.Quota
	case http.StatusTooManyRequests, 498:
		return stackhand.RateLimited
	case http.StatusRequestTimeout, http.StatusTooEarly:
		return stackhand.Unavailable
	case http.StatusNotImplemented:
		return stackhand.Invalid
	}
	if a.Status >= 500 {
		return stackhand.Unavailable
	}
	return stackhand.Invalid
}

// wrongVolume is what Cinder, and Nova after it, says of a volume or a snapshot in another state than is needed:
// cinder/exception.py, InvalidVolume and InvalidSnapshot.
var wrongVolume = regexp.MustCompile(`^(Invalid input received: )?Invalid (volume|snapshot): `)

// saysQuota knows Nova's words; it has no other mark for them: nova/exception.py, OverQuota
// and its kin.
func saysQuota(msg string) bool {
	m := strings.ToLower(msg)
	return strings.Contains(m, "quota exceeded") || strings.Contains(m, "quota limit") ||
		strings.Contains(m, "exceeds the quota") || strings.Contains(m, "maximum number of")
}

// novaAsks is what Nova asks of its developers whenever it fails; it helps nobody in a chat.
const novaAsks = " Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if possible."

func (a *answer) sentence(kind stackhand.Kind, at string) string {
	msg := strings.TrimRight(strings.Replace(a.Message, novaAsks, "", 1), ". \n")
	if msg == "" {
		msg = fmt.Sprintf("status %d", a.Status)
	}
	lead := map[stackhand.Kind]string{
		stackhand.NotFound:     "The cloud does not have it",
		stackhand.Conflict:     "The cloud cannot do that as things are",
		stackhand.Quota:        "There is no room left",
		stackhand.Forbidden:    "The cloud does not allow it",
		stackhand.Unauthorized: "The cloud does not accept the login",
		stackhand.RateLimited:  "The cloud asks to slow down",
		stackhand.Unavailable:  fmt.Sprintf("The cloud's %s service failed with status %d", a.Service, a.Status),
		stackhand.Invalid:      "The cloud refuses the request",
	}[kind]
	if a.Status == http.StatusNotFound && kind == stackhand.Invalid {
		lead = fmt.Sprintf("What answers as the cloud's %s service at %s does not know this call", a.Service, at)
	}
	return lead + ": " + msg + "."
}

func next(kind stackhand.Kind) string {
	switch kind {
	case stackhand.Unauthorized:
		return "Log in again."
	case stackhand.Quota:
		return "Delete something, or ask the cloud's administrator for more quota."
	case stackhand.Forbidden:
		return "Ask the cloud's administrator for the right to do it."
	case stackhand.RateLimited, stackhand.Unavailable:
		return "Try again in a moment."
	}
	return ""
}

// retryAfter reads the header, seconds or a date; 0 where there is none.
func retryAfter(v string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(v); err == nil && n > 0 {
		return min(time.Duration(n)*time.Second, time.Hour)
	}
	if t, err := http.ParseTime(v); err == nil && t.After(now) {
		return min(t.Sub(now), time.Hour)
	}
	return 0
}
