import assert from "node:assert/strict";
import { test } from "node:test";
import { readPermalink, readRoute, writeRoute } from "../page/route.js";
import { compareTS, Store } from "../page/store.js";

const users = [{ id: "U0ALICE", name: "alice", tz: "Europe/Berlin" }, { id: "U0BOB", name: "bob" }, { id: "U0BOT", name: "stackhand", bot: true }];
const channels = [{ id: "C1", name: "team-a", members: [] }, { id: "D1", name: "@alice", is_dm: true, with: "U0ALICE", members: ["U0ALICE", "U0BOT"] }];
const say = (ts, more = {}) => ({ channel: "C1", user: "U0BOB", text: "hi", ts: `${ts}.000100`, ...more });

function memory() {
  const kept = new Map();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
}

function store(messages = [], kept = memory()) {
  const made = new Store(kept);
  made.load({ team: "T", bot: { id: "U0BOT", name: "stackhand" }, users, channels, messages, views: [], seq: 5 }, "U0ALICE");
  return made;
}

const stamps = (list) => list.map((item) => item.ts.split(".")[0]);

test("messages stand in order, replies in their thread, broadcasts in both", () => {
  const one = store([say(30), say(10), say(20, { thread_ts: "10.000100" }), say(25, { thread_ts: "10.000100", broadcast: true })]);
  assert.deepEqual(stamps(one.timeline("C1")), ["10", "25", "30"]);
  assert.deepEqual(stamps(one.thread("C1", "10.000100")), ["10", "20", "25"]);
  assert.equal(one.replies(one.timeline("C1")[0]).count, 2);
});

test("events add, change and remove", () => {
  const one = store([say(10)]);
  one.apply({ type: "message", message: say(20) });
  one.apply({ type: "update", message: say(10, { text: "changed", edited: true }) });
  assert.equal(one.timeline("C1")[0].text, "changed");
  one.apply({ type: "ephemeral", message: say(30) });
  assert.equal(one.timeline("C1")[2].ephemeral, true);
  one.apply({ type: "delete", channel: "C1", ts: "20.000100" });
  assert.deepEqual(stamps(one.timeline("C1")), ["10", "30"]);
  one.apply({ type: "message", message: say(40, { thread_ts: "10.000100" }) });
  assert.equal(one.replies(one.timeline("C1")[0]).count, 1);
  one.apply({ type: "delete", channel: "C1", ts: "40.000100" });
  assert.equal(one.replies(one.timeline("C1")[0]).count, 0);
  one.apply({ type: "invention" });
  one.apply({ type: "channel", channel: { id: "C1", name: "renamed" } });
  assert.equal(one.channel("C1").name, "renamed");
});

test("a notice stays where it came, before what is said later", () => {
  const one = store([say(10)]);
  one.apply({ type: "notice", text: "no answer", channel: "C1", thread: "", seq: 6 });
  one.apply({ type: "message", message: say(20) });
  assert.deepEqual(one.timeline("C1").map((item) => (item.notice ? "notice" : item.ts)), ["10.000100", "notice", "20.000100"]);
  assert.equal(one.thread("C1", "10.000100").length, 1);
});

test("views pile up, change in place, and go", () => {
  const one = store();
  one.apply({ type: "view", view: { id: "V1", type: "modal" } });
  one.apply({ type: "view", view: { id: "V2", type: "modal" } });
  one.apply({ type: "view", view: { id: "V1", type: "modal", hash: "new" } });
  assert.deepEqual(one.views.map((view) => view.id), ["V1", "V2"]);
  one.apply({ type: "view_closed", id: "V2" });
  assert.equal(one.views.at(-1).hash, "new");
  one.apply({ type: "home", view: { id: "H1", type: "home" } });
  assert.equal(one.home.id, "H1");
});

test("unread: others' messages count until seen, mentions and threads that mention want attention", () => {
  const kept = memory();
  const one = store([say(10), say(20, { user: "U0ALICE" }), say(30, { text: "<@U0ALICE> done", thread_ts: "10.000100" }), say(40, { thread_ts: "10.000100" })], kept);
  assert.deepEqual(one.unread("C1"), { count: 2, wanted: 1 });
  one.markRead("C1");
  assert.deepEqual(one.unread("C1"), { count: 1, wanted: 1 });
  assert.ok(one.unreadThread(one.timeline("C1")[0]));
  one.markRead("C1", "10.000100");
  assert.deepEqual(one.unread("C1"), { count: 0, wanted: 0 });
  assert.ok(!one.unreadThread(one.timeline("C1")[0]));
  assert.deepEqual(store([say(10), say(50)], kept).unread("C1"), { count: 1, wanted: 0 });
});

test("unread: all that the app says in a direct message wants attention", () => {
  assert.deepEqual(store([say(10, { channel: "D1", user: "U0BOT" })]).unread("D1"), { count: 1, wanted: 1 });
});

test("the partner of a direct message is the other one, and programs are no people", () => {
  const one = store();
  assert.equal(one.partner(one.channel("D1")).name, "stackhand");
  assert.equal(one.partner(one.channel("C1")), undefined);
  assert.deepEqual(one.people().map((user) => user.name), ["alice", "bob"]);
});

test("the simulator's clock may run ahead", () => {
  const later = Math.floor(Date.now() / 1000) + 7200;
  assert.ok(store([say(later)]).now().getTime() >= later * 1000);
});

test("time stamps are compared whole", () => {
  assert.ok(compareTS("1732158000.000100", "1732158000.000099") > 0);
  assert.ok(compareTS("9.1", "10.000000") < 0);
  assert.equal(compareTS("10.1", "10.100000"), 0);
});

test("routes are read as they were written", () => {
  for (const route of [{ user: "U0ALICE", channel: "C1", thread: "10.000100", tab: "" }, { user: "U0ALICE", channel: "D1", thread: "", tab: "home" }, { user: "", channel: "", thread: "", tab: "" }]) {
    assert.deepEqual(readRoute(writeRoute(route)), route);
  }
  assert.equal(readRoute("#main").user, "");
  assert.equal(readRoute("#/%E0%A4%A/x").channel, "x");
  assert.deepEqual(readPermalink("?channel=C1&ts=20.1&thread_ts=10.1"), { user: "", channel: "C1", thread: "10.1", tab: "" });
});
