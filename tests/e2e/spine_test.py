"""Camera to alert in a browser's reach: both programs as a user starts them, over real sockets."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest

import cv2
import jsonschema
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "browser"))

from page_test import PIXELS
from webdriver import Browser

from programs import ASSETS, BIN, Camera, Service, free_port, live_settings, needs_assets, scene_camera, wait_for

ALERT_LISTED = "return /approaching/i.test(document.getElementById('alerts').innerText)"


def decode(jpeg):
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None, "not a JPEG"
    return picture


class Spine(unittest.TestCase):
    def start_camera(self, *arguments, **options):
        camera = Camera(*arguments, **options)
        self.addCleanup(camera.stop)
        return camera

    def start_service(self, *arguments):
        service = Service(*arguments)
        self.addCleanup(service.stop)
        return service

    def watch_a_road(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        camera = scene_camera(folder, 1)
        self.addCleanup(camera.stop)
        return self.start_service(*live_settings(folder), "--camera", camera.url), camera.url

    def test_a_drawn_vehicle_becomes_an_alert_and_a_picture(self):
        service, url = self.watch_a_road()
        service.wait_for_state("live")
        pictures = service.pictures()
        first = decode(next(pictures))
        seen = service.camera()["resolution"]
        self.assertEqual(first.shape, (seen["height"], seen["width"], 3))
        self.assertGreater(first.std(), 10, "the picture is one flat colour")
        second = decode(next(pictures))
        self.assertFalse(np.array_equal(first, second), "the picture stands still")
        for event, number, alert in service.events():
            if event != "alert":
                continue
            self.assertEqual(number, str(alert["id"]))
            if alert["kind"] in ("vehicle_approaching", "fast_approach"):
                break
        self.assertIsNotNone(alert["track_id"])
        self.assertGreater(alert["ttc_s"], 0)
        self.assertIn(alert["id"], [a["id"] for a in service.get_json("/api/v1/alerts")])
        settings = service.get_json("/api/v1/config")
        self.assertEqual(settings["cameras"][0]["url"], url)
        self.assertIn("alert_ttc_s", settings["cameras"][0]["stages"][-1])
        schema = service.get_json("/api/v1/config/schema")
        jsonschema.validate(settings, schema)
        printed = json.loads(subprocess.check_output([pathlib.Path(BIN, "rearview"), "config", "schema"]))
        self.assertEqual(printed["properties"], schema["properties"])

    def test_the_road_is_not_clear_without_a_camera(self):
        service = self.start_service("--camera", f"tcp://127.0.0.1:{free_port()}")
        events = service.events("/api/v1/events?analysis=1")
        analysis = next(data for event, _, data in events if event == "analysis")
        self.assertEqual(analysis["road"], "no_signal")
        status, _, body = service.get("/readyz")
        self.assertEqual(status, 503)
        self.assertIn("rear", json.loads(body)["reason"])

    def test_a_lost_camera_is_told_at_once_and_its_return_too(self):
        camera = Camera("--source", "scene", stream=f"127.0.0.1:{free_port()}")
        service = self.start_service("--camera", camera.url)
        service.wait_for_state("live")
        events = service.events()
        self.assertEqual(camera.stop(), 0)
        alert = next(data for event, _, data in events if event == "alert" and data["kind"] == "camera_lost")
        self.assertEqual(alert["level"], "danger")
        self.assertEqual(service.get_json("/api/v1/cameras/rear/analysis")["road"], "no_signal")
        self.start_camera("--source", "scene", stream=f"127.0.0.1:{camera.port}")
        alert = next(data for event, _, data in events if event == "alert" and data["kind"] == "camera_back")
        service.wait_for_state("live")

    def test_a_browser_shows_the_moving_picture_and_the_alert(self):
        service, _ = self.watch_a_road()
        service.wait_for_state("live")
        with Browser(width=390, height=844, mobile=True) as page:
            page.open(f"http://127.0.0.1:{service.port}/")
            before = page.wait_for("a picture", PIXELS)
            wait_for(lambda: page.run(PIXELS) != before, "the picture to move")
            page.wait_for("an alert in the list", ALERT_LISTED)

    def test_both_end_cleanly_on_either_signal(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            camera = Camera("--source", "scene")
            service = Service("--camera", camera.url)
            service.wait_for_state("live")
            pictures = service.pictures()
            next(pictures)  # a viewer is connected while the service ends
            self.assertEqual(service.stop(number), 0)
            self.assertEqual(camera.stop(number), 0)

    def test_an_address_in_use_is_one_clear_sentence(self):
        service = self.start_service("--camera", f"tcp://127.0.0.1:{free_port()}")
        second = subprocess.run(
            [os.path.join(BIN, "rearview"), "serve", "--store", "none", "--http", f"127.0.0.1:{service.port}"],
            capture_output=True, text=True, timeout=30)
        self.assertEqual(second.returncode, 1)
        self.assertIn(str(service.port), second.stderr)
        self.assertEqual(len([line for line in second.stderr.splitlines() if line.startswith("rearview:")]), 1)


@needs_assets
class RealClips(unittest.TestCase):
    def clip(self, name):
        return os.path.join(ASSETS, "clips", name)

    def analyze(self, *arguments):
        return subprocess.run([os.path.join(BIN, "rearview"), "analyze", *arguments],
                              capture_output=True, text=True, timeout=300)

    def alerts(self, result):
        self.assertEqual(result.returncode, 0, result.stderr)
        return [m for m in map(json.loads, result.stdout.splitlines()) if m["type"] == "alert"]

    def test_replay_is_the_same_to_the_byte(self):
        clip = self.clip("ud_solidWhiteRight_rev.h264")
        first = self.analyze(clip, "--json", "-")
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertEqual(first.stdout, self.analyze(clip, "--json", "-").stdout)
        self.assertEqual(sum('"type":"analysis"' in line for line in first.stdout.splitlines()), 265)

    def test_live_gives_the_alerts_that_replay_gives(self):
        clip = self.clip("ud_solidWhiteRight_rev.h264")
        approaching = {"vehicle_approaching", "fast_approach"}
        replayed = [a for a in self.alerts(self.analyze(clip, "--json", "-")) if a["kind"] in approaching]
        self.assertTrue(replayed)
        camera = Camera("--source", "file:" + clip)
        self.addCleanup(camera.stop)
        service = Service("--camera", camera.url)
        self.addCleanup(service.stop)
        alert = next(a for event, _, a in service.events() if event == "alert" and a["kind"] in approaching)
        self.assertIn(alert["side"], {a["side"] for a in replayed})

    def test_the_annotated_video_has_every_frame(self):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "out.mp4")
            result = self.analyze(self.clip("ud_small2_rev.h264"), "--video", out)
            self.assertEqual(result.returncode, 0, result.stderr)
            video = cv2.VideoCapture(out)
            self.assertEqual(int(video.get(cv2.CAP_PROP_FRAME_COUNT)), 120)


class CommandLine(unittest.TestCase):
    def run_rearview(self, *arguments):
        return subprocess.run([os.path.join(BIN, "rearview"), *arguments], capture_output=True, text=True, timeout=60)

    def test_help_and_version_everywhere(self):
        for command in ((), ("serve",), ("analyze",), ("nalu",), ("eval",), ("view",)):
            result = self.run_rearview(*command, "--help")
            self.assertEqual(result.returncode, 0, command)
            self.assertIn("Usage", result.stdout)
        version = self.run_rearview("--version").stdout
        self.assertRegex(version, r"^rearview \d+\.\d+\.\d+\ncommit \S+\nFFmpeg \S+\nOpenCV \S+\n")
        fastest = re.search(r"^Run by (\S+) ([\w.]+)", self.run_rearview("models", "list").stdout, re.M)
        self.assertIn(f"{fastest[1]} {fastest[2]}\n".lower(), version.lower())

    def test_what_the_user_gives_wrong_is_exit_code_2_and_one_sentence(self):
        with tempfile.TemporaryDirectory() as folder:
            bad = pathlib.Path(folder, "bad.json")
            bad.write_text('{"serve":{"prot":80}}')
            for arguments, said in {
                (): "subcommand",
                ("serve", "--nonsense"): "--nonsense",
                ("serve", "--config", str(bad)): "/serve/prot: unknown key",
                ("serve", "--config", folder + "/none.json"): "can't be read",
                ("serve", "--camera", "tcp://nonsense"): "HOST:PORT",
                ("serve", "--http", "8080"): "HOST:PORT",
                ("serve", "--after", "5"): "--ndjson -",
                ("serve", "--ndjson", "x" * 108): "at most 107",
                ("analyze", folder + "/none.h264"): "none.h264",
                ("nalu", folder + "/none.h264"): "none.h264",
                ("eval", folder + "/none.json"): "none.json",
                ("analyze", "x.h264", "--fps", "0"): "--fps",
            }.items():
                result = self.run_rearview(*arguments)
                self.assertEqual(result.returncode, 2, (arguments, result.stderr))
                self.assertIn(said, result.stderr)
                self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)

    def test_check_config_starts_nothing(self):
        result = self.run_rearview("serve", "--check-config")
        self.assertEqual((result.returncode, result.stdout), (0, "default: good, 1 camera(s)\n"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
