// How the rider measures: as the browser's region does, or as was chosen on this device.
import { decimal, locale, number } from "./language.js";

const KEY = "units";
const FOOT_M = 0.3048;
const YARD_M = 0.9144;
const MILE_M = 1609.344;
const MPH = 0.44704;
/** Each measure: what one of it is in metres or metres a second, and its sign. */
const SYSTEMS = {
  metric: { distance: [1, "m", "meter"], room: [1, "m"], way: [1000, "km"], speed: [1 / 3.6, "km/h"], scale: [10, 25, 50, 100], step: 0.25, widest: 3 },
  us: { distance: [FOOT_M, "ft", "foot"], room: [FOOT_M, "ft"], way: [MILE_M, "mi"], speed: [MPH, "mph"], scale: [30, 75, 150, 300], step: 1, widest: 10 },
  uk: { distance: [YARD_M, "yd", "yard"], room: [FOOT_M, "ft"], way: [MILE_M, "mi"], speed: [MPH, "mph"], scale: [10, 25, 50, 100], step: 1, widest: 10 },
};
/** Where roads are measured in miles. */
const OF_REGION = { US: "us", LR: "us", GB: "uk" };

function wanted() {
  const chosen = localStorage.getItem(KEY);
  return chosen in SYSTEMS ? chosen : OF_REGION[new Intl.Locale(navigator.language).region] ?? "metric";
}

export let system = wanted();
let units = SYSTEMS[system];

/** A choice for this device; "units" is told to the window. */
export function chooseUnits(name) {
  localStorage.setItem(KEY, name);
  system = name;
  units = SYSTEMS[name];
  dispatchEvent(new Event("units"));
}

const inUnit = (value, [size, sign], digits = 0) => `${decimal(value / size, digits)} ${sign}`;

/** To a vehicle. */
export const distance = (metres) => inUnit(metres, units.distance);
export const spokenDistance = (metres) => (metres / units.distance[0])
  .toLocaleString(locale, { style: "unit", unit: units.distance[2], unitDisplay: "long", maximumFractionDigits: 0 });
/** What is beside the rider, or below. */
export const room = (metres, digits = 1) => inUnit(metres, units.room, digits);
/** Travelled. */
export const way = (metres) => inUnit(metres, units.way, 1);
export const speed = (mps) => inUnit(mps, units.speed);

/** Marks on the radar: [metres, label]. */
export const scale = () => units.scale.map((mark) => [mark * units.distance[0], `${number(mark)} ${units.distance[1]}`]);
/** For charts: sizes in metres, signs; step, widest: of the classes of room, in its unit. */
export const chartUnits = () => ({
  room: { size: units.room[0], sign: units.room[1], step: units.step, widest: units.widest },
  way: { size: units.way[0], sign: units.way[1] },
});
