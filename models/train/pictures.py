"""Packs the dataset into one file of decoded pixels and says who may see what.

Each picture is decoded once; `pixels.bin` holds them one after the other
(uint8, BGR, row by row) and `index.json` their place, size and labels. Boxes
are [x, y, w, h] in pixels of the picture.

Splits: "train"; "holdout", the part of the larger sources that is never trained
on, chosen by the drive or the stretch of neighbouring pictures, so that a picture,
its crops and its neighbours fall on the same side. In sources whose labels are
incomplete, what two larger networks are sure of counts as a vehicle. Shards
without a known licence (`unk_`) or for non-commercial use (`nc_`) never enter a
pack. Vehicle-free frames of one clip that names a licence serve as negatives;
its second half stays unseen. With --camera, rearview-camera draws further roads,
whose truth it knows; their seeds are none that tests use.
"""

import argparse
import hashlib
import json
import multiprocessing.pool
import os
import pathlib
import random
import re
import subprocess
import tempfile

import cv2
import numpy as np

# One drive, stretch or picture in so many is held out.
HOLDOUT_SHARE = {"bdd": 7, "bdd_negcrops": 7, "bdd_night": 7, "bangla": 8, "bangla_negcrops": 8,
                 "oibus": 8, "lpvehicle": 8, "vizag": 8}
BANGLA_STRETCH = 25  # pictures of one author, by their number
# Sources whose people labelled the main vehicles only. The index keeps what two larger networks see
# beside them as ignored boxes with a score. Of two-wheelers they box the cycle without its rider.
INCOMPLETE = ("nepal", "openimages", "carphotos", "highway", "oibus", "lpvehicle", "vizag", "gatebikes")
TEACHER_SURE = 0.5
TEACHER_CLASSES = ("car", "bus", "truck")
EXTRA_IGNORE = "bangla01_extra_ignore.json"  # {shard: {image: [ignored box, ...]}}
NEGATIVE_CLIP = "erin_road_rev"
NEGATIVE_CLIP_END_S = 20.0
NEGATIVE_CLIP_STEP = 12  # frames
SCENES = 240
SCENE_SECONDS = 7
SCENE_FPS = 10
SCENE_STEP = 5  # frames
SCENE_FIRST_SEED = 100_001
SCENE_SETTLES_S = 1.0  # until the first vehicles are there
# Metres a second by which each kind comes nearer. All kinds are equally often asked for: those
# that the photographs show least are those that the drawn roads are for.
SCENE_CLOSING_MPS = {"car": (4, 20), "van": (4, 16), "bus": (4, 13), "truck": (4, 13),
                     "motorcycle": (5, 20), "bicycle": (1.5, 5)}
# Mean luma below which a picture counts as night. BDD's own time of day is not
# in the labels; by eye this splits its dark from its dusk pictures well.
NIGHT_LUMA = 62.0


def assets_folder(given=None):
    folder = given or os.environ.get("REARVIEW_ASSETS")
    if not folder:
        raise SystemExit("set REARVIEW_ASSETS or give --assets: the folder that holds dataset/")
    return pathlib.Path(folder)


def shards(assets, split):
    """Yields (name, index, tar path) of the shards of a split."""
    extra = assets / "dataset" / split / EXTRA_IGNORE
    extra = json.loads(extra.read_text()) if extra.exists() else {}
    for tar in sorted((assets / "dataset" / split).glob("*.tar")):
        contents = json.loads(tar.with_suffix(".json").read_text())
        for entry in contents["images"]:
            entry["ignore"] += extra.get(tar.stem, {}).get(entry["image"], [])
        yield tar.stem, contents, tar


def read_picture(tar, entry):
    tar.seek(entry["offset"])
    picture = cv2.imdecode(np.frombuffer(tar.read(entry["bytes"]), np.uint8), cv2.IMREAD_COLOR)
    if picture is None or picture.shape[:2] != (entry["h"], entry["w"]):
        raise SystemExit(f"{entry['image']}: picture and index disagree")
    return picture


