"""The gateways of a storm: real services with stores of their own, cameras that come and go, and a link each."""

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

from cluster import DOMAIN

from programs import BIN, Service
from tcp_listener import TcpListener

FPS = 5
LOOP_S = 12
SHOWS_S, HIDES_S = (4, 20), 1.5  # it hides for longer than signal_timeout_ms
STAGES = [{"type": "view", "frozen_s": 60}, {"type": "looming"}, {"type": "tracker"}, {"type": "approach"}]
MADE = "vehicle_approaching"


def drawn_road(folder):
    """An empty road's access units, one a second of which stands alone."""
    config, drawn = folder / "road.json", folder / "road.h264"
    config.write_text(json.dumps({"scene": {"traffic": 0}, "encoder": {
        "width_px": 416, "height_px": 240, "fps": FPS, "gop_s": 1, "bitrate_kbps": 300}}))
    subprocess.run([os.path.join(BIN, "rearview-camera"), "--config", config, "--source", "scene", "--render", drawn,
                    "--duration-s", str(LOOP_S)], check=True, timeout=120, capture_output=True)
    delimiter = b"\0\0\1\x09"
    units = [delimiter + unit for unit in (b"\xf0" + drawn.read_bytes()).split(delimiter)]  # the first one has none
    assert len(units) == FPS * LOOP_S, len(units)
    return units


class RoadCamera:
    """Shows an empty road to each who connects, with pauses that raise alerts. sees: enough of it to judge it."""

    def __init__(self, units, sees, rng):
        self._units = units if sees else units[::FPS]
        self._frame_s = 1 / FPS if sees else 1
        self._rng = rng
        self._away = threading.Event()
        self._closed = threading.Event()
        self._listener = TcpListener(self._serve)
        self.url = f"tcp://127.0.0.1:{self._listener.port}"

    def hide(self):
        """No alert but that of its loss from now on."""
        self._away.set()

    def close(self):
        self._closed.set()
        self._listener.close()

    def _serve(self, client):
        with client, contextlib.suppress(OSError):
            number = 0
            while not self._closed.is_set():
                for _ in range(round(self._rng.uniform(*SHOWS_S) / self._frame_s)):
                    if not self._away.is_set():
                        client.sendall(self._units[number % len(self._units)])
                    number += 1
                    if self._closed.wait(self._frame_s):
                        return
                self._closed.wait(HIDES_S)


class MadeStore:
    """A store that a service has begun, and alerts in it that none raised."""

    def __init__(self, folder):
        self.folder = folder
        if not folder.exists():
            Service("--store", str(folder)).stop()

    def copy(self, folder):
        shutil.copytree(self.folder, folder)
        return MadeStore(folder)

    def _database(self):
        return contextlib.closing(sqlite3.connect(self.folder / "alerts.db", timeout=30))

    def newest(self):
        return max(self.raised(), default=0)

    def next_id(self):
        """Above all that were ever given."""
        with self._database() as database:
            return database.execute("SELECT next_id FROM ids").fetchone()[0]

    def raised(self):
        """The ids of all alerts."""
        with self._database() as database:
            return [number for (number,) in database.execute("SELECT id FROM alerts ORDER BY id")]

    def identity(self):
        """(uuid, epoch), as its gateway's rows have them."""
        with self._database() as database:
            epoch = database.execute("SELECT epoch FROM store").fetchone()[0]
        return (self.folder / "gateway").read_text().strip(), epoch

    def make_alerts(self, count):
        """As many more, as if they had been raised; while no service has it."""
        begin = max(self.newest(), self.next_id()) + 1
        now_ms = int(time.time() * 1000)
        when = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(now_ms / 1000))
        with self._database() as database, database:
            database.executemany("INSERT INTO alerts (id, camera, kind, json, time_ms) VALUES (?, 'rear', ?, ?, ?)", [
                (number, MADE, json.dumps({
                    "type": "alert", "id": number, "camera": "rear", "time": when, "t_s": 1.5, "kind": MADE,
                    "level": "warning", "track_id": 7, "class": "car", "box": {"x": 1.0, "y": 2.0, "w": 30.0, "h": 20.0},
                    "ttc_s": 3.1, "distance_m": 20.0, "closing_mps": 6.5, "side": "right", "lateral_m": 0.4,
                    "position": {"lat": 48.2, "lon": 16.37, "accuracy_m": 4.0}, "rider_speed_mps": None, "reason": None,
                    "epoch": 1, "frame_seq": 30, "latency_ms": {"decode": 1.0, "analyse": 2.0, "total": 3.0}}), now_ms)
                for number in range(begin, begin + count)])


class StormGateway:
    """link: cut by the storm; None: that of a leaf is. url: of the servers behind it. away_since: monotonic; from then on
    nothing of it gets through. None: it is there."""

    def __init__(self, folder, number, store, units, seed, url, link=None, sees=False):
        self.name = f"g{number:02}"
        self.link = link
        self.away_since = time.monotonic()
        self.service = None
        self.ahead_of_disk = []  # ranges of ids that a killed service may have told of before its disk had them
        self.store = store.copy(folder / self.name)
        self.camera = RoadCamera(units, sees, random.Random(f"{seed} {self.name}"))
        self._config = folder / f"{self.name}.json"
        self._config.write_text(json.dumps({
            "store": {"folder": str(self.store.folder), "ride_gap_s": 3},
            "cameras": [{"name": "rear", "url": self.camera.url, "signal_timeout_ms": 1200, "stages": STAGES}],
            "publish": {"nats": {"url": url, "gateway": self.name, "domain": DOMAIN, "backlog": True, "state_s": 1,
                                 "stream_replicas": 3, "backoff_max_ms": 2000}}}))

    def start(self):
        """As one that isn't there: whoever started it says when it is."""
        self.service = StormService("--config", str(self._config))

    def kill(self):
        self.away_since = time.monotonic()
        self.service.stop(signal.SIGKILL)
        self.ahead_of_disk.append(range(self.store.newest() + 1, self.store.next_id()))

    def close(self):
        if self.service:
            self.service.stop(signal.SIGKILL)
        self.camera.close()
        if self.link:
            self.link.close()


class StormService(Service):
    def metric(self, family):
        """Of its way to the fleet."""
        for line in self.get("/metrics")[2].decode().splitlines():
            if line.startswith(f'rearview_publish_{family}{{channel="nats"}}'):
                return float(line.split()[-1])
        return None

    def has_stored_all(self):
        return b"\nrearview_store_alerts_waiting 0\n" in self.get("/metrics")[2]

    def has_delivered_all(self):
        return self.metric("connected") == 1 and self.metric("waiting") == 0
