"""What the camera announces and the service finds, through an Avahi daemon of the test's own."""

import fcntl
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from made_clip import make_clip  # noqa: E402
from private_bus import PrivateBus  # noqa: E402
from programs import BIN, Program, wait_for  # noqa: E402

NEEDED = ("dbus-daemon", "avahi-daemon", "avahi-browse", "avahi-resolve")
SIOCGIFADDR = 0x8915


def networks():
    """Interfaces that have an IPv4 address, but this computer's own."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            try:
                fcntl.ioctl(probe, SIOCGIFADDR, struct.pack("256s", name.encode()))
            except OSError:
                continue
            if name != "lo":
                found.append(name)
    return found


@unittest.skipUnless(all(shutil.which(program) for program in NEEDED), "needs " + ", ".join(NEEDED))
@unittest.skipUnless(os.geteuid() == 0, "avahi-daemon wants to be started by root")
class Mdns(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.temporary.name)
        self.clip = str(self.root / "clip.h264")
        make_clip(self.clip, 2)
        self.children = []
        self.bus = PrivateBus(self.root)
        self.environment = self.bus.environment
        self.daemon = None

    def tearDown(self):
        for child in reversed(self.children):
            child.terminate()
            child.wait()
        self.bus.stop()
        self.temporary.cleanup()

    def start_avahi(self, interface="lo"):
        settings = self.root / "avahi.conf"
        settings.write_text(f"[server]\nallow-interfaces={interface}\nuse-ipv6=no\nhost-name=rearview-test\n")
        self.daemon = subprocess.Popen(["avahi-daemon", "--no-drop-root", "--no-chroot", "--no-rlimits", "--no-proc-title",
                                        "-f", str(settings)], env=self.environment,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.children.append(self.daemon)

    def start_camera(self, **mdns):
        config = self.root / "camera.json"
        config.write_text(json.dumps({"mdns": {"name": "Rear of the test", **mdns}}))
        camera = Program("rearview-camera", "--config", str(config), "--source", "file:" + self.clip,
                         "--stream", "127.0.0.1:0", "--http", "127.0.0.1:0", environment=self.environment)
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

    def discover(self):
        return subprocess.run([os.path.join(BIN, "rearview"), "serve", "--discover"], env=self.environment,
                              capture_output=True, text=True, timeout=30)

    def test_the_service_lists_the_cameras_it_sees(self):
        without = self.discover()
        self.assertEqual(without.returncode, 1)
        self.assertIn("rearview: the network can't be searched without avahi-daemon: ", without.stderr)
        self.assertEqual(without.stdout, "")
        self.start_avahi()
        nobody = wait_for(lambda: (now := self.discover()).returncode == 0 and now, "the daemon")
        self.assertEqual(nobody.stdout, "")
        self.assertIn("no camera announces itself", nobody.stderr)
        # Whatever a stranger calls itself: nothing that drives a terminal gets through.
        camera = self.start_camera(name="Rear \x1b[31m\x85red")
        camera.wait_for_line("component=mdns msg=announced")
        found = self.discover()
        self.assertEqual(found.returncode, 0)
        self.assertRegex(found.stdout, r"(?m)^NAME +HOST +ADDRESS +PORT$")
        self.assertRegex(found.stdout, rf"(?m)^Rear \?\[31m\?red +rearview-test\.local +127\.0\.0\.1 +{camera.port}$")
        self.assertIn(f"--camera tcp://127.0.0.1:{camera.port}", found.stderr)

    def test_a_further_host_name_leads_to_the_camera(self):
        others = networks()
        if not others:
            self.skipTest("there is no network but this computer's own")
        self.start_avahi(others[0])
        camera = self.start_camera(host="velovision-rearview")
        camera.wait_for_line("component=mdns msg=announced")

        def resolved():
            shown = subprocess.run(["avahi-resolve", "-4n", "velovision-rearview.local"], env=self.environment,
                                   capture_output=True, text=True)
            return shown.stdout.split()
        name, address = wait_for(resolved, "the host name")
        self.assertEqual(name, "velovision-rearview.local")
        with socket.socket() as here:
            here.bind((address, 0))  # an address of this computer, or it throws


if __name__ == "__main__":
    unittest.main()
