"""What the camera announces in the network, seen through an Avahi daemon of the test's own."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from programs import Program, wait_for  # noqa: E402

NEEDED = ("dbus-daemon", "avahi-daemon", "avahi-browse")


@unittest.skipUnless(all(shutil.which(program) for program in NEEDED), "needs " + ", ".join(NEEDED))
@unittest.skipUnless(os.geteuid() == 0, "avahi-daemon wants to be started by root")
class Mdns(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.temporary.name)
        self.clip = str(self.root / "clip.h264")
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x192:r=30:d=2",
                        "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "15",
                        self.clip], check=True)
        self.children = []
        # A bus of our own that takes the place of the system's.
        bus = subprocess.Popen(["dbus-daemon", "--session", "--nofork", "--print-address"],
                               stdout=subprocess.PIPE, text=True)
        self.children.append(bus)
        self.environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": bus.stdout.readline().strip()}
        self.daemon = None

    def tearDown(self):
        for child in reversed(self.children):
            child.terminate()
            child.wait()
        self.children[0].stdout.close()
        self.temporary.cleanup()

    def start_avahi(self):
        settings = self.root / "avahi.conf"
        settings.write_text("[server]\nallow-interfaces=lo\nuse-ipv6=no\nhost-name=rearview-test\n")
        self.daemon = subprocess.Popen(["avahi-daemon", "--no-drop-root", "--no-chroot", "--no-rlimits", "--no-proc-title",
                                        "-f", str(settings)], env=self.environment,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.children.append(self.daemon)

    def start_camera(self):
        config = self.root / "camera.json"
        config.write_text(json.dumps({"mdns": {"name": "Rear of the test"}}))
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = self.environment["DBUS_SYSTEM_BUS_ADDRESS"]
        try:
            camera = Program("rearview-camera", "--config", str(config), "--source", "file:" + self.clip,
                             "--stream", "127.0.0.1:0", "--http", "127.0.0.1:0")
        finally:
            del os.environ["DBUS_SYSTEM_BUS_ADDRESS"]
        self.addCleanup(camera.stop, signal.SIGKILL)
        camera.port = camera.wait_for_line(r"component=stream msg=listening .*port=(\d+)")[1]
        return camera

    def browse(self):
        shown = subprocess.run(["avahi-browse", "-rpt", "_velovision._tcp"], env=self.environment,
                               capture_output=True, text=True)
        return [line.split(";") for line in shown.stdout.splitlines() if line.startswith("=")]

    def test_it_is_announced_while_it_runs_and_when_the_daemon_comes_later(self):
        camera = self.start_camera()  # no daemon yet: silence, not failure
        self.start_avahi()
        camera.wait_for_line("component=mdns msg=announced")
        found = wait_for(self.browse, "the announcement")
        self.assertEqual(found[0][8], camera.port)
        self.assertIn("http=", found[0][9])
        self.assertEqual(camera.stop(), 0)
        wait_for(lambda: not self.browse(), "the announcement to be taken back")


if __name__ == "__main__":
    unittest.main()
