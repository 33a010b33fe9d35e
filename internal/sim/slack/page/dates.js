// Dates as the reader sees them, in the reader's own time zone.
// The tokens are those of https://docs.slack.dev/messaging/formatting-message-text/#date-formatting

const SECOND = 1000;
const DAY = 86400 * SECOND;

const STYLES = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date_slash: { year: "numeric", month: "numeric", day: "numeric" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  date_long_full: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: { hour: "numeric", minute: "2-digit" },
  time_secs: { hour: "numeric", minute: "2-digit", second: "2-digit" },
};

const formatters = new Map(); // making one costs more than using it a hundred times

function formatter(style, zone, locale) {
  const key = JSON.stringify([style, zone, locale]);
  if (!formatters.has(key)) formatters.set(key, makeFormatter(style, zone, locale));
  return formatters.get(key);
}

function makeFormatter(style, zone, locale) {
  try {
    return new Intl.DateTimeFormat(locale, { ...style, timeZone: zone || undefined });
  } catch {
    return new Intl.DateTimeFormat(locale, style); // a zone that this browser does not know
  }
}

// dayKey is the calendar day of a moment in the zone, "2026-11-21".
export function dayKey(date, zone) {
  return formatter(STYLES.date_num, zone, "en-CA").format(date);
}

// relativeDay is "today", "yesterday" or "tomorrow", else "".
export function relativeDay(date, zone, now = new Date()) {
  const day = dayKey(date, zone);
  if (day === dayKey(now, zone)) return "today";
  if (day === dayKey(new Date(now.getTime() - DAY), zone)) return "yesterday";
  if (day === dayKey(new Date(now.getTime() + DAY), zone)) return "tomorrow";
  return "";
}

// ago says how far a moment is from now, "3 minutes ago" or "in 2 days".
export function ago(date, now = new Date(), locale = undefined) {
  const seconds = Math.round((date.getTime() - now.getTime()) / SECOND);
  const words = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return words.format(Math.round(seconds / size), unit);
  }
  return words.format(seconds, "second");
}

function token(name, date, { zone, now, locale }) {
  if (name === "ago") return ago(date, now, locale);
  if (name === "day_divider_pretty") return relativeDay(date, zone, now) || formatter(STYLES.date_long, zone, locale).format(date);
  const pretty = name.endsWith("_pretty");
  const style = STYLES[pretty ? name.slice(0, -"_pretty".length) : name];
  if (!style) return undefined;
  if (name === "date_num") return dayKey(date, zone);
  return (pretty && relativeDay(date, zone, now)) || formatter(style, zone, locale).format(date);
}

// formatDate replaces the tokens of a <!date^…> format. It answers the fallback where the time is
// no number or a token is unknown. With capital a relative day at the start gets one.
export function formatDate(unix, format, fallback, { zone, now = new Date(), locale, capital = false } = {}) {
  const date = new Date(Number(unix) * SECOND);
  if (unix === "" || Number.isNaN(date.getTime())) return fallback;
  let known = true;
  const text = String(format).replace(/\{(\w+)\}/g, (_, name) => {
    const value = token(name, date, { zone, now, locale });
    if (value === undefined) known = false;
    return value;
  });
  if (!known) return fallback;
  return capital && format.startsWith("{") ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

// clock is the time of day of a message, "14:05" or "2:05 PM" as the browser's language has it.
export function clock(date, zone) {
  return formatter(STYLES.time, zone).format(date);
}

// dayTitle heads the messages of one day: "Today", "Yesterday", or the date.
export function dayTitle(date, zone, now = new Date()) {
  const relative = relativeDay(date, zone, now);
  if (relative) return relative.charAt(0).toUpperCase() + relative.slice(1);
  return formatter(STYLES.date_long, zone).format(date);
}

// fullTime is the title of a time stamp: date and seconds.
export function fullTime(date, zone) {
  return formatter({ ...STYLES.date_long, ...STYLES.time_secs }, zone).format(date);
}
