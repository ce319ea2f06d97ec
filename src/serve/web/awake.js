// Keeps the screen on while the page is seen, and says where the browser won't: on a dark screen
// nobody sees an alert.
import { put } from "./dom.js";
import { texts } from "./language.js";

const DISMISSED = "screen-note";

export class Awake {
  /** note: a button that says what is wrong and goes when it is pressed; now: where the state always stands. */
  constructor(note, now) {
    this.note = note;
    this.words = note.querySelector("span");
    this.now = now;
    this.lock = null;
    this.asking = false;
    this.dismissed = localStorage.getItem(DISMISSED);
    note.addEventListener("click", () => this.dismiss());
    if (!navigator.wakeLock) {
      this.tell(isSecureContext ? texts.screen.unable : texts.screen.insecure);
      return;
    }
    document.addEventListener("visibilitychange", () => this.ask());
    // Refused or taken away, for example when the battery is low; the rider may have charged it.
    for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, () => this.ask());
    this.ask();
  }

  async ask() {
    if (document.hidden || this.lock !== null || this.asking) return;
    this.asking = true;
    try {
      const lock = await navigator.wakeLock.request("screen");
      this.lock = lock.released ? null : lock;
      lock.addEventListener("release", () => this.lost());
    } catch {
      // Said below.
    }
    this.asking = false;
    if (this.lock === null) {
      this.lost();
      return;
    }
    this.note.hidden = true;
    put(this.now, texts.screen.kept);
  }

  lost() {
    this.lock = null;
    if (!document.hidden) this.tell(texts.screen.refused);
  }

  tell(words) {
    put(this.now, words);
    put(this.words, words);
    this.note.hidden = words === this.dismissed;
  }

  dismiss() {
    this.dismissed = this.words.textContent;
    this.note.hidden = true;
    // What can't change here is said once; what can, again on another day.
    if (!navigator.wakeLock) localStorage.setItem(DISMISSED, this.dismissed);
  }
}
