"""The matrix: every kind of vehicle, at every speed, in every light, by many mounts; and roads on which nothing comes.

A cell of the events is a vehicle, the speed at which it closes in and a light; each of its seeds is another road, seen
through another mount. A cell passes when every seed does: one alert in time and not too early, on the right vehicle.
The negatives are rides on which nobody closes in, so each alert is a false one. Two halves have seeds and mounts of
their own: the analysis may be developed on the one, and the other is only counted.

Drawing is the slow part. A scene that was drawn is kept, and so is its score, by the program that gave it; so a matrix
can be made in shards, on several machines and days, and the report takes what is there and says how much that is.
"""

import dataclasses
import hashlib
import json
import math
import multiprocessing.pool
import random
import subprocess

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

import scenes
from scenes import Scene, vehicle

HALVES = {"developed": 20_001, "counted": 50_001}  # first seeds
SEEDS = 7  # of a cell
KINDS = ("car", "van", "truck", "bus", "motorcycle", "bicycle")
CLOSING_MPS = (3, 5, 10, 15, 20)
NEGATIVE_SECONDS = 82
NEGATIVE_SEEDS = 3  # of each kind and light
# ISO 17387:2008, 4.3 and 5.4.3: lane change warning type II and III target vehicles that close in by 10, 15 and 20 m/s
# have to be told at a time to collision of 2.5, 3.0 and 3.5 s, and none that is above 7.5 s.
LEAST_TTC_S = {3: 2.5, 5: 2.5, 10: 2.5, 15: 3.0, 20: 3.5}
MOST_TTC_S = 7.5
# So far away it begins: in sight for longer than it may be told of, and time for the road to settle.
BEGINS_S = 9.0
SETTLES_S = 1.5
PASSES_S = 1.5


def mount(seed):
    """Where the camera sits and how it shakes; each seed another one, over the ranges of real mounts."""
    rng = random.Random(f"mount {seed}")
    return {"height_m": round(rng.uniform(0.55, 1.15), 2), "hfov_deg": round(rng.uniform(55, 105), 1),
            "pitch_deg": round(rng.uniform(-7, 5), 1), "shake": round(math.exp(rng.uniform(math.log(0.3), math.log(2.5))), 2)}


def place(rng):
    return {"winding": round(rng.uniform(0, 0.6), 2), "avenue": rng.choice([0, 0, 0.5, 1]), "traffic": 0,
            "bridge_every_m": 0, "surroundings": rng.choice(["country", "country", "village"])}


@dataclasses.dataclass(frozen=True)
class Cell:
    kind: str
    closing_mps: int
    light: str


def cells():
    return [Cell(kind, closing, light) for kind in KINDS for closing in CLOSING_MPS for light in scenes.CONDITIONS]


def events(half):
    """(cell, scene) of every cell and seed."""
    made = []
    for number, cell in enumerate(cells()):
        for n in range(SEEDS):
            seed = HALVES[half] + number * SEEDS + n
            rng = random.Random(seed)
            lateral = rng.uniform(0.9, 2.0) if cell.kind != "bicycle" else rng.uniform(0.6, 1.3)
            comes = vehicle(cell.kind, "overtake", SETTLES_S, cell.closing_mps, lateral,
                            distance_m=round(min(250.0, BEGINS_S * cell.closing_mps), 1))
            config = {"scene": {**place(rng), **scenes.CONDITIONS[cell.light], **mount(seed), "speed_mps": scenes.RIDER_MPS,
                                "vehicles": [comes]}}
            if cell.closing_mps == 20 and cell.kind in ("motorcycle", "bicycle"):
                config["encoder"] = {"width_px": 1280, "height_px": 720}
            seconds = SETTLES_S + min(250.0, BEGINS_S * cell.closing_mps) / cell.closing_mps + PASSES_S
            made.append((cell, Scene(f"{cell.kind} at {cell.closing_mps}", cell.light, seed, seconds, config)))
    return made


