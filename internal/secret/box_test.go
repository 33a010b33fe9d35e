package secret_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/mac"
	"pgregory.net/rapid"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/secret"
)

func newKeyset(t testing.TB) string {
	t.Helper()
	k, err := secret.NewKeyset()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func open(t testing.TB, keyset string) *secret.Box {
	t.Helper()
	b, err := secret.Open(keyset)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestKeysetIsOneLine(t *testing.T) {
	k := newKeyset(t)
	if k == newKeyset(t) {
		t.Fatal("two keysets are the same")
	}
	if strings.ContainsAny(k, " \n\r\t\"'") {
		t.Errorf("the keyset needs quoting: %q", k)
	}
	raw, err := base64.StdEncoding.DecodeString(k)
	if err != nil || !json.Valid(raw) {
		t.Errorf("the keyset is not JSON in base64: %v", err)
	}
}

func TestSealAndOpen(t *testing.T) {
	b := open(t, newKeyset(t))
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		name := rapid.StringOfN(rapid.RuneFrom([]rune("ab/|:\x00\n")), 0, 4, -1)
		user, cloud := name.Draw(t, "user"), name.Draw(t, "cloud")
		sealed, err := b.Seal(plain, user, cloud)
		if err != nil {
			t.Fatal(err)
		}
		if len(plain) > 8 && bytes.Contains(sealed, plain) {
			t.Fatal("the plain text shows")
		}
		got, err := b.Open(sealed, user, cloud)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("opened %q, %v; want %q", got, err, plain)
		}
		other, otherCloud := name.Draw(t, "other user"), name.Draw(t, "other cloud")
		_, err = b.Open(sealed, other, otherCloud)
		if same := other == user && otherCloud == cloud; same != (err == nil) {
			t.Fatalf("sealed for %q, %q, opened for %q, %q: %v", user, cloud, other, otherCloud, err)
		}
	})
}

func TestBindingIsInjective(t *testing.T) {
	b := open(t, newKeyset(t))
	sealed, err := b.Seal([]byte("hunter2"), "ab", "c")
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range [][2]string{{"a", "bc"}, {"abc", ""}, {"", "abc"}, {"c", "ab"}, {"ab", "c "}, {"AB", "c"}} {
		plain, err := b.Open(sealed, other[0], other[1])
		if stackhand.KindOf(err) != stackhand.Unauthorized || plain != nil {
			t.Errorf("opened for %q: %q, %v", other, plain, err)
		}
	}
}

func TestChangedAndForeign(t *testing.T) {
	b := open(t, newKeyset(t))
	sealed, err := b.Seal([]byte("hunter2"), "U1", "lab")
	if err != nil {
		t.Fatal(err)
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := b.Open(changed, "U1", "lab"); stackhand.KindOf(err) != stackhand.Unauthorized {
			t.Fatalf("byte %d changed: %v", i, err)
		}
	}
	for _, cut := range [][]byte{nil, {}, sealed[:4], sealed[:len(sealed)-1]} {
		if _, err := b.Open(cut, "U1", "lab"); err == nil {
			t.Fatalf("opened %d of %d bytes", len(cut), len(sealed))
		}
	}
	_, err = open(t, newKeyset(t)).Open(sealed, "U1", "lab")
	var e *stackhand.Error
	if !errors.As(err, &e) || e.Next == "" {
		t.Fatalf("another keyset: %v", err)
	}
}

func TestRotate(t *testing.T) {
	first := newKeyset(t)
	old, err := open(t, first).Seal([]byte("hunter2"), "U1", "lab")
	if err != nil {
		t.Fatal(err)
	}
	second, err := secret.Rotate(first)
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, second)
	if got, err := b.Open(old, "U1", "lab"); err != nil || string(got) != "hunter2" {
		t.Errorf("what the earlier key sealed: %q, %v", got, err)
	}
	fresh, err := b.Seal([]byte("hunter3"), "U1", "lab")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, first).Open(fresh, "U1", "lab"); err == nil {
		t.Error("the earlier key still seals")
	}
	if _, err := secret.Rotate("nonsense"); stackhand.KindOf(err) != stackhand.Invalid {
		t.Errorf("rotating nonsense: %v", err)
	}
}

// macKeyset is a sound keyset that is good for something else.
func macKeyset(t *testing.T) string {
	t.Helper()
	h, err := keyset.NewHandle(mac.HMACSHA256Tag128KeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&b)); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func TestOpenRefuses(t *testing.T) {
	good := newKeyset(t)
	tests := []struct{ name, keyset, want string }{
		{"missing", "", "is empty"},
		{"blank", " \n\t", "is empty"},
		{"not base64", "{not base64}", "not base64"},
		{"cut", good[:len(good)-9], ""},
		{"its half", good[:len(good)/2&^3], "no Tink keyset"},
		{"other JSON", base64.StdEncoding.EncodeToString([]byte(`{"a":1}`)), "no Tink keyset"},
		{"no key", base64.StdEncoding.EncodeToString([]byte(`{}`)), "no Tink keyset"},
		{"another purpose", macKeyset(t), "another purpose"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := secret.Open(tt.keyset)
			var e *stackhand.Error
			if b != nil || !errors.As(err, &e) || e.Kind != stackhand.Invalid || e.Next == "" {
				t.Fatalf("Open: %v, %#v", b, err)
			}
			if !strings.Contains(e.Msg, tt.want) || !strings.Contains(e.Msg, secret.Variable) {
				t.Errorf("Msg %q lacks %q", e.Msg, tt.want)
			}
			// Neither the words for people nor the cause for the log may quote what was read.
			all := fmt.Sprint(e.Msg, e.Next, e.Err)
			if len(tt.keyset) > 20 && strings.Contains(all, tt.keyset[8:20]) || e.Err != nil {
				t.Errorf("the error shows the keyset: %s", all)
			}
		})
	}
	open(t, " "+good[:40]+"\n"+good[40:]+"\n") // wrapped by an editor
}

func TestBoxNeverShows(t *testing.T) {
	b := open(t, newKeyset(t))
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("box", "box", b, "value", *b)
	slog.New(slog.NewTextHandler(&log, nil)).Info("box", "box", b, "value", *b)
	asJSON, err := json.Marshal(map[string]any{"box": b})
	if err != nil {
		t.Fatal(err)
	}
	type holder struct{ Box *secret.Box }
	shown := map[string]string{"logs": log.String(), "JSON": string(asJSON)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
		shown[verb] = fmt.Sprintf(verb+" "+verb+" "+verb, b, *b, holder{b})
	}
	for how, s := range shown {
		if strings.Contains(s, "aead") || strings.Contains(s, "tink") || strings.Contains(s, "0x") && how != "%x" && how != "%d" {
			t.Errorf("%s shows %s", how, s)
		}
	}
	if b.String() != b.GoString() || b.String() != "[keys]" {
		t.Errorf("String is %q, GoString %q", b, b.GoString())
	}
}
