import { Access } from "./access.js";
import { Awake } from "./awake.js";
import { make, put } from "./dom.js";
import { sameVehicle } from "./encounters.js";
import { Feed } from "./feed.js";
import { History } from "./history.js";
import { clock, number, texts } from "./language.js";
import { MissButton } from "./missed.js";
import { Picture } from "./picture.js";
import { Radar } from "./radar.js";
import { Routes } from "./routes.js";
import { Settings } from "./settings.js";
import { Sound } from "./sound.js";
import { alertWords, seconds, stateWords } from "./words.js";

const MOST_ALERTS = 100;
const MOST_IDS = 1000;
const RECENT_ALERTS = 50;
/** An alert older than this is history: listed, but neither said nor sounded. */
const NEWS_S = 5;
const ICONS = {
  clear: "M8 25l11 11L40 13",
  following: "M9 33v-9l4-10h22l4 10v9zM9 24h30M15 33v5M33 33v5",
  approaching: "M10 26l14-14 14 14M10 40l14-14 14 14",
  danger: "M24 6L44 42H4zM24 18v11M24 35v.5",
  warning: "M24 6L44 42H4zM24 18v11M24 35v.5",
  unplugged: "M6 42L42 6M14 24l-4 4a7 7 0 0 0 10 10l4-4M24 14l4-4a7 7 0 0 1 10 10l-4 4",
  blind: "M6 42L42 6M4 24c6-9 13-13 20-13s14 4 20 13c-6 9-13 13-20 13S10 33 4 24zM24 18a6 6 0 1 0 0 12 6 6 0 0 0 0-12",
};

const byId = (id) => document.getElementById(id);
const view = {
  icon: byId("state-icon"), word: byId("state-word"), detail: byId("state-detail"),
  seconds: byId("state-seconds"), alerts: byId("alerts"), none: byId("no-alerts"), store: byId("store-problem"), age: byId("age"),
  camera: byId("camera"), other: byId("beside"), cameraLabel: byId("camera-label"), polite: byId("say-politely"), now: byId("say-now"),
  theme: document.querySelector('meta[name="theme-color"]'),
};
const radar = new Radar(byId("radar"));
const picture = new Picture(document.querySelector(".picture"));
const beside = new Picture(document.querySelector(".beside"));
const sound = new Sound(byId("sound"), byId("sound-label"));

/** Room for two pictures. */
const wide = matchMedia("(min-width: 90rem) and (min-height: 541px)");

let cameras = [];               // their names
let camera = null;              // the name of the one that the page is about
let other = null;               // the name of the one that is shown beside it, if any
const newest = new Map();       // camera → { analysis, at }
let heartbeat = null;
let serverNowMs = null;         // the server's clock at the last message, and ours then
let serverHeardAt = 0;
const alertIds = new Set();
const listed = new WeakMap();   // item of the list → its alert
let historyLoaded = false;
let historyLoading = false;
let completeTo = null;          // no alert up to this one is missing from the list; null before the first load
let shown = null;
let drawing = false;

function situation(name) {
  const last = newest.get(name) ?? null;
  return {
    connected: feed.connected,
    connecting: feed.connecting,
    analysis: last?.analysis ?? null,
    analysisAge: last === null ? Infinity : (performance.now() - last.at) / 1000,
    delay: feed.delayMs / 1000,
    camera: heartbeat?.cameras.find((one) => one.name === name) ?? null,
  };
}

