"""Compares detectors: recall of vehicles at equal false positives, by size, day and night.

A detector is FILE:GLANCE[+GLANCE...], a glance WIDTHxHEIGHT[@x,y,w,h]: the
network's input, and the part of the picture it looks at as fractions of the
sides. The glances of one detector are put together, as several `onnx` stages
do. The first detector is the yardstick: its threshold fixes how many false
positives the others are allowed on the same pictures.

Sizes are sqrt(w * h) in pixels of a picture 640 wide, the size of the camera's
stream. Any vehicle class counts for any other. A detection is right when it
overlaps a box by IoU 0.5; on an ignored box it counts neither way. False
positives are those of 20 px and more.
"""

import argparse
import hashlib
import json
import pathlib
import pickle
import time

import cv2
import numpy as np

import pictures
from network import CLASSES, STRIDES

PAD = 114
LEAST_SCORE = 0.02
NMS_IOU = 0.55
MATCH_IOU = 0.5
STREAM_WIDTH = 640
BINS = ((10, 20), (20, 40), (40, 1e9))
COCO_VEHICLES = (2, 5, 7, 3, 1)  # in the order of CLASSES
CUT_MARGIN = 2
CLIP_TEST_AFTER_S = pictures.NEGATIVE_CLIP_END_S + 1
# Sets counted together. Val's first part are other cameras, most of them above the road.
GROUPS = {
    "bdd hold-out, all": ("bdd hold-out, day", "bdd hold-out, dark"),
    "val, other cameras": ("val cctv_jakarta", "val nc_iddlite", "val opendatacam", "val unk_cctv_atl", "val vietnam"),
    "val, seen from the front": ("val unk_gtcars", "val unk_lorryfronts"),
    "val, riders": ("val unk_bikeriders", "val unk_riders"),
}
VEHICLE_FREE = (("erin_road_rev", CLIP_TEST_AFTER_S), ("ud_night_rev", 0.0))
VEHICLE_FREE_STEP = 5  # frames


