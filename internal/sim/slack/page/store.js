// What one person sees, kept up to date by events. It knows no DOM and no network.

// Store holds messages by channel, the views open before the person, the home tab and notices.
export class Store {
  // memory is where read marks survive a reload: localStorage, or anything with getItem and setItem.
  constructor(memory) {
    this.memory = memory;
    this.notices = [];
    this.load({ users: [], channels: [], messages: [], views: [] }, "");
  }

  // load replaces everything by the simulator's state for the person.
  load(state, me) {
    if (me !== this.me) this.notices = [];
    this.me = me;
    this.team = state.team?.name ?? state.team ?? "";
    this.teamID = state.team?.id ?? "";
    this.bot = state.bot ?? {};
    this.command = state.command ?? "/stack";
    this.banner = state.banner ?? "";
    this.users = (state.users ?? []).map(person);
    this.statuses = new Map(); // "channel/thread" → what the app says that it is doing
    this.ahead = state.now ? state.now * 1000 - Date.now() : 0;
    this.groups = state.groups ?? [];
    this.channels = state.channels ?? [];
    this.seq = state.seq ?? 0;
    this.messages = new Map(); // channel → ts → message
    this.threads = new Map(); // "channel/ts of the first message" → ts → reply
    for (const message of state.messages ?? []) this.put(message);
    this.views = [...(state.views ?? [])];
    this.home = state.home ?? null;
    this.read = JSON.parse(this.memory.getItem(this.readKey()) ?? "{}");
  }

  readKey() {
    return `read:${this.teamID || this.team}:${this.me}`;
  }

  // apply takes one event in; unknown types are left alone.
  apply(event) {
    const take = {
      message: () => this.put(event.message),
      update: () => this.put(event.message),
      ephemeral: () => this.put({ ephemeral: true, ...event.message }),
      delete: () => this.remove(event.channel, event.ts),
      view: () => this.putView(event.view),
      view_closed: () => (this.views = this.views.filter((view) => view.id !== (event.id ?? event.view?.id))),
      home: () => (this.home = event.view),
      notice: () => this.putNotice(event),
      status: () => this.statuses.set(`${event.channel}/${event.thread ?? ""}`, event.status ?? ""),
      user: () => (this.users = putByID(this.users, person(event.user))),
      channel: () => (this.channels = putByID(this.channels, event.channel)),
    }[event.type];
    take?.();
  }

  channelMessages(channel) {
    if (!this.messages.has(channel)) this.messages.set(channel, new Map());
    return this.messages.get(channel);
  }

  put(message) {
    this.ahead = Math.max(this.ahead, Number(message.ts) * 1000 - Date.now());
    this.channelMessages(message.channel).set(message.ts, message);
    if (!isReply(message)) return;
    const key = `${message.channel}/${message.thread_ts}`;
    if (!this.threads.has(key)) this.threads.set(key, new Map());
    this.threads.get(key).set(message.ts, message);
  }

  remove(channel, ts) {
    const message = this.channelMessages(channel).get(ts);
    this.channelMessages(channel).delete(ts);
    if (message) this.threads.get(`${channel}/${message.thread_ts}`)?.delete(ts);
  }

  repliesTo(channel, ts) {
    return [...(this.threads.get(`${channel}/${ts}`)?.values() ?? [])];
  }

  putView(view) {
    if (view.type === "home") {
      this.home = view;
      return;
    }
    const at = this.views.findIndex((old) => old.id === view.id);
    if (at < 0) this.views.push(view);
    else this.views[at] = view;
  }

  // A notice has no time stamp of its own: it stands after what its place shows when it comes.
  putNotice({ text, channel = "", thread, thread_ts: threadTS, seq = this.notices.length }) {
    const place = thread || threadTS || "";
    const shown = place ? this.thread(channel, place) : this.timeline(channel);
    const at = shown.at(-1)?.ts ?? (Date.now() / 1000).toFixed(6);
    this.notices.push({ text, channel, thread: place, seq, at });
  }

  // now is the simulator's time of day, which may be ahead of the browser's.
  now() {
    return new Date(Date.now() + this.ahead);
  }

  // timeline lists a channel's messages and notices outside of threads, oldest first.
  timeline(channel) {
    const messages = [...this.channelMessages(channel).values()].filter((message) => !isReply(message) || message.broadcast);
    return this.withNotices(messages, channel, "");
  }

  // thread lists a thread's messages and notices: its first message, then the replies.
  thread(channel, ts) {
    const first = this.channelMessages(channel).get(ts);
    return this.withNotices([...(first ? [first] : []), ...this.repliesTo(channel, ts)], channel, ts);
  }

