// Block Kit, drawn: https://docs.slack.dev/reference/block-kit/blocks
// What is unknown is shown as a box with its JSON, never left out.

import { el, link, uniqueID } from "./dom.js";
import { picture, renderElement, unknown } from "./elements.js";
import { chart } from "./charts.js";
import { INPUTS } from "./inputs.js";
import { parseMarkdown } from "./markdown.js";
import { renderRichText } from "./richtext.js";
import { dataTable, plainTable } from "./tables.js";
import { plainText, renderNodes, renderText } from "./text.js";

const DRAW = {
  section, header, context, divider, actions, input, image, markdown, alert, card, file, video, plan, container, carousel,
  context_actions: actions,
  rich_text: (block, surface) => el("div", { class: "block rich-text" }, renderRichText(block.elements, surface.world)),
  table: plainTable,
  data_table: dataTable,
  data_visualization: (block) => chart(block),
  task_card: taskCard,
  layout,
};

// renderBlocks draws a list of blocks on a surface; see elements.js for what a surface offers.
export function renderBlocks(blocks, surface) {
  return (Array.isArray(blocks) ? blocks : []).map((block) => renderBlock(block, surface));
}

function renderBlock(block, surface) {
  const draw = Object.hasOwn(DRAW, block?.type) ? DRAW[block.type] : null;
  if (!draw) return unknown(block);
  try {
    const node = draw(block, surface);
    if (block.block_id) node.dataset.blockId = block.block_id;
    return node;
  } catch (error) {
    console.error("block not drawn", error);
    return unknown(block); // a malformed block must not take the rest of the message with it
  }
}

function section(block, surface) {
  const { world } = surface;
  const body = el(
    "div",
    { class: "section-body" },
    block.text ? el("div", { class: "text" }, renderText(block.text, world)) : null,
    block.fields ? el("div", { class: "fields" }, block.fields.map((field) => el("div", { class: "text" }, renderText(field, world)))) : null,
  );
  const accessory = block.accessory ? el("div", { class: "accessory" }, accessoryNode(block, surface)) : null;
  return el("div", { class: "block section" }, body, accessory);
}

function accessoryNode(block, surface) {
  return block.accessory.type === "image" ? picture(block.accessory, { class: "thumb" }) : renderElement(block.accessory, block, surface);
}

function header(block) {
  return el("h3", { class: "block header" }, plainText(block.text));
}

function context(block, surface) {
  const items = (block.elements ?? []).map((item) => (item.type === "image" ? picture(item, { class: "icon" }) : el("span", {}, renderText(item, surface.world))));
  return el("div", { class: "block context" }, items);
}

function divider() {
  return el("hr", { class: "block divider" });
}

function actions(block, surface) {
  return el("div", { class: "block actions" }, (block.elements ?? []).map((element) => renderElement(element, block, surface)));
}

// input is a labelled field of a form. The error line is filled in by the modal.
function input(block, surface) {
  const make = INPUTS[block.element?.type];
  if (!make) return unknown(block);
  const labelID = uniqueID("label");
  const hintID = uniqueID("hint");
  const { action_id: actionID } = block.element;
  const control = make(block.element, {
    world: surface.world,
    labelledby: labelID,
    describedby: hintID,
    state: surface.entered(block.block_id, actionID),
    load: (query) => surface.options(block.block_id, block.element, query),
    change: (state, { initial, commit } = {}) => {
      surface.enter(block.block_id, actionID, state);
      if (commit && !initial && block.dispatch_action) surface.act(block.block_id, block.element, { value: state });
    },
  });
  const label = el("label", { class: "input-label", id: labelID }, plainText(block.label), block.optional ? el("span", { class: "optional" }, " (optional)") : null);
  label.addEventListener("click", () => control.querySelector?.("input, textarea, select")?.focus?.() ?? control.focus());
  const below = el("div", { id: hintID }, el("p", { class: "input-error", hidden: true }), block.hint ? el("p", { class: "input-hint" }, plainText(block.hint)) : null);
  return el("div", { class: "block input", "data-testid": `input-${actionID}` }, label, control, below);
}

function image(block) {
  const title = plainText(block.title);
  return el("figure", { class: "block image" }, title ? el("figcaption", {}, title) : null, picture(block));
}

