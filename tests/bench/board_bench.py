"""The service on what stands for a small board: a quota of this machine's CPU and a limit of memory.

The quota is by how much slower a core of the board is than one here, both measured in the same way, twice: by 7-Zip, which
has no use for vector units (hopeful), and by a network, which lives on them (cautious: the other half of the work is not
slower by as much). All threads share the quota, as if the board had a single core; a real one has four, but slower memory.
So it is a model, and the truth should lie between the two. Needs root. Prints a table; asserts nothing.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

from programs import BIN, Camera, Service

# 7-Zip on one thread, MIPS, from Results.md of ThomasKaiser/sbc-bench: RP3A0 at 1.0 GHz, BCM2711 at 1.8 GHz and BCM2712
# at 2.4 GHz. ResNet-18 at 224x224 on one thread, ms, from benchmark/README.md of Tencent/ncnn: Raspberry Pi Zero 2 W,
# Raspberry Pi 4 B, and RK3588's Cortex-A76 at 2.4 GHz, which is the Pi 5's. Memory of the smallest model, MiB; both: camera
# and service on it.
BOARDS = {
    "zero2w": {"mips": 838, "resnet18_ms": 653.6, "memory_mib": 512, "both": True},
    "pi4": {"mips": 1741, "resnet18_ms": 190.8, "memory_mib": 1024, "both": False},
    "pi5": {"mips": 3305, "resnet18_ms": 61.0, "memory_mib": 2048, "both": False},
}
RESNET18_GMAC = 1.82  # He et al., Deep residual learning, CVPR 2016, table 1
OURS_GMAC = 0.329  # of rearview_vehicle.onnx at 416x256: kernels' weights times the places they are laid on
PERIOD_US = 50_000  # the shortest of which a kernel grants a fiftieth


def mips_here():
    """Of one thread, as 7-Zip rates it."""
    program = "7zz" if shutil.which("7zz") else "7z"
    report = subprocess.run([program, "b", "-mmt1"], check=True, capture_output=True, text=True).stdout
    return int(re.search(r"^Tot:.*\s(\d+)$", report, re.M)[1])


def gmac_per_s_here():
    """Of our network on one thread."""
    report = subprocess.run([os.path.join(BIN, "network_bench"), "models/rearview_vehicle.onnx", "416x256"], check=True,
                            capture_output=True, text=True).stdout
    fastest_ms = min(float(ms) for ms in re.findall(r"fastest +(\d+\.\d+) ms", report))  # of the backends
    return OURS_GMAC / fastest_ms * 1000


class Group:
    """A control group of version 1 or 2 in which a quota and a limit hold."""

    def __init__(self, share, memory_mib):
        root = pathlib.Path("/sys/fs/cgroup")
        name = f"rearview-bench-{os.getpid()}"
        unified = (root / "cgroup.controllers").exists()
        self.cpu = root / name if unified else root / "cpu" / name
        self.memory = root / name if unified else root / "memory" / name
        for folder in {self.cpu, self.memory}:
            folder.mkdir()
        quota = round(share * PERIOD_US)
        if unified:
            self._write(self.cpu / "cpu.max", f"{quota} {PERIOD_US}")
            self._write(self.cpu / "cpu.weight", 10_000)
            self._write(self.memory / "memory.max", memory_mib << 20)
        else:
            self._write(self.cpu / "cpu.cfs_period_us", PERIOD_US)
            self._write(self.cpu / "cpu.cfs_quota_us", quota)
            self._write(self.cpu / "cpu.shares", 262_144)
            self._write(self.memory / "memory.limit_in_bytes", memory_mib << 20)

    @staticmethod
    def _write(file, value):
        file.write_text(f"{value}\n", encoding="ascii")

    def take(self, program):
        for folder in {self.cpu, self.memory}:
            self._write(folder / "cgroup.procs", program.process.pid)

    def remove(self):
        for folder in {self.cpu, self.memory}:
            folder.rmdir()


def resident_mib(program):
    status = pathlib.Path(f"/proc/{program.process.pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


class Told:
    """What the service tells, and how old it is then."""

    def __init__(self, service):
        self.alert_ages_ms, self.roads = [], {}
        self.thread = threading.Thread(target=self._listen, args=(service,), daemon=True)
        self.thread.start()

    def _listen(self, service):
        with contextlib.suppress(OSError):
            for event, _, data in service.events():
                if event == "analysis":
                    key = data["road"] if data["state"] == "ok" else f"{data['road']} ({data['state']})"
                    self.roads[key] = self.roads.get(key, 0) + 1
                elif event == "alert" and data["latency_ms"]:
                    self.alert_ages_ms.append(data["latency_ms"]["total"])


def p95(values):
    return sorted(values)[int(0.95 * (len(values) - 1))] if values else None


def record(file, seconds):
    """The drawn road as the camera sends it: passing a file on costs about what a hardware encoder costs."""
    camera = Camera("--source", "scene")
    try:
        with socket.create_connection(("127.0.0.1", camera.port)) as stream, file.open("wb") as out:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                out.write(stream.recv(1 << 16))
    finally:
        camera.stop()


def measure(name, board, share, pace, seconds, recording):
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        group = Group(share, board["memory_mib"])
        stack.callback(group.remove)
        camera = Camera("--source", f"file:{recording}")
        stack.callback(camera.stop)
        stages = [{"type": "view"}, {"type": "looming"}, {"type": "onnx", "model": "rearview-vehicle", "pace": pace},
                  {"type": "tracker"}, {"type": "approach"}]
        config = folder / "rearview.json"
        config.write_text(json.dumps({"cameras": [{"name": "rear", "url": camera.url, "stages": stages}]}), encoding="utf-8")
        service = Service("--config", str(config))
        stack.callback(service.stop)
        service.wait_for_state("live")
        if board["both"]:
            group.take(camera)
        group.take(service)
        time.sleep(20)  # until the pace has been found
        told = Told(service)
        before = service.camera()
        start = time.monotonic()
        time.sleep(seconds)  # the span that is measured
        after = service.camera()
        per_s = (after["frames_analysed"] - before["frames_analysed"]) / (time.monotonic() - start)
        total = after["latency_ms"]["total"]
        alerts = p95(told.alert_ages_ms)
        looks = after["pace"] or {"every": 1, "input": {"width": 416, "height": 256}}
        memory = resident_mib(service) + (resident_mib(camera) if board["both"] else 0)
        roads = ", ".join(f"{road} {100 * count / sum(told.roads.values()):.0f} %" for road, count in
                          sorted(told.roads.items(), key=lambda entry: -entry[1]))
        print(f"{name} {pace:<6} {100 * share:4.0f} % of a core   {per_s:5.1f} pictures/s   age p50 {total['p50']:5.0f} ms, "
              f"p95 {total['p95']:5.0f} ms   {len(told.alert_ages_ms)} alerts, age p95 "
              f"{'-' if alerts is None else f'{alerts:.0f} ms'}   1 in {looks['every']}, "
              f"{looks['input']['width']}x{looks['input']['height']}   {memory:4.0f} MiB   {roads}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--board", required=True, choices=[*BOARDS, "all"])
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    if os.getuid() != 0:
        sys.exit("scripts/bench: --board makes control groups, and needs root for it")
    mips, gmac_per_s = mips_here(), gmac_per_s_here()
    print(f"One thread here: 7-Zip {mips} MIPS, our network {gmac_per_s:.1f} billion multiply-accumulates a second; load of the "
          f"machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        recording = pathlib.Path(folder, "road.h264")
        record(recording, 60)
        measure_boards(options, mips, gmac_per_s, recording)


def measure_boards(options, mips, gmac_per_s, recording):
    for name in BOARDS if options.board == "all" else [options.board]:
        board = BOARDS[name]
        shares = {"as 7-Zip": board["mips"] / mips, "as a network": RESNET18_GMAC / board["resnet18_ms"] * 1000 / gmac_per_s}
        for of, share in shares.items():
            if share >= 1:
                print(f"{name:<8} {of:<12} no slower than a core of this machine: not measured")
                continue
            for pace in ("fixed", "auto"):
                measure(f"{name:<8} {of:<12}", board, share, pace, options.seconds, recording)


if __name__ == "__main__":
    main()
