// What the service is set to, each setting with its own sentence, and how its cameras do.
import { make, put } from "./dom.js";
import { number, texts, told } from "./language.js";
import { get } from "./service.js";
import { chooseUnits, room, speed, system } from "./units.js";
import { whyNot } from "./video.js";

const REFRESH_MS = 2000;
/** By the end of a setting's name. */
const UNITS = {
  ms: (v) => v >= 1000 ? `${number(v / 1000, 3)} s` : `${number(v, 3)} ms`,
  s: (v) => `${number(v, 3)} s`,
  m: (v) => `${number(v, 3)} m`,
  px: (v) => `${number(v, 3)} px`,
  deg: (v) => `${number(v, 3)}°`,
  mps: (v) => `${number(v, 3)} m/s (${speed(v)})`,
  bytes: (v) => v >= 1 << 30 ? `${number(v / (1 << 30), 2)} GiB` : v >= 1 << 20 ? `${number(v / (1 << 20), 2)} MiB` : `${number(v / 1024, 2)} KiB`,
  share: (v) => `${number(v * 100, 2)} %`,
  days: (v) => texts.settings.days(v),
  fps: (v) => texts.settings.perSecond(number(v, 2)),
};

function words(key, value) {
  const { none, yes, no, secret } = texts.settings;
  if (value === null || value === "") return none;
  if (value === "***") return secret;
  if (typeof value === "boolean") return value ? yes : no;
  if (typeof value === "number") return UNITS[key.slice(key.lastIndexOf("_") + 1)]?.(value) ?? String(Number(value.toPrecision(6)));
  if (Array.isArray(value)) return value.length === 0 ? none : value.join(", ");
  return value;
}

function isGroup(value) {
  return value !== null && typeof value === "object" &&
    (!Array.isArray(value) || value.some((one) => one !== null && typeof one === "object"));
}

/** The schema of one entry of a list: where there are several, that of its type. */
function itemSchema(schema, item) {
  const { items } = schema ?? {};
  return items?.oneOf?.find((one) => one.properties.type.const === item.type) ?? items;
}

const about = (schema) => schema?.description ? make("p", { class: "about", lang: "en" }, schema.description) : null;

/** The single settings of an object, those marked that differ from their default. */
function rows(entries, schema) {
  return make("ul", { class: "rows" }, ...entries.map(([key, value]) => {
    const one = schema?.properties?.[key];
    const changed = one?.default !== undefined && JSON.stringify(one.default) !== JSON.stringify(value);
    return make("li", { class: changed ? "changed" : null },
      make("p", {}, make("code", {}, key), " ", make("strong", {}, words(key, value))), about(one),
      changed ? make("p", { class: "default" }, texts.settings.default(words(key, one.default))) : null);
  }));
}

/** The settings of one object: its own first, what is nested behind it, folded. */
function contents(object, schema) {
  const own = Object.entries(object).filter(([key, value]) => !isGroup(value) && !["$schema", "type"].includes(key));
  const parts = own.length > 0 ? [rows(own, schema)] : [];
  for (const [title, inner, its] of groups(object, schema)) {
    const inside = contents(inner, its);
    parts.push(make("details", {}, make("summary", {}, make("code", {}, title)), about(its) ?? "",
      ...(inside.length > 0 ? inside : [make("p", { class: "none" }, texts.settings.nothing)])));
  }
  return parts;
}

/** [title, object, schema] for each nested object and each object of a nested list. */
function groups(object, schema) {
  return Object.entries(object).filter(([, value]) => isGroup(value)).flatMap(([key, value]) => {
    const its = schema?.properties?.[key];
    return Array.isArray(value)
      ? value.map((one, i) => [`${key} · ${one.name ?? one.type ?? i + 1}`, one, itemSchema(its, one)])
      : [[key, value, its]];
  });
}

function card(title, ...children) {
  return make("section", { class: "card" }, make("h3", {}, title), ...children);
}

/** How the camera sits, as the pictures of the road told; no lines before they did. */
function mount(view) {
  if (!view) return [];
  const { now } = texts;
  const tilt = Math.abs(view.pitch_deg);
  const give = (sigma, amount) => sigma > 0 ? now.giveOrTake(amount) : now.asSet;
  const height = () => `${room(view.camera_height_m, 2)}${give(view.camera_height_sigma_m, room(view.camera_height_sigma_m, 2))}`;
  return [
    [now.looks, tilt < 0.1 ? now.level : (view.pitch_deg < 0 ? now.down : now.up)(number(tilt, 1))],
    [now.horizon, now.row(Math.round(view.horizon_y)) + give(view.horizon_sigma_px, `${Math.round(view.horizon_sigma_px)} px`)],
    [now.height, view.camera_height_m === null ? now.unknown : height()],
  ];
}

