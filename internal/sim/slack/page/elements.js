// The elements that act at once: buttons, menus, and inputs outside of forms.

import { el, link, safeURL, uniqueID } from "./dom.js";
import { ask } from "./confirm.js";
import { INPUTS, toChoices } from "./inputs.js";
import { plainText } from "./text.js";

// renderElement draws an element of an actions block or an accessory. The surface offers
// {world, act(blockID, element, {value} or {selected_option}), options(blockID, element, query), entered(blockID, actionID), enter(blockID, actionID, state)}.
export function renderElement(element, block, surface) {
  if (element.type === "button" || element.type === "workflow_button") return button(element, block, surface);
  if (element.type === "overflow") return overflow(element, block, surface);
  if (element.type === "image") return picture(element);
  if (element.type === "icon_button") return button({ ...element, text: element.text ?? { text: element.icon } }, block, surface);
  if (element.type === "feedback_buttons") return feedback(element, block, surface);
  const make = INPUTS[element.type];
  if (!make) return unknown(element);
  return make(element, {
    world: surface.world,
    label: plainText(element.placeholder) || element.action_id,
    state: surface.entered(block.block_id, element.action_id),
    load: (query) => surface.options(block.block_id, element, query),
    change: (state, { initial, commit } = {}) => {
      surface.enter(block.block_id, element.action_id, state);
      if (commit && !initial) confirmed(element, surface, () => surface.act(block.block_id, element, { value: state }));
    },
  });
}

// unknown shows what this page cannot draw, so that nothing sent is invisible.
export function unknown(thing) {
  return el("details", { class: "unknown", "data-testid": "unknown-block" }, el("summary", {}, `Not drawn here: ${thing?.type ?? "no type"}`), el("pre", { tabindex: "0" }, JSON.stringify(thing, null, 2)));
}

// picture draws an image of this host; one from elsewhere is a link, because the page loads nothing from other hosts.
export function picture(element, attrs = {}) {
  const address = element.image_url ?? element.slack_file?.url ?? "";
  const alt = element.alt_text ?? "";
  const local = safeURL(address) && new URL(address, location.href).origin === location.origin;
  if (local) return el("img", { src: address, alt, loading: "lazy", ...attrs });
  return link(address, ["🖼 ", alt || "image"], { class: "image-link", title: "Opens elsewhere" });
}

async function confirmed(element, surface, run) {
  if (element.confirm && !(await ask(element.confirm, surface.world))) return undefined;
  return run();
}

function button(element, block, surface) {
  const label = plainText(element.text);
  const attrs = {
    class: `btn ${element.style ?? ""}`.trim(), "data-testid": `action-${element.action_id}`, "data-action-id": element.action_id,
    "data-value": element.value, "aria-label": element.accessibility_label,
  };
  if (element.url) {
    const href = safeURL(element.url);
    return el("a", { ...attrs, class: `${attrs.class} link-btn`, href: href || null, target: "_blank", rel: "noopener noreferrer", onclick: () => surface.act(block.block_id, element, { value: element.value }) }, label, el("span", { "aria-hidden": "true" }, " ↗"));
  }
  const node = el("button", { ...attrs, type: "button" }, label);
  node.addEventListener("click", () => confirmed(element, surface, () => busy(node, () => surface.act(block.block_id, element, { value: element.value }))));
  return node;
}

// busy shows that a press is on its way and keeps it from being pressed twice meanwhile.
async function busy(node, run) {
  if (node.getAttribute("aria-busy") === "true") return;
  node.setAttribute("aria-busy", "true");
  try {
    await run();
  } finally {
    node.removeAttribute("aria-busy");
  }
}

function feedback(element, block, surface) {
  const one = (part) => part && button({ ...part, type: "button", action_id: element.action_id }, block, surface);
  return el("span", { class: "actions" }, one(element.positive_button), one(element.negative_button));
}

function overflow(element, block, surface) {
  const menu = el("div", { class: "menu", role: "menu", popover: "auto", id: uniqueID("menu") });
  const trigger = el("button", { type: "button", class: "btn", "aria-haspopup": "menu", "aria-label": "More actions", "data-testid": `action-${element.action_id}`, "data-action-id": element.action_id, onclick: () => openMenu(menu, trigger) }, "⋯");
  for (const choice of toChoices(element)) {
    const run = () => {
      menu.hidePopover?.();
      trigger.focus();
      if (choice.raw.url) window.open(safeURL(choice.raw.url), "_blank", "noopener");
      confirmed(element, surface, () => surface.act(block.block_id, element, { selected_option: choice.raw }));
    };
    menu.append(el("button", { type: "button", role: "menuitem", tabindex: "-1", "data-value": choice.value, onclick: run }, choice.label, choice.description ? el("span", { class: "picker-hint" }, choice.description) : null));
  }
  menu.addEventListener("keydown", (event) => menuKey(event, menu, trigger));
  return el("span", { class: "overflow" }, trigger, menu);
}

function openMenu(menu, trigger) {
  menu.showPopover?.();
  const box = trigger.getBoundingClientRect();
  const below = window.innerHeight - box.bottom > menu.offsetHeight + 12;
  menu.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = `${below ? box.bottom + 4 : Math.max(8, box.top - menu.offsetHeight - 4)}px`;
  menu.firstElementChild?.focus();
}

function menuKey(event, menu, trigger) {
  const items = [...menu.children];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
  } else if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    event.stopPropagation();
    menu.hidePopover?.();
    trigger.focus();
  }
}
