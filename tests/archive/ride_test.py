"""A ride that the recorder cut into chunks tells what the same ride in one file tells."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from archive_programs import BIN, REARVIEW, about, messages, results

SECONDS = 30
CHUNK_S = 3
BEFORE_S = 12
FPS = 15
# What the analysis has learnt of the road is not all in the pictures before a chunk: a warning may come sooner or later.
WARNED_S, PASSED_S = 1.5, 0.25
PASSES = ("overtake", "close_pass")
VEHICLES = [  # (class, begins at, closes in by m/s, metres to the side)
    ("car", 0, 9, 1.4), ("van", 5, 10, 1.2), ("car", 10.5, 8, 1.6), ("truck", 15, 10, 1.3), ("car", 21, 9, 1.1)]


def draw(folder):
    """The ride as one file and as ten, pictures and all else alike."""
    scene = {"traffic": 0, "light": "day", "vehicles": [
        {"class": kind, "behaviour": "overtake", "start_s": start_s, "speed_mps": 6 + closing_mps,
         "lateral_m": lateral_m, "distance_m": 7 * closing_mps} for kind, start_s, closing_mps, lateral_m in VEHICLES]}
    (folder / "camera.json").write_text(json.dumps({"scene": scene, "encoder": {"gop_s": CHUNK_S, "fps": FPS}}))
    subprocess.run([os.path.join(BIN, "rearview-camera"), "--config", folder / "camera.json", "--source", "scene",
                    "--seed", "3", "--render", folder / "ride.h264", "--duration-s", str(SECONDS)],
                   check=True, timeout=600, stderr=subprocess.DEVNULL)
    read = ["ffmpeg", "-loglevel", "error", "-framerate", str(FPS), "-i", folder / "ride.h264", "-c", "copy"]
    subprocess.run([*read, folder / "whole.mkv"], check=True, timeout=60)
    (folder / "ride").mkdir()
    subprocess.run([*read, "-f", "segment", "-segment_time", str(CHUNK_S), "-reset_timestamps", "1",
                    folder / "ride" / "log%04d.mkv"], check=True, timeout=60)


def told(folder):
    """(kind, class, side, time in the ride) of all alerts, those of a kind in their order."""
    alerts = []
    for one in about(folder):
        name = pathlib.Path(one["job"]["recording"]["url"]).stem
        begin_s = CHUNK_S * int(name.removeprefix("log")) if name.startswith("log") else 0
        for message in messages(folder / f"{one['name']}.jsonl.zst"):
            if message["type"] == "alert":
                alerts.append((message["kind"], message["class"] or "", message["side"], begin_s + message["t_s"]))
    return sorted(alerts, key=lambda one: (same(one)[:2], one[3]))


def same(alert):
    """What holds in a cut ride as well: on which side a vehicle will pass is settled only when it does."""
    kind, vehicle, side, _ = alert
    return kind, vehicle, side if kind in PASSES else None


class Ride(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        draw(cls.folder)
        cls.analyze("whole", cls.folder / "whole.mkv")

    @classmethod
    def command(cls, out, *arguments, before_s=BEFORE_S):
        return [REARVIEW, "analyze", "--before-s", str(before_s),
                "--out", cls.folder / out, *arguments]

    @classmethod
    def analyze(cls, *arguments, **options):
        subprocess.run(cls.command(*arguments, **options), check=True, timeout=600, stderr=subprocess.DEVNULL)

    def test_ten_chunks_tell_what_one_file_tells(self):
        self.assertEqual(len(list((self.folder / "ride").iterdir())), 10)
        workers = [subprocess.Popen(self.command("chunks", "--shard", f"{n}/2", self.folder / "ride"),
                                    stderr=subprocess.DEVNULL) for n in range(2)]
        self.assertEqual([worker.wait(600) for worker in workers], [0, 0])
        whole, chunks = told(self.folder / "whole"), told(self.folder / "chunks")
        self.assertGreater(len([one for one in whole if one[0] in PASSES]), 3)
        self.assertEqual([same(one) for one in chunks], [same(one) for one in whole])
        for ours, theirs in zip(chunks, whole):
            self.assertAlmostEqual(ours[3], theirs[3], delta=PASSED_S if ours[0] in PASSES else WARNED_S, msg=str(theirs))
        self.assertEqual(sum(one["events"] for one in about(self.folder / "chunks")),
                         sum(one["events"] for one in about(self.folder / "whole")))

        self.analyze("again", self.folder / "ride" / "log0005.mkv")
        [(name, lines)] = results(self.folder / "again").items()
        self.assertEqual(results(self.folder / "chunks")[name], lines, "it depends on which worker it is")

    def test_a_chunk_alone_would_tell_something_else(self):
        """Else the test above would show nothing."""
        self.analyze("alone", self.folder / "ride", before_s=0)
        self.assertNotEqual([same(one) for one in told(self.folder / "alone")],
                            [same(one) for one in told(self.folder / "whole")])


if __name__ == "__main__":
    unittest.main(verbosity=2)
