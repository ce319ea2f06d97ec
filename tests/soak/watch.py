"""Looks at the programs as a user does, all the time, and keeps what it saw."""

import dataclasses
import http.client
import json
import os
import pathlib
import threading
import time

EVERY_S = 0.1
PAGE = os.sysconf("SC_PAGESIZE")


@dataclasses.dataclass(frozen=True)
class Look:
    """One answer of the service, or none (camera is then None)."""

    at: float  # monotonic
    camera: dict | None
    took_s: float

    @property
    def live(self):
        return bool(self.camera) and self.camera["state"] == "live" and self.camera["analysis"] != "failed" and (
            self.camera["analysis_age_s"] is not None and self.camera["analysis_age_s"] < 1)

    @property
    def road(self):
        return self.camera["road"] if self.camera else None


class Watch(threading.Thread):
    """looks: all of them. late: (when, for how long) this process, or the thread of one of the two programs that had it
    worst, was ready and got no core. slack_s: of each promise in time, for machines that do other things as well."""

    def __init__(self, rig, slack_s):
        super().__init__(daemon=True)
        self.rig = rig
        self.slack_s = slack_s
        self.looks = []
        self.late = []
        self._delays = {}  # of each thread, since it began
        self._next_delays = 0.0
        self.ending = threading.Event()

    def run(self):
        due = time.monotonic()
        while not self.ending.is_set():
            now = time.monotonic()
            if now - due > EVERY_S:
                self.late.append((due, now - due))
            if now >= self._next_delays:
                self._next_delays = now + 1
                self.late.append((now, self._waited()))
            self.looks.append(self._look())
            due = time.monotonic() + EVERY_S
            self.ending.wait(EVERY_S)

    def _waited(self):
        """Seconds since the last time for which a thread of the programs was ready to run and didn't."""
        delays = {}
        for program in (self.rig.service, self.rig.camera):
            for statistics in pathlib.Path(f"/proc/{program.process.pid}/task").glob("*/schedstat"):
                try:
                    delays[statistics] = int(statistics.read_text().split()[1])
                except (OSError, IndexError):
                    continue  # it has ended
        before, self._delays = self._delays, delays
        return max((delay - before[one] for one, delay in delays.items() if one in before), default=0) / 1e9

    def _look(self):
        begun = time.monotonic()
        camera = None
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.rig.port, timeout=2)
            connection.request("GET", "/api/v1/cameras")
            answer = connection.getresponse()
            if answer.status == 200:
                camera = json.load(answer)[0]
            connection.close()
        except (OSError, ValueError, http.client.HTTPException):
            pass
        # It tells of the moment at which it was asked for.
        return Look(begun, camera, time.monotonic() - begun)

    def lateness(self, begin, end):
        """What is forgiven between the two: how long the machine let us wait for a core, and the slack."""
        return self.slack_s + sum(late for at, late in self.late if begin <= at <= end)

    def told(self, begun):
        """What the service said of its camera, a line for each change."""
        lines, before = [], None
        for look in self.looks:
            now = " ".join(str(look.camera[key]) for key in ("state", "analysis", "road", "text")) if look.camera else "no answer"
            now += "" if look.live or not look.camera else " (not live)"
            if now != before:
                lines.append(f"{look.at - begun:8.1f} s  {now}")
            before = now
        return lines

    def between(self, begin, end):
        return [look for look in self.looks if begin <= look.at <= end]


@dataclasses.dataclass(frozen=True)
class Size:
    at: float
    bytes: int
    descriptors: int
    threads: int


class Scale(threading.Thread):
    """Memory and descriptors of each life of each program: {(name, pid): [Size]}. calm: nothing is being done to them."""

    def __init__(self, rig):
        super().__init__(daemon=True)
        self.rig = rig
        self.lives = {}
        self.calm = threading.Event()
        self.ending = threading.Event()

    def run(self):
        while not self.ending.wait(1):
            if not self.calm.is_set():
                continue
            for life in list(self.rig.lives):
                process = pathlib.Path("/proc") / str(life[1])
                try:
                    memory = int((process / "statm").read_text().split()[1]) * PAGE
                    size = Size(time.monotonic(), memory, len(os.listdir(process / "fd")), len(os.listdir(process / "task")))
                except (OSError, ValueError):
                    continue  # it has ended
                if not memory:
                    continue  # it was killed, and nobody has asked how it ended yet
                self.lives.setdefault(life, []).append(size)
