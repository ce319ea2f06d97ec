// What the page says. Sides come as seen in the picture of a camera that looks back; here they are
// told from the rider, who looks ahead: the picture's left is the rider's right.

import { isSeen } from "./boxes.js";

const RIDER_SIDE = { left: "right", right: "left", behind: "behind" };
const CLASS = {
  car: "Car", van: "Van", bus: "Bus", truck: "Truck", motorcycle: "Motorcycle", bicycle: "Bicycle",
  vehicle: "Vehicle",
};

export function riderSide(side) {
  return RIDER_SIDE[side] ?? null;
}

export function className(name) {
  return CLASS[name] ?? "Vehicle";
}

export function sideWords(side) {
  const rider = riderSide(side);
  if (rider === null) return "";
  // Not "right behind": a glance would take it for a side.
  return rider === "behind" ? "directly behind you" : `on your ${rider}`;
}

export function seconds(value) {
  return value >= 10 ? String(Math.round(value)) : value.toFixed(1);
}

function join(parts) {
  return parts.filter(Boolean).join(" · ");
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function metres(value) {
  return value === null ? "" : `${Math.round(value)} m`;
}

function faster(mps) {
  return mps === null || mps <= 0 ? "" : `${Math.round(mps * 3.6)} km/h faster`;
}

export function clock(date, seconds = false) {
  return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", ...(seconds ? { second: "2-digit" } : {}), hourCycle: "h23" });
}

export function count(number, one, many, told = true) {
  return `${told ? `${number} ` : ""}${number === 1 ? one : many}`;
}

export function kilometres(value) {
  return `${(value / 1000).toFixed(1)} km`;
}

export function kmh(mps) {
  return `${Math.round(mps * 3.6)} km/h`;
}

/** How fast the rider was at an alert, and where. */
export function riderWords({ position, rider_speed_mps: speed }) {
  const standing = speed !== null && speed < 0.7;
  return join([
    speed === null ? "" : standing ? "you stood" : `you rode ${kmh(speed)}`,
    position === null ? "" : `at ${position.lat.toFixed(5)}, ${position.lon.toFixed(5)}`,
  ]);
}

/** Title and detail of an alert. */
export function alertWords(alert) {
  const what = className(alert.class);
  const side = sideWords(alert.side);
  const approach = join([
    alert.ttc_s === null ? "" : `${seconds(alert.ttc_s)} s`, metres(alert.distance_m),
    faster(alert.closing_mps),
  ]);
  const pass = join([
    alert.lateral_m === null ? "" : `${alert.lateral_m.toFixed(1)} m beside you`,
    faster(alert.closing_mps),
  ]);
  const spaced = side ? ` ${side}` : "";
  switch (alert.kind) {
    case "vehicle_approaching": return { title: `${what} approaching${spaced}`, detail: approach };
    case "fast_approach": return { title: `${what} approaching fast${spaced}`, detail: approach };
    case "overtake": return { title: `${what} passed${spaced}`, detail: pass };
    case "close_pass": return { title: `${what} passed close${spaced}`, detail: pass };
    case "all_clear": return { title: "Nobody behind any more", detail: "" };
    case "camera_lost": return { title: "Camera lost", detail: alert.text ?? "" };
    case "camera_back": return { title: "Camera back", detail: "" };
    case "view_blocked": return { title: "View blocked", detail: alert.text ?? "" };
    case "store_failed": return { title: "Alerts aren't kept", detail: alert.text ?? "" };
    case "store_back": return { title: "Alerts are kept again", detail: "" };
    default: return { title: alert.kind.replaceAll("_", " "), detail: alert.text ?? "" };
  }
}

/** Title and detail of an encounter; before: what was told earlier of the same vehicle. */
export function encounterWords({ alerts, head, first }) {
  const before = [];
  if (first !== head) {
    const [since, what] = head.pass_t_s === undefined || head.pass_t_s === null ? [head.t_s, "earlier"] : [head.pass_t_s, "before it passed"];
    before.push(`First told ${clock(new Date(first.time), true)}, ${seconds(Math.max(0, since - first.t_s))} s ${what}`);
  }
  if (head.kind !== "fast_approach" && alerts.some((one) => one.kind === "fast_approach")) before.push("came fast");
  return { ...alertWords(head), before: join(before) };
}

/** The vehicle that matters most: by threat, then by time, then by distance. */
export function foremost(tracks) {
  const far = 1e9;
  return [...tracks].sort((a, b) => b.threat - a.threat ||
    (a.ttc_s ?? far) - (b.ttc_s ?? far) || (a.distance_m ?? far) - (b.distance_m ?? far))[0] ?? null;
}

// Null: the word is the vehicle's.
const ROAD = { clear: "Clear", following: null, approaching: "Approaching", danger: "Danger" };

/**
 * What the top of the page shows. look: clear, following, approaching, danger, or lost when nothing
 * can be said of the road. urgent: a screen reader says it at once.
 */
export function stateWords(situation) {
  const lost = (word, why, icon = "unplugged") =>
    ({ look: "lost", icon, word, detail: capital(why), seconds: null, urgent: true });
  const { connected, everConnected, analysis, analysisAge, delay, camera } = situation;
  if (!connected)
    return everConnected ? lost("Not connected", "Not watching the road")
                         : lost("Connecting", "Not watching yet");
  const reason = camera?.text ?? "";
  if (camera && (camera.state === "failed" || camera.analysis === "failed"))
    return lost("Analysis failed", reason || "Not watching the road", "warning");
  if (analysis === null || analysisAge > 1) {
    if (camera && camera.state !== "live" && camera.state !== "blind")
      return lost("No signal", reason || "Not watching the road");
    return lost("Not watching", analysis === null ? "No analysis yet"
      : `No analysis for ${seconds(analysisAge)} s`, "warning");
  }
  if (delay > 1) return lost("Too late", `What arrives is ${seconds(delay)} s old`, "warning");
  if (analysis.state === "failed")
    return lost("Analysis failed", analysis.text || "Not watching the road", "warning");
  if (analysis.road === "no_signal") return lost("No signal", analysis.text || reason || "Not watching the road");
  if (analysis.road === "blind") return lost("Camera blind", analysis.text || "Not watching the road", "blind");
  if (analysis.road === "unknown") return lost("Not judged yet", analysis.text || "Looking at the road", "warning");
  if (!(analysis.road in ROAD)) return lost("Not watching", `Unknown state ${analysis.road}`, "warning");

  const first = foremost(analysis.tracks);
  const parts = [];
  if (analysis.road === "clear") {
    parts.push("Nobody seen behind");
  } else if (first) {
    const named = analysis.road === "following";  // by the word itself
    parts.push(named ? "" : className(first.class), sideWords(first.side), metres(first.distance_m));
  } else if (analysis.road === "following") {
    parts.push("No vehicle in view");
  }
  if (analysis.state === "degraded") parts.push(analysis.text || "analysis is behind");
  const threatened = analysis.road === "approaching" || analysis.road === "danger";
  return {
    look: analysis.road, icon: analysis.road,
    word: ROAD[analysis.road] ?? (first ? `${className(first.class)} behind` : "Not clear yet"),
    detail: capital(join(parts)),
    seconds: threatened && first && isSeen(first) ? first.ttc_s : null,
    urgent: analysis.road === "danger",
  };
}
