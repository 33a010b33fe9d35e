package bot

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
	sim "github.com/stackhand/stackhand/internal/sim/slack"
	"github.com/stackhand/stackhand/internal/sim/slack/blockkit"
)

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// What is private is shown to nobody else, whatever was typed, and cannot be shared.
func TestPrivateAnswersAreForTheAskerAlone(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	root := w.see(w.typed("bob", "#team-a", "", "hello"), "hello")
	for _, c := range []struct{ channel, thread, text string }{
		{"#team-a", "", "/stack url"}, {"#team-a", "", "/stack url --public"}, {"#team-a", root.TS, "@stackhand url --public"}, {"#random", "", "/stack url"},
	} {
		got := w.see(w.typed("alice", c.channel, c.thread, c.text), "token=t0p")
		if got.Kind != "ephemeral" || got.For != "U0ALICE" || strings.Contains(got.Text, "[Share]") {
			t.Errorf("%s in %s: %+v", c.text, c.channel, got)
		}
	}
	got := w.see(w.typed("alice", "@stackhand", "", "url"), "token=t0p")
	if !strings.HasPrefix(got.Channel, "D") || strings.Contains(got.Text, "[Share]") {
		t.Errorf("directly: %+v", got)
	}
	w.until("idle", func() bool { return !w.bot.Busy() })
	for _, s := range w.slack.Since(0) {
		if strings.Contains(s.Text, "t0p") && s.For == "" && !strings.HasPrefix(s.Channel, "D") {
			t.Errorf("everybody saw %+v", s)
		}
	}
	if strings.Contains(w.log.String(), "t0p") {
		t.Error("it is in the log")
	}
}

// A file stands where the server is talked about; elsewhere it goes to the asker, who is told.
func TestAFileIsWhereItBelongs(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	mark := w.typed("bob", "#team-a", "", "/stack create web-1")
	card := w.see(mark, "Create web-1: in progress")
	w.finish(w.lastJob())
	w.see(mark, "(?s)web-1 ACTIVE.*ssh")
	other := w.see(w.typed("bob", "#team-a", "", "hello"), "hello")
	for _, c := range []struct {
		name, channel, thread, text, told string
		there                             bool
	}{
		{"in the server's thread", "#team-a", card.TS, "@stackhand log", "", true},
		{"in another thread", "#team-a", other.TS, "@stackhand log", "console.txt is in our direct messages", false},
		{"in the channel", "#team-a", "", "/stack log", "console.txt is in our direct messages", false},
		{"private in the server's thread", "#team-a", card.TS, "@stackhand dump", "dump.txt is in our direct messages", false},
		{"directly", "@stackhand", "", "log", "", true},
		{"where the bot is not", "#random", "", "/stack log", "console.txt is in our direct messages", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			mark := w.typed("alice", c.channel, c.thread, c.text)
			got := w.see(mark, `\[file (console|dump).txt\]`)
			if !strings.Contains(got.Text, "here it is") && !strings.Contains(got.Text, "A dump") || !strings.Contains(got.Text, "booted fine") && !strings.Contains(got.Text, "only alice's") {
				t.Errorf("the file: %s", got.Text)
			}
			if direct := strings.HasPrefix(got.Channel, "D"); c.there && (got.Thread != c.thread || direct != (c.channel == "@stackhand")) || !c.there && !direct {
				t.Errorf("it is in %s, thread %q", got.Channel, got.Thread)
			}
			if c.told != "" {
				if told := w.see(mark, c.told); told.For != "U0ALICE" {
					t.Errorf("told to %q", told.For)
				}
			}
		})
	}
}

func TestAFileThatSlackDoesNotTakeIsTold(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	w.fault("api", "files.completeUploadExternal", "500")
	w.see(w.typed("alice", "#team-a", "", "/stack log"), "(?s)here it is.*Slack did not take the file console.txt")
}

