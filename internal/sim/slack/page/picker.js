// One control for every kind of select: a text field that filters, and a list below it.
// Pattern: https://www.w3.org/WAI/ARIA/apg/patterns/combobox/

import { el, replace, uniqueID } from "./dom.js";

const LOAD_DELAY = 200; // milliseconds of quiet before choices are asked for

// picker makes the control. Choices are {label, value, description, group, raw}; settings are
// {label, labelledby, describedby, placeholder, choices, load(query), multi, max, selected, onchange(choices), actionID}.
export function picker(settings) {
  return new Picker(settings).root;
}

class Picker {
  constructor(settings) {
    this.settings = settings;
    this.choices = settings.choices ?? [];
    this.selected = [...(settings.selected ?? [])];
    this.shown = [];
    this.active = -1;
    this.build();
    this.drawSelected();
  }

  build() {
    const { label, labelledby, describedby, placeholder, actionID } = this.settings;
    const listID = uniqueID("list");
    this.list = el("div", { id: listID, class: "picker-list", role: "listbox", popover: "manual", "aria-label": label || placeholder || "Choices", "aria-multiselectable": this.settings.multi ? "true" : null });
    this.chips = el("ul", { class: "chips", "aria-label": "Chosen" });
    this.field = el("input", {
      type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", class: "picker-field",
      "aria-expanded": "false", "aria-controls": listID, "aria-autocomplete": "list",
      "aria-label": labelledby ? null : label || placeholder || "Choose", "aria-labelledby": labelledby, "aria-describedby": describedby,
      placeholder: placeholder || "Choose an option", "data-testid": `action-${actionID}`, "data-action-id": actionID,
      oninput: () => this.search(), onkeydown: (event) => this.key(event),
      onkeypress: (event) => event.key === "Enter" && event.preventDefault(), // it picks; it does not send the form
      onfocus: () => this.field.select(), onclick: () => this.open(), onblur: () => this.leave(),
    });
    this.root = el("div", { class: "picker" }, this.settings.multi ? this.chips : null, el("div", { class: "picker-box" }, this.field), this.list);
  }

  // search filters what is here, or asks for what fits after a moment without typing.
  search() {
    if (this.settings.load) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.fetch(), LOAD_DELAY);
    }
    this.open(this.field.value);
  }

  async fetch() {
    const query = this.query();
    const turn = (this.turn ?? 0) + 1;
    this.turn = turn;
    this.wait(true);
    this.draw(query);
    let [choices, problem] = [[], ""];
    try {
      choices = await this.settings.load(query);
    } catch (error) {
      problem = error.message;
    }
    if (turn !== this.turn) return; // more was typed meanwhile: its answer counts
    [this.choices, this.problem] = [choices, problem];
    this.wait(false);
    if (!this.isOpen) return;
    this.draw("");
    this.place();
  }

  wait(on) {
    this.loading = on;
    this.list.setAttribute("aria-busy", String(on));
  }

  query() {
    return !this.settings.multi && this.field.value === this.selected[0]?.label ? "" : this.field.value;
  }

  open(query = "") {
    if (!this.isOpen && this.settings.load) this.fetch();
    this.isOpen = true;
    this.field.setAttribute("aria-expanded", "true");
    this.draw(this.settings.load ? "" : query);
    this.list.showPopover?.();
    this.place();
  }

  close() {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.active = -1;
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
    this.list.hidePopover?.();
  }

  // place puts the list under the field, or above it where there is more room.
  place() {
    const box = this.field.getBoundingClientRect();
    const below = window.innerHeight - box.bottom - 12;
    const above = box.top - 12;
    const style = this.list.style;
    style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - box.width - 8))}px`;
    style.width = `${box.width}px`;
    style.maxHeight = `${Math.min(280, Math.max(below, above))}px`;
    style.top = below >= Math.min(200, this.list.scrollHeight) || below >= above ? `${box.bottom + 4}px` : "auto";
    style.bottom = style.top === "auto" ? `${window.innerHeight - box.top + 4}px` : "auto";
  }

  leave() {
    clearTimeout(this.timer);
    if (!this.settings.multi && this.field.value.trim() === "" && this.selected.length) this.choose([]);
    this.close();
    this.drawSelected();
  }

  draw(query) {
    const wanted = query.trim().toLowerCase();
    this.shown = this.choices.filter((choice) => `${choice.label} ${choice.value}`.toLowerCase().includes(wanted));
    this.active = Math.min(this.active, this.shown.length - 1);
    let group;
    const rows = this.shown.flatMap((choice, index) => {
      const head = choice.group && choice.group !== group ? el("div", { class: "picker-group", role: "presentation" }, choice.group) : null;
      group = choice.group;
      return [head, this.row(choice, index)];
    });
    replace(this.list, rows.length ? rows : el("div", { class: "picker-empty", role: "option", "aria-disabled": "true" }, this.emptyText()));
    this.mark();
  }

  emptyText() {
    if (this.loading) return "Loading…";
    return this.problem || "Nothing fits";
  }

  row(choice, index) {
    const chosen = this.selected.some((item) => item.value === choice.value);
    return el(
      "div",
      { class: "picker-row", role: "option", id: `${this.list.id}-${index}`, "aria-selected": String(chosen), "data-value": choice.value, onmousedown: (event) => event.preventDefault(), onclick: () => this.pick(choice) },
      el("span", { class: "picker-label" }, choice.label),
      choice.description ? el("span", { class: "picker-hint" }, choice.description) : null,
    );
  }

  mark() {
    const rows = this.list.querySelectorAll("[role=option]");
    rows.forEach((row, index) => row.classList.toggle("active", index === this.active));
    if (this.active < 0) return this.field.removeAttribute("aria-activedescendant");
    this.field.setAttribute("aria-activedescendant", rows[this.active].id);
    rows[this.active].scrollIntoView({ block: "nearest" });
  }

  key(event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!this.isOpen) this.open();
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (this.shown.length) this.active = (this.active + step + (this.active < 0 && step < 0 ? 1 : 0) + this.shown.length) % this.shown.length;
      this.mark();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (this.isOpen) this.pick(this.shown[this.active] ?? (this.shown.length === 1 ? this.shown[0] : undefined));
      else this.open();
    } else if (event.key === "Escape" && this.isOpen) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
      this.drawSelected();
    } else if (event.key === "Backspace" && this.settings.multi && !this.field.value && this.selected.length) {
      this.choose(this.selected.slice(0, -1));
    }
  }

  pick(choice) {
    if (!choice) return;
    if (!this.settings.multi) {
      this.choose([choice]);
      this.close();
      return;
    }
    const without = this.selected.filter((item) => item.value !== choice.value);
    const full = without.length === this.selected.length && without.length >= (this.settings.max ?? Infinity);
    if (full) return;
    this.field.value = "";
    this.choose(without.length < this.selected.length ? without : [...without, choice]);
    this.draw("");
    this.place();
  }

  choose(selected) {
    this.selected = selected;
    this.drawSelected();
    this.settings.onchange(selected);
  }

  drawSelected() {
    if (!this.settings.multi) {
      this.field.value = this.selected[0]?.label ?? "";
      return;
    }
    replace(this.chips, this.selected.map((choice) => el("li", { class: "chip" }, choice.label, el("button", { type: "button", "aria-label": `Remove ${choice.label}`, onclick: () => this.choose(this.selected.filter((item) => item !== choice)) }, "×"))));
  }
}
