"""Ways of being blind, and of seeing badly but well enough: recordings made of real and drawn roads.

A recording of a blind way shows the road for LEAD_S and then no longer does; all of the others shows the
road. Each way is made of several roads. Those of TUNE were looked at while the limits of the stage
`view` were set; those of HELD_OUT are only counted.
"""

import dataclasses
import functools
import hashlib
import multiprocessing.pool
import os
import pathlib
import subprocess
import typing

import cv2
import numpy

import scenes

WIDTH, HEIGHT, FPS = 640, 360, 30
LEAD_S = 2
BLIND_S = 4
GOOD_S = 6

TUNE = {"clips": ["erin_road_rev", "kart_dash0_rev", "tmo_night_rev"], "first_seed": 1}
HELD_OUT = {"clips": ["tmo_seattle2_rev", "tmo_country_rev", "saip_moto_rev"], "first_seed": 1001}


def x264(kbps=1000, preset="superfast"):
    """As rearview-camera encodes."""
    return (f"-preset {preset} -tune zerolatency -b:v {kbps}k -maxrate {kbps}k -bufsize {max(20, kbps * 3 // 10)}k "
            "-g 60 -sc_threshold 0 -bf 0")


CONSTANT_QUALITY = "-preset medium -crf 23 -g 60 -bf 0"
FILLED = ("-preset fast -b:v 2M -minrate 2M -maxrate 2M -bufsize 1M "
          "-x264-params nal-hrd=cbr:force-cfr=1 -g 30 -bf 0")


@dataclasses.dataclass(frozen=True)
class Way:
    name: str
    blind: bool
    change: typing.Callable = lambda picture, n, chance: picture
    encoder: str = x264()
    filter: str = ""        # of ffmpeg, behind the change
    freezes: bool = False   # the pictures before stay; needs 2 s to be told instead of 1 s
    from_start: bool = False
    repeats: int = 1        # pictures that a frozen source goes round in
    bit_errors: float = 0
    road: str = "any"       # which drawn road: see ROADS; "clip": real ones only
    still: bool = False     # one picture of the road, with a sensor's noise: a bicycle at rest


ROADS = {
    "any": ("lone car", "day"), "night": ("lone car", "night"), "rain": ("lone car", "rain"),
    "dusk": ("lone car", "dusk"), "standing": ("standing still", "day"), "standing at night": ("standing still", "night"),
    "standing in rain": ("standing still", "rain"), "shake": ("strong shake", "day"),
    "shake at night": ("strong shake", "night"), "bridges": ("bridges and shadows", "day"),
    "empty": ("empty road", "day"), "empty at night": ("empty road", "night"), "village": ("village traffic", "dusk"),
}


def noise(sigma):
    return lambda picture, n, chance: picture + chance.normal(0, sigma, picture.shape)


def gain(factor, black=16.0):
    return lambda picture, n, chance: (picture - 16) * factor + black


def blur(sigma):
    return lambda picture, n, chance: cv2.GaussianBlur(picture, (0, 0), sigma)


def both(first, second):
    return lambda picture, n, chance: second(first(picture, n, chance), n, chance)


def flat(level, sigma=1.0):
    return lambda picture, n, chance: numpy.full_like(picture, level) + chance.normal(0, sigma, picture.shape)


def cover(x, y, width, height, level=60, soft_px=0):
    """Shares of the picture; something dark right before the lens, its edge as soft as that is near."""
    def change(picture, n, chance):
        mask = numpy.zeros_like(picture)
        mask[round(y * HEIGHT):round((y + height) * HEIGHT), round(x * WIDTH):round((x + width) * WIDTH)] = 1
        if soft_px:
            mask = cv2.GaussianBlur(mask, (0, 0), soft_px)
        return picture * (1 - mask) + mask * (level + chance.normal(0, 1, picture.shape))
    return change


def slanting(picture, n, chance):
    """A flap that hangs down from the left, and hides all that is below its edge."""
    picture = picture.copy()
    corners = numpy.array([(0, 60), (WIDTH, 250), (WIDTH, HEIGHT), (0, HEIGHT)])
    cv2.fillConvexPoly(picture, corners, 60)
    return picture


def bag(picture, n, chance):
    """Cloth that hangs before the lens and swings: soft folds, no road."""
    x = numpy.arange(WIDTH, dtype=numpy.float32)[None, :] + 12 * numpy.sin(n / 9)
    y = numpy.arange(HEIGHT, dtype=numpy.float32)[:, None]
    return 55 + 18 * numpy.sin(x / 90 + y / 140) + 8 * numpy.sin(x / 37 - y / 71) + chance.normal(0, 1, picture.shape)


