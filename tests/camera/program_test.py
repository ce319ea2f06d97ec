"""rearview-camera as its users start it: command line, exit codes, stream, truth."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from programs import BIN, DEADLINE_S, Program  # noqa: E402

CAMERA = os.path.join(BIN, "rearview-camera")


def run(*arguments):
    return subprocess.run([CAMERA, *arguments], capture_output=True, text=True, timeout=300)  # drawing under a sanitizer takes its time


def types_of(stream):
    return [piece[0] & 31 for piece in stream.split(b"\0\0\0\1")[1:] if piece]


class CommandLine(unittest.TestCase):
    def refused(self, expected, *arguments):
        result = run(*arguments)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
        self.assertIn(expected, result.stderr)

    def test_what_is_wrong_is_said_in_one_line(self):
        self.refused("--bogus", "--bogus")
        self.refused('"foo" is not HOST:PORT', "--stream", "foo")
        self.refused('"film" is not a source', "--source", "film")
        self.refused("there is no such file", "--http", "127.0.0.1:0", "--source", f"file:{self.folder.name}/none.mp4", "--stream", "127.0.0.1:0")
        none = os.path.join(self.folder.name, "none.json")
        self.refused(none, "--config", none)
        self.refused("--duration-s", "--duration-s", "5")
        self.refused("only the source scene knows", "--source", "file:" + self.clip, "--truth", self.folder.name + "/t.jsonl", "--stream", "127.0.0.1:0")

    def test_help_and_version_are_no_errors(self):
        self.assertIn("--source", run("--help").stdout)
        self.assertRegex(run("--version").stdout, r"^rearview-camera \d+\.\d+\.\d+\ncommit \S+\nFFmpeg \S+\nOpenCV \S+$")

    def test_check_config_starts_nothing(self):
        shipped = pathlib.Path(__file__).resolve().parents[2] / "config" / "camera.json"
        self.assertEqual(run("--config", str(shipped), "--check-config").returncode, 0)

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.clip = os.path.join(cls.folder.name, "clip.h264")
        result = run("--render", cls.clip, "--duration-s", "2")
        assert result.returncode == 0, result.stderr

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()


class Rendering(unittest.TestCase):
    def test_writes_the_stream_and_its_truth_as_fast_as_it_can(self):
        with tempfile.TemporaryDirectory() as folder:
            clip = os.path.join(folder, "clip.h264")
            truth = os.path.join(folder, "truth.jsonl")
            result = run("--render", clip, "--duration-s", "4", "--truth", truth, "--seed", "7")
            self.assertEqual(result.returncode, 0, result.stderr)
            types = types_of(pathlib.Path(clip).read_bytes())
            self.assertEqual(sum(t in (1, 5) for t in types), 120)
            self.assertEqual(types[:5], [7, 8, 5, 9, 1])
            self.assertEqual(types[-1], 1)  # no delimiter of a picture that doesn't come
            lines = pathlib.Path(truth).read_text().splitlines()
            self.assertEqual(len(lines), 1)
            told = json.loads(lines[0])
            self.assertEqual(told["input"], clip)
            self.assertEqual(told["fps"], 30)
            self.assertIsInstance(told["events"], list)

    def test_the_same_seed_draws_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            clips = [os.path.join(folder, name) for name in ("a", "b", "c")]
            for clip, seed in zip(clips, ("3", "3", "4")):
                run("--render", clip, "--duration-s", "1", "--seed", seed)
            a, b, c = [pathlib.Path(clip).read_bytes() for clip in clips]
            self.assertEqual(a, b)
            self.assertNotEqual(a, c)

    def test_what_can_not_be_written_is_a_failure(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(run("--render", folder + "/none/clip.h264", "--duration-s", "1").returncode, 1)


class Streaming(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.truth = os.path.join(self.folder.name, "truth.jsonl")
        self.camera = Program("rearview-camera", "--stream", "127.0.0.1:0", "--http", "127.0.0.1:0", "--truth", self.truth)
        self.port = int(self.camera.wait_for_line(r"component=stream msg=listening .*port=(\d+)").group(1))

    def tearDown(self):
        self.camera.stop(signal.SIGKILL)
        self.folder.cleanup()

    def read_pictures(self, count):
        received = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE_S) as client:
            while types_of(received).count(9) < count:
                part = client.recv(65536)
                self.assertTrue(part, "the camera has closed the connection")
                received += part
        return received

    def test_each_client_begins_with_an_idr_whenever_it_joins(self):
        for _ in range(5):
            types = types_of(self.read_pictures(5))
            self.assertEqual(types[:5], [7, 8, 5, 9, 1])
            self.assertNotIn([9, 9], [types[i:i + 2] for i in range(len(types))])

    def test_a_signal_ends_it_cleanly(self):
        self.read_pictures(2)
        self.assertEqual(self.camera.stop(signal.SIGTERM), 0)
        told = json.loads(pathlib.Path(self.truth).read_text())
        self.assertEqual(told["input"], "scene")

    def test_the_port_can_be_used_again_at_once(self):
        self.read_pictures(2)
        self.assertEqual(self.camera.stop(signal.SIGINT), 0)
        again = Program("rearview-camera", "--stream", f"127.0.0.1:{self.port}", "--http", "127.0.0.1:0")
        again.wait_for_line(r"msg=listening")
        self.assertEqual(again.stop(), 0)


if __name__ == "__main__":
    unittest.main()
