"""The default analysis on drawn roads must not get worse: a small part of the suite in tests/evaluation.

docs/evaluation.md has the whole suite. Numbers here may only be tightened.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from programs import BIN

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "evaluation"))
import scenes

SECONDS = 11  # the first vehicle of each passes at about 9.5 s
# (kind, condition): (events found at least, false alerts at most)
GATE = {
    ("lone car", "day"): (1, 0),
    ("fast car", "dusk"): (1, 0),
    ("lorry", "dusk"): (1, 0),
    ("lorry", "night"): (1, 0),
    ("cyclist", "rain"): (1, 0),
    ("lone car", "night"): (1, 0),
    ("motorcycle", "rain"): (1, 0),
    ("left-hand traffic", "day"): (1, 0),
    ("following", "rain"): (0, 0),
    ("oncoming", "night"): (0, 0),
    ("parked", "dusk"): (0, 0),
    ("empty road", "day"): (0, 0),
}


class ScenesGate(unittest.TestCase):
    def test_no_scene_is_worse_than_measured(self):
        chosen = [scene for scene in scenes.suite(SECONDS) if (scene.kind, scene.condition) in GATE]
        self.assertEqual(len(chosen), len(GATE))
        with tempfile.TemporaryDirectory() as folder:
            truths = scenes.draw_all(chosen, os.path.join(BIN, "rearview-camera"), folder, os.cpu_count())
            result = subprocess.run([os.path.join(BIN, "rearview"), "eval", "--json", "-", *truths],
                                    capture_output=True, text=True, timeout=280)
        self.assertEqual(result.returncode, 0, result.stderr)
        for scene, score in zip(chosen, json.loads(result.stdout)["clips"], strict=True):
            found, false = GATE[scene.kind, scene.condition]
            with self.subTest(kind=scene.kind, condition=scene.condition):
                self.assertGreaterEqual(sum(event["found"] for event in score["events"]), found)
                self.assertLessEqual(len(score["false"]), false, score["false"])
                self.assertEqual(score["frames_failed"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
