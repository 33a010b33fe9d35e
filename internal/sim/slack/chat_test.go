package slack

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// form calls a method with a form, as most clients do, with the token in the body.
func (a *app) form(method string, args url.Values) (obj, *http.Response) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), http.MethodPost, a.url+"/api/"+method, strings.NewReader(args.Encode()))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return a.do(req)
}

func TestAuthorization(t *testing.T) {
	a := start(t, Options{Scopes: []string{"chat:write"}})
	bot, appToken := a.w.BotToken(), a.w.AppToken()
	for _, c := range []struct{ method, token, want string }{
		{"auth.test", "", "not_authed"},
		{"auth.test", "xoxb-wrong", "invalid_auth"},
		{"auth.test", bot, ""},
		{"auth.test", appToken, ""},
		{"apps.connections.open", bot, "not_allowed_token_type"},
		{"apps.connections.open", appToken, ""},
		{"chat.postMessage", appToken, "not_allowed_token_type"},
		{"users.list", bot, "missing_scope"},
		{"users.destroy", bot, "unknown_method"},
	} {
		got, resp := a.form(c.method, url.Values{"token": {c.token}})
		if str(got, "error") != c.want || resp.StatusCode != http.StatusOK {
			t.Errorf("%s with %q: %v, want %q", c.method, c.token, got, c.want)
		}
		if resp.Header.Get("X-OAuth-Scopes") != "chat:write" {
			t.Errorf("scopes in the header: %q", resp.Header.Get("X-OAuth-Scopes"))
		}
	}
	o := a.refused("missing_scope", "users.info", obj{"user": "U0ALICE"})
	if o["needed"] != "users:read" || o["provided"] != "chat:write" {
		t.Errorf("missing_scope says %v", o)
	}
	for _, c := range a.w.Calls() {
		if s, _ := c.Args["token"].(string); strings.Contains(s, "xoxb") {
			t.Errorf("a token is in the record: %+v", c)
		}
	}
}

func TestPostMessageRefusals(t *testing.T) {
	a := start(t, Options{Relaxed: true, Channels: append(defaultChannels(),
		Channel{ID: "C0OLD", Name: "old", Archived: true, Members: []string{"U0ALICE", BotUserID}},
		Channel{ID: "C0NEWS", Name: "news", ReadOnly: true, Members: []string{"U0ALICE", BotUserID}},
		Channel{ID: "G0BOARD", Name: "board", Private: true, Members: []string{"U0DANA"}})})
	long := strings.Repeat("x", 12_001)
	for _, c := range []struct {
		want string
		args obj
	}{
		{"channel_not_found", obj{"channel": "C0NOWHERE", "text": "x"}},
		{"channel_not_found", obj{"channel": "G0BOARD", "text": "x"}},
		{"not_in_channel", obj{"channel": "C0RANDOM", "text": "x"}},
		{"is_archived", obj{"channel": "C0OLD", "text": "x"}},
		{"restricted_action_read_only_channel", obj{"channel": "C0NEWS", "text": "x"}},
		{"no_text", obj{"channel": "C0OPS"}},
		{"invalid_blocks_format", obj{"channel": "C0OPS", "blocks": "[{"}},
		{"invalid_blocks_format", obj{"channel": "C0OPS", "blocks": obj{}}},
		{"invalid_blocks", obj{"channel": "C0OPS", "blocks": []any{obj{"type": "sparkle"}}}},
		{"markdown_text_conflict", obj{"channel": "C0OPS", "text": "x", "markdown_text": "x"}},
		{"msg_too_long", obj{"channel": "C0OPS", "markdown_text": long}},
		{"thread_not_found", obj{"channel": "C0OPS", "text": "x", "thread_ts": "1.000001"}},
		{"invalid_metadata_format", obj{"channel": "C0OPS", "text": "x", "metadata": "{"}},
		{"invalid_metadata_format", obj{"channel": "C0OPS", "text": "x", "metadata": obj{"event_payload": obj{}, "x": 1}}},
		{"metadata_too_large", obj{"channel": "C0OPS", "text": "x", "metadata": obj{"event_type": "e", "event_payload": obj{"x": long + long}}}},
		{"too_many_attachments", obj{"channel": "C0OPS", "attachments": make([]obj, 101)}},
	} {
		mark := a.w.Mark()
		o := a.refused(c.want, "chat.postMessage", c.args)
		if c.want == "invalid_blocks" {
			m := items(asObj(o["response_metadata"])["messages"])
			if len(m) != 1 || m[0] != "[ERROR] unsupported type: sparkle [json-pointer:/blocks/0/type]" {
				t.Errorf("messages %v", m)
			}
		}
		if s := a.w.Since(mark); len(s) != 0 {
			t.Errorf("%s: refused, but shown: %v", c.want, s)
		}
	}
}

