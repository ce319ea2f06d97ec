// After the ride: its timeline, what happened, each with its clip, and what the passes add up to.
import { rideCharts, timeline } from "./charts.js";
import { Clip } from "./clip.js";
import { make, put } from "./dom.js";
import { alertWords } from "./words.js";

const PAGE = 1000;
const MOST_LISTED = 300;
const CLOSE_PASS_M = 1.5;

async function send(method, path) {
  const answer = await fetch(path, { method });
  if (!answer.ok) throw new Error((await answer.json().catch(() => null))?.detail ?? `the service answers ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
}

const get = (path) => send("GET", path);

/** Everything of a list that is read in pages, oldest first. */
async function all(path, after, goesOn = () => true) {
  const found = [];
  for (;;) {
    const page = await get(`${path}${path.includes("?") ? "&" : "?"}after=${after}&limit=${PAGE}`);
    found.push(...page);
    if (page.length < PAGE || !goesOn(page.at(-1))) return found;
    after = page.at(-1).id;
  }
}

function duration(s) {
  const minutes = Math.round(s / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")}`;
}

function day(date) {
  return date.toLocaleDateString([], { day: "numeric", month: "short" });
}

function clock(date, seconds = false) {
  return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", ...(seconds ? { second: "2-digit" } : {}), hourCycle: "h23" });
}

export class History {
  constructor(element) {
    const part = (id) => element.querySelector(`#history-${id}`);
    this.parts = Object.fromEntries(["note", "ride", "sums", "timeline", "kind", "locked", "list", "none", "more", "event",
      "charts", "title", "detail", "boxes", "lock", "delete", "clip", "snapshot", "fit", "video"].map((id) => [id, part(id)]));
    this.clip = new Clip(element.querySelector(".clip"));
    this.newestId = 0;
    this.connected = new Promise((resolve) => {
      this.connect = resolve;
    });
    this.rides = [];
    this.alerts = [];
    this.shown = [];
    this.ride = null;
    this.chosen = null;
    this.limit = MOST_LISTED;
    const { ride, kind, locked, boxes, lock, more } = this.parts;
    ride.addEventListener("change", () => this.showRide(ride.value));
    kind.addEventListener("change", () => this.list());
    locked.addEventListener("change", () => this.list());
    boxes.addEventListener("change", () => this.clip.setBoxes(boxes.checked));
    lock.addEventListener("click", () => this.setLocked(!this.chosen.locked));
    this.parts.delete.addEventListener("click", () => this.remove());
    let width = 0;
    new ResizeObserver(([{ contentRect }]) => {
      if (Math.abs(contentRect.width - width) < 2) return;
      width = contentRect.width;
      this.drawTimeline();
    }).observe(this.parts.timeline);
    more.addEventListener("click", () => {
      this.limit += MOST_LISTED;
      this.list();
    });
  }

  /** id: the newest alert's, from each heartbeat. */
  heard(id) {
    this.newestId = id;
    this.connect();
  }

  /** rest: [id] of an alert to be shown. */
  async show([id]) {
    await this.trying(async () => {
      await this.connected;
      if (id === undefined) {
        this.choose(null);
        await this.loadRides();
      } else {
        const alert = await get(`api/v1/alerts/${id}`);
        if (this.rides.length === 0 || !this.alerts.some((one) => one.id === alert.id)) {
          await this.loadRides(alert.ride);
        }
        this.choose(alert);
      }
    });
  }

  hide() {
    this.clip.show(null, null);
  }

  /** Runs it and says what went wrong. */
  async trying(action) {
    try {
      await action();
      this.parts.note.hidden = true;
    } catch (error) {
      this.parts.note.hidden = false;
      put(this.parts.note, `That did not work: ${error.message}`);
    }
  }

  async loadRides(wanted = null) {
    this.rides = (await all("api/v1/rides", 0)).reverse();
    const { ride } = this.parts;
    const before = wanted ?? ride.value;
    ride.replaceChildren(...this.rides.map((one) => {
      const start = new Date(one.start);
      const passes = one.passes === 1 ? "1 pass" : `${one.passes} passes`;
      return new Option(`${day(start)} ${clock(start)} · ${one.end === null ? "now" : duration(one.duration_s)} · ${passes}`, one.id);
    }));
    ride.disabled = this.rides.length === 0;
    if (this.rides.length === 0) ride.append(new Option("No ride yet", ""));
    if (this.rides.some((one) => String(one.id) === String(before))) ride.value = before;
    await this.showRide(ride.value);
  }

  /** The first alert not before a time: ids rise with it. */
  async firstSince(time) {
    let low = 0;
    let high = this.newestId;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const [next] = await get(`api/v1/alerts?after=${middle}&limit=1`);
      if (next === undefined || Date.parse(next.time) >= time) high = middle;
      else low = next.id;
    }
    return low;
  }

  async showRide(id) {
    const ride = this.rides.find((one) => String(one.id) === String(id)) ?? null;
    this.ride = ride;
    this.limit = MOST_LISTED;
    let passes = [];
    if (ride === null) {
      this.alerts = await all("api/v1/alerts", Math.max(0, this.newestId - MOST_LISTED));
    } else {
      const end = ride.end === null ? Infinity : Date.parse(ride.end) + 60_000;
      const after = await this.firstSince(Date.parse(ride.start) - 1000);
      const found = await all("api/v1/alerts", after, (last) => Date.parse(last.time) <= end);
      this.alerts = found.filter((one) => one.ride === ride.id);
      passes = await all(`api/v1/passes?ride=${ride.id}`, 0);
    }
    const { sums, charts, fit } = this.parts;
    fit.hidden = true;
    if (ride !== null) this.offerFit(`api/v1/rides/${ride.id}/ride.fit`);
    sums.replaceChildren(...(ride === null ? [] : [
      [duration(ride.duration_s), "ride"], ...(ride.distance_m ? [[`${(ride.distance_m / 1000).toFixed(1)} km`, "far"]] : []),
      [ride.passes, ride.passes === 1 ? "pass" : "passes"], [ride.close_passes, "close"], [this.alerts.length, "alerts"],
    ].map(([value, word]) => make("div", {}, make("dd", {}, String(value)), make("dt", {}, word)))));
    charts.replaceChildren(...(ride === null ? [] : rideCharts(ride, passes, CLOSE_PASS_M)));
    this.list();
  }

  drawTimeline() {
    const { timeline: place } = this.parts;
    place.replaceChildren(...(this.ride === null ? [] : [timeline(this.ride, this.shown, Math.max(280, place.clientWidth), (alert) => {
      location.hash = `#/history/${alert.id}`;
    })]));
  }

  /** Only where the service has one of this ride. */
  async offerFit(path) {
    const { fit } = this.parts;
    fit.href = path;
    const { ok } = await fetch(path, { method: "HEAD" }).catch(() => ({ ok: false }));
    if (fit.getAttribute("href") === path) fit.hidden = !ok;
  }

  list() {
    const { kind, locked, list, none, more } = this.parts;
    const kinds = kind.value.split(" ").filter(Boolean);
    const shown = this.alerts.filter((one) => (kinds.length === 0 || kinds.includes(one.kind)) && (!locked.checked || one.locked)).reverse();
    this.shown = shown;
    this.drawTimeline();
    list.replaceChildren(...shown.slice(0, this.limit).map((one) => this.item(one)));
    none.hidden = shown.length > 0;
    more.hidden = shown.length <= this.limit;
  }

  item(alert) {
    const words = alertWords(alert);
    const picture = alert.has_snapshot
      ? make("img", { src: `api/v1/alerts/${alert.id}/snapshot.jpg`, alt: "", loading: "lazy", width: 128, height: 72 })
      : make("span", { class: "no-picture", "aria-hidden": "true" });
    const time = new Date(alert.time);
    return make("li", { "data-level": alert.level, "data-id": alert.id },
      make("a", { href: `#/history/${alert.id}`, "aria-current": this.chosen?.id === alert.id ? "true" : null }, picture,
        make("span", { class: "words" }, make("strong", {}, words.title),
          make("span", {}, make("time", { datetime: alert.time }, clock(time, true)), " · ",
            make("span", { class: "level" }, alert.level), words.detail ? ` · ${words.detail}` : "",
            alert.locked ? make("span", { class: "locked" }, " · Locked") : null))));
  }

  choose(alert) {
    this.chosen = alert;
    const { event, title, detail, lock, clip, snapshot, list, video } = this.parts;
    event.hidden = alert === null;
    for (const link of list.querySelectorAll("a")) {
      if (alert !== null && link.parentElement.dataset.id === String(alert.id)) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    const poster = alert?.has_snapshot ? `api/v1/alerts/${alert.id}/snapshot.jpg` : null;
    this.trying(() => this.clip.show(alert?.has_clip ? alert.id : null, poster));
    if (alert === null) return;
    const words = alertWords(alert);
    const time = new Date(alert.time);
    put(title, words.title);
    put(detail, [`${day(time)} ${clock(time, true)}`, words.detail].filter(Boolean).join(" · "));
    video.setAttribute("aria-label", `Clip: ${words.title}`);
    video.parentElement.hidden = !alert.has_clip && !alert.has_snapshot;
    video.controls = alert.has_clip;
    put(lock, alert.locked ? "Unlock" : "Lock");
    lock.setAttribute("aria-pressed", String(alert.locked));
    this.parts.delete.disabled = alert.locked;
    this.parts.delete.title = alert.locked ? "It is locked" : "";
    this.askAgain(false);
    clip.hidden = !alert.has_clip;
    clip.href = `api/v1/alerts/${alert.id}/clip.mp4`;
    clip.download = `rearview-${alert.id}.mp4`;
    snapshot.hidden = !alert.has_snapshot;
    snapshot.href = `api/v1/alerts/${alert.id}/snapshot.jpg`;
    snapshot.download = `rearview-${alert.id}.jpg`;
    this.parts.boxes.parentElement.hidden = !alert.has_clip;
    event.scrollIntoView({ block: "nearest" });
    title.focus({ preventScroll: true });
  }

  async setLocked(locked) {
    await this.trying(async () => {
      const alert = await send(locked ? "PUT" : "DELETE", `api/v1/alerts/${this.chosen.id}/lock`);
      this.alerts = this.alerts.map((one) => one.id === alert.id ? alert : one);
      this.list();
      this.choose(alert);
      this.parts.lock.focus();
    });
  }

  askAgain(asking) {
    this.asking = asking;
    put(this.parts.delete, asking ? "Really delete?" : "Delete");
  }

  /** The first press asks, the second deletes. */
  async remove() {
    if (!this.asking) {
      this.askAgain(true);
      return;
    }
    await this.trying(async () => {
      const { id } = this.chosen;
      await send("DELETE", `api/v1/alerts/${id}`);
      this.alerts = this.alerts.filter((one) => one.id !== id);
      location.hash = "#/history";
    });
    this.askAgain(false);
  }
}
