package openstack

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// call is one request on its way through a handler. The cloud's lock is held meanwhile.
type call struct {
	*http.Request
	now   time.Time
	tok   *token // nil only on routes that need none
	minor int    // Nova's microversion 2.minor
}

// answer is what a handler wants sent; a nil body sends none.
type answer struct {
	code int
	body any
	head map[string]string
}

// object is a JSON object in the making.
type object = map[string]any

// handler does one API call.
type handler func(q *call) (answer, error)

func ok(body any) (answer, error)       { return answer{code: http.StatusOK, body: body}, nil }
func created(body any) (answer, error)  { return answer{code: http.StatusCreated, body: body}, nil }
func accepted(body any) (answer, error) { return answer{code: http.StatusAccepted, body: body}, nil }
func gone() (answer, error)             { return answer{code: http.StatusNoContent}, nil }

// apiError is a refusal; each service writes it in its own form.
type apiError struct {
	code   int
	kind   string // Neutron's type
	msg    string
	detail string // Neutron's
	after  int    // seconds of Retry-After, with 429 and 503
	route  bool   // it is the path that is not there
	extra  object // what Keystone adds
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s", e.code, e.msg) }

func refusal(code int, format string, args ...any) *apiError {
	return &apiError{code: code, msg: fmt.Sprintf(format, args...)}
}

// service is one of the cloud's APIs: where it lives and how it words a refusal.
type service struct {
	name    string // first segment of its paths
	bad     string // what it says of a body that is no JSON object
	problem func(*apiError) any
}

var services = map[string]*service{
	"identity": {name: "identity", bad: "Expecting to find valid JSON in request body." + malformed, problem: keystoneProblem},
	"compute":  {name: "compute", bad: "Malformed request body", problem: novaProblem},
	"volume":   {name: "volume", bad: "Malformed request body", problem: cinderProblem},
	"network":  {name: "network", bad: "The server could not comply with the request since it is either malformed or otherwise incorrect.", problem: neutronProblem},
	"metric":   {name: "metric", bad: "Unable to decode body: Expecting value: line 1 column 1 (char 0)", problem: gnocchiProblem},
	"image":    {name: "image", bad: "Malformed JSON in request body.", problem: glanceProblem},
}

// serviceOf finds the service that a path belongs to; Keystone where it belongs to none.
func serviceOf(path string) *service {
	name, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if s := services[name]; s != nil {
		return s
	}
	return services["identity"]
}

// open serves h without asking for a token.
func (c *Cloud) open(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c.serve(w, r, h, false)
	}
}

// guarded serves h to those with a valid token only.
func (c *Cloud) guarded(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c.serve(w, r, h, true)
	}
}

func (c *Cloud) serve(w http.ResponseWriter, r *http.Request, h handler, guard bool) {
	svc, reqID := serviceOf(r.URL.Path), requestID()
	a, err := c.locked(r, h, guard)
	if err != nil {
		e, known := err.(*apiError)
		if !known {
			e = refusal(http.StatusInternalServerError, "%v", err)
		}
		a = c.problem(svc, e)
		if svc.name == "image" {
			a = asPage(a, e, r.Header)
		}
	}
	if svc.name == "compute" || svc.name == "volume" {
		w.Header().Set("X-Compute-Request-Id", reqID)
	}
	c.opt.Log.Debug("request", "method", r.Method, "path", r.URL.Path, "status", a.code)
	send(w, a, reqID)
}

// asPage is a refusal of Glance's for clients that do not ask for JSON: a page of HTML for those that take anything, else plain text.
func asPage(a answer, e *apiError, head http.Header) answer {
	accept, title := head.Get("Accept"), fmt.Sprintf("%d %s", e.code, http.StatusText(e.code))
	switch {
	case strings.Contains(accept, "html") || strings.Contains(accept, "*/*"):
		a.body = []byte("<html>\n <head>\n  <title>" + title + "</title>\n </head>\n <body>\n  <h1>" + title + "</h1>\n  " +
			html.EscapeString(e.msg) + "<br /><br />\n\n\n\n </body>\n</html>")
		a.head["Content-Type"] = "text/html; charset=UTF-8"
	case strings.Contains(accept, "json"):
	default:
		a.body = []byte(title + "\n\n" + e.msg + "\n\n   ")
		a.head["Content-Type"] = "text/plain; charset=UTF-8"
	}
	return a
}

