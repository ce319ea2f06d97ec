// After the ride: its timeline, what happened, each with its clip, and what the passes add up to.
import { rideCharts, timeline } from "./charts.js";
import { Clip } from "./clip.js";
import { arrange, make, put } from "./dom.js";
import { alertWords, kilometres, kmh, riderWords } from "./words.js";

const PAGE = 1000;
const MOST_LISTED = 300;
const CLOSE_PASS_M = 1.5;
/** Several alerts in a row are added up once. */
const ADD_UP_MS = 1000;

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

function rideWords(ride) {
  const start = new Date(ride.start);
  const passes = ride.passes === 1 ? "1 pass" : `${ride.passes} passes`;
  const far = ride.distance_m === null ? "" : ` · ${kilometres(ride.distance_m)}`;
  return `${day(start)} ${clock(start)} · ${ride.end === null ? "now" : duration(ride.duration_s)}${far} · ${passes}`;
}

function changedBy(alert, { locked, has_snapshot, has_clip }) {
  return { ...alert, locked, has_snapshot, has_clip };
}

export class History {
  constructor(element) {
    this.element = element;
    const part = (id) => element.querySelector(`#history-${id}`);
    this.parts = Object.fromEntries(["note", "ride", "sums", "timeline", "kind", "locked", "list", "none", "more", "event",
      "charts", "title", "detail", "boxes", "lock", "delete", "clip", "snapshot", "fit", "video", "remove", "kept", "sure", "goes"].map((id) => [id, part(id)]));
    this.clip = new Clip(element.querySelector(".clip"));
    this.newestId = 0;
    this.connected = new Promise((resolve) => {
      this.connect = resolve;
    });
    this.visible = false;
    this.away = false;    // the connection was lost
    this.stale = true;    // something may have been missed since the list was read
    this.reading = null;  // what comes while it is being read, to be taken afterwards
    this.rides = [];
    this.alerts = [];
    this.items = new Map();  // id → { alert, item } in the list
    this.shown = [];
    this.ride = null;
    this.chosen = null;
    this.limit = MOST_LISTED;
    const { ride, kind, locked, boxes, lock, more } = this.parts;
    ride.addEventListener("change", () => this.trying(() => this.showRide(ride.value)));
    kind.addEventListener("change", () => this.list());
    locked.addEventListener("change", () => this.list());
    boxes.addEventListener("change", () => this.clip.setBoxes(boxes.checked));
    lock.addEventListener("click", () => this.setLocked(!this.chosen.locked));
    this.parts.delete.addEventListener("click", () => this.remove());
    this.parts.remove.addEventListener("click", () => this.askForRide());
    this.parts.sure.addEventListener("close", () => {
      if (this.parts.sure.returnValue === "delete") this.trying(() => this.removeRide());
    });
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
    this.visible = true;
    await this.trying(async () => {
      await this.connected;
      if (id === undefined) {
        this.choose(null);
        await this.loadRides();
      } else {
        const known = this.stale ? undefined : this.alerts.find((one) => one.id === Number(id));
        const alert = known ?? await get(`api/v1/alerts/${id}`);
        if (known === undefined) await this.loadRides(alert.ride);
        this.choose(this.alerts.find((one) => one.id === alert.id) ?? alert);
      }
    });
  }

  hide() {
    this.visible = false;
    this.stale = true;
    this.choose(null);
  }

  /** connected: whether the service is heard. What came while it wasn't is read when it is again. */
  connection(connected) {
    if (connected && this.away && this.visible) this.trying(() => this.readAgain());
    if (!connected) this.stale = true;
    this.away = !connected;
  }

  async readAgain() {
    await this.loadRides();
    if (this.chosen === null) return;
    const { id } = this.chosen;
    const [now] = await get(`api/v1/alerts?after=${id - 1}&limit=1`);
    this.follow(now?.id === id ? now : { id, deleted: true });
  }

  /** A new alert. */
  alert(alert) {
    this.newestId = Math.max(this.newestId, alert.id);
    this.take(() => {
      if (this.alerts.some((one) => one.id === alert.id)) return;
      if (this.ride === null || alert.ride === this.ride.id) {
        this.alerts.push(alert);
        this.list();
      }
      this.addUpSoon();
    });
  }

