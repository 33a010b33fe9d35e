import assert from "node:assert/strict";
import { test } from "node:test";
import { parse, parsePlain, plain, unescape } from "../page/mrkdwn.js";

const text = (value) => ({ type: "text", text: value });

const cases = [
  ["plain words", "hello there", [text("hello there")]],
  ["bold, italic, strike", "*a* _b_ ~c~", [{ type: "bold", children: [text("a")] }, text(" "), { type: "italic", children: [text("b")] }, text(" "), { type: "strike", children: [text("c")] }]],
  ["nested styles", "*a _b_*", [{ type: "bold", children: [text("a "), { type: "italic", children: [text("b")] }] }]],
  ["a star in a word is a star", "2*3*4 a_b_c", [text("2*3*4 a_b_c")]],
  ["a style needs its text close by", "* a * and *b *", [text("* a * and *b *")]],
  ["an unclosed style is text", "*a", [text("*a")]],
  ["a style does not end inside a word", "*a*b _c_d", [text("*a*b _c_d")]],
  ["two marks are no style", "**a**", [text("**a**")]],
  ["a style with punctuation around it", "(*a*), *b*.", [text("("), { type: "bold", children: [text("a")] }, text("), "), { type: "bold", children: [text("b")] }, text(".")]],
  ["code keeps its marks", "`*a* &lt;b&gt;`", [{ type: "code", text: "*a* <b>" }]],
  ["empty code is text", "``", [text("``")]],
  ["a style does not end inside code", "*a `*` b*", [{ type: "bold", children: [text("a "), { type: "code", text: "*" }, text(" b")] }]],
  ["a code block", "see\n```\na\n *b*\n```\nend", [text("see"), { type: "pre", text: "a\n *b*" }, text("end")]],
  ["an address in code shows its label", "`ping <http://web-1.com|web-1.com>`", [{ type: "code", text: "ping web-1.com" }]],
  ["an unclosed block is text", "```a", [text("```a")]],
  ["entities", "a &amp; b &lt;c&gt; &nbsp;", [text("a & b <c> &nbsp;")]],
  ["an escaped mention is no mention", "&lt;@U0BOB&gt;", [text("<@U0BOB>")]],
  ["twice escaped stays once escaped", "&amp;lt;b&amp;gt;", [text("&lt;b&gt;")]],
  ["link with label", "<https://x.org/?a=1&amp;b=2|the <doc>", [{ type: "link", url: "https://x.org/?a=1&b=2", children: [text("the <doc")] }]],
  ["link without label", "<https://x.org>", [{ type: "link", url: "https://x.org", children: [text("https://x.org")] }]],
  ["mail address", "<mailto:a@b.org|a@b.org>", [{ type: "link", url: "mailto:a@b.org", children: [text("a@b.org")] }]],
  ["bare address without its full stop", "see https://x.org/a_b_c.", [text("see "), { type: "link", url: "https://x.org/a_b_c", children: [text("https://x.org/a_b_c")] }, text(".")]],
  ["people", "<@U0BOB> <@U0X|eve>", [{ type: "user", id: "U0BOB", label: undefined }, text(" "), { type: "user", id: "U0X", label: "eve" }]],
  ["channel", "<#C0OPS|ops> <#C0OPS>", [{ type: "channel", id: "C0OPS", label: "ops" }, text(" "), { type: "channel", id: "C0OPS", label: undefined }]],
  ["group and everybody", "<!subteam^S0OPS> <!here>", [{ type: "usergroup", id: "S0OPS", label: undefined }, text(" "), { type: "broadcast", range: "here" }]],
  ["date", "<!date^1795250000^{date} at {time}^https://x.org|then>", [{ type: "date", unix: "1795250000", format: "{date} at {time}", url: "https://x.org", fallback: "then" }]],
  ["what is no reference is text", "a <b> c <", [text("a <b> c <")]],
  ["emoji", "ok :white_check_mark: 10:30:15", [text("ok "), { type: "emoji", name: "white_check_mark" }, text(" 10"), { type: "emoji", name: "30" }, text("15")]],
  ["quote", "> a\n&gt; *b*\nc", [{ type: "quote", children: [text("a"), { type: "break" }, { type: "bold", children: [text("b")] }] }, text("c")]],
  ["quote to the end", "a\n>>> b\nc", [text("a"), { type: "quote", children: [text("b"), { type: "break" }, text("c")] }]],
  ["list", "• a\n- b\nc", [{ type: "list", ordered: false, start: 1, items: [[text("a")], [text("b")]] }, text("c")]],
  ["numbered list", "3. a\n4. b", [{ type: "list", ordered: true, start: 3, items: [[text("a")], [text("b")]] }]],
  ["a negative number is no list", "-5 degrees", [text("-5 degrees")]],
  ["lines", "a\n\nb", [text("a"), { type: "break" }, { type: "break" }, text("b")]],
  ["nothing", "", []],
  ["no text at all", undefined, []],
];

for (const [name, source, want] of cases) {
  test(`mrkdwn: ${name}`, () => assert.deepEqual(parse(source), want));
}

test("unescape undoes each entity once", () => assert.equal(unescape("&amp;amp; &lt;&gt;"), "&amp; <>"));

test("plain_text knows emoji and nothing else", () => {
  assert.deepEqual(parsePlain("*a* :rocket: <@U0BOB>"), [text("*a* "), { type: "emoji", name: "rocket" }, text(" <@U0BOB>")]);
  assert.deepEqual(parsePlain(":rocket:", false), [text(":rocket:")]);
});

test("plain reads a message aloud", () => {
  const names = { user: () => "bob", channel: () => undefined, group: () => "ops-team" };
  const source = "*Hi* <@U0BOB> in <#C0OPS|ops>, <!subteam^S0OPS> <!here>\n• one\n<!date^1^{date}|1970>";
  assert.equal(plain(parse(source), names), "Hi @bob in #ops, @ops-team @here\n• one\n1970");
});

test("no input breaks the parser, and none loses its words", () => {
  const pieces = ["*", "_", "~", "`", "```", ">", ">>>", "|", "&lt;", "&amp;", "\n", " ", "a", "b", ":", "ok:", "@U", "https://x.org", "- ", "• "];
  const letters = (text) => text.replace(/[^a-z]/g, "");
  let seed = 7;
  const next = () => (seed = (seed * 1103515245 + 12345) % 2147483648) >> 8;
  for (let round = 0; round < 5000; round += 1) {
    const source = Array.from({ length: 1 + (next() % 14) }, () => pieces[next() % pieces.length]).join("");
    assert.equal(letters(plain(parse(source))), letters(unescape(source)), JSON.stringify(source));
  }
});

test("no half-open reference breaks the parser", () => {
  for (const whole of ["<@U0BOB|b>", "<#C0OPS|ops>", "<!date^1^{date}|x>", "<https://x.org|x>", "<!subteam^S0>", "```a```", "*b*"]) {
    for (let end = 0; end <= whole.length; end += 1) assert.equal(typeof plain(parse(`${whole.slice(0, end)}*x*`)), "string");
  }
});