def following(rng):
    gap = round(rng.uniform(8, 30), 1)
    return [vehicle(rng.choice(["car", "van", "truck"]), "follow", 0, 0, distance_m=gap, gap_m=gap)]


def overtaken(rng):
    """Slower than the rider: first seen beside the camera, then falling behind."""
    return [vehicle(rng.choice(["bicycle", "car", "truck"]), "overtake", start, -rng.uniform(2, 5), rng.uniform(0.8, 1.6),
                    distance_m=-20) for start in (1, 18, 35, 52)]


def drafting(rng):
    return [vehicle("bicycle", "follow", 0, 0, distance_m=round(4 + 2.4 * n + rng.uniform(0, 0.4), 1),
                    gap_m=round(4 + 2.4 * n, 1)) for n in range(4)]


# Kind of road -> (settings beside light and mount, vehicles). Nobody closes in.
NEGATIVES = {
    "winding road": lambda rng: ({"winding": 1, "avenue": 0}, []),
    "avenue": lambda rng: ({"avenue": 1, "winding": 0.6}, []),
    "parked rows": lambda rng: ({"surroundings": "village"}, 2 * scenes.parked(rng)),
    "walls close by": lambda rng: ({"surroundings": "walls", "winding": 0.5}, []),
    "oncoming": lambda rng: ({}, scenes.oncoming(rng)),
    "following": lambda rng: ({}, following(rng)),
    "falling back": lambda rng: ({}, scenes.falling_back(rng)),
    "turning off": lambda rng: ({}, scenes.turning_off(rng)),
    "overtaken by us": lambda rng: ({}, overtaken(rng)),
    "four cyclists drafting": lambda rng: ({}, drafting(rng)),
    "bridges": lambda rng: ({"bridge_every_m": 100}, []),
    "drops on the lens": lambda rng: ({"drops": rng.randint(4, 25)}, []),
    "low sun behind branches": lambda rng: ({"avenue": 1, "light": "dusk"}, []),
    "own bag in view": lambda rng: ({"bag": round(rng.uniform(0.08, 0.25), 2)}, []),
    "street lamps": lambda rng: ({"surroundings": "village", "light": "night"}, []),
}


def negatives(half):
    made = []
    for kind, make in NEGATIVES.items():
        for light, weather in scenes.CONDITIONS.items():
            for n in range(NEGATIVE_SEEDS):
                seed = HALVES[half] + 10_000 + len(made)
                rng = random.Random(seed)
                settings, vehicles = make(rng)
                scene = {**place(rng), **weather, **mount(seed), "speed_mps": scenes.RIDER_MPS, **settings, "vehicles": vehicles}
                made.append((kind, Scene(f"no event: {kind}", light, seed, NEGATIVE_SECONDS, {"scene": scene})))
    return made


class Scores:
    """What `rearview eval` says of a scene, kept by the scene, the program and its settings."""

    def __init__(self, options):
        self.program, self.camera = (options.bin / name for name in ("rearview", "rearview-camera"))
        self.config = options.config
        self.drawn = options.work.resolve() / "matrix"
        digest = hashlib.sha256()
        for path in [self.program, *([self.config] if self.config else [])]:
            digest.update(hashlib.sha256(open(path, "rb").read()).digest())
        self.folder = options.work.resolve() / "scores" / digest.hexdigest()[:12]

    def place(self, scene):
        return self.folder / scene.kind / scenes.truth_of(scene, self.drawn).name.replace(".truth", "")

    def kept(self, scene):
        """None where the scene wasn't scored yet."""
        place = self.place(scene)
        return json.loads(place.read_text()) if place.exists() else None

    def make(self, scene):
        place = self.place(scene)
        if place.exists():
            return
        truth = scenes.draw(scene, self.camera, self.drawn)
        place.parent.mkdir(parents=True, exist_ok=True)
        partial = place.with_suffix(".partial")
        subprocess.run([self.program, "eval", "--jobs", "1", "--json", partial,
                        *(["--config", self.config] if self.config else []), truth], check=True, stdout=subprocess.DEVNULL)
        partial.write_text(json.dumps(json.loads(partial.read_text())["clips"][0]))
        partial.rename(place)


