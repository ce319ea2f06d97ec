"""A camera that can't see must say so: sources that freeze behind rearview-camera's own encoder, and some ways of
tests/evaluation/ways_of_seeing.py through the analysis. docs/evaluation.md has them all."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from programs import BIN, Camera, Service

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "evaluation"))
import sight
import ways_of_seeing

GATE = (
    "frozen, x264 superfast 1 Mbit/s", "frozen, with slight noise", "frozen from the first picture on",
    "black with strong noise", "lower 300 of 360 rows covered", "upper 250 of 360 rows covered",
    "blurred by 4 pixels", "one picture a second at 20 kbit/s", "three pictures a second",
    "night with lamps", "rain", "standing still at night", "the same at night", "strong shake", "300 kbit/s",
)
FROZEN = "the picture is frozen"
SECONDS = 9  # of each drawn road: what the ways need


def drawn(folder, seconds):
    """A ride, drawn."""
    path = pathlib.Path(folder) / "ride.h264"
    subprocess.run([os.path.join(BIN, "rearview-camera"), "--source", "scene", "--seed", "3", "--render", path,
                    "--duration-s", str(seconds)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return path


class Sight(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def serve(self, source):
        """What the service says of a file that rearview-camera decodes, encodes and sends."""
        camera = Camera("--source", f"file:{source}")
        self.addCleanup(camera.stop)
        config = self.folder / "rearview.json"
        config.write_text(json.dumps({"cameras": [{"name": "rear", "url": camera.url, "stages": sight.STAGES}]}))
        service = Service("--config", str(config))
        self.addCleanup(service.stop)
        return service

    def test_a_source_that_freezes_behind_a_live_encoder_is_blind(self):
        frozen = self.folder / "frozen.mkv"
        # MPEG-4, so that the camera has to decode and encode it itself; after 3 s the last picture stays.
        subprocess.run(["ffmpeg", "-v", "error", "-r", "30", "-i", drawn(self.folder, 3), "-vf",
                        "tpad=stop_mode=clone:stop_duration=60", "-c:v", "mpeg4", "-q:v", "3", frozen], check=True)
        service = self.serve(frozen)
        # A machine too busy to analyse enough is told of, too; but sooner or later it is this.
        analyses = (a for event, _, a in service.events("/api/v1/events?analysis=1") if event == "analysis")
        next(a for a in analyses if a["text"] == FROZEN)
        # The encoder begins anew every 2 s: that is no life.
        for _ in range(150):
            self.assertEqual(next(analyses)["road"], "blind")
        self.assertIn("view_blocked", [alert["kind"] for alert in service.get_json("/api/v1/alerts")])

    def test_ways_of_seeing(self):
        ways = [way for way in ways_of_seeing.WAYS if way.name in GATE]
        self.assertEqual(len(ways), len(GATE))
        recordings = ways_of_seeing.make_all(os.path.join(BIN, "rearview-camera"), self.folder, os.cpu_count(),
                                             ways=ways, seconds=SECONDS, halves=(ways_of_seeing.TUNE,))
        for score in sight.score_all(recordings, os.path.join(BIN, "rearview"), os.cpu_count()):
            with self.subTest(way=score.recording.way.name):
                self.assertGreater(score.judged_s, 1)
                self.assertEqual(score.wrong_s, 0, score.told)


if __name__ == "__main__":
    unittest.main(verbosity=2)
