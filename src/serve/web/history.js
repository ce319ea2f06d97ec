// After the ride: its timeline, what happened, each with its clip, and what the passes add up to.
import { all, eventsOf } from "./archive.js";
import { rideCharts, timeline } from "./charts.js";
import { Clip } from "./clip.js";
import { arrange, make, put } from "./dom.js";
import { encounterOf, encounters, overlap } from "./encounters.js";
import { clock, day, number, texts } from "./language.js";
import { MissButton, MissedOfRide } from "./missed.js";
import { get, send } from "./service.js";
import { speed, way } from "./units.js";
import { encounterWords, riderWords } from "./words.js";

const MOST_LISTED = 300;
const CLOSE_PASS_M = 1.5;
/** Several alerts in a row are added up once. */
const ADD_UP_MS = 1000;
/** Likewise listed. */
const LIST_MS = 20;

function duration(s) {
  const minutes = Math.round(s / 60);
  return minutes < 60 ? texts.history.minutes(minutes) : texts.history.hours(Math.floor(minutes / 60), String(minutes % 60).padStart(2, "0"));
}

function rideWords(ride) {
  const start = new Date(ride.start);
  const far = ride.distance_m === null ? "" : ` · ${way(ride.distance_m)}`;
  return `${day(start)} ${clock(start)} · ${ride.end === null ? texts.history.now : duration(ride.duration_s)}${far} · ${texts.history.passes(ride.passes)}`;
}

function changedBy(alert, { locked, has_snapshot, has_clip, mark }) {
  return { ...alert, locked, has_snapshot, has_clip, mark };
}

function allLocked(encounter) {
  return encounter.lockedAlerts === encounter.alerts.length;
}

