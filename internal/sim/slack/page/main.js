// The page of the simulated workspace: it wires the parts to the simulator and draws what changed.

import { Feed, getState, post } from "./api.js";
import { Composer } from "./composer.js";
import { append, el, replace } from "./dom.js";
import { Home } from "./home.js";
import { Modal } from "./modal.js";
import { avatar, title } from "./people.js";
import { Sidebar } from "./sidebar.js";
import { isReply, Store } from "./store.js";
import { Timeline } from "./timeline.js";
import { parse, plain } from "./mrkdwn.js";
import { readPermalink, readRoute, writeRoute } from "./route.js";

const FIRST = "alice"; // who one is at first
const TOAST_TIME = 8000; // milliseconds

class App {
  constructor() {
    this.store = new Store(localStorage);
    this.route = location.hash ? readRoute(location.hash) : readPermalink(location.search);
    this.feed = new Feed({ onevent: (event) => this.take(event), onstatus: (status) => this.sidebar.connection(status === "live"), onlost: () => this.reload() });
    this.build();
    window.addEventListener("hashchange", () => this.follow());
    window.addEventListener("keydown", (event) => this.key(event));
    window.addEventListener("focus", () => this.changed());
  }

  build() {
    this.sidebar = new Sidebar(this);
    this.home = new Home(this);
    this.modal = new Modal(this);
    this.banner = el("div", { class: "banner", role: "note", "data-testid": "banner" });
    this.main = new Timeline(this, { testid: "messages", label: "Messages" });
    this.side = new Timeline(this, { testid: "thread-messages", label: "Thread", thread: true });
    this.composer = new Composer({ app: this, testid: "composer", placeholder: () => `Message ${this.placeName()}`, send: (message) => this.say("", message) });
    this.threadComposer = new Composer({ app: this, testid: "thread-composer", thread: true, placeholder: () => "Reply in the thread", send: (message) => this.say(this.route.thread, message) });
    this.head = el("div", { class: "channel-title" });
    this.tabs = el("div", { class: "tabs", role: "tablist", "aria-label": "Views of the app", hidden: true, onkeydown: (event) => this.tabKey(event) });
    this.drawerButton = el("button", { type: "button", class: "btn icon drawer-button", "aria-label": "Channels and people", "aria-expanded": "false", "aria-controls": "sidebar", "data-testid": "drawer", onclick: () => this.drawer(!this.frame.classList.contains("drawer-open")) }, "☰");
    this.channelPane = el("main", { class: "channel-pane", id: "main" }, el("header", { class: "pane-head" }, this.drawerButton, this.head, this.tabs), this.home.root, this.main.root, this.composer.root);
    this.threadPane = el("aside", { class: "thread-pane", "aria-label": "Thread", "data-testid": "thread", hidden: true }, el("header", { class: "pane-head" }, el("h2", {}, "Thread"), el("button", { type: "button", class: "btn icon", "aria-label": "Close the thread", "data-testid": "thread-close", onclick: () => this.closeThread() }, "×")), this.side.root, this.threadComposer.root);
    this.live = el("div", { class: "sr-only", role: "status", "aria-live": "polite" });
    this.toasts = el("div", { class: "toasts", role: "alert" });
    this.shade = el("div", { class: "shade", onclick: () => this.drawer(false) });
    this.frame = el("div", { class: "frame" }, this.sidebar.root, this.shade, this.channelPane, this.threadPane);
    document.querySelector(".skip").addEventListener("click", (event) => {
      event.preventDefault();
      this.main.scroller.focus();
    });
    append(document.getElementById("app"), [this.banner, this.frame, this.live, this.toasts, this.modal.dialog]);
  }

  async start() {
    const wanted = this.route.user || localStorage.getItem("me");
    const known = wanted && (await getState(wanted).then(() => true, () => false)); // not a person of an earlier workspace
    await this.become(known ? wanted : FIRST, { keep: true });
    this.focusComposer();
  }

  // become shows the workspace as another person sees it. Without a person it is the first one.
  async become(user, { keep = false } = {}) {
    try {
      const state = await getState(user);
      this.store.load(state, state.me || user);
    } catch (error) {
      return this.fail(error);
    }
    const channel = keep || this.store.channel(this.route.channel) ? this.route.channel : "";
    const thread = keep ? this.route.thread : "";
    this.route = { user: this.store.me, channel: this.store.channel(channel)?.id ?? this.firstChannel(), thread, tab: this.route.tab };
    localStorage.setItem("me", this.store.me);
    this.drawer(false);
    this.feed.start(this.store.me, this.store.seq);
    this.sayWho();
    this.go({});
    return undefined;
  }

