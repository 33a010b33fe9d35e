// Text objects and trees of mrkdwn.js, markdown.js and rich_text as DOM nodes.

import { el, link } from "./dom.js";
import { formatDate, fullTime } from "./dates.js";
import { emoji, fromCodepoints } from "./emoji.js";
import { parse, parsePlain } from "./mrkdwn.js";

const TAGS = { bold: "strong", italic: "em", strike: "s", paragraph: "p", underline: "u", highlight: "mark" };

// renderText draws a text object {type:"plain_text"|"mrkdwn", text}, or a string as mrkdwn.
export function renderText(text, world) {
  if (!text) return [];
  if (typeof text === "string") return renderNodes(parse(text), world);
  if (text.type === "plain_text") return renderNodes(parsePlain(text.text, text.emoji !== false), world);
  return renderNodes(parse(text.text), world);
}

// plainText is the bare string of a text object, with emoji drawn: for labels and options.
export function plainText(text) {
  const nodes = parsePlain(typeof text === "string" ? text : text?.text);
  return nodes.map((node) => (node.type === "emoji" ? emoji(node.name) ?? `:${node.name}:` : node.text)).join("");
}

// renderNodes draws a tree. The world knows people, channels, groups, and the reader's zone.
export function renderNodes(nodes, world) {
  return nodes.map((node, at) => (DRAW[node.type] ?? drawStyled)(node, world, at === 0 || nodes[at - 1].type === "break"));
}

const DRAW = {
  text: (node) => document.createTextNode(node.text),
  break: () => el("br"),
  code: (node) => el("code", {}, node.text),
  pre: (node) => el("pre", { tabindex: "0" }, el("code", {}, node.text)),
  quote: (node, world) => el("blockquote", {}, renderNodes(node.children, world)),
  link: (node, world) => link(node.url, renderNodes(node.children, world)),
  user: (node, world) => mention(`@${world.userName(node.id) ?? node.label ?? node.id}`, node.id === world.me),
  usergroup: (node, world) => mention(`@${(world.groupName(node.id) ?? node.label ?? node.id).replace(/^@/, "")}`, world.inGroup(node.id)),
  channel: (node, world) => mention(`#${world.channelName(node.id) ?? node.label ?? node.id}`, false),
  broadcast: (node) => mention(`@${node.range}`, true),
  emoji: (node) => drawEmoji(node.name),
  date: drawDate,
  list: drawList,
  heading: (node, world) => el(`h${Math.min(node.level + 2, 6)}`, { class: `md-h${node.level}` }, renderNodes(node.children, world)),
  rule: () => el("hr"),
  table: drawTable,
  swatch: (node) => el("span", { class: "swatch-label" }, colourSwatch(node.value), node.value),
};

function drawStyled(node, world) {
  return el(TAGS[node.type] ?? "span", {}, renderNodes(node.children ?? [], world));
}

function mention(text, isMe) {
  return el("span", { class: isMe ? "mention mention-me" : "mention" }, text);
}

function drawEmoji(name, unicode) {
  const drawn = emoji(name) ?? fromCodepoints(unicode);
  if (!drawn) return document.createTextNode(`:${name}:`);
  return el("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " "), title: `:${name}:` }, drawn);
}

// A date that begins a line begins with a capital: "Today at 9:00", but "until today at 9:00".
function drawDate(node, world, first) {
  const text = formatDate(node.unix, node.format, node.fallback, { zone: world.zone, now: world.now, capital: first });
  const date = new Date(Number(node.unix) * 1000);
  const valid = !Number.isNaN(date.getTime());
  const shown = el("time", { datetime: valid ? date.toISOString() : null, title: valid ? fullTime(date, world.zone) : null }, text);
  return node.url ? link(node.url, shown) : shown;
}

function drawList(node, world) {
  const items = node.items.map((item, index) => {
    const checked = node.checked?.[index];
    const box = checked === undefined ? null : el("input", { type: "checkbox", disabled: true, checked, "aria-label": checked ? "done" : "open" });
    return el("li", { class: box ? "task" : null }, box, renderNodes(item, world));
  });
  const start = node.ordered && node.start > 1 ? node.start : null;
  return el(node.ordered ? "ol" : "ul", { start, class: node.indent ? `indent-${Math.min(node.indent, 8)}` : null }, items);
}

function drawTable(node, world) {
  const row = (tag) => (cells) => el("tr", {}, cells.map((cell, at) => el(tag, { class: `align-${node.align[at] ?? "left"}`, scope: tag === "th" ? "col" : null }, renderNodes(cell, world))));
  return el("div", { class: "table-wrap", tabindex: "0" }, el("table", {}, el("thead", {}, row("th")(node.head)), el("tbody", {}, node.rows.map(row("td")))));
}

// colourSwatch is a drawn square: an SVG attribute is allowed where a style attribute is not.
function colourSwatch(value) {
  const square = el("span", { class: "swatch", "aria-hidden": "true" });
  if (/^#[0-9a-f]{3,8}$/i.test(value)) square.style.backgroundColor = value;
  return square;
}

export { drawEmoji };
