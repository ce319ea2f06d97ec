"""The default analysis on real roads must not get worse: rearview eval against what was measured.

The aim is every event of the moving clips and no false alert at all; GATE is how far the analysis
is. Numbers here may only be tightened.
"""

import json
import os
import subprocess
import unittest

from programs import ASSETS, BIN, needs_assets

# clip: (events found at least, false alerts at most)
GATE = {
    "erin_road_rev": (0, 0),
    "jsl_traffic_rev": (0, 0),
    "kart_dash0_rev": (2, 0),
    "sfnd_kitti_fwd": (2, 0),
    "swdee_cars_fwd": (7, 0),
    "ud_night_rev": (0, 0),
    "ud_project_cut_rev": (1, 0),
    "ud_small2_rev": (0, 0),
    "ud_solidWhiteRight_rev": (3, 0),
}


@needs_assets
class ClipsGate(unittest.TestCase):
    def test_no_clip_is_worse_than_measured(self):
        truths = [os.path.join(ASSETS, "clips", f"{clip}.truth.json") for clip in GATE]
        result = subprocess.run([os.path.join(BIN, "rearview"), "eval", "--json", "-", *truths],
                                capture_output=True, text=True, timeout=280)
        self.assertEqual(result.returncode, 0, result.stderr)
        for (clip, (found, false)), score in zip(GATE.items(), json.loads(result.stdout)["clips"], strict=True):
            with self.subTest(clip):
                self.assertIn(clip, score["truth"])
                self.assertGreaterEqual(sum(event["found"] for event in score["events"]), found)
                self.assertLessEqual(len(score["false"]), false, score["false"])
                self.assertEqual(score["frames_failed"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
