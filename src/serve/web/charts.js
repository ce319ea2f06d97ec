// Small charts, each with its numbers in a table behind it.
import { make } from "./dom.js";
import { clock, number, texts } from "./language.js";
import { chartUnits, room } from "./units.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 320;
const HEIGHT = 150;
const LEFT = 38;
const BOTTOM = 26;

function shape(parent, tag, attributes, text = null) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== null) element.textContent = text;
  parent.append(element);
  return element;
}

/** The least of 1, 2, 5, 10, 20… that is as much or more. */
function roundUp(value) {
  const ten = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 2, 5, 10].map((step) => step * ten).find((step) => step >= value);
}

/**
 * bars: [{ from, to, value, bad }] side by side; ticks: [[place, text]] below, place from 0 to 1.
 * summary: the chart in a sentence, for those who don't see it.
 */
function barChart(title, summary, bars, ticks, head) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `${title}. ${summary}`);
  const most = roundUp(Math.max(1, ...bars.map((bar) => bar.value)));
  const room = HEIGHT - BOTTOM - 8;
  const y = (value) => 8 + room * (1 - value / most);
  for (const value of [0, most / 2, most]) {
    shape(svg, "line", { class: "grid", x1: LEFT, x2: WIDTH, y1: y(value), y2: y(value) });
    if (Number.isInteger(value)) shape(svg, "text", { x: LEFT - 5, y: y(value) + 4, "text-anchor": "end" }, number(value));
  }
  const step = (WIDTH - LEFT) / bars.length;
  for (const [i, bar] of bars.entries()) {
    if (bar.value === 0) continue;
    shape(svg, "rect", { class: bar.bad ? "bar-bad" : "bar-good", x: LEFT + i * step + 1.5, width: step - 3, y: y(bar.value), height: y(0) - y(bar.value), rx: 2 });
  }
  for (const [place, text] of ticks) {
    const anchor = place === 0 ? "start" : place === 1 ? "end" : "middle";
    shape(svg, "text", { x: LEFT + place * (WIDTH - LEFT), y: HEIGHT - 8, "text-anchor": anchor }, text);
  }
  const table = make("table", {}, make("thead", {}, make("tr", {}, ...head.map((one) => make("th", { scope: "col" }, one)))),
    make("tbody", {}, ...bars.map((bar) => make("tr", {}, make("th", { scope: "row" }, bar.name), make("td", {}, number(bar.value, 1))))));
  return make("figure", { class: "card" }, make("figcaption", {}, make("strong", {}, title), make("span", {}, summary)), svg,
    make("details", {}, make("summary", {}, texts.charts.table), table));
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** How many fall into each class of a width, those from the last limit on together; those under bad, about, are. */
function histogram(values, width, last, bad, unit) {
  const count = Math.round(last / width) + 1;
  const bars = Array.from({ length: count }, (_, i) => ({
    name: i === count - 1 ? texts.charts.andMore(`${last} ${unit}`) : `${range(i * width, (i + 1) * width)} ${unit}`,
    value: 0, bad: (i + 0.5) * width < bad,
  }));
  for (const value of values) bars[Math.max(0, Math.min(count - 1, Math.floor(value / width + 1e-9)))].value += 1;
  const ticks = [0, 1, 2].map((half) => half === 2 ? [1, `${last} ${unit} +`] : [half / 2, number(half / 2 * count * width, 1)]);
  return [bars, ticks];
}

function range(from, to) {
  return texts.charts.range(number(from, 2), number(to, 2));
}

/** Passes over the time of the ride, each bar one part of it, as passes an hour. */
function rateChart(ride, passes) {
  const start = Date.parse(ride.start);
  const length = Math.max(60_000, ride.duration_s * 1000);
  const count = Math.max(1, Math.min(16, Math.round(length / 300_000)));  // less than 5 min says little
  const hours = length / count / 3_600_000;
  const counts = new Array(count).fill(0);
  for (const pass of passes)
    counts[Math.max(0, Math.min(count - 1, Math.floor((Date.parse(pass.time) - start) / length * count)))] += 1;
  const at = (i) => clock(new Date(start + length * i / count));
  const bars = counts.map((value, i) => ({ name: texts.charts.range(at(i), at(i + 1)), value: Math.round(value / hours), bad: false }));
  const { rate, rateSays, time } = texts.charts;
  return barChart(rate, rateSays(number(passes.length / (length / 3_600_000))), bars, [[0, at(0)], [0.5, at(count / 2)], [1, at(count)]], [time, rate]);
}

