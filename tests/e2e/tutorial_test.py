"""The tutorial's two Python programs, unmodified but for host name and port, against our camera.

Their text isn't ours to ship: it is read from the tutorial beside REARVIEW_ASSETS.
"""

import pathlib
import re
import shutil
import sys
import tempfile
import unittest

from programs import ASSETS, Camera, Program, wait_for

TUTORIAL = pathlib.Path(ASSETS, "..", "tutorial", "2-video-streaming.txt") if ASSETS else None


def program(name, port):
    """The tutorial's program: from the line after its file name to the line before the prose goes on."""
    text = TUTORIAL.read_text(encoding="utf-8").replace("\u00a0", " ")
    body = text.split(name + "\n", 1)[1]
    body = re.split(r"\n(?=Source on GitHub|Its output looks)", body)[0]
    assert body.count("velovision-rearview.local") == 1 and body.count("5000") == 1
    return body.replace("velovision-rearview.local", "127.0.0.1").replace("5000", str(port))


@unittest.skipUnless(TUTORIAL and TUTORIAL.exists(), "REARVIEW_ASSETS is unset: no tutorial beside it")
class Tutorial(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.camera = Camera("--source", "scene")
        self.addCleanup(self.camera.stop)

    def start(self, name, *runner):
        script = self.folder / name
        script.write_text(program(name, self.camera.port), encoding="utf-8")
        started = Program(name, *runner, sys.executable, "-u", str(script), binary="/usr/bin/env")
        self.addCleanup(started.stop)
        return started

    def test_the_nalu_printer_prints_what_the_tutorial_shows(self):
        printer = self.start("debug_h264_over_tcp.py")
        lines = [printer.process.stdout.readline().strip() for _ in range(12)]
        self.assertRegex(lines[0], r"^Connected to 127\.0\.0\.1:\d+$")
        names = [re.fullmatch(r"Found NALU, Type: (.*), Length: \d+ bytes", line)[1] for line in lines[1:]]
        self.assertEqual(names, [
            "Sequence parameter set", "Picture parameter set", "Coded slice of an IDR picture",
            *["Access unit delimiter", "Coded slice of a non-IDR picture"] * 4])
        self.assertEqual(lines[4], "Found NALU, Type: Access unit delimiter, Length: 6 bytes")

    @unittest.skipUnless(shutil.which("Xvfb"), "Xvfb isn't installed: no screen to show the window on")
    def test_the_viewer_shows_a_moving_picture(self):
        display = Program("Xvfb", "-displayfd", "2", "-screen", "0", "800x600x24", "-nolisten", "tcp",
                          "-fbdir", str(self.folder), binary=shutil.which("Xvfb"))
        self.addCleanup(display.stop)
        number = display.wait_for_line(r"^(\d+)$")[1]
        viewer = self.start("display_h264_over_tcp.py", f"DISPLAY=:{number}")
        screen = self.folder / "Xvfb_screen0"
        empty = wait_for(lambda: screen.exists() and screen.read_bytes(), "the screen")
        shown = wait_for(lambda: (now := screen.read_bytes()) != empty and len(set(now)) > 100 and now, "a picture")
        wait_for(lambda: screen.read_bytes() != shown, "the picture to move")
        self.assertIsNone(viewer.process.poll(), "the viewer ended")


if __name__ == "__main__":
    unittest.main(verbosity=2)
