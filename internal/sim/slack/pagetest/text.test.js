import assert from "node:assert/strict";
import { test } from "node:test";
import { root, world } from "./fakedom.js";
import { ago, dayTitle, formatDate } from "../page/dates.js";
import { safeURL } from "../page/dom.js";
import { emoji, fromCodepoints } from "../page/emoji.js";
import { parseMarkdown } from "../page/markdown.js";
import { renderRichText } from "../page/richtext.js";
import { plainText, renderNodes, renderText } from "../page/text.js";

const draw = (text) => root(renderText({ type: "mrkdwn", text }, world));
const markdown = (text) => root(renderNodes(parseMarkdown(text), world));
const now = new Date("2026-11-21T10:00:00Z");
const at = Date.parse("2026-11-21T20:05:00Z") / 1000;

test("a dangerous address is shown, not linked", () => {
  for (const address of ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "//evil.org", "file:///etc/passwd"]) {
    assert.equal(safeURL(address), "", address);
  }
  const node = draw("<javascript:alert(1)|press me>");
  assert.equal(node.find("a").length, 0);
  assert.equal(node.textContent, "press me");
  for (const address of ["https://x.org", "http://x.org", "mailto:a@b.org", "/ui/files/F1"]) assert.equal(safeURL(address), address);
});

test("markup in a message stays text", () => {
  const node = draw("&lt;img src=x onerror=alert(1)&gt; <b>");
  assert.equal(node.textContent, "<img src=x onerror=alert(1)> <b>");
  assert.equal(node.find("img").length + node.find("b").length, 0);
});

test("links open elsewhere and tell nothing", () => {
  const [link] = draw("<https://x.org|x>").find("a");
  assert.deepEqual(link.attributes, { href: "https://x.org", target: "_blank", rel: "noopener noreferrer" });
});

test("mentions have names, one's own stands out", () => {
  const [me, bob] = draw("<@U0ALICE> <@U0BOB>").find("span");
  assert.equal(me.attributes.class, "mention mention-me");
  assert.equal(bob.attributes.class, "mention");
  assert.equal(bob.textContent, "@bob");
  assert.equal(draw("<@U0X> <#C0OPS> <!subteam^S0OPS> <!channel>").textContent, "@U0X #ops @ops-team @channel");
});

test("known emoji are drawn with a name, unknown ones stay", () => {
  const [drawn] = draw(":white_check_mark:").find("span");
  assert.equal(drawn.textContent, "✅");
  assert.equal(drawn.attributes["aria-label"], "white check mark");
  assert.equal(draw(":nonsense:").textContent, ":nonsense:");
  assert.equal(emoji("wave::skin-tone-3"), "👋");
  assert.equal(fromCodepoints("1f469-200d-1f4bb"), "👩‍💻");
  assert.equal(fromCodepoints("zz"), undefined);
  assert.equal(plainText({ type: "plain_text", text: ":rocket: go" }), "🚀 go");
});

const dates = [
  ["{date_num} {time}", "Europe/Berlin", "2026-11-21 9:05 PM"],
  ["{date} at {time_secs}", "Etc/UTC", "November 21, 2026 at 8:05:00 PM"],
  ["{date_short}", "Asia/Shanghai", "Nov 22, 2026"],
  ["{date_long}", "Asia/Shanghai", "Sunday, November 22, 2026"],
  ["{date_short_pretty} at {time}", "Europe/Berlin", "today at 9:05 PM"],
  ["{date_pretty}", "Asia/Shanghai", "tomorrow"],
  ["{date_slash} {ago}", "Etc/UTC", "11/21/2026 in 10 hours"],
  ["{day_divider_pretty}", "Etc/UTC", "today"],
  ["ends {date_long_pretty}", "Etc/UTC", "ends today"],
  ["{nonsense}", "Etc/UTC", "fallback"],
];
for (const [format, zone, want] of dates) {
  test(`date ${format} in ${zone}`, () => assert.equal(formatDate(at, format, "fallback", { zone, now, locale: "en-US" }).replaceAll("\u202f", " "), want));
}

test("dates that are none fall back", () => {
  assert.equal(formatDate("soon", "{date}", "then", { now }), "then");
  assert.equal(formatDate("", "{date}", "then", { now }), "then");
  assert.equal(formatDate(at, "{date_num}", "x", { zone: "No/Where", now }), "2026-11-21");
});