function showState() {
  const now = situation(camera);
  const state = stateWords(now);
  if (other !== null) showOther();
  document.body.dataset.look = state.look;
  document.body.classList.toggle("long-word", state.word.length > 9);
  view.icon.setAttribute("d", ICONS[state.icon]);
  put(view.word, state.word);
  put(view.detail, state.detail);
  view.seconds.hidden = state.seconds === null;
  if (state.seconds !== null) {
    const unit = document.createElement("small");
    unit.textContent = "s";
    view.seconds.replaceChildren(seconds(state.seconds), unit);
  }
  const total = now.analysis?.latency_ms?.total;
  put(view.age, state.look !== "lost" && Number.isFinite(total) ? texts.picture.age(number(total + feed.delayMs)) : "");
  radar.draw(state.look === "lost" ? [] : now.analysis.tracks);

  if (shown !== null && shown.word === state.word && shown.look === state.look) return;
  if (state.look === "lost" && shown !== null && shown.look !== "lost") sound.play("lost", null);
  if (state.look !== "lost" && shown?.look === "lost") sound.play("back", null);
  put(state.urgent ? view.now : view.polite, `${state.word}. ${state.detail}`);
  put(state.urgent ? view.polite : view.now, "");
  view.theme.content = getComputedStyle(document.body).getPropertyValue("--state").trim();
  document.title = `${state.word} – Rearview`;
  shown = state;
}

/** What the other camera sees of the road stands on its picture. */
function showOther() {
  const { look, word, detail } = stateWords(situation(other));
  view.other.dataset.look = look;
  put(view.other.querySelector("b"), `${other}: ${word}`);
  put(view.other.querySelector("span"), detail);
}

/** The next camera stands beside the chosen one where there is room. */
function arrangeCameras() {
  const live = routes.name === "live" && camera !== null;
  const next = live && wide.matches && cameras.length > 1 ? cameras[(cameras.indexOf(camera) + 1) % cameras.length] : null;
  if (next === other) return;
  other = next;
  beside.frame.hidden = other === null;
  if (other === null) {
    beside.hide();
  } else {
    showOther();
    beside.show(other);
  }
}

/** Many messages in one frame are drawn once; without frames, in the background, at once. */
function changed() {
  if (document.hidden) {
    showState();
  } else if (!drawing) {
    drawing = true;
    requestAnimationFrame(() => {
      drawing = false;
      showState();
    });
  }
}

/** What the list says of the same vehicle, the newest of each. */
function listedOf(alert) {
  return [...view.alerts.children].find((item) => sameVehicle(listed.get(item), alert)) ?? null;
}

/** Puts the words of an alert into its item of the list. */
function describe(item) {
  const alert = listed.get(item);
  const { title, detail } = alertWords(alert);
  item.replaceChildren(make("strong", {}, title),
    make("span", {}, make("time", { datetime: alert.time }, clock(new Date(alert.time), true)), " · ",
      make("span", { class: "level" }, texts.levels[alert.level]), detail ? ` · ${detail}` : ""));
}

function addAlert(alert) {
  if (alertIds.has(alert.id)) return;
  alertIds.add(alert.id);
  if (alertIds.size > MOST_IDS) alertIds.delete(alertIds.values().next().value);
  const serverMs = serverNowMs === null ? null : serverNowMs + performance.now() - serverHeardAt;
  const news = serverMs !== null && historyLoaded && serverMs - Date.parse(alert.time) < NEWS_S * 1000;

  const item = make("li", { class: news ? "new" : null, "data-id": alert.id, "data-kind": alert.kind, "data-level": alert.level });
  listed.set(item, alert);
  describe(item);

  // A glance tells one vehicle from two: of each only the last word stands.
  const told = listedOf(alert);
  if (told === null || Number(told.dataset.id) < alert.id) {
    told?.remove();
    const before = [...view.alerts.children].find((other) => Number(other.dataset.id) < alert.id);
    view.alerts.insertBefore(item, before ?? null);
    if (view.alerts.children.length > MOST_ALERTS) view.alerts.lastChild.remove();
  }
  view.none.hidden = true;
  if (!news) return;
  sound.alert(alert);
  const words = alertWords(alert);
  put(alert.level === "danger" ? view.now : view.polite, `${words.title}. ${words.detail}`);
}

/**
 * What happened before this page was open, and what it missed while it was not connected. An alert that comes by the
 * feed in the meantime says nothing about those before it.
 */
