"""Recordings of a program that is killed, and of one whose disk is full."""

import http.client
import json
import os
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from programs import DEADLINE_S, Program, wait_for  # noqa: E402

# More for a long run; each takes some two seconds.
KILLS = int(os.environ.get("REARVIEW_KILLS", "6"))
MOST_LOST_PICTURES = 6  # 0.2 s at 30 a second


def slices(stream):
    return [piece for piece in stream.split(b"\0\0\0\1")[1:] if piece and piece[0] & 31 in (1, 5)]


def recorded(chunk):
    """The slices in a chunk; fails where ffmpeg can't open it."""
    out = subprocess.run(["ffmpeg", "-v", "error", "-i", str(chunk), "-c", "copy", "-f", "h264", "-"],
                         capture_output=True, check=True)
    # A Matroska file has 3-byte start codes again behind the first.
    return slices(out.stdout.replace(b"\0\0\0\1", b"\0\0\1").replace(b"\0\0\1", b"\0\0\0\1"))


class Viewer(threading.Thread):
    """Takes what the stream sends until the connection ends."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.received = b""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
        self.start()

    def run(self):
        try:
            while part := self.socket.recv(65536):
                self.received += part
        except OSError:
            pass
        self.socket.close()


class Recording(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name) / "videos"
        self.clip = os.path.join(self.temporary.name, "clip.h264")
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=30:d=7",
                        "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-b:v", "1M",
                        "-g", "30", "-x264-params", "sliced-threads=0", self.clip], check=True)

    def tearDown(self):
        self.temporary.cleanup()

    def start(self, folder, **record):
        file = os.path.join(self.temporary.name, "config.json")
        pathlib.Path(file).write_text(json.dumps({"record": {"folder": str(folder), **record}}))
        camera = Program("rearview-camera", "--config", file, "--source", "file:" + self.clip,
                         "--stream", "127.0.0.1:0", "--http", "127.0.0.1:0")
        camera.stream = int(camera.wait_for_line(r"component=stream msg=listening .*port=(\d+)")[1])
        camera.http = int(camera.wait_for_line(r"component=device msg=listening .*port=(\d+)")[1])
        return camera

    def status(self, camera):
        connection = http.client.HTTPConnection("127.0.0.1", camera.http, timeout=DEADLINE_S)
        connection.request("GET", "/api/v1/status")
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def test_a_killed_program_loses_little(self):
        chance = random.Random(5)
        known = set()
        for round_ in range(KILLS):
            camera = self.start(self.folder, chunk_s=1, min_free_mb=0)
            viewer = Viewer(camera.stream)
            threading.Event().wait(0.3 + 2 * chance.random())
            camera.process.kill()
            camera.process.wait()
            viewer.join(DEADLINE_S)
            camera.stop()
            seen = slices(viewer.received)
            chunks = sorted(set(self.folder.glob("log*.mkv")) - known)
            known.update(chunks)
            kept = [piece for chunk in chunks for piece in recorded(chunk)]
            # What was sent last was written, but for the newest cluster.
            last = max(i for i, piece in enumerate(seen) if piece == kept[-1])
            self.assertLessEqual(len(seen) - 1 - last, MOST_LOST_PICTURES, f"round {round_}")
        names = [chunk.name for chunk in sorted(self.folder.glob("log*.mkv"))]
        self.assertEqual(names, [f"log{i + 1:04}.mkv" for i in range(len(names))])

    def test_a_signal_closes_the_chunk(self):
        camera = self.start(self.folder, min_free_mb=0)
        wait_for(lambda: self.status(camera)["record"]["pictures"] > 20, "pictures")
        self.assertEqual(camera.stop(), 0)
        shown = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0",
                                str(self.folder / "log0001.mkv")], capture_output=True, text=True, check=True)
        self.assertGreater(float(shown.stdout), 0.6)  # a length stands in it: it was finished

    def test_a_full_disk_costs_the_oldest_and_never_the_stream(self):
        disk = pathlib.Path(self.temporary.name) / "disk"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1M", "none", str(disk)],
                          stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("a small disk can't be mounted here")
        try:
            (disk / "ballast").write_bytes(b"x" * 500_000)
            camera = self.start(disk / "videos", chunk_s=1, min_free_mb=0)
            viewer = Viewer(camera.stream)
            wait_for(lambda: self.status(camera)["record"]["failures"] > 0, "the disk to be full")
            before = len(viewer.received)
            wait_for(lambda: len(viewer.received) > before + 100_000, "the stream to go on")
            # Recording goes on in the room that the oldest chunk left.
            self.assertGreater(self.status(camera)["record"]["removed"], 0)
            before = self.status(camera)["record"]["pictures"]
            wait_for(lambda: self.status(camera)["record"]["pictures"] > before, "recording to go on")
            self.assertEqual(camera.stop(), 0)
            for chunk in (disk / "videos").glob("log*.mkv"):
                self.assertGreater(len(recorded(chunk)), 0, chunk)
        finally:
            subprocess.run(["umount", str(disk)], check=True)


if __name__ == "__main__":
    unittest.main()
