// What is shown, as the part of the address after #: #/person/channel/thread or #/person/channel/home.

// readRoute answers {user, channel, thread, tab} of a location hash; what it does not say is "".
export function readRoute(hash) {
  if (!hash.startsWith("#/")) return { user: "", channel: "", thread: "", tab: "" };
  const [user = "", channel = "", last = ""] = hash.slice(2).split("/").map(decode);
  return { user, channel, thread: /^\d+\.\d+$/.test(last) ? last : "", tab: last === "home" ? "home" : "" };
}

// readPermalink answers the same of the query that the address of a message has:
// ?channel=C…&ts=…&thread_ts=…; it shows the message's thread.
export function readPermalink(search) {
  const query = new URLSearchParams(search);
  const thread = query.get("thread_ts") ?? query.get("ts") ?? "";
  return { user: query.get("user") ?? "", channel: query.get("channel") ?? "", thread: /^\d+\.\d+$/.test(thread) ? thread : "", tab: "" };
}

// writeRoute is the inverse of readRoute.
export function writeRoute({ user, channel, thread, tab }) {
  const parts = [user, channel, thread || tab].filter(Boolean);
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
