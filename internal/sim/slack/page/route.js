// What is shown, as the part of the address after #: #/person/channel/thread or #/person/channel/home.

// readRoute answers {user, channel, thread, tab} of a location hash; what it does not say is "".
export function readRoute(hash) {
  if (!hash.startsWith("#/")) return { user: "", channel: "", thread: "", tab: "" };
  const [user = "", channel = "", last = ""] = hash.slice(2).split("/").map(decode);
  return { user, channel, thread: /^\d+\.\d+$/.test(last) ? last : "", tab: last === "home" ? "home" : "" };
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
