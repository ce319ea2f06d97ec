// The live picture: an <img> of the overlay's stream, or the original video where the rider wants it
// and the browser can. Whatever shows it, a picture that stands still is never left looking live.
import { texts } from "./language.js";
import { Video } from "./video.js";

const LOOK_MS = 500;
const FROZEN_MS = 2500;
const VIDEO_FROZEN_MS = 1000;
const NOTHING_MS = 4000;
const AGAIN_MS = 15000;

export class Picture {
  constructor(frame) {
    this.frame = frame;
    this.image = frame.querySelector("img");
    this.canvas = frame.querySelector("canvas");
    this.note = frame.querySelector(".picture-note");
    this.camera = null;
    this.probe = document.createElement("canvas");
    this.probe.width = 48;
    this.probe.height = 27;
    this.pen = this.probe.getContext("2d", { willReadFrequently: true });
    this.seen = "";
    this.produced = null;
    this.wantsVideo = false;
    this.whyNoVideo = "";
    this.video = new Video(this.canvas, {
      drawn: () => this.showVideo(true),
      failed: (why) => this.giveUpVideo(why),
    });
    this.image.addEventListener("error", () => setTimeout(() => {
      if (this.camera !== null && !this.showsVideo) this.load();
    }, 1000));
    setInterval(() => this.look(), LOOK_MS);
    document.addEventListener("visibilitychange", () => {
      if (this.camera === null) return;
      if (document.hidden) this.video.stop();
      else this.begin();
    });
  }

  get showsVideo() {
    return !this.canvas.hidden;
  }

  show(camera) {
    this.camera = camera;
    this.produced = null;
    const text = texts.picture.of(camera);
    this.image.alt = text;
    this.canvas.setAttribute("aria-label", text);
    this.begin();
  }

  /** Ends the stream while nobody sees it. */
  hide() {
    this.camera = null;
    this.video.stop();
    this.image.removeAttribute("src");
  }

  /** wanted: the original video instead of pictures, where the browser can. */
  useVideo(wanted) {
    this.wantsVideo = wanted;
    if (this.camera !== null) this.begin();
  }

  /** Pictures come until the video has drawn its first one, so that there is always something to see. */
  begin() {
    this.showVideo(false);
    this.load();
    this.whyNoVideo = "";
    this.triedAt = performance.now();
    if (this.wantsVideo) this.video.start(this.camera);
    else this.video.stop();
  }

  load() {
    this.loadedAt = this.changedAt = performance.now();
    this.stillAfterReload = false;
    this.image.src = `api/v1/cameras/${encodeURIComponent(this.camera)}/stream.mjpg?${Date.now()}`;
  }

  showVideo(on) {
    if (on === this.showsVideo) return;
    this.canvas.hidden = !on;
    this.image.hidden = on;
    if (on) this.image.removeAttribute("src");
    this.say("");
  }

  giveUpVideo(why) {
    this.whyNoVideo = why;
    this.triedAt = performance.now();
    if (!this.showsVideo) return;
    this.showVideo(false);
    this.load();
  }

  /** live: the camera is. count: pictures the service has sent out of it, from the heartbeat. */
  heartbeat(count, live) {
    if (this.produced === null || count !== this.produced) this.producedAt = performance.now();
    this.produced = count;
    const again = live && !this.video.running && performance.now() - this.triedAt > AGAIN_MS;
    if (this.camera === null || document.hidden || !this.wantsVideo || !again) return;
    this.triedAt = performance.now();
    this.video.start(this.camera);
  }

  /** analysis: the newest, as it came with the events. */
  newest(analysis) {
    this.video.newest = analysis;
  }

  /** Says why the picture can't be trusted; empty when it can. */
  say(text) {
    this.frame.classList.toggle("old", text !== "");
    this.note.hidden = text === "";
    if (this.note.textContent !== text) this.note.textContent = text;
  }

  look() {
    if (this.camera === null || document.hidden) return;
    if (this.showsVideo) this.say(this.video.behindMs > VIDEO_FROZEN_MS ? texts.picture.frozen : "");
    else this.lookAtImage();
  }

  /** An <img> of a stream tells nobody when it stops, so its pixels are compared. */
  lookAtImage() {
    const now = performance.now();
    if (!this.image.naturalWidth) {
      this.say(texts.picture.none);
      if (now - this.loadedAt > NOTHING_MS) this.load();
      return;
    }
    this.pen.drawImage(this.image, 0, 0, this.probe.width, this.probe.height);
    const pixels = this.pen.getImageData(0, 0, this.probe.width, this.probe.height).data;
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
      this.say(texts.picture.frozen);
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
