// Boxes as the service's overlay draws them: quiet, amber when it comes, red when it comes fast.
import { decimal, number } from "./language.js";

const COLOURS = ["#c4cdd6", "#ffb414", "#ff3b45"];

/** Whether it was seen just now. Where one stands that has not been seen for longer is only predicted. */
export function isSeen(track) {
  return (track.unseen_s ?? 0) <= 0.3;
}

/** What was leaving is likely gone: there the box grows far into the picture, on nothing. */
function isDrawn(track, width, height) {
  const { x, y, w, h } = track.box;
  const whole = x > 0 && y > 0 && x + w < width && y + h < height;
  return whole ? isSeen(track) : (track.unseen_s ?? 0) <= 0.1;
}

/** scale: from pixels of the picture as received to those of size. */
export function drawTracks(pen, tracks, scale, { width, height }) {
  pen.lineJoin = "round";
  pen.font = `700 ${Math.round(height / 20)}px system-ui, sans-serif`;
  for (const track of tracks.filter((one) => isDrawn(one, width / scale, height / scale)).sort((a, b) => a.threat - b.threat)) {
    const { x, y, w, h } = track.box;
    const colour = COLOURS[track.threat] ?? COLOURS[2];
    for (const [stroke, thick] of [["rgb(0 0 0 / .7)", 4], [colour, 2]]) {
      pen.strokeStyle = stroke;
      pen.lineWidth = thick * height / 360 * (track.threat > 1 ? 1.5 : 1);
      pen.strokeRect(x * scale, y * scale, w * scale, h * scale);
    }
    if (track.ttc_s === null || track.threat === 0) continue;
    const text = `${track.ttc_s >= 10 ? number(track.ttc_s) : decimal(track.ttc_s, 1)} s`;
    const left = Math.max(0, Math.min(x * scale, width - pen.measureText(text).width));
    const top = Math.max(height / 18, y * scale - height / 90);
    pen.strokeStyle = "#000";
    pen.lineWidth = height / 90;
    pen.strokeText(text, left, top);
    pen.fillStyle = colour;
    pen.fillText(text, left, top);
  }
}
