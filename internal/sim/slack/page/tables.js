// The table and data_table blocks.

import { el, replace } from "./dom.js";
import { renderElement } from "./elements.js";
import { renderRichText, richTextPlain } from "./richtext.js";

const PAGE = 10; // rows of a data_table's page where the block does not say

// plainTable draws a table block; its first row is the head.
export function plainTable(block, surface) {
  const [head = [], ...rows] = block.rows ?? [];
  const columns = block.column_settings ?? [];
  const classes = (at) => [`align-${columns[at]?.align ?? "left"}`, columns[at]?.is_wrapped ? "wrapped" : ""].join(" ").trim();
  const line = (tag) => (cells) => el("tr", {}, cells.map((cell, at) => el(tag, { class: classes(at), scope: tag === "th" ? "col" : null }, drawCell(cell, block, surface))));
  return el("div", { class: "block table-wrap", tabindex: "0", role: "group", "aria-label": "Table" }, el("table", {}, el("thead", {}, line("th")(head)), el("tbody", {}, rows.map(line("td")))));
}

function drawCell(cell, block, surface) {
  switch (cell?.type) {
    case "rich_text":
      return renderRichText(cell.elements, surface.world);
    case "raw_number":
      return cell.text || String(cell.value);
    case "action":
      return cell.element ? renderElement(cell.element, block, surface) : drawCell(cell.fallback, block, surface);
    default:
      return cell?.text ?? "";
  }
}

// sortKey is what a cell is ordered by: numbers as such, everything else as text.
export function sortKey(cell) {
  if (cell?.type === "raw_number") return cell.value;
  const text = cell?.type === "rich_text" ? richTextPlain(cell.elements) : cell?.text ?? cell?.element?.text?.text ?? "";
  const number = Number(text);
  return text.trim() !== "" && Number.isFinite(number) ? number : text.toLowerCase();
}

// compareKeys orders numbers before words.
export function compareKeys(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a.localeCompare(b, undefined, { numeric: true });
}

// dataTable draws a data_table block: heads sort it, buttons turn its pages.
export function dataTable(block, surface) {
  const view = { column: -1, down: false, page: 0 };
  const [head = [], ...rows] = block.rows ?? [];
  const size = block.page_size > 0 ? block.page_size : PAGE;
  const table = el("table", {});
  const pager = el("div", { class: "pager" });
  const draw = () => {
    const sorted = sortRows(rows, view);
    const shown = sorted.slice(view.page * size, (view.page + 1) * size);
    const body = shown.map((row) => el("tr", {}, row.map((cell, at) => bodyCell(cell, at, block, surface))));
    const focused = [...table.querySelectorAll("th button")].indexOf(document.activeElement);
    replace(table, el("caption", {}, block.caption), el("thead", {}, el("tr", {}, head.map((cell, at) => headCell(cell, at, view, draw)))), el("tbody", {}, body));
    if (focused >= 0) table.querySelectorAll("th button")[focused].focus();
    drawPager(pager, { view, pages: Math.ceil(rows.length / size), count: rows.length, draw });
  };
  draw();
  return el("div", { class: "block data-table" }, el("div", { class: "table-wrap", tabindex: "0", role: "group", "aria-label": block.caption }, table), pager);
}

function sortRows(rows, { column, down }) {
  if (column < 0) return rows;
  const sorted = [...rows].sort((a, b) => compareKeys(sortKey(a[column]), sortKey(b[column])));
  return down ? sorted.reverse() : sorted;
}

function headCell(cell, at, view, draw) {
  const active = view.column === at;
  const sort = () => {
    Object.assign(view, { column: at, down: active ? !view.down : false, page: 0 });
    draw();
  };
  const label = richTextPlain([cell]) || String(cell?.value ?? "");
  const direction = view.down ? "descending" : "ascending";
  return el("th", { scope: "col", "aria-sort": active ? direction : null }, el("button", { type: "button", class: "sort", onclick: sort }, label, el("span", { "aria-hidden": "true" }, active ? (view.down ? " ↓" : " ↑") : "")));
}

function bodyCell(cell, at, block, surface) {
  const isHead = at === (block.row_header_column_index ?? 0);
  const align = cell?.type === "raw_number" ? "align-right" : null;
  return el(isHead ? "th" : "td", { scope: isHead ? "row" : null, class: align }, drawCell(cell, block, surface));
}

function drawPager(pager, { view, pages, count, draw }) {
  if (pages <= 1) return;
  const turn = (by) => () => {
    view.page += by;
    draw();
    const buttons = pager.querySelectorAll("button");
    (buttons[by > 0 ? 1 : 0].disabled ? buttons[by > 0 ? 0 : 1] : buttons[by > 0 ? 1 : 0]).focus();
  };
  replace(
    pager,
    el("button", { type: "button", class: "btn small", disabled: view.page === 0, onclick: turn(-1) }, "Previous"),
    el("span", { role: "status" }, `Page ${view.page + 1} of ${pages} · ${count} rows`),
    el("button", { type: "button", class: "btn small", disabled: view.page >= pages - 1, onclick: turn(1) }, "Next"),
  );
}
