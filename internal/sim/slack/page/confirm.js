// The question before a risky button, as a dialog of our own.

import { el } from "./dom.js";
import { plainText, renderText } from "./text.js";

// ask shows a Block Kit confirm object and answers whether the person agreed. Esc means no.
export function ask(confirm, world) {
  return new Promise((resolve) => {
    const dialog = build(confirm, world);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector("[data-testid=confirm-cancel]").focus();
  });
}

function build(confirm, world) {
  const yes = el("button", { class: `btn ${confirm.style === "danger" ? "danger" : "primary"}`, value: "yes", "data-testid": "confirm-ok" }, plainText(confirm.confirm) || "Yes");
  const no = el("button", { class: "btn", value: "no", "data-testid": "confirm-cancel" }, plainText(confirm.deny) || "Cancel");
  return el(
    "dialog",
    { class: "dialog small", "aria-labelledby": "confirm-title", "aria-describedby": "confirm-text", "data-testid": "confirm" },
    el(
      "form",
      { method: "dialog" },
      el("header", { class: "dialog-head" }, el("h2", { id: "confirm-title" }, plainText(confirm.title) || "Are you sure?")),
      el("div", { class: "dialog-body", id: "confirm-text" }, renderText(confirm.text, world)),
      el("footer", { class: "dialog-foot" }, no, yes),
    ),
  );
}

// trapTab keeps the focus inside a dialog when Tab would leave it at either end.
export function trapTab(event, dialog) {
  if (event.key !== "Tab") return;
  const stops = [...dialog.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")];
  const open = stops.filter((node) => !node.disabled && node.offsetParent !== null);
  if (!open.length) return;
  const edge = event.shiftKey ? open[0] : open[open.length - 1];
  if (document.activeElement !== edge && dialog.contains(document.activeElement)) return;
  event.preventDefault();
  (event.shiftKey ? open[open.length - 1] : open[0]).focus();
}
