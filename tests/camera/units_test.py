"""The shipped systemd units, checked by systemd itself."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

UNITS = pathlib.Path(__file__).resolve().parents[2] / "config" / "systemd"
BIN = os.environ["REARVIEW_BIN"]
MOST_EXPOSURE = 20  # tenths; systemd's own scale ends at 100


@unittest.skipUnless(shutil.which("systemd-analyze"), "needs systemd-analyze")
class Units(unittest.TestCase):
    def analyze(self, unit, *command):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / unit.name
            file.write_text(unit.read_text().replace("ExecStart=/usr/bin", f"ExecStart={os.path.abspath(BIN)}"))
            return subprocess.run(["systemd-analyze", *command, str(file)], capture_output=True, text=True)

    def test_they_are_right(self):
        for unit in sorted(UNITS.glob("*.service")):
            with self.subTest(unit=unit.name):
                result = self.analyze(unit, "verify", "--man=no")
                self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_they_come_back_for_ever_and_are_watched(self):
        for unit in sorted(UNITS.glob("*.service")):
            with self.subTest(unit=unit.name):
                lines = unit.read_text().splitlines()
                for wanted in ("StartLimitIntervalSec=0", "Restart=always", "Type=notify", "NotifyAccess=main",
                               "ExecReload=/bin/sh -c 'kill -HUP $MAINPID'"):
                    self.assertIn(wanted, lines)
                for wanted in ("WatchdogSec=", "MemoryMax=", "TimeoutStopSec="):
                    self.assertTrue(any(line.startswith(wanted) for line in lines), wanted)

    def test_they_expose_little(self):
        for unit in sorted(UNITS.glob("*.service")):
            with self.subTest(unit=unit.name):
                result = self.analyze(unit, "security", "--offline=true", f"--threshold={MOST_EXPOSURE}")
                self.assertEqual(result.returncode, 0, result.stdout)


if __name__ == "__main__":
    unittest.main()