function health(camera, analysis) {
  const lost = Object.entries(camera.drops).filter(([, count]) => count > 0);
  const { now, settings } = texts;
  const size = camera.resolution ? `${camera.resolution.width} × ${camera.resolution.height}` : now.noPicture;
  const rate = (fps) => settings.perSecond(number(fps, 1));
  const state = now.states[camera.state] ?? camera.state;
  const { p50, p95 } = camera.latency_ms.total;
  const lines = [
    [now.state, camera.text ? `${state}: ${told(camera.text)}` : state], [now.picture, size],
    [now.received, rate(camera.fps_in)], [now.analysed, rate(camera.fps_analysed)],
    [now.latency, now.latencySays(number(p50, 1), number(p95, 1))],
    ...(camera.pace ? [[now.network, now.networkLooks(camera.pace.every, camera.pace.input.width, camera.pace.input.height)]] : []),
    ...mount(analysis?.view),
    [now.lost, lost.length === 0 ? settings.none : lost.map(([why, count]) => `${number(count)} ${now.drops[why] ?? why.replaceAll("_", " ")}`).join(", ")],
  ];
  const list = make("dl");
  for (const [name, value] of lines) list.append(make("div", {}, make("dt", {}, name), make("dd", {}, value)));
  return card(now.title(camera.name), list);
}

export class Settings {
  /** pictures: what the choice between pictures and video is for. */
  constructor(element, pictures) {
    this.pictures = pictures;
    this.choices = [...element.querySelectorAll("input[name=picture]")];
    this.now = element.querySelector("#picture-now");
    for (const choice of this.choices) choice.addEventListener("change", () => this.choose(choice.value));
    for (const choice of element.querySelectorAll("input[name=units]")) {
      choice.checked = choice.value === system;
      choice.addEventListener("change", () => {
        chooseUnits(choice.value);
        this.load();
      });
    }
    this.cameras = element.querySelector("#settings-cameras");
    this.service = element.querySelector("#settings-service");
    this.note = element.querySelector("#settings-note");
    this.timer = null;
    this.offerVideo();
  }

  async offerVideo() {
    const why = await whyNot();
    const wanted = localStorage.getItem("picture") === "video";
    for (const choice of this.choices) {
      choice.checked = choice.value === (wanted && why === "" ? "video" : "pictures");
      if (choice.value === "video") choice.disabled = why !== "";
    }
    put(this.now, why);
    if (wanted && why === "") this.useVideo(true);
  }

  useVideo(wanted) {
    for (const picture of this.pictures) picture.useVideo(wanted);
  }

  choose(value) {
    localStorage.setItem("picture", value);
    this.useVideo(value === "video");
    put(this.now, "");
  }

  show() {
    const [{ wantsVideo, whyNoVideo }] = this.pictures;
    if (wantsVideo) put(this.now, whyNoVideo ? texts.choice.failed(whyNoVideo) : "");
    this.load();
    this.timer ??= setInterval(() => this.service.childElementCount === 0 ? this.load() : this.refresh(), REFRESH_MS);
  }

  hide() {
    clearInterval(this.timer);
    this.timer = null;
  }

  async load() {
    try {
      const [settings, schema] = await Promise.all([get("api/v1/config"), get("api/v1/config/schema")]);
      const own = Object.fromEntries(Object.entries(settings).filter(([, value]) => !isGroup(value)));
      this.service.replaceChildren(card(texts.settings.general, ...contents(own, schema)),
        ...groups(settings, schema).map(([title, object, its]) => card(title, about(its) ?? "", ...contents(object, its))));
    } catch {
      this.service.replaceChildren();
    }
    this.refresh();
  }

  async refresh() {
    try {
      const cameras = await get("api/v1/cameras");
      const analyses = await Promise.all(cameras.map(({ name }) =>
        get(`api/v1/cameras/${encodeURIComponent(name)}/analysis`).catch(() => null)));
      this.cameras.replaceChildren(...cameras.map((camera, i) => health(camera, analyses[i])));
      this.note.hidden = true;
    } catch (error) {
      this.note.hidden = false;
      put(this.note, texts.settings.unread(error.message));
    }
  }
}