def kind_of(shard):
    """The source of a numbered shard: bangla-2 is bangla."""
    return shard.split("-")[0]


def origin(entry):
    """What a picture shares with its crops and neighbours: the drive, the stretch, or itself."""
    drive = re.search(r"[0-9a-f]{8}-[0-9a-f]{8}", entry.get("orig", ""))
    if drive:
        return drive.group(0)
    name = re.split(r"\.rf\.|#crop", entry["orig"])[0].rsplit("/", 1)[-1]
    numbered = re.fullmatch(r"([A-Za-z]*)\W*_?\W*(\d+)\W*_(?:jpg|JPG|png)", name)
    return f"{numbered.group(1)} {int(numbered.group(2)) // BANGLA_STRETCH}" if numbered else name


def is_held_out(shard, entry):
    share = HOLDOUT_SHARE.get(kind_of(shard))
    return bool(share) and hashlib.sha1(origin(entry).encode()).digest()[0] % share == 0


def labels(shard, entry):
    """The (objects, ignored) of a picture, with what is known of its source."""
    if kind_of(shard) not in INCOMPLETE:
        return entry["objects"], entry["ignore"]
    sure = [i for i in entry["ignore"] if i.get("score", 0) >= TEACHER_SURE and i.get("class") in TEACHER_CLASSES]
    return entry["objects"] + sure, [i for i in entry["ignore"] if i not in sure]


def is_night(picture):
    return float(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).mean()) < NIGHT_LUMA


def negatives_from_clip(assets):
    path = assets / "clips" / f"{NEGATIVE_CLIP}.h264"
    if not path.exists():
        return
    capture = cv2.VideoCapture(str(path))
    number = 0
    while number < NEGATIVE_CLIP_END_S * 30 and capture.grab():
        if number % NEGATIVE_CLIP_STEP == 0:
            yield number, cv2.resize(capture.retrieve()[1], (480, 270), interpolation=cv2.INTER_AREA)
        number += 1


def scene_vehicles(rng, rider_mps):
    """A script: some that come up and pass within the scene or soon after, and one that comes towards."""
    made = []
    for _ in range(rng.randint(2, 4)):
        kind = rng.choice(list(SCENE_CLOSING_MPS))
        closing = rng.uniform(*SCENE_CLOSING_MPS[kind])
        made.append({"class": kind, "behaviour": "overtake", "speed_mps": round(rider_mps + closing, 2),
                     "distance_m": round(closing * rng.uniform(1.5, 12) + 2, 1),
                     "lateral_m": round(rng.uniform(0.6, 2.2) * rng.choice([1, 1, 1, -1]), 2)})
    if rng.random() < 0.4:
        made.append({"class": rng.choice(list(SCENE_CLOSING_MPS)), "behaviour": "oncoming",
                     "start_s": round(rng.uniform(0, 4), 1), "speed_mps": round(rng.uniform(5, 16), 2)})
    return made


