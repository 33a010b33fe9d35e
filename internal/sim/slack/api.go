package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/stackhand/stackhand/internal/sim/slack/blockkit"
)

const maxBody = 2 << 20

// method is one line of the table of the Web API. perMinute is the tier (reference/methods, field
// rate_limits): 1, 20, 50, 100, or 300 for Slack's "special" tier.
type method struct {
	scope     string // one of these, parted by spaces; "" needs none
	perMinute int
	do        func(*Workspace, *request) (obj, error)
}

// request is one call of a method.
type request struct {
	method string
	args   map[string]any
	host   string
	header http.Header
	plain  bool // charts are refused
}

// apiError is an answer with ok false.
type apiError struct {
	code  string
	extra obj
}

func (e *apiError) Error() string { return e.code }

func refuse(code string) error { return &apiError{code: code} }

// methods is filled by init: some of its functions lead back to it.
var methods map[string]method

func init() {
	methods = map[string]method{
		"api.test":                     {"", 100, func(*Workspace, *request) (obj, error) { return obj{}, nil }},
		"auth.test":                    {"", 300, authTest},
		"apps.connections.open":        {"", 50, connectionsOpen},
		"chat.postMessage":             {"chat:write", 300, chatPostMessage},
		"chat.postEphemeral":           {"chat:write", 100, chatPostEphemeral},
		"chat.update":                  {"chat:write", 50, chatUpdate},
		"chat.delete":                  {"chat:write", 50, chatDelete},
		"chat.getPermalink":            {"", 300, chatGetPermalink},
		"chat.unfurl":                  {"links:write", 50, chatUnfurl},
		"chat.startStream":             {"chat:write", 20, chatStartStream},
		"chat.appendStream":            {"chat:write", 100, chatAppendStream},
		"chat.stopStream":              {"chat:write", 20, chatStopStream},
		"views.open":                   {"", 100, viewsOpen},
		"views.push":                   {"", 100, viewsPush},
		"views.update":                 {"", 100, viewsUpdate},
		"views.publish":                {"", 100, viewsPublish},
		"users.info":                   {"users:read", 100, usersInfo},
		"users.list":                   {"users:read", 20, usersList},
		"users.lookupByEmail":          {"users:read.email", 50, usersLookupByEmail},
		"conversations.info":           {"channels:read groups:read im:read", 50, conversationsInfo},
		"conversations.open":           {"im:write mpim:write", 50, conversationsOpen},
		"conversations.members":        {"channels:read groups:read im:read", 100, conversationsMembers},
		"conversations.history":        {"channels:history groups:history im:history", 50, conversationsHistory},
		"conversations.replies":        {"channels:history groups:history im:history", 50, conversationsReplies},
		"conversations.list":           {"channels:read groups:read im:read", 20, conversationsList},
		"conversations.join":           {"channels:join", 50, conversationsJoin},
		"usergroups.list":              {"usergroups:read", 20, usergroupsList},
		"usergroups.users.list":        {"usergroups:read", 20, usergroupsUsersList},
		"reactions.add":                {"reactions:write", 50, reactionsAdd},
		"files.getUploadURLExternal":   {"files:write", 100, filesGetUploadURL},
		"files.completeUploadExternal": {"files:write", 100, filesComplete},
		"files.info":                   {"files:read", 100, filesInfo},
		"assistant.threads.setStatus":  {"assistant:write chat:write", 300, assistantSetStatus},
		"blocks.validate":              {"", 50, blocksValidate},
	}
}

