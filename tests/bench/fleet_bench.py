"""What the queue of an archive costs beside a plain loop, and what a collector takes and needs.

REARVIEW_BIN=build/release/bin tests/bench/fleet_bench.py [--clips N] [--seconds S] [--rounds N] [--messages N]

Of one worker and of two it counts from their start to their last result, as of the loops beside them; the middle of the
rounds counts, which take turns. Two workers want two cores that nobody else uses.
"""

import argparse
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / room) for room in ("archive", "e2e", "fleet")]

from archive_programs import REARVIEW, make_clip, rearview, results
from fleet_programs import POSTGRES, STREAM, Collector, Gateway, Postgres

from nats_server import NatsServer
from programs import Program, wait_for


def check(result):
    assert result.returncode == 0, result.stderr
    return result


class Archive:
    def __init__(self, folder, options):
        self.folder, self.options = folder, options
        self.clips = [folder / "rides" / f"clip{number}.mkv" for number in range(options.clips)]
        for number, clip in enumerate(self.clips):
            make_clip(clip, number, options.seconds)
        self.server = NatsServer(folder / "jetstream")
        self.outs = 0

    def out(self):
        self.outs += 1
        return self.folder / f"out{self.outs}"

    def until_last(self, out, begun):
        assert len(results(out)) == len(self.clips), out
        return max(file.stat().st_mtime for file in out.glob("*.json")) - begun

    def plain_loop(self):
        """A program for each recording, as a shell would do it."""
        begun = time.time()
        for clip in self.clips:
            with open(os.devnull, "w", encoding="utf-8") as nowhere:
                subprocess.run([REARVIEW, "analyze", clip, "--json", "-"], check=True, stdout=nowhere, stderr=nowhere)
        return time.time() - begun

    def one_program(self):
        out = self.out()
        begun = time.time()
        check(rearview("analyze", "--out", out, *self.clips))
        return self.until_last(out, begun)

    def workers(self, count):
        out = self.out()
        check(rearview("archive", "submit", "--nats", self.server.url, *self.clips))
        begun = time.time()
        programs = [Program("rearview", "archive", "work", "--nats", self.server.url, "--out", str(out), "--until-empty")
                    for _ in range(count)]
        for program in programs:
            assert program.process.wait(3600) == 0, program.lines
        return self.until_last(out, begun)

    def run(self):
        ways = {"plain loop of rearview analyze": self.plain_loop, "rearview analyze --out": self.one_program,
                "one worker": lambda: self.workers(1), "two workers": lambda: self.workers(2)}
        took_s = {name: [] for name in ways}
        for number in range(self.options.rounds):
            for name in list(ways)[number % len(ways):] + list(ways)[:number % len(ways)]:
                took_s[name].append(ways[name]())
        middle = {name: statistics.median(times) for name, times in took_s.items()}
        print(f"{len(self.clips)} recordings of {self.options.seconds} s, {self.options.rounds} rounds, {os.cpu_count()} cores, "
              f"load {os.getloadavg()[0]:.1f}")
        for name, times in took_s.items():
            print(f"  {name:<32} {middle[name]:7.2f} s   ({min(times):.2f} to {max(times):.2f})")
        for name in list(ways)[:2]:
            print(f"  one worker beside the {name}: {100 * (middle['one worker'] / middle[name] - 1):+.1f} %")
        print(f"  two workers are {middle['one worker'] / middle['two workers']:.2f} times as fast as one", flush=True)


def resident_mb(program):
    """Now, and the most that it ever was."""
    status = pathlib.Path(f"/proc/{program.process.pid}/status").read_text()
    fields = dict(line.split(":", 1) for line in status.splitlines())
    return tuple(int(fields[key].split()[0]) / 1024 for key in ("VmRSS", "VmHWM"))


class Fleet:
    def __init__(self, folder, postgres):
        self.postgres = postgres
        self.server = NatsServer(folder / "jetstream")
        self.database = postgres.make(f"bench{folder.name.replace('-', '')}")

    def publish(self, gateways, each):
        """With a state for every ten alerts."""
        publishers = [Gateway(self.server, f"g{number}", stream=STREAM) for number in range(gateways)]
        for publisher in publishers:
            for number in range(1, each + 1):
                publisher.alert(number, (52.5, 13.4), track_id=7, box={"x": 1, "y": 2, "w": 3, "h": 4}, ttc_s=3.1, distance_m=20.0,
                                closing_mps=6.5, side="right", latency_ms={"decode": 1.0, "analyse": 2.0, "total": 3.0})
                if number % 10 == 0:
                    publisher.send("state", publisher.envelope("state", {"cameras": [{"name": "rear", "road": "clear"}],
                                                                         "time_ms": int(time.time() * 1000)}))
                if number % 1000 == 0:
                    publisher.flush()
            publisher.flush()
        return publishers

    def rows(self):
        return int(self.postgres.value(self.database, "SELECT count(*) FROM alerts"))

    def collect(self, number):
        """The collector, and the seconds from its first row to its last."""
        collector = Collector(self.server.url, self.postgres.url(self.database))
        first = wait_for(self.rows, "rows")
        begun = time.monotonic()
        wait_for(lambda: self.rows() >= number, f"{number} rows", 600)
        return collector, (number - first) / (time.monotonic() - begun)

    def close(self):
        self.server.stop()


def bench_collector(folder, messages):
    for name, durable in (("a disk that doesn't wait", False), ("each commit on the disk", True)):
        postgres = Postgres(durable)
        fleet = Fleet(folder / f"rate{int(durable)}", postgres)
        try:
            fleet.publish(10, messages // 10)
            collector, rate = fleet.collect(messages // 10 * 10)
            collector.stop()
            print(f"one collector, {messages} alerts of ten gateways, {name}: {rate:.0f} a second (load {os.getloadavg()[0]:.1f})",
                  flush=True)
        finally:
            fleet.close()
            postgres.close()


def bench_memory(folder):
    postgres = Postgres()
    try:
        print("gateways   collector now, most   nats-server now, most   (5000 alerts of all together)")
        for gateways in (1, 10, 100):
            fleet = Fleet(folder / f"memory{gateways}", postgres)
            publishers = fleet.publish(gateways, 5000 // gateways)
            collector, _ = fleet.collect(5000 // gateways * gateways)
            ours, theirs = resident_mb(collector), resident_mb(fleet.server.program)
            print(f"{gateways:8}   {ours[0]:9.1f} {ours[1]:7.1f} MB   {theirs[0]:10.1f} {theirs[1]:7.1f} MB", flush=True)
            for publisher in publishers:
                publisher.close()
            collector.stop(signal.SIGTERM)
            fleet.close()
    finally:
        postgres.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=30_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        archive = Archive(folder, options)
        try:
            archive.run()
        finally:
            archive.server.stop()
        if POSTGRES:
            bench_collector(folder, options.messages)
            bench_memory(folder)


if __name__ == "__main__":
    main()