def judge(cell, clip):
    """Why a seed of a cell doesn't pass; empty when it does."""
    faults = [f"false {a['kind']} at {a['t_s']:.1f} s" for a in clip["false"]]
    for event in clip["events"]:
        if not event["found"]:
            faults.append("missed")
        elif event["lead_s"] < LEAST_TTC_S[cell.closing_mps]:
            faults.append(f"late: {event['lead_s']:.1f} s")
        elif event["lead_s"] > MOST_TTC_S:
            faults.append(f"early: {event['lead_s']:.1f} s")
    return faults


def poisson_95(count, hours):
    """Garwood's exact interval of a rate an hour: where the Poisson distribution leaves 2.5 % on either side."""
    def at_most(k, mean):
        return sum(math.exp(i * math.log(mean) - mean - math.lgamma(i + 1)) for i in range(k + 1))

    def where(falls_to, k):  # at_most(k, mean) falls while the mean grows
        low, high = 1e-9, 10.0 * count + 50
        for _ in range(80):
            middle = (low + high) / 2
            low, high = (middle, high) if at_most(k, middle) > falls_to else (low, middle)
        return low / hours

    return 0.0 if count == 0 else where(0.975, count - 1), where(0.025, count)


def heat_map(results, target):
    """One row a vehicle and light, one column a closing speed: the share of seeds that pass."""
    rows = [(kind, light) for kind in KINDS for light in scenes.CONDITIONS]
    figure, axis = plt.subplots(figsize=(5.2, 0.24 * len(rows) + 1))
    for y, (kind, light) in enumerate(rows):
        for x, closing in enumerate(CLOSING_MPS):
            faults = results.get(Cell(kind, closing, light), [])
            if not faults:
                continue
            right = sum(not f for f in faults)
            share = right / len(faults)
            axis.add_patch(plt.Rectangle((x - 0.5, y - 0.5), 1, 1, color=plt.cm.RdYlGn(share)))
            axis.text(x, y, f"{right}/{len(faults)}", ha="center", va="center", fontsize=7)
    axis.set_xlim(-0.5, len(CLOSING_MPS) - 0.5)
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.set_xticks(range(len(CLOSING_MPS)), [f"{c} m/s" for c in CLOSING_MPS])
    axis.set_yticks(range(len(rows)), [f"{kind}, {light}" for kind, light in rows], fontsize=7)
    axis.set_xlabel("closes in by; right of the seeds that were run")
    figure.tight_layout()
    figure.savefig(target, metadata={"Date": None})


