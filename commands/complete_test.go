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

// TestCompleteNouns finds things of every kind that a form can let people search for.
func TestCompleteNouns(t *testing.T) {
	w, env := newWorld()
	furnish(w)
	for search, want := range map[string]struct{ typed, id string }{
		"network": {"inn", "n-inner"}, "subnet": {"10.9", "s-other"}, "router": {"ed", "r-edge"}, "port": {"spa", "p-spare"},
		"security group": {"web", "g-web"}, "floating ip": {"203.0.113.9", "f-free"}, "key pair": {"lap", "laptop"},
		"volume": {"data", "v-data"}, "volume snapshot": {"night", "x-night"}, "server": {"web-1", "srv-web-1U0ALICE"},
	} {
		all, err := Complete(t.Context(), env, alice, search, want.typed)
		if err != nil || len(all) != 1 || all[0].Value != want.id {
			t.Errorf("%s %q: %v, %v", search, want.typed, all, err)
		}
	}
	if len(choices) != 12 {
		t.Errorf("%d kinds of choices", len(choices))
	}
}
