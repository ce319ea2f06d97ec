"""A camera that comes and goes: each time the service raises camera_lost and camera_back.

The quickest source of alerts there is, and one whose alerts the test can stop.
"""

import json
import pathlib
import socket
import tempfile
import threading
import unittest

from programs import Camera, DEADLINE_S, Service
from tcp_listener import TcpListener

SHOWS_S = 0.2
HIDES_S = 0.3  # longer than CAMERA_SETTINGS' signal_timeout_ms
FRAME_S = 0.05
# It shows one and the same picture.
CAMERA_SETTINGS = {"signal_timeout_ms": 150,
                   "stages": [{"type": "view", "frozen_s": 60}, {"type": "looming"}, {"type": "tracker"},
                              {"type": "approach"}]}


def _nal_starts(data):
    at = data.find(b"\0\0\1")
    while at >= 0 and at + 3 < len(data):
        yield at, data[at + 3] & 31
        at = data.find(b"\0\0\1", at + 3)


def one_picture():
    """A whole picture with its parameter sets and the next one's delimiter behind it."""
    camera = Camera("--source", "scene")
    try:
        with socket.create_connection(("127.0.0.1", camera.port), DEADLINE_S) as stream:
            data = b""
            while True:
                data += stream.recv(65536)
                starts = list(_nal_starts(data))
                key = next((i for i, (_, kind) in enumerate(starts) if kind == 5), None)
                if key is None:
                    continue
                begin = next((at for at, kind in starts[:key] if kind == 7), None)
                end = next((at for at, kind in starts[key:] if kind == 9), None)
                if begin is not None and end is not None:
                    return data[begin:end].rstrip(b"\0") + b"\0\0\0\1\x09\xf0"
    finally:
        camera.stop()


class FlappingCamera:
    """Serves everybody who connects until it is closed."""

    def __init__(self, picture):
        self._picture = picture
        self._steady = threading.Event()
        self._news = threading.Condition()
        self._hiding = 0  # connections
        self._away = False
        self._sending = threading.Lock()
        self._closed = threading.Event()
        self._listener = TcpListener(self._serve)
        self.url = f"tcp://127.0.0.1:{self._listener.port}"

    def steady(self):
        """No more alerts but those of a last coming back: it stays. Returns once it shows itself to everybody."""
        with self._news:
            self._steady.set()
            assert self._news.wait_for(lambda: self._hiding == 0, DEADLINE_S)

    def hide(self):
        """No more alerts but that of its loss: it shows nothing, however slow the machine is."""
        with self._sending:
            self._away = True

    def flap(self):
        self._away = False
        self._steady.clear()

    def close(self):
        self._closed.set()
        self._listener.close()

    def _serve(self, client):
        with client:
            try:
                while not self._closed.is_set():
                    for _ in range(round(SHOWS_S / FRAME_S)):
                        with self._sending:
                            if not self._away:
                                client.sendall(self._picture)
                        self._closed.wait(FRAME_S)
                    self._hide()
            except OSError:
                pass  # the service went away

    def _hide(self):
        with self._news:
            if self._steady.is_set():
                return
            self._hiding += 1
        self._closed.wait(HIDES_S)
        with self._news:
            self._hiding -= 1
            self._news.notify_all()


class FlappingCameraTest(unittest.TestCase):
    """Tests with a folder of their own and a camera that comes and goes."""

    @classmethod
    def setUpClass(cls):
        cls.picture = one_picture()

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.camera = FlappingCamera(self.picture)
        self.addCleanup(self.camera.close)

    def configure(self, **sections):
        """Writes a configuration that watches the camera, with these sections."""
        config = self.folder / "rearview.json"
        config.write_text(json.dumps({
            "store": {"folder": "store"},
            "cameras": [{"name": "rear", "url": self.camera.url, **CAMERA_SETTINGS}],
            **sections,
        }))
        return config

    def watch(self, **sections):
        """A service with that configuration."""
        service = Service("--config", str(self.configure(**sections)))
        self.addCleanup(service.stop)
        return service