@functools.cache
def drops(share, seed=5):
    """Where the lens is wet, and what lies there instead: the picture upside down and small, as in a drop."""
    chance = numpy.random.default_rng(seed)
    xs, ys = numpy.meshgrid(numpy.arange(WIDTH, dtype=numpy.float32), numpy.arange(HEIGHT, dtype=numpy.float32))
    map_x, map_y = xs.copy(), ys.copy()
    wet = numpy.zeros((HEIGHT, WIDTH), numpy.float32)
    while wet.mean() < share:
        cx, cy, r = chance.uniform(0, WIDTH), chance.uniform(0, HEIGHT), chance.uniform(14, 60)
        inside = (xs - cx) ** 2 + (ys - cy) ** 2 < r * r
        map_x[inside] = cx - 3 * (xs[inside] - cx)
        map_y[inside] = cy - 3 * (ys[inside] - cy)
        wet[inside] = 1
    return map_x, map_y, cv2.GaussianBlur(wet, (0, 0), 2)


def rained_on(share, sigma):
    def change(picture, n, chance):
        map_x, map_y, wet = drops(share)
        in_drops = cv2.GaussianBlur(cv2.remap(picture, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT),
                                    (0, 0), sigma)
        return picture * (1 - wet) + in_drops * wet
    return change


def sun(radius, strength=400.0, veil=0.0):
    """Radius: a share of the picture's width at which the glare has fallen to a third."""
    xs, ys = numpy.meshgrid(numpy.arange(WIDTH), numpy.arange(HEIGHT))
    glow = numpy.exp(-((xs - 330) ** 2 + (ys - 150) ** 2) / (radius * WIDTH) ** 2).astype(numpy.float32)
    return lambda picture, n, chance: picture * (1 - veil) + 235 * veil + strength * glow


def clock(picture, n, chance):
    picture = picture.copy()
    cv2.rectangle(picture, (8, 6), (250, 30), 16, cv2.FILLED)
    cv2.putText(picture, f"2026-11-29 12:00:{n // 30 % 60:02d}.{n % 30 * 100 // 30:02d}", (12, 24),
                cv2.FONT_HERSHEY_SIMPLEX, 0.5, 235, 1)
    return picture


