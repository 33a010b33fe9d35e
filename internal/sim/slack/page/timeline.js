// A list of messages that keeps its place: day dividers, grouping, and sticking to the newest.

import { el, reconcile } from "./dom.js";
import { dayKey, dayTitle } from "./dates.js";
import { drawMessage, drawNotice } from "./message.js";

const GROUP_SECONDS = 300; // messages of one author closer than this share a head
const NEAR = 80; // pixels from the end that still count as reading the newest

// Timeline draws into a scrolling element.
export class Timeline {
  constructor(app, { testid, label, thread }) {
    this.app = app;
    this.thread = Boolean(thread);
    this.list = el("div", { class: "timeline-list" });
    this.jump = el("button", { type: "button", class: "btn jump", hidden: true, onclick: () => this.toEnd() }, "↓ Newest");
    this.scroller = el("div", { class: "timeline", tabindex: "0", role: "log", "aria-live": "off", "aria-label": label, "data-testid": testid, onscroll: () => this.scrolled() }, this.list);
    this.root = el("div", { class: "timeline-frame" }, this.scroller, this.jump);
    new ResizeObserver(() => this.stick && this.toEnd()).observe(this.list);
    new ResizeObserver(() => this.stick && this.toEnd()).observe(this.scroller);
    this.stick = true;
  }

  // show draws the items of a place; another place starts at its end.
  show(place, items, empty) {
    if (place !== this.place) {
      this.place = place;
      this.stick = true;
      this.list.replaceChildren();
    }
    reconcile(this.list, this.plan(items, empty));
    if (this.stick) this.toEnd();
    else this.scrolled();
  }

  plan(items, empty) {
    if (!items.length) return [{ key: "empty", signature: empty.signature, make: empty.make }];
    const { zone, now } = this.app.store.world();
    const wanted = [];
    let before = null;
    for (const item of items) {
      const day = dayKey(new Date(Number(item.ts) * 1000), zone);
      if (day !== before?.day && !this.thread) wanted.push(divider(day, item.ts, zone, now));
      wanted.push(item.notice ? noticeItem(item) : this.messageItem(item, before, day));
      before = { day, item };
      if (this.thread && items.length > 1 && item.ts === items[0].ts) {
        wanted.push(replyCount(items.length - 1));
        before = null;
      }
    }
    return wanted;
  }

  messageItem(message, before, day) {
    const { store } = this.app;
    const grouped = before?.day === day && groups(before.item, message);
    const signature = JSON.stringify([message, grouped, store.me, this.thread ? 0 : [store.replies(message), store.unreadThread(message)]]);
    return { key: `m${message.ts}`, signature, make: () => drawMessage(message, { app: this.app, grouped, thread: this.thread }) };
  }

  atEnd() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    return scrollHeight - clientHeight - scrollTop < NEAR;
  }

  scrolled() {
    this.stick = this.atEnd();
    this.jump.hidden = this.stick;
  }

  toEnd() {
    this.stick = true;
    this.jump.hidden = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }
}

function groups(above, message) {
  if (above.notice || above.ephemeral || message.ephemeral) return false;
  return above.user === message.user && Number(message.ts) - Number(above.ts) < GROUP_SECONDS;
}

function divider(day, ts, zone, now) {
  const text = dayTitle(new Date(Number(ts) * 1000), zone, now);
  return { key: `d${day}`, signature: text, make: () => el("div", { class: "day", role: "separator", "aria-label": text }, el("span", {}, text)) };
}

function replyCount(count) {
  const text = `${count} ${count === 1 ? "reply" : "replies"}`;
  return { key: "replies", signature: text, make: () => el("div", { class: "day reply-count" }, el("span", {}, text)) };
}

function noticeItem(notice) {
  return { key: `n${notice.seq}`, signature: notice.text, make: () => drawNotice(notice) };
}