  /** update: what is kept of an alert has changed. */
  update(update) {
    this.take(() => {
      const at = this.alerts.findIndex((one) => one.id === update.id);
      if (at < 0) return;
      if (update.deleted) this.alerts.splice(at, 1);
      else this.alerts[at] = changedBy(this.alerts[at], update);
      this.list();
      this.offerRemoval();
      if (update.deleted) this.addUpSoon();
    });
    this.follow(update);
  }

  /** Now, or after what is being read has been read. */
  take(news) {
    if (!this.visible) this.stale = true;
    else if (this.reading !== null) this.reading.push(news);
    else if (!this.stale) news();
  }

  /** Brings the event that is shown up to date, without a stir where it plays. */
  follow(update) {
    if (this.chosen?.id !== update.id) return;
    if (update.deleted) location.hash = "#/history";
    else this.choose(changedBy(this.chosen, update), false);
  }

  addUpSoon() {
    this.adding ??= setTimeout(() => this.trying(() => this.addUp()), ADD_UP_MS);
  }

  /** The ride that goes on has come further, or one is gone. */
  async addUp() {
    this.adding = null;
    if (!this.visible || this.stale) return;
    const { ride } = this.parts;
    const newest = this.rides[0]?.id ?? 0;
    if ((await get(`api/v1/rides?after=${newest}&limit=1`)).length > 0) {
      await this.loadRides();  // another one has begun
      return;
    }
    if (this.ride === null) return;
    const { id } = this.ride;
    const [now] = await get(`api/v1/rides?after=${id - 1}&limit=1`);
    if (now?.id !== id) {
      await this.loadRides();
      return;
    }
    const passes = await all(`api/v1/passes?ride=${id}`, 0);
    if (this.ride?.id !== id) return;
    this.rides = this.rides.map((one) => one.id === id ? now : one);
    this.ride = now;
    ride.querySelector(`option[value="${id}"]`).textContent = rideWords(now);
    this.showSums(passes);
    this.drawTimeline();
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
    ride.replaceChildren(...this.rides.map((one) => new Option(rideWords(one), one.id)));
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
    const news = this.reading = [];
    let read;
    try {
      read = await this.read(ride);
    } finally {
      if (this.reading !== news) return;  // another one was asked for meanwhile
      this.reading = null;
    }
    if (this.ride?.id !== ride?.id) this.limit = MOST_LISTED;
    this.ride = ride;
    this.alerts = read.alerts;
    this.parts.fit.hidden = true;
    if (ride !== null) this.offerFit(`api/v1/rides/${ride.id}/ride.fit`);
    this.showSums(read.passes);
    this.list();
    this.offerRemoval();
    this.stale = false;
    for (const one of news) one();
  }

  /** ride: null for the last alerts, whatever ride they are of. */
  async read(ride) {
    if (ride === null) return { alerts: await all("api/v1/alerts", Math.max(0, this.newestId - MOST_LISTED)), passes: [] };
    const end = ride.end === null ? Infinity : Date.parse(ride.end) + 60_000;
    const after = await this.firstSince(Date.parse(ride.start) - 1000);
    const found = await all("api/v1/alerts", after, (last) => Date.parse(last.time) <= end);
    return { alerts: found.filter((one) => one.ride === ride.id), passes: await all(`api/v1/passes?ride=${ride.id}`, 0) };
  }

