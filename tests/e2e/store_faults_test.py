"""Storage that breaks never stops the watching or an alert: real programs, real files."""

import json
import os
import pathlib
import shutil
import signal
import tempfile
import unittest

from flapping_camera import CAMERA_SETTINGS, FlappingCamera, one_picture
from programs import Service, wait_for


class StoreFaults(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="store_faults_test_"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.camera = FlappingCamera(one_picture())  # each loss and each return is an alert
        self.addCleanup(self.camera.close)


class TheDefaultFolder(StoreFaults):
    def start(self, **environment):
        config = self.folder / "config.json"
        config.write_text(json.dumps({"cameras": [{"name": "rear", "url": self.camera.url, **CAMERA_SETTINGS}]}))
        own = {k: v for k, v in os.environ.items() if k not in ("HOME", "STATE_DIRECTORY", "XDG_STATE_HOME")}
        service = Service("--config", str(config), environment=own | environment, default_store=True)
        self.addCleanup(service.stop)
        return service

    def test_alerts_outlive_a_kill_without_any_setting(self):
        for environment, said in [({"XDG_STATE_HOME": str(self.folder / "xdg")}, self.folder / "xdg/rearview"),
                                  ({"HOME": str(self.folder)}, self.folder / ".local/state/rearview")]:
            with self.subTest(environment):
                service = self.start(**environment)
                self.assertEqual(str(said), service.wait_for_line(r'msg="alerts are kept" folder=(\S+)')[1])
                wait_for(lambda: len(service.get_json("/api/v1/alerts")) >= 3, "3 alerts")
                wait_for(lambda: "rearview_store_alerts_waiting 0" in service.get("/metrics")[2].decode(), "the disk")
                before = service.get_json("/api/v1/alerts")[:3]
                service.stop(signal.SIGKILL)
                again = self.start(**environment)
                self.assertEqual(before, again.get_json("/api/v1/alerts")[:3])
                again.stop()

    def test_without_a_home_alerts_are_in_memory_and_the_log_says_so(self):
        service = self.start()
        service.wait_for_line(r"^<4>component=store msg=\"alerts are kept in memory only")
        wait_for(lambda: service.get_json("/api/v1/alerts"), "an alert")


if __name__ == "__main__":
    unittest.main(verbosity=2)
