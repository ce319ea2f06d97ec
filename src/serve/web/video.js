// The original H.264, decoded by the browser (WebCodecs). Boxes are drawn here, on exactly the
// picture that was analysed: whichever comes first waits for the other, and a picture without its
// analysis is never shown.
import { drawTracks } from "./boxes.js";
import { texts } from "./language.js";

const NOTHING_MS = 2000;
const START_MS = 5000;  // a decoder's first picture may take longer; others are shown meanwhile
const HEADER = 24;
const ACCESS_UNIT = 1;
// Pictures that wait for their analysis, analyses for their picture, and access units for the decoder.
const MOST_WAITING = 16;
const MOST_ANALYSES = 60;
const MOST_UNDECODED = 60;
const H264 = { codec: "avc1.42e01e", optimizeForLatency: true };

/** Why the browser can't; empty when it can. */
export async function whyNot() {
  if (!isSecureContext) return texts.choice.insecure;
  if (!("VideoDecoder" in window)) return texts.choice.noCodecs;
  try {
    return (await VideoDecoder.isConfigSupported(H264)).supported ? "" : texts.choice.noH264;
  } catch {
    return texts.choice.noH264;
  }
}

/** avc1.PPCCLL of the sequence parameter set in an access unit; null where it has none. */
function codecOf(bytes) {
  for (let i = 0; i + 6 < bytes.length; i += 1) {
    if (bytes[i] === 0 && bytes[i + 1] === 0 && bytes[i + 2] === 1 && (bytes[i + 3] & 31) === 7)
      return `avc1.${[...bytes.subarray(i + 4, i + 7)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  }
  return null;
}

export class Video {
  /** drawn(): a picture has been drawn. failed(why): it has ended by itself. */
  constructor(canvas, { drawn, failed }) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d", { alpha: false, desynchronized: true });
    this.drawn = drawn;
    this.failed = failed;
    this.socket = null;
    this.decoder = null;
    this.places = [];           // numbers of what the decoder was given, that no picture has taken
    this.key = 0;               // number of the newest picture at which decoding can begin
    this.waiting = new Map();   // number → VideoFrame
    this.analyses = new Map();  // number → analysis
    this.newest = null;
    setInterval(() => this.watch(), 250);
  }

  get running() {
    return this.socket !== null;
  }

  start(camera) {
    this.stop();
    const address = new URL(`api/v1/cameras/${encodeURIComponent(camera)}/video`, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    address.hash = "";
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.onmessage = (event) => {
      if (socket === this.socket) this.hear(event.data);
    };
    socket.onclose = () => {
      if (socket === this.socket) this.fail(texts.choice.ended);
    };
    this.socket = socket;
    this.drawnAt = performance.now();
    this.drawnTime = null;
  }

  stop() {
    const { socket, decoder } = this;
    this.socket = this.decoder = this.codec = null;
    this.analyses.clear();
    this.places = [];
    socket?.close();
    if (decoder !== null && decoder.state !== "closed") decoder.close();
    for (const frame of this.waiting.values()) frame.close();
    this.waiting.clear();
  }

  fail(why) {
    this.stop();
    this.failed(why);
  }

  /** How old the picture is at least, next to the newest analysis that came another way. */
  get behindMs() {
    const late = this.newest !== null && this.drawnTime !== null && this.newest.epoch === this.drawnTime.epoch
      ? (this.newest.t_s - this.drawnTime.t_s) * 1000 : 0;
    return Math.max(performance.now() - this.drawnAt, late);
  }

  watch() {
    if (this.running && this.behindMs > (this.drawnTime === null ? START_MS : NOTHING_MS))
      this.fail(this.drawnTime === null ? texts.choice.nothing : texts.choice.late);
  }

  hear(message) {
    const header = new DataView(message, 0, HEADER);
    const number = Number(header.getBigUint64(8, true));
    if (header.getUint8(0) === ACCESS_UNIT) {
      this.decode(number, header.getUint8(1) === 1, new Uint8Array(message, HEADER));
    } else {
      this.analyses.set(number, JSON.parse(new TextDecoder().decode(new Uint8Array(message, HEADER))));
      if (this.analyses.size > MOST_ANALYSES) this.analyses.delete(this.analyses.keys().next().value);
      this.match();
    }
  }

  decode(number, begins, bytes) {
    try {
      if (begins) this.begin(codecOf(bytes));
      if (this.decoder === null) return;
      if (this.decoder.decodeQueueSize > MOST_UNDECODED) {
        this.fail(texts.choice.slow);
        return;
      }
      // Numbers stand in for times.
      this.decoder.decode(new EncodedVideoChunk({ type: begins ? "key" : "delta", timestamp: number, data: bytes }));
      this.places.push(number);
      if (begins) this.key = number;
    } catch (error) {
      this.fail(error.message);
    }
  }

  begin(codec) {
    if (codec === null) throw new Error(texts.choice.unnamed);
    if (this.codec === codec) return;
    this.codec = codec;
    if (this.decoder !== null) this.decoder.close();
    this.places = [];
    const decoder = new VideoDecoder({
      output: (frame) => {
        if (decoder === this.decoder) this.take(frame);
        else frame.close();
      },
      error: (error) => {
        if (decoder === this.decoder) this.fail(error.message);
      },
    });
    this.decoder = decoder;
    decoder.configure({ codec, optimizeForLatency: true });
  }

  /** With B-frames too: the n-th picture shown has the number of the n-th access unit. */
  take(frame) {
    while (frame.timestamp >= this.key && this.places[0] < this.key) this.places.shift();
    this.waiting.set(this.places.shift() ?? frame.timestamp, frame);
    if (this.waiting.size > MOST_WAITING) this.drop(this.waiting.keys().next().value);
    this.match();
  }

  drop(number) {
    this.waiting.get(number).close();
    this.waiting.delete(number);
  }

  /** Draws the newest picture whose analysis is there; what is older than it is over. */
  match() {
    const numbers = [...this.waiting.keys()].filter((number) => this.analyses.has(number));
    if (numbers.length === 0) return;
    const newest = Math.max(...numbers);
    const analysis = this.analyses.get(newest);
    this.draw(this.waiting.get(newest), analysis);
    for (const number of [...this.waiting.keys()]) {
      if (number <= newest) this.drop(number);
    }
    for (const number of [...this.analyses.keys()]) {
      if (number <= newest) this.analyses.delete(number);
    }
    this.drawnAt = performance.now();
    this.drawnTime = { epoch: analysis.epoch, t_s: analysis.t_s };
    this.drawn();
  }

  draw(frame, analysis) {
    const { canvas, pen } = this;
    const width = Math.max(frame.displayWidth, Math.round(Math.min(1920, canvas.clientWidth * devicePixelRatio)));
    const height = Math.round(width * frame.displayHeight / frame.displayWidth);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const scale = width / frame.displayWidth;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.drawImage(frame, 0, 0, width, height);
    drawTracks(pen, analysis.tracks, scale, canvas);
  }
}