class Glance:
    def __init__(self, net, spec):
        size, _, region = spec.partition("@")
        self.net = net
        self.width, self.height = (int(v) for v in size.split("x"))
        self.region = tuple(float(v) for v in region.split(",")) if region else (0, 0, 1, 1)
        self.grid = np.concatenate([
            np.stack(np.meshgrid(np.arange(self.width // s), np.arange(self.height // s)), -1)
            .reshape(-1, 2) * [s, s] for s in STRIDES]).astype(np.float32)
        self.stride = np.concatenate([
            np.full(self.width // s * (self.height // s), s) for s in STRIDES]).astype(np.float32)[:, None]

    def __call__(self, picture):
        """Rows [x0, y0, x1, y1, score, class] in pixels of the picture."""
        high, wide = picture.shape[:2]
        x, y, w, h = self.region
        left, top = round(x * wide), round(y * high)
        right, bottom = round((x + w) * wide), round((y + h) * high)
        crop = picture[top:bottom, left:right]
        scale = min(self.width / crop.shape[1], self.height / crop.shape[0])
        inner = (min(self.width, round(crop.shape[1] * scale)), min(self.height, round(crop.shape[0] * scale)))
        small = inner[0] * 2 < crop.shape[1]
        canvas = np.full((self.height, self.width, 3), PAD, np.uint8)
        canvas[:inner[1], :inner[0]] = cv2.resize(crop, inner, interpolation=cv2.INTER_AREA if small else cv2.INTER_LINEAR)
        self.net.setInput(canvas.transpose(2, 0, 1)[None].astype(np.float32))
        rows = self.net.forward()[0]
        classes = rows[:, 5:] if rows.shape[1] == 5 + len(CLASSES) else rows[:, [5 + c for c in COCO_VEHICLES]]
        score = rows[:, 4] * classes.max(1)
        keep = score >= LEAST_SCORE
        rows, score, kinds = rows[keep], score[keep], classes[keep].argmax(1)
        centre = rows[:, :2] * self.stride[keep] + self.grid[keep]
        half = np.exp(rows[:, 2:4]) * self.stride[keep] / 2
        factor = np.array([crop.shape[1] / inner[0], crop.shape[0] / inner[1]])
        low, top_left = (centre - half) * factor, np.array([left, top])
        found = np.concatenate([low + top_left, (centre + half) * factor + top_left,
                                score[:, None], kinds[:, None]], 1)
        cut = ((left > 0) & (found[:, 0] < left + CUT_MARGIN)) | \
              ((top > 0) & (found[:, 1] < top + CUT_MARGIN)) | \
              ((right < wide) & (found[:, 2] > right - CUT_MARGIN)) | \
              ((bottom < high) & (found[:, 3] > bottom - CUT_MARGIN))
        found = found[~cut]
        found[:, 0:4:2] = found[:, 0:4:2].clip(0, wide)
        found[:, 1:4:2] = found[:, 1:4:2].clip(0, high)
        return found


class Candidate:
    """A network and the glances it takes at each picture."""

    def __init__(self, spec):
        path, _, glances = spec.rpartition(":")
        self.name = f"{pathlib.Path(path).stem} {glances}"
        self.key = hashlib.sha1(pathlib.Path(path).read_bytes() + glances.encode()).hexdigest()[:16]
        self.glances = [Glance(cv2.dnn.readNetFromONNX(path), g) for g in glances.split("+")]

    def __call__(self, picture):
        return suppress(np.concatenate([glance(picture) for glance in self.glances]))

    def over(self, name, set_, cache):
        """What it finds on each picture of a set; kept in the folder `cache`, if there is one."""
        place = cache / f"{self.key} {name}.pickle" if cache else None
        if place and place.exists():
            return pickle.loads(place.read_bytes())
        found = [self(picture.pixels) for picture in set_]
        if place:
            place.write_bytes(pickle.dumps(found))
        return found

    def milliseconds(self):
        """Time of one pass through all glances on one thread, for timing rounds."""
        cv2.setNumThreads(1)
        spent = 0.0
        for glance in self.glances:
            blob = np.full((1, 3, glance.height, glance.width), 100, np.float32)
            start = time.perf_counter()
            glance.net.setInput(blob)
            glance.net.forward()
            spent += time.perf_counter() - start
        return spent * 1e3


def iou_table(a, b):
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:4], b[None, :, 2:4])
    inside = (high - low).clip(0).prod(-1)
    area_a, area_b = (a[:, 2:4] - a[:, :2]).prod(-1), (b[:, 2:4] - b[:, :2]).prod(-1)
    return inside / (area_a[:, None] + area_b[None] - inside + 1e-9), inside / (area_a[:, None] + 1e-9)


def suppress(found):
    found = found[np.argsort(-found[:, 4], kind="stable")][:400]
    table, _ = iou_table(found, found)
    kept = []
    for i in range(len(found)):
        if not any(table[i, j] > NMS_IOU for j in kept):
            kept.append(i)
    return found[kept]


class Picture:
    """Truth: boxes [x0, y0, x1, y1] with, for two-wheelers, a second box that will do as well."""

    def __init__(self, pixels, boxes, others, kinds, ignore):
        self.pixels = pixels
        self.boxes = np.array(boxes, float).reshape(-1, 4)
        self.others = np.array(others, float).reshape(-1, 4)
        self.kinds = kinds
        self.ignore = np.array(ignore, float).reshape(-1, 4)
        self.scale = STREAM_WIDTH / pixels.shape[1]

    def sizes(self, boxes):
        return np.sqrt(np.maximum(boxes[:, 2] - boxes[:, 0], 0) * np.maximum(boxes[:, 3] - boxes[:, 1], 0)) * self.scale


def corners(box):
    return [box[0], box[1], box[0] + box[2], box[1] + box[3]]


def picture_from(entry, pixels):
    boxes = [corners(o["box"]) for o in entry["objects"]]
    others = [corners(o.get("cycle_box") or o["box"]) for o in entry["objects"]]
    return Picture(pixels, boxes, others, [o["class"] for o in entry["objects"]],
                   [corners(i["box"]) for i in entry["ignore"]])


def load_sets(assets):
    """Named lists of pictures."""
    sets = {"bdd hold-out, day": [], "bdd hold-out, dark": []}
    for shard, contents, tar_path in pictures.shards(assets, "train"):
        with open(tar_path, "rb") as tar:
            for entry in contents["images"]:
                if pictures.is_held_out(shard, entry):
                    pixels = pictures.read_picture(tar, entry)
                    name = f"{pictures.kind_of(shard).removesuffix('_negcrops')} hold-out"
                    if name == "bdd hold-out":
                        name += ", dark" if pictures.is_night(pixels) else ", day"
                    sets.setdefault(name, []).append(picture_from(entry, pixels))
    for shard, contents, tar_path in pictures.shards(assets, "val"):
        with open(tar_path, "rb") as tar:
            sets[f"val {shard}"] = [picture_from(e, pictures.read_picture(tar, e)) for e in contents["images"]]
    return sets


def frames_of(path, wanted):
    """Yields (number, frame) for the wanted frame numbers of a clip."""
    capture = cv2.VideoCapture(str(path))
    number, last = 0, max(wanted)
    while number <= last and capture.grab():
        if number in wanted:
            yield number, capture.retrieve()[1]
        number += 1


def clip_pictures(folder):
    """Frames with labelled boxes, by clip. Other vehicles in them are not labelled."""
    clips = {}
    for path in sorted(folder.glob("*.truth.json")):
        truth = json.loads(path.read_text())
        labelled = {}
        for item in truth["events"] + truth["others"]:
            if item["class"] in CLASSES:
                for t, x, y, w, h, *_ in item["track"]:
                    labelled.setdefault(round(t * truth["fps"]), []).append(([x, y, x + w, y + h], item["class"]))
        if labelled:
            clips[path.name.removesuffix(".truth.json")] = [
                Picture(frame, [b for b, _ in labelled[n]], [b for b, _ in labelled[n]],
                        [k for _, k in labelled[n]], [])
                for n, frame in frames_of(folder / truth["input"], labelled)]
    return clips


def vehicle_free_pictures(assets):
    clips = {}
    for name, after_s in VEHICLE_FREE:
        wanted = set(range(int(after_s * 30), 43 * 30, VEHICLE_FREE_STEP))
        clips[name] = [Picture(frame, [], [], [], []) for _, frame in
                       frames_of(assets / "clips" / f"{name}.h264", wanted)]
    return clips


def judge(picture, found):
    """Greedy by score. Returns per detection (score, size, verdict) and which box each took.

    verdict: 1 right, 0 wrong, -1 counts neither way.
    """
    verdict = np.zeros(len(found))
    took = np.full(len(found), -1)
    if len(found):
        free = np.ones(len(picture.boxes), bool)
        table = np.maximum(iou_table(found, picture.boxes)[0], iou_table(found, picture.others)[0]) \
            if len(picture.boxes) else np.zeros((len(found), 0))
        for i in range(len(found)):
            fits = np.where(free, table[i], 0)
            if len(fits) and fits.max() >= MATCH_IOU:
                took[i] = fits.argmax()
                free[took[i]] = False
                verdict[i] = 1
            elif len(picture.ignore) and iou_table(found[i:i + 1], picture.ignore)[1].max() >= 0.5:
                verdict[i] = -1
    return found[:, 4], picture.sizes(found), verdict, took


class Result:
    """What one detector did on one set."""

    def __init__(self, set_, found_by_picture):
        self.count = len(set_)
        self.false_scores = []  # of 20 px and more
        self.best = []  # per picture: for each true box the score that found it, or 0
        self.sizes = []
        self.same_kind = [0, 0]
        for picture, found in zip(set_, found_by_picture):
            score, size, verdict, took = judge(picture, found)
            self.false_scores.extend(score[(verdict == 0) & (size >= 20)])
            best = np.zeros(len(picture.boxes))
            best[took[took >= 0]] = score[took >= 0]
            self.best.append(best)
            self.sizes.append(picture.sizes(picture.boxes))
            for i in np.flatnonzero((took >= 0) & (score >= 0.3)):
                self.same_kind[0] += CLASSES[int(found[i, 5])] == picture.kinds[took[i]]
                self.same_kind[1] += 1
        self.false_scores = np.sort(self.false_scores)[::-1]

    def false_at(self, threshold):
        return int((self.false_scores >= threshold).sum())

    def threshold_for(self, false_allowed):
        """The lowest threshold with at most so many false positives."""
        if false_allowed >= len(self.false_scores):
            return LEAST_SCORE
        return float(self.false_scores[false_allowed]) + 1e-6

    def recall(self, threshold, low, high):
        sizes, best = np.concatenate(self.sizes), np.concatenate(self.best)
        part = (sizes >= low) & (sizes < high)
        return ((best[part] >= threshold).mean() if part.any() else float("nan")), int(part.sum())

    def found_by_picture(self, threshold, low):
        return np.array([[((b >= threshold) & (s >= low)).sum(), (s >= low).sum()]
                         for b, s in zip(self.best, self.sizes)]).reshape(-1, 2)


def joined(results):
    whole = Result([], [])
    whole.count = sum(r.count for r in results)
    whole.best = [b for r in results for b in r.best]
    whole.sizes = [s for r in results for s in r.sizes]
    whole.same_kind = [sum(r.same_kind[i] for r in results) for i in range(2)]
    whole.false_scores = np.sort(np.concatenate([r.false_scores for r in results]))[::-1]
    return whole


def interval_of_difference(a, b, threshold_a, threshold_b, rounds=1000):
    """95 % bootstrap interval over pictures of recall(a) - recall(b), boxes of 20 px and more."""
    left, right = a.found_by_picture(threshold_a, 20), b.found_by_picture(threshold_b, 20)
    rng = np.random.default_rng(1)
    pick = rng.integers(len(left), size=(rounds, len(left)))
    total = np.maximum(left[pick, 1].sum(1), 1)
    return np.percentile((left[pick, 0].sum(1) - right[pick, 0].sum(1)) / total, [2.5, 97.5])


def percent(value):
    return "–" if np.isnan(value) else f"{100 * value:.1f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("detector", nargs="+")
    parser.add_argument("--assets")
    parser.add_argument("--threshold", type=float, default=0.3, help="of the first detector")
    parser.add_argument("--time", action="store_true", help="only measure milliseconds")
    parser.add_argument("--sets", default="", help="only sets whose name contains this")
    parser.add_argument("--no-clips", action="store_true")
    parser.add_argument("--cache", type=pathlib.Path, help="folder in which detections are kept between runs")
    options = parser.parse_args()
    if options.cache:
        options.cache.mkdir(parents=True, exist_ok=True)
    candidates = [Candidate(d) for d in options.detector]

    if options.time:
        times = [[c.milliseconds() for c in candidates] for _ in range(60)][10:]
        for candidate, spent in zip(candidates, np.array(times).T):
            print(f"{candidate.name}: median {np.median(spent):.1f} ms, fastest {spent.min():.1f} ms")
        return

    assets = pictures.assets_folder(options.assets)
    sets = {k: v for k, v in load_sets(assets).items() if options.sets in k}
    results = {name: [Result(part, c.over(name, part, options.cache)) for c in candidates]
               for name, part in sets.items()}
    groups = {**GROUPS, "val, all": [name for name in results if name.startswith("val ")]}
    results |= {name: [joined(row) for row in zip(*(results[m] for m in members))]
                for name, members in groups.items() if members and all(m in results for m in members)}
    print("| pictures | detector | threshold | false / 100 pictures | 10-20 px | 20-40 px | >= 40 px "
          "| >= 20 px | difference >= 20 px |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, row in results.items():
        allowed = row[0].false_at(options.threshold)
        for i, (candidate, result) in enumerate(zip(candidates, row)):
            threshold = options.threshold if i == 0 else result.threshold_for(allowed)
            difference = ""
            if i:
                low, high = interval_of_difference(result, row[0], threshold, options.threshold)
                change = result.recall(threshold, 20, 1e9)[0] - row[0].recall(options.threshold, 20, 1e9)[0]
                difference = f"{100 * change:+.1f} ({100 * low:+.1f}..{100 * high:+.1f})"
            bins = [percent(result.recall(threshold, *b)[0]) for b in (*BINS, (20, 1e9))]
            counts = [result.recall(threshold, *b)[1] for b in (*BINS, (20, 1e9))]
            label = f"{name} ({result.count}; {'/'.join(map(str, counts))})" if i == 0 else ""
            print(f"| {label} | {candidate.name} | {threshold:.3f} | "
                  f"{100 * result.false_at(threshold) / max(result.count, 1):.1f} | {' | '.join(bins)} | {difference} |")
    print()
    for i, candidate in enumerate(candidates):
        for name in ("bdd hold-out, all", "val, all"):
            if name in results:
                right, named = results[name][i].same_kind
                print(f"class as labelled, {candidate.name}, {name}: {percent(right / max(named, 1))} % of {named}")

    if options.no_clips or "bdd hold-out, all" not in results:
        return
    # On clips not every vehicle is labelled: thresholds come from the hold-out.
    row = results["bdd hold-out, all"]
    allowed = row[0].false_at(options.threshold)
    thresholds = [options.threshold] + [r.threshold_for(allowed) for r in row[1:]]
    outcomes = {}
    for folder in ("clips", "found"):
        part = {f"{folder} {name}": [Result(frames, c.over(f"{folder} {name}", frames, options.cache)) for c in candidates]
                for name, frames in clip_pictures(assets / folder).items()}
        outcomes |= part | {f"all {folder}": [joined(row) for row in zip(*part.values())]}
    print("\n| clip | detector | threshold | 10-20 px | 20-40 px | >= 40 px | >= 20 px |")
    print("|---|---|---|---|---|---|---|")
    for name, row in outcomes.items():
        for i, (candidate, result, threshold) in enumerate(zip(candidates, row, thresholds)):
            counts = "/".join(str(result.recall(threshold, *b)[1]) for b in BINS)
            bins = [percent(result.recall(threshold, *b)[0]) for b in (*BINS, (20, 1e9))]
            print(f"| {name + ' (' + counts + ')' if i == 0 else ''} | {candidate.name} | {threshold:.3f} | {' | '.join(bins)} |")
    print()
    for name, part in vehicle_free_pictures(assets).items():
        for candidate, threshold in zip(candidates, thresholds):
            result = Result(part, candidate.over(name + ' free', part, options.cache))
            print(f"no vehicle in {name}: {candidate.name}: {result.false_at(threshold)} false of 20 px and more "
                  f"in {result.count} frames")


if __name__ == "__main__":
    main()
