// Which view is shown: the part of the address behind #/. The state on top belongs to all of them.

export class Routes {
  /** views: name → { element, link, show(rest), hide() }; the first one is shown where none is named. */
  constructor(views) {
    this.views = views;
    this.name = null;
    addEventListener("hashchange", () => this.follow(true));
  }

  /** moved: the user chose it, so the focus goes along. */
  follow(moved = false) {
    const [wanted, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
    const name = wanted in this.views ? wanted : Object.keys(this.views)[0];
    if (this.name !== name && this.name !== null) this.views[this.name].hide();
    for (const [one, view] of Object.entries(this.views)) {
      view.element.hidden = one !== name;
      if (one === name) view.link.setAttribute("aria-current", "page");
      else view.link.removeAttribute("aria-current");
    }
    this.name = name;
    document.body.dataset.view = name;
    const { element, show } = this.views[name];
    show(rest.map(decodeURIComponent));
    if (moved) element.querySelector("h2")?.focus({ preventScroll: true });
  }
}
