// The inputs of Block Kit. Each maker answers a control; what a person enters goes to change(state)
// in the shape that view.state.values has: https://docs.slack.dev/reference/views#view-state

import { el, uniqueID } from "./dom.js";
import { picker } from "./picker.js";
import { plainText, renderText } from "./text.js";

// INPUTS maps an element's type to its maker(element, env). env is {world, change, state, label,
// labelledby, describedby, load}; state is what was entered before, or undefined.
export const INPUTS = {
  plain_text_input: (element, env) => (element.multiline ? area(element, env) : field(element, env, "text")),
  rich_text_input: richInput,
  number_input: (element, env) => field(element, env, "number"),
  email_text_input: (element, env) => field(element, env, "email"),
  url_text_input: (element, env) => field(element, env, "url"),
  checkboxes: (element, env) => choices(element, env, "checkbox"),
  radio_buttons: (element, env) => choices(element, env, "radio"),
  datepicker: (element, env) => moment(element, env, "date", "selected_date", element.initial_date),
  timepicker: (element, env) => moment(element, env, "time", "selected_time", element.initial_time),
  datetimepicker: dateTime,
  static_select: optionSelect,
  external_select: optionSelect,
  multi_static_select: optionSelect,
  multi_external_select: optionSelect,
  users_select: idSelect("user", people),
  multi_users_select: idSelect("user", people),
  channels_select: idSelect("channel", channels),
  multi_channels_select: idSelect("channel", channels),
  conversations_select: idSelect("conversation", conversations),
  multi_conversations_select: idSelect("conversation", conversations),
};

// isEmpty says whether a state holds no answer.
export function isEmpty(state) {
  if (!state) return true;
  const { type, ...rest } = state;
  return Object.values(rest).every((value) => value === null || value === undefined || value === "" || value.length === 0);
}

function common(element, env) {
  return {
    "data-action-id": element.action_id, "data-testid": `action-${element.action_id}`, placeholder: plainText(element.placeholder) || null,
    "aria-label": env.labelledby ? null : env.label || plainText(element.placeholder) || element.action_id,
    "aria-labelledby": env.labelledby, "aria-describedby": env.describedby, autofocus: Boolean(element.focus_on_load),
  };
}

// tell hands a first value on, so that what was filled in beforehand is sent too.
function tell(env, state) {
  if (!env.state && !isEmpty(state)) env.change(state, { initial: true });
}

function field(element, env, type) {
  const read = (value) => ({ type: element.type, value: value === "" ? null : value });
  const first = env.state?.value ?? element.initial_value ?? "";
  const node = el("input", {
    ...common(element, env), class: "field", type, inputmode: type === "number" && element.is_decimal_allowed ? "decimal" : null,
    step: type === "number" ? (element.is_decimal_allowed ? "any" : "1") : null, min: element.min_value, max: element.max_value,
    maxlength: element.max_length, autocomplete: "off", spellcheck: "false",
    oninput: () => env.change(read(node.value)), onchange: () => env.change(read(node.value), { commit: true }),
  });
  node.value = first;
  tell(env, read(String(first)));
  return node;
}

function area(element, env) {
  const read = (value) => ({ type: element.type, value: value === "" ? null : value });
  const first = env.state?.value ?? element.initial_value ?? "";
  const node = el("textarea", { ...common(element, env), class: "field", rows: "6", maxlength: element.max_length, oninput: () => env.change(read(node.value)), onchange: () => env.change(read(node.value), { commit: true }) });
  node.value = first;
  tell(env, read(first));
  return node;
}

function richInput(element, env) {
  const wrap = (text) => ({ type: element.type, rich_text_value: text && { type: "rich_text", elements: [{ type: "rich_text_section", elements: [{ type: "text", text }] }] } });
  const before = env.state?.rich_text_value ?? element.initial_value;
  const node = el("textarea", { ...common(element, env), class: "field", rows: "6", oninput: () => env.change(wrap(node.value)) });
  node.value = before?.elements?.[0]?.elements?.[0]?.text ?? "";
  tell(env, wrap(node.value));
  return node;
}

function moment(element, env, type, key, initial) {
  const node = el("input", { ...common(element, env), class: "field narrow", type, onchange: () => env.change({ type: element.type, [key]: node.value || null }, { commit: true }) });
  node.value = env.state?.[key] ?? initial ?? "";
  tell(env, { type: element.type, [key]: node.value || null });
  return node;
}

