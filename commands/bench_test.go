package commands

import (
	"fmt"
	"testing"
)

// BenchmarkList is what list of 1,000 servers takes beside the cloud's own time; its budget is 20 ms.
func BenchmarkList(b *testing.B) {
	w, env := newWorld()
	for i := range 1000 {
		w.give("U0ALICE", fmt.Sprintf("web-%04d", i))
	}
	for b.Loop() {
		if _, err := Do(b.Context(), env, alice, Line{Text: "list --long", Key: "k"}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUnderstand is the reading of a line before anything is looked up.
func BenchmarkUnderstand(b *testing.B) {
	_, env := newWorld()
	for b.Loop() {
		if _, err := understand(b.Context(), env, alice, read(env, `create web-1 --flavor m1.small --image "Ubuntu 22.04" --for 3d`)); err != nil {
			b.Fatal(err)
		}
	}
}
