package cloud_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
)

// A cloud that repeats all that it was sent in its refusals gets none of it shown: neither to people nor in the log.
func TestEchoesAreHidden(t *testing.T) {
	var log strings.Builder
	var echo atomic.Int64
	c, err := wrapped(t, func(rw http.ResponseWriter, req *http.Request) bool {
		status := int(echo.Load())
		if status == 0 {
			return false
		}
		body, _ := io.ReadAll(req.Body)
		said, _ := json.Marshal(map[string]any{"badRequest": map[string]any{"code": status, "message": fmt.Sprintf("Bad: %s, sent with %s", body, req.Header.Get("X-Auth-Token"))}})
		rw.WriteHeader(status)
		_, _ = rw.Write(said)
		return true
	}, cloud.Options{RetryPause: time.Millisecond, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	const password, line = `pl4nted "pass" wörd`, "chpasswd: root:pl4nted-in-user-data"
	data := []byte("#cloud-config\n" + line + "\n" + strings.Repeat("# more\n", 200))
	calls := map[string]func() error{
		"create": func() error {
			_, err := c.CreateServer(t.Context(), stackhand.ServerSpec{Name: "web-1", ImageID: "i", FlavorID: "f", UserData: data})
			return err
		},
		"rebuild": func() error {
			return c.RebuildServer(t.Context(), "s1", stackhand.RebuildSpec{ImageID: "i", Password: password, UserData: data})
		},
		"password": func() error { return c.SetServerPassword(t.Context(), "s1", password) },
	}
	for _, status := range []int{400, 403, 409, 413, 500, 503} {
		for name, call := range calls {
			echo.Store(int64(status))
			err := call()
			echo.Store(0)
			if err == nil {
				t.Fatalf("%s with %d went well", name, status)
			}
			var e *stackhand.Error
			if !errors.As(err, &e) {
				t.Fatalf("%s: %T", name, err)
			}
			shown := strings.Join([]string{e.Msg, e.Next, e.Detail, fmt.Sprint(e.Err), fmt.Sprintf("%+v", err), log.String()}, "\n")
			for _, secret := range []string{"pl4nted", base64.StdEncoding.EncodeToString(data)[:40], alice.Password, "gAAAA"} {
				if strings.Contains(shown, secret) {
					t.Errorf("%s with %d shows %q: %.600s", name, status, secret, shown)
				}
			}
		}
	}
}

// Keystone itself repeats a login: in words that it never has, but a proxy may.
func TestEchoesOfLogins(t *testing.T) {
	echo := func(rw http.ResponseWriter, req *http.Request) bool {
		body, _ := io.ReadAll(req.Body)
		http.Error(rw, "what is this: "+string(body), http.StatusBadRequest)
		return true
	}
	_, err := wrapped(t, echo, cloud.Options{RetryPause: time.Millisecond})
	if err == nil || strings.Contains(fmt.Sprint(err, errors.Unwrap(err)), alice.Password) {
		t.Errorf("a login shows: %v", err)
	}
}

// A login is sent nowhere but to the address that clouds.yaml names, whatever answers there.
func TestLoginIsNotSentOn(t *testing.T) {
	var got atomic.Int64
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, _ *http.Request) { got.Add(1) }))
	t.Cleanup(thief.Close)
	for _, status := range []int{301, 302, 307, 308} {
		_, err := wrapped(t, func(rw http.ResponseWriter, req *http.Request) bool {
			http.Redirect(rw, req, thief.URL+req.URL.Path, status)
			return true
		}, cloud.Options{RetryPause: time.Millisecond})
		if stackhand.KindOf(err) != stackhand.Invalid || !strings.Contains(fmt.Sprint(err), "the token does not go there") {
			t.Errorf("%d: %v", status, err)
		}
	}
	if n := got.Load(); n != 0 {
		t.Errorf("the other server got %d requests", n)
	}
}
