"""A log that nobody reads holds up nothing."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from broker import free_port
from flapping_camera import CAMERA_SETTINGS, FlappingCamera, one_picture
from programs import BIN, Service, wait_for


class Unread(Service):
    """A service whose standard error is a pipe that is full from the start."""

    def __init__(self, *arguments):
        self.name = "rearview"
        self.tls = None
        self.lines = []
        self.port = free_port()
        self.reading, writing = os.pipe()
        os.set_blocking(writing, False)
        try:
            while True:
                os.write(writing, b"\n" * 65536)
        except BlockingIOError:
            pass
        os.set_blocking(writing, True)
        self.process = subprocess.Popen(
            [os.path.join(BIN, "rearview"), "serve", "--http", f"127.0.0.1:{self.port}", *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=writing)
        os.close(writing)

    def read(self):
        """What can be read of it now."""
        os.set_blocking(self.reading, False)
        text = b""
        try:
            while piece := os.read(self.reading, 65536):
                text += piece
        except BlockingIOError:
            pass
        return text.decode()

    def stop(self):
        self.process.terminate()
        code = self.process.wait(90)
        os.close(self.reading)
        return code


class LogTest(unittest.TestCase):
    def test_alerts_go_on_while_nobody_reads_the_log(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        camera = FlappingCamera(one_picture())
        self.addCleanup(camera.close)
        config = folder / "rearview.json"
        config.write_text(json.dumps({"store": {"folder": "store"},
                                      "cameras": [{"name": "rear", "url": camera.url, **CAMERA_SETTINGS}]}))
        service = Unread("--config", str(config))

        def alerts():
            try:
                return len(service.get_json("/api/v1/alerts?limit=1000"))
            except OSError:
                return 0  # not listening yet

        try:
            wait_for(lambda: alerts() > 4, "alerts")
            dropped = float(re.search(r"^rearview_log_dropped_total (\S+)$", service.get("/metrics")[2].decode(),
                                      re.MULTILINE)[1])
            self.assertGreater(dropped, 4)
            service.read()
            said = ""

            def told():
                nonlocal said
                said += service.read()
                return re.search(r'component=log msg="lines were dropped: nobody read them" lines=(\d+)\n', said)

            self.assertGreaterEqual(int(wait_for(told, "the number of lines that were dropped")[1]), dropped)
        finally:
            self.assertEqual(service.stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