  async reload() {
    try {
      const state = await getState(this.store.me);
      this.store.load(state, this.store.me);
      this.feed.start(this.store.me, this.store.seq);
      this.changed();
    } catch (error) {
      this.fail(error);
    }
  }

  firstChannel() {
    return this.store.channels.find((channel) => !channel.is_dm)?.id ?? this.store.channels[0]?.id ?? "";
  }

  // go changes what is shown and writes it into the address, so that "back" works.
  go(change) {
    const before = this.route;
    this.route = { ...this.route, ...change };
    const hash = writeRoute(this.route);
    if (hash !== location.hash) history[change.channel || change.thread !== undefined ? "pushState" : "replaceState"](null, "", hash);
    if (this.onHome() && (before.tab !== this.route.tab || before.channel !== this.route.channel || before.user !== this.route.user || !this.greeted)) this.openHome();
    this.changed();
  }

  follow() {
    if (!location.hash.startsWith("#/")) return;
    const route = readRoute(location.hash);
    if (route.user && route.user !== this.store.me) {
      this.route = { ...this.route, ...route };
      this.become(route.user, { keep: true });
      return;
    }
    this.go({ ...route, user: this.store.me, channel: this.store.channel(route.channel)?.id ?? this.firstChannel() });
  }

  openChannel(channel) {
    this.drawer(false);
    this.go({ channel, thread: "", tab: "" });
    this.draw();
    this.focusComposer();
  }

  openThread(channel, thread) {
    this.go({ channel, thread });
    this.draw(); // now, because what is not shown cannot take the focus
    this.threadComposer.field.focus();
  }

  closeThread() {
    const ts = this.route.thread;
    this.go({ thread: "" });
    this.draw();
    const opener = [...this.main.list.querySelectorAll("[data-testid=message]")].find((node) => node.dataset.ts === ts);
    (opener?.querySelector("[data-testid=open-thread], [data-testid=reply-in-thread]") ?? this.composer.field).focus();
  }

  isBotDM() {
    const channel = this.store.channel(this.route.channel);
    return Boolean(this.store.partner(channel)?.is_bot);
  }

  onHome() {
    return this.isBotDM() && this.route.tab === "home";
  }

  async openHome() {
    this.greeted = true;
    await this.quietly(() => this.post("home", {}));
  }

  drawer(open) {
    this.frame.classList.toggle("drawer-open", open);
    this.drawerButton.setAttribute("aria-expanded", String(open));
    if (open) this.sidebar.rows().find((row) => row.tabIndex === 0)?.focus();
  }

  // changed draws soon, once for everything that changed together.
  changed() {
    if (this.planned) return;
    this.planned = true;
    queueMicrotask(() => {
      this.planned = false;
      this.draw();
    });
  }

  draw() {
    const { store, route } = this;
    const { channel, thread } = route;
    const home = this.onHome();
    const place = `${store.me}/${channel}`;
    if (document.hasFocus() && !home && channel) store.markRead(channel);
    if (document.hasFocus() && thread) store.markRead(channel, thread);
    replace(this.banner, store.banner || "Simulator – this is not Slack");
    this.drawHead(home);
    this.sidebar.draw();
    this.home.draw(home);
    this.main.root.hidden = home;
    this.composer.root.hidden = home;
    this.composer.show(place);
    this.composer.status(store.statuses.get(`${channel}/`));
    this.main.show(place, store.timeline(channel), this.empty());
    this.threadPane.hidden = !thread;
    this.frame.classList.toggle("with-thread", Boolean(thread));
    if (thread) {
      this.threadComposer.show(`${place}/${thread}`);
      this.threadComposer.status(store.statuses.get(`${channel}/${thread}`));
      this.side.show(`${place}/${thread}`, store.thread(channel, thread), { signature: "", make: () => el("p", { class: "empty" }, "This thread is gone.") });
    }
    this.modal.draw();
    document.title = `${this.placeName()} – ${store.team || "simulator"}`;
  }

