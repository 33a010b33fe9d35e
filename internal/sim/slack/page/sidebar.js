// The side bar: who one is, channels, direct messages. On a phone it is a drawer.

import { el, hidden, reconcile, replace } from "./dom.js";
import { avatar, title } from "./people.js";

// Sidebar draws into its own element. Arrow keys walk through the channels.
export class Sidebar {
  constructor(app) {
    this.app = app;
    this.team = el("h1", { class: "team" });
    this.people = el("div", { class: "people", role: "radiogroup", "aria-label": "Be this person" });
    this.channels = el("ul", { class: "channel-list", "aria-label": "Channels" });
    this.directs = el("ul", { class: "channel-list", "aria-label": "Direct messages" });
    this.lists = el("div", { class: "side-scroll", onkeydown: (event) => this.key(event) }, el("h2", { class: "side-title" }, "Channels"), this.channels, el("h2", { class: "side-title" }, "Direct messages"), this.directs);
    this.status = el("p", { class: "status", role: "status", hidden: true });
    this.root = el("nav", { class: "sidebar", id: "sidebar", "aria-label": "Workspace" }, this.team, el("h2", { class: "side-title" }, "You are"), this.people, this.lists, this.status);
    this.people.addEventListener("keydown", (event) => this.personKey(event));
  }

  draw() {
    const { store, route } = this.app;
    replace(this.team, store.team || "Workspace");
    reconcile(this.people, store.people().map((user) => ({ key: user.id, signature: JSON.stringify([user, user.id === store.me]), make: () => this.person(user) })));
    const sorted = [...store.channels].sort((a, b) => a.name.localeCompare(b.name));
    this.fill(this.channels, sorted.filter((channel) => !channel.is_dm), route);
    this.fill(this.directs, sorted.filter((channel) => channel.is_dm), route);
    this.rove();
  }

  person(user) {
    const isMe = user.id === this.app.store.me;
    const role = title(user);
    return el(
      "button",
      { type: "button", class: "person", role: "radio", "aria-checked": String(isMe), tabindex: isMe ? "0" : "-1", "data-testid": `person-${user.id}`, title: role || null, onclick: () => this.app.become(user.id) },
      avatar(user),
      el("span", { class: "person-text" }, el("span", { class: "person-name" }, user.name), role ? el("span", { class: "person-role" }, role) : null),
    );
  }

  personKey(event) {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...this.people.children];
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    next.focus();
  }

  fill(list, channels, route) {
    const { store } = this.app;
    const wanted = channels.map((channel) => {
      const unread = channel.id === route.channel ? { count: 0, wanted: 0 } : store.unread(channel.id);
      const current = channel.id === route.channel;
      return { key: channel.id, signature: JSON.stringify([channel, unread, current]), make: () => this.row(channel, unread, current) };
    });
    reconcile(list, wanted);
  }

  row(channel, unread, current) {
    const { store } = this.app;
    const partner = store.partner(channel);
    const name = partner?.real_name || partner?.name || channel.name;
    return el(
      "li",
      {},
      el(
        "button",
        { type: "button", class: `channel ${unread.count ? "unread" : ""}`.trim(), "data-testid": `channel-${channel.id}`, "aria-current": current ? "page" : null, tabindex: "-1", onclick: () => this.app.openChannel(channel.id) },
        channel.is_dm ? avatar(partner, "tiny") : el("span", { class: "hash", "aria-hidden": "true" }, "#"),
        el("span", { class: "channel-name" }, name),
        unread.wanted ? el("span", { class: "count" }, unread.wanted) : null,
        unread.count ? hidden(` ${unread.count} unread`) : null,
      ),
    );
  }

  rows() {
    return [...this.lists.querySelectorAll(".channel")];
  }

  // rove leaves one row of the list in the tab order: the one that has the focus, or the open one.
  rove(chosen) {
    const rows = this.rows();
    const one = chosen ?? rows.find((row) => row === document.activeElement) ?? rows.find((row) => row.getAttribute("aria-current")) ?? rows[0];
    for (const row of rows) row.tabIndex = row === one ? 0 : -1;
  }

  key(event) {
    const rows = this.rows();
    const at = rows.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    const row = rows[Math.max(0, Math.min(to, rows.length - 1))];
    this.rove(row);
    row.focus();
  }

  connection(live) {
    this.status.hidden = live;
    replace(this.status, live ? "" : "Connecting again …");
  }
}
