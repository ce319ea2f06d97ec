// What the service keeps, asked for over HTTP.
import { encounters } from "./encounters.js";
import { get } from "./service.js";

const PAGE = 1000;
/** Without a ride, the last alerts. */
const MOST_RECENT = 300;
/** Alerts between the first and the last of one vehicle. */
const BETWEEN = 100;

/** Everything of a list that is read in pages, oldest first. */
export async function all(path, after, goesOn = () => true) {
  const found = [];
  for (;;) {
    const page = await get(`${path}${path.includes("?") ? "&" : "?"}after=${after}&limit=${PAGE}`);
    found.push(...page);
    if (page.length < PAGE || !goesOn(page.at(-1))) return found;
    after = page.at(-1).id;
  }
}

/** The first alert not before a time: ids rise with it. */
async function firstSince(time, newestId) {
  let low = 0;
  let high = newestId;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [next] = await get(`api/v1/alerts?after=${middle}&limit=1`);
    if (next === undefined || Date.parse(next.time) >= time) high = middle;
    else low = next.id;
  }
  return low;
}

/** Alerts and passes of a ride; ride: null for the last alerts, whatever ride they are of, no vehicle without its first. */
export async function eventsOf(ride, newestId) {
  if (ride === null) {
    const after = Math.max(0, newestId - MOST_RECENT);
    const found = await all("api/v1/alerts", Math.max(0, after - BETWEEN));
    const whole = new Set(encounters(found).filter((one) => one.alerts.at(-1).id > after).flatMap((one) => one.alerts));
    return { alerts: found.filter((one) => whole.has(one)), passes: [] };
  }
  const end = ride.end === null ? Infinity : Date.parse(ride.end) + 60_000;
  const after = await firstSince(Date.parse(ride.start) - 1000, newestId);
  const found = await all("api/v1/alerts", after, (last) => Date.parse(last.time) <= end);
  return { alerts: found.filter((one) => one.ride === ride.id), passes: await all(`api/v1/passes?ride=${ride.id}`, 0) };
}
