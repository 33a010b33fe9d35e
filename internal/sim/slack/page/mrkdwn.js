// The parser of Slack's mrkdwn: text in, a tree of plain objects out. It knows no DOM.
// Rules: https://docs.slack.dev/messaging/formatting-message-text/
//
// Nodes: {type:"text",text} · bold italic strike quote {children} · code pre {text} ·
// link {url,children} · user usergroup {id,label} · channel {id,label} · broadcast {range} ·
// date {unix,format,url,fallback} · emoji {name} · break · list {ordered,start,items:[children]}

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
const STYLES = { "*": "bold", _: "italic", "~": "strike" };

// unescape undoes the three entities of the format, and no others.
export function unescape(text) {
  return text.replace(/&(?:amp|lt|gt);/g, (entity) => ENTITIES[entity]);
}

// parse answers the tree of a mrkdwn text.
export function parse(text) {
  const nodes = [];
  const parts = String(text ?? "").split(/```([\s\S]+?)```/);
  parts.forEach((part, index) => {
    if (index % 2) nodes.push({ type: "pre", text: verbatim(part.replace(/^\n/, "").replace(/\n$/, "")) });
    else nodes.push(...parseLines(trimAround(part, index > 0, index < parts.length - 1)));
  });
  return nodes;
}

// parsePlain is for plain_text objects: emoji names count, nothing else does.
export function parsePlain(text, withEmoji = true) {
  return withEmoji ? splitEmoji(String(text ?? "")) : [{ type: "text", text: String(text ?? "") }];
}

// plain is the text of a tree without its styling, for notifications and labels.
export function plain(nodes, names = {}) {
  return nodes.map((node, at) => (at > 0 && (BLOCKS.has(node.type) || BLOCKS.has(nodes[at - 1].type)) ? "\n" : "") + plainNode(node, names)).join("");
}

const BLOCKS = new Set(["pre", "quote", "list"]);

function plainNode(node, names) {
  if (node.type === "break") return "\n";
  if (node.type === "emoji") return `:${node.name}:`;
  if (node.type === "user") return `@${names.user?.(node.id) ?? node.label ?? node.id}`;
  if (node.type === "channel") return `#${names.channel?.(node.id) ?? node.label ?? node.id}`;
  if (node.type === "usergroup") return `@${names.group?.(node.id) ?? node.label ?? node.id}`;
  if (node.type === "broadcast") return `@${node.range}`;
  if (node.type === "date") return node.fallback;
  if (node.type === "list") return node.items.map((item) => `• ${plain(item, names)}`).join("\n");
  return node.text ?? plain(node.children ?? [], names);
}

// A code block brings its own line breaks along.
function trimAround(text, afterBlock, beforeBlock) {
  const head = afterBlock ? text.replace(/^\n/, "") : text;
  return beforeBlock ? head.replace(/\n$/, "") : head;
}

const QUOTE = /^(?:&gt;|>) ?/;
const ITEM = /^\s*(?:[•◦▪-]|(\d{1,3})[.)]) +/;

function parseLines(text) {
  if (text === "") return [];
  const lines = text.split("\n");
  const nodes = [];
  let afterBlock = true;
  for (let at = 0; at < lines.length; ) {
    const { node, next } = block(lines, at);
    if (node) {
      nodes.push(node);
      afterBlock = true;
    } else {
      if (!afterBlock) nodes.push({ type: "break" });
      nodes.push(...parseInline(lines[at]));
      afterBlock = false;
    }
    at = next;
  }
  return nodes;
}

// block reads a quote or a list that starts at the line; node is undefined for an ordinary line.
function block(lines, at) {
  if (/^(?:&gt;|>){3}/.test(lines[at])) {
    const rest = [lines[at].replace(/^(?:&gt;|>){3} ?/, ""), ...lines.slice(at + 1)];
    return { node: { type: "quote", children: parseLines(rest.join("\n")) }, next: lines.length };
  }
  if (QUOTE.test(lines[at])) {
    const end = runEnd(lines, at, (line) => QUOTE.test(line));
    const inner = lines.slice(at, end).map((line) => line.replace(QUOTE, ""));
    return { node: { type: "quote", children: parseLines(inner.join("\n")) }, next: end };
  }
  if (ITEM.test(lines[at])) return list(lines, at);
  return { next: at + 1 };
}

function list(lines, at) {
  const first = ITEM.exec(lines[at])[1];
  const ordered = first !== undefined;
  const end = runEnd(lines, at, (line) => {
    const match = ITEM.exec(line);
    return match && (match[1] !== undefined) === ordered;
  });
  const items = lines.slice(at, end).map((line) => parseInline(line.replace(ITEM, "")));
  return { node: { type: "list", ordered, start: ordered ? Number(first) : 1, items }, next: end };
}

