// The parser of the "markdown" block: standard Markdown in, the nodes of mrkdwn.js out, and
// beside them heading {level,children} · rule · table {align,head,rows} · items with checked.

const FENCE = /^ {0,3}(```+|~~~+)\s*([\w+-]*)\s*$/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const RULE = /^ {0,3}(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^(\s*)(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/;
const DELIMITER = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;

// parseMarkdown answers the tree of a Markdown text.
export function parseMarkdown(text) {
  const lines = String(text ?? "").replace(/\r\n?/g, "\n").split("\n");
  const nodes = [];
  for (let at = 0; at < lines.length; ) {
    const step = fence(lines, at) ?? heading(lines, at) ?? table(lines, at) ?? quote(lines, at) ?? list(lines, at) ?? paragraph(lines, at);
    if (step.node) nodes.push(step.node);
    at = step.next;
  }
  return nodes;
}

function fence(lines, at) {
  const open = FENCE.exec(lines[at]);
  if (!open) return null;
  let end = at + 1;
  while (end < lines.length && !lines[end].trim().startsWith(open[1])) end += 1;
  return { node: { type: "pre", text: lines.slice(at + 1, end).join("\n") }, next: end + 1 };
}

function heading(lines, at) {
  if (RULE.test(lines[at])) return { node: { type: "rule" }, next: at + 1 };
  const match = HEADING.exec(lines[at]);
  return match && { node: { type: "heading", level: match[1].length, children: inline(match[2]) }, next: at + 1 };
}

function cells(line) {
  const inner = line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => inline(cell.trim().replace(/\\\|/g, "|")));
}

function table(lines, at) {
  if (!lines[at].includes("|") || !DELIMITER.test(lines[at + 1] ?? "") || !lines[at + 1].includes("-")) return null;
  const head = cells(lines[at]);
  const align = lines[at + 1].trim().replace(/^\||\|$/g, "").split("|").map(alignment);
  if (align.length !== head.length) return null;
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|")) end += 1;
  return { node: { type: "table", align, head, rows: lines.slice(at + 2, end).map(cells) }, next: end };
}

function alignment(cell) {
  const mark = cell.trim();
  if (!mark.endsWith(":")) return "left";
  return mark.startsWith(":") ? "center" : "right";
}

function quote(lines, at) {
  if (!QUOTE.test(lines[at])) return null;
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end])) end += 1;
  const inner = lines.slice(at, end).map((line) => line.replace(QUOTE, "")).join("\n");
  return { node: { type: "quote", children: parseMarkdown(inner) }, next: end };
}

// list reads items of one indent; lines that are further in belong to the item above them.
function list(lines, at) {
  const first = ITEM.exec(lines[at]);
  if (!first) return null;
  const indent = first[1].length;
  const ordered = first[2] !== undefined;
  const node = { type: "list", ordered, start: ordered ? Number(first[2]) : 1, items: [], checked: [] };
  let next = at;
  while (next < lines.length) {
    const match = ITEM.exec(lines[next]);
    if (!match || match[1].length !== indent || (match[2] !== undefined) !== ordered) break;
    const end = itemEnd(lines, next + 1, indent);
    addItem(node, match[3], lines.slice(next + 1, end));
    next = end;
  }
  return { node, next };
}

function itemEnd(lines, from, indent) {
  let end = from;
  while (end < lines.length && lines[end].trim() !== "" && lines[end].search(/\S/) > indent) end += 1;
  return end;
}

function addItem(node, text, below) {
  const task = /^\[([ xX])\]\s+(.*)$/.exec(text);
  const depth = Math.min(...below.map((line) => line.search(/\S/)));
  const inner = below.length ? parseMarkdown(below.map((line) => line.slice(depth)).join("\n")) : [];
  node.checked.push(task ? task[1] !== " " : undefined);
  node.items.push([...inline(task ? task[2] : text), ...inner]);
}

function paragraph(lines, at) {
  if (lines[at].trim() === "") return { next: at + 1 };
  let end = at + 1;
  while (end < lines.length && lines[end].trim() !== "" && !startsBlock(lines, end)) end += 1;
  const children = [];
  lines.slice(at, end).forEach((line, index) => {
    if (index) children.push({ type: "break" });
    children.push(...inline(line.trim()));
  });
  return { node: { type: "paragraph", children }, next: end };
}

function startsBlock(lines, at) {
  return Boolean(FENCE.test(lines[at]) || RULE.test(lines[at]) || HEADING.test(lines[at]) || QUOTE.test(lines[at]) || ITEM.test(lines[at]) || table(lines, at));
}

const SPANS = [
  { match: /^\\([\\`*_{}[\]()#+\-.!|~>])/, make: ([, text]) => ({ type: "text", text }) },
  { match: /^(`+)([\s\S]*?[^`])\1(?!`)/, make: ([, , text]) => ({ type: "code", text: text.trim() }) },
  { match: /^!\[([^\]]*)\]\(([^)\s]+)[^)]*\)/, make: ([, alt, url]) => ({ type: "link", url, children: [{ type: "text", text: alt || url }] }) },
  { match: /^\[([^\]]+)\]\(([^)\s]+)[^)]*\)/, make: ([, text, url]) => ({ type: "link", url, children: inline(text) }) },
  { match: /^<(https?:[^>\s]+)>/, make: ([, url]) => ({ type: "link", url, children: [{ type: "text", text: url }] }) },
  { match: /^https?:\/\/[^\s<>*`]*[^\s<>*`.,;:!?)\]'"]/, make: ([url]) => ({ type: "link", url, children: [{ type: "text", text: url }] }) },
  { match: /^(\*\*|__)(?=\S)([\s\S]*?\S)\1/, make: ([, , text]) => ({ type: "bold", children: inline(text) }) },
  { match: /^~~(?=\S)([\s\S]*?\S)~~/, make: ([, text]) => ({ type: "strike", children: inline(text) }) },
  { match: /^\*(?=\S)([^*]*?\S)\*/, make: ([, text]) => ({ type: "italic", children: inline(text) }) },
  { match: /^_(?=\S)([^_]*?\S)_(?![\p{L}\p{N}])/u, word: true, make: ([, text]) => ({ type: "italic", children: inline(text) }) },
  { match: /^:([a-z0-9_+-]+):/, make: ([, name]) => ({ type: "emoji", name }) },
];

// inline reads the spans of one line.
function inline(line) {
  const nodes = [];
  let text = "";
  for (let at = 0; at < line.length; ) {
    const hit = span(line, at);
    if (hit) {
      if (text) nodes.push({ type: "text", text });
      text = "";
      nodes.push(hit.node);
      at += hit.length;
    } else {
      text += line[at];
      at += 1;
    }
  }
  if (text) nodes.push({ type: "text", text });
  return nodes;
}

function span(line, at) {
  if (!/[\\`![<h*_~:]/.test(line[at])) return null;
  const inWord = at > 0 && /[\p{L}\p{N}]/u.test(line[at - 1]);
  const rest = line.slice(at);
  for (const { match, make, word } of SPANS) {
    const found = word && inWord ? null : match.exec(rest);
    if (found) return { node: make(found), length: found[0].length };
  }
  return null;
}
