"""The original video in a real browser: it plays, and where it can't, pictures take its place."""

import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from programs import Camera, Service, wait_for
from webdriver import Browser

SHOWS_VIDEO = "return !document.getElementById('video').hidden"
SHOWS_PICTURES = "const i = document.getElementById('picture'); return !i.hidden && i.naturalWidth > 0"
TRUSTED = "return document.getElementById('picture-note').hidden"
PIXELS = """
const small = document.createElement("canvas");
small.width = 32; small.height = 18;
const pen = small.getContext("2d");
pen.drawImage(document.getElementById("video"), 0, 0, 32, 18);
return [...pen.getImageData(0, 0, 32, 18).data];
"""
# Which picture was drawn, and which number the boxes on it belong to.
WATCH_DRAWING = """
const drawImage = CanvasRenderingContext2D.prototype.drawImage;
window.drawn = 0;
CanvasRenderingContext2D.prototype.drawImage = function (what, ...rest) {
  if (what instanceof VideoFrame) window.drawn = what.timestamp;
  return drawImage.call(this, what, ...rest);
};
"""
# Several analyses come before the picture of the first of them is decoded.
SLOW_DECODER = """
const Decoder = VideoDecoder;
window.VideoDecoder = class extends Decoder {
  constructor(init) {
    super({ ...init, output: (frame) => setTimeout(() => init.output(frame), 500) });
  }
};
"""
# Which number each picture that came out of the decoder was given.
WATCH_NUMBERS = """
window.given = [];
const set = Map.prototype.set;
Map.prototype.set = function (key, value) {
  if (value instanceof VideoFrame) window.given.push([value.timestamp, key]);
  return set.call(this, key, value);
};
"""


class VideoTest(unittest.TestCase):
    def start(self, source="scene"):
        self.camera = Camera("--source", source)
        self.addCleanup(self.camera.stop)
        self.service = Service("--camera", self.camera.url)
        self.addCleanup(self.service.stop)
        self.service.wait_for_state("live")
        self.address = f"http://127.0.0.1:{self.service.port}/"

    def open(self, browser, before=""):
        browser.devtools("Page.addScriptToEvaluateOnNewDocument",
                         source="localStorage.setItem('picture', 'video');" + before)
        browser.open(self.address)

    def test_plays_and_never_leaves_a_frozen_picture_looking_live(self):
        self.start()
        with Browser(390, 844) as browser:
            self.open(browser, WATCH_DRAWING)
            browser.wait_for("the video", SHOWS_VIDEO)
            before = browser.run(PIXELS)
            self.assertGreater(max(before[:-1]) - min(v for i, v in enumerate(before) if i % 4 != 3), 30)
            browser.wait_for("movement", PIXELS.replace("return", "const now =") +
                             "return now.some((v, i) => Math.abs(v - arguments[0][i]) > 8)", before)
            self.assertEqual("", browser.run("return document.getElementById('picture').getAttribute('src') ?? ''"))
            self.assertEqual((0, 1), tuple(self.service.camera()[k] for k in ("viewers", "video_viewers")))
            drawn = browser.run("return window.drawn")
            browser.wait_for("further pictures", "return window.drawn > arguments[0] + 20", drawn)

            self.camera.process.send_signal(signal.SIGSTOP)
            try:
                browser.wait_for("the note", "return document.getElementById('picture-note').textContent === 'Picture frozen'")
                browser.wait_for("pictures instead", SHOWS_PICTURES)
            finally:
                self.camera.process.send_signal(signal.SIGCONT)
            browser.wait_for("the video again", SHOWS_VIDEO, timeout=40)
            browser.wait_for("trust", TRUSTED)

    def test_plays_where_the_decoder_is_slower_than_the_analysis(self):
        self.start()
        with Browser(390, 844) as browser:
            self.open(browser, SLOW_DECODER + WATCH_DRAWING)
            browser.wait_for("the video", SHOWS_VIDEO)
            browser.wait_for("trust", TRUSTED)
            drawn = browser.run("return window.drawn")
            browser.wait_for("further pictures", "return window.drawn > arguments[0] + 20", drawn)
            self.assertTrue(browser.run(SHOWS_VIDEO))

    def test_plays_a_recording_whose_pictures_are_reordered(self):
        folder = tempfile.TemporaryDirectory(prefix="video_test_")
        self.addCleanup(folder.cleanup)
        recording = f"{folder.name}/ride.mp4"
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x192:r=30:d=20", "-c:v", "libx264",
                        "-preset", "veryfast", "-bf", "2", "-g", "30", "-pix_fmt", "yuv420p", recording],
                       check=True, timeout=60)
        self.service = Service("--camera", recording)
        self.addCleanup(self.service.stop)
        self.service.wait_for_state("live")
        self.address = f"http://127.0.0.1:{self.service.port}/"
        with Browser(390, 844) as browser:
            self.open(browser, WATCH_NUMBERS)
            browser.wait_for("the video", SHOWS_VIDEO)
            browser.wait_for("pictures", "return window.given.length > 60")
            given = browser.run("return window.given")
        decoded, shown = [one[0] for one in given], [one[1] for one in given]
        self.assertEqual(list(range(shown[0], shown[0] + len(shown))), shown, "boxes belong on these numbers")
        self.assertNotEqual(sorted(decoded), decoded, "the recording has B-frames")

    def test_shows_pictures_where_the_video_fails(self):
        self.start()
        for reason, before in [
                ("has no WebCodecs", "delete window.VideoDecoder;"),
                ("it broke", "VideoDecoder.prototype.decode = () => { throw new Error('it broke'); };"),
                ("No picture came", "VideoDecoder.prototype.decode = () => {};")]:
            with self.subTest(reason), Browser(390, 844) as browser:
                self.open(browser, before)
                if "No picture" in reason:
                    wait_for(lambda: self.service.camera()["video_viewers"] == 1, "the attempt")
                browser.wait_for("pictures", SHOWS_PICTURES)
                browser.wait_for("trust", TRUSTED)
                wait_for(lambda: self.service.camera()["video_viewers"] == 0, "the video to be given up")
                browser.click("nav a[href='#/settings']")
                browser.wait_for("the reason", "return document.getElementById('picture-now').textContent.includes(arguments[0])", reason)

    def test_is_chosen_in_the_settings(self):
        self.start()
        with Browser(390, 844) as browser:
            browser.open(self.address)
            browser.wait_for("pictures", SHOWS_PICTURES)
            self.assertEqual(0, self.service.camera()["video_viewers"])
            browser.click("nav a[href='#/settings']")
            browser.wait_for("the choice", "return !document.querySelector('input[value=video]').disabled")
            browser.click("input[value=video]")
            browser.click("nav a[href='#/live']")
            browser.wait_for("the video", SHOWS_VIDEO)
            browser.open(self.address)
            browser.wait_for("the video again", SHOWS_VIDEO)


if __name__ == "__main__":
    unittest.main(verbosity=2)