// locked runs h under the cloud's lock and encodes its answer there, since views may share
// memory with the state.
func (c *Cloud) locked(r *http.Request, h handler, guard bool) (answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := &call{Request: r, now: c.opt.Now().UTC()}
	c.settle(q.now)
	if guard {
		tok, err := c.authenticate(r.Header.Get("X-Auth-Token"), q.now)
		if err != nil {
			return answer{}, err
		}
		q.tok = tok
		c.recordProject(r, tok)
	}
	head := map[string]string{}
	if strings.HasPrefix(r.URL.Path, "/compute/v2.1") {
		if err := negotiate(q, c.era.newest, head); err != nil {
			return answer{}, err
		}
	}
	if strings.HasPrefix(r.URL.Path, volumeBase) {
		if err := negotiateVolume(q, head); err != nil {
			return answer{}, err
		}
	}
	a, err := h(q)
	if err != nil {
		return answer{}, err
	}
	for k, v := range a.head {
		head[k] = v
	}
	a.head = head
	if _, raw := a.body.([]byte); !raw && a.body != nil {
		out, err := encode(a.body)
		if err != nil {
			return answer{}, err
		}
		a.body = json.RawMessage(out)
	}
	return a, nil
}

// encode is json.Marshal that leaves < and > as they are.
func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimRight(buf.Bytes(), "\n"), err
}

// problem writes e as svc does.
func (c *Cloud) problem(svc *service, e *apiError) answer {
	e = c.era.refusalOf(svc, e)
	a := answer{code: e.code, body: svc.problem(e), head: map[string]string{}}
	if e.code == http.StatusUnauthorized {
		if svc.name != "image" {
			a.body = keystoneProblem(e)
		}
		a.head["WWW-Authenticate"] = `Keystone uri="/identity"`
	}
	if e.after > 0 {
		a.head["Retry-After"] = strconv.Itoa(e.after)
	}
	return a
}

func send(w http.ResponseWriter, a answer, reqID string) {
	h := w.Header()
	h.Set("X-Openstack-Request-Id", reqID)
	for k, v := range a.head {
		h.Set(k, v)
	}
	var out []byte
	switch b := a.body.(type) {
	case nil:
	case []byte:
		out = b
	case json.RawMessage:
		out = b
	default:
		out, _ = encode(b) // a problem's body: strings and numbers
	}
	if a.body != nil && h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/json")
	}
	h.Set("Content-Length", strconv.Itoa(len(out)))
	if a.code == http.StatusNoContent {
		h.Del("Content-Length")
	}
	w.WriteHeader(a.code)
	_, _ = w.Write(out) // the client may have gone; there is nobody left to tell
}

// base is the URL of the cloud as the client spells it.
func (q *call) base() string {
	scheme := "http"
	if q.TLS != nil || q.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + q.Host
}

func (q *call) id() string { return q.PathValue("id") }

// json reads the body as one JSON object; numbers become json.Number.
func (q *call) json() (object, error) {
	dec := json.NewDecoder(q.Body)
	dec.UseNumber()
	var v object
	bad := refusal(http.StatusBadRequest, "%s", serviceOf(q.URL.Path).bad)
	bad.kind = "HTTPBadRequest"
	if err := dec.Decode(&v); err != nil || v == nil {
		return nil, bad
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, bad
	}
	return v, nil
}

// part is the object under key in the body.
func (q *call) part(key string) (object, error) {
	v, err := q.json()
	if err != nil {
		return nil, err
	}
	p, isObject := v[key].(object)
	if !isObject {
		e := refusal(http.StatusBadRequest, "%s", serviceOf(q.URL.Path).bad)
		e.kind, e.detail = "HTTPBadRequest", "part"
		return nil, e
	}
	return p, nil
}

func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead
	return uuid(b)
}

// seedID is the id of something that every cloud is born with: the same at each start, since whoever
// remembers it meets the cloud again after a restart.
func seedID(kind, name string) string {
	sum := sha256.Sum256([]byte("the seed of the simulated cloud/" + kind + "/" + name))
	return uuid([16]byte(sum[:16]))
}

func seedHexID(kind, name string) string { return strings.ReplaceAll(seedID(kind, name), "-", "") }

func uuid(b [16]byte) string {
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

func newHexID() string { return strings.ReplaceAll(newID(), "-", "") }

func requestID() string { return "req-" + newID() }

// stamp is a moment as Nova, Neutron and Glance write it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// text answers v if it is a string.
func text(v any) string {
	s, _ := v.(string)
	return s
}

// orNil is s, or null where s is empty.
func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// whole answers v as an int, whether it came as number or as digits.
func whole(v any) (int, bool) {
	switch n := v.(type) {
	case json.Number:
		i, err := strconv.Atoi(n.String())
		return i, err == nil
	case string:
		i, err := strconv.Atoi(n)
		return i, err == nil
	case int:
		return n, true
	}
	return 0, false
}
