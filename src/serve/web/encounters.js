// What is told of one vehicle, taken together.

/** Alerts of one vehicle lie no further apart; its number may come again later. */
const ENCOUNTER_MS = 60_000;
/** What a rider who looks back asks for first. */
const GRAVITY = { vehicle_approaching: 1, fast_approach: 2, overtake: 3, close_pass: 4 };

export function sameVehicle(a, b) {
  return a.track_id !== null && a.track_id === b.track_id && a.camera === b.camera && a.epoch === b.epoch &&
    Math.abs(Date.parse(a.time) - Date.parse(b.time)) < ENCOUNTER_MS;
}

/** The gravest that a condition holds for, of equals the last; undefined without one. */
function gravest(alerts, condition = () => true) {
  const rank = (one) => GRAVITY[one.kind] ?? 0;
  return alerts.filter(condition).reduce((best, one) => best !== undefined && rank(best) > rank(one) ? best : one, undefined);
}

/** alerts: of one vehicle, oldest first; at least one. */
export function encounterOf(alerts) {
  const head = gravest(alerts);
  return {
    alerts, head, first: alerts[0],
    ids: new Set(alerts.map((one) => one.id)),
    // All alerts share the clip; the first of them stays the first when more come.
    clip: alerts.find((one) => one.has_clip) ?? null,
    snapshot: gravest(alerts, (one) => one.has_snapshot) ?? null,
    mark: alerts.every((one) => one.mark === head.mark) ? head.mark : null,
    lockedAlerts: alerts.filter((one) => one.locked).length,
  };
}

/** Alerts, oldest first, as encounters, each in the place of its newest alert. Those of no vehicle stand alone. */
export function encounters(alerts) {
  const groups = [];
  const open = new Map();  // vehicle → its group
  for (const alert of alerts) {
    const vehicle = `${alert.track_id} ${alert.epoch} ${alert.camera}`;
    const before = open.get(vehicle);
    const group = before !== undefined && sameVehicle(before.at(-1), alert) ? before : [];
    if (group.length === 0) {
      groups.push(group);
      open.set(vehicle, group);
    }
    group.push(alert);
  }
  return groups.map(encounterOf).sort((a, b) => a.alerts.at(-1).id - b.alerts.at(-1).id);
}

/** Whether both are of the same vehicle, as they were and as they are. */
export function overlap(a, b) {
  return a !== null && b !== null && a.alerts.some((one) => b.ids.has(one.id));
}