def small(width):
    def change(picture, n, chance):
        little = cv2.resize(picture, (width, width * HEIGHT // WIDTH), interpolation=cv2.INTER_AREA)
        return cv2.resize(little, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
    return change


def through_jpeg(quality):
    def change(picture, n, chance):
        _, data = cv2.imencode(".jpg", picture.clip(0, 255).astype(numpy.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])
        return cv2.imdecode(data, cv2.IMREAD_GRAYSCALE).astype(numpy.float32)
    return change


def every(pictures, offset=0):
    return f"select='eq(mod(n+{offset},{pictures}),0)'"


# Live for LEAD_S, then one picture in `pictures`.
def then_every(pictures):
    return f"select='lt(t,{LEAD_S})+eq(mod(n,{pictures}),0)'"


WAYS = [
    # -- frozen, by what encodes the pictures that don't change ---------------------------------
    Way("frozen, x264 superfast 1 Mbit/s", True, freezes=True),
    Way("frozen, x264 ultrafast", True, freezes=True, encoder=x264(preset="ultrafast")),
    Way("frozen, x264 medium, constant quality", True, freezes=True, encoder=CONSTANT_QUALITY),
    Way("frozen, x264 constant rate with filler", True, freezes=True, encoder=FILLED),
    Way("frozen, x264 intra refresh", True, freezes=True, encoder=x264() + " -x264-params intra-refresh=1"),
    Way("frozen, 250 kbit/s", True, freezes=True, encoder=x264(250)),
    Way("frozen, from an MJPEG camera", True, through_jpeg(70), freezes=True),
    Way("frozen, with slight noise", True, noise(1.5), freezes=True),
    Way("frozen, with a running clock", True, clock, freezes=True),
    Way("frozen at night", True, freezes=True, road="night"),
    Way("frozen, four pictures in a loop", True, freezes=True, repeats=4),
    Way("frozen from the first picture on", True, freezes=True, from_start=True),
    # -- dark, bright, noise -------------------------------------------------------------------
    Way("black", True, flat(17)),
    Way("black with strong noise", True, flat(16, 25)),
    Way("so dark that little is left", True, gain(0.06)),
    Way("pure noise", True, flat(126, 60)),
    Way("drowned in noise", True, noise(90)),
    Way("washed out", True, gain(0.15, 215)),
    Way("glare over most of the picture", True, sun(0.45, 500, 0.3)),
    # -- covered --------------------------------------------------------------------------------
    Way("lower 300 of 360 rows covered", True, cover(0, 60 / 360, 1, 300 / 360)),
    Way("upper 250 of 360 rows covered", True, cover(0, 0, 1, 250 / 360)),
    Way("covered from row 130 of 360 down", True, cover(0, 130 / 360, 1, 230 / 360)),
    Way("covered down to row 230 of 360", True, cover(0, 0, 1, 230 / 360)),
    Way("covered below a slanting edge", True, slanting),
    Way("all but a slit covered, black", True, both(cover(0, 0, 0.39, 1, 16), cover(0.61, 0, 0.39, 1, 16))),
    Way("left half covered", True, cover(0, 0, 0.5, 1)),
    Way("right half covered by a finger", True, cover(0.45, 0, 0.55, 1, 90, 25)),
    Way("covered in the middle", True, cover(0.15, 0.15, 0.7, 0.7, 40, 12)),
    Way("a bag before the lens", True, bag),
    # -- out of focus, fogged, wet --------------------------------------------------------------
    Way("blurred by 4 pixels", True, blur(4)),
    Way("blurred by 12 pixels", True, blur(12)),
    Way("fogged", True, both(blur(8), gain(0.35, 90))),
    Way("wet all over", True, rained_on(0.9, 3)),
    # -- the stream -----------------------------------------------------------------------------
    Way("one picture a second", True, filter=then_every(30)),
    Way("half a picture a second, as when overloaded", True, filter=then_every(60)),
    Way("three pictures a second", True, filter=then_every(10)),
    Way("one picture a second at 20 kbit/s", True, filter=every(30), encoder=x264(20), from_start=True),
    Way("bit errors of 1e-5 at one picture a second", True, filter=every(30), bit_errors=1e-5, from_start=True),
    Way("25 kbit/s", True, encoder=x264(25), from_start=True),

    Way("day", False),
    Way("night with lamps", False, road="night"),
    Way("night, darker", False, gain(0.6), road="night"),
    Way("rain", False, road="rain"),
    Way("dusk", False, road="dusk"),
    Way("dusk, darker", False, gain(0.6), road="dusk"),
    Way("standing still", False, road="standing"),
    Way("standing still at night", False, road="standing at night"),
    Way("standing still in rain", False, road="standing in rain"),
    Way("a picture of the road with a sensor's noise", False, noise(1.5), still=True),
    Way("the same at night", False, noise(3), still=True, road="empty at night"),
    Way("the same, constant quality", False, noise(3), still=True, encoder=CONSTANT_QUALITY),
    Way("the same at 500 kbit/s", False, noise(3), still=True, encoder=x264(500)),
    Way("strong shake", False, road="shake"),
    Way("strong shake at night", False, road="shake at night"),
    Way("bridges and shadows", False, road="bridges"),
    Way("empty road", False, road="empty"),
    Way("empty road at night", False, road="empty at night"),
    Way("village at dusk", False, road="village"),
    Way("noise", False, noise(8)),
    Way("noise at night", False, noise(8), road="night"),
    Way("a little out of focus", False, blur(1.2)),
    Way("mist", False, gain(0.5, 110)),
    Way("a few drops", False, rained_on(0.12, 3)),
    Way("low sun", False, sun(0.14, 250)),
    Way("a strap in the corner", False, cover(0, 0, 0.2, 0.35, 40, 8)),
    Way("the lowest tenth hidden by a bag", False, cover(0, 0.9, 1, 0.1, 40, 3)),
    Way("a running clock", False, clock),
    Way("300 kbit/s", False, encoder=x264(300)),
    Way("200 kbit/s at night", False, encoder=x264(200), road="night"),
    Way("ten pictures a second", False, filter=every(3)),
    Way("fifteen pictures a second shown twice", False, filter="fps=15,fps=30"),
    Way("of a camera with 320 columns", False, small(320)),
    Way("from an MJPEG camera", False, through_jpeg(60)),
]


def pictures_of(source, first, count):
    """Luma of `count` pictures; goes back and forth where the source is shorter."""
    reader = subprocess.Popen(["ffmpeg", "-v", "quiet", "-threads", "1", "-r", str(FPS), "-i", source, "-frames:v", str(first + count),
                               "-f", "rawvideo", "-pix_fmt", "gray", "-"], stdout=subprocess.PIPE)
    data = reader.communicate()[0]
    all_of_it = numpy.frombuffer(data, numpy.uint8).reshape(-1, HEIGHT, WIDTH)
    there_and_back = list(all_of_it[first:]) if len(all_of_it) > first else list(all_of_it)
    there_and_back += there_and_back[-2:0:-1]
    for n in range(count):
        yield there_and_back[n % len(there_and_back)].astype(numpy.float32)


def changed(way, source, chance):
    begins = 0 if way.from_start or not way.blind else LEAD_S * FPS
    end = begins + BLIND_S * FPS if way.blind else GOOD_S * FPS
    kept = []
    for n, picture in enumerate(pictures_of(source, 30, end)):
        if way.freezes:
            if n <= begins + way.repeats - 1:
                kept = [*kept, picture][-way.repeats:]
            else:
                picture = kept[(n - begins) % way.repeats]
        elif way.still:
            kept = kept or [picture]
            picture = kept[0]
        if not way.blind or way.freezes or n >= begins:
            picture = way.change(picture, n, chance)
        yield picture.round().clip(0, 255).astype(numpy.uint8)


def spoil(path, share, chance):
    """Turns over a share of all bits, but none of the first 100 bytes, which hold the parameter sets."""
    data = numpy.frombuffer(path.read_bytes(), numpy.uint8).copy()
    bits = chance.integers(100 * 8, len(data) * 8, chance.poisson(share * len(data) * 8))
    numpy.bitwise_xor.at(data, bits // 8, (1 << (bits % 8)).astype(numpy.uint8))
    path.write_bytes(data.tobytes())


@dataclasses.dataclass(frozen=True)
class Recording:
    way: Way
    road: str
    held_out: bool
    path: pathlib.Path

    @property
    def blind_from_s(self):
        return (0.0 if self.way.from_start else float(LEAD_S)) if self.way.blind else None

    @property
    def grace_s(self):
        return 2.0 if self.way.freezes else 1.0


def make(way, road, source, held_out, folder, seed):
    """The recording, made unless it is there already. Matroska, so that gaps in time stay gaps; bit errors
    want H.264 as it is, whose pictures are then told to come one a second."""
    what = f"{way.name} {road} {seed} {pathlib.Path(__file__).read_text()} {source} {os.path.getsize(source)}"
    suffix = ".h264" if way.bit_errors else ".mkv"
    path = pathlib.Path(folder) / f"{hashlib.sha256(what.encode()).hexdigest()[:16]}{suffix}"
    if path.exists():
        return Recording(way, road, held_out, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    chance = numpy.random.default_rng(seed)
    partial = path.with_name(f"partial-{path.name}")
    writer = subprocess.Popen(
        ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(FPS), "-i", "-",
         *(["-vf", way.filter] if way.filter else []), "-vsync", "vfr", "-pix_fmt", "yuv420p", "-c:v", "libx264",
         "-threads", "1", *way.encoder.split(), partial], stdin=subprocess.PIPE)
    for picture in changed(way, source, chance):
        writer.stdin.write(picture.tobytes())
    writer.stdin.close()
    if writer.wait():
        raise RuntimeError(f"{way.name}: ffmpeg failed")
    if way.bit_errors:
        spoil(partial, way.bit_errors, chance)
    partial.rename(path)
    return Recording(way, road, held_out, path)


def drawn_road(kind, condition, first_seed, seconds, camera, folder):
    scene = next(s for s in scenes.suite(seconds, first_seed) if (s.kind, s.condition) == (kind, condition))
    truth = scenes.draw(scene, camera, folder)
    return str(truth).replace(".truth.json", ".h264")


def clip_path(assets, name):
    return next(str(path) for path in (pathlib.Path(assets) / room / f"{name}.h264" for room in ("clips", "found"))
                if path.exists())


def make_all(camera, folder, jobs, assets=None, ways=WAYS, seconds=scenes.SECONDS,
             halves=(TUNE, HELD_OUT)):
    """Each way on a drawn road and, with assets, on a real clip, once to tune on and once held out."""
    wanted = []
    for roads in halves:
        held_out = roads is HELD_OUT
        for n, way in enumerate(ways):
            wanted.append((way, ROADS[way.road], None, held_out, roads, n))
            if assets and way.road == "any":
                wanted.append((way, None, roads["clips"][n % len(roads["clips"])], held_out, roads, n))

    def one(item):
        way, drawn, clip, held_out, roads, n = item
        scenes = pathlib.Path(folder) / "scenes"
        source = clip_path(assets, clip) if clip else drawn_road(*drawn, roads["first_seed"], seconds, camera, scenes)
        return make(way, clip or ", ".join(drawn), source, held_out, pathlib.Path(folder) / "sight",
                    roads["first_seed"] + n)

    # Drawn roads first: two ways must not draw the same one at the same time.
    roads = {(drawn, roads["first_seed"]) for _, drawn, _, _, roads, _ in wanted if drawn}
    with multiprocessing.pool.ThreadPool(jobs) as pool:
        pool.map(lambda road: drawn_road(*road[0], road[1], seconds, camera, pathlib.Path(folder) / "scenes"),
                 sorted(roads), chunksize=1)
        return pool.map(one, wanted, chunksize=1)
