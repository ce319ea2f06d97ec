"""The suite of drawn scenes: what rearview-camera is told to draw, by kind of road and light.

Every kind comes in four lights and weathers, each with other vehicles, places and speeds, all from
one seed. A scene is drawn once and kept, because drawing takes longer than analysing.
"""

import dataclasses
import functools
import hashlib
import json
import multiprocessing.pool
import pathlib
import random
import subprocess

SECONDS = 30
RIDER_MPS = 6.0
CONDITIONS = {
    "day": {"light": "day"},
    "dusk": {"light": "dusk"},
    "rain": {"light": "day", "weather": "rain"},
    "night": {"light": "night"},
}


@dataclasses.dataclass(frozen=True)
class Scene:
    kind: str
    condition: str
    seed: int
    seconds: float
    config: dict


def vehicle(kind, behaviour, start_s, closing_mps, lateral_m=1.5, **more):
    return {"class": kind, "behaviour": behaviour, "start_s": round(start_s, 2),
            "speed_mps": round(RIDER_MPS + closing_mps, 2), "lateral_m": round(lateral_m, 2), **more}


def overtakers(rng, kind="car", slowest=6.0, fastest=16.0, lateral=(0.9, 2.2), rider_mps=RIDER_MPS):
    """Three that pass one after the other, each from as far as it takes 9 s to come."""
    made = []
    for start_s in (0.5, 10.0, 19.5):
        closing = rng.uniform(slowest, fastest)
        made.append(vehicle(kind, "overtake", start_s, closing + rider_mps - RIDER_MPS,
                            rng.uniform(*lateral), distance_m=round(9 * closing, 1)))
    return made


def platoon(rng):
    closing = rng.uniform(7, 12)
    first = 9 * closing
    return [vehicle(kind, "overtake", 0.5, closing, rng.uniform(1.0, 2.0),
                    distance_m=round(first + 26 * n, 1))
            for n, kind in enumerate(rng.choice([["car", "car", "van", "car"], ["car", "truck", "car"],
                                                 ["van", "car", "car", "motorcycle"]]))]


def turning_off(rng):
    return [vehicle("car", "turn_off", start, rng.uniform(7, 12), distance_m=110,
                    gap_m=round(rng.uniform(45, 75), 1), other_side=rng.random() < 0.5)
            for start in (0.5, 14.0)]


def following(rng):
    gap = round(rng.uniform(12, 22), 1)
    return [vehicle("car", "follow", 0.0, 0.0, distance_m=gap, gap_m=gap, hold_s=1e6)]


def parked(rng):
    return [vehicle(rng.choice(["car", "van", "truck"]), "parked", start, -RIDER_MPS,
                    rng.uniform(-0.5, 0.5), other_side=rng.random() < 0.5)
            for start in (0.5, 3, 5.5, 8, 12, 14, 17, 21, 24)]


def oncoming(rng):
    return [vehicle(rng.choice(["car", "car", "van", "truck"]), "oncoming", start, rng.uniform(4, 12))
            for start in (0.5, 4, 7, 11, 15, 19, 23)]


def falling_back(rng):
    return [vehicle("car", "fall_back", start, 0.0) for start in (0.2, 15.0)]


# Kind -> (settings of the scene beside light and weather, its vehicles).
KINDS = {
    "lone car": lambda rng: ({}, overtakers(rng)),
    "fast car": lambda rng: ({}, overtakers(rng, slowest=16, fastest=24)),
    "platoon": lambda rng: ({}, platoon(rng)),
    "lorry": lambda rng: ({}, overtakers(rng, rng.choice(["truck", "bus"]), 5, 12)),
    "motorcycle": lambda rng: ({}, overtakers(rng, "motorcycle", 8, 18)),
    "cyclist": lambda rng: ({}, overtakers(rng, "bicycle", 2.5, 4.5, (0.6, 1.2))),
    "kerb side": lambda rng: ({}, overtakers(rng, lateral=(-1.8, -1.0))),
    "left-hand traffic": lambda rng: ({"left_hand_traffic": True}, overtakers(rng)),
    "turning off": lambda rng: ({}, turning_off(rng)),
    "following": lambda rng: ({}, following(rng)),
    "parked": lambda rng: ({"surroundings": "village"}, parked(rng)),
    "oncoming": lambda rng: ({}, oncoming(rng)),
    "falling back": lambda rng: ({}, falling_back(rng)),
    "bridges and shadows": lambda rng: ({"avenue": 1, "bridge_every_m": 100}, overtakers(rng)[1:]),
    "strong shake": lambda rng: ({"shake": 3}, overtakers(rng)),
    "standing still": lambda rng: ({"speed_mps": 0}, overtakers(rng, rider_mps=0)),
    "curve": lambda rng: ({"curve_radius_m": rng.choice([-1, 1]) * rng.uniform(60, 140), "winding": 0},
                          overtakers(rng)),
    "empty road": lambda rng: ({"winding": 1, "avenue": 0.6}, []),
    "village traffic": lambda rng: ({"surroundings": "village", "traffic": 1.5}, []),
}


def suite(seconds=SECONDS, first_seed=1):
    """Every kind in every condition; the same first_seed gives the same scenes."""
    scenes = []
    for kind, make in KINDS.items():
        for condition, light in CONDITIONS.items():
            seed = first_seed + len(scenes)
            rng = random.Random(seed)
            settings, vehicles = make(rng)
            scene = {"traffic": 0, **light, **settings, "vehicles": vehicles}
            scenes.append(Scene(kind, condition, seed, seconds, {"scene": scene}))
    return scenes


@functools.cache
def drawing_code():
    """Changes with the code that draws and encodes, so that old pictures aren't kept."""
    camera = pathlib.Path(__file__).resolve().parents[2] / "camera"
    digest = hashlib.sha256()
    for path in sorted([*camera.glob("scene/*"), *camera.glob("encode/*")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def truth_of(scene, folder):
    """Its truth file, drawn or not. Truths lie in one folder a kind, which is how `rearview eval` groups them."""
    what = f"{json.dumps(scene.config)} {scene.seed} {scene.seconds} {drawing_code()}"
    stem = f"{scene.condition}-{hashlib.sha256(what.encode()).hexdigest()[:12]}"
    return pathlib.Path(folder).resolve() / scene.kind / f"{stem}.truth.json"


def draw(scene, camera, folder):
    """Draws the scene with the program `camera` unless that was done; returns its truth file."""
    truth = truth_of(scene, folder)
    if truth.exists():
        return truth
    stem = truth.name.removesuffix(".truth.json")
    truth.parent.mkdir(parents=True, exist_ok=True)
    config = truth.with_name(f"{stem}.config.json")
    config.write_text(json.dumps(scene.config))
    partial = truth.with_suffix(".partial")
    subprocess.run([camera, "--config", config, "--source", "scene", "--seed", str(scene.seed),
                    "--render", truth.with_name(f"{stem}.h264"), "--duration-s", str(scene.seconds),
                    "--truth", partial], check=True, stdout=subprocess.DEVNULL)
    partial.rename(truth)
    return truth


def draw_all(scenes, camera, folder, jobs):
    """The truth files of the scenes, in their order."""
    with multiprocessing.pool.ThreadPool(jobs) as pool:
        return pool.map(lambda scene: draw(scene, camera, folder), scenes, chunksize=1)
