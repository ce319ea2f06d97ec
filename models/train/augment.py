"""Turns packed pictures into training samples.

A sample is one canvas (the network's input) filled either by one picture, at
the scale of a whole view or of a window at full resolution, or by a grid of
four photographs, which shows their large vehicles small. Then the things a
camera on a bicycle does to a picture: flip, roll, exposure, colour, darkness,
blur, noise, strong compression.
"""

import math

import cv2
import numpy as np

from network import CLASSES
from pictures import kind_of, view

PAD = 114
# Smaller than this, in pixels of the network's input, a vehicle is not asked
# for and not punished either.
MIN_SIDE = 3.0
MIN_SIZE = 4.5
# A vehicle cut off by the canvas counts while this share of it shows.
MIN_VISIBLE = 0.3

# How often each source is drawn. Road scenes seen from a vehicle come first; roadside photographs
# bring fronts, riders and the classes that road scenes have few of.
SHARE = {"bdd": 0.3, "bdd_night": 0.05, "bdd_negcrops": 0.02, "bangla": 0.32, "bangla_negcrops": 0.03,
         "lums": 0.015, "clipneg": 0.015, "scene": 0.15, "nepal": 0.1, "highway": 0.08, "openimages": 0.06,
         "carphotos": 0.01, "oibus": 0.08, "lpvehicle": 0.04, "vizag": 0.06, "gatebikes": 0.015,
         "floor": 0.01, "rcnight": 0.01}
ROAD_SCENES = ("bdd", "bdd_night", "bangla", "lums", "clipneg", "scene")
VEHICLE_FREE = ("bdd_negcrops", "bangla_negcrops", "floor", "rcnight")
GRID_CHANCE = {"bangla": 0.2, "bdd": 0.1}
GRID_CHANCE_PHOTOS = 0.35


def place(entry, pixels, width, height, rng, small=False):
    """Draws one picture onto a width x height canvas; returns canvas, boxes, ignored boxes.

    Boxes are rows [x0, y0, x1, y1, class].
    """
    picture = view(entry, pixels)
    fit = min(width / entry["w"], height / entry["h"])
    kind = kind_of(entry["shard"])
    if kind in ROAD_SCENES:
        # 1: the whole view. 2: what a window at full resolution shows of it.
        zoom = rng.uniform(0.9, 1.1) if rng.random() < 0.4 else math.exp(rng.uniform(0.0, math.log(2.4)))
        if small:
            zoom = rng.uniform(1.0, 2.2)
    elif kind in VEHICLE_FREE:
        zoom = rng.uniform(0.5, 1.2)
    else:
        zoom = math.exp(rng.uniform(math.log(0.3), math.log(1.4)))
        if small:
            zoom = math.exp(rng.uniform(math.log(0.4), math.log(1.3)))
    scale_x = fit * zoom * math.exp(rng.normal(0, 0.09))
    scale_y = fit * zoom * math.exp(rng.normal(0, 0.09))
    boxes = np.array([[x, y, x + w, y + h, CLASSES.index(c)] for c, x, y, w, h in entry["objects"]],
                     np.float32).reshape(-1, 5)
    ignore = np.array([[x, y, x + w, y + h] for x, y, w, h in entry["ignore"]], np.float32).reshape(-1, 4)

    # The part of the source that lands on the canvas.
    crop_w, crop_h = min(entry["w"], width / scale_x), min(entry["h"], height / scale_y)
    left, top = rng.uniform(0, entry["w"] - crop_w), rng.uniform(0, entry["h"] - crop_h)
    if len(boxes) and rng.random() < 0.6:
        # Look at a vehicle, small ones first: they are what decides the lead.
        area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) + 1
        chance = 1 / np.sqrt(area)
        target = boxes[rng.choice(len(boxes), p=chance / chance.sum())]
        left = (target[0] + target[2]) / 2 - crop_w * rng.uniform(0.15, 0.85)
        top = (target[1] + target[3]) / 2 - crop_h * rng.uniform(0.15, 0.85)
    left = int(np.clip(left, 0, entry["w"] - crop_w))
    top = int(np.clip(top, 0, entry["h"] - crop_h))
    crop = picture[top:top + max(2, int(crop_h)), left:left + max(2, int(crop_w))]
    out_w = min(width, max(2, round(crop.shape[1] * scale_x)))
    out_h = min(height, max(2, round(crop.shape[0] * scale_y)))
    if scale_x < 1:
        method = cv2.INTER_AREA if rng.random() < 0.5 else cv2.INTER_LINEAR
    else:
        method = cv2.INTER_CUBIC if rng.random() < 0.5 else cv2.INTER_LINEAR
    drawn = cv2.resize(crop, (out_w, out_h), interpolation=method)
    shift_x = shift_y = 0
    if rng.random() < 0.5:
        shift_x, shift_y = rng.integers(0, width - out_w + 1), rng.integers(0, height - out_h + 1)
    canvas = np.full((height, width, 3), PAD, np.uint8)
    canvas[shift_y:shift_y + out_h, shift_x:shift_x + out_w] = drawn

    fx, fy = out_w / crop.shape[1], out_h / crop.shape[0]
    for rows in (boxes, ignore):
        rows[:, [0, 2]] = (rows[:, [0, 2]] - left) * fx + shift_x
        rows[:, [1, 3]] = (rows[:, [1, 3]] - top) * fy + shift_y
    return canvas, *clip(boxes, ignore, shift_x, shift_y, shift_x + out_w, shift_y + out_h)


