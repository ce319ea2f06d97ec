"""50 clients at one camera, 10 of them stuck and 10 slow: what the healthy ones, memory and CPU say.

REARVIEW_BIN=build/release/bin tests/camera/clients_bench.py [SECONDS]
Exits with 1 when a healthy client or the recorder lost a picture.
"""

import http.client
import json
import os
import pathlib
import re
import selectors
import socket
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from made_clip import make_clip  # noqa: E402
from programs import DEADLINE_S, Program  # noqa: E402

HEALTHY, STUCK, SLOW = 30, 10, 10
SMALL_BUFFER = 4096
DELIMITER = b"\0\0\0\1\x09\xf0"


def status(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)
    connection.request("GET", "/api/v1/status")
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def memory_kb(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def connect(port, receive_buffer=0):
    client = socket.socket()
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.connect(("127.0.0.1", port))
    client.setblocking(False)
    return client


class Healthy:
    def __init__(self):
        self.pictures = 0
        self.tail = b""

    def take(self, part):
        self.pictures += (self.tail + part).count(DELIMITER)
        self.tail = (self.tail + part)[-(len(DELIMITER) - 1):]


def watch(camera, port, seconds):
    """Serves all clients for a time; returns the healthy ones and the camera's memory over time."""
    selector = selectors.DefaultSelector()
    healthy = [Healthy() for _ in range(HEALTHY)]
    for client in healthy:
        selector.register(connect(port), selectors.EVENT_READ, client)
    stuck = [connect(port, SMALL_BUFFER) for _ in range(STUCK)]
    slow = [connect(port, SMALL_BUFFER) for _ in range(SLOW)]
    memory = []
    end = time.monotonic() + seconds
    next_slow = time.monotonic()
    while time.monotonic() < end:
        for key, _ in selector.select(0.02):
            part = key.fileobj.recv(1 << 18)
            if not part:
                sys.exit("a healthy client was disconnected")
            key.data.take(part)
        if time.monotonic() > next_slow:
            next_slow += 0.1
            memory.append(memory_kb(camera.process.pid))
            for client in slow:
                try:
                    client.recv(2000)  # 20 kB/s of a stream of 125
                except (BlockingIOError, ConnectionResetError):
                    pass
    for client in stuck + slow:
        client.close()
    return healthy, memory


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 300
    with tempfile.TemporaryDirectory() as folder:
        clip = os.path.join(folder, "clip.h264")
        make_clip(clip, 20, "-b:v", "1M", size="640x360", gop=30)
        camera = Program("rearview-camera", "--source", "file:" + clip, "--stream", "127.0.0.1:0",
                         "--http", "127.0.0.1:0", "--record", os.path.join(folder, "videos"))
        stream = int(camera.wait_for_line(r"component=stream msg=listening .*port=(\d+)")[1])
        device = int(camera.wait_for_line(r"component=device msg=listening .*port=(\d+)")[1])
        start, before = time.monotonic(), cpu_s(camera.process.pid)
        time.sleep(5)
        alone = (cpu_s(camera.process.pid) - before) / (time.monotonic() - start)
        start, before = time.monotonic(), cpu_s(camera.process.pid)
        healthy, memory = watch(camera, stream, seconds)
        busy = (cpu_s(camera.process.pid) - before) / (time.monotonic() - start)
        now = status(device)
        camera.stop()
    counts = [client.pictures for client in healthy]
    clients = now["stream"]["clients"]
    unskipped = sum(client["skipped"] == 0 for client in clients)
    lost = now["record"]["lost"]
    print(f"CPU of one core: {alone:.2%} alone, {busy:.2%} with {HEALTHY + STUCK + SLOW} clients, "
          f"{(busy - alone) / (HEALTHY + STUCK + SLOW):.4%} a client")
    print(f"memory: {memory[0]} kB at the start, {max(memory)} kB at most, {memory[-1]} kB at the end")
    print(f"healthy: {min(counts)} to {max(counts)} pictures each in {seconds:.0f} s, "
          f"{unskipped} clients without a skipped picture")
    print(f"stuck and dropped: {now['stream']['dropped_stuck']}; skipped for the slow: {now['stream']['skipped']}")
    print(f"recorded: {now['record']['pictures']}, lost: {lost}")
    print(f"encoder-in to kernel: p50 {now['stream']['delay_ms']['p50']:.1f} ms, p95 {now['stream']['delay_ms']['p95']:.1f} ms")
    sys.exit(0 if unskipped >= HEALTHY and lost == 0 else 1)


if __name__ == "__main__":
    main()
