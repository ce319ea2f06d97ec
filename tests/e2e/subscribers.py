"""Subscribers of every channel, each as a careful user would write it: it remembers the last alert it
saw, comes back after every fault, and takes no alert twice."""

import http.client
import json
import socket
import threading

import websocket

PAUSE_S = 0.1  # before coming back


class Subscriber:
    """ids: what its user was given, in order. restart(): forgets all but the last id."""

    name = "?"
    query = ""  # more that is asked for

    def __init__(self, last):
        self.last = last
        self.ids = []
        self.repeats = 0  # came again and were recognised by their id
        self.heartbeat = None
        self._stopping = threading.Event()
        self._thread = None

    def start(self):
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self):
        self._stopping.set()
        self.interrupt()
        self._thread.join(20)
        assert not self._thread.is_alive(), f"{self.name} does not end"

    def take(self, message):
        if message["type"] == "heartbeat":
            self.heartbeat = message
        elif message["type"] == "alert":
            if message["id"] <= self.last:
                self.repeats += 1
                return
            self.ids.append(message["id"])
            self.last = message["id"]

    def _run(self):
        while not self._stopping.is_set():
            try:
                self.receive()
            except (OSError, EOFError, ValueError, http.client.HTTPException, websocket.WebSocketException):
                pass
            self._stopping.wait(PAUSE_S)

    def receive(self):
        """Connects and takes until the connection ends."""
        raise NotImplementedError

    def interrupt(self):
        """Makes receive() end."""


class Events(Subscriber):
    name = "Server-Sent Events"

    def __init__(self, last, port):
        super().__init__(last)
        self.port = port

    def receive(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=3)  # silence is a fault
        connection.request("GET", f"/api/v1/events?{self.query}", headers={"Last-Event-ID": str(self.last)})
        with connection.getresponse() as response:
            if response.status != 200:
                return
            for line in response:
                if self._stopping.is_set():
                    break
                if line.startswith(b"data: "):
                    self.take(json.loads(line[6:]))
        connection.close()


class WebSocket(Subscriber):
    name = "WebSocket"

    def __init__(self, last, port):
        super().__init__(last)
        self.port = port

    def receive(self):
        link = websocket.create_connection(f"ws://127.0.0.1:{self.port}/api/v1/ws?after={self.last}&{self.query}", timeout=3)
        try:
            while not self._stopping.is_set():
                text = link.recv()
                if not text:
                    return
                self.take(json.loads(text))
        finally:
            link.close()


class Lines(Subscriber):
    name = "JSON lines"

    def __init__(self, last, path):
        super().__init__(last)
        self.path = path

    def receive(self):
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(3)
            link.connect(self.path)
            link.sendall(json.dumps({"after": self.last}).encode() + b"\n")
            for line in link.makefile("rb"):
                if self._stopping.is_set():
                    return
                if line.endswith(b"\n"):
                    self.take(json.loads(line))