def clip(boxes, ignore, x0, y0, x1, y1):
    """Cuts boxes to a window; those too small or too much cut become ignored."""
    low, high = [x0, y0, x0, y0], [x1, y1, x1, y1]
    whole = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    cut = boxes.copy()
    cut[:, :4] = np.clip(boxes[:, :4], low, high)
    w, h = cut[:, 2] - cut[:, 0], cut[:, 3] - cut[:, 1]
    shows = (w > 0.5) & (h > 0.5)
    # A large vehicle is recognised by less of itself.
    enough = (w * h >= MIN_VISIBLE * whole) | ((w >= 24) & (h >= 24))
    good = shows & enough & (np.minimum(w, h) >= MIN_SIDE) & (np.sqrt(w * h) >= MIN_SIZE)
    ignore = np.concatenate([np.clip(ignore, low, high), cut[shows & ~good, :4]])
    keep = (ignore[:, 2] > ignore[:, 0]) & (ignore[:, 3] > ignore[:, 1])
    return cut[good], ignore[keep]


def flip(canvas, boxes, ignore):
    width = canvas.shape[1]
    for rows in (boxes, ignore):
        rows[:, [0, 2]] = width - rows[:, [2, 0]]
    return np.ascontiguousarray(canvas[:, ::-1]), boxes, ignore


def roll(canvas, boxes, ignore, degrees):
    """A leaning bicycle. Boxes keep their size: the angle is small."""
    height, width = canvas.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    canvas = cv2.warpAffine(canvas, turn, (width, height), borderValue=(PAD, PAD, PAD))
    for rows in (boxes, ignore):
        centre = (rows[:, 0:2] + rows[:, 2:4]) / 2
        half = (rows[:, 2:4] - rows[:, 0:2]) / 2
        centre = centre @ turn[:, :2].T + turn[:, 2]
        rows[:, 0:2], rows[:, 2:4] = centre - half, centre + half
    return canvas, *clip(boxes, ignore, 0, 0, width, height)


