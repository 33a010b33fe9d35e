package secret_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/secret"
)

const planted = "pl4nted-s3cret"

type credentials struct {
	User     string
	Password string
	Nested   map[string][]any `json:"nested"`
	Raw      json.RawMessage
	Skipped  string `json:"-"`
	private  string
}

type loud struct{ v string }

func (l loud) String() string { return "loud password=" + l.v }

type lazy struct{ v string }

func (l lazy) LogValue() slog.Value {
	return slog.GroupValue(slog.String("password", l.v), slog.Any("in", map[string]any{"x": l.v}))
}

type broken struct{}

func (*broken) String() string { panic("no") }

// plants puts the secret everywhere a log can hold it.
func plants(l *slog.Logger) {
	msg := "it is " + planted
	login := stackhand.Login{Username: "alice", Password: planted}
	l.Debug(msg)
	l.Info("text", "note", msg, "password", planted, "X-Auth-Token", planted, "pin.secret", 4711)
	l.Warn("error", "err", fmt.Errorf("login: %w", errors.New(msg)), "cause", error(stackhand.Errorf("x", "%s", msg)))
	l.Error("login", "login", login, "pointer", &login, "in", struct{ Login any }{login})
	l.Info("struct", "c", credentials{"alice", planted, map[string][]any{"a": {1, msg, loud{planted}}},
		json.RawMessage(`{"x":"` + planted + `"}`), planted, planted})
	l.Info("header", "h", http.Header{"Authorization": {planted}, "Other": {msg}}, "bytes", []byte(msg))
	l.Info("keys", planted, 1, "map", map[string]int{planted: 1}, "array", [1]string{msg})
	l.Info("valuer", "lazy", lazy{planted}, "list", []any{lazy{planted}, &msg, nil, 1.5, true, uint8(7)})
	l.Info("group", slog.Group("a", slog.Group("b", "note", msg, "token", planted)), slog.Group("secrets", "x", planted))
	l.With("note", msg).WithGroup("g").With("password", planted).WithGroup("tokens").With("x", planted).Info(msg, "y", planted)
	l.WithGroup("").With().Info("broken", "broken", (*broken)(nil), "fn", func() {}, "complex", 1i)
}

func TestHandlerHidesPlantedSecrets(t *testing.T) {
	handlers := map[string]func(*bytes.Buffer) slog.Handler{
		"json": func(b *bytes.Buffer) slog.Handler {
			return slog.NewJSONHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true})
		},
		"text": func(b *bytes.Buffer) slog.Handler {
			return slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug})
		},
	}
	for name, make := range handlers {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			var r secret.Redactor
			r.Hide(planted)
			plants(slog.New(r.Wrap(make(&b))))
			for line := range strings.Lines(b.String()) {
				if strings.Contains(line, planted) || strings.Contains(line, "4711") {
					t.Errorf("it shows: %s", line)
				}
			}
			if n := strings.Count(b.String(), "\n"); n != 11 {
				t.Errorf("%d lines, want 11", n)
			}
			if name == "json" && !strings.Contains(b.String(), "handler_test.go") {
				t.Error("the source of the record was lost")
			}
		})
	}
}

// Without the literal, names and patterns alone have to do it.
func TestHandlerKnowsNamesAndPatterns(t *testing.T) {
	var b bytes.Buffer
	var r secret.Redactor
	l := slog.New(r.Wrap(slog.NewJSONHandler(&b, nil)))
	for _, leak := range leaks {
		b.Reset()
		l.With("with", leak.text).Info(leak.text, "text", leak.text, "err", errors.New(leak.text),
			"deep", map[string]any{"a": []any{struct{ B string }{leak.text}}}, slog.Group("g", "x", leak.text))
		if strings.Contains(b.String(), leak.secret) {
			t.Errorf("%s: %s", leak.name, b.String())
		}
	}
	b.Reset()
	l.Info("names", "password", "hunter2", "OS_PASSWORD", "hunter2", "admin_pass", "hunter2", "X-Subject-Token", "hunter2",
		"c", credentials{Password: "hunter2"}, "m", map[string]string{"api-key": "hunter2"}, slog.Group("cookie", "d", "hunter2"))
	l.WithGroup("tokens").With("a", "hunter2").WithGroup("b").Info("group", "c", "hunter2")
	if strings.Contains(b.String(), "hunter2") {
		t.Errorf("it shows: %s", b.String())
	}
}

// A secret that becomes known only after a logger was made with it.
func TestHandlerHidesLateSecrets(t *testing.T) {
	var b bytes.Buffer
	var r secret.Redactor
	l := slog.New(r.Wrap(slog.NewTextHandler(&b, nil))).With("note", planted)
	r.Hide(planted)
	l.Info("hello")
	if strings.Contains(b.String(), planted) || !strings.Contains(b.String(), secret.Hidden) {
		t.Error(b.String())
	}
}

func TestHandlerKeepsTheRest(t *testing.T) {
	var b bytes.Buffer
	var r secret.Redactor
	at := time.Date(2026, 11, 21, 5, 0, 0, 0, time.UTC)
	r.Wrap(slog.NewJSONHandler(&b, nil)).Handle(context.Background(), record(at))
	const want = `{"time":"2026-11-21T05:00:00Z","level":"INFO","msg":"hi","job":"ab12","n":7,"ok":true,"took":1500000000,` +
		`"at":"2026-11-21T05:00:00Z","user":{"id":"U1","name":"alice","role":1},"none":null,"deep":{"list":[1,"two",3.5]}}` + "\n"
	if b.String() != want {
		t.Errorf("got  %swant %s", b.String(), want)
	}
}

func record(at time.Time) slog.Record {
	rec := slog.NewRecord(at, slog.LevelInfo, "hi", 0)
	rec.Add("job", "ab12", "n", 7, "ok", true, "took", 1500*time.Millisecond, "at", at,
		"user", struct {
			ID   string `json:"id"`
			Name string `json:"name,omitempty"`
			Role uint   `json:"role"`
		}{"U1", "alice", 1},
		"none", nil, "deep", map[string]any{"list": []any{1, "two", 3.5}})
	return rec
}

func TestHandlerLooksOnlySoDeep(t *testing.T) {
	type node struct{ Next *node }
	n := &node{}
	n.Next = n
	var b bytes.Buffer
	var r secret.Redactor
	slog.New(r.Wrap(slog.NewJSONHandler(&b, nil))).Info("round", "n", n)
	if !strings.Contains(b.String(), "[…]") {
		t.Error(b.String())
	}
}

func TestHandlerIsAHandler(t *testing.T) {
	var b bytes.Buffer
	var r secret.Redactor
	err := slogtest.TestHandler(r.Wrap(slog.NewJSONHandler(&b, nil)), func() []map[string]any {
		var out []map[string]any
		for line := range strings.Lines(b.String()) {
			m := map[string]any{}
			if err := json.Unmarshal([]byte(line), &m); err != nil {
				t.Fatal(err)
			}
			out = append(out, m)
		}
		return out
	})
	if err != nil {
		t.Error(err)
	}
}
