"""Everything that the soak runs: both programs, a broker, a web service, subscribers and viewers."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time

from broker import Broker, Mqtt
from cut_proxy import CutProxy
from disk import Disk
from faulty_link import Air, FaultyLink
from hostile_broker import HostileBroker
from programs import BIN, Camera, Service, free_port, wait_for
from subscribers import Events, WebSocket
from webhook_receiver import SECRET, Webhook

FPS = 15
CLIP_S = 40
SUBSCRIBERS = 20
WITH_ANALYSES = 4  # of the subscribers
VIEWERS = 5
FAKETIME = pathlib.Path("/usr/lib") / os.uname().machine.join(("", "-linux-gnu")) / "faketime/libfaketimeMT.so.1"


class Viewer(threading.Thread):
    """Watches the drawn pictures and comes back after every fault. slow: takes them over a thin line."""

    def __init__(self, rig, slow):
        super().__init__(daemon=True)
        self.rig = rig
        self.slow = slow
        self.pictures = 0
        self.newest = 0.0  # monotonic
        self.ending = threading.Event()

    def run(self):
        while not self.ending.is_set():
            try:
                for _ in self.rig.service.pictures():
                    self.pictures += 1
                    self.newest = time.monotonic()
                    if self.ending.is_set():
                        return
                    if self.slow:
                        self.ending.wait(0.5)
            except (OSError, AssertionError, ValueError):
                pass
            self.ending.wait(0.1)


class Rig:
    def __init__(self, folder, seed):
        self.folder = pathlib.Path(folder)
        self.seed = seed
        self.lives = []  # (program, pid) in the order of their starts
        self.programs = []
        self.viewers = []
        self.subscribers = []
        with contextlib.ExitStack() as closing:
            self._begin(closing)
            self.closing = closing.pop_all()

    def _begin(self, closing):
        """closing: what was begun, in case that the rest can't be."""
        self.disk = Disk(self.folder)
        closing.callback(self.disk.close)
        self._camera_arguments = ["--config", str(self._camera_config()), "--record", str(self.folder / "videos")]
        self.camera_port = free_port()
        self.start_camera()
        closing.callback(lambda: self.camera.stop(signal.SIGKILL))
        self.link = FaultyLink(Air(self.camera_port), self.seed)
        closing.callback(self.link.close)
        self.webhook = Webhook(0)
        self.webhook.start()
        closing.callback(self.webhook.stop)
        self.broker = Broker(self.folder)
        closing.callback(lambda: self.broker.stop())
        self.hostile_broker = HostileBroker(self.seed)
        closing.callback(self.hostile_broker.close)
        self.hostile_broker.forward(self.broker.port)
        self.broker_link = CutProxy(self.hostile_broker.port)
        closing.callback(self.broker_link.close)
        self.clock = self.folder / "clock"
        self.step_clock(0)
        self.config = self.folder / "rearview.json"
        self.config.write_text(json.dumps(self._settings()))
        self.port = free_port()
        self.start_service()
        closing.callback(lambda: self.service.stop(signal.SIGKILL))
        self.network = CutProxy(self.port)  # of half of the subscribers
        closing.callback(self.network.close)
        self.subscribers = [(Events if i % 2 else WebSocket)(0, self.network.port if i % 4 < 2 else self.port)
                            for i in range(SUBSCRIBERS)]
        self.with_analyses = self.subscribers[:WITH_ANALYSES]
        for number, one in enumerate(self.subscribers):
            one.name = f"{one.name} {number + 1}"
            one.query = "analysis=1" if one in self.with_analyses else "analysis=0"
        self.mqtt = Mqtt(0, self.broker.port)
        self.mqtt.start()
        closing.callback(self.mqtt.stop)
        self.everybody = [*self.subscribers, self.webhook, self.mqtt]
        for one in self.everybody:
            remember(one)
        closing.callback(self._send_home)
        for one in self.subscribers:
            one.start()
        self.viewers = [Viewer(self, slow=number == 0) for number in range(VIEWERS)]
        for one in self.viewers:
            one.start()
        wait_for(lambda: self.service.camera()["state"] == "live" and all(one.pictures for one in self.viewers),
                 "the first pictures")

    def _send_home(self):
        for one in [*self.viewers, *self.subscribers]:
            (one.ending if isinstance(one, Viewer) else one._stopping).set()

    def close(self):
        self.closing.close()

    def _camera_config(self):
        """A drawn road with traffic in a loop: drawn as it goes, its memory would grow with what has been in sight."""
        drawing = self.folder / "drawing.json"
        drawing.write_text(json.dumps({"scene": {"seed": self.seed, "traffic": 2}, "encoder": {"fps": FPS}}))
        clip = self.folder / "road.h264"
        subprocess.run([os.path.join(BIN, "rearview-camera"), "--config", str(drawing), "--render", str(clip),
                        "--duration-s", str(CLIP_S)], check=True, capture_output=True)
        config = self.folder / "camera.json"
        config.write_text(json.dumps({
            "source": {"input": f"file:{clip}", "pass_through": False}, "encoder": {"fps": FPS},
            "record": {"chunk_s": 20, "max_chunks": 4, "min_free_mb": 0}}))
        return config

    def _settings(self):
        (self.folder / "secret").write_text(SECRET)
        return {
            "cameras": [{"name": "rear", "url": self.link.url}],
            # Full within minutes: what memory holds of alerts for good reason is no leak.
            "store": {"folder": "store", "least_free_bytes": 4 << 20, "alerts_in_memory": 200},
            "publish": {
                "webhooks": [{"name": "home", "url": f"http://127.0.0.1:{self.webhook.port}/", "timeout_ms": 1000,
                              "secret_file": "secret", "backoff_min_ms": 100, "backoff_max_ms": 1000}],
                "mqtt": {"url": f"mqtt://127.0.0.1:{self.broker_link.port}", "keepalive_s": 5,
                         "backoff_min_ms": 100, "backoff_max_ms": 1000}}}

    def start_camera(self):
        self.camera = Camera(*self._camera_arguments, stream=f"127.0.0.1:{self.camera_port}")
        self._began(self.camera)

    def other_camera(self, name, settings, *arguments):
        """One more, that shows something else; its to stop."""
        config = self.folder / f"{name}.json"
        config.write_text(json.dumps(settings))
        return Camera("--config", str(config), *arguments)

    def start_service(self):
        environment = dict(os.environ)
        if not self.why_no_clock_steps():
            environment |= {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(self.clock),
                            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_CACHE_DURATION": "1"}
        self.service = Service("--config", str(self.config), http=f"127.0.0.1:{self.port}", environment=environment)
        self._began(self.service)

    def _began(self, program):
        self.lives.append((program.name, program.process.pid))
        self.programs.append(program)

    def write_logs(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        for number, program in enumerate(self.programs, 1):
            (folder / f"{number:03}-{program.name}.log").write_text("\n".join(program.lines) + "\n")

    @staticmethod
    def why_no_clock_steps():
        """Empty: there are."""
        if not FAKETIME.exists():
            return "libfaketime isn't installed"
        libraries = subprocess.run(["ldd", os.path.join(BIN, "rearview")], capture_output=True, text=True, check=True).stdout
        return "a sanitizer wants to be loaded before libfaketime" if "san.so" in libraries else ""

    def step_clock(self, seconds):
        """Of the service and its children, within a second."""
        new = self.clock.with_suffix(".new")
        new.write_text(f"{seconds:+d}s\n")
        new.replace(self.clock)

    def mqtt_process(self):
        """The service's child that speaks with the broker, or None."""
        for listed in pathlib.Path(f"/proc/{self.service.process.pid}/task").glob("*/children"):
            try:
                if children := listed.read_text().split():
                    return int(children[0])
            except OSError:
                continue  # the thread has ended
        return None

    def health(self):
        """Whether or not it is well."""
        return json.loads(self.service.get("/healthz")[2])

    def alerts(self):
        """What the store has, in order."""
        found = []
        while True:
            page = self.service.get_json(f"/api/v1/alerts?limit=1000&after={found[-1]['id'] if found else 0}")
            found += page
            if len(page) < 1000:
                return found

    def metrics(self):
        """{name with labels: value} of the service."""
        lines = self.service.get("/metrics")[2].decode().splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")}


def remember(subscriber):
    """From now on the subscriber keeps `arrivals` and `contents` of alerts by id, and how many `analyses` came."""
    subscriber.arrivals = {}
    subscriber.contents = {}
    subscriber.analyses = 0
    take = subscriber.take

    def remembering(message):
        before = subscriber.last
        take(message)
        if message["type"] == "analysis":
            subscriber.analyses += 1
        elif message["type"] == "alert" and message["id"] > before:
            subscriber.arrivals[message["id"]] = time.monotonic()
            subscriber.contents[message["id"]] = (message["kind"], message["camera"], message["time"])
    subscriber.take = remembering


def make_clip(folder, name, *source):
    """A clip of 4 s that the camera passes through."""
    clip = pathlib.Path(folder) / f"{name}.mkv"
    subprocess.run([shutil.which("ffmpeg"), "-v", "error", "-y", *source, "-t", "4", "-r", str(FPS), "-pix_fmt", "yuv420p",
                    "-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-g", str(2 * FPS), "-b:v", "1M", str(clip)], check=True)
    return clip


def make_frozen_clip(folder):
    """One drawn picture again and again."""
    drawn = pathlib.Path(folder) / "drawn.h264"
    subprocess.run([os.path.join(BIN, "rearview-camera"), "--render", str(drawn), "--duration-s", "1"], check=True,
                   capture_output=True)
    still = pathlib.Path(folder) / "still.png"
    subprocess.run([shutil.which("ffmpeg"), "-v", "error", "-y", "-i", str(drawn), "-frames:v", "1", str(still)], check=True)
    return make_clip(folder, "frozen", "-loop", "1", "-i", str(still))
