// Building blocks for the DOM. Everything that comes from outside becomes text or a checked
// attribute here; nothing in this page ever parses markup.

const SVG = "http://www.w3.org/2000/svg";

// el makes an element. Attributes that are null, undefined or false are left out, "on…" become
// listeners, "class" and "dataset" do what they say, and children may be nested arrays.
export function el(tag, attrs = {}, ...children) {
  return fill(document.createElement(tag), attrs, children);
}

// svg is el for the vector elements of charts.
export function svg(tag, attrs = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attrs, children);
}

function fill(node, attrs, children) {
  for (const [name, value] of Object.entries(attrs)) setAttribute(node, name, value);
  append(node, children);
  return node;
}

function setAttribute(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) {
    node.addEventListener(name.slice(2), value);
    return;
  }
  if (name === "dataset") {
    for (const [key, item] of Object.entries(value)) {
      if (item !== undefined && item !== null) node.dataset[key] = String(item);
    }
    return;
  }
  node.setAttribute(name, value === true ? "" : String(value));
}

// append adds children: nodes, strings, numbers, and arrays of them; nothing for null and false.
export function append(node, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(typeof child === "object" ? child : document.createTextNode(String(child)));
  }
  return node;
}

// replace puts children in the place of what the node held.
export function replace(node, ...children) {
  node.replaceChildren();
  return append(node, children);
}

// safeURL answers the address if a person may be sent there, and "" for javascript: and the like.
export function safeURL(address) {
  const text = String(address ?? "").trim();
  if (/^(https?:|mailto:|tel:|ssh:)/i.test(text)) return text;
  return /^\/(?!\/)/.test(text) ? text : "";
}

// link is an anchor that opens elsewhere; an address that is not safe is shown as text.
export function link(address, children, attrs = {}) {
  const href = safeURL(address);
  if (!href) return el("span", {}, children);
  return el("a", { href, target: "_blank", rel: "noopener noreferrer", ...attrs }, children);
}

// hidden is text for screen readers alone.
export function hidden(text) {
  return el("span", { class: "sr-only" }, text);
}

let counter = 0;

// uniqueID answers an id for label and description references.
export function uniqueID(prefix = "x") {
  counter += 1;
  return `${prefix}-${counter}`;
}

const signatures = new WeakMap();

// reconcile makes a node's children equal to the wanted list [{key, signature, make}], and keeps
// the nodes whose signature is unchanged, so that focus and half-filled inputs in them survive.
export function reconcile(parent, wanted) {
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  const focus = focusPath(parent);
  let place = parent.firstElementChild;
  for (const { key, signature, make } of wanted) {
    let node = old.get(key);
    old.delete(key);
    if (!node || signatures.get(node) !== signature) {
      const fresh = make();
      fresh.dataset.key = key;
      signatures.set(fresh, signature);
      if (node === place) place = place?.nextElementSibling ?? null;
      node?.remove();
      node = fresh;
    }
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of old.values()) node.remove();
  restoreFocus(parent, focus);
}

function focusPath(parent) {
  const active = document.activeElement;
  if (!active || active === parent || !parent.contains(active)) return null;
  const item = active.closest("[data-key]");
  return { key: item?.dataset.key, testid: active.dataset.testid };
}

function restoreFocus(parent, path) {
  if (!path || parent.contains(document.activeElement)) return;
  const item = [...parent.children].find((node) => node.dataset.key === path.key);
  const same = [...(item?.querySelectorAll("[data-testid]") ?? [])].find((node) => node.dataset.testid === path.testid);
  if (same) same.focus();
  else item?.focus();
}