  showSums(passes) {
    const { ride } = this;
    const { sums, charts } = this.parts;
    sums.replaceChildren(...(ride === null ? [] : [
      [duration(ride.duration_s), "ride"], ...(ride.distance_m ? [[kilometres(ride.distance_m), "far"]] : []),
      ...(ride.moving_s ? [[kmh(ride.distance_m / ride.moving_s), "on average"]] : []),
      ...(ride.unseen_s > 0 ? [[ride.unseen_s < 60 ? `${ride.unseen_s} s` : duration(ride.unseen_s), "not watched"]] : []),
      [ride.passes, ride.passes === 1 ? "pass" : "passes"], [ride.close_passes, "close"], [this.alerts.length, "alerts"],
    ].map(([value, word]) => make("div", {}, make("dd", {}, String(value)), make("dt", {}, word)))));
    const open = [...charts.querySelectorAll("details")].map((one) => one.open);
    charts.replaceChildren(...(ride === null ? [] : rideCharts(ride, passes, CLOSE_PASS_M)));
    charts.querySelectorAll("details").forEach((one, i) => {
      one.open = open[i] ?? false;
    });
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

  /** Whether the ride can be deleted, and why not. */
  offerRemoval() {
    const { remove, kept } = this.parts;
    const locked = this.alerts.some((one) => one.locked);
    const goesOn = this.ride !== null && this.ride.end === null;
    remove.hidden = this.ride === null;
    remove.disabled = goesOn || locked;
    put(kept, this.ride === null ? "" : goesOn ? "Can be deleted when it has ended." : locked ? "Holds locked alerts, so it stays." : "");
  }

  askForRide() {
    const { sure, goes } = this.parts;
    const { ride, alerts } = this;
    const of = (count, one, many) => count === 1 ? `1 ${one}` : `${count} ${many}`;
    put(goes, `The ride of ${day(new Date(ride.start))}, ${clock(new Date(ride.start))}, goes for good, with its ` +
      `${of(alerts.length, "alert", "alerts")}, their pictures and clips, its ${of(ride.passes, "pass", "passes")} and where it went. ` +
      "Save first what you want to keep.");
    sure.returnValue = "";
    sure.showModal();
  }

  async removeRide() {
    const { id } = this.ride;
    this.choose(null);
    await send("DELETE", `api/v1/rides/${id}`);
    location.hash = "#/history";
    await this.loadRides();
    this.element.querySelector("h2").focus();
  }

  list() {
    const { kind, locked, list, none, more } = this.parts;
    const kinds = kind.value.split(" ").filter(Boolean);
    const shown = this.alerts.filter((one) => (kinds.length === 0 || kinds.includes(one.kind)) && (!locked.checked || one.locked)).reverse();
    this.shown = shown;
    this.drawTimeline();
    const before = this.items;
    this.items = new Map(shown.slice(0, this.limit).map((alert) => {
      const old = before.get(alert.id);
      return [alert.id, old?.alert === alert ? old : { alert, item: this.item(alert) }];
    }));
    arrange(list, [...this.items.values()].map(({ item }) => item));
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

  /** moved: the user chose it, so that it is brought into view. */
  choose(alert, moved = true) {
    const before = this.chosen;
    this.chosen = alert;
    const { event, title, detail, lock, clip, snapshot, list, video } = this.parts;
    event.hidden = alert === null;
    for (const link of list.querySelectorAll("a")) {
      if (alert !== null && link.parentElement.dataset.id === String(alert.id)) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    const another = alert?.id !== before?.id;
    if (another || alert?.has_clip !== before?.has_clip || alert?.has_snapshot !== before?.has_snapshot) {
      const poster = alert?.has_snapshot ? `api/v1/alerts/${alert.id}/snapshot.jpg` : null;
      this.trying(() => this.clip.show(alert?.has_clip ? alert.id : null, poster));
    }
    if (alert === null) return;
    const words = alertWords(alert);
    const time = new Date(alert.time);
    put(title, words.title);
    put(detail, [`${day(time)} ${clock(time, true)}`, words.detail, riderWords(alert)].filter(Boolean).join(" · "));
    video.setAttribute("aria-label", `Clip: ${words.title}`);
    video.parentElement.hidden = !alert.has_clip && !alert.has_snapshot;
    video.controls = alert.has_clip;
    put(lock, alert.locked ? "Unlock" : "Lock");
    lock.setAttribute("aria-pressed", String(alert.locked));
    this.parts.delete.disabled = alert.locked;
    this.parts.delete.title = alert.locked ? "It is locked" : "";
    if (another || alert.locked) this.askAgain(false);
    clip.hidden = !alert.has_clip;
    clip.href = `api/v1/alerts/${alert.id}/clip.mp4`;
    clip.download = `rearview-${alert.id}.mp4`;
    snapshot.hidden = !alert.has_snapshot;
    snapshot.href = `api/v1/alerts/${alert.id}/snapshot.jpg`;
    snapshot.download = `rearview-${alert.id}.jpg`;
    this.parts.boxes.parentElement.hidden = !alert.has_clip;
    if (!moved) return;
    event.scrollIntoView({ block: "nearest" });
    title.focus({ preventScroll: true });
  }

  async setLocked(locked) {
    await this.trying(async () => {
      this.update(await send(locked ? "PUT" : "DELETE", `api/v1/alerts/${this.chosen.id}/lock`));
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
      this.update({ id, deleted: true });
    });
    this.askAgain(false);
  }
}
