// The rich_text block: its elements become the nodes that text.js draws.
// Source: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block

import { el } from "./dom.js";
import { drawEmoji, renderNodes } from "./text.js";
import { fromCodepoints, emoji } from "./emoji.js";

const WRAPS = ["highlight", "underline", "strike", "italic", "bold"];

// renderRichText draws the parts of a rich_text block or cell.
export function renderRichText(elements, world) {
  return (elements ?? []).map((part) => drawPart(part, world));
}

function drawPart(part, world) {
  switch (part.type) {
    case "rich_text_section":
      return el("div", { class: "rt-section" }, drawInline(part.elements, world));
    case "rich_text_list":
      return drawList(part, world);
    case "rich_text_preformatted":
      return el("pre", { tabindex: "0", class: part.border ? "bordered" : null }, el("code", {}, rawText(part.elements)));
    case "rich_text_quote":
      return el("blockquote", {}, drawInline(part.elements, world));
    default:
      return el("div", { class: "rt-section" }, drawInline([part], world));
  }
}

function drawList(part, world) {
  const ordered = part.style === "ordered";
  const items = (part.elements ?? []).map((item) => el("li", {}, drawInline(item.elements, world)));
  const start = ordered && part.offset > 0 ? part.offset + 1 : null;
  const indent = Math.min(Number(part.indent) || 0, 8);
  const attrs = { class: [indent ? `indent-${indent}` : "", part.border ? "bordered" : ""].join(" ").trim() || null, start };
  return el(ordered ? "ol" : "ul", attrs, items);
}

function rawText(elements) {
  return (elements ?? []).map((item) => item.text ?? item.url ?? (item.name ? emoji(item.name) ?? `:${item.name}:` : "")).join("");
}

function drawInline(elements, world) {
  return (elements ?? []).map((item) => {
    if (item.type === "emoji") return drawEmoji(item.name, item.unicode);
    return renderNodes([styled(toNode(item), item.style)], world);
  });
}

// textNodes splits at line breaks, which a section keeps.
function textNodes(text) {
  const lines = String(text ?? "").split("\n");
  return lines.flatMap((line, index) => [...(index ? [{ type: "break" }] : []), { type: "text", text: line }]);
}

const NODES = {
  text: (item) => (item.style?.code ? { type: "code", text: item.text } : { type: "span", children: textNodes(item.text) }),
  link: (item) => ({ type: "link", url: item.url, children: [{ type: "text", text: item.text || item.url }] }),
  user: (item) => ({ type: "user", id: item.user_id }),
  usergroup: (item) => ({ type: "usergroup", id: item.usergroup_id }),
  channel: (item) => ({ type: "channel", id: item.channel_id }),
  team: (item) => ({ type: "text", text: `@${item.team_id}` }),
  broadcast: (item) => ({ type: "broadcast", range: item.range }),
  date: (item) => ({ type: "date", unix: item.timestamp, format: item.format, url: item.url, fallback: item.fallback || new Date(item.timestamp * 1000).toISOString() }),
  color: (item) => ({ type: "swatch", value: String(item.value ?? "") }),
  tag: (item) => ({ type: "code", text: item.text }),
};

function toNode(item) {
  const make = NODES[item.type];
  return make ? make(item) : { type: "code", text: item.text ?? item.label ?? JSON.stringify(item) };
}

function styled(node, style) {
  let result = node;
  for (const name of WRAPS) {
    if (style?.[name]) result = { type: name, children: [result] };
  }
  return result;
}

// richTextPlain is the bare text of a rich_text value, for cells that are sorted or announced.
export function richTextPlain(elements) {
  return (elements ?? []).map((part) => (part.elements ? richTextPlain(part.elements) : part.text ?? part.url ?? fromCodepoints(part.unicode) ?? part.name ?? "")).join("");
}
