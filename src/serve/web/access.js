// Who this device is to the service, and how it comes to be let in.
import { make, put } from "./dom.js";
import { day, texts } from "./language.js";
import { get, send } from "./service.js";

const ASK_AGAIN_MS = 3000;
/** A device that is shut out learns it within this time, even while its connection lasts. */
const ASK_ALWAYS_MS = 5000;

/** What a list of devices calls this one. */
function deviceName() {
  const agent = navigator.userAgent;
  const what = /iPhone|iPad|Android|Windows|Macintosh|CrOS|Linux/.exec(agent)?.[0] ?? "device";
  const browser = /Firefox|Edg|Chrome|Safari/.exec(agent)?.[0] ?? "browser";
  return `${what}, ${browser}`;
}

export class Access {
  /** dialog: asks for password or code; card: what the settings show; note: tells of danger; letIn: called when something changed. */
  constructor(dialog, card, note, letIn) {
    this.dialog = dialog;
    this.card = card;
    this.note = note;
    this.letIn = letIn;
    this.who = null;
    this.askedAt = -Infinity;
    this.problem = dialog.querySelector("[role=status]");
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    for (const form of dialog.querySelectorAll("form")) {
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        const field = form.querySelector("input[required]");
        this.enter(form.dataset.path, { [field.name]: field.value, name: deviceName() }).then((done) => {
          if (done) field.value = "";
        });
      });
    }
    setInterval(() => this.ask(), ASK_ALWAYS_MS);
    const [, code] = /^#\/pair\/([\w-]+)/.exec(location.hash) ?? [];
    if (code !== undefined) {
      // The code is worth something for minutes: not a thing for the list of pages visited.
      window.history.replaceState(null, "", "#/live");
      this.enter("/pair", { code, name: deviceName() });
    } else {
      this.ask();
    }
  }

  /** Signs in; tells why not. */
  async enter(path, body) {
    try {
      await send("POST", `api/v1/access${path}`, body);
      put(this.problem, "");
      await this.ask();
      this.letIn();
      return true;
    } catch (error) {
      await this.ask();
      put(this.problem, texts.access.refused(error.message));
      return false;
    }
  }

  /** After a connection was lost: it may be that this device was shut out. */
  lost() {
    if (performance.now() - this.askedAt > ASK_AGAIN_MS) this.ask();
  }

  async ask() {
    this.askedAt = performance.now();
    try {
      this.who = await get("api/v1/access");
    } catch {
      return;  // not connected; the page says so
    }
    document.body.dataset.scope = this.who.scope;
    this.note.hidden = !this.who.insecure;
    const out = this.who.scope === "none";
    this.dialog.querySelector("form[data-path='/login']").hidden = !this.who.password;
    if (out && !this.dialog.open) this.dialog.showModal();
    if (!out && this.dialog.open) this.dialog.close();
  }

  /** The settings' card; called when they are shown. */
  async show() {
    await this.ask();
    if (this.who === null) return;
    const { scope, name, insecure } = this.who;
    const words = texts.access;
    const may = scope === "admin" ? words.mayAll : words.mayLook;
    const now = make("p", {}, insecure ? words.insecure : may(name === null ? words.machine : words.device(name)));
    const parts = [make("h3", {}, words.title), now];
    if (name !== null) {
      const leave = make("button", { type: "button" }, words.signOut);
      leave.addEventListener("click", async () => {
        await send("POST", "api/v1/access/logout", {});
        location.reload();
      });
      parts.push(make("p", { class: "actions" }, leave));
    }
    if (scope === "admin") parts.push(...await this.forAdmin());
    this.card.replaceChildren(...parts);
  }

  async forAdmin() {
    const offer = make("div", { role: "status" });
    const buttons = [["view", texts.access.offerLook], ["admin", texts.access.offerAll]].map(([scope, words]) => {
      const button = make("button", { type: "button" }, words);
      button.addEventListener("click", () => this.offer(scope, offer));
      return button;
    });
    const tokens = await get("api/v1/access/tokens").catch(() => []);
    const list = make("ul", { class: "devices" }, ...tokens.map((token) => {
      const revoke = make("button", { type: "button", "aria-label": texts.access.shutOutName(token.name) }, texts.access.shutOut);
      revoke.addEventListener("click", async () => {
        await send("DELETE", `api/v1/access/tokens/${encodeURIComponent(token.id)}`).catch(() => null);  // the list tells
        this.show();
      });
      return make("li", {}, make("span", {}, make("strong", {}, token.name),
        (token.scope === "admin" ? texts.access.all : texts.access.looks)(day(new Date(token.created), "numeric"))), revoke);
    }));
    return [make("p", { class: "actions" }, ...buttons), offer, tokens.length > 0 ? list : null].filter((one) => one !== null);
  }

  async offer(scope, place) {
    try {
      const { code, url, qr_svg, lasts_s } = await send("POST", "api/v1/access/pairings", { scope });
      place.replaceChildren(
        make("p", {}, texts.access.scan(Math.round(lasts_s / 60))),
        make("img", { class: "qr", alt: texts.access.qr(url), src: `data:image/svg+xml,${encodeURIComponent(qr_svg)}` }),
        make("p", { class: "code" }, code));
    } catch (error) {
      place.replaceChildren(make("p", { class: "problem" }, texts.access.noCode(error.message)));
    }
  }
}