  drawHead(home) {
    const channel = this.store.channel(this.route.channel);
    const partner = this.store.partner(channel);
    const about = partner ? title(partner) : channel?.members?.length ? `${channel.members.length} members` : "";
    replace(this.head, partner ? avatar(partner, "small") : null, el("h2", {}, this.placeName()), about ? el("span", { class: "muted" }, about) : null);
    this.tabs.hidden = !this.isBotDM();
    const tab = (name, label, on, panel) => el("button", { type: "button", role: "tab", "aria-selected": String(on), "aria-controls": panel, tabindex: on ? "0" : "-1", "data-testid": `tab-${name || "messages"}`, onclick: () => this.go({ tab: name, thread: "" }) }, label);
    const focused = this.tabs.contains(document.activeElement);
    replace(this.tabs, tab("home", "Home", home, "home-panel"), tab("", "Messages", !home, "main"));
    if (focused) this.tabs.querySelector("[aria-selected=true]").focus();
  }

  tabKey(event) {
    if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
    event.preventDefault();
    this.go({ tab: this.onHome() ? "" : "home", thread: "" });
  }

  placeName() {
    const channel = this.store.channel(this.route.channel);
    if (!channel) return "";
    if (!channel.is_dm) return `#${channel.name}`;
    const partner = this.store.partner(channel);
    return partner.real_name || partner.name;
  }

  empty() {
    const { command, bot } = this.store;
    const text = this.isBotDM() ? `Nothing was said here yet. Write “help” to ${bot.name ?? "the app"}.` : `Nothing was said here yet. Try “${command} help”.`;
    return { signature: text, make: () => el("p", { class: "empty" }, text) };
  }

  take(event) {
    if (event.type === "reset") {
      this.reload(); // away for too long: the simulator no longer knows what was missed
      return;
    }
    this.store.apply(event);
    this.announce(event);
    this.changed();
  }

  // announce speaks what arrived to screen readers, and shows notices that belong to no place.
  announce(event) {
    if (event.type === "notice") {
      if (!event.channel || event.channel !== this.route.channel) this.toast(event.text);
      else this.speak(event.text);
    }
    const { message } = event;
    if ((event.type !== "message" && event.type !== "ephemeral") || message.user === this.store.me || message.channel !== this.route.channel) return;
    if (isReply(message) && message.thread_ts !== this.route.thread) return;
    const world = this.store.world();
    const names = { user: world.userName, channel: world.channelName, group: world.groupName };
    this.speak(`${world.userName(message.user) ?? this.store.bot.name ?? ""}: ${plain(parse(message.text), names)}`);
  }

  speak(text) {
    replace(this.live, text);
  }

  sayWho() {
    const user = this.store.user(this.store.me);
    this.speak(`You are ${user?.real_name || user?.name || this.store.me}`);
  }

  toast(text) {
    const node = el("div", { class: "toast", "data-testid": "toast" }, el("span", {}, text), el("button", { type: "button", "aria-label": "Dismiss", onclick: () => node.remove() }, "×"));
    this.toasts.append(node);
    setTimeout(() => node.remove(), TOAST_TIME);
  }

  fail(error) {
    console.error(error);
    this.toast(error.message);
  }

  async quietly(run) {
    try {
      return await run();
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  post(what, body) {
    return post(what, { user: this.store.me, ...body });
  }

  say(thread, { text, files }) {
    this.main.stick = true;
    return this.post("say", { channel: this.route.channel, thread_ts: thread, text, files });
  }

  click(action) {
    return this.quietly(() => this.post("click", action));
  }

  async options(request) {
    const answer = await this.post("options", request);
    return { options: answer.options ?? [], option_groups: answer.option_groups ?? [] };
  }

  focusComposer() {
    if (this.route.thread) this.threadComposer.field.focus();
    else this.composer.field.focus();
  }

  // Esc closes what is open, F6 walks through the parts of the page.
  key(event) {
    if (event.defaultPrevented || this.modal.dialog.open) return;
    if (event.key === "Escape" && this.frame.classList.contains("drawer-open")) {
      this.drawer(false);
      this.drawerButton.focus();
    } else if (event.key === "Escape" && this.route.thread && !document.querySelector("dialog[open]")) this.closeThread();
    else if (event.key === "F6") this.walk(event);
  }

  walk(event) {
    event.preventDefault();
    const stops = [this.sidebar.rows().find((row) => row.tabIndex === 0), this.onHome() ? this.home.root : this.main.scroller, this.composer.field, this.route.thread ? this.threadComposer.field : null].filter((node) => node?.offsetParent);
    const at = stops.findIndex((node) => node === document.activeElement || node.contains(document.activeElement));
    stops[(at + (event.shiftKey ? -1 : 1) + stops.length) % stops.length]?.focus();
  }
}

const app = new App();
app.start();
