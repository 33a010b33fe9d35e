import assert from "node:assert/strict";
import { test } from "node:test";
import { root, surface } from "./fakedom.js";
import { renderBlocks } from "../page/blocks.js";
import { ticks, tidy } from "../page/charts.js";
import { isEmpty, toChoices } from "../page/inputs.js";
import { compareKeys, sortKey } from "../page/tables.js";
import { sizeText } from "../page/files.js";
import { initials } from "../page/people.js";

const plain = (text) => ({ type: "plain_text", text });
const mrkdwn = (text) => ({ type: "mrkdwn", text });
const raw = (text) => ({ type: "raw_text", text });
const option = (value) => ({ text: plain(value.toUpperCase()), value });

function draw(...blocks) {
  const place = surface();
  return { node: root(renderBlocks(blocks, place)), log: place.log };
}

const words = [
  ["section", { type: "section", text: mrkdwn("*a*"), fields: [mrkdwn("b"), plain("c")] }, "abc"],
  ["header", { type: "header", text: plain("h :rocket:") }, "h 🚀"],
  ["context", { type: "context", elements: [mrkdwn("_a_"), plain("b")] }, "ab"],
  ["rich_text", { type: "rich_text", elements: [{ type: "rich_text_section", elements: [{ type: "text", text: "a" }] }] }, "a"],
  ["markdown", { type: "markdown", text: "**a**" }, "a"],
  ["alert", { type: "alert", level: "error", text: plain("a") }, "✕a"],
  ["card", { type: "card", title: mrkdwn("t"), subtitle: mrkdwn("s"), body: mrkdwn("b"), subtext: mrkdwn("u") }, "tsbu"],
  ["carousel", { type: "carousel", elements: [{ title: mrkdwn("one") }, { title: mrkdwn("two") }] }, "onetwo"],
  ["container", { type: "container", title: plain("t"), child_blocks: [{ type: "header", text: plain("h") }] }, "th"],
  ["layout", { type: "layout", label: "l", is_label_visible: true, rows: [{ items: [{ block: { type: "header", text: plain("h") } }] }] }, "lh"],
  ["plan", { type: "plan", title: "p", tasks: [{ title: "a", status: "complete" }] }, "p● a (complete)"],
  ["file", { type: "file", external_id: "F1", source: "remote" }, "📄 File F1 (remote)"],
  ["video", { type: "video", title: plain("v"), video_url: "https://x.org/v", provider_name: "P" }, "▶ vP"],
  ["image from elsewhere", { type: "image", image_url: "https://x.org/i.png", alt_text: "alt", title: plain("t") }, "t🖼 alt"],
  ["table", { type: "table", rows: [[raw("h")], [{ type: "raw_number", value: 3 }]] }, "h3"],
];
for (const [name, block, want] of words) {
  test(`block ${name}`, () => assert.equal(draw(block).node.textContent, want));
}

test("an image of this host is drawn, one from elsewhere is not loaded", () => {
  assert.equal(draw({ type: "image", image_url: "/ui/files/F1", alt_text: "a" }).node.find("img").length, 1);
  const { node } = draw({ type: "image", image_url: "https://x.org/i.png", alt_text: "a" });
  assert.equal(node.find("img").length, 0);
  assert.equal(node.find("a")[0].attributes.href, "https://x.org/i.png");
});

test("what is unknown or broken is shown with its JSON and harms nothing else", () => {
  const { node } = draw({ type: "hologram", depth: 3 }, { type: "constructor" }, null, { type: "actions", elements: [{ type: "dial", action_id: "d" }] }, { type: "header", text: plain("fine") });
  const boxes = node.find("details");
  assert.deepEqual(boxes.map((box) => box.find("summary")[0].textContent), ["hologram", "constructor", "no type", "dial"].map((type) => `Not drawn here: ${type}`));
  assert.match(boxes[0].textContent, /"depth": 3/);
  assert.equal(node.find("h3")[0].textContent, "fine");
});

