"""The page of one past event: its clip, the boxes drawn over it, and what can be saved of it."""

PLAYABLE = "const v = document.getElementById('history-video'); return !v.seeking && v.readyState > 1"
SEEK = "const v = document.getElementById('history-video'); v.pause(); v.currentTime = arguments[0] + 0.001;"
SOUGHT = PLAYABLE + " && Math.abs(v.currentTime - arguments[0]) < 0.01"
# How much is drawn over the clip around a place of the picture, in its own pixels: 0 to 255.
DRAWN_AT = """
const canvas = document.querySelector(".clip canvas");
const [x, y] = arguments;
const scale = canvas.width / 640;
const part = canvas.getContext("2d").getImageData(Math.round((x - 3) * scale), Math.round(y * scale), Math.round(6 * scale), 1).data;
const drawn = Math.max(...part.filter((_, i) => i % 4 === 3));
"""


def frame_at(frames, t_s):
    """What the sidecar says of the picture that is shown at a time of the clip."""
    return [frame for frame in frames if frame["t_s"] <= t_s + 0.002][-1]


def largest(frame):
    return max(frame["tracks"], key=lambda track: track["box"]["w"])["box"]


def seek(browser, t_s):
    browser.wait_for("the clip", PLAYABLE)
    browser.run(SEEK, t_s)
    browser.wait_for("the place", SOUGHT, t_s)


def wait_for_box(browser, box):
    """The left side of a box is drawn, and nothing in its middle."""
    middle = (box["x"] + box["w"] / 2, box["y"] + box["h"] / 2)
    browser.wait_for("the box", DRAWN_AT + "return drawn > 99", box["x"], middle[1])
    drawn = browser.run(DRAWN_AT + "return drawn", *middle)
    assert drawn == 0, f"{drawn} is drawn in the middle of the box"


def wait_for_no_box(browser, box):
    browser.wait_for("no box", DRAWN_AT + "return drawn === 0", box["x"], box["y"] + box["h"] / 2)


def saved(browser, link, file):
    """What the browser writes to a file when a link is followed."""
    browser.download_to(file.parent)
    browser.click(link)
    # Chromium reserves the name with an empty file, writes to another, and puts that in its place when it is whole.
    browser.wait_until("the file", lambda: file.exists() and file.stat().st_size > 0)
    return file.read_bytes()
