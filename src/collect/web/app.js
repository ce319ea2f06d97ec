// The fleet's page: where vehicles passed, how the gateways are, passes by hour.
import { FleetMap, shape } from "./map.js";
import { SignIn } from "./sign_in.js";

const REFRESH_MS = 5_000;
/** What was told longer ago says nothing of a road. */
const STALE_MS = 15_000;
const MOST_DOTS = 5_000;
const ROADS = {
  clear: "clear", following: "followed", approaching: "vehicle approaching", danger: "danger", blind: "camera blind",
  no_signal: "no picture", unknown: "unknown",
};

const at = (id) => document.getElementById(id);
const problem = at("problem");
let box = null;
let toldAt = -Infinity;
let gateways = [];

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error((await answer.json().catch(() => null))?.detail ?? `it answers ${answer.status}`);
  return answer.json();
}

function age(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} s ago`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} days ago`;
}

function told({ properties: one }) {
  const metres = one.lateral_m === null ? "" : `, ${Math.abs(one.lateral_m).toFixed(1)} m ${one.side === "behind" ? "aside" : `to the ${one.side}`}`;
  put(at("map-said"), `${one.kind === "close_pass" ? "Close pass" : "Pass"} of a ${one.class ?? "vehicle"}${metres}: ${one.gateway}, ${new Date(one.time).toLocaleString()}.`);
}

const map = new FleetMap(at("map"), (seen) => {
  box = seen;
  passes().then(noProblem, tell);
}, told);

const since = () => new Date(Date.now() - at("span").value * 86_400_000).toISOString();

async function passes() {
  const asked = new URLSearchParams({ since: since(), limit: MOST_DOTS });
  if (at("close").checked) asked.set("close", "1");
  if (box !== null) asked.set("bbox", box.map((degrees) => degrees.toFixed(6)).join(","));
  const { features } = await get(`api/v1/passes.geojson?${asked}`);
  map.show(features);
  if (at("map").querySelector(".chosen") === null)
    put(at("map-said"), features.length === 0 ? "No pass with a position." : `${features.length === MOST_DOTS ? "The newest " : ""}${features.length} passes.`);
}

function showGateways() {
  const isOld = performance.now() - toldAt > STALE_MS;
  at("gateways").replaceChildren(...gateways.map((one) => {
    const road = isOld ? "unknown" : one.road;
    return make("tr", {}, make("th", { scope: "row" }, one.gateway),
      make("td", { "data-road": road }, ROADS[road] ?? road),
      make("td", {}, age(one.silent_s + (performance.now() - toldAt) / 1000)),
      make("td", {}, one.alerts_behind === null ? "not known" : String(one.alerts_behind)),
      make("td", {}, one.version ?? "not known"));
  }));
  put(at("gateways-said"), gateways.length === 0 ? "No gateway has said anything yet." : "");
}

async function hours() {
  const list = await get(`api/v1/passes/hours?${new URLSearchParams({ since: since() })}`);
  const svg = at("hours");
  const [width, height, bottom] = [640, 160, 18];
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.replaceChildren();
  const most = Math.max(1, ...list.map((one) => one.passes));
  const step = width / list.length;
  const name = (one) => new Date(one.hour).toLocaleString([], { weekday: "short", hour: "2-digit", minute: "2-digit" });
  for (const [i, one] of list.entries()) {
    for (const [kind, count] of [["pass", one.passes], ["near", one.close_passes]]) {
      const tall = ((height - bottom) * count) / most;
      if (count > 0) shape(svg, "rect", { class: kind, x: i * step + step * 0.1, width: step * 0.8, y: height - bottom - tall, height: tall });
    }
  }
  shape(svg, "line", { x1: 0, x2: width, y1: height - bottom, y2: height - bottom });
  const sum = (key) => list.reduce((total, one) => total + one[key], 0);
  put(at("hours-said"), `${sum("passes")} passes, ${sum("close_passes")} of them close, since ${list.length > 0 ? name(list[0]) : "now"}; ${most} in the busiest hour.`);
  at("hours-table").replaceChildren(...list.filter((one) => one.passes > 0).toReversed().map((one) =>
    make("tr", {}, make("th", { scope: "row" }, name(one)), make("td", {}, String(one.passes)), make("td", {}, String(one.close_passes)))));
}

function noProblem() {
  problem.hidden = true;
}

function tell(error) {
  problem.hidden = false;
  put(problem, `What stands here may be old: ${error.message}.`);
}

async function refresh() {
  try {
    if (!await signIn.ask()) return;
    gateways = await get("api/v1/gateways");
    toldAt = performance.now();
    showGateways();
    await Promise.all([passes(), hours()]);
    noProblem();
  } catch (error) {
    showGateways();
    tell(error);
  }
}

const signIn = new SignIn(at("sign-in"), at("leave"), at("insecure"), () => refresh());
at("nearer").addEventListener("click", () => map.zoom(1 / 1.5));
at("farther").addEventListener("click", () => map.zoom(1.5));
at("all").addEventListener("click", () => map.all());
for (const id of ["span", "close"]) at(id).addEventListener("change", refresh);
(async function forEver() {
  if (!document.hidden) await refresh();
  setTimeout(forEver, REFRESH_MS);
})();