test("a malformed block does not take the others along", () => {
  const error = console.error;
  console.error = () => {};
  try {
    const { node } = draw({ type: "table", rows: 7 }, { type: "header", text: plain("fine") });
    assert.match(node.textContent, /Not drawn here: table.*fine/s);
  } finally {
    console.error = error;
  }
});

test("a button sends its value once, and can be a link", async () => {
  const { node, log } = draw({ type: "actions", block_id: "b", elements: [{ type: "button", action_id: "go", value: "7", style: "danger", text: plain("Go"), accessibility_label: "Go there" }, { type: "button", action_id: "doc", url: "https://x.org", text: plain("Doc") }] });
  const [button] = node.find("button");
  assert.equal(button.attributes.class, "btn danger");
  assert.equal(button.attributes["aria-label"], "Go there");
  await button.dispatch("click");
  await node.find("a")[0].dispatch("click");
  assert.deepEqual(log, [["act", "b", "go", { value: "7" }], ["act", "b", "doc", { value: undefined }]]);
});

test("a button whose address is dangerous leads nowhere", () => {
  const { node } = draw({ type: "actions", elements: [{ type: "button", action_id: "x", url: "javascript:alert(1)", text: plain("X") }] });
  assert.equal(node.find("a")[0].attributes.href, undefined);
});

test("inputs report what was filled in beforehand, and what is typed", async () => {
  const input = (id, element) => ({ type: "input", block_id: id, label: plain(id), element: { action_id: "a", ...element } });
  const { node, log } = draw(
    input("text", { type: "plain_text_input", initial_value: "x" }), input("number", { type: "number_input", is_decimal_allowed: false }),
    input("radio", { type: "radio_buttons", options: [option("y"), option("z")], initial_option: option("z") }),
    input("date", { type: "datepicker", initial_date: "2026-11-21" }), input("when", { type: "datetimepicker", initial_date_time: 1795250000 }),
    input("people", { type: "multi_users_select", initial_users: ["U0BOB"] }), input("flavor", { type: "static_select", options: [option("y")] }),
  );
  assert.deepEqual(log.map(([, block, , state]) => [block, state]), [
    ["text", { type: "plain_text_input", value: "x" }],
    ["radio", { type: "radio_buttons", selected_option: option("z") }],
    ["date", { type: "datepicker", selected_date: "2026-11-21" }],
    ["when", { type: "datetimepicker", selected_date_time: 1795250000 }],
    ["people", { type: "multi_users_select", selected_users: ["U0BOB"] }],
  ]);
  log.length = 0;
  const [text, number] = node.find("input");
  text.value = "";
  await text.dispatch("input");
  number.value = "4";
  await number.dispatch("input");
  assert.deepEqual(log.map((entry) => entry[3]), [{ type: "plain_text_input", value: null }, { type: "number_input", value: "4" }]);
});

test("labels name their inputs, and hints describe them", () => {
  const { node } = draw({ type: "input", block_id: "b", label: plain("Name"), hint: plain("short"), optional: true, element: { type: "plain_text_input", action_id: "n", max_length: 9 } });
  const [label] = node.find("label");
  const [field] = node.find("input");
  assert.equal(label.textContent, "Name (optional)");
  assert.equal(field.attributes["aria-labelledby"], label.attributes.id);
  assert.equal(field.attributes.maxlength, "9");
  assert.ok(node.find("div").some((box) => box.attributes.id === field.attributes["aria-describedby"] && box.textContent === "short"));
});

test("an empty answer is one, whatever its kind", () => {
  for (const state of [undefined, { type: "x", value: null }, { type: "x", value: "" }, { type: "x", selected_options: [] }, { type: "x", selected_option: null }]) assert.ok(isEmpty(state), JSON.stringify(state));
  for (const state of [{ type: "x", value: "0" }, { type: "x", selected_options: [1] }, { type: "x", selected_date_time: 1 }]) assert.ok(!isEmpty(state), JSON.stringify(state));
});

