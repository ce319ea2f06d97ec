// Tones that differ by threat and come from the vehicle's side. Browsers want a tap before the
// first sound.
import { texts } from "./language.js";
import { riderSide } from "./words.js";

// Each note: frequency in Hz, start and length in s.
const TONES = {
  approaching: { wave: "sine", loud: 0.5, notes: [[659, 0, 0.14], [880, 0.17, 0.2]] },
  fast: { wave: "square", loud: 0.28, notes: [[1175, 0, 0.09], [1175, 0.13, 0.09], [1175, 0.26, 0.09], [1568, 0.39, 0.22]] },
  close: { wave: "sawtooth", loud: 0.35, notes: [[440, 0, 0.12], [330, 0.14, 0.25]] },
  clear: { wave: "sine", loud: 0.3, notes: [[784, 0, 0.12], [523, 0.15, 0.25]] },
  lost: { wave: "triangle", loud: 0.6, notes: [[294, 0, 0.25], [220, 0.3, 0.25], [165, 0.6, 0.4]] },
  back: { wave: "triangle", loud: 0.4, notes: [[330, 0, 0.12], [494, 0.15, 0.2]] },
};
const OF_KIND = {
  vehicle_approaching: "approaching", fast_approach: "fast", close_pass: "close",
  all_clear: "clear", camera_lost: "lost", view_blocked: "lost", camera_back: "back",
};
const SHAKE_MS = { approaching: [120], fast: [120, 60, 120, 60, 200], lost: [400] };

export class Sound {
  constructor(button, label) {
    this.button = button;
    this.label = label;
    this.context = null;
    this.on = false;
    this.played = 0;
    button.addEventListener("click", () => this.set(!this.on));
    // Wanted last time: the first touch of the page brings it back.
    if (localStorage.getItem("sound") === "on") {
      const again = (event) => {
        if (!this.on && !button.contains(event.target)) this.set(true);
      };
      addEventListener("pointerdown", again, { once: true });
      addEventListener("keydown", again, { once: true });
      label.textContent = texts.sound.tap;
    }
  }

  set(on) {
    this.on = on;
    localStorage.setItem("sound", on ? "on" : "off");
    this.button.setAttribute("aria-pressed", String(on));
    this.label.textContent = on ? texts.sound.on : texts.sound.off;
    if (!on) return;
    this.context ??= new AudioContext();
    this.context.resume();
    this.play("back", null);
  }

  alert(alert) {
    const tone = OF_KIND[alert.kind];
    if (tone) this.play(tone, alert.side);
  }

  play(name, side) {
    if (!this.on) return;
    navigator.vibrate?.(SHAKE_MS[name] ?? 0);
    if (this.context.state !== "running") this.context.resume();
    const tone = TONES[name];
    const rider = riderSide(side);
    const panner = this.context.createStereoPanner();
    panner.pan.value = rider === "left" ? -0.9 : rider === "right" ? 0.9 : 0;
    panner.connect(this.context.destination);
    const begin = this.context.currentTime + 0.02;
    for (const [frequency, start, length] of tone.notes) {
      const source = this.context.createOscillator();
      const gain = this.context.createGain();
      source.type = tone.wave;
      source.frequency.value = frequency;
      gain.gain.setValueAtTime(0, begin + start);
      gain.gain.linearRampToValueAtTime(tone.loud, begin + start + 0.012);
      gain.gain.setValueAtTime(tone.loud, begin + start + length - 0.03);
      gain.gain.linearRampToValueAtTime(0, begin + start + length);
      source.connect(gain).connect(panner);
      source.start(begin + start);
      source.stop(begin + start + length);
    }
    this.played += 1;
  }
}
