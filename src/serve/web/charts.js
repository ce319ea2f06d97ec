// Small charts, each with its numbers in a table behind it.
import { make } from "./dom.js";
import { clock } from "./words.js";

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
    if (Number.isInteger(value)) shape(svg, "text", { x: LEFT - 5, y: y(value) + 4, "text-anchor": "end" }, value);
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
    make("tbody", {}, ...bars.map((bar) => make("tr", {}, make("th", { scope: "row" }, bar.name), make("td", {}, String(bar.value))))));
  return make("figure", { class: "card" }, make("figcaption", {}, make("strong", {}, title), make("span", {}, summary)), svg,
    make("details", {}, make("summary", {}, "As a table"), table));
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** How many fall into each class of a width, those from the last limit on together. */
function histogram(values, width, last, bad, unit) {
  const count = Math.round(last / width) + 1;
  const bars = Array.from({ length: count }, (_, i) => ({
    name: i === count - 1 ? `${last} ${unit} and more` : `${round(i * width)} to ${round((i + 1) * width)} ${unit}`,
    value: 0, bad: (i + 1) * width <= bad + 1e-9,
  }));
  for (const value of values) bars[Math.max(0, Math.min(count - 1, Math.floor(value / width + 1e-9)))].value += 1;
  const ticks = [0, 1, 2].map((half) => half === 2 ? [1, `${last} ${unit} +`] : [half / 2, `${round(half / 2 * count * width)}`]);
  return [bars, ticks];
}

function round(value) {
  return Math.round(value * 10) / 10;
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
  const bars = counts.map((value, i) => ({ name: `${at(i)} to ${at(i + 1)}`, value: Math.round(value / hours), bad: false }));
  const summary = `${Math.round(passes.length / (length / 3_600_000))} an hour on average.`;
  return barChart("Passes an hour", summary, bars, [[0, at(0)], [0.5, at(count / 2)], [1, at(count)]], ["Time", "Passes an hour"]);
}

/** Passes along the way, each bar one part of it, as passes a kilometre. */
function wayChart(ride, passes) {
  const km = ride.distance_m / 1000;
  const count = Math.max(1, Math.min(16, Math.floor(km)));  // less than a kilometre says little
  const counts = new Array(count).fill(0);
  for (const { ride_distance_m: at } of passes)
    if (at !== null) counts[Math.max(0, Math.min(count - 1, Math.floor(at / ride.distance_m * count)))] += 1;
  const at = (i) => round(km * i / count);
  const bars = counts.map((value, i) => ({ name: `${at(i)} to ${at(i + 1)} km`, value: round(value / (km / count)), bad: false }));
  const hours = Math.max(60, ride.duration_s) / 3600;
  return barChart("Passes a kilometre",
    `${round(passes.length / km)} a kilometre on average, ${round(passes.length / km / hours)} a kilometre and hour.`, bars,
    [[0, "0"], [0.5, `${at(count / 2)}`], [1, `${at(count)} km`]], ["Way", "Passes a kilometre"]);
}

/** The charts of one ride; those without a number that was measured are left out. */
export function rideCharts(ride, passes, closePass) {
  const known = (key) => passes.map((pass) => pass[key]).filter((value) => value !== null);
  const charts = passes.length > 0 ? [rateChart(ride, passes)] : [];
  if (passes.length > 0 && ride.distance_m) charts.push(wayChart(ride, passes));
  const leads = known("lead_s");
  if (leads.length > 0) {
    charts.push(barChart("Warning before they passed", `Half of them ${round(median(leads))} s or more; red: under 2 s.`,
      ...histogram(leads, 1, 10, 2, "s"), ["Warning", "Passes"]));
  }
  const gaps = known("lateral_m");
  if (gaps.length > 0) {
    const close = gaps.filter((gap) => gap < closePass).length;
    charts.push(barChart("Room they left you", `Half of them ${round(median(gaps))} m or more; ${close} under ${closePass} m, in red.`,
      ...histogram(gaps, 0.25, 3, closePass, "m"), ["Room", "Passes"]));
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
  svg.setAttribute("aria-label", `Timeline: ${alerts.length} events, ${danger} of them dangerous. The list below has them all.`);
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
