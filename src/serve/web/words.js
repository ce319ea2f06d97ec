// What the page says. Sides come as seen in the picture of a camera that looks back; here they are
// told from the rider, who looks ahead: the picture's left is the rider's right.

import { isSeen } from "./boxes.js";
import { clock, decimal, number, texts, told } from "./language.js";
import { distance, room, speed } from "./units.js";

const RIDER_SIDE = { left: "right", right: "left", behind: "behind" };

export function riderSide(side) {
  return RIDER_SIDE[side] ?? null;
}

export function className(name) {
  return texts.classes[name] ?? texts.classes.vehicle;
}

/** Not "right behind": a glance would take it for a side. */
export function sideWords(side) {
  return texts.sides[riderSide(side)] ?? "";
}

export function seconds(value) {
  return value >= 10 ? number(value) : decimal(value, 1);
}

function join(parts) {
  return parts.filter(Boolean).join(" · ");
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function metres(value) {
  return value === null ? "" : distance(value);
}

function faster(mps) {
  return mps === null || mps <= 0 ? "" : texts.faster(speed(mps));
}

/** How fast the rider was at an alert, and where. */
export function riderWords({ position, rider_speed_mps: mps }) {
  const standing = mps !== null && mps < 0.7;
  return join([
    mps === null ? "" : standing ? texts.stood : texts.rode(speed(mps)),
    position === null ? "" : texts.at(`${position.lat.toFixed(5)}, ${position.lon.toFixed(5)}`),
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
    alert.lateral_m === null ? "" : texts.beside(room(alert.lateral_m)),
    faster(alert.closing_mps),
  ]);
  const detail = { vehicle_approaching: approach, fast_approach: approach, overtake: pass, close_pass: pass, all_clear: "", camera_back: "", store_back: "" };
  return {
    title: texts.alerts[alert.kind]?.(what, side) ?? alert.kind.replaceAll("_", " "),
    detail: detail[alert.kind] ?? told(alert.text ?? ""),
  };
}

/** Title and detail of an encounter; before: what was told earlier of the same vehicle. */
export function encounterWords({ alerts, head, first }) {
  const before = [];
  if (first !== head) {
    const passed = head.pass_t_s ?? null;
    const early = seconds(Math.max(0, (passed ?? head.t_s) - first.t_s));
    const at = clock(new Date(first.time), true);
    before.push(passed === null ? texts.firstTold(at, early) : texts.firstToldBeforePass(at, early));
  }
  if (head.kind !== "fast_approach" && alerts.some((one) => one.kind === "fast_approach")) before.push(texts.cameFast);
  return { ...alertWords(head), before: join(before) };
}

/** The vehicle that matters most: by threat, then by time, then by distance. */
export function foremost(tracks) {
  const far = 1e9;
  return [...tracks].sort((a, b) => b.threat - a.threat ||
    (a.ttc_s ?? far) - (b.ttc_s ?? far) || (a.distance_m ?? far) - (b.distance_m ?? far))[0] ?? null;
}

/** Following has none of its own: the word is the vehicle's. */
const ROADS = ["clear", "following", "approaching", "danger"];

/**
 * What the top of the page shows. look: clear, following, approaching, danger, doubtful when the analysis is degraded, or lost when nothing
 * can be said of the road. urgent: a screen reader says it at once.
 */
export function stateWords(situation) {
  const { states, reasons } = texts;
  const lost = (word, why, icon = "unplugged") =>
    ({ look: "lost", icon, word, detail: capital(told(why)), seconds: null, urgent: true });
  const { connected, connecting, analysis, analysisAge, delay, camera } = situation;
  if (!connected)
    return connecting ? lost(states.connecting, reasons.connecting) : lost(states.disconnected, reasons.disconnected);
  const reason = camera?.text ?? "";
  if (camera && (camera.state === "failed" || camera.analysis === "failed"))
    return lost(states.failed, reason || reasons.disconnected, "warning");
  if (analysis === null || analysisAge > 1) {
    if (camera && camera.state !== "live" && camera.state !== "blind")
      return lost(states.noSignal, reason || reasons.disconnected);
    return lost(states.unwatched, analysis === null ? reasons.noAnalysis : reasons.silent(seconds(analysisAge)), "warning");
  }
  if (delay > 1) return lost(states.late, reasons.late(seconds(delay)), "warning");
  if (analysis.state === "failed") return lost(states.failed, analysis.text || reasons.disconnected, "warning");
  if (analysis.road === "no_signal") return lost(states.noSignal, analysis.text || reason || reasons.disconnected);
  if (analysis.road === "blind") return lost(states.blind, analysis.text || reasons.disconnected, "blind");
  if (analysis.road === "unknown") return lost(states.unknown, analysis.text || reasons.unknown, "warning");
  if (!ROADS.includes(analysis.road)) return lost(states.unwatched, reasons.undefinedRoad(analysis.road), "warning");

  const first = foremost(analysis.tracks);
  const parts = [];
  if (analysis.road === "clear") {
    parts.push(reasons.nobody);
  } else if (first) {
    const named = analysis.road === "following";  // by the word itself
    parts.push(named ? "" : className(first.class), sideWords(first.side), metres(first.distance_m));
  } else if (analysis.road === "following") {
    parts.push(reasons.noVehicle);
  }
  if (analysis.state === "degraded") parts.push(told(analysis.text) || reasons.behind);
  const threatened = analysis.road === "approaching" || analysis.road === "danger";
  // A threat is one, however poorly it is seen; that there is none isn't said then.
  const doubtful = analysis.state === "degraded" && !threatened;
  const road = doubtful && analysis.road === "clear" ? "doubtful" : analysis.road;
  return {
    look: doubtful ? "doubtful" : analysis.road, icon: doubtful ? "warning" : analysis.road,
    word: states[road] ?? (first ? texts.behind(className(first.class)) : states.empty),
    detail: capital(join(parts)),
    seconds: threatened && first && isSeen(first) ? first.ttc_s : null,
    urgent: analysis.road === "danger",
  };
}
