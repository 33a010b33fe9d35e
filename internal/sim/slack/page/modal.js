// The stack of views before a person: the top one is shown in a dialog, with what was entered kept.

import { el, replace } from "./dom.js";
import { renderBlocks } from "./blocks.js";
import { trapTab } from "./confirm.js";
import { isEmpty } from "./inputs.js";
import { plainText } from "./text.js";

const REQUIRED = "Please fill in this field.";

// Modal owns one dialog element and follows store.views.
export class Modal {
  constructor(app) {
    this.app = app;
    this.entered = new Map(); // view id → {block id: {action id: state}}
    this.dialog = el("dialog", { class: "dialog modal", "aria-labelledby": "modal-title", "data-testid": "modal", oncancel: (event) => this.cancel(event), onkeydown: (event) => trapTab(event, this.dialog) });
    this.shown = "";
  }

  draw() {
    const view = this.app.store.views.at(-1);
    this.forget();
    if (!view) return this.hide();
    const signature = JSON.stringify([view, this.app.store.views.length]);
    if (signature === this.shown) return undefined;
    const same = this.view?.id === view.id;
    this.view = view;
    this.shown = signature;
    this.busy = false;
    const focused = same ? document.activeElement?.dataset?.testid : "";
    replace(this.dialog, this.form(view));
    if (!this.dialog.open) this.open();
    this.focus(focused);
    return undefined;
  }

  open() {
    this.opener = document.activeElement;
    this.dialog.showModal();
  }

  hide() {
    this.shown = "";
    this.view = null;
    if (!this.dialog.open) return;
    this.dialog.close();
    this.dialog.replaceChildren();
    if (this.opener?.isConnected && this.opener !== document.body) this.opener.focus();
    else this.app.focusComposer();
  }

  // forget drops what was entered into views that are gone.
  forget() {
    const open = new Set(this.app.store.views.map((view) => view.id));
    for (const id of this.entered.keys()) if (!open.has(id)) this.entered.delete(id);
  }

  focus(testid) {
    const same = testid && [...this.dialog.querySelectorAll("[data-testid]")].find((node) => node.dataset.testid === testid);
    const first = this.dialog.querySelector("[autofocus]") ?? this.dialog.querySelector(".dialog-body input, .dialog-body textarea, .dialog-body button") ?? this.dialog.querySelector(".dialog-foot .primary, .dialog-foot button");
    (same || first)?.focus();
  }

  form(view) {
    const depth = this.app.store.views.length;
    const close = plainText(view.close) || (depth > 1 ? "Back" : view.submit ? "Cancel" : "Close");
    this.problem = el("p", { class: "form-problem", role: "alert", hidden: true });
    this.submitButton = view.submit ? el("button", { type: "submit", class: "btn primary", "data-testid": "modal-submit" }, plainText(view.submit) || "Submit") : null;
    return el(
      "form",
      { novalidate: true, onsubmit: (event) => this.submit(event) },
      el("header", { class: "dialog-head" }, el("h2", { id: "modal-title", "data-testid": "modal-title" }, plainText(view.title)), el("button", { type: "button", class: "btn icon", "aria-label": depth > 1 ? "Back" : "Close", "data-testid": "modal-x", onclick: () => this.close() }, depth > 1 ? "←" : "×")),
      el("div", { class: "dialog-body blocks" }, this.problem, renderBlocks(view.blocks, this.surface(view))),
      el("footer", { class: "dialog-foot" }, el("button", { type: "button", class: "btn", "data-testid": "modal-close", onclick: () => this.close() }, close), this.submitButton),
    );
  }

  values(view) {
    if (!this.entered.has(view.id)) this.entered.set(view.id, {});
    return this.entered.get(view.id);
  }

  surface(view) {
    const values = this.values(view);
    return {
      world: this.app.store.world(),
      entered: (blockID, actionID) => values[blockID]?.[actionID],
      enter: (blockID, actionID, state) => {
        (values[blockID] ??= {})[actionID] = state;
        this.showError(blockID, "");
      },
      act: (blockID, element, state) => this.app.click({ view_id: view.id, block_id: blockID, action_id: element.action_id, values: this.pick(view), ...state }),
      options: (blockID, element, query) => this.app.options({ view_id: view.id, block_id: blockID, action_id: element.action_id, query }),
    };
  }

  cancel(event) {
    event.preventDefault();
    if (event.target === this.dialog) this.close();
  }

  async close() {
    try {
      await this.app.post("close", { view_id: this.view.id });
    } catch (error) {
      this.say(error.message);
    }
  }

  async submit(event) {
    event.preventDefault();
    if (this.busy || !this.view) return;
    const { view } = this;
    const values = this.pick(view);
    const missing = Object.fromEntries(required(view).filter((block) => isEmpty(values[block.block_id]?.[block.element.action_id])).map((block) => [block.block_id, REQUIRED]));
    if (Object.keys(missing).length) return this.showErrors(missing);
    this.wait(true);
    try {
      const answer = await this.app.post("submit", { view_id: view.id, values });
      if (answer.errors) this.showErrors(answer.errors);
    } catch (error) {
      this.say(error.message);
    }
    this.wait(false);
  }

  // pick leaves out what belongs to blocks that the view no longer has.
  pick(view) {
    const ids = new Set((view.blocks ?? []).map((block) => block.block_id));
    return Object.fromEntries(Object.entries(this.values(view)).filter(([id]) => ids.has(id)));
  }

  wait(on) {
    this.busy = on;
    this.submitButton?.setAttribute("aria-busy", String(on));
  }

  say(text) {
    replace(this.problem, text);
    this.problem.hidden = !text;
  }

  showErrors(errors) {
    this.say("");
    for (const block of this.view.blocks ?? []) this.showError(block.block_id, "");
    const unplaced = Object.entries(errors).filter(([id, text]) => !this.showError(id, text));
    if (unplaced.length) this.say(unplaced.map(([, text]) => text).join(" "));
    this.dialog.querySelector("[aria-invalid=true]")?.focus();
  }

  // showError writes under an input, and answers whether there was one.
  showError(blockID, text) {
    const block = [...this.dialog.querySelectorAll(".block.input")].find((node) => node.dataset.blockId === blockID);
    const line = block?.querySelector(".input-error");
    if (!line) return false;
    replace(line, text ? ["⚠ ", text] : "");
    line.hidden = !text;
    block.classList.toggle("invalid", Boolean(text));
    const control = block.querySelector("input, textarea");
    if (text) control?.setAttribute("aria-invalid", "true");
    else control?.removeAttribute("aria-invalid");
    return true;
  }
}

function required(view) {
  return (view.blocks ?? []).filter((block) => block.type === "input" && !block.optional);
}
