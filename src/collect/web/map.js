// A map of what passed where, without streets: dots on a grid of degrees, north is up.

const SVG = "http://www.w3.org/2000/svg";
const NEAREST_DEG = 0.0005;

/** Mercator's latitude, in degrees of the equator, and back. */
const up = (lat) => Math.log(Math.tan(Math.PI / 4 + (Math.max(-85, Math.min(85, lat)) * Math.PI) / 360)) * (180 / Math.PI);
const down = (y) => (Math.atan(Math.exp((y * Math.PI) / 180)) * 360) / Math.PI - 90;

export function shape(parent, tag, attributes, text = null) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== null) element.textContent = text;
  parent.append(element);
  return element;
}

/** The greatest of 1, 2, 5, 10, 20… that is no more. */
function roundDown(value) {
  const ten = 10 ** Math.floor(Math.log10(value));
  return [5, 2, 1].map((step) => step * ten).find((step) => step <= value) ?? ten;
}

export class FleetMap {
  /** moved: called with the box that is seen, [west, south, east, north], a moment after it has changed; chosen: with a feature. */
  constructor(svg, moved, chosen) {
    this.svg = svg;
    this.moved = moved;
    this.chosen = chosen;
    this.features = [];
    this.view = null;  // { x, y: middle; width: degrees }
    this.isOwn = false;  // somebody moved it: it doesn't follow the dots any more
    const drag = { id: null };
    svg.addEventListener("pointerdown", (event) => Object.assign(drag, { id: event.pointerId, x: event.clientX, y: event.clientY }));
    svg.addEventListener("pointermove", (event) => {
      if (drag.id !== event.pointerId || this.view === null) return;
      this.move(drag.x - event.clientX, drag.y - event.clientY);
      Object.assign(drag, { x: event.clientX, y: event.clientY });
    });
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) svg.addEventListener(end, () => { drag.id = null; });
    svg.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(event.deltaY > 0 ? 1.3 : 1 / 1.3);
    }, { passive: false });
    svg.addEventListener("keydown", (event) => {
      const [x, y] = { ArrowLeft: [-60, 0], ArrowRight: [60, 0], ArrowUp: [0, -60], ArrowDown: [0, 60] }[event.key] ?? [0, 0];
      if (x !== 0 || y !== 0) this.move(x, y);
      else if (event.key === "+") this.zoom(1 / 1.5);
      else if (event.key === "-") this.zoom(1.5);
      else return;
      event.preventDefault();
    });
    new ResizeObserver(() => this.draw()).observe(svg);
  }

  show(features) {
    this.features = features;
    if (!this.isOwn) this.fit();
    this.draw();
  }

  all() {
    this.isOwn = false;
    this.moved(null);
  }

  move(right_px, down_px) {
    if (this.view === null) return;
    const scale = this.view.width / this.svg.clientWidth;
    this.view.x += right_px * scale;
    this.view.y -= down_px * scale;
    this.changed();
  }

  zoom(factor) {
    if (this.view === null) return;
    this.view.width = Math.min(360, Math.max(NEAREST_DEG, this.view.width * factor));
    this.changed();
  }

  changed() {
    this.isOwn = true;
    this.draw();
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.moved(this.box()), 300);
  }

  box() {
    const { x, y, width } = this.view;
    const height = (width * this.svg.clientHeight) / this.svg.clientWidth;
    const longitude = (value) => Math.max(-180, Math.min(180, value));
    return [longitude(x - width / 2), down(y - height / 2), longitude(x + width / 2), down(y + height / 2)];
  }

  fit() {
    const places = this.features.map((one) => one.geometry.coordinates);
    if (places.length === 0) return;
    const xs = places.map(([lon]) => lon);
    const ys = places.map(([, lat]) => up(lat));
    const [west, east, south, north] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const across = this.svg.clientWidth / Math.max(1, this.svg.clientHeight);
    const width = Math.max(east - west, (north - south) * across, 0.01) * 1.15;
    this.view = { x: (west + east) / 2, y: (south + north) / 2, width };
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.svg;
    this.svg.replaceChildren();
    if (this.view === null || width === 0) return;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const perDegree = width / this.view.width;
    const x = (lon) => width / 2 + (lon - this.view.x) * perDegree;
    const y = (lat) => height / 2 - (up(lat) - this.view.y) * perDegree;
    this.grid(x, y, width, height);
    for (const feature of this.features.toReversed()) {
      const [lon, lat] = feature.geometry.coordinates;
      const near = feature.properties.kind === "close_pass";
      const dot = shape(this.svg, "circle", { class: near ? "near" : "pass", cx: x(lon), cy: y(lat), r: near ? 6 : 4 });
      dot.addEventListener("click", () => {
        this.chosenPass = feature.properties.pass;
        this.draw();
        this.chosen(feature);
      });
      if (feature.properties.pass === this.chosenPass) dot.classList.add("chosen");
    }
  }

  grid(x, y, width, height) {
    const [west, south, east, north] = this.box();
    const step = roundDown(this.view.width / 3);
    const digits = Math.max(0, -Math.floor(Math.log10(step)));
    for (let lon = Math.ceil(west / step) * step; lon <= east; lon += step) {
      shape(this.svg, "line", { x1: x(lon), x2: x(lon), y1: 0, y2: height });
      shape(this.svg, "text", { x: x(lon) + 3, y: height - 5 }, `${Math.abs(lon).toFixed(digits)}° ${lon < 0 ? "W" : "E"}`);
    }
    for (let lat = Math.ceil(south / step) * step; lat <= north; lat += step) {
      shape(this.svg, "line", { y1: y(lat), y2: y(lat), x1: 0, x2: width });
      shape(this.svg, "text", { x: 4, y: y(lat) - 4 }, `${Math.abs(lat).toFixed(digits)}° ${lat < 0 ? "S" : "N"}`);
    }
    // A degree of the equator is 111.32 km (WGS 84).
    const metresPerPixel = (111_320 * this.view.width * Math.cos((down(this.view.y) * Math.PI) / 180)) / width;
    const metres = roundDown(metresPerPixel * Math.min(160, width / 3));
    const long = metres / metresPerPixel;
    shape(this.svg, "line", { class: "bar", x1: width - 12 - long, x2: width - 12, y1: height - 26, y2: height - 26 });
    shape(this.svg, "text", { x: width - 12, y: height - 32, "text-anchor": "end" }, metres >= 1000 ? `${metres / 1000} km` : `${metres} m`);
  }
}