func TestMessageLife(t *testing.T) {
	a := start(t, Options{Relaxed: true})
	meta := obj{"event_type": "op", "event_payload": obj{"op": "1"}}
	// A form, with blocks as a JSON string.
	o, _ := a.form("chat.postMessage", url.Values{
		"token": {a.w.BotToken()}, "channel": {"C0OPS"}, "text": {"first"}, "metadata": {`{"event_type":"op","event_payload":{"op":"1"}}`},
		"blocks": {`[{"type":"section","text":{"type":"mrkdwn","text":"first"}}]`},
	})
	ts := str(o, "ts")
	if o["ok"] != true || len(items(asObj(o["message"])["blocks"])) != 1 {
		t.Fatalf("posted %v", o)
	}
	reply := a.call("chat.postMessage", obj{"channel": "C0OPS", "thread_ts": ts, "text": "second", "metadata": meta})
	deeper := a.call("chat.postMessage", obj{"channel": "C0OPS", "thread_ts": reply["ts"], "text": "third"})
	if asObj(deeper["message"])["thread_ts"] != ts {
		t.Errorf("a reply to a reply lies in %v", asObj(deeper["message"])["thread_ts"])
	}
	a.call("chat.postEphemeral", obj{"channel": "C0OPS", "user": "U0ALICE", "thread_ts": ts, "text": "psst"})
	a.call("chat.update", obj{"channel": "C0OPS", "ts": ts, "text": "changed"})
	a.refused("msg_too_long", "chat.update", obj{"channel": "C0OPS", "ts": ts, "text": strings.Repeat("x", 4001)})
	a.refused("message_not_found", "chat.update", obj{"channel": "C0OPS", "ts": "1.000001", "text": "x"})
	h := items(a.call("conversations.history", obj{"channel": "C0OPS", "include_all_metadata": true})["messages"])
	if len(h) != 1 {
		t.Fatalf("history %v", h)
	}
	m := asObj(h[0])
	if m["text"] != "changed" || m["reply_count"] != 2.0 || len(items(m["blocks"])) != 1 || str(asObj(m["metadata"]), "event_type") != "op" || m["edited"] == nil {
		t.Errorf("history has %v", m)
	}
	replies := a.call("conversations.replies", obj{"channel": "C0OPS", "ts": ts})
	if l := items(replies["messages"]); len(l) != 3 || asObj(l[1])["metadata"] != nil || asObj(l[2])["text"] != "third" {
		t.Errorf("replies %v", l)
	}
	a.call("chat.update", obj{"channel": "C0OPS", "ts": ts, "text": "bare", "blocks": []any{}})
	a.call("reactions.add", obj{"channel": "C0OPS", "timestamp": ts, "name": "eyes"})
	a.refused("already_reacted", "reactions.add", obj{"channel": "C0OPS", "timestamp": ts, "name": "eyes"})
	if l := str(a.call("chat.getPermalink", obj{"channel": "C0OPS", "message_ts": ts}), "permalink"); !strings.HasPrefix(l, a.url) {
		t.Errorf("permalink %s", l)
	}
	a.call("chat.unfurl", obj{"channel": "C0OPS", "ts": ts, "unfurls": obj{"http://x": obj{"text": "preview"}}})
	h = items(a.call("conversations.history", obj{"channel": "C0OPS"})["messages"])
	if m := asObj(h[0]); len(items(m["blocks"])) != 0 || len(items(m["reactions"])) != 1 || len(items(m["attachments"])) != 1 {
		t.Errorf("history has %v", m)
	}
	a.call("chat.delete", obj{"channel": "C0OPS", "ts": ts})
	a.refused("message_not_found", "chat.delete", obj{"channel": "C0OPS", "ts": ts})
}

func TestOthersMessagesAreTheirs(t *testing.T) {
	a := start(t, Options{})
	a.typed("alice", "ops", "", "mine")
	ts := a.w.Since(0)[0].TS
	a.refused("cant_update_message", "chat.update", obj{"channel": "C0OPS", "ts": ts, "text": "x"})
	a.refused("cant_delete_message", "chat.delete", obj{"channel": "C0OPS", "ts": ts})
}

func TestEphemeral(t *testing.T) {
	a := start(t, Options{})
	a.refused("user_not_in_channel", "chat.postEphemeral", obj{"channel": "C0OPS", "user": "U0NOBODY", "text": "x"})
	a.refused("not_in_channel", "chat.postEphemeral", obj{"channel": "C0RANDOM", "user": "U0ALICE", "text": "x"})
	ts := a.call("chat.postEphemeral", obj{"channel": "C0OPS", "user": "U0ALICE", "text": "psst"})["message_ts"]
	a.refused("message_not_found", "chat.update", obj{"channel": "C0OPS", "ts": ts, "text": "x"})
	a.refused("message_not_found", "chat.delete", obj{"channel": "C0OPS", "ts": ts})
	if l := items(a.call("conversations.history", obj{"channel": "C0OPS"})["messages"]); len(l) != 0 {
		t.Errorf("an ephemeral message is in the history: %v", l)
	}
	if s := a.w.Since(0); len(s) != 1 || s[0].Kind != "ephemeral" || s[0].For != "U0ALICE" {
		t.Errorf("shown %+v", s)
	}
}