// dateTime speaks Unix seconds; the field itself shows minutes of the browser's local time, so that a
// time that was given stays exact until somebody changes it.
function dateTime(element, env) {
  const given = env.state?.selected_date_time ?? element.initial_date_time;
  const typed = () => (node.value ? Math.floor(new Date(node.value).getTime() / 1000) : null);
  const read = () => ({ type: element.type, selected_date_time: given && node.value === localMinute(new Date(given * 1000)) ? given : typed() });
  const node = el("input", { ...common(element, env), class: "field narrow", type: "datetime-local", onchange: () => env.change(read(), { commit: true }) });
  if (given) node.value = localMinute(new Date(given * 1000));
  tell(env, read());
  return node;
}

function localMinute(date) {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

function choices(element, env, type) {
  const many = type === "checkbox";
  const first = many ? env.state?.selected_options ?? element.initial_options ?? [] : [env.state?.selected_option ?? element.initial_option].filter(Boolean);
  const chosen = new Set(first.map((option) => option.value));
  const name = uniqueID("choice");
  const read = () => {
    const options = (element.options ?? []).filter((option) => chosen.has(option.value));
    return many ? { type: element.type, selected_options: options } : { type: element.type, selected_option: options[0] ?? null };
  };
  const toggle = (option, on) => {
    if (!many) chosen.clear();
    if (on) chosen.add(option.value);
    else chosen.delete(option.value);
    env.change(read(), { commit: true });
  };
  const rows = (element.options ?? []).map((option) => choiceRow(option, { type, name, element, world: env.world, checked: chosen.has(option.value), toggle }));
  tell(env, read());
  const role = many ? "group" : "radiogroup";
  return el("div", { class: "choices", role, "data-action-id": element.action_id, "aria-labelledby": env.labelledby, "aria-label": env.labelledby ? null : env.label || element.action_id, "aria-describedby": env.describedby }, rows);
}

function choiceRow(option, { type, name, element, world, checked, toggle }) {
  const box = el("input", { type, name, value: option.value, "data-testid": `action-${element.action_id}`, onchange: () => toggle(option, box.checked) });
  box.checked = checked;
  return el("label", { class: "choice" }, box, el("span", {}, renderText(option.text, world), option.description ? el("span", { class: "choice-hint" }, renderText(option.description, world)) : null));
}

// toChoices flattens options and option groups for the picker.
export function toChoices(source) {
  const one = ({ group: named, ...option }, group) => ({ label: plainText(option.text), value: option.value, description: plainText(option.description), group: group ?? named, raw: option });
  const grouped = (source?.option_groups ?? []).flatMap((group) => (group.options ?? []).map((option) => one(option, plainText(group.label))));
  return [...(source?.options ?? []).map((option) => one(option)), ...grouped];
}

function optionSelect(element, env) {
  const multi = element.type.startsWith("multi_");
  const read = (list) => (multi ? { type: element.type, selected_options: list.map((choice) => choice.raw) } : { type: element.type, selected_option: list[0]?.raw ?? null });
  const before = multi ? env.state?.selected_options ?? element.initial_options : [env.state?.selected_option ?? element.initial_option].filter(Boolean);
  const selected = toChoices({ options: before ?? [] });
  tell(env, read(selected));
  const external = element.type.endsWith("external_select");
  return picker({
    ...pickerLabels(element, env), multi, max: element.max_selected_items, selected, choices: toChoices(element),
    load: external ? async (query) => toChoices(await env.load(query)) : undefined,
    onchange: (list) => env.change(read(list), { commit: true }),
  });
}

function pickerLabels(element, env) {
  return { actionID: element.action_id, label: env.label, labelledby: env.labelledby, describedby: env.describedby, placeholder: plainText(element.placeholder) };
}

// idSelect makes the maker of a select whose answers are ids of people or channels.
function idSelect(noun, list) {
  return (element, env) => {
    const multi = element.type.startsWith("multi_");
    const key = `selected_${noun}${multi ? "s" : ""}`;
    const all = list(env.world);
    const before = env.state?.[key] ?? element[`initial_${noun}${multi ? "s" : ""}`];
    const selected = [before ?? []].flat().map((id) => all.find((choice) => choice.value === id) ?? { label: id, value: id });
    const read = (items) => ({ type: element.type, [key]: multi ? items.map((choice) => choice.value) : items[0]?.value ?? null });
    tell(env, read(selected));
    return picker({ ...pickerLabels(element, env), multi, max: element.max_selected_items, selected, choices: all, onchange: (items) => env.change(read(items), { commit: true }) });
  };
}

function people(world) {
  return world.users.map((user) => ({ label: user.real_name || user.name, value: user.id, description: `@${user.name}` }));
}

function channels(world) {
  return world.channels.filter((channel) => !channel.is_dm).map((channel) => ({ label: `#${channel.name}`, value: channel.id }));
}

function conversations(world) {
  return [...channels(world), ...world.channels.filter((channel) => channel.is_dm).map((channel) => ({ label: `@${channel.name}`, value: channel.id }))];
}