function runEnd(lines, at, belongs) {
  let end = at;
  while (end < lines.length && belongs(lines[end])) end += 1;
  return end;
}

// parseInline reads one line: references in <>, code, emphasis, emoji and bare addresses.
export function parseInline(line) {
  const nodes = [];
  let from = 0;
  let text = "";
  const flush = () => {
    if (text) nodes.push(...splitEmoji(unescape(text)));
    text = "";
  };
  while (from < line.length) {
    const hit = special(line, from);
    if (hit) {
      flush();
      nodes.push(hit.node);
      from = hit.end;
    } else {
      text += line[from];
      from += 1;
    }
  }
  flush();
  return nodes;
}

function special(line, at) {
  const mark = line[at];
  if (mark === "<") return reference(line, at);
  if (mark === "`") return codeSpan(line, at);
  if (STYLES[mark]) return emphasis(line, at, mark);
  if (mark === "h" && opens(line, at)) return bareAddress(line, at);
  return null;
}

function codeSpan(line, at) {
  const end = line.indexOf("`", at + 1);
  if (end <= at + 1) return null;
  return { node: { type: "code", text: verbatim(line.slice(at + 1, end)) }, end: end + 1 };
}

const WORD = /[\p{L}\p{N}]/u;

// A style opens where no word or the same mark is before it, and closes where no word follows.
function opens(line, at) {
  return at === 0 || !WORD.test(line[at - 1]);
}

function emphasis(line, at, mark) {
  if (!opens(line, at) || line[at - 1] === mark || !line[at + 1] || /\s/.test(line[at + 1]) || line[at + 1] === mark) return null;
  for (let end = at + 2; end < line.length; end += 1) {
    if (line[end] === "<") end = Math.max(end, line.indexOf(">", end));
    else if (line[end] === "`") end = Math.max(end, line.indexOf("`", end + 1));
    else if (line[end] === mark && closes(line, end, mark)) {
      return { node: { type: STYLES[mark], children: parseInline(line.slice(at + 1, end)) }, end: end + 1 };
    }
  }
  return null;
}

function closes(line, end, mark) {
  const after = line[end + 1];
  return !/\s/.test(line[end - 1]) && (after === undefined || (!WORD.test(after) && after !== mark));
}

function bareAddress(line, at) {
  const match = /^https?:\/\/[^\s<>|*~`]+/.exec(line.slice(at));
  if (!match) return null;
  const found = match[0].replace(/(?:&gt;|&lt;).*$/, "").replace(/(?:[.,:!?)\]'"]|(?<!&amp);)+$/, "");
  const url = unescape(found);
  return { node: { type: "link", url, children: [{ type: "text", text: url }] }, end: at + found.length };
}

function reference(line, at) {
  const end = line.indexOf(">", at);
  if (end <= at + 1) return null;
  const node = readReference(line.slice(at + 1, end));
  return node && { node, end: end + 1 };
}

// readReference reads what stands between < and >; null if it is nothing of the format.
function readReference(inner) {
  const bar = inner.indexOf("|");
  const target = bar < 0 ? inner : inner.slice(0, bar);
  const label = bar < 0 ? undefined : unescape(inner.slice(bar + 1));
  let match;
  if ((match = /^@([UWB]\w+)$/.exec(target))) return { type: "user", id: match[1], label };
  if ((match = /^#([CGD]\w+)$/.exec(target))) return { type: "channel", id: match[1], label: label || undefined };
  if ((match = /^!subteam\^(\w+)$/.exec(target))) return { type: "usergroup", id: match[1], label };
  if ((match = /^!(here|channel|everyone)$/.exec(target))) return { type: "broadcast", range: match[1] };
  if (target.startsWith("!date^")) return dateReference(target, label);
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return linkReference(target, label);
  return null;
}

function dateReference(target, label) {
  const [, unix, format = "", url] = target.split("^");
  return { type: "date", unix, format: unescape(format), url: url && unescape(url), fallback: label ?? "" };
}

function linkReference(target, label) {
  const url = unescape(target);
  const shown = label || url.replace(/^mailto:/, "");
  return { type: "link", url, children: splitEmoji(shown) };
}

// verbatim is the text of code: references show their label, entities their character.
function verbatim(text) {
  const shown = text.replace(/<([^<>\n]+)>/g, (whole, inner) => {
    const node = readReference(inner);
    return node ? plain([node]).replace(/&/g, "&amp;").replace(/</g, "&lt;") : whole;
  });
  return unescape(shown);
}

function splitEmoji(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(/:([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):/g)) {
    if (match.index > from) nodes.push({ type: "text", text: text.slice(from, match.index) });
    nodes.push({ type: "emoji", name: match[1] });
    from = match.index + match[0].length;
  }
  if (from < text.length) nodes.push({ type: "text", text: text.slice(from) });
  return nodes;
}
