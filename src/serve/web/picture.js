// The live picture. An <img> of a stream tells nobody when it stops, so its pixels are compared.

const LOOK_MS = 500;
const FROZEN_MS = 2500;
const NOTHING_MS = 4000;

export class Picture {
  constructor(image, frame, note) {
    this.image = image;
    this.frame = frame;
    this.note = note;
    this.camera = null;
    this.canvas = document.createElement("canvas");
    this.canvas.width = 48;
    this.canvas.height = 27;
    this.pen = this.canvas.getContext("2d", { willReadFrequently: true });
    this.seen = "";
    this.produced = null;
    image.addEventListener("error", () => setTimeout(() => {
      if (this.camera !== null) this.load();
    }, 1000));
    setInterval(() => this.look(), LOOK_MS);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.camera !== null) this.load();
    });
  }

  show(camera) {
    this.camera = camera;
    this.produced = null;
    this.image.alt = `Live picture of the road behind, camera ${camera}`;
    this.load();
  }

  /** Ends the stream while nobody sees it. */
  hide() {
    this.camera = null;
    this.image.removeAttribute("src");
  }

  load() {
    this.loadedAt = this.changedAt = performance.now();
    this.stillAfterReload = false;
    this.image.src = `api/v1/cameras/${encodeURIComponent(this.camera)}/stream.mjpg?${Date.now()}`;
  }

  /** count: pictures the service has sent out of this camera, from the heartbeat. */
  heartbeat(count) {
    if (this.produced === null || count !== this.produced) this.producedAt = performance.now();
    this.produced = count;
  }

  /** Says why the picture can't be trusted; empty when it can. */
  say(text) {
    this.frame.classList.toggle("old", text !== "");
    this.note.hidden = text === "";
    if (this.note.textContent !== text) this.note.textContent = text;
  }

  look() {
    if (this.camera === null || document.hidden) return;
    const now = performance.now();
    if (!this.image.naturalWidth) {
      this.say("No picture");
      if (now - this.loadedAt > NOTHING_MS) this.load();
      return;
    }
    this.pen.drawImage(this.image, 0, 0, this.canvas.width, this.canvas.height);
    const pixels = this.pen.getImageData(0, 0, this.canvas.width, this.canvas.height).data;
    let sum = 0;
    for (let i = 0; i < pixels.length; i += 1) sum = (sum * 31 + pixels[i]) | 0;
    if (sum !== this.seen) {
      this.seen = sum;
      this.changedAt = now;
      this.stillAfterReload = false;
    }
    const still = now - this.changedAt;
    const stopped = this.produced !== null && now - this.producedAt > FROZEN_MS;
    if (still < FROZEN_MS && !stopped) {
      this.say("");
    } else if (stopped) {
      this.say("Picture frozen");
      if (now - this.loadedAt > 2 * NOTHING_MS) this.load();
    } else if (!this.stillAfterReload) {
      // The service sends pictures and none is seen: another connection, once. If that shows the
      // same, the road is just very still.
      this.load();
      this.stillAfterReload = true;
    } else {
      this.say("");
    }
  }
}