def drawn_scene(camera, seed, folder):
    """The (frame number, picture, objects) of one road that rearview-camera draws."""
    rng = random.Random(seed)
    rider_mps = rng.choice([0, rng.uniform(3, 8), rng.uniform(3, 8)])
    scene = {"light": rng.choice(["day", "dusk", "night", "night"]),
             "weather": rng.choice(["dry", "dry", "rain"]),
             "surroundings": rng.choice(["country", "village"]),
             "left_hand_traffic": rng.random() < 0.3, "traffic": rng.choice([0, 1.5, 3]),
             "hfov_deg": rng.uniform(55, 90), "pitch_deg": rng.uniform(-5, 1),
             "height_m": rng.uniform(0.7, 1.1), "shake": rng.uniform(0, 3),
             "winding": rng.uniform(0, 1), "avenue": rng.uniform(0, 1),
             "bridge_every_m": rng.choice([0, 100, 400]), "speed_mps": rider_mps,
             "vehicles": scene_vehicles(rng, rider_mps)}
    config, video, truth = (folder / name for name in ("scene.json", "scene.h264", "truth.json"))
    config.write_text(json.dumps({"scene": scene, "encoder": {"fps": SCENE_FPS}}))
    subprocess.run([camera, "--config", config, "--source", "scene", "--seed", str(seed), "--render",
                    video, "--duration-s", str(SCENE_SECONDS), "--truth", truth], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    known = json.loads(truth.read_text())
    tracks = [(v["class"], np.array([row[:5] for row in v["track"]], np.float64))
              for v in known["events"] + known["others"]]
    capture = cv2.VideoCapture(str(video))
    number, seen = 0, []
    while capture.grab():
        t_s = number / known["fps"]
        if number % SCENE_STEP == 0 and t_s >= SCENE_SETTLES_S:
            objects = []
            for kind, rows in tracks:
                if rows[0, 0] <= t_s <= rows[-1, 0]:
                    box = [float(np.interp(t_s, rows[:, 0], rows[:, i])) for i in range(1, 5)]
                    objects.append({"class": "car" if kind == "van" else kind, "box": box})
            seen.append((number, capture.retrieve()[1], objects))
        number += 1
    return seen


def pack(assets, folder, camera=None, scenes=SCENES):
    folder.mkdir(parents=True, exist_ok=True)
    index = []
    with open(folder / "pixels.bin", "wb") as pixels:

        def add(name, shard, split, picture, objects, ignore):
            index.append({
                "name": name, "shard": shard, "split": split, "offset": pixels.tell(),
                "w": picture.shape[1], "h": picture.shape[0], "night": is_night(picture),
                "objects": [[o["class"], *o["box"]] for o in objects],
                "ignore": [o["box"] for o in ignore],
            })
            pixels.write(picture.tobytes())

        for shard, contents, tar_path in shards(assets, "train"):
            if shard.startswith(("unk_", "nc_")):
                continue
            with open(tar_path, "rb") as tar:
                for entry in contents["images"]:
                    objects, ignore = labels(shard, entry)
                    add(entry["image"], shard, "holdout" if is_held_out(shard, entry) else "train",
                        read_picture(tar, entry), objects, ignore)
        for number, picture in negatives_from_clip(assets):
            add(f"{NEGATIVE_CLIP}-{number}", "clipneg", "train", picture, [], [])

        def draw(seed):
            with tempfile.TemporaryDirectory() as drawn:
                return drawn_scene(camera, seed, pathlib.Path(drawn))

        seeds = range(SCENE_FIRST_SEED, SCENE_FIRST_SEED + (scenes if camera else 0))
        with multiprocessing.pool.ThreadPool() as pool:
            for seed, seen in zip(seeds, pool.imap(draw, seeds)):
                for number, picture, objects in seen:
                    add(f"scene-{seed}-{number}", "scene", "train", picture, objects, [])
    (folder / "index.json").write_text(json.dumps(index))
    return index


def load(folder):
    """Returns (index, pixels): every picture is a view into one mapped file."""
    index = json.loads((folder / "index.json").read_text())
    pixels = np.memmap(folder / "pixels.bin", np.uint8, "r")
    return index, pixels


def view(entry, pixels):
    size = entry["w"] * entry["h"] * 3
    flat = pixels[entry["offset"]:entry["offset"] + size]
    return np.asarray(flat).reshape(entry["h"], entry["w"], 3)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--assets")
    parser.add_argument("--camera", help="the program rearview-camera; without it no drawn roads")
    parser.add_argument("--scenes", type=int, default=SCENES, help="drawn roads")
    options = parser.parse_args()
    index = pack(assets_folder(options.assets), options.folder, options.camera, options.scenes)
    for split in ("train", "holdout"):
        part = [e for e in index if e["split"] == split]
        print(split, len(part), "pictures,", sum(e["night"] for e in part), "dark,",
              sum(len(e["objects"]) for e in part), "boxes")


if __name__ == "__main__":
    main()
