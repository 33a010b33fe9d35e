// One message, as it stands in a channel or a thread.

import { el, hidden, link } from "./dom.js";
import { renderBlocks } from "./blocks.js";
import { clock, fullTime } from "./dates.js";
import { renderFiles } from "./files.js";
import { avatar } from "./people.js";
import { drawEmoji, renderText } from "./text.js";

// drawMessage draws a message. The options are {app, grouped, thread}: grouped leaves out the author's
// name because the message above is theirs too, thread is true inside the thread's own panel.
export function drawMessage(message, { app, grouped, thread }) {
  const { store } = app;
  const world = store.world();
  const author = store.user(message.user) ?? (message.bot ? { ...store.bot, is_bot: true } : { name: message.user || "?" });
  const name = author.real_name || author.name || "?";
  const classes = ["message", grouped ? "grouped" : "", message.ephemeral ? "ephemeral" : "", mentions(message, store.me) ? "for-me" : ""];
  return el(
    "article",
    { class: classes.filter(Boolean).join(" "), "data-testid": "message", "data-ts": message.ts, "data-ephemeral": message.ephemeral ? "true" : null, "aria-label": `${name}, ${time(message.ts, world.zone)}` },
    el("div", { class: "gutter" }, grouped ? stamp(message, world, "quiet") : avatar(author)),
    el(
      "div",
      { class: "message-body" },
      message.ephemeral ? el("div", { class: "only-you" }, el("span", { "aria-hidden": "true" }, "👁 "), "Only visible to you") : null,
      grouped ? hidden(name) : headLine(author, message, world),
      body(message, app, world),
      message.edited && !showsText(message) ? edited() : null,
      (message.attachments ?? []).map((attachment) => drawAttachment(attachment, message, app)),
      renderFiles(message.files),
      drawReactions(message, world),
      thread ? null : threadLine(message, app),
    ),
  );
}

function headLine(author, message, world) {
  return el("div", { class: "message-head" }, el("strong", { class: "author" }, author.real_name || author.name), author.is_bot || message.bot ? el("span", { class: "badge" }, "APP") : null, stamp(message, world));
}

function toDate(ts) {
  return new Date(Number(ts) * 1000);
}

function time(ts, zone) {
  return clock(toDate(ts), zone);
}

function stamp(message, world, extra = "") {
  const date = toDate(message.ts);
  return el("time", { class: `stamp ${extra}`.trim(), datetime: date.toISOString(), title: fullTime(date, world.zone) }, clock(date, world.zone));
}

function edited() {
  return el("span", { class: "edited" }, "(edited)");
}

// Blocks stand in for the text, as in the real thing.
function showsText(message) {
  return !message.blocks?.length;
}

function body(message, app, world) {
  if (!showsText(message)) return el("div", { class: "blocks" }, renderBlocks(message.blocks, surface(message, app)));
  if (!message.text) return null;
  return el("div", { class: "text" }, renderText({ type: "mrkdwn", text: message.text }, world), message.edited ? [" ", edited()] : null);
}

// drawAttachment draws the older kind of addition: a text or blocks beside a coloured line.
function drawAttachment(attachment, message, app) {
  const world = app.store.world();
  const line = (text) => (text ? el("div", { class: "text" }, renderText({ type: "mrkdwn", text }, world)) : null);
  const title = attachment.title ? el("strong", {}, link(attachment.title_link, attachment.title)) : null;
  const inner = attachment.blocks ? renderBlocks(attachment.blocks, surface(message, app)) : [title, line(attachment.text ?? attachment.fallback)];
  const node = el("div", { class: "attachment" }, line(attachment.pretext), inner);
  if (/^#?[0-9a-f]{6}$/i.test(attachment.color ?? "")) node.style.borderLeftColor = `#${attachment.color.replace("#", "")}`;
  return node;
}

function drawReactions(message, world) {
  if (!message.reactions?.length) return null;
  const pill = (reaction) => el("li", { class: "reaction", title: (reaction.users ?? []).map((id) => world.userName(id) ?? id).join(", ") }, drawEmoji(reaction.name), ` ${reaction.count ?? 1}`);
  return el("ul", { class: "reactions", "aria-label": "Reactions" }, message.reactions.map(pill));
}

function mentions(message, me) {
  return message.user !== me && (message.text ?? "").includes(`<@${me}>`);
}

// surface is what the blocks of a message may do.
function surface(message, app) {
  const at = { channel: message.channel, message_ts: message.ts };
  return {
    world: app.store.world(),
    entered: () => undefined,
    enter: () => {},
    act: (blockID, element, state) => app.click({ ...at, block_id: blockID, action_id: element.action_id, ...state }),
    options: (blockID, element, query) => app.options({ ...at, block_id: blockID, action_id: element.action_id, query }),
  };
}

function threadLine(message, app) {
  if (message.ephemeral) return null;
  const replies = app.store.replies(message);
  const open = () => app.openThread(message.channel, message.ts);
  if (!replies.count) {
    return el("div", { class: "hover-actions" }, el("button", { type: "button", class: "btn small", "data-testid": "reply-in-thread", onclick: open }, "Reply in thread"));
  }
  const faces = replies.users.slice(0, 3).map((id) => avatar(app.store.user(id) ?? { name: id }, "tiny"));
  const fresh = app.store.unreadThread(message) ? el("span", { class: "badge new" }, "New") : null;
  const zone = app.store.world().zone;
  return el(
    "button",
    { type: "button", class: "replies", "data-testid": "open-thread", onclick: open },
    faces,
    el("span", { class: "replies-count" }, `${replies.count} ${replies.count === 1 ? "reply" : "replies"}`),
    fresh,
    replies.last !== "0" ? el("span", { class: "muted" }, `Last ${time(replies.last, zone)}`) : null,
  );
}

// drawNotice draws a sentence of the workspace itself, such as a command that nobody answered.
export function drawNotice(notice) {
  return el("div", { class: "notice", role: "note", "data-testid": "notice" }, el("span", { class: "notice-icon", "aria-hidden": "true" }, "!"), el("span", {}, notice.text), el("span", { class: "muted" }, " Only visible to you"));
}
