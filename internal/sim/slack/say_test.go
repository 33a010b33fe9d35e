package slack

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestEncode(t *testing.T) {
	a := start(t, Options{})
	for _, c := range []struct {
		typed, message string
		slash          string // "" if it is the same
	}{
		{"a < b & c > d", "a &lt; b &amp; c &gt; d", ""},
		{"@alice hi", "<@U0ALICE> hi", "<@U0ALICE|alice> hi"},
		{"@stackhand list.", "<@U0STACKBOT> list.", "<@U0STACKBOT|stackhand> list."},
		{"for @ops: see #ops", "for <!subteam^S0OPS|@ops>: see <#C0OPS|ops>", ""},
		{"@here @channel @nobody #nowhere", "<!here> <!channel> @nobody #nowhere", ""},
		{"see https://example.org/a?b=1&c=2.", "see <https://example.org/a?b=1&amp;c=2>.", ""},
		{"ping example.com, ok", "ping <http://example.com|example.com>, ok", ""},
		{"mail bob@example.com", "mail <mailto:bob@example.com|bob@example.com>", ""},
		{"`@alice example.com` @bob", "`@alice example.com` <@U0BOB>", "`@alice example.com` <@U0BOB|bob>"},
		{"10.0.0.0/24 web-1.local a@alice", "10.0.0.0/24 web-1.local a@alice", ""},
		{"<!channel>", "&lt;!channel&gt;", ""},
		{"请@alice", "请<@U0ALICE>", "请<@U0ALICE|alice>"},
	} {
		if got := a.w.encode(c.typed, false); got != c.message {
			t.Errorf("%q as a message: %q, want %q", c.typed, got, c.message)
		}
		want := c.slash
		orDefault(&want, c.message)
		if got := a.w.encode(c.typed, true); got != want {
			t.Errorf("%q in a command: %q, want %q", c.typed, got, want)
		}
	}
}

func TestSlashIsForChannelsOnly(t *testing.T) {
	a := start(t, Options{})
	l := a.connect()
	ts := str(a.call("chat.postMessage", obj{"channel": "C0TEAMA", "text": "card"}), "ts")
	for _, c := range []struct{ text, thread, want string }{
		{"/stack list", ts, "/stack cannot be used in message threads"},
		{"/dance", "", "/dance is not a valid command"},
	} {
		mark := a.w.Mark()
		a.typed("alice", "team-a", c.thread, c.text)
		if s := a.w.Since(mark); len(s) != 1 || s[0].Kind != "notice" || s[0].For != "U0ALICE" || !strings.Contains(s[0].Text, c.want) {
			t.Errorf("%s: shown %+v", c.text, s)
		}
	}
	a.typed("alice", "@stackhand", "", "/stack  list ")
	if p := l.take(); p["channel_name"] != "directmessage" || p["channel_id"] != "D0ALICE" || p["text"] != "list" || p["thread_ts"] != nil {
		t.Errorf("a command in the direct message: %v", p)
	}
}

func TestWhoHearsWhat(t *testing.T) {
	a := start(t, Options{})
	l := a.connect()
	a.typed("alice", "team-a", "", "nothing for the bot")
	a.typed("alice", "team-a", "", "@stackhand list")
	p := l.take()
	ev := asObj(p["event"])
	if ev["type"] != "app_mention" || ev["text"] != "<@U0STACKBOT> list" || ev["channel"] != "C0TEAMA" || ev["user"] != "U0ALICE" || ev["ts"] != ev["event_ts"] {
		t.Errorf("event %v", ev)
	}
	if p["team_id"] != TeamID || p["api_app_id"] != AppID || p["event_time"] == nil || len(items(p["authorizations"])) != 1 {
		t.Errorf("payload %v", p)
	}
	a.typed("bob", "team-a", str(ev, "ts"), "@stackhand in the thread")
	if ev := asObj(l.take()["event"]); ev["thread_ts"] == nil || ev["user"] != "U0BOB" {
		t.Errorf("event %v", ev)
	}
	a.typed("alice", "@stackhand", "", "list")
	if ev := asObj(l.take()["event"]); ev["type"] != "message" || ev["channel_type"] != "im" || ev["channel"] != "D0ALICE" || ev["bot_id"] != nil {
		t.Errorf("event %v", ev)
	}
	mark := a.w.Mark()
	a.typed("alice", "random", "", "@stackhand list")
	a.shown(mark, "notice", "You mentioned @stackhand, but they are not in this channel.")
	if a.w.Unacked() != 0 {
		t.Error("the app heard of a channel that it is not in")
	}
}