test("options in groups keep their group", () => {
  const choices = toChoices({ options: [option("a")], option_groups: [{ label: plain("G"), options: [option("b")] }] });
  assert.deepEqual(choices.map(({ label, value, group }) => [label, value, group]), [["A", "a", undefined], ["B", "b", "G"]]);
});

test("a data table sorts by its heads and turns its pages", async () => {
  const rows = [["c", 1], ["a", 10], ["b", 2]].map(([name, value]) => [raw(name), { type: "raw_number", value }]);
  const { node } = draw({ type: "data_table", caption: "Servers", page_size: 2, rows: [[raw("Name"), raw("RAM")], ...rows] });
  const first = () => node.find("tbody")[0].find("tr").map((row) => row.find("th")[0].textContent);
  const press = (at) => node.find("thead")[0].find("button")[at].dispatch("click");
  assert.deepEqual(first(), ["c", "a"]);
  await press(0);
  assert.deepEqual(first(), ["a", "b"]);
  await press(1);
  assert.deepEqual(first(), ["c", "b"]);
  await press(1);
  assert.deepEqual(first(), ["a", "b"]);
  assert.equal(node.find("thead")[0].find("th")[1].attributes["aria-sort"], "descending");
  assert.match(node.textContent, /Page 1 of 2 · 3 rows/);
});

test("cells are ordered as numbers where they are", () => {
  assert.deepEqual(["10", "9", "x", ""].map((text) => sortKey(raw(text))).sort(compareKeys), [9, 10, "", "x"]);
});

test("charts: any kind becomes series over categories, and its numbers are there to read", () => {
  const bar = { type: "bar", axis_config: { categories: ["a", "b"] }, series: [{ name: "n", data: [{ label: "b", value: 2 }] }] };
  assert.deepEqual(tidy(bar), { categories: ["a", "b"], series: [{ name: "n", values: [0, 2] }] });
  assert.deepEqual(tidy({ type: "pie", segments: [{ label: "x", value: 1 }] }), { categories: ["x"], series: [{ name: "Value", values: [1] }] });
  for (const type of ["bar", "line", "area", "pie", "radar"]) {
    const { node } = draw({ type: "data_visualization", title: "T", chart: type === "pie" ? { type, segments: [{ label: "a", value: 0 }, { label: "b", value: 2 }] } : { ...bar, type } });
    assert.equal(node.find("svg").length, type === "radar" ? 0 : 1, type);
    assert.deepEqual(node.find("td").map((cell) => cell.textContent), ["0", "2"], type);
  }
});

test("charts: the slices of a pie go once around", () => {
  const segments = [1, 1, 2].map((value, at) => ({ label: `s${at}`, value }));
  const paths = draw({ type: "data_visualization", title: "T", chart: { type: "pie", segments } }).node.find("path").map((path) => path.attributes.d);
  const ends = paths.map((d) => /L ([\d.]+ [\d.]+) A .* ([\d.]+ [\d.]+) Z/.exec(d).slice(1));
  assert.deepEqual(ends, [["240.00 8.00", "342.00 110.00"], ["342.00 110.00", "240.00 212.00"], ["240.00 212.00", "240.00 8.00"]]);
});

test("charts: ticks are round and hold all values", () => {
  assert.deepEqual(ticks(0, 9), [0, 5, 10]);
  assert.deepEqual(ticks(-2, 3), [-2, 0, 2, 4]);
  assert.deepEqual(ticks(0, 0.37), [0, 0.1, 0.2, 0.3, 0.4]);
  assert.equal(ticks(0, 0)[0], 0);
});

test("sizes and initials", () => {
  assert.deepEqual([0, 999, 1200, 2.5e6, undefined].map(sizeText), ["0 B", "999 B", "1.2 kB", "2.5 MB", ""]);
  assert.deepEqual(["Alice van Amber", "bob", ""].map(initials), ["AA", "BO", "?"]);
});
