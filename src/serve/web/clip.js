// A stored clip with its boxes, drawn from the sidecar in step with the video.
import { drawTracks } from "./boxes.js";

export class Clip {
  constructor(frame) {
    this.video = frame.querySelector("video");
    this.canvas = frame.querySelector("canvas");
    this.pen = this.canvas.getContext("2d");
    this.frames = [];
    this.boxes = true;
    this.showing = 0;
    this.posed = false;  // the poster is shown, not yet a picture of the clip
    this.follow();
  }

  /** id: of an alert; null ends it. poster: its snapshot, or null. */
  async show(id, poster) {
    this.showing = id;
    this.frames = [];
    this.startS = Number.NaN;  // stream time of its first picture; not known yet
    this.clear();
    this.posed = Boolean(poster);
    if (poster) this.video.poster = poster;
    else this.video.removeAttribute("poster");
    if (id === null) {
      this.video.removeAttribute("src");
      this.video.load();
      return;
    }
    this.video.src = `api/v1/alerts/${id}/clip.mp4`;
    const answer = await fetch(`api/v1/alerts/${id}/tracks.json`);
    if (!answer.ok || this.showing !== id) return;
    const sidecar = await answer.json();
    if (this.showing !== id) return;
    this.size = { width: sidecar.width, height: sidecar.height };
    this.frames = sidecar.frames;
    this.startS = sidecar.t0_s;
    this.draw(this.video.currentTime);
  }

  setBoxes(on) {
    this.boxes = on;
    this.draw(this.video.currentTime);
  }

  /** Every picture that is shown gets its own boxes; without the callback, every painted frame does. */
  follow() {
    const { video } = this;
    for (const begun of ["play", "seeking"]) {
      video.addEventListener(begun, () => {
        this.posed = false;
      });
    }
    if ("requestVideoFrameCallback" in video) {
      const next = (_, { mediaTime }) => {
        this.draw(mediaTime);
        video.requestVideoFrameCallback(next);
      };
      video.requestVideoFrameCallback(next);
    } else {
      video.addEventListener("timeupdate", () => this.draw(video.currentTime));
    }
    video.addEventListener("seeked", () => this.draw(video.currentTime));
  }

  /** The last frame of the sidecar that isn't later than the picture, half a picture's length allowed. */
  frameAt(time) {
    let low = 0;
    let high = this.frames.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.frames[middle].t_s <= time + 0.012) low = middle + 1;
      else high = middle;
    }
    const found = this.frames[low - 1];
    return found !== undefined && time - found.t_s < 0.5 ? found : null;
  }

  clear() {
    this.canvas.width = this.canvas.width;
  }

  draw(time) {
    const { canvas, pen } = this;
    const frame = this.frames.length > 0 ? this.frameAt(time) : null;
    if (frame === null || !this.boxes || this.posed) {
      this.clear();
      return;
    }
    canvas.width = Math.max(this.size.width, Math.round(Math.min(1920, canvas.clientWidth * devicePixelRatio)));
    canvas.height = Math.round(canvas.width * this.size.height / this.size.width);
    drawTracks(pen, frame.tracks, canvas.width / this.size.width, canvas);
  }
}
