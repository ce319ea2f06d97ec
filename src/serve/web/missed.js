// Vehicles that came and that nothing told of, as the rider says.
import { all } from "./archive.js";
import { arrange, make, put } from "./dom.js";
import { clock, texts } from "./language.js";
import { send } from "./service.js";

/** How long a button says what came of it. */
const SAID_MS = 5000;

/** time: a Date; null: now. */
async function miss(camera, time, note = "") {
  return send("POST", "api/v1/missed", { camera, ...(time === null ? {} : { time: time.toISOString() }), ...(note === "" ? {} : { note }) });
}

/** A button that notes a moment, and says for a while what came of it. */
export class MissButton {
  /** moment: what is missed now, { camera, time }; say: for screen readers. */
  constructor(button, moment, say) {
    const word = button.textContent;
    button.addEventListener("click", async () => {
      button.disabled = true;
      const { camera, time } = moment();
      const [short, long] = await miss(camera, time).then(
        ({ clip }) => [clip === "none" ? texts.missed.notedBare : texts.missed.noted, texts.missed.notedLong(texts.missed.clips[clip])],
        (error) => [texts.missed.failed, texts.missed.failedLong(error.message)]);
      button.disabled = false;
      put(button, short);
      button.title = long;
      say(long);
      clearTimeout(this.saying);
      this.saying = setTimeout(() => {
        put(button, word);
        button.title = "";
      }, SAID_MS);
    });
  }
}

/** Those of a ride, listed in the history; each can be deleted, and one noted that nobody noted then. */
export class MissedOfRide {
  /** trying: runs an action and says what went wrong. */
  constructor(section, trying) {
    this.section = section;
    this.list = section.querySelector("ol");
    this.none = section.querySelector(".none");
    this.trying = trying;
    this.ride = null;
    this.moments = new Map();
    const form = section.querySelector("form");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      trying(async () => {
        const { at, note } = form.elements;
        const made = await miss(this.ride.camera, this.dateOf(at.value), note.value.trim());
        this.update({ ...made, deleted: false });
        form.reset();
      });
    });
  }

  /** A time of day on the ride, which may go past midnight. */
  dateOf(text) {
    const start = new Date(this.ride.start);
    const date = new Date(start);
    const [hours, minutes, seconds = 0] = text.split(":").map(Number);
    date.setHours(hours, minutes, seconds, 0);
    if (date.getTime() < start.getTime() - 60_000) date.setDate(date.getDate() + 1);
    return date;
  }

  /** ride: null for none. */
  async show(ride) {
    const before = this.ride?.id;
    this.ride = ride;
    this.section.hidden = ride === null;
    if (ride === null) return;
    if (before !== ride.id) this.moments.clear();
    const found = await all(`api/v1/missed?ride=${ride.id}`, 0);
    if (this.ride?.id !== ride.id) return;
    this.moments = new Map(found.map((one) => [one.id, one]));
    this.draw();
  }

  update({ deleted, ...moment }) {
    if (moment.ride !== this.ride?.id) return;
    if (deleted) this.moments.delete(moment.id);
    else this.moments.set(moment.id, moment);
    this.draw();
  }

  draw() {
    this.none.hidden = this.moments.size > 0;
    arrange(this.list, [...this.moments.values()].sort((a, b) => Date.parse(a.time) - Date.parse(b.time)).map((one) => this.item(one)));
  }

  item(moment) {
    const time = new Date(moment.time);
    const at = clock(time, true);
    const remove = make("button", { type: "button", class: "admin-only", "aria-label": texts.missed.deleteAt(at) }, texts.missed.delete);
    remove.addEventListener("click", () => this.trying(async () => {
      await send("DELETE", `api/v1/missed/${moment.id}`);
      this.update({ ...moment, deleted: true });
    }));
    return make("li", { "data-id": moment.id },
      make("span", { class: "words" }, make("strong", {}, make("time", { datetime: moment.time }, at)),
        make("span", {}, moment.note), make("span", {}, texts.missed.clips[moment.clip])),
      moment.clip === "kept" ? make("a", { class: "button", href: `api/v1/missed/${moment.id}/clip.mp4`, "aria-label": texts.missed.clipAt(at) }, texts.missed.clip) : null,
      remove);
  }
}