test("a date begins a line with a capital, and only there", () => {
  const source = `<!date^${at}^{date_pretty}|x>, yours until <!date^${at}^{date_pretty}|x>`;
  assert.equal(draw(source).textContent, "Today, yours until today");
  const [time] = draw(source).find("time");
  assert.equal(time.attributes.datetime, "2026-11-21T20:05:00.000Z");
});

test("days and distances", () => {
  assert.equal(dayTitle(now, "Etc/UTC", now), "Today");
  assert.equal(dayTitle(new Date("2026-11-20T10:00:00Z"), "Etc/UTC", now), "Yesterday");
  assert.equal(ago(new Date("2026-11-21T09:57:00Z"), now, "en"), "3 minutes ago");
  assert.equal(ago(new Date("2026-11-23T10:00:00Z"), now, "en"), "in 2 days");
});

test("markdown: headings, styles, links", () => {
  const node = markdown("# Plan\n**a** and *b*, ~~c~~ `d` [e](https://x.org) snake_case_name a_b_ c");
  assert.equal(node.find("h3")[0].textContent, "Plan");
  assert.equal(node.find("strong")[0].textContent, "a");
  assert.equal(node.find("em").length, 1); // and none inside of names
  assert.equal(node.find("s")[0].textContent, "c");
  assert.equal(node.find("a")[0].attributes.href, "https://x.org");
  assert.match(node.textContent, /snake_case_name/);
});

test("markdown: nested and task lists", () => {
  const node = markdown("- [x] a\n- [ ] b\n  1. c\n  2. d\n\n3. e");
  const [outer] = node.find("ul");
  assert.equal(outer.children.length, 2);
  assert.equal(outer.find("ol")[0].children.length, 2);
  assert.deepEqual(node.find("input").map((box) => box.attributes["aria-label"]), ["done", "open"]);
  assert.equal(node.find("ol").at(-1).attributes.start, "3");
});

test("markdown: tables, quotes, code, rules", () => {
  const node = markdown("| a | b |\n|:-:|--:|\n| 1 | x \\| y |\n\n> *q*\n\n```go\n# no heading\n```\n***");
  assert.deepEqual(node.find("td").map((cell) => [cell.textContent, cell.attributes.class]), [["1", "align-center"], ["x | y", "align-right"]]);
  assert.equal(node.find("blockquote")[0].find("em")[0].textContent, "q");
  assert.equal(node.find("pre")[0].textContent, "# no heading");
  assert.equal(node.find("hr").length, 1);
});

test("markdown: an unclosed fence runs to the end", () => assert.equal(markdown("```\na\nb").find("pre")[0].textContent, "a\nb"));

test("rich text: every kind of element leaves its words", () => {
  const inline = [
    { type: "text", text: "a\nb", style: { bold: true, italic: true } }, { type: "text", text: "c", style: { code: true } },
    { type: "link", url: "https://x.org" }, { type: "emoji", name: "tada" }, { type: "emoji", name: "odd", unicode: "1f9ff" },
    { type: "user", user_id: "U0BOB" }, { type: "usergroup", usergroup_id: "S0OPS" }, { type: "channel", channel_id: "C0OPS" },
    { type: "team", team_id: "T1" }, { type: "broadcast", range: "here" }, { type: "color", value: "#ff8800" },
    { type: "date", timestamp: at, format: "{date_pretty}", fallback: "x" }, { type: "tag", text: "t" }, { type: "hologram", label: "h" },
  ];
  const node = root(renderRichText([{ type: "rich_text_section", elements: inline }], world));
  assert.equal(node.textContent, "abchttps://x.org🎉🧿@bob@ops-team#ops@T1@here#ff8800Todayth");
  assert.equal(node.find("strong")[0].find("em")[0].find("br").length, 1);
});

test("rich text: lists, quotes, code", () => {
  const item = (text) => ({ type: "rich_text_section", elements: [{ type: "text", text }] });
  const node = root(renderRichText([
    { type: "rich_text_list", style: "ordered", offset: 2, elements: [item("a")] },
    { type: "rich_text_list", style: "bullet", indent: 1, border: 1, elements: [item("b")] },
    { type: "rich_text_quote", elements: [{ type: "text", text: "q" }] },
    { type: "rich_text_preformatted", elements: [{ type: "text", text: "$ ls" }] },
  ], world));
  assert.equal(node.find("ol")[0].attributes.start, "3");
  assert.equal(node.find("ul")[0].attributes.class, "indent-1 bordered");
  assert.equal(node.find("blockquote")[0].textContent, "q");
  assert.equal(node.find("pre")[0].textContent, "$ ls");
});