func (w *Workspace) serveAPI(rw http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/api/")
	args, err := readArgs(rw, r)
	q := &request{method: name, args: args, host: r.Host, header: r.Header, plain: w.opt.NoCharts}
	if d := w.delay(); d > 0 {
		select {
		case <-time.After(d):
		case <-r.Context().Done():
			return
		case <-w.ctx.Done():
			return
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.host = r.Host
	var answer obj
	status := http.StatusOK
	if err != nil {
		answer = obj{"ok": false, "error": "invalid_arguments"}
	} else {
		answer, status = w.call(rw, q)
	}
	w.recordCall(q, status, answer)
	rw.Header().Set("X-OAuth-Scopes", strings.Join(w.opt.Scopes, ","))
	reply(rw, status, answer)
}

// call answers one request, with its faults. The lock is held.
func (w *Workspace) call(rw http.ResponseWriter, q *request) (obj, int) {
	m, known := methods[q.method]
	if !known {
		return obj{"ok": false, "error": "unknown_method", "req_method": q.method}, http.StatusOK
	}
	if err := w.authorize(q, m); err != nil {
		return failure(err), http.StatusOK
	}
	f := w.faults.api(q.method)
	if f != nil && !f.after {
		return w.faulty(rw, f)
	}
	if wait := w.rateLimit(q, m); wait > 0 {
		rw.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		return obj{"ok": false, "error": "ratelimited"}, http.StatusTooManyRequests
	}
	answer, err := m.do(w, q)
	if err != nil {
		answer = failure(err)
	} else if _, set := answer["ok"]; !set {
		answer["ok"] = true
	}
	if f != nil {
		return w.faulty(rw, f)
	}
	return answer, http.StatusOK
}

func failure(err error) obj {
	answer := obj{"ok": false, "error": "internal_error"}
	var e *apiError
	if errors.As(err, &e) {
		answer["error"] = e.code
		for k, v := range e.extra {
			answer[k] = v
		}
	}
	return answer
}

func (w *Workspace) faulty(rw http.ResponseWriter, f *apiFault) (obj, int) {
	if f.status == http.StatusTooManyRequests {
		rw.Header().Set("Retry-After", "1")
		return obj{"ok": false, "error": "ratelimited"}, f.status
	}
	if f.status == http.StatusOK {
		return obj{"ok": false, "error": "internal_error"}, f.status
	}
	return obj{"ok": false, "error": "service_unavailable"}, f.status
}

func (w *Workspace) authorize(q *request, m method) error {
	token := strings.TrimPrefix(q.header.Get("Authorization"), "Bearer ")
	if t := q.str("token"); t != "" {
		token = t
	}
	switch {
	case token == "":
		return refuse("not_authed")
	case token != w.botToken && token != w.appToken:
		return refuse("invalid_auth")
	case w.faults.use("token_expired"):
		return refuse("token_expired")
	case (token == w.appToken) != (q.method == "apps.connections.open") && q.method != "api.test" && q.method != "auth.test":
		return refuse("not_allowed_token_type")
	}
	if m.scope == "" {
		return nil
	}
	for _, s := range strings.Fields(m.scope) {
		for _, have := range w.opt.Scopes {
			if s == have {
				return nil
			}
		}
	}
	return &apiError{"missing_scope", obj{
		"needed": strings.Join(strings.Fields(m.scope), ","), "provided": strings.Join(w.opt.Scopes, ","),
	}}
}

// readArgs takes arguments from the query, a form, or JSON.
func readArgs(rw http.ResponseWriter, r *http.Request) (map[string]any, error) {
	args := map[string]any{}
	r.Body = http.MaxBytesReader(rw, r.Body, maxBody)
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		if len(body) > 0 {
			if err := json.Unmarshal(body, &args); err != nil {
				return nil, fmt.Errorf("JSON body: %w", err)
			}
		}
		if args == nil { // the body was null
			args = map[string]any{}
		}
	} else if err := r.ParseMultipartForm(maxBody); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return nil, err
	}
	for k, v := range r.Form {
		args[k] = v[0]
	}
	for k, v := range r.URL.Query() {
		args[k] = v[0]
	}
	return args, nil
}

func reply(rw http.ResponseWriter, status int, v any) {
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.WriteHeader(status)
	// The reader may be gone; there is nobody else to tell.
	_ = json.NewEncoder(rw).Encode(v)
}

func (w *Workspace) recordCall(q *request, status int, answer obj) {
	args := map[string]any{}
	for k, v := range q.args {
		args[k] = v
	}
	if _, ok := args["token"]; ok {
		args["token"] = "(hidden)"
	}
	w.calls.add(Call{At: time.Now(), Method: q.method, Status: status, Error: str(answer, "error"), Args: args})
	w.touch()
}

