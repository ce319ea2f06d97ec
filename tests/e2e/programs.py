"""Starts our programs for end-to-end tests and waits for what they say, never for time to pass."""

import http.client
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import threading
import time
import unittest

BIN = os.environ["REARVIEW_BIN"]  # the folder with rearview and rearview-camera; CTest sets it
ASSETS = os.environ.get("REARVIEW_ASSETS")
DEADLINE_S = 90  # of a slow and busy machine
# CTest sets it. The thread sanitizer makes drawing and analysis a dozen times slower: live, only small pictures at a slow
# pace are kept up with, and no network.
THREADS_WATCHED = "thread" in os.environ.get("REARVIEW_SANITIZE", "")
SCENE_FPS = 12 if THREADS_WATCHED else 30
SCENE_SIZE = {"width_px": 320, "height_px": 180, "fps": SCENE_FPS} if THREADS_WATCHED else {}


def needs_assets(test):
    return unittest.skipUnless(ASSETS, "REARVIEW_ASSETS is unset: no real footage to test on")(test)


def free_port():
    """One that the system gives to nobody who asks for any: it can be let go and taken again."""
    first = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.SystemRandom().randrange(10_000, max(11_000, first))
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue


def dead_camera():
    """The address of a port of this process' own, at which nobody listens."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    _taken.append(taken)
    return f"tcp://127.0.0.1:{taken.getsockname()[1]}"


_taken = []  # until the process ends


def wait_for(condition, what, deadline_s=DEADLINE_S):
    """Polls until condition() is truthy and returns that value."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        threading.Event().wait(0.01)
    raise AssertionError(f"waited {deadline_s} s in vain for {what}")


class Program:
    """A child process whose stderr is kept line by line."""

    def __init__(self, name, *arguments, binary=None, environment=None):
        self.name = name
        self.lines = []
        self._news = threading.Condition()
        self._ended = False
        self.process = subprocess.Popen(
            [binary or os.path.join(BIN, name), *arguments], env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stderr:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def wait_for_line(self, pattern):
        """The match of the first line of stderr, past or to come, that pattern finds."""
        expression = re.compile(pattern)
        seen = 0
        end = time.monotonic() + DEADLINE_S
        with self._news:
            while True:
                for line in self.lines[seen:]:
                    match = expression.search(line)
                    if match:
                        return match
                seen = len(self.lines)
                left = end - time.monotonic()
                if self._ended or left <= 0:
                    raise AssertionError(f"{self.name} never said /{pattern}/; it said:\n" + "\n".join(self.lines[-40:]))
                self._news.wait(left)

    def stop(self, number=signal.SIGTERM):
        """Ends it by a signal and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            code = self.process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.name} did not end on signal {number}; it said:\n" + "\n".join(self.lines[-40:]))
        self._reader.join(DEADLINE_S)
        self.process.stdout.close()
        self.process.stderr.close()
        return code


class Camera(Program):
    def __init__(self, *arguments, stream="127.0.0.1:0"):
        super().__init__("rearview-camera", "--stream", stream, "--http", "127.0.0.1:0", *arguments)
        self.port = int(self.wait_for_line(r"component=stream msg=listening .*port=(\d+)")[1])
        self.url = f"tcp://127.0.0.1:{self.port}"


def scene_camera(folder, seed, scene=None, **encoder):
    """A camera that draws this road."""
    config = pathlib.Path(folder, "camera.json")
    config.write_text(json.dumps({"scene": scene or {}, "encoder": {**SCENE_SIZE, **encoder}}))
    return Camera("--config", str(config), "--source", "scene", "--seed", str(seed))


def live_stages():
    """What a service's camera is set to, so that its analysis keeps up with scene_camera()."""
    return {"stages": [{"type": one} for one in ("view", "looming", "tracker", "approach")]} if THREADS_WATCHED else {}


def live_settings(folder):
    """The same as arguments of a service without settings of its own."""
    if not THREADS_WATCHED:
        return ()
    config = pathlib.Path(folder, "live.json")
    config.write_text(json.dumps({"cameras": [{"name": "rear", **live_stages()}]}))
    return "--config", str(config)


def names_a_store(arguments):
    """Without one the service would write in the home of whoever runs the tests."""
    if "--store" in arguments:
        return True
    configurations = [arguments[i + 1] for i, argument in enumerate(arguments) if argument == "--config"]
    return any('"folder"' in pathlib.Path(one).read_text(encoding="utf-8") for one in configurations)


class Service(Program):
    """tls: an SSLContext to ask with; without it plain HTTP."""

    def __init__(self, *arguments, http="127.0.0.1:0", environment=None, tls=None, default_store=False):
        self.tls = tls
        if not default_store and not names_a_store(arguments):
            arguments += "--store", "none"
        super().__init__("rearview", "serve", "--http", http, *arguments, environment=environment)
        self.port = int(self.wait_for_line(r"component=serve msg=serving .*port=(\d+)")[1])

    def connection(self):
        if self.tls:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=DEADLINE_S, context=self.tls)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)

    def get(self, path, headers=None):
        return self.ask("GET", path, headers)

    def ask(self, method, path, headers=None):
        """(status, headers, body) of one request."""
        connection = self.connection()
        try:
            connection.request(method, path, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def get_json(self, path):
        status, _, body = self.get(path)
        assert status == 200, (status, body)
        return json.loads(body)

    def camera(self, name="rear"):
        return next(c for c in self.get_json("/api/v1/cameras") if c["name"] == name)

    def wait_for_state(self, state):
        return wait_for(lambda: self.camera()["state"] == state, f"camera state {state}")

    def events(self, path="/api/v1/events", headers=None):
        """Server-Sent Events as (event, id, data), forever."""
        connection = self.connection()
        connection.request("GET", path, headers=headers or {})
        response = connection.getresponse()
        assert response.status == 200, response.status
        event = {}
        try:
            for raw in response:
                line = raw.decode().rstrip("\r\n")
                if not line:
                    if "data" in event:
                        yield event.get("event", "message"), event.get("id"), json.loads(event["data"])
                    event = {}
                elif not line.startswith(":"):
                    field, _, value = line.partition(":")
                    event[field] = value.removeprefix(" ")
        finally:
            connection.close()

    def pictures(self, name="rear"):
        """JPEGs of the MJPEG stream, forever."""
        sock = socket.create_connection(("127.0.0.1", self.port), DEADLINE_S)
        if self.tls:
            sock = self.tls.wrap_socket(sock, server_hostname="127.0.0.1")
        try:
            sock.sendall(f"GET /api/v1/cameras/{name}/stream.mjpg HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            stream = sock.makefile("rb")
            assert b" 200 " in stream.readline()
            length = None
            while True:
                line = stream.readline()
                assert line, "the stream ended"
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
                elif line in (b"\r\n", b"\n") and length is not None:
                    yield stream.read(length)
                    length = None
        finally:
            sock.close()