def weather(canvas, rng):
    """Exposure, colour, darkness, blur, noise and compression, each by chance."""
    ramp = np.arange(256, dtype=np.float32) / 255
    gain = np.exp(rng.normal(0, 0.18)) * np.exp(rng.normal(0, 0.05, 3))
    shift = rng.normal(0, 0.06)
    gamma = math.exp(rng.normal(0, 0.3))
    if rng.random() < 0.12:  # dusk to night from a day picture
        gamma, gain, shift = rng.uniform(1.4, 2.6), gain * rng.uniform(0.35, 0.8), 0.0
    table = np.clip((ramp[:, None] ** gamma * gain + shift) * 255, 0, 255).astype(np.uint8)
    canvas = cv2.LUT(canvas, np.ascontiguousarray(table).reshape(256, 1, 3))
    if rng.random() < 0.3:
        grey = cv2.cvtColor(cv2.cvtColor(canvas, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        share = rng.uniform(0.3, 1.0)
        canvas = cv2.addWeighted(canvas, 1 - share, grey, share, 0)
    chance = rng.random()
    if chance < 0.08:  # a camera of fewer pixels
        share = rng.uniform(0.4, 0.8)
        fewer = cv2.resize(canvas, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        canvas = cv2.resize(fewer, canvas.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    elif chance < 0.16:
        canvas = cv2.GaussianBlur(canvas, (0, 0), rng.uniform(0.4, 1.1))
    elif chance < 0.24:  # the saddle shakes mostly up and down
        length = int(rng.integers(2, 6))
        canvas = cv2.blur(canvas, (1, length) if rng.random() < 0.7 else (length, 1))
    if rng.random() < 0.2:
        noise = rng.integers(-128, 128, canvas.shape, np.int8).astype(np.int16)
        level = int(rng.integers(4, 16))
        canvas = cv2.add(canvas, noise * level // 128, dtype=cv2.CV_8U)
    if rng.random() < 0.35:
        ok, coded = cv2.imencode(".jpg", canvas, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(12, 60))])
        if ok:
            canvas = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    return canvas


class Samples:
    """Sample number n is a pure function of (seed, n) and its size: a resumed run sees what it would have."""

    def __init__(self, index, pixels, seed):
        self.pixels, self.seed = pixels, seed
        groups = {}
        for entry in index:
            if entry["split"] == "train":
                groups.setdefault(kind_of(entry["shard"]), []).append(entry)
        self.groups = groups
        self.kinds = sorted(groups)
        share = np.array([SHARE[k] for k in self.kinds])
        self.share = share / share.sum()
        self.grid_chance = {k: GRID_CHANCE.get(k, 0.0 if k in ROAD_SCENES + VEHICLE_FREE else GRID_CHANCE_PHOTOS)
                            for k in self.kinds}

    def draw(self, kinds, share, rng):
        group = self.groups[kinds[rng.choice(len(kinds), p=share)]]
        return group[rng.integers(len(group))]

    def sample(self, number, width, height):
        rng = np.random.default_rng((self.seed, number))
        entry = self.draw(self.kinds, self.share, rng)
        if rng.random() < self.grid_chance[kind_of(entry["shard"])]:
            canvas, boxes, ignore = self.grid(rng, width, height)
        else:
            canvas, boxes, ignore = place(entry, self.pixels, width, height, rng)
        if rng.random() < 0.5:
            canvas, boxes, ignore = flip(canvas, boxes, ignore)
        if rng.random() < 0.2:
            canvas, boxes, ignore = roll(canvas, boxes, ignore, rng.normal(0, 4))
        return weather(canvas, rng), boxes, ignore

    def grid(self, rng, width, height):
        across, down = width // 2, height // 2
        canvas = np.empty((height, width, 3), np.uint8)
        all_boxes, all_ignore = [], []
        for row in range(2):
            for column in range(2):
                entry = self.draw(self.kinds, self.share, rng)
                tile, boxes, ignore = place(entry, self.pixels, across, down, rng, small=True)
                x, y = column * across, row * down
                canvas[y:y + down, x:x + across] = tile
                boxes[:, :4] += [x, y, x, y]
                all_boxes.append(boxes)
                all_ignore.append(ignore + np.array([x, y, x, y], np.float32))
        return canvas, np.concatenate(all_boxes), np.concatenate(all_ignore)
