// Faces: a coloured square with initials, the same colour for the same person every time.

import { el } from "./dom.js";

const HUES = 8; // classes hue-0 … hue-7 of the style sheet

// avatar draws a person or the bot.
export function avatar(user, size = "") {
  const name = user?.real_name || user?.name || "?";
  const face = user?.is_bot ? "⌘" : initials(name);
  return el("span", { class: `avatar ${size} ${user?.is_bot ? "bot" : `hue-${hue(user?.name ?? name)}`}`.replace(/\s+/g, " "), "aria-hidden": "true" }, face);
}

// initials are the first letters of the first and last word, "AL" for "Alice Liddell".
export function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const letters = words.length > 1 ? words[0][0] + words.at(-1)[0] : (words[0] ?? "?").slice(0, 2);
  return letters.toUpperCase();
}

function hue(name) {
  let sum = 0;
  for (const letter of name) sum = sum + letter.codePointAt(0);
  return sum % HUES;
}

// title is what a person does, by the profile.
export function title(user) {
  return user?.title ?? user?.profile?.title ?? "";
}