func TestTheCloudsOwnWordsAreOnePressAway(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	long := strings.Repeat("ä", 3000)
	got := w.see(w.typed("alice", "#team-a", "", "/stack broken "+long), `(?s)No host has room.*Choose a smaller one.*\[What the cloud said\]`)
	if strings.Contains(got.Text, "No valid host") {
		t.Errorf("they stand there at once: %s", got.Text)
	}
	told := w.see(w.clicked("alice", "detail"), "(?s)The cloud's own words:.*No valid host was found. ä.*…")
	if told.Kind != "ephemeral" || told.For != "U0ALICE" {
		t.Errorf("told as %+v", told)
	}
}

func TestTheCloudsOwnWordsOfAJob(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	mark := w.typed("alice", "#team-a", "", "/stack stop web-1")
	id := w.lastJob()
	w.change(id, func(j *stackhand.Job) {
		rest(j)
		j.State = stackhand.JobFailed
		j.Problem = &stackhand.Problem{Kind: stackhand.Failed, Msg: "It does not stop.", Detail: "No valid host was found. <!channel>", Step: "do", Ref: "ab12"}
	})
	w.see(mark, `(?s)alice.*It does not stop.*\[What the cloud said\]`)
	got := w.see(w.clicked("bob", "detail"), "(?s)The cloud's own words on Stop web-1:.*No valid host was found.*ref ab12")
	if got.Kind != "ephemeral" || got.For != "U0BOB" || strings.Contains(got.Raw, "<!channel>") {
		t.Errorf("told as %+v", got)
	}
	rq := &request{user: stackhand.User{ID: "U0BOB", Role: stackhand.Member}, body: body{Place: stackhand.Place{Channel: "C0OPS"}}, log: w.bot.log}
	if r, err := w.bot.detailOf(t.Context(), rq, id); err == nil || strings.Contains(err.Error(), "valid host") {
		t.Errorf("elsewhere: %v %v", r, err)
	}
	rq.user.Role = stackhand.Admin
	if _, err := w.bot.detailOf(t.Context(), rq, id); err != nil {
		t.Errorf("an administrator: %v", err)
	}
	w.change(id, func(j *stackhand.Job) { j.Problem = nil })
	if _, err := w.bot.detailOf(t.Context(), rq, id); stackhand.KindOf(err) != stackhand.NotFound {
		t.Errorf("a job without: %v", err)
	}
}

func TestClipBytesKeepsWholeCharacters(t *testing.T) {
	for _, s := range []string{"", "abc", strings.Repeat("ä", 10), strings.Repeat("漢", 10), strings.Repeat("a", 20)} {
		if got := clipBytes(s, 12); len(got) > 12 || !utf8.ValidString(got) || len(s) <= 12 && got != s || len(s) > 12 && !strings.HasSuffix(got, "…") {
			t.Errorf("%q became %q", s, got)
		}
	}
}

// A table that is wider than the window flows, and nothing of it is lost; fences are whole.
func TestWideTablesFlow(t *testing.T) {
	table := &commands.Table{More: "list --page 2"}
	for c := range 10 {
		table.Columns = append(table.Columns, strings.ToUpper(strings.Repeat("c", c+3)))
	}
	for r := range 60 {
		row := []string{"web-" + string(rune('a'+r%26)) + "*`<!here>", ""}
		for len(row) < 10 {
			row = append(row, strings.Repeat("v", 20))
		}
		table.Rows = append(table.Rows, row)
	}
	var text strings.Builder
	for _, m := range sheetOf(commands.Reply{Text: stackhand.Textf("60 servers"), Table: table}).messages() {
		valid(t, blockkit.Message, m)
		if strings.Contains(m.Text, fence) || strings.Contains(m.Text, "<!here>") {
			t.Errorf("a fence, or a mention: %s", m.Text)
		}
		text.WriteString(m.Text)
	}
	if n := strings.Count(text.String(), "• *web-"); n != 60 || !strings.Contains(text.String(), " · – · vvvv") {
		t.Errorf("%d rows of 60", n)
	}
	for i := range table.Rows {
		table.Rows[i] = table.Rows[i][:4]
	}
	table.Columns = table.Columns[:4]
	for _, m := range sheetOf(commands.Reply{Table: table}).messages() {
		valid(t, blockkit.Message, m)
		for _, b := range m.Blocks {
			if n := strings.Count(string(mustJSON(t, b)), fence); n%2 != 0 {
				t.Errorf("%d fences in a block", n)
			}
		}
	}
}