def report(half, found, quiet):
    """The text on one half. found: {cell: [faults of a seed, clip]}; quiet: {kind: [clips]}."""
    runs = [(cell, faults, clip) for cell, rows in found.items() for faults, clip in rows]
    told = [e for _, _, clip in runs for e in clip["events"]]
    lines = [f"## {'Developed on' if half == 'developed' else 'Only counted'}", "",
             f"![share of the seeds that are right](images/matrix-{half}.svg)", ""]
    passed = sum(all(not f for f, _ in rows) for rows in found.values())
    whole = len(cells()) * SEEDS
    lines += [f"{len(runs)} of {whole} scenes with an event were run. {sum(e['found'] for e in told)} of {len(told)} events found; "
              f"{passed} of {len(found)} cells pass with every seed that was run.", ""]
    lines += ["| | scenes | found | in time | told late | told early | false |", "|---|---|---|---|---|---|---|"]
    for kind in KINDS:
        for closing in CLOSING_MPS:
            rows = [(f, c) for cell, f, c in runs if (cell.kind, cell.closing_mps) == (kind, closing)]
            if not rows:
                continue
            flat = [fault for f, _ in rows for fault in f]
            lines.append(f"| {kind} at {closing} m/s | {len(rows)} | {sum(e['found'] for _, c in rows for e in c['events'])} "
                         f"| {sum(not f for f, _ in rows)} | {sum(f.startswith('late') for f in flat)} "
                         f"| {sum(f.startswith('early') for f in flat)} | {sum(f.startswith('false') for f in flat)} |")
    hours = sum(c["scored_s"] for clips in quiet.values() for c in clips) / 3600
    if hours > 0:
        wrong = sum(len(c["false"]) for clips in quiet.values() for c in clips)
        least, most = poisson_95(wrong, hours)
        whole = len(NEGATIVES) * len(scenes.CONDITIONS) * NEGATIVE_SEEDS
        lines += ["", f"Where nothing comes: {sum(map(len, quiet.values()))} of {whole} rides were run, {hours:.2f} hours. False alerts: "
                  f"{wrong}, {wrong / hours:.1f} an hour (95 %: {least:.1f} to {most:.1f}).", "",
                  "| road | minutes | false | blind, of pictures |", "|---|---|---|---|"]
        for kind, clips in quiet.items():
            pictures = sum(c["frames"] for c in clips)
            lines.append(f"| {kind} | {sum(c['scored_s'] for c in clips) / 60:.1f} | {sum(len(c['false']) for c in clips)} "
                         f"| {100 * sum(c['frames_blind'] for c in clips) / max(1, pictures):.1f} % |")
    wrong = [f"- {cell.kind} at {cell.closing_mps} m/s, {cell.light}: " + "; ".join(f) for cell, f, _ in runs if f]
    wrong += [f"- {kind}: " + "; ".join(f"false {a['kind']} at {a['t_s']:.1f} s" + (f" on {a['on']}" if a["on"] else "") for a in c["false"])
              for kind, clips in quiet.items() for c in clips if c["false"]]
    return "\n".join([*lines, "", "What went wrong:\n", *(wrong or ["- nothing"]), ""])


HEAD = """# The matrix

Written by `scripts/eval --matrix`. Six kinds of vehicle close in at five speeds in four lights, {seeds} seeds each, every
seed with a mount of its own (height 0.55 to 1.15 m, lens 55 to 105 degrees, pitch -7 to +5, shake 0.3 to 2.5); and rides on
{kinds} kinds of road on which nobody closes in. A seed is right when its one vehicle is told of once it is as near as
ISO 17387 asks, 2.5 s (3.0 s at 15 m/s, 3.5 s at 20) and not above {most} s before it has passed, and nothing else is. Two-wheelers at 20 m/s
are drawn at 1280x720. Not drawn: a parallel road, latency, pictures and detections that are lost.

"""


def run(options):
    """Draws and scores this shard, then writes what is known of the whole."""
    index, of = options.shard
    scores = Scores(options)
    halves = {half: events(half) + negatives(half) for half in HALVES}
    # Neighbours differ in their seed alone: by chance a shard has some of everything.
    wanted = [options.half] if options.half else list(HALVES)
    todo = sorted((scene for half in wanted for _, scene in halves[half]),
                  key=lambda scene: hashlib.sha256(str(scene.seed).encode()).digest())
    with multiprocessing.pool.ThreadPool(options.jobs) as pool:
        pool.map(scores.make, todo[index::of], chunksize=1)
    text = HEAD.format(seeds=SEEDS, kinds=len(NEGATIVES), most=MOST_TTC_S)
    for half, made in halves.items():
        found, quiet = {}, {}
        for key, scene in made:
            clip = scores.kept(scene)
            if clip and isinstance(key, Cell):
                found.setdefault(key, []).append((judge(key, clip), clip))
            elif clip:
                quiet.setdefault(key, []).append(clip)
        text += report(half, found, quiet) + "\n"
        heat_map({cell: [faults for faults, _ in rows] for cell, rows in found.items()},
                 options.docs / "images" / f"matrix-{half}.svg")
    (options.docs / "matrix.md").write_text(text)
