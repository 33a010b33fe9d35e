package commands

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
)

func TestComplete(t *testing.T) {
	_, env := newWorld()
	of := func(search, typed string) []string {
		t.Helper()
		all, err := Complete(t.Context(), env, alice, search, typed)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, o := range all {
			out = append(out, o.Value)
		}
		return out
	}
	if diff := cmp.Diff([]string{"i-jammy"}, of("image", "ubuntu 2")); diff != "" {
		t.Error(diff)
	}
	if all, some := of("flavor@lab", ""), of("flavor@lab", "small"); len(some) == 0 || len(some) >= len(all) {
		t.Errorf("%v of %v", some, all)
	}
	for _, search := range []string{"", "nonsense", "image@elsewhere"} {
		if _, err := Complete(t.Context(), env, alice, search, ""); stackhand.KindOf(err) == "" {
			t.Errorf("%q: no error", search)
		}
	}
	if _, err := Complete(t.Context(), env, guest, "image", ""); stackhand.KindOf(err) != stackhand.Invalid {
		t.Errorf("a guest: %v", err)
	}
	if _, err := Complete(t.Context(), env, bob, "image", ""); stackhand.KindOf(err) != stackhand.Unauthorized {
		t.Errorf("not logged in: %v", err)
	}
}
