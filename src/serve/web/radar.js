// The road behind from above: the rider on top, vehicles below at their distance, left and right as
// the rider has them.
import { texts } from "./language.js";
import { scale, spokenDistance } from "./units.js";
import { className, foremost, riderSide, seconds, sideWords } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const FARTHEST_M = 100;
const MOST = 8;
const TOP = 40;
const LABEL_HEIGHT = 16;
const SCALE_WIDTH = 42;
const NARROW = 150;
// Without a distance, a vehicle is drawn hollow where it would be if it closed in at this speed.
const TYPICAL_CLOSING_MPS = 8;

function make(parent, tag, attributes = {}) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  parent.append(element);
  return element;
}

export class Radar {
  constructor(svg) {
    this.svg = svg;
    this.vehicles = new Map();
    this.describedAt = 0;
    this.ground = make(svg, "g");
    this.traffic = make(svg, "g");
    new ResizeObserver(() => this.layOut()).observe(svg);
    addEventListener("units", () => this.layOut());
    this.layOut();
  }

  layOut() {
    this.width = Math.max(80, this.svg.clientWidth);
    this.height = Math.max(100, this.svg.clientHeight);
    // The scale has a strip of its own, so that no vehicle hides it.
    this.middle = (SCALE_WIDTH + this.width) / 2;
    this.lane = Math.min(46, (this.width - SCALE_WIDTH) / 3.4);
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
    this.ground.replaceChildren();
    make(this.ground, "rect", { class: "road", x: this.middle - this.lane * 1.5, y: 0, width: this.lane * 3, height: this.height });
    for (const [metres, text] of scale()) {
      const y = this.y(metres);
      make(this.ground, "line", { class: "mark", x1: 0, x2: this.width, y1: y, y2: y });
      make(this.ground, "text", { class: "mark-text", x: 5, y: y - 4 }).textContent = text;
    }
    make(this.ground, "path", { class: "rider", d: `M${this.middle} 8l11 24-11-6-11 6z` });
    for (const entry of this.vehicles.values()) this.place(entry);
  }

  /** Nearer distances get more room. */
  y(distance) {
    return TOP + Math.sqrt(Math.min(distance, FARTHEST_M) / FARTHEST_M) * (this.height - TOP - 16);
  }

  place(entry) {
    entry.group.style.transform =
      `translate(${this.middle + entry.lateral * this.lane}px, ${this.y(entry.distance)}px)`;
  }

  draw(tracks) {
    const shown = [...tracks].sort((a, b) => b.threat - a.threat ||
      (a.ttc_s ?? 1e9) - (b.ttc_s ?? 1e9)).slice(0, MOST);
    const present = new Set(shown.map((track) => track.id));
    for (const [id, entry] of this.vehicles) {
      if (present.has(id)) continue;
      entry.group.remove();
      this.vehicles.delete(id);
    }
    // The one that matters most comes last and lies on top; its time is never covered by another's.
    for (const track of [...shown].reverse()) this.drawVehicle(track);
    const labelled = [];
    for (const track of shown) {
      const { label, distance } = this.vehicles.get(track.id);
      const y = this.y(distance);
      const free = labelled.every((other) => Math.abs(other - y) >= LABEL_HEIGHT);
      label.style.visibility = free ? "visible" : "hidden";
      if (free) labelled.push(y);
    }
    this.describe(tracks);
  }

  drawVehicle(track) {
    let entry = this.vehicles.get(track.id);
    if (!entry) {
      const group = make(this.traffic, "g");
      entry = { group, shape: make(group, "path", { class: "shape" }),
        label: make(group, "text", { class: "label", y: 6 }) };
      this.vehicles.set(track.id, entry);
    }
    const closing = track.motion === "approaching" || track.threat > 0;
    const size = track.threat === 2 ? 1.35 : 1;
    const known = track.distance_m !== null;
    entry.group.setAttribute("class", `vehicle threat-${track.threat}${known ? "" : " vague"}`);
    entry.shape.setAttribute("d", closing
      ? `M0 ${-15 * size}L${14 * size} ${11 * size}H${-14 * size}z`
      : "M-9 -9h18v18h-18z");
    entry.distance = known ? track.distance_m
      : track.ttc_s !== null ? track.ttc_s * TYPICAL_CLOSING_MPS : FARTHEST_M / 2;
    const side = riderSide(track.side);
    entry.lateral = side === "left" ? -1 : side === "right" ? 1 : 0;
    const unit = this.width < NARROW ? "" : " s";
    // What is no threat yet has no time that one could count on.
    const text = track.threat > 0 && track.ttc_s !== null ? seconds(track.ttc_s) + unit : "";
    if (entry.label.textContent !== text) entry.label.textContent = text;
    // Towards the middle, where there is room.
    entry.label.setAttribute("x", (entry.lateral > 0 ? -1 : 1) * (14 * size + 5));
    entry.label.setAttribute("text-anchor", entry.lateral > 0 ? "end" : "start");
    this.traffic.append(entry.group);
    this.place(entry);
  }

  describe(tracks) {
    const now = performance.now();
    if (now - this.describedAt < 1000) return;
    this.describedAt = now;
    const first = foremost(tracks);
    let text = texts.radar.none;
    if (first) {
      const where = [className(first.class), sideWords(first.side),
        first.distance_m === null ? "" : spokenDistance(first.distance_m),
        first.ttc_s === null ? "" : texts.radar.seconds(seconds(first.ttc_s))];
      text = texts.radar.vehicles(tracks.length, where.filter(Boolean).join(", "));
    }
    this.svg.setAttribute("aria-label", text);
  }
}
