// The stream of events: connects again by itself, and notices a connection that is dead, late or
// silent, so that the page never shows an old state as the present one.

const SILENCE_MS = 3000;  // the service sends a heartbeat every second
const RETRY_MS = 1000;
const LATE_MS = 6000;

export class Feed {
  /** handlers: analysis, heartbeat, alert, alert_update, missed_update (each with the message), changed (connection). */
  constructor(handlers) {
    this.handlers = handlers;
    this.connected = false;
    this.connecting = true;    // not yet answered, and not yet in vain
    this.lastAlertId = null;
    this.clockGap = null;  // least (our clock - server's clock) seen: that of the quickest message
    this.delayMs = 0;
    this.lateSince = null;
    this.heardAt = 0;
    this.open();
    setInterval(() => this.watch(), 250);
    addEventListener("online", () => this.reopen());
    addEventListener("offline", () => this.lose());
  }

  open() {
    const after = this.lastAlertId === null ? "" : `&after=${this.lastAlertId}`;
    this.openedAt = performance.now();
    this.clockGap = null;
    this.delayMs = 0;
    this.lateSince = null;
    const source = new EventSource(`api/v1/events?analysis=1${after}`);
    this.source = source;
    for (const kind of ["analysis", "heartbeat", "alert", "alert_update", "missed_update"]) {
      source.addEventListener(kind, (event) => {
        if (source !== this.source) return;
        this.hear(kind, JSON.parse(event.data));
      });
    }
    source.onerror = () => {
      if (source === this.source) this.lose();
    };
  }

  hear(kind, message) {
    this.heardAt = performance.now();
    if (kind === "analysis" || kind === "heartbeat") this.measureDelay(Date.parse(message.time));
    if (!this.connected) {
      this.connected = true;
      this.connecting = false;
      this.handlers.changed();
    }
    if (kind === "alert") this.lastAlertId = Math.max(this.lastAlertId ?? 0, message.id);
    this.handlers[kind](message);
  }

  /** The clocks may differ by anything; the quickest message shows by how much. */
  measureDelay(serverMs) {
    const gap = performance.now() - serverMs;
    if (this.clockGap === null || gap < this.clockGap) this.clockGap = gap;
    else this.clockGap += Math.min(0.01, gap - this.clockGap);  // lets clocks drift apart slowly
    this.delayMs = gap - this.clockGap;
    if (this.delayMs < 1000) this.lateSince = null;
    else this.lateSince ??= performance.now();
  }

  lose() {
    if (!this.connected && !this.connecting) return;
    this.connected = this.connecting = false;
    this.handlers.changed();
  }

  reopen() {
    this.source.close();
    this.lose();
    this.open();
  }

  watch() {
    const now = performance.now();
    const silent = now - Math.max(this.heardAt, this.openedAt) > SILENCE_MS;
    if (silent) this.lose();
    // A clock that was set, or a queue on the way: a new connection clears up both.
    const late = this.lateSince !== null && now - this.lateSince > LATE_MS;
    const closed = this.source.readyState === EventSource.CLOSED && now - this.openedAt > RETRY_MS;
    if (silent || late || closed) this.reopen();
  }
}
