"""How old a picture is when it is seen in the page in headless Chromium, as pictures and as original video."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e", "browser"))

from time_code import BITS, MARGIN_PX, ABOVE_EDGE_PX, UNITS_PER_S
from webdriver import Browser

# At every frame the browser paints: the stamp in the picture, if it is a new one, and the time.
SAMPLE = """
const [bits, margin, above] = arguments;
const probe = document.createElement("canvas");
probe.width = 640; probe.height = 360;
const pen = probe.getContext("2d", { willReadFrequently: true });
const side = Math.floor((640 - 2 * margin) / bits);
window.seen = [];
let last = -1;
const look = () => {
  const video = document.getElementById("video");
  const source = video.hidden ? document.getElementById("picture") : video;
  if (source === video || source.naturalWidth > 0) {
    pen.drawImage(source, 0, 0, 640, 360);
    const row = pen.getImageData(0, 360 - above + (side >> 1), 640, 1).data;
    let code = 0n;
    for (let bit = 0; bit < bits; bit += 1)
      code = code << 1n | (row[4 * (margin + bit * side + (side >> 1)) + 1] > 127 ? 1n : 0n);
    const units = Number(code >> 8n);
    const sum = [24, 16, 8, 0].reduce((all, shift) => all + (units / 2 ** shift & 255), 0) & 255;
    if (sum === Number(code & 255n) && units !== last) {
      last = units;
      window.seen.push([units, performance.timeOrigin + performance.now(), !video.hidden]);
    }
  }
  requestAnimationFrame(look);
};
look();
"""
# Gives what was seen of one kind of picture once it spans so many milliseconds.
ENOUGH = """
const [video, span, done] = arguments;
const look = () => {
  const seen = window.seen.filter((one) => one[2] === video);
  if (seen.length > 1 && seen.at(-1)[1] - seen[0][1] > span) done(seen);
  else setTimeout(look, 200);
};
look();
"""


def page_ages(service, kind, seconds, cost):
    """(ages in ms, ms from opening the page to the first picture of the kind, figures of cost from then on)."""
    with Browser(640, 800) as browser:
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", source=f"localStorage.setItem('picture', '{kind}')")
        opened = time.time()
        browser.open(f"http://127.0.0.1:{service.port}/")
        browser.run(SAMPLE, BITS, MARGIN_PX, ABOVE_EDGE_PX)
        browser.run_until_done(ENOUGH, kind == "video", 0, timeout=60)
        since = cost(service)
        seen = browser.run_until_done(ENOUGH, kind == "video", 1000 * seconds, timeout=seconds + 60)
        figures = since.figures()
    offset = time.time() - time.clock_gettime(time.CLOCK_MONOTONIC)
    ages = [((int((wall / 1000 - offset) * UNITS_PER_S) - units) & 0xFFFFFFFF) / UNITS_PER_S * 1000
            for units, wall, _ in seen]
    return ages, seen[0][1] - 1000 * opened if seen else 0, figures
