package bot

import (
	"encoding/json"
	"strings"
	"testing"

	sim "github.com/stackhand/stackhand/internal/sim/slack"
	"github.com/stackhand/stackhand/internal/sim/slack/blockkit"
)

func TestChoicesAreLookedUpWhileOneTypes(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	mark := w.typed("alice", "#team-a", "", "/stack pick")
	w.see(mark, "Build")
	for _, c := range []struct{ typed, err string }{
		{"xerror", "The cloud does not answer.|Try in a minute."}, {"xboom", "Something went wrong here"}, {"xslow", "Type a letter more"},
	} {
		err := w.slack.Submit("alice", map[string]string{"image": c.typed})
		if err == nil || !strings.Contains(err.Error(), strings.Split(c.err, "|")[len(strings.Split(c.err, "|"))-1]) && !strings.Contains(err.Error(), "Try again") {
			t.Errorf("%s: %v, want %s", c.typed, err, c.err)
		}
	}
	close(w.hold)
	if err := w.slack.Submit("alice", map[string]string{"image": "image@lab Ubuntu of alice", "note": "bad"}); err != nil {
		t.Fatal(err)
	}
	again := w.see(mark, "Note: Not this word")
	if !strings.Contains(again.Text, "[image@lab Ubuntu of alice]") || !strings.Contains(again.Text, "[m1.small]") {
		t.Errorf("what was chosen is lost:\n%s", again.Text)
	}
	if err := w.slack.Submit("alice", map[string]string{"note": "good"}); err != nil {
		t.Fatal(err)
	}
	w.see(mark, "(?s)Build i1 f1: job .* is at work.*You see how it goes in the channel")
	card := w.see(mark, "Build i1 f1: in progress")
	if card.Channel != "C0TEAMA" || card.Kind != "message" {
		t.Errorf("the card: %+v", card)
	}
	w.mem.mu.Lock()
	defer w.mem.mu.Unlock()
	for _, in := range w.mem.history {
		if in.Kind != kindLine && in.Kind != kindSubmit {
			t.Errorf("%s was written down", in.Kind)
		}
	}
}

// An entry that tells only why there is nothing to choose is not taken for a choice.
func TestAnExcuseIsNoChoice(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	mark := w.typed("alice", "#team-a", "", "/stack pick")
	w.see(mark, "Build")
	if err := w.slack.Submit("alice", map[string]string{"image": noChoice + "xerror"}); err == nil {
		t.Error("chosen what is not there")
	}
	if err := w.slack.Submit("alice", map[string]string{"image": "Try in a minute."}); err == nil {
		t.Error("chosen what is not there")
	}
	raw := []byte(`{"type":"view_submission","user":{"id":"U0ALICE"},"view":{"id":"V1","type":"modal","blocks":[{"type":"input","block_id":"image","label":{"type":"plain_text","text":"x"},
		"element":{"type":"external_select","action_id":"image"}}],"state":{"values":{"image":{"image":{"type":"external_select","selected_option":{"value":"` + noChoice + `"}}}}}}}`)
	a, ok := w.bot.readInteractive(raw)
	answer, err := json.Marshal(a.answer)
	if !ok || !a.final || err != nil || !strings.Contains(string(answer), "This is needed.") {
		t.Errorf("submitted: %v %s %v", ok, answer, err)
	}
}

func TestAnswersToSuggestionsAreValid(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	for _, c := range []struct{ kind, typed, user, want string }{
		{"image", "", "U0ALICE", "Ubuntu of alice"}, {"image", "Debian", "U0ALICE", `"i2"`}, {"image", "nothing like it", "U0ALICE", `{"options":[]}`},
		{"image", "xmany", "U0ALICE", "xmany99"}, {"image", "xmany" + strings.Repeat("ä", 80), "U0ALICE", "…"}, {"image", "xboom", "U0ALICE", "not your fault"},
		{"", "x", "U0ALICE", "no longer in use"}, {"image", "x", "U0GUEST", "option_groups"},
	} {
		raw, err := json.Marshal(w.bot.choices(t.Context(), suggestion{user: c.user, kind: c.kind, typed: c.typed}))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range blockkit.ValidateOptions(raw) {
			t.Errorf("%s: %s", c.typed, p)
		}
		if !strings.Contains(string(raw), c.want) || strings.Contains(string(raw), "hidden") || strings.Contains(string(raw), "cut short") {
			t.Errorf("%q: %s", c.typed, raw)
		}
	}
	for range maxLookups {
		w.bot.lookups <- struct{}{}
	}
	raw, err := json.Marshal(w.bot.choices(t.Context(), suggestion{user: "U0ALICE", kind: "image"}))
	if err != nil || !strings.Contains(string(raw), "Too many people") || blockkit.ValidateOptions(raw) != nil {
		t.Errorf("without a place: %s %v", raw, err)
	}
}
