"""Many clients at once, in processes of their own: the same code reads our service and its peers."""

import collections
import datetime
import json
import multiprocessing
import selectors
import socket
import ssl
import time
import zlib

import cv2
import numpy as np

from time_code import age_ms
from usage import cpu_s, thread_cpu_s

READ_BYTES = 1 << 18
WARM_UP_S = 1  # what waited while the others connected doesn't count

# Where something is to be had: a port of this machine and the path there; tls: an SSLContext, or None for plain HTTP.
Place = collections.namedtuple("Place", "port path tls", defaults=[None])
# delays: in ms by kind of message; behind: of each picture, in ms after the first viewer had it; ages: in ms since
# it was drawn; cpu, threads: seconds by name; recorded: what the first subscriber got, as (second, kind, message).
Round = collections.namedtuple("Round", "subscribers viewers passed delays recorded ages behind picture_bytes lost cpu threads")


class Messages:
    """One subscriber."""

    def __init__(self, delays, recorded=None):
        self.delays, self.recorded, self.data = delays, recorded, b""

    def take(self, part, now, counts):
        self.data += part
        while b"\n\n" in self.data:
            block, self.data = self.data.split(b"\n\n", 1)
            kind = block.partition(b"event: ")[2].partition(b"\n")[0].decode()
            if kind not in self.delays or not counts:
                continue
            message = json.loads(block.partition(b"data: ")[2])
            delay = time.time() - datetime.datetime.fromisoformat(message["time"]).timestamp()
            # An alert bears the time of its picture: what came before it was sent is no delivery.
            self.delays[kind].append(1000 * delay - message.get("latency_ms", {}).get("total", 0))
            if self.recorded is not None:
                self.recorded.append((now, kind, message))


class Pictures:
    """One viewer. seen: by its sum, each picture and when every viewer had it."""

    def __init__(self, seen):
        self.seen, self.data, self.wanted = seen, b"", None

    def take(self, part, now, counts):
        self.data += part
        while True:
            if self.wanted is None:
                head, found, rest = self.data.partition(b"\r\n\r\n")
                length = head.lower().rpartition(b"content-length:")[2].split()
                if not found:
                    return
                self.data = rest
                self.wanted = int(length[0]) if length and length[0].isdigit() else None
                continue
            if len(self.data) < self.wanted:
                return
            picture, self.data, self.wanted = self.data[:self.wanted], self.data[self.wanted:], None
            if counts:
                self.seen.setdefault(zlib.crc32(picture), (picture, []))[1].append(now)


def receive(link):
    """What has come; None for nothing that can be read yet."""
    try:
        part = link.recv(READ_BYTES)
        while part and isinstance(link, ssl.SSLSocket) and link.pending():
            part += link.recv(READ_BYTES)
        return part
    except ssl.SSLWantReadError:
        return None


def read(place, clients, seconds, ready):
    """Returns how many clients were closed."""
    selector = selectors.DefaultSelector()
    for client in clients:
        link = socket.create_connection(("127.0.0.1", place.port), 30)
        if place.tls:
            link = place.tls.wrap_socket(link, server_hostname="127.0.0.1")
        link.sendall(f"GET {place.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*, text/event-stream\r\n\r\n".encode())
        link.setblocking(False)
        selector.register(link, selectors.EVENT_READ, client)
    ready.wait()
    start, lost = time.monotonic() + WARM_UP_S, 0
    while (left := start + seconds - time.monotonic()) > 0:
        for key, _ in selector.select(left):
            part = receive(key.fileobj)
            if part:
                now = time.monotonic()
                key.data.take(part, now, now >= start)
            elif part is not None:
                lost += 1
                selector.unregister(key.fileobj)
    return lost


def subscribe(place, count, seconds, ready, results):
    delays, recorded = {"heartbeat": [], "alert": []}, []
    lost = read(place, [Messages(delays, None if i else recorded) for i in range(count)], seconds, ready)
    start = recorded[0][0] if recorded else 0
    results.put({"delays": delays, "recorded": [(at - start, kind, message) for at, kind, message in recorded],
                 "lost_subscribers": lost})


def watch(place, count, seconds, ready, results):
    seen = {}
    lost = read(place, [Pictures(seen) for _ in range(count)], seconds, ready)
    ages, behind = [], []
    for picture, times in seen.values():  # not before the round is over, so that it costs the round nothing
        decoded = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
        ages += [age for at in times if (age := age_ms(decoded, at)) is not None]
        behind += [1000 * (at - times[0]) for at in times]
    size = sum(len(picture) for picture, _ in seen.values()) / max(1, len(seen))
    results.put({"ages": ages, "behind": behind, "picture_bytes": size, "lost_viewers": lost})


def run_round(events, subscribers, pictures, viewers, seconds, programs, threads):
    """Reads for so long and returns a Round. events, pictures: a Place, or None for no such clients.

    programs: Program by name; threads: (Program, name of a thread) by what it does.
    """
    jobs = [(subscribe, events, subscribers)] * (events is not None) + [(watch, pictures, viewers)] * (pictures is not None)
    ready, results = multiprocessing.Barrier(len(jobs) + 1), multiprocessing.Queue()
    crowd = [multiprocessing.Process(target=job, args=(*rest, seconds, ready, results)) for job, *rest in jobs]
    for one in crowd:
        one.start()
    usage = lambda: ({name: cpu_s(program.process.pid) for name, program in programs.items()},
                     {name: thread_cpu_s(program.process.pid, thread) for name, (program, thread) in threads.items()})
    ready.wait(60)
    time.sleep(WARM_UP_S)
    (cpu, by_thread), start = usage(), time.monotonic()
    time.sleep(seconds)  # the span that is measured
    (cpu_now, by_thread_now), passed = usage(), time.monotonic() - start
    found = {"delays": {}, "recorded": [], "ages": [], "behind": [], "picture_bytes": 0, "lost_subscribers": 0, "lost_viewers": 0}
    for _ in crowd:
        found.update(results.get(timeout=seconds + 60))
    for one in crowd:
        one.join()
    lost = found.pop("lost_subscribers") + found.pop("lost_viewers")
    return Round(subscribers=subscribers if events else 0, viewers=viewers if pictures else 0, passed=passed, lost=lost, **found,
                 cpu={name: cpu_now[name] - cpu[name] for name in cpu},
                 threads={name: by_thread_now[name] - by_thread[name] for name in by_thread})