  withNotices(messages, channel, thread) {
    const notices = this.notices.filter((notice) => notice.channel === channel && notice.thread === thread);
    return [...messages, ...notices.map((notice) => ({ ...notice, notice: true, ts: notice.at }))].sort((a, b) => compareTS(a.ts, b.ts));
  }

  // replies counts a message's thread, by the simulator's number or by what is here.
  replies(message) {
    const here = this.repliesTo(message.channel, message.ts).filter((reply) => !reply.ephemeral);
    const last = here.reduce((latest, reply) => (compareTS(reply.ts, latest) > 0 ? reply.ts : latest), "0");
    return { count: Math.max(here.length, message.reply_count ?? 0), last, users: [...new Set(here.map((reply) => reply.user))] };
  }

  // unread says how many messages of others are new in a channel, and how many of them want the
  // person: in a direct message, by a mention, or for the person alone.
  unread(channel) {
    const result = { count: 0, wanted: 0 };
    const isDM = this.channels.find((one) => one.id === channel)?.is_dm;
    for (const message of this.channelMessages(channel).values()) {
      const place = isReply(message) ? `${channel}:${message.thread_ts}` : channel;
      if (message.user === this.me || compareTS(message.ts, this.read[place] ?? "0") <= 0) continue;
      const wanted = isDM || message.ephemeral || (message.text ?? "").includes(`<@${this.me}`);
      if (!isReply(message) || wanted) result.count += 1;
      if (wanted) result.wanted += 1;
    }
    return result;
  }

  // unreadThread says whether a thread has replies of others that were not seen.
  unreadThread(message) {
    const mark = this.read[`${message.channel}:${message.ts}`] ?? "0";
    return this.repliesTo(message.channel, message.ts).some((reply) => reply.user !== this.me && compareTS(reply.ts, mark) > 0);
  }

  // markRead notes that everything in a channel (or one thread of it) was seen.
  markRead(channel, thread = "") {
    const place = thread ? `${channel}:${thread}` : channel;
    const seen = thread ? this.thread(channel, thread) : this.timeline(channel);
    const last = seen.filter((item) => !item.notice).at(-1)?.ts;
    if (!last || compareTS(last, this.read[place] ?? "0") <= 0) return;
    this.read[place] = last;
    this.memory.setItem(this.readKey(), JSON.stringify(this.read));
  }

  user(id) {
    return this.users.find((user) => user.id === id) ?? (id && id === this.botID() ? { ...this.bot, id, is_bot: true } : undefined);
  }

  // partner is whom one talks to in a direct message, or undefined.
  partner(channel) {
    if (!channel?.is_dm) return undefined;
    const id = channel.with && channel.with !== this.me ? channel.with : channel.members?.find((member) => member !== this.me);
    return this.user(id) ?? { id, name: channel.name };
  }

  botID() {
    return this.bot.id ?? this.bot.user_id ?? "";
  }

  // people are the users that one can be.
  people() {
    return this.users.filter((user) => !user.is_bot && user.id !== this.botID());
  }

  channel(id) {
    return this.channels.find((channel) => channel.id === id);
  }

  // world is what texts are drawn with; zone is the person's, in which dates are shown.
  world() {
    return {
      me: this.me,
      zone: this.user(this.me)?.tz,
      now: this.now(),
      users: this.people(),
      channels: this.channels.map((channel) => (channel.is_dm ? { ...channel, name: this.partner(channel).name } : channel)),
      userName: (id) => this.user(id)?.name,
      channelName: (id) => this.channel(id)?.name,
      groupName: (id) => this.groups.find((group) => group.id === id)?.handle,
      inGroup: (id) => Boolean(this.groups.find((group) => group.id === id)?.members?.includes(this.me)),
    };
  }
}

// isReply says whether a message stands in a thread and did not begin it.
export function isReply(message) {
  return Boolean(message.thread_ts) && message.thread_ts !== message.ts;
}

// compareTS orders "1732158000.000100" time stamps, which are too long for a float.
export function compareTS(a, b) {
  const [aSeconds, aRest = ""] = String(a).split(".");
  const [bSeconds, bRest = ""] = String(b).split(".");
  return Number(aSeconds) - Number(bSeconds) || Number(aRest.padEnd(6, "0")) - Number(bRest.padEnd(6, "0"));
}

// person brings the two ways of marking a program to one.
function person(user) {
  return { ...user, is_bot: Boolean(user.is_bot ?? user.bot) };
}

function putByID(list, item) {
  if (!item?.id) return list;
  return list.some((old) => old.id === item.id) ? list.map((old) => (old.id === item.id ? item : old)) : [...list, item];
}