// An app that listens to messages hears its own, too, and what is changed and deleted.
func TestOwnMessagesComeBack(t *testing.T) {
	a := start(t, Options{Relaxed: true, Events: []string{"message.im", "message.channels"}})
	l := a.connect()
	for _, channel := range []string{"D0ALICE", "C0OPS"} {
		if channel[0] == 'D' {
			a.call("conversations.open", obj{"users": "U0ALICE"})
		}
		ts := a.call("chat.postMessage", obj{"channel": channel, "text": "hello"})["ts"]
		if ev := asObj(l.take()["event"]); ev["bot_id"] != BotID || ev["ts"] != ts || ev["channel"] != channel {
			t.Errorf("posted: %v", ev)
		}
		a.call("chat.update", obj{"channel": channel, "ts": ts, "text": "bye"})
		if ev := asObj(l.take()["event"]); ev["subtype"] != "message_changed" || asObj(ev["message"])["text"] != "bye" {
			t.Errorf("changed: %v", ev)
		}
		a.call("chat.delete", obj{"channel": channel, "ts": ts})
		if ev := asObj(l.take()["event"]); ev["subtype"] != "message_deleted" || ev["deleted_ts"] != ts {
			t.Errorf("deleted: %v", ev)
		}
	}
	a.call("chat.postEphemeral", obj{"channel": "C0OPS", "user": "U0ALICE", "text": "psst"})
	if a.w.Unacked() != 0 {
		t.Error("an ephemeral message was sent as an event")
	}
}

func TestFiles(t *testing.T) {
	a := start(t, Options{})
	l := a.connect()
	if err := a.w.TypeWithFile("alice", "@stackhand", "", "create web-1", "../user data.txt", []byte("#cloud-config\n")); err != nil {
		t.Fatal(err)
	}
	ev := asObj(l.take()["event"])
	f := asObj(items(ev["files"])[0])
	if ev["subtype"] != "file_share" || f["name"] != "user_data.txt" || f["size"] != 14.0 || !strings.HasPrefix(str(f, "mimetype"), "text/plain") {
		t.Fatalf("event %v", ev)
	}
	for token, want := range map[string]string{"": "not authorized\n", a.w.BotToken(): "#cloud-config\n"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, str(f, "url_private_download"), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := a.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || string(body) != want {
			t.Errorf("read %q (%v), want %q", body, err, want)
		}
	}
	if got := asObj(a.call("files.info", obj{"file": f["id"]})["file"]); got["user"] != "U0ALICE" {
		t.Errorf("info %v", got)
	}
}

func TestUpload(t *testing.T) {
	a := start(t, Options{})
	a.refused("missing_argument", "files.getUploadURLExternal", nil)
	a.refused("invalid_arguments", "files.getUploadURLExternal", obj{"filename": "x"})
	a.refused("file_not_found", "files.info", obj{"file": "F0NONE"})
	o := a.call("files.getUploadURLExternal", obj{"filename": "a.log", "length": 4})
	share := obj{"files": []any{obj{"id": o["file_id"], "title": "The log"}}, "channel_id": "C0OPS", "initial_comment": "Look"}
	a.refused("file_not_found", "files.completeUploadExternal", share)
	put := func(body string) int {
		resp, err := a.http.Post(str(o, "upload_url"), "application/octet-stream", strings.NewReader(body)) //nolint:noctx // a test
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	if status := put("too long"); status != http.StatusBadRequest {
		t.Errorf("a wrong length: %d", status)
	}
	if status := put("boot"); status != http.StatusOK {
		t.Errorf("the right length: %d", status)
	}
	if status := put("boot"); status != http.StatusNotFound {
		t.Errorf("a second time: %d", status)
	}
	a.call("files.completeUploadExternal", share)
	if s := a.w.Since(0); len(s) != 1 || s[0].Kind != "file" || s[0].Text != "Look\n[file a.log]\nboot" {
		t.Errorf("shown %+v", s)
	}
}

func TestTypingMistakes(t *testing.T) {
	a := start(t, Options{Channels: append(defaultChannels(), Channel{ID: "C0NEWS", Name: "news", ReadOnly: true, Members: []string{"U0ALICE", "U0DANA"}})})
	for _, c := range []struct{ user, channel, thread, text, want string }{
		{"nobody", "team-a", "", "x", `nobody here is called "nobody"`},
		{"stackhand", "team-a", "", "x", `nobody here is called "stackhand"`},
		{"alice", "team-z", "", "x", `there is no channel "team-z"`},
		{"bob", "news", "", "x", "bob is not in #news"},
		{"alice", "news", "", "x", "only admins can post in #news"},
		{"alice", "team-a", "1.2", "x", "there is no thread 1.2 in #team-a"},
		{"alice", "team-a", "", " ", "there is nothing to send"},
	} {
		if err := a.w.Type(c.user, c.channel, c.thread, c.text); err == nil || err.Error() != c.want {
			t.Errorf("%+v: got %v", c, err)
		}
	}
	if err := a.w.Type("dana", "#news", "", "x"); err != nil {
		t.Errorf("an admin: %v", err)
	}
}
