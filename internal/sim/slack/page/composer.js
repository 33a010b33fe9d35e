// Where one writes: Enter sends, Shift+Enter breaks the line, arrow up brings back what was sent.

import { append, el, replace, uniqueID } from "./dom.js";
import { toUpload } from "./files.js";

const REMEMBERED = 50;

// Composer is one text field with its files and hints. The settings are {app, testid, placeholder(),
// send({text, files}) → promise, thread}: in a thread there are no slash commands.
export class Composer {
  constructor(settings) {
    this.settings = settings;
    this.files = [];
    this.hints = [];
    this.chosen = -1;
    this.back = 0;
    this.build();
  }

  build() {
    const listID = uniqueID("hints");
    this.list = el("div", { class: "hints", id: listID, role: "listbox", "aria-label": "Suggestions", hidden: true });
    this.field = el("textarea", {
      rows: "1", class: "composer-field", "data-testid": this.settings.testid, "aria-controls": listID, "aria-autocomplete": "list", spellcheck: "false",
      oninput: () => this.typed(), onkeydown: (event) => this.key(event), onblur: () => this.hide(), onbeforeinput: (event) => this.guard(event), onpaste: (event) => this.paste(event),
    });
    const picker = el("input", { type: "file", multiple: true, class: "sr-only", tabindex: "-1", "aria-hidden": "true", "data-testid": `${this.settings.testid}-file`, onchange: () => this.attach(picker) });
    this.chips = el("ul", { class: "chips", "aria-label": "Attached files", hidden: true });
    this.problem = el("p", { class: "composer-problem", role: "alert", hidden: true });
    this.button = el("button", { type: "submit", class: "btn primary send", "aria-label": "Send" }, "➤");
    const attach = el("button", { type: "button", class: "btn icon", "aria-label": "Attach a file", title: "Attach a file", onclick: () => picker.click() }, "+");
    this.doing = el("p", { class: "muted doing", role: "status", hidden: true });
    this.root = el("form", { class: "composer", onsubmit: (event) => this.submit(event) }, this.list, this.doing, this.problem, this.chips, el("div", { class: "composer-row" }, attach, picker, this.field, this.button));
  }

  // show sets the words for the place that one writes to; another place starts empty.
  show(place) {
    const label = this.settings.placeholder();
    this.field.setAttribute("placeholder", label);
    this.field.setAttribute("aria-label", label);
    if (place === this.place) return;
    this.drafts ??= new Map();
    if (this.place) this.drafts.set(this.place, this.field.value);
    this.place = place;
    this.back = 0;
    this.write(this.drafts.get(place) ?? "");
    this.hide();
  }

  // status shows what the app says that it is doing here.
  status(text) {
    this.doing.hidden = !text;
    replace(this.doing, text ? `${this.settings.app.store.bot.name ?? "The app"} ${text}` : "");
  }

  write(text) {
    this.field.value = text;
    this.grow();
  }

  grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, 220)}px`;
  }

  typed() {
    this.back = 0;
    this.problem.hidden = true;
    this.grow();
    this.hint();
  }

  hint() {
    const before = this.field.value.slice(0, this.field.selectionStart);
    this.hints = this.suggest(before);
    this.chosen = this.hints.findIndex((hint) => hint.insert);
    this.drawHints();
  }

  // suggest answers rows {label, about, insert, from}; a row without insert only informs.
  suggest(before) {
    const { store } = this.settings.app;
    if (before.startsWith("/") && !before.includes("\n")) return this.suggestCommand(before, store);
    const word = /(?:^|\s)([@#])([\w.-]*)$/.exec(before);
    if (!word) return [];
    const wanted = word[2].toLowerCase();
    const from = before.length - word[2].length - 1;
    const all = word[1] === "@" ? names(store) : store.channels.filter((one) => !one.is_dm).map((one) => ({ name: one.name }));
    return all.filter((one) => one.name.startsWith(wanted) && one.name !== wanted).slice(0, 6).map((one) => ({ label: word[1] + one.name, about: one.about, insert: `${word[1]}${one.name} `, from }));
  }

  suggestCommand(before, store) {
    if (this.settings.thread) {
      return [{ label: "Slash commands do not work in threads.", about: `Write @${store.bot.name ?? "stackhand"} and the command.` }];
    }
    const { command } = store;
    if (command.startsWith(before) && before !== command) return [{ label: command, about: "a verb, a name, --options; try “help”", insert: `${command} `, from: 0 }];
    if (before === command || before.startsWith(`${command} `)) return [{ label: `${command} [noun] verb [name] [--option value]`, about: "“help” lists what there is" }];
    return [{ label: `There is only ${command} here.`, about: "" }];
  }

  drawHints() {
    this.list.hidden = this.hints.length === 0;
    replace(this.list, this.hints.map((hint, at) => el("div", { class: `hint ${at === this.chosen ? "active" : ""}`, role: "option", id: `${this.list.id}-${at}`, "aria-selected": String(at === this.chosen), onmousedown: (event) => event.preventDefault(), onclick: () => this.accept(at) }, el("strong", {}, hint.label), hint.about ? el("span", { class: "muted" }, ` ${hint.about}`) : null)));
    if (this.chosen >= 0) this.field.setAttribute("aria-activedescendant", `${this.list.id}-${this.chosen}`);
    else this.field.removeAttribute("aria-activedescendant");
  }

  hide() {
    this.hints = [];
    this.chosen = -1;
    this.drawHints();
  }

  accept(at) {
    const hint = this.hints[at];
    if (!hint?.insert) return;
    const { value, selectionStart } = this.field;
    const head = value.slice(0, hint.from) + hint.insert;
    this.write(head + value.slice(selectionStart));
    this.field.setSelectionRange(head.length, head.length);
    this.field.focus();
    this.hint();
  }

  // guard keeps Enter from breaking the line where the key alone was not enough to stop it.
  guard(event) {
    if (event.inputType === "insertLineBreak" && !this.shift) event.preventDefault();
  }

  key(event) {
    this.shift = event.shiftKey;
    if (event.isComposing) return;
    if (this.chosen >= 0 && this.hintKey(event)) {
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key === "Escape" && this.hints.length) {
      event.stopPropagation();
      this.hide();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.root.requestSubmit();
    } else if ((event.key === "ArrowUp" || event.key === "ArrowDown") && this.recall(event.key === "ArrowUp" ? 1 : -1)) {
      event.preventDefault();
    }
  }

  hintKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      this.chosen = (this.chosen + step + this.hints.length) % this.hints.length;
      this.drawHints();
      return true;
    }
    if (event.key === "Escape") this.hide();
    else if ((event.key === "Enter" && !event.shiftKey) || (event.key === "Tab" && !event.shiftKey)) this.accept(this.chosen);
    else return false;
    return true;
  }

  // recall walks through what this person sent, as a shell does; only while nothing new is typed.
  recall(step) {
    const sent = this.history();
    const fresh = this.field.value === "" || (this.back > 0 && this.field.value === sent.at(-this.back));
    const to = this.back + step;
    if (!fresh || to < 0 || to > sent.length || (to === 0 && this.back === 0)) return false;
    this.back = to;
    this.write(to === 0 ? "" : sent.at(-to));
    this.field.setSelectionRange(this.field.value.length, this.field.value.length);
    return true;
  }

  historyKey() {
    return `sent:${this.settings.app.store.me}`;
  }

  history() {
    return JSON.parse(sessionStorage.getItem(this.historyKey()) ?? "[]");
  }

  remember(text) {
    const sent = this.history().filter((old) => old !== text);
    sessionStorage.setItem(this.historyKey(), JSON.stringify([...sent, text].slice(-REMEMBERED)));
    this.back = 0;
  }

  attach(picker) {
    this.files.push(...picker.files);
    picker.value = "";
    this.drawFiles();
    this.field.focus();
  }

  paste(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    this.files.push(...files);
    this.drawFiles();
  }

  drawFiles() {
    this.chips.hidden = this.files.length === 0;
    const remove = (file) => () => {
      this.files = this.files.filter((one) => one !== file);
      this.drawFiles();
      this.field.focus();
    };
    this.chips.replaceChildren();
    append(this.chips, this.files.map((file) => el("li", { class: "chip" }, `📄 ${file.name}`, el("button", { type: "button", "aria-label": `Remove ${file.name}`, onclick: remove(file) }, "×"))));
  }

  // submit empties the field at once, so that one can type on, and gives the text back if it fails.
  async submit(event) {
    event.preventDefault();
    const text = this.field.value.trim();
    const { files } = this;
    if (!text && !files.length) return;
    this.problem.hidden = true;
    this.files = [];
    this.drawFiles();
    this.write("");
    this.hide();
    if (text) this.remember(text);
    try {
      await this.settings.send({ text, files: await Promise.all(files.map(toUpload)) });
    } catch (error) {
      this.giveBack(text, files, error);
    }
  }

  giveBack(text, files, error) {
    if (!this.field.value) this.write(text);
    this.files.push(...files);
    this.drawFiles();
    replace(this.problem, error.message);
    this.problem.hidden = false;
  }
}

function names(store) {
  const bot = store.bot.name ? [{ name: store.bot.name, about: "the app" }] : [];
  const people = store.people().map((user) => ({ name: user.name, about: user.real_name }));
  return [...bot, ...people.filter((one) => one.name !== store.bot.name)];
}
