// What the service is set to, and how its cameras do, in words instead of keys.
import { make, put } from "./dom.js";
import { whyNot } from "./video.js";

const REFRESH_MS = 2000;
const WORDS = {
  url: "Address", cors: "CORS", jpeg: "JPEG", ttc: "time to contact", fps: "frames per second", opencv: "OpenCV",
  fov: "field of view", nms: "NMS", iou: "IoU", http: "HTTP", mqtt: "MQTT", ble: "Bluetooth", ms: "ms", id: "ID",
  tls: "TLS", ndjson: "NDJSON", hmac: "HMAC", qos: "QoS", z: "z-score",
};
const UNITS = {
  ms: (v) => v >= 1000 ? `${v / 1000} s` : `${v} ms`,
  s: (v) => `${v} s`,
  m: (v) => `${v} m`,
  px: (v) => `${v} px`,
  deg: (v) => `${v}°`,
  mps: (v) => `${v} m/s (${Math.round(v * 36) / 10} km/h)`,
  bytes: (v) => v >= 1 << 30 ? `${round(v / (1 << 30))} GiB` : v >= 1 << 20 ? `${round(v / (1 << 20))} MiB` : `${round(v / 1024)} KiB`,
  share: (v) => `${round(v * 100)} %`,
  days: (v) => `${v} days`,
  fps: (v) => `${v} a second`,
};

function round(value) {
  return Math.round(value * 100) / 100;
}

function unitOf(key) {
  const last = key.slice(key.lastIndexOf("_") + 1);
  return last in UNITS ? last : null;
}

function label(key) {
  const unit = unitOf(key);
  const parts = key.split("_");
  if (unit !== null && parts.length > 1) parts.pop();
  const text = parts.map((part) => WORDS[part] ?? part).join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function words(key, value) {
  if (value === null) return "none";
  if (value === "***") return "set, not shown";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return UNITS[unitOf(key)]?.(Number(value.toPrecision(6))) ?? String(Number(value.toPrecision(6)));
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.join(", ");
  return value === "" ? "none" : value;
}

function isGroup(value) {
  return value !== null && typeof value === "object" &&
    (!Array.isArray(value) || value.some((one) => one !== null && typeof one === "object"));
}

function rows(entries) {
  const list = make("dl");
  for (const [key, value] of entries)
    list.append(make("div", { title: key }, make("dt", {}, label(key)), make("dd", {}, words(key, value))));
  return list;
}

/** The settings of one object: its own first, what is nested behind it, folded. */
function contents(object) {
  const own = Object.entries(object).filter(([key, value]) => !isGroup(value) && !["$schema", "type"].includes(key));
  const parts = own.length > 0 ? [rows(own)] : [];
  for (const [title, inner] of groups(object)) {
    const inside = contents(inner);
    parts.push(make("details", {}, make("summary", {}, title),
      ...(inside.length > 0 ? inside : [make("p", { class: "none" }, "Nothing to set")])));
  }
  return parts;
}

/** [title, object] for each nested object and each object of a nested list. */
function groups(object) {
  return Object.entries(object).filter(([, value]) => isGroup(value)).flatMap(([key, value]) =>
    Array.isArray(value)
      ? value.map((one, i) => [`${label(key.replace(/s$/, ""))} ${one.name ?? one.type ?? i + 1}`, one])
      : [[label(key), value]]);
}

function card(title, ...children) {
  return make("section", { class: "card" }, make("h3", {}, title), ...children);
}

/** How the camera sits, as the pictures of the road told; no lines before they did. */
function mount(view) {
  if (!view) return [];
  const give = (sigma, unit) => sigma > 0 ? `, give or take ${sigma} ${unit}` : ", as set";
  const tilt = Math.abs(view.pitch_deg);
  return [
    ["Looks", tilt < 0.1 ? "level" : `${tilt}° ${view.pitch_deg < 0 ? "down" : "up"}`],
    ["Horizon", `row ${Math.round(view.horizon_y)}${give(Math.round(view.horizon_sigma_px), "px")}`],
    ["Height above the road", view.camera_height_m === null ? "not known"
      : `${view.camera_height_m} m${give(view.camera_height_sigma_m, "m")}`],
  ];
}

function health(camera, analysis) {
  const lost = Object.entries(camera.drops).filter(([, count]) => count > 0);
  const size = camera.resolution ? `${camera.resolution.width} × ${camera.resolution.height}` : "no picture yet";
  const lines = [
    ["State", camera.text ? `${camera.state}: ${camera.text}` : camera.state], ["Picture", size],
    ["Received", `${camera.fps_in} a second`], ["Analysed", `${camera.fps_analysed} a second`],
    ["Picture to answer", `${camera.latency_ms.total.p50} ms, seldom over ${camera.latency_ms.total.p95} ms`],
    ...mount(analysis?.view),
    ["Lost pictures", lost.length === 0 ? "none" : lost.map(([why, count]) => `${count} ${why.replaceAll("_", " ")}`).join(", ")],
  ];
  const list = make("dl");
  for (const [name, value] of lines) list.append(make("div", {}, make("dt", {}, name), make("dd", {}, value)));
  return card(`Camera ${camera.name} now`, list);
}

async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`the service answers ${answer.status}`);
  return answer.json();
}

export class Settings {
  /** picture: what the choice between pictures and video is for. */
  constructor(element, picture) {
    this.picture = picture;
    this.choices = [...element.querySelectorAll("input[name=picture]")];
    this.now = element.querySelector("#picture-now");
    for (const choice of this.choices) choice.addEventListener("change", () => this.choose(choice.value));
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
    if (wanted && why === "") this.picture.useVideo(true);
  }

  choose(value) {
    localStorage.setItem("picture", value);
    this.picture.useVideo(value === "video");
    put(this.now, "");
  }

  show() {
    const { wantsVideo, whyNoVideo } = this.picture;
    if (wantsVideo) put(this.now, whyNoVideo ? `The video did not work, so pictures were shown: ${whyNoVideo}.` : "");
    this.load();
    this.timer ??= setInterval(() => this.refresh(), REFRESH_MS);
  }

  hide() {
    clearInterval(this.timer);
    this.timer = null;
  }

  async load() {
    try {
      const settings = await get("api/v1/config");
      const own = Object.fromEntries(Object.entries(settings).filter(([, value]) => !isGroup(value)));
      this.service.replaceChildren(card("General", ...contents(own)),
        ...groups(settings).map(([title, object]) => card(title, ...contents(object))));
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
      if (this.service.childElementCount === 0 && this.timer !== null) this.load();
    } catch (error) {
      this.note.hidden = false;
      this.note.textContent = `Can't be read at the moment: ${error.message}`;
    }
  }
}