/** Passes along the way, each bar one part of it, as passes a kilometre or mile. */
function wayChart(ride, passes) {
  const { size, sign } = chartUnits().way;
  const length = ride.distance_m / size;
  const count = Math.max(1, Math.min(16, Math.floor(length)));  // less than one of it says little
  const counts = new Array(count).fill(0);
  for (const { ride_distance_m: at } of passes)
    if (at !== null) counts[Math.max(0, Math.min(count - 1, Math.floor(at / ride.distance_m * count)))] += 1;
  const at = (i) => length * i / count;
  const bars = counts.map((value, i) => ({ name: `${range(at(i), at(i + 1))} ${sign}`, value: value / (length / count), bad: false }));
  const hours = Math.max(60, ride.duration_s) / 3600;
  const { perWay, perWaySays, way, ways } = texts.charts;
  const title = perWay(ways[sign]);
  return barChart(title, perWaySays(number(passes.length / length, 1), number(passes.length / length / hours, 1), ways[sign]), bars,
    [[0, "0"], [0.5, number(at(count / 2), 1)], [1, `${number(length, 1)} ${sign}`]], [way, title]);
}

/** The charts of one ride; those without a number that was measured are left out. */
export function rideCharts(ride, passes, closePass) {
  const known = (key) => passes.map((pass) => pass[key]).filter((value) => value !== null);
  const { lead, leadSays, warning, gap, gapSays, room: left, passes: column } = texts.charts;
  const charts = passes.length > 0 ? [rateChart(ride, passes)] : [];
  if (passes.length > 0 && ride.distance_m) charts.push(wayChart(ride, passes));
  const leads = known("lead_s");
  if (leads.length > 0)
    charts.push(barChart(lead, leadSays(`${number(median(leads), 1)} s`), ...histogram(leads, 1, 10, 2, "s"), [warning, column]));
  const gaps = known("lateral_m");
  if (gaps.length > 0) {
    const { size, sign, step, widest } = chartUnits().room;
    const close = gaps.filter((one) => one < closePass).length;
    charts.push(barChart(gap, gapSays(room(median(gaps)), close, room(closePass)),
      ...histogram(gaps.map((one) => one / size), step, widest, closePass / size, sign), [left, column]));
  }
  return charts;
}

/** The ride as a line of a width in pixels: a mark for each alert. chosen(alert) when one is clicked. */
export function timeline(ride, alerts, width, chosen) {
  const svg = document.createElementNS(SVG, "svg");
  const height = 64;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("role", "img");
  const danger = alerts.filter((one) => one.level === "danger").length;
  svg.setAttribute("aria-label", texts.charts.timeline(alerts.length, danger));
  const start = Date.parse(ride.start);
  const length = Math.max(60_000, ride.duration_s * 1000);
  shape(svg, "rect", { class: "line", x: 8, width: width - 16, y: 36, height: 6, rx: 3 });
  const x = (time) => 8 + Math.max(0, Math.min(1, (time - start) / length)) * (width - 16);
  const order = { info: 0, warning: 1, danger: 2 };
  for (const alert of [...alerts].sort((a, b) => order[a.level] - order[b.level])) {
    const tall = alert.level === "danger" ? 26 : alert.level === "warning" ? 18 : 10;
    const mark = shape(svg, "rect", { class: `mark ${alert.level}`, x: x(Date.parse(alert.time)) - 2.5, width: 5, y: 39 - tall, height: tall + 4, rx: 2 });
    mark.dataset.id = alert.id;
  }
  for (const part of [0, 0.5, 1]) {
    const anchor = ["start", "middle", "end"][part * 2];
    shape(svg, "text", { x: 8 + part * (width - 16), y: 60, "text-anchor": anchor }, clock(new Date(start + part * length)));
  }
  svg.addEventListener("click", (event) => {
    const place = event.offsetX / svg.clientWidth * width;
    const near = alerts.map((one) => [Math.abs(x(Date.parse(one.time)) - place), one]).sort((a, b) => a[0] - b[0])[0];
    if (near && near[0] < 16) chosen(near[1]);
  });
  return svg;
}