function markdown(block, surface) {
  return el("div", { class: "block markdown" }, renderNodes(parseMarkdown(block.text), surface.world));
}

const ALERT_ICONS = { info: "ℹ", success: "✓", warning: "!", error: "✕", default: "•" };

function alert(block, surface) {
  const level = Object.hasOwn(ALERT_ICONS, block.level) ? block.level : "default";
  return el("div", { class: `block alert ${level}`, role: "note" }, el("span", { class: "alert-icon", "aria-hidden": "true" }, ALERT_ICONS[level]), el("div", { class: "text" }, renderText(block.text, surface.world)));
}

function card(block, surface) {
  const { world } = surface;
  const line = (part, name) => part && el("div", { class: `card-${name}` }, renderText(part, world));
  return el(
    "article",
    { class: "block card" },
    block.hero_image ? picture(block.hero_image, { class: "hero" }) : null,
    el("div", { class: "card-head" }, block.icon ? picture(block.icon, { class: "icon" }) : null, el("div", {}, line(block.title, "title"), line(block.subtitle, "subtitle"))),
    line(block.body, "body"),
    line(block.subtext, "subtext"),
    block.actions?.length ? actions({ ...block, elements: block.actions }, surface) : null,
  );
}

function carousel(block, surface) {
  return el("div", { class: "block carousel", tabindex: "0", role: "group", "aria-label": "Cards" }, renderBlocks((block.elements ?? []).map((item) => ({ type: "card", ...item })), surface));
}

function container(block, surface) {
  const title = [block.icon ? picture(block.icon, { class: "icon" }) : null, el("strong", {}, block.rich_text_title ? renderRichText(block.rich_text_title.elements, surface.world) : plainText(block.title)), block.subtitle ? el("span", { class: "muted" }, plainText(block.subtitle)) : null];
  const children = renderBlocks(block.child_blocks, surface);
  if (!block.is_collapsible) return el("section", { class: "block container" }, el("div", { class: "container-head" }, title), children);
  return el("details", { class: "block container", open: !block.default_collapsed }, el("summary", { class: "container-head" }, title), children);
}

const TASK_ICONS = { pending: "○", in_progress: "◐", complete: "●", error: "✕" };

function taskCard(block, surface) {
  const part = (value) => value && el("div", { class: "rich-text" }, renderRichText(value.elements, surface.world));
  const sources = (block.sources ?? []).map((source) => el("li", {}, link(source.url, source.text || source.url)));
  return el(
    "div",
    { class: `block task ${block.status ?? "pending"}` },
    el("div", { class: "task-title" }, el("span", { "aria-hidden": "true" }, TASK_ICONS[block.status] ?? "○"), " ", block.hide_title ? null : block.title, el("span", { class: "sr-only" }, ` (${block.status ?? "pending"})`)),
    part(block.details),
    part(block.output),
    sources.length ? el("ul", {}, sources) : null,
  );
}

function plan(block, surface) {
  const tasks = (block.tasks ?? []).map((task) => taskCard(task, surface));
  return el("section", { class: "block container" }, el("div", { class: "container-head" }, el("strong", {}, plainText(block.title))), tasks);
}

function layout(block, surface) {
  const rows = (block.rows ?? []).map((row) => el("div", { class: "layout-row" }, (row.items ?? []).map((item) => renderBlock(item.block, surface))));
  return el("section", { class: "block layout", "aria-label": block.label }, block.is_label_visible ? el("strong", {}, block.label) : null, rows);
}

function file(block) {
  return el("div", { class: "block file-block" }, el("span", { "aria-hidden": "true" }, "📄 "), "File ", el("code", {}, block.external_id ?? block.file_id ?? "?"), block.source ? ` (${block.source})` : null);
}

function video(block) {
  const title = plainText(block.title) || block.alt_text || "Video";
  const from = [block.author_name, block.provider_name].filter(Boolean).join(" · ");
  return el("div", { class: "block card" }, el("div", { class: "card-title" }, link(block.title_url || block.video_url, ["▶ ", title])), from ? el("div", { class: "card-subtitle" }, from) : null, block.description ? el("div", { class: "card-body" }, plainText(block.description)) : null);
}
