"""From the camera to the page: a vehicle overtakes, and the rider looks at it again, keeps it, saves it and deletes it."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from clip_page import PLAYABLE, largest, saved, seek, wait_for_box
from cut_proxy import CutProxy
from page_test import screenshot
from programs import Camera, Service
from webdriver import Browser

LISTED = "return [...document.querySelectorAll('#history-list li')].map((one) => Number(one.dataset.id))"
FIRST_PASS = "return Number([...document.querySelectorAll('#history-list li')].find((one) => / passed /.test(one.textContent))?.dataset.id)"
# Among the sums of the ride; what else stands there depends on how well it was seen.
PASSES = "return [...document.querySelectorAll('#history-sums div')].some((one) => /^[1-9]\\d*pass/.test(one.textContent))"
# An overtaker every 8 s, each another car.
SCENE = {"traffic": 0, "vehicles": [
    {"class": "car", "behaviour": "overtake", "start_s": start, "distance_m": 60, "speed_mps": 16, "look": start}
    for start in range(2, 200, 8)]}
STORE = {"least_free_bytes": 0, "clips": {"pre_roll_s": 1, "post_roll_s": 0.5}}


class EncounterTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="encounter_test_"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        camera_config, config = self.folder / "camera.json", self.folder / "config.json"
        camera_config.write_text(json.dumps({"scene": SCENE}))
        config.write_text(json.dumps({"store": STORE | {"folder": str(self.folder / "store")}}))
        self.camera_arguments = ("--config", str(camera_config), "--source", "scene", "--seed", "3")
        # There is no camera before the page waits for what it will see.
        self.road = CutProxy(None)
        self.addCleanup(self.road.close)
        self.road.cut()
        self.service = Service("--config", str(config), "--camera", f"tcp://127.0.0.1:{self.road.port}")
        self.addCleanup(self.service.stop)
        self.address = f"http://127.0.0.1:{self.service.port}/"

    def start_camera(self):
        camera = Camera(*self.camera_arguments)
        self.addCleanup(camera.stop)
        self.road.target_port = camera.port
        self.road.mend()

    def test_a_pass_is_seen_to_happen_looked_at_again_kept_saved_and_deleted(self):
        with Browser(1280, 800) as browser:
            browser.open(self.address + "#/history")
            browser.wait_for("the empty list", "return !document.getElementById('history-none').hidden")
            self.start_camera()
            number = browser.wait_for("a pass", FIRST_PASS)
            browser.click(f"#history-list li[data-id='{number}'] a")
            # Nothing is loaded anew: the snapshot comes when it is written, the clip when its time is over.
            browser.wait_for("its snapshot", "const i = document.querySelector(arguments[0]); return i?.complete && i.naturalWidth > 0",
                             f"#history-list li[data-id='{number}'] img")
            browser.wait_for("its clip", "return document.getElementById('history-video').controls")
            browser.wait_for("the sums", PASSES)
            alert = self.service.get_json(f"/api/v1/alerts/{number}")
            self.assertTrue(alert["has_clip"])
            frames = self.service.get_json(f"/api/v1/alerts/{number}/tracks.json")["frames"]
            self.play_through(browser, frames)
            screenshot(browser, "encounter")
            self.keep(browser, number)
            self.filter(browser, alert)
            clip = saved(browser, "#history-clip", self.folder / f"rearview-{number}.mp4")
            self.assertEqual(self.service.get(f"/api/v1/alerts/{number}/clip.mp4")[2], clip)
            self.assert_plays(self.folder / f"rearview-{number}.mp4", len(frames))
            self.delete(browser, number)

    def play_through(self, browser, frames):
        browser.wait_for("the clip", PLAYABLE)
        duration_s = browser.run("return document.getElementById('history-video').duration")
        self.assertGreater(duration_s, 2)
        browser.run("document.getElementById('history-video').play()")
        for share in (0.1, 0.5):
            browser.wait_for("it to go on", "return document.getElementById('history-video').currentTime > arguments[0]", share * duration_s)
        browser.run("document.getElementById('history-video').pause()")
        # Where one vehicle is seen as a whole: what is only predicted may not be drawn, and boxes may lie in one another.
        # Of pictures that came all at once it can't be said which is shown.
        seen = [frame for frame, after in zip(frames, frames[1:]) if after["t_s"] - frame["t_s"] > 0.025
                and len(frame["tracks"]) == 1 and frame["tracks"][0]["unseen_s"] == 0
                and 5 < largest(frame)["x"] < 635 - largest(frame)["w"]]
        shown = max(seen, key=lambda frame: largest(frame)["w"])
        seek(browser, shown["t_s"])
        wait_for_box(browser, largest(shown))

    def keep(self, browser, number):
        browser.click("#history-lock")
        browser.wait_for("the lock", "return document.getElementById('history-lock').textContent === 'Unlock'")
        self.assertTrue(self.service.get_json(f"/api/v1/alerts/{number}")["locked"])
        browser.click("#history-locked")
        browser.wait_for("the locked ones only", LISTED + ".join() === arguments[0]", str(number))
        browser.click("#history-locked")

    def filter(self, browser, alert):
        for kinds, listed in [(alert["kind"] if alert["kind"] == "close_pass" else "overtake close_pass", True),
                              ("vehicle_approaching fast_approach", True), ("camera_lost camera_back view_blocked", False)]:
            browser.run("const list = document.getElementById('history-kind'); list.value = arguments[0]; list.dispatchEvent(new Event('change'))", kinds)
            self.assertEqual(listed, alert["id"] in browser.run(LISTED))
        browser.run("const list = document.getElementById('history-kind'); list.value = ''; list.dispatchEvent(new Event('change'))")

    def assert_plays(self, clip, least_pictures):
        shown = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", clip],
                               capture_output=True, text=True, timeout=60)
        self.assertEqual("", shown.stderr)
        self.assertGreaterEqual(int(shown.stdout), least_pictures)

    def delete(self, browser, number):
        self.assertTrue(browser.run("return document.getElementById('history-delete').disabled"))
        browser.click("#history-lock")
        browser.wait_for("no lock", "return document.getElementById('history-lock').textContent === 'Lock'")
        for _ in range(2):  # the first press asks
            browser.click("#history-delete")
        browser.wait_for("the list without it", "return !document.querySelector(arguments[0])", f"#history-list li[data-id='{number}']")
        self.assertEqual(404, self.service.get(f"/api/v1/alerts/{number}")[0])


if __name__ == "__main__":
    unittest.main(verbosity=2)