export class History {
  constructor(element) {
    this.element = element;
    const part = (id) => element.querySelector(`#history-${id}`);
    this.parts = Object.fromEntries(["note", "ride", "sums", "timeline", "kind", "locked", "list", "none", "more", "event",
      "charts", "title", "detail", "boxes", "verdict", "said", "miss", "missed", "lock", "delete", "clip", "snapshot", "fit", "video", "remove", "kept", "sure", "goes"].map((id) => [id, part(id)]));
    this.clip = new Clip(element.querySelector(".clip"));
    this.missed = new MissedOfRide(this.parts.missed, (action) => this.trying(action));
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
    this.encounters = [];    // the alerts by vehicle, oldest first
    this.items = new Map();  // id of the first alert → { encounter, item } in the list
    this.shown = [];
    this.ride = null;
    this.chosen = null;      // an encounter
    this.limit = MOST_LISTED;
    const { ride, kind, locked, boxes, lock, more } = this.parts;
    ride.addEventListener("change", () => this.trying(() => this.showRide(ride.value)));
    kind.addEventListener("change", () => this.list());
    locked.addEventListener("change", () => this.list());
    boxes.addEventListener("change", () => this.clip.setBoxes(boxes.checked));
    lock.addEventListener("click", () => this.setLocked(!allLocked(this.chosen)));
    for (const button of this.parts.verdict.querySelectorAll("button"))
      button.addEventListener("click", () => this.setMark(button.getAttribute("aria-pressed") === "true" ? null : button.dataset.mark));
    new MissButton(this.parts.miss, () => this.momentOfClip(), (words) => put(this.parts.said, words));
    this.parts.delete.addEventListener("click", () => this.remove());
    this.parts.remove.addEventListener("click", () => this.askForRide());
    this.parts.sure.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.parts.sure.close();
    });
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
        const of = () => this.encounters.find((one) => one.ids.has(Number(id)));
        const known = this.stale ? undefined : of();
        if (known === undefined) {
          const alert = await get(`api/v1/alerts/${id}`);
          await this.loadRides(alert.ride);
          this.choose(of() ?? encounterOf([alert]));
        } else {
          this.choose(known);
        }
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
    for (const id of this.chosen?.ids ?? []) {
      const [now] = await get(`api/v1/alerts?after=${id - 1}&limit=1`);
      this.follow(now?.id === id ? now : { id, deleted: true });
    }
  }

  /** A new alert. */
  alert(alert) {
    this.newestId = Math.max(this.newestId, alert.id);
    this.take(() => {
      if (this.alerts.some((one) => one.id === alert.id)) return;
      if (this.ride === null || alert.ride === this.ride.id) {
        this.alerts.push(alert);
        this.listSoon();
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
      this.listSoon();
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
    if (!this.chosen?.ids.has(update.id)) return;
    const { alerts } = this.chosen;
    const now = update.deleted ? alerts.filter((one) => one.id !== update.id)
      : alerts.map((one) => one.id === update.id ? changedBy(one, update) : one);
    if (now.length === 0) location.hash = "#/history";
    else this.choose(encounterOf(now), false);
  }

  listSoon() {
    this.listing ??= setTimeout(() => {
      this.listing = null;
      this.list();
      this.offerRemoval();
    }, LIST_MS);
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
      put(this.parts.note, texts.history.failed(error.message));
      this.parts.note.scrollIntoView({ block: "nearest" });
    }
  }

  async loadRides(wanted = null) {
    this.rides = (await all("api/v1/rides", 0)).reverse();
    const { ride } = this.parts;
    const before = wanted ?? ride.value;
    ride.replaceChildren(...this.rides.map((one) => new Option(rideWords(one), one.id)));
    ride.disabled = this.rides.length === 0;
    if (this.rides.length === 0) ride.append(new Option(texts.history.noRide, ""));
    if (this.rides.some((one) => String(one.id) === String(before))) ride.value = before;
    await this.showRide(ride.value);
  }

  async showRide(id) {
    const ride = this.rides.find((one) => String(one.id) === String(id)) ?? null;
    const news = [];
    this.reading = news;
    let read = null;
    try {
      read = await eventsOf(ride, this.newestId);
    } catch (error) {
      if (this.reading === news) {
        this.reading = null;
        throw error;
      }
    }
    if (this.reading !== news) return;  // another one was asked for meanwhile
    this.reading = null;
    if (this.ride?.id !== ride?.id) {
      this.limit = MOST_LISTED;
      this.parts.sure.close();  // it asked of another
    }
    this.ride = ride;
    this.alerts = read.alerts;
    this.parts.fit.hidden = true;
    if (ride !== null) this.offerFit(`api/v1/rides/${ride.id}/ride.fit`);
    this.showSums(read.passes);
    this.list();
    this.offerRemoval();
    this.stale = false;
    for (const one of news) one();
    await this.missed.show(ride);
  }

  showSums(passes) {
    const { ride } = this;
    const { sums, charts } = this.parts;
    const words = texts.history.sums;
    sums.replaceChildren(...(ride === null ? [] : [
      [duration(ride.duration_s), words.ride], ...(ride.distance_m ? [[way(ride.distance_m), words.far]] : []),
      ...(ride.moving_s ? [[speed(ride.distance_m / ride.moving_s), words.average]] : []),
      ...(ride.unseen_s > 0 ? [[ride.unseen_s < 60 ? `${number(ride.unseen_s, 1)} s` : duration(ride.unseen_s), words.unseen]] : []),
      [ride.passes, words.passes(ride.passes)], [ride.close_passes, words.close], [this.alerts.length, words.alerts],
    ].map(([value, word]) => make("div", {}, make("dd", {}, String(value)), make("dt", {}, word)))));
    const open = [...charts.querySelectorAll("details")].map((one) => one.open);
    charts.replaceChildren(...(ride === null ? [] : rideCharts(ride, passes, CLOSE_PASS_M)));
    charts.querySelectorAll("details").forEach((one, i) => {
      one.open = open[i] ?? false;
    });
  }

  drawTimeline() {
    const { timeline: place } = this.parts;
    place.replaceChildren(...(this.ride === null ? [] : [timeline(this.ride, this.shown.map((one) => one.head), Math.max(280, place.clientWidth), (alert) => {
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
    put(kept, this.ride === null ? "" : goesOn ? texts.history.goesOn : locked ? texts.history.stays : "");
  }

  askForRide() {
    const { sure, goes } = this.parts;
    const { ride, alerts } = this;
    const start = new Date(ride.start);
    put(goes, texts.history.goes(`${day(start)}, ${clock(start)},`, texts.history.alerts(alerts.length), texts.history.passes(ride.passes)));
    sure.returnValue = "";
    sure.show();  // not modal: the state of the road stays in sight, and is said
    sure.scrollIntoView({ block: "nearest" });
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
    this.encounters = encounters(this.alerts);
    const now = this.encounters.find((one) => overlap(this.chosen, one));
    if (now?.alerts.some((one, i) => one !== this.chosen.alerts[i])) this.choose(now, false);
    const kinds = kind.value.split(" ").filter(Boolean);
    const wanted = (one) => (kinds.length === 0 || one.alerts.some((alert) => kinds.includes(alert.kind))) &&
      (!locked.checked || one.lockedAlerts > 0);
    this.shown = this.encounters.filter(wanted).reverse();
    this.drawTimeline();
    const before = this.items;
    const focused = [...before].find(([, { item }]) => item.contains(document.activeElement))?.[0];
    this.items = new Map(this.shown.slice(0, this.limit).map((encounter) => {
      const old = before.get(encounter.first.id);
      const same = old?.encounter.alerts.length === encounter.alerts.length &&
        encounter.alerts.every((one, i) => one === old.encounter.alerts[i]);
      return [encounter.first.id, same ? old : { encounter, item: this.item(encounter) }];
    }));
    arrange(list, [...this.items.values()].map(({ item }) => item));
    if (focused !== undefined && before.get(focused) !== this.items.get(focused))
      this.items.get(focused)?.item.querySelector("a").focus({ preventScroll: true });
    none.hidden = this.shown.length > 0;
    more.hidden = this.shown.length <= this.limit;
  }

  item(encounter) {
    const { head, snapshot, alerts, lockedAlerts } = encounter;
    const words = encounterWords(encounter);
    const picture = snapshot
      ? make("img", { src: `api/v1/alerts/${snapshot.id}/snapshot.jpg`, alt: "", loading: "lazy", width: 128, height: 72 })
      : make("span", { class: "no-picture", "aria-hidden": "true" });
    const locked = lockedAlerts === 0 ? null : lockedAlerts === alerts.length ? texts.history.locked : texts.history.lockedOf(lockedAlerts, alerts.length);
    return make("li", { "data-level": head.level, "data-id": head.id },
      make("a", { href: `#/history/${head.id}`, "aria-current": overlap(this.chosen, encounter) ? "true" : null }, picture,
        make("span", { class: "words" }, make("strong", {}, words.title),
          make("span", {}, make("time", { datetime: head.time }, clock(new Date(head.time), true)), " · ",
            make("span", { class: "level" }, texts.levels[head.level]), words.detail ? ` · ${words.detail}` : "",
            encounter.mark ? make("span", { class: "locked" }, ` · ${texts.marked[encounter.mark]}`) : null,
            locked ? make("span", { class: "locked" }, ` · ${locked}`) : null),
          words.before ? make("span", {}, words.before) : null)));
  }

  /** moved: the user chose it, so that it is brought into view. */
  choose(encounter, moved = true) {
    const before = this.chosen;
    this.chosen = encounter;
    const { event, title, detail, lock, clip, snapshot, list, video } = this.parts;
    event.hidden = encounter === null;
    for (const link of list.querySelectorAll("a")) {
      if (encounter?.ids.has(Number(link.parentElement.dataset.id))) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    const another = encounter !== before && !overlap(before, encounter);
    const clipId = encounter?.clip?.id ?? null;
    const pictureId = encounter?.snapshot?.id ?? null;
    // A clip that plays goes on when a better picture comes.
    if (another || clipId !== (before?.clip?.id ?? null) || (clipId === null && pictureId !== (before?.snapshot?.id ?? null)))
      this.trying(() => this.clip.show(clipId, pictureId === null ? null : `api/v1/alerts/${pictureId}/snapshot.jpg`));
    if (encounter === null) return;
    const { head, lockedAlerts } = encounter;
    const words = encounterWords(encounter);
    const time = new Date(head.time);
    put(title, words.title);
    put(detail, [`${day(time)} ${clock(time, true)}`, words.detail, words.before, riderWords(head)].filter(Boolean).join(" · "));
    video.setAttribute("aria-label", texts.history.clip(words.title));
    video.parentElement.hidden = clipId === null && pictureId === null;
    video.controls = clipId !== null;
    this.showMark(encounter);
    put(lock, allLocked(encounter) ? texts.history.unlock : texts.history.lock);
    lock.setAttribute("aria-pressed", allLocked(encounter) ? "true" : lockedAlerts > 0 ? "mixed" : "false");
    this.parts.delete.disabled = lockedAlerts > 0;
    this.parts.delete.title = lockedAlerts > 0 ? texts.history.isLocked : "";
    if (another || lockedAlerts > 0) this.askAgain(false);
    clip.hidden = clipId === null;
    clip.href = `api/v1/alerts/${clipId}/clip.mp4`;
    clip.download = `rearview-${head.id}.mp4`;
    snapshot.hidden = pictureId === null;
    snapshot.href = `api/v1/alerts/${pictureId}/snapshot.jpg`;
    snapshot.download = `rearview-${head.id}.jpg`;
    this.parts.boxes.parentElement.hidden = clipId === null;
    this.parts.miss.hidden = clipId === null;
    if (!moved) return;
    event.scrollIntoView({ block: "nearest" });
    title.focus({ preventScroll: true });
  }

  /** Does it to each alert of the event; says of how many it failed, in these words. */
  async withEach(alerts, words, action) {
    const failures = [];
    for (const alert of alerts) {
      try {
        await action(alert);
      } catch (error) {
        failures.push(error.message);
      }
    }
    if (failures.length === 0) return;
    const some = alerts.length === 1 ? "" : words(failures.length, alerts.length);
    throw new Error(some + [...new Set(failures)].join("; "));
  }

  showMark({ head, alerts }) {
    const { verdict } = this.parts;
    verdict.hidden = head.track_id === null;
    for (const button of verdict.querySelectorAll("button")) {
      const marked = alerts.filter((one) => one.mark === button.dataset.mark).length;
      button.setAttribute("aria-pressed", marked === 0 ? "false" : marked === alerts.length ? "true" : "mixed");
    }
  }

  /** Of all that was told of the vehicle; null takes it back. */
  async setMark(mark) {
    const alerts = this.chosen.alerts.filter((one) => one.mark !== mark);
    await this.trying(() => this.withEach(alerts, texts.history.failures.mark, async ({ id }) =>
      this.update(mark === null ? await send("DELETE", `api/v1/alerts/${id}/mark`) : await send("PUT", `api/v1/alerts/${id}/mark`, { mark }))));
  }

  /** What the clip shows just now. */
  momentOfClip() {
    const { camera, time, t_s } = this.chosen.clip;
    return { camera, time: new Date(Date.parse(time) + 1000 * (this.clip.startS + this.clip.video.currentTime - t_s)) };
  }

  async setLocked(locked) {
    const alerts = this.chosen.alerts.filter((one) => one.locked !== locked);
    await this.trying(() => this.withEach(alerts, locked ? texts.history.failures.lock : texts.history.failures.unlock, async ({ id }) =>
      this.update(await send(locked ? "PUT" : "DELETE", `api/v1/alerts/${id}/lock`))));
  }

  askAgain(asking) {
    this.asking = asking;
    put(this.parts.delete, asking ? texts.history.really : texts.history.delete);
  }

  /** The first press asks, the second deletes. */
  async remove() {
    if (!this.asking) {
      this.askAgain(true);
      return;
    }
    await this.trying(() => this.withEach(this.chosen.alerts, texts.history.failures.delete, async ({ id }) => {
      await send("DELETE", `api/v1/alerts/${id}`);
      this.update({ id, deleted: true });
    }));
    this.askAgain(false);
  }
}