func TestRateLimits(t *testing.T) {
	a := start(t, Options{})
	burst := func(n int, method string, args obj) *http.Response {
		t.Helper()
		for i := range n {
			if o, _ := a.try(method, args); str(o, "error") == "ratelimited" {
				t.Fatalf("%s: refused at call %d of %d", method, i+1, n)
			}
		}
		o, resp := a.try(method, args)
		if resp.StatusCode != http.StatusTooManyRequests || o["error"] != "ratelimited" || resp.Header.Get("Retry-After") == "" {
			t.Errorf("%s: call %d got %d %v", method, n+1, resp.StatusCode, o)
		}
		return resp
	}
	resp := burst(channelBurst, "chat.postMessage", obj{"channel": "C0OPS", "text": "x"})
	if s := resp.Header.Get("Retry-After"); s != "5" && s != "4" {
		t.Errorf("Retry-After %s", s)
	}
	ts := a.call("chat.postMessage", obj{"channel": "C0TEAMA", "text": "another channel"})["ts"]
	burst(50, "chat.update", obj{"channel": "C0TEAMA", "ts": ts, "text": "y"})
	burst(20, "users.list", nil)
	a.call("users.info", obj{"user": "U0BOB"}) // other methods go on
}

func TestStreams(t *testing.T) {
	a := start(t, Options{})
	parent := a.call("chat.postMessage", obj{"channel": "C0OPS", "text": "go"})["ts"]
	args := obj{"channel": "C0OPS", "thread_ts": parent}
	a.refused("invalid_thread_ts", "chat.startStream", obj{"channel": "C0OPS"})
	a.refused("missing_recipient_user_id", "chat.startStream", args)
	args["recipient_user_id"] = "U0ALICE"
	a.refused("missing_recipient_team_id", "chat.startStream", args)
	args["recipient_team_id"] = TeamID
	ts := a.call("chat.startStream", args)["ts"]
	a.refused("streaming_state_conflict", "chat.update", obj{"channel": "C0OPS", "ts": ts, "text": "x"})
	a.call("chat.appendStream", obj{"channel": "C0OPS", "ts": ts, "markdown_text": strings.Repeat("x", 11_990)})
	a.refused("msg_too_long", "chat.appendStream", obj{"channel": "C0OPS", "ts": ts, "markdown_text": "more than ten"})
	a.refused("invalid_chunks", "chat.appendStream", obj{"channel": "C0OPS", "ts": ts, "chunks": []any{obj{"type": "sparkle"}}})
	a.call("chat.appendStream", obj{"channel": "C0OPS", "ts": ts, "chunks": []any{obj{"type": "blocks", "blocks": []any{section("b")}}}})
	a.call("chat.stopStream", obj{"channel": "C0OPS", "ts": ts})
	a.refused("message_not_in_streaming_state", "chat.stopStream", obj{"channel": "C0OPS", "ts": ts})
	a.call("chat.update", obj{"channel": "C0OPS", "ts": ts, "text": "x"})
}

func TestBlocksValidate(t *testing.T) {
	a := start(t, Options{})
	if o := a.call("blocks.validate", obj{"blocks": []any{section("x")}}); o["valid"] != true {
		t.Errorf("good blocks: %v", o)
	}
	o := a.call("blocks.validate", obj{"view": obj{"type": "modal", "blocks": []any{}}})
	if e := items(o["errors"]); len(e) != 1 || str(asObj(e[0]), "pointer") != "/title" || str(asObj(e[0]), "code") != "missing_field" {
		t.Errorf("a view without title: %v", o)
	}
	if o := a.call("blocks.validate", obj{"message": obj{"blocks": []any{obj{"type": "alert"}}}}); o["valid"] != false {
		t.Errorf("an alert in a message: %v", o)
	}
}

func TestOddBodies(t *testing.T) {
	a := start(t, Options{})
	for _, c := range []struct{ body, want string }{
		{"null", "invalid_auth"}, {"", "invalid_auth"}, {"[]", "invalid_arguments"}, {"{", "invalid_arguments"}, {`{"token":7}`, "invalid_auth"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.url+"/api/chat.postMessage?token=xoxb-wrong", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		if o, _ := a.do(req); o["error"] != c.want {
			t.Errorf("%q: %v, want %s", c.body, o, c.want)
		}
	}
}
