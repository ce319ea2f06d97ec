// What the page says in English. Each language has the same texts under the same names; those that
// stand under a name of the interface's (car, fast_approach, …) are words for it.

const plural = (count, one, many) => `${count} ${count === 1 ? one : many}`;
const spaced = (text) => text ? ` ${text}` : "";

export default {
  states: {
    connecting: "Connecting", disconnected: "Not connected", failed: "Analysis failed", noSignal: "No signal", unwatched: "Not watching",
    late: "Too late", blind: "Camera blind", unknown: "Not judged yet", clear: "Clear", approaching: "Approaching", danger: "Danger",
    empty: "Not clear yet", doubtful: "Not sure",
  },
  reasons: {
    disconnected: "Not watching the road", connecting: "Not watching yet", noAnalysis: "No analysis yet", unknown: "Looking at the road",
    nobody: "Nobody seen behind", noVehicle: "No vehicle in view", behind: "analysis is behind",
    silent: (seconds) => `No analysis for ${seconds} s`,
    late: (seconds) => `What arrives is ${seconds} s old`,
    undefinedRoad: (road) => `Unknown state ${road}`,
  },
  classes: {
    car: "Car", van: "Van", bus: "Bus", truck: "Truck", motorcycle: "Motorcycle", bicycle: "Bicycle", vehicle: "Vehicle",
  },
  behind: (what) => `${what} behind`,
  sides: { left: "on your left", right: "on your right", behind: "directly behind you" },
  levels: { info: "Info", warning: "Warning", danger: "Danger" },
  alerts: {
    vehicle_approaching: (what, side) => `${what} approaching${spaced(side)}`,
    fast_approach: (what, side) => `${what} approaching fast${spaced(side)}`,
    overtake: (what, side) => `${what} passed${spaced(side)}`,
    close_pass: (what, side) => `${what} passed close${spaced(side)}`,
    all_clear: () => "Nobody behind any more",
    camera_lost: () => "Camera lost",
    camera_back: () => "Camera back",
    view_blocked: () => "View blocked",
    store_failed: () => "Alerts aren't kept",
    store_back: () => "Alerts are kept again",
  },
  faster: (speed) => `${speed} faster`,
  beside: (room) => `${room} beside you`,
  firstTold: (time, seconds) => `First told ${time}, ${seconds} s earlier`,
  firstToldBeforePass: (time, seconds) => `First told ${time}, ${seconds} s before it passed`,
  cameFast: "came fast",
  stood: "you stood",
  rode: (speed) => `you rode ${speed}`,
  at: (place) => `at ${place}`,
  /** What the service says is English already. */
  told: {},
  places: { left: "left", middle: "middle", right: "right" },

  live: "Live",
  picture: {
    title: "Live picture", alt: "Live picture of the road behind", of: (camera) => `Live picture of the road behind, camera ${camera}`,
    yourRight: "Your right", yourLeft: "Your left",
    leftIsRight: "The camera looks back, so its left is your right", rightIsLeft: "The camera looks back, so its right is your left",
    age: (ms) => `${ms} ms old`, ageTitle: "From the camera's picture to this page",
    other: "Another camera", choose: "Make this the camera that the page is about",
    frozen: "Picture frozen", none: "No picture",
  },
  camera: "Camera",
  radar: {
    title: "Radar", none: "No vehicle is shown", seconds: (seconds) => `${seconds} seconds`,
    vehicles: (count, first) => `${plural(count, "vehicle", "vehicles")} behind. First: ${first}`,
  },
  alertsTitle: "Alerts",
  noAlerts: "None yet.",
  notKept: (why) => `Not kept on disk: ${why}`,
  insecure: "Not protected: everybody in this network can watch, and delete what is kept.",
  views: "Views",
  sound: { off: "Sound off", on: "Sound on", tap: "Tap for sound" },
  screen: {
    title: "Screen of this device", dismiss: "Dismiss", kept: "Kept on while this page is seen.",
    unable: "This browser lets the screen sleep: have the device's own settings keep it on.",
    insecure: "This browser lets the screen sleep: open the page by HTTPS.",
    refused: "The device lets the screen sleep, perhaps to save its battery: touch to try again.",
  },
  unreachable: "the service can't be reached",
  answers: (status) => `the service answers ${status}`,

  missed: {
    button: "Missed a vehicle", another: "Missed another one here", title: "Missed vehicles",
    none: "Every vehicle was told of, as far as you said.", at: "At", note: "Note", add: "A vehicle came, and no alert",
    noted: "Noted", notedBare: "Noted, no footage", notedLong: (clip) => `Noted. ${clip}`,
    failed: "Not noted", failedLong: (why) => `Not noted: ${why}`,
    clips: { kept: "There is a clip of it.", coming: "Its clip follows.", none: "There is no footage of it." },
    delete: "Delete", deleteAt: (time) => `Delete what was missed at ${time}`, clip: "Clip", clipAt: (time) => `Clip of what was missed at ${time}`,
  },

  history: {
    title: "History", ride: "Ride", noRide: "No ride yet", now: "now", failed: (why) => `That did not work: ${why}`,
    minutes: (minutes) => `${minutes} min`, hours: (hours, minutes) => `${hours} h ${minutes}`,
    passes: (count) => plural(count, "pass", "passes"), alerts: (count) => plural(count, "alert", "alerts"),
    sums: { ride: "ride", far: "far", average: "on average", unseen: "not watched", passes: (count) => count === 1 ? "pass" : "passes", close: "close", alerts: "alerts" },
    clip: (title) => `Clip: ${title}`, boxes: "Boxes", lock: "Lock", unlock: "Unlock", saveClip: "Save clip", savePicture: "Save picture",
    delete: "Delete", really: "Really delete?", isLocked: "It is locked", locked: "Locked", lockedOf: (some, all) => `${some} of ${all} locked`,
    happened: "What happened", show: "Show", none: "Nothing of that kind.", more: "Show more",
    failures: {
      lock: (some, all) => `${some} of its ${all} alerts could not be locked: `, unlock: (some, all) => `${some} of its ${all} alerts could not be unlocked: `,
      mark: (some, all) => `${some} of its ${all} alerts could not be marked: `, delete: (some, all) => `${some} of its ${all} alerts could not be deleted: `,
    },
    fit: "Save ride as FIT", remove: "Delete ride…", keepIt: "Keep it", sure: "Delete this ride?", reallyRemove: "Delete ride",
    goes: (ride, alerts, passes) => `The ride of ${ride} goes for good, with its ${alerts}, their pictures and clips, its ${passes} and where it went. Save first what you want to keep.`,
    goesOn: "Can be deleted when it has ended.", stays: "Holds locked alerts, so it stays.",
  },
  filters: {
    all: "everything", close: "close passes", passes: "passes", approaches: "approaches", cameras: "camera troubles", store: "storage troubles",
  },
  worth: "What was this alert worth?",
  marks: { right: "Right", late: "Too late", wrong: "Wrong" },
  marked: { right: "Marked right", late: "Marked too late", wrong: "Marked wrong" },
  charts: {
    table: "As a table", time: "Time", passes: "Passes", way: "Way", warning: "Warning", room: "Room",
    range: (from, to) => `${from} to ${to}`, andMore: (from) => `${from} and more`,
    rate: "Passes an hour", rateSays: (rate) => `${rate} an hour on average.`,
    ways: { km: "kilometre", mi: "mile" }, perWay: (unit) => `Passes a ${unit}`, perWaySays: (rate, hourly, unit) => `${rate} a ${unit} on average, ${hourly} a ${unit} and hour.`,
    lead: "Warning before they passed", leadSays: (half) => `Half of them ${half} or more; red: under 2 s.`,
    gap: "Room they left you", gapSays: (half, close, limit) => `Half of them ${half} or more; ${close} under ${limit}, in red.`,
    timeline: (events, danger) => `Timeline: ${plural(events, "event", "events")}, ${danger} of them dangerous. The list below has them all.`,
  },

  settings: {
    title: "Settings", lead: "What the service is set to. It reads its configuration file when it starts, and on SIGHUP. What differs from the default is marked.",
    unread: (why) => `Can't be read at the moment: ${why}`, general: "General", nothing: "Nothing to set",
    default: (value) => `Default: ${value}`, none: "none", yes: "yes", no: "no", secret: "set, not shown",
    days: (count) => plural(count, "day", "days"), perSecond: (count) => `${count} a second`,
  },
  choice: {
    title: "Live picture on this device", pictures: "Pictures, drawn by the service", video: "Original video, less delay and data",
    failed: (why) => `The video did not work, so pictures were shown: ${why}.`,
    insecure: "Browsers decode video only over HTTPS or on the same device (localhost)", noCodecs: "This browser has no WebCodecs",
    noH264: "This browser doesn't decode H.264", ended: "The connection has ended", nothing: "No picture came", late: "The pictures came too late",
    slow: "This device decodes too slowly", unnamed: "The stream doesn't say what it is",
  },
  units: { title: "Units on this device", metric: "Metres and km/h", us: "Feet and mph", uk: "Yards, feet and mph" },
  now: {
    title: (camera) => `Camera ${camera} now`, state: "State", picture: "Picture", noPicture: "no picture yet", received: "Received", analysed: "Analysed",
    latency: "Picture to answer", latencySays: (half, most) => `${half} ms, seldom over ${most} ms`, looks: "Looks", level: "level",
    up: (degrees) => `${degrees}° up`, down: (degrees) => `${degrees}° down`, horizon: "Horizon", row: (row) => `row ${row}`,
    height: "Height above the road", unknown: "not known", giveOrTake: (amount) => `, give or take ${amount}`, asSet: ", as set", lost: "Lost pictures",
    drops: {
      corrupt: "corrupt", missing_reference: "without their reference", waiting_for_keyframe: "waiting for a keyframe", oversized_nal_unit: "with an oversized NAL unit",
      oversized_access_unit: "oversized", unfinished_at_disconnect: "unfinished at a disconnection", analysis_busy: "while the analysis was busy",
    },
    states: { connecting: "connecting", live: "live", stalled: "stalled", blind: "blind", failed: "failed" },
  },

  access: {
    title: "Who may watch", out: "This device is not let in yet",
    how: "Until it is, this page does not watch the road. On a device that is let in, open Settings and choose “Let a device look”; or start the service with --pair.",
    code: "Code", enter: "Let this device in", password: "Password", signIn: "Sign in", refused: (why) => `Not let in: ${why}.`,
    insecure: "Everybody in this network may do everything: the service was started with --insecure.",
    machine: "This machine", device: (name) => `This device, ${name},`,
    mayLook: (who) => `${who} may look.`, mayAll: (who) => `${who} may look, delete, lock, and let others in.`,
    signOut: "Sign out", offerLook: "Let a device look", offerAll: "Let a device do everything",
    looks: (since) => ` may look, since ${since}`, all: (since) => ` may do everything, since ${since}`,
    shutOut: "Shut out", shutOutName: (name) => `Shut out ${name}`,
    scan: (minutes) => `Scan this with the device's camera, or open the page there and enter the code. It lets one device in, within ${minutes} minutes.`,
    qr: (address) => `QR code of ${address}`, noCode: (why) => `No code: ${why}.`,
  },
};
