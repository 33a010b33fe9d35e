// Just enough of a DOM to draw into without a browser: a tree with text, attributes and listeners.

class FakeNode {
  constructor(tag) {
    this.tagName = tag.toUpperCase();
    this.attributes = {};
    this.childNodes = [];
    this.dataset = {};
    this.style = {};
    this.listeners = {};
  }

  append(...nodes) {
    this.childNodes.push(...nodes.map((node) => (typeof node === "string" ? new FakeText(node) : node)));
  }

  replaceChildren(...nodes) {
    this.childNodes = [];
    this.append(...nodes);
  }

  setAttribute(name, value) {
    this.attributes[name] = value;
  }

  getAttribute(name) {
    return this.attributes[name] ?? null;
  }

  removeAttribute(name) {
    delete this.attributes[name];
  }

  addEventListener(name, listener) {
    (this.listeners[name] ??= []).push(listener);
  }

  dispatch(name) {
    return Promise.all((this.listeners[name] ?? []).map((listener) => listener({ target: this, preventDefault() {} })));
  }

  querySelectorAll() {
    return [];
  }

  get textContent() {
    return this.childNodes.map((node) => node.textContent).join("");
  }

  get children() {
    return this.childNodes.filter((node) => node instanceof FakeNode);
  }

  // find lists the descendants of a tag name, in document order.
  find(tag) {
    return this.children.flatMap((node) => [...(node.tagName === tag.toUpperCase() ? [node] : []), ...node.find(tag)]);
  }
}

class FakeText {
  constructor(text) {
    this.textContent = text;
  }
}

globalThis.document = {
  createElement: (tag) => new FakeNode(tag),
  createElementNS: (_, tag) => new FakeNode(tag),
  createTextNode: (text) => new FakeText(text),
};
globalThis.location = { href: "http://127.0.0.1:1/", origin: "http://127.0.0.1:1" };

// root holds drawn nodes, so that they can be searched.
export function root(...nodes) {
  const node = new FakeNode("root");
  node.append(...nodes.flat(Infinity));
  return node;
}

// world is what texts are drawn with.
export const world = {
  me: "U0ALICE",
  zone: "Europe/Berlin",
  now: new Date("2026-11-21T10:00:00Z"),
  users: [{ id: "U0BOB", name: "bob", real_name: "Bob Birch" }],
  channels: [{ id: "C0OPS", name: "ops", is_dm: false }],
  userName: (id) => ({ U0ALICE: "alice", U0BOB: "bob" })[id],
  channelName: (id) => ({ C0OPS: "ops" })[id],
  groupName: (id) => ({ S0OPS: "ops-team" })[id],
  inGroup: () => false,
};

// surface records what is pressed and entered.
export function surface() {
  const log = [];
  return {
    log,
    world,
    entered: () => undefined,
    enter: (block, action, state) => log.push(["enter", block, action, state]),
    act: (block, element, state) => log.push(["act", block, element.action_id, state]),
    options: async () => ({ options: [] }),
  };
}
