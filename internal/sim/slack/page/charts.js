// The data_visualization block as SVG, with the same numbers as a table for those who do not see it.

import { el, svg } from "./dom.js";

const WIDTH = 480;
const HEIGHT = 220;
const EDGE = { left: 48, right: 12, top: 12, bottom: 34 };
const COLOURS = 6; // classes series-0 … series-5 of the style sheet

// chart draws a block; an unknown kind of chart still gets its table.
export function chart(block) {
  const data = block.chart ?? {};
  const { series, categories } = tidy(data);
  const draw = { bar: bars, line: lines, area: lines, pie }[data.type];
  const picture = draw ? draw({ series, categories, area: data.type === "area" }) : null;
  const axes = [data.axis_config?.x_label, data.axis_config?.y_label].filter(Boolean).join(" / ");
  return el("figure", { class: "block chart" }, el("figcaption", {}, block.title, axes ? el("span", { class: "muted" }, ` ${axes}`) : null), picture, legend(series, data.type, categories), numbers(block.title, series, categories));
}

// tidy brings every kind of chart to series [{name, values}] over categories.
export function tidy(data) {
  if (data.type === "pie") {
    const segments = data.segments ?? [];
    return { categories: segments.map((segment) => segment.label), series: [{ name: "Value", values: segments.map((segment) => Number(segment.value) || 0) }] };
  }
  const all = data.series ?? [];
  const categories = data.axis_config?.categories ?? all[0]?.data?.map((point) => point.label) ?? [];
  const value = (one, category) => Number(one.data?.find((point) => point.label === category)?.value ?? 0) || 0;
  return { categories, series: all.map((one) => ({ name: one.name, values: categories.map((category) => value(one, category)) })) };
}

// ticks answers round numbers from at most lowest to at least highest, zero among them.
export function ticks(lowest, highest) {
  const low = Math.min(0, lowest);
  const high = Math.max(0, highest, low + 1e-9);
  const rough = (high - low) / 4 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const from = Math.floor(low / step);
  const to = Math.max(Math.ceil(high / step), from + 1);
  return Array.from({ length: to - from + 1 }, (_, index) => Number(((from + index) * step).toPrecision(12)));
}

function scale(series) {
  const all = series.flatMap((one) => one.values);
  const marks = ticks(Math.min(0, ...all), Math.max(0, ...all));
  const [low, high] = [marks[0], marks[marks.length - 1]];
  const y = (value) => HEIGHT - EDGE.bottom - ((value - low) / (high - low)) * (HEIGHT - EDGE.top - EDGE.bottom);
  return { marks, y };
}

function frame(children) {
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart-svg", "aria-hidden": "true", focusable: "false" }, children);
}

function axis(marks, y, categories, x) {
  const grid = marks.map((mark) => [svg("line", { x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y(mark), y2: y(mark), class: "grid" }), svg("text", { x: EDGE.left - 6, y: y(mark) + 4, class: "tick end" }, mark)]);
  const every = Math.ceil(categories.length / 8);
  const names = categories.map((name, at) => (at % every ? null : svg("text", { x: x(at), y: HEIGHT - 12, class: "tick middle" }, shorten(name))));
  return [grid, names];
}

function shorten(name) {
  const text = String(name);
  return text.length > 10 ? `${text.slice(0, 9)}…` : text;
}

function bars({ series, categories }) {
  const { marks, y } = scale(series);
  const slot = (WIDTH - EDGE.left - EDGE.right) / Math.max(categories.length, 1);
  const width = (slot * 0.72) / Math.max(series.length, 1);
  const x = (at) => EDGE.left + slot * (at + 0.5);
  const shapes = series.flatMap((one, which) =>
    one.values.map((value, at) => {
      const left = x(at) - (slot * 0.72) / 2 + width * which;
      return svg("rect", { x: left, width: Math.max(width - 1, 1), y: Math.min(y(value), y(0)), height: Math.abs(y(value) - y(0)), rx: 2, class: `series-${which % COLOURS}` });
    }),
  );
  return frame([axis(marks, y, categories, x), shapes]);
}

function lines({ series, categories, area }) {
  const { marks, y } = scale(series);
  const step = (WIDTH - EDGE.left - EDGE.right - 24) / Math.max(categories.length - 1, 1);
  const x = (at) => EDGE.left + 12 + step * at;
  const shapes = series.flatMap((one, which) => {
    const points = one.values.map((value, at) => `${x(at)},${y(value)}`).join(" ");
    const under = area ? svg("polygon", { points: `${x(0)},${y(0)} ${points} ${x(one.values.length - 1)},${y(0)}`, class: `area series-${which % COLOURS}` }) : null;
    return [under, svg("polyline", { points, class: `line series-${which % COLOURS}` }), one.values.map((value, at) => svg("circle", { cx: x(at), cy: y(value), r: 3, class: `series-${which % COLOURS}` }))];
  });
  return frame([axis(marks, y, categories, x), shapes]);
}

function pie({ series }) {
  const values = series[0].values.map((value) => Math.max(value, 0));
  const total = values.reduce((sum, value) => sum + value, 0);
  const [middle, radius] = [HEIGHT / 2, HEIGHT / 2 - 8];
  let turned = 0;
  const point = (share) => [WIDTH / 2 + radius * Math.sin(share * 2 * Math.PI), middle - radius * Math.cos(share * 2 * Math.PI)].map((value) => value.toFixed(2)).join(" ");
  const slices = values.map((value, at) => {
    const share = total ? value / total : 0;
    const from = turned;
    turned += share;
    if (share >= 0.9999) return svg("circle", { cx: WIDTH / 2, cy: middle, r: radius, class: `slice series-${at % COLOURS}` });
    return svg("path", { d: `M ${WIDTH / 2} ${middle} L ${point(from)} A ${radius} ${radius} 0 ${share > 0.5 ? 1 : 0} 1 ${point(turned)} Z`, class: `slice series-${at % COLOURS}` });
  });
  return frame(slices);
}

function legend(series, type, categories) {
  const names = type === "pie" ? categories : series.map((one) => one.name);
  return el("ul", { class: "legend", "aria-hidden": "true" }, names.map((name, at) => el("li", {}, el("span", { class: `dot series-${at % COLOURS}` }), name)));
}

function numbers(title, series, categories) {
  const head = el("tr", {}, el("th", { scope: "col" }, "Category"), series.map((one) => el("th", { scope: "col" }, one.name)));
  const rows = categories.map((category, at) => el("tr", {}, el("th", { scope: "row" }, category), series.map((one) => el("td", { class: "align-right" }, one.values[at]))));
  return el("details", {}, el("summary", {}, "Numbers"), el("div", { class: "table-wrap", tabindex: "0" }, el("table", {}, el("caption", { class: "sr-only" }, title), el("thead", {}, head), el("tbody", {}, rows))));
}