async function loadHistory(newestId) {
  historyLoading = true;
  completeTo ??= Math.max(0, newestId - RECENT_ALERTS);
  try {
    for (;;) {
      const answer = await fetch(`api/v1/alerts?after=${completeTo}&limit=200`);
      if (!answer.ok) return;
      const alerts = await answer.json();
      for (const alert of alerts) addAlert(alert);
      if (alerts.length > 0) completeTo = alerts.at(-1).id;
      if (alerts.length < 200) break;
    }
    historyLoaded = true;
  } catch {
    // Not connected; the next heartbeat tries again.
  } finally {
    historyLoading = false;
  }
}

function chooseCamera(name) {
  camera = name;
  localStorage.setItem("camera", name);
  view.camera.value = name;
  if (routes.name === "live") picture.show(name);
  arrangeCameras();
  changed();
}

function showCameras(names) {
  cameras = names;
  view.cameraLabel.hidden = names.length < 2;
  if (names.join("\n") !== [...view.camera.options].map((one) => one.value).join("\n"))
    view.camera.replaceChildren(...names.map((name) => new Option(name, name)));
  if (camera === null || !names.includes(camera)) {
    const wanted = localStorage.getItem("camera");
    chooseCamera(names.includes(wanted) ? wanted : names[0]);
  }
  arrangeCameras();
}

const access = new Access(byId("sign-in"), byId("access"), byId("insecure"), () => feed.reopen());
const history = new History(byId("history"));
const settings = new Settings(byId("settings"), [picture, beside]);
const link = (name) => document.querySelector(`nav a[href="#/${name}"]`);
const routes = new Routes({
  live: {
    element: byId("live"), link: link("live"),
    show() {
      if (camera !== null) picture.show(camera);
      arrangeCameras();
    },
    hide() {
      picture.hide();
      beside.hide();
      other = null;
    },
  },
  history: { element: byId("history"), link: link("history"), show: (rest) => history.show(rest), hide: () => history.hide() },
  settings: { element: byId("settings"), link: link("settings"), hide: () => settings.hide(),
    show() {
      settings.show();
      access.show();
    },
  },
});
routes.follow();

const feed = new Feed({
  analysis(analysis) {
    newest.set(analysis.camera, { analysis, at: performance.now() });
    if (analysis.camera === camera) picture.newest(analysis);
    else if (analysis.camera === other) beside.newest(analysis);
    else return;
    changed();
  },
  heartbeat(message) {
    heartbeat = message;
    history.heard(message.newest_alert_id);
    view.store.hidden = !message.store_problem;
    put(view.store, message.store_problem ? texts.notKept(message.store_problem) : "");
    serverNowMs = Date.parse(message.time);
    serverHeardAt = performance.now();
    if (message.cameras.length > 0) showCameras(message.cameras.map((one) => one.name));
    for (const { name, pictures, state } of message.cameras) {
      if (name === camera) picture.heartbeat(pictures, state === "live");
      if (name === other) beside.heartbeat(pictures, state === "live");
    }
    if (!historyLoaded && !historyLoading) loadHistory(message.newest_alert_id);
    changed();
  },
  alert(alert) {
    addAlert(alert);
    if (historyLoaded) completeTo = Math.max(completeTo, alert.id);
    history.alert(alert);
  },
  alert_update: (update) => history.update(update),
  missed_update: (update) => history.missed.update(update),
  changed() {
    if (!feed.connected) {
      historyLoaded = false;
      access.lost();
    } else if (camera !== null && routes.name === "live") {
      picture.begin();
      if (other !== null) beside.begin();
    }
    history.connection(feed.connected);
    showState();
  },
});

view.camera.addEventListener("change", () => chooseCamera(view.camera.value));
view.other.addEventListener("click", () => chooseCamera(other));
wide.addEventListener("change", arrangeCameras);
setInterval(showState, 200);
document.addEventListener("visibilitychange", showState);
addEventListener("units", () => [...view.alerts.children].forEach(describe));
new MissButton(byId("missed"), () => ({ camera, time: null }), (words) => put(view.polite, words));
new Awake(byId("screen-note"), byId("screen-now"));
// Where the browser lets a page work without the network: HTTPS that it trusts, or localhost.
navigator.serviceWorker?.register("worker.js").catch(() => null);