func (q *request) str(key string) string {
	switch v := q.args[key].(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

func (q *request) has(key string) bool {
	v, ok := q.args[key]
	return ok && v != nil && v != ""
}

func (q *request) bool(key string) bool {
	s := q.str(key)
	return s == "true" || s == "1"
}

func (q *request) int(key string, standard int) int {
	if n, err := strconv.Atoi(q.str(key)); err == nil && n > 0 {
		return n
	}
	return standard
}

// json is an argument that is JSON, or a string with JSON in it; nil if it is absent.
func (q *request) json(key string) (any, error) {
	if !q.has(key) {
		return nil, nil
	}
	s, ok := q.args[key].(string)
	if !ok {
		return q.args[key], nil
	}
	var v any
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		return nil, err
	}
	return v, nil
}

// blocks reads and checks blocks for a surface.
func (q *request) blocks(key string, surface blockkit.Surface) ([]any, error) {
	v, err := q.json(key)
	if err != nil {
		return nil, refuse("invalid_blocks_format")
	}
	if v == nil {
		return nil, nil
	}
	list, err := checkBlocks(v, surface)
	for i, b := range list {
		if q.plain && asObj(b)["type"] == "data_visualization" {
			unknown := blockkit.Problem{Pointer: fmt.Sprintf("/%d/type", i), Message: "unsupported type: data_visualization"}
			return nil, invalidBlocks("invalid_blocks", []blockkit.Problem{unknown}, "/blocks")
		}
	}
	return list, err
}

func checkBlocks(v any, surface blockkit.Surface) ([]any, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, refuse("invalid_blocks_format")
	}
	raw, err := json.Marshal(list)
	if err != nil {
		return nil, refuse("invalid_blocks_format")
	}
	if p := blockkit.Validate(surface, raw); p != nil {
		return nil, invalidBlocks("invalid_blocks", p, "/blocks")
	}
	blockkit.Assign(list, func() string { return random(3) })
	return list, nil
}

func invalidBlocks(code string, problems []blockkit.Problem, prefix string) error {
	var messages, errs []string
	for _, p := range problems {
		p.Pointer = prefix + p.Pointer
		messages = append(messages, p.String())
		errs = append(errs, p.Message+" [json-pointer:"+p.Pointer+"]")
	}
	return &apiError{code, obj{"errors": errs, "response_metadata": obj{"messages": messages}}}
}

func authTest(w *Workspace, q *request) (obj, error) {
	o := obj{"url": "http://" + q.host + "/", "team": w.opt.Team, "team_id": TeamID, "is_enterprise_install": false}
	if strings.TrimPrefix(q.header.Get("Authorization"), "Bearer ") == w.appToken || q.str("token") == w.appToken {
		o["app_id"], o["app_name"] = AppID, w.opt.BotName
		return o, nil
	}
	o["user"], o["user_id"], o["bot_id"] = w.opt.BotName, BotUserID, BotID
	return o, nil
}

func blocksValidate(_ *Workspace, q *request) (obj, error) {
	var problems []blockkit.Problem
	for _, key := range []string{"blocks", "message", "view"} {
		v, err := q.json(key)
		if err != nil {
			return nil, refuse("invalid_arguments")
		}
		if key == "message" {
			v = asObj(v)["blocks"]
		}
		if v == nil {
			continue
		}
		raw, err := json.Marshal(v)
		if err != nil {
			return nil, refuse("invalid_arguments")
		}
		if key == "view" {
			problems = append(problems, blockkit.ValidateView(raw)...)
			continue
		}
		problems = append(problems, blockkit.Validate(blockkit.Message, raw)...)
	}
	errs := make([]obj, 0, len(problems))
	for _, p := range problems {
		errs = append(errs, obj{"pointer": p.Pointer, "code": p.Code, "message": p.Message, "constraint": p.Code})
	}
	return obj{"valid": len(errs) == 0, "errors": errs}, nil
}
