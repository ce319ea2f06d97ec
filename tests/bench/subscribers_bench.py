"""Many subscribers and viewers at one service: how late messages and pictures reach them, and what it costs.

REARVIEW_BIN=build/release/bin tests/bench/subscribers_bench.py [--subscribers N] [--viewers N] [--seconds S]
Delays of messages are from the service's own time stamp to the client; those of pictures from the
first viewer that has a picture to each of the others. Clients run in two processes of their own on the
same machine. Asserts nothing.
"""

import argparse
import datetime
import json
import multiprocessing
import os
import pathlib
import resource
import selectors
import socket
import sys
import time
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

from programs import Camera, Service

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
READ_BYTES = 1 << 18


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


class Messages:
    """One subscriber. delays: in ms, by kind of message."""

    def __init__(self, delays):
        self.delays, self.data = delays, b""

    def take(self, part, now):
        self.data += part
        while b"\n\n" in self.data:
            block, self.data = self.data.split(b"\n\n", 1)
            kind = block.partition(b"event: ")[2].partition(b"\n")[0].decode()
            if kind not in self.delays:
                continue
            message = json.loads(block.partition(b"data: ")[2])
            delay = now - datetime.datetime.fromisoformat(message["time"]).timestamp()
            # An alert bears the time of its picture: what came before it was sent is no delivery.
            self.delays[kind].append(1000 * delay - message.get("latency_ms", {}).get("total", 0))


class Pictures:
    """One viewer. first: when any viewer had a picture, by its sum."""

    def __init__(self, first, delays):
        self.first, self.delays = first, delays
        self.data, self.wanted = b"", None

    def take(self, part, now):
        self.data += part
        while True:
            if self.wanted is None:
                head, found, rest = self.data.partition(b"\r\n\r\n")
                length = head.lower().rpartition(b"content-length:")[2]
                if not found:
                    return
                self.data = rest
                self.wanted = int(length.split()[0]) if length.split() and length.split()[0].isdigit() else None
                continue
            if len(self.data) < self.wanted:
                return
            picture, self.data, self.wanted = self.data[:self.wanted], self.data[self.wanted:], None
            self.delays.append(1000 * (now - self.first.setdefault(zlib.crc32(picture), now)))


def serve(port, path, clients, seconds, ready, results):
    selector = selectors.DefaultSelector()
    for client in clients:
        link = socket.create_connection(("127.0.0.1", port), 30)
        link.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        link.setblocking(False)
        selector.register(link, selectors.EVENT_READ, client)
    ready.wait()
    end = time.monotonic() + seconds
    lost = 0
    while (left := end - time.monotonic()) > 0:
        for key, _ in selector.select(left):
            part = key.fileobj.recv(READ_BYTES)
            if part:
                key.data.take(part, time.time())
            else:
                lost += 1
                selector.unregister(key.fileobj)
    results.put((path, clients[0].delays if clients else [], lost))


def subscribe(port, count, *rest):
    delays = {"heartbeat": [], "alert": []}
    serve(port, "/api/v1/events", [Messages(delays) for _ in range(count)], *rest)


def watch(port, count, *rest):
    first, delays = {}, []
    serve(port, "/api/v1/cameras/rear/stream.mjpg", [Pictures(first, delays) for _ in range(count)], *rest)


def shown(delays):
    delays = sorted(delays)
    at = lambda share: delays[int(share * (len(delays) - 1))]
    return f"p50 {at(0.5):6.1f} ms   p95 {at(0.95):6.1f} ms   most {delays[-1]:6.1f} ms   ({len(delays)})" if delays else "none came"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--subscribers", type=int, default=200)
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    need = options.subscribers + options.viewers + 100
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < need:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(need, hard), hard))
    camera = Camera("--source", "scene")
    service = Service("--camera", camera.url)
    try:
        service.wait_for_state("live")
        measure(camera, service, options)
    finally:
        service.stop()
        camera.stop()


def measure(camera, service, options):
    pids = {"rearview serve": service.process.pid, "rearview-camera": camera.process.pid}
    ready, results = multiprocessing.Barrier(3), multiprocessing.Queue()
    before = {name: cpu_s(pid) for name, pid in pids.items()}
    start = time.monotonic()
    for event, _, _ in service.events():  # heartbeats, one a second: the cost without the crowd
        if time.monotonic() - start > options.seconds / 3:
            break
    alone = {name: 100 * (cpu_s(pid) - before[name]) / (time.monotonic() - start) for name, pid in pids.items()}
    crowd = [multiprocessing.Process(target=target, args=(service.port, count, options.seconds, ready, results))
             for target, count in ((subscribe, options.subscribers), (watch, options.viewers))]
    for one in crowd:
        one.start()
    ready.wait()
    before, start = {name: cpu_s(pid) for name, pid in pids.items()}, time.monotonic()
    found = dict((path, (delays, lost)) for path, delays, lost in (results.get() for _ in crowd))
    passed = time.monotonic() - start
    for one in crowd:
        one.join()
    messages, lost_subscribers = found["/api/v1/events"]
    pictures, lost_viewers = found["/api/v1/cameras/rear/stream.mjpg"]
    print(f"{options.subscribers} subscribers of events and {options.viewers} viewers of pictures for {passed:.0f} s, "
          f"{lost_subscribers + lost_viewers} of them closed; load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for kind, delays in messages.items():
        print(f"{kind:<10} sent to received            {shown(delays)}")
    print(f"{'picture':<10} first viewer to each       {shown(pictures)}   "
          f"{len(pictures) / max(1, options.viewers) / passed:.1f} a second each")
    for name, pid in pids.items():
        now = 100 * (cpu_s(pid) - before[name]) / passed
        print(f"{name:<18} {alone[name]:6.1f} % of a core before, {now:6.1f} % with all of them")


if __name__ == "__main__":
    main()
