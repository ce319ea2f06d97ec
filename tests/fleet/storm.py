#!/usr/bin/env python3
"""A fleet and an archive in a storm; then, whether anything was lost, doubled, out of order or half.

REARVIEW_BIN=build/release/bin tests/fleet/storm.py [--minutes N] [--seed S] [--gateways N] [--jobs N] [--queued N]
    [--slack SECONDS]

Three nats-servers with streams on all of them, a leaf node, a PostgreSQL of its own; gateways (real services whose
cameras come and go), two collectors, three workers with recordings to analyse. The seed gives what is cut, killed and
filled, when, and for how long. In the end everything is there again, and what lies in the database is compared with the
stores of the gateways, what lies in the folders of the workers with what one process makes. Exit code 1: something did
not hold, or did not happen. docs/fleet.md tells what came of it. As root one worker has a disk of its own, which gets full.
"""

import argparse
import collections
import contextlib
import hashlib
import heapq
import itertools
import json
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import threading
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / room) for room in ("archive", "e2e")]

from archive_programs import make_clip, rearview, results
from cluster import Cluster, Leaf, Link
from disk import Disk
from fleet_programs import POSTGRES, Collector, Gateway, Postgres, pending, wait_less
from storm_gateways import MadeStore, StormGateway, drawn_road

from programs import Program, wait_for

STREAMS = ("REARVIEW", "REARVIEW_ARCHIVE", "REARVIEW_ARCHIVE_DONE")
DATABASE = "storm"
SILENT_S = 3  # the collectors' --silent-s
CLIP_S = 6
LIGHT = {"cameras": [{"stages": [{"type": "view"}, {"type": "looming"}, {"type": "tracker"}, {"type": "approach"}]}]}
DRAIN_S = 30  # 10,000 alerts


class Storm:
    def __init__(self, folder, options):
        self.folder, self.options = folder, options
        self.rng = random.Random(options.seed)
        self.broken = []  # what did not hold, in words
        self.happened = collections.Counter()
        self.ends = []  # heap of (when, number, what, call) of faults that are under way
        self.numbers = itertools.count()
        self.busy = set()  # whom a fault is done to
        self.lock = threading.Lock()  # of gateways' away_since, and collectors
        self.over = threading.Event()
        self.watchers = []
        self.roads_seen = collections.Counter()
        self.first_seen = {}  # file of a result -> hash of what was there first
        self.lasted_s = 0
        self.closing = contextlib.ExitStack()
        self.gateways, self.collectors, self.workers = [], {}, {}

    def make(self):
        options = self.options
        self.postgres = Postgres()
        self.closing.callback(self.postgres.close)
        self.postgres.make(DATABASE)
        self.postgres.ask(DATABASE, "CREATE EXTENSION postgis")  # takes long on a busy machine
        self.cluster = Cluster(self.folder / "nats")
        self.closing.callback(self.cluster.stop)
        self.leaf = Leaf(self.folder, self.cluster)
        self.closing.callback(self.leaf.close)
        units = drawn_road(self.folder)
        store = MadeStore(self.folder / "made")
        for number in range(options.gateways):
            link = None if number % 5 == 4 else Link([server.port for server in self.cluster.servers])
            gateway = StormGateway(self.folder, number, store, units, options.seed, self.leaf.server.url if link is None else link.url,
                                   link, sees=number % 5 in (0, 4) and number < 10)
            gateway.store.make_alerts(20)
            self.gateways.append(gateway)
        self.rides, self.shared = self.folder / "rides", self.folder / "shared"
        self.submitted = []
        self.config = self.folder / "light.json"
        self.config.write_text(json.dumps(LIGHT))
        (self.folder / "disk").mkdir()
        self.disk = Disk(self.folder / "disk")
        self.closing.callback(self.disk.close)
        self.closing.callback(self.kill_all)
        self.outs = [self.shared, self.shared, self.disk.folder / "out"]
        for gateway in self.gateways:
            gateway.start()
            self.is_back(gateway)
        self.cluster.ask("$JS.API.STREAM.INFO.REARVIEW", {})
        for number in range(2):
            self.start_collector(number)
        self.submit(max(3, options.jobs // 4))
        for number in range(3):
            self.start_worker(number)
        wait_less(self.cluster.ask, 10)

    def kill_all(self):
        self.over.set()
        for watcher in self.watchers:
            watcher.join()
        for program in [*self.collectors.values(), *self.workers.values()]:
            program.stop(signal.SIGKILL)
        for gateway in self.gateways:
            gateway.close()

    def describe(self):
        """For whoever looks for what went wrong."""
        print("in the stream for collectors:", pending(self.cluster.request))
        for gateway in self.gateways:
            said = [line for line in gateway.service.lines if "publish" in line][-2:] if gateway.service else ["not begun"]
            print(gateway.name, *said, sep="\n  ")
        for role in (self.collectors, self.workers):
            for number, program in role.items():
                print(program.process.args[1:3], number, program.process.poll(), *program.lines[-5:], sep="\n  ")
        for server in self.cluster.servers:
            print(*server.program.lines[-5:], sep="\n  ")

    # Roles

    def start_collector(self, number):
        collector = Collector(self.cluster.url, self.postgres.url(DATABASE), "--silent-s", SILENT_S)
        with self.lock:
            self.collectors[number] = collector

    def start_worker(self, number):
        self.workers[number] = Program("rearview", "archive", "work", "--nats", self.cluster.url, "--out", str(self.outs[number]),
                                       "--config", str(self.config), "--max-deliver", "100")

    def submit(self, count):
        """As many recordings more, and every job once again: it does no harm."""
        for number in range(len(self.submitted), len(self.submitted) + count):
            clip = self.rides / f"clip{number}.mkv"
            make_clip(clip, number, seconds=CLIP_S)
            self.submitted.append(clip)
        # A server that is away in this very moment is no fault of who asks again.
        wait_for(lambda: rearview("archive", "submit", "--nats", self.cluster.url, "--replicas", 3, "--ack-wait-s", 5, "--config", self.config,
                                  *self.submitted[-count:]).returncode == 0, "the jobs to be made")

    def is_back(self, gateway):
        with self.lock:
            gateway.away_since = None

    def is_away(self, gateways):
        with self.lock:
            for gateway in gateways:
                gateway.away_since = gateway.away_since or time.monotonic()

    # Faults: each begins what it does, and returns whom it is done to and what ends it; None: not now.

    def free(self, things):
        return [thing for thing in things if thing not in self.busy]

    def behind_leaf(self):
        return [gateway for gateway in self.gateways if gateway.link is None]

    def cut_links(self):
        free = self.free([gateway for gateway in self.gateways if gateway.link])
        chosen = self.rng.sample(free, min(len(free), self.rng.randint(1, 1 + len(self.gateways) // 4)))
        for gateway in chosen:
            gateway.link.cut()
        self.is_away(chosen)

        def mend():
            for gateway in chosen:
                gateway.link.mend()
                self.is_back(gateway)
        return chosen and (chosen, mend)

    def cut_leaf(self):
        chosen = self.behind_leaf()
        if not chosen or len(self.free([self.leaf, *chosen])) <= len(chosen):
            return None
        self.leaf.link.cut()
        self.is_away(chosen)

        def mend():
            self.leaf.link.mend()
            for gateway in chosen:
                self.is_back(gateway)
        return [self.leaf, *chosen], mend

    def kill_leaf(self):
        chosen = self.behind_leaf()
        if not chosen or len(self.free([self.leaf, *chosen])) <= len(chosen):
            return None
        self.leaf.server.kill()
        self.is_away(chosen)

        def start():
            self.leaf.server.start()
            for gateway in chosen:
                self.is_back(gateway)
        return [self.leaf, *chosen], start

    def lose_acknowledgements(self):
        free = self.free([gateway for gateway in self.gateways if gateway.link])
        chosen = self.rng.sample(free, min(len(free), 2))
        for gateway in chosen:
            gateway.link.deafen()
        return chosen and (chosen, lambda: [gateway.link.mend() for gateway in chosen])

    def kill_gateways(self):
        free = self.free(self.gateways)
        chosen = self.rng.sample(free, min(len(free), self.rng.randint(1, 3)))
        with self.lock:
            for gateway in chosen:
                gateway.kill()
        for gateway in chosen:
            gateway.store.make_alerts(self.rng.randint(0, 200))

        def start():
            for gateway in chosen:
                gateway.start()
                self.is_back(gateway)
        return chosen and (chosen, start)

    def kill_collector(self):
        number = self.rng.randrange(2)
        if number in self.busy:
            return None
        with self.lock:
            collector = self.collectors.pop(number)
        collector.stop(signal.SIGKILL)
        return [number], lambda: self.start_again(self.start_collector, number)

    @staticmethod
    def start_again(start, number):
        """It says what is wrong and ends where it can't reach a server; as service managers do."""
        def started():
            try:
                start(number)
            except AssertionError:
                return False
            return True
        wait_for(started, "a collector to begin")

    def kill_worker(self):
        number = self.rng.randrange(3)
        self.workers[number].stop(signal.SIGKILL)
        self.start_worker(number)
        return [], lambda: None

    def kill_server(self, stream=None):
        if self.cluster.down or "cluster" in self.busy:
            return None
        number = self.cluster.leader(stream) if stream else self.rng.randrange(3)
        if number is None:
            return None
        self.cluster.kill(number)
        return ["cluster"], lambda: self.cluster.start(number)

    def kill_leader(self):
        return self.kill_server("REARVIEW")

    def kill_leader_of_jobs(self):
        return self.kill_server("REARVIEW_ARCHIVE")

    def kill_database(self):
        if "database" in self.busy:
            return None
        self.postgres.stop(signal.SIGKILL)
        return ["database"], self.postgres.start_again

    def fill_disk(self):
        if not self.disk.usable or "disk" in self.busy:
            return None
        self.disk.fill()
        return ["disk"], self.disk.make_room

    def inject_duplicates(self):
        """What is in the stream, once more, without the id by which the stream would know it."""
        state = self.cluster.request("$JS.API.STREAM.INFO.REARVIEW", {}) or {}
        last = state.get("state", {}).get("last_seq", 0)
        server = next((one for number, one in enumerate(self.cluster.servers) if number not in self.cluster.down), None)
        try:
            publisher = Gateway(server, "stranger", stream=None)
            for sequence in self.rng.sample(range(1, last + 1), min(last, 50)):
                message = server.message("REARVIEW", {"seq": sequence})
                if message and not message[1].endswith(".state"):
                    publisher.send("", json.dumps(message[3]).encode(), subject=message[1])
            publisher.flush()
            publisher.close()
        except (OSError, AssertionError, ValueError):
            server.hang_up()
            return None
        return [], lambda: None

    def more_jobs(self):
        left = self.options.jobs - len(self.submitted)
        if left <= 0:
            return None
        self.submit(min(left, max(1, self.options.jobs // 8)))
        return [], lambda: None

    # The course of it

    def rage(self):
        seconds = self.options.minutes * 60
        kinds = [self.cut_links, self.kill_gateways, self.kill_collector, self.kill_worker, self.kill_leader, self.inject_duplicates,
                 self.more_jobs, self.cut_leaf, self.lose_acknowledgements, self.kill_database, self.kill_leader_of_jobs,
                 self.fill_disk, self.kill_server, self.kill_leaf]
        longest_s = min(90, seconds / 5)
        begun, deck = time.monotonic(), []
        print(f"{'at':>8}  {'what':<26} for", flush=True)
        while time.monotonic() - begun < seconds:
            self.end_what_is_due()
            if not deck:
                deck = self.rng.sample(kinds, len(kinds))
            fault = deck.pop()
            lasts_s = min(longest_s, self.rng.expovariate(1 / min(15, longest_s / 2)))
            done = fault()
            name = fault.__name__.replace("_", " ")
            if done:
                whom, end = done
                self.busy.update(whom)
                heapq.heappush(self.ends, (time.monotonic() + lasts_s, next(self.numbers), name, whom, end))
                self.happened[name] += 1
                print(f"{time.monotonic() - begun:6.1f} s  {name:<26} {f'{lasts_s:.1f} s' if whom else ''}", flush=True)
            pause_s = self.rng.uniform(0.2, 2) * min(2, seconds / 20)
            while self.ends and self.ends[0][0] < time.monotonic() + pause_s:
                self.over.wait(max(0, self.ends[0][0] - time.monotonic()))
                self.end_what_is_due()
            self.over.wait(pause_s)
        while self.ends:
            self.end(heapq.heappop(self.ends))
        self.lasted_s = time.monotonic() - begun

    def end_what_is_due(self):
        while self.ends and self.ends[0][0] <= time.monotonic():
            self.end(heapq.heappop(self.ends))

    def end(self, one):
        _, _, _, whom, end = one
        end()
        self.busy.difference_update(whom)

    def watch(self, look):
        def run():
            while not self.over.wait(0.1):
                look()
        self.watchers.append(threading.Thread(target=run, daemon=True))
        self.watchers[-1].start()

    # What holds

    def look_at_roads(self):
        """Of a gateway that is away no collector may say that its road is clear."""
        with self.lock:
            collectors = list(self.collectors.values())
            away = {gateway.name for gateway in self.gateways
                    if gateway.away_since and time.monotonic() - gateway.away_since > SILENT_S + 1}
        for collector in collectors:
            try:
                status, body = collector.get("/api/v1/gateways")
                if status != 200:
                    continue
                for one in json.loads(body):
                    is_away = one["gateway"] in away
                    self.roads_seen[one["road"], is_away] += 1
                    if is_away and one["road"] == "clear":
                        self.broken.append(f"{one['gateway']} is away and said to be clear: {one}")
            except (OSError, ValueError):
                pass  # it was killed

    def look_at_results(self):
        """What has a result's name stays as it is from the first moment on."""
        for out in {*self.outs}:
            for file in out.glob("*.json*"):
                if file.name.endswith(".part") or file in self.first_seen:
                    continue
                content = file.read_bytes()
                self.first_seen[file] = hashlib.sha256(content).hexdigest()
                if file.suffix == ".json" and not file.with_suffix(".jsonl.zst").exists():
                    self.broken.append(f"{file.name} is there before what it tells of")

    def judge(self):
        self.judge_absence()
        for gateway in self.gateways:
            gateway.camera.hide()
        begun = time.monotonic()
        patience_s = 180 + self.options.slack

        def all_told():
            for gateway in self.gateways:
                code = gateway.service.process.poll()
                assert code is None, "\n".join([f"{gateway.name} ended by itself with {code}; it said:", *gateway.service.lines[-40:]])
            roads = [camera for gateway in self.gateways for camera in gateway.service.get_json("/api/v1/cameras")]
            return all(camera["road"] not in ("clear", "approaching", "danger", "following") for camera in roads)
        wait_for(all_told, "the loss of all cameras", patience_s)
        wait_for(lambda: all(gateway.service.has_stored_all() for gateway in self.gateways), "the stores", patience_s)
        wait_for(lambda: all(gateway.service.has_delivered_all() for gateway in self.gateways), "all gateways to have told everything",
                 patience_s)
        wait_for(lambda: not self.missing(), "all rows", patience_s)
        wait_for(lambda: pending(self.cluster.request) == 0, "the collectors to have everything", patience_s)
        print(f"everything told {time.monotonic() - begun:.1f} s after the storm", flush=True)
        self.judge_rows()
        self.judge_order()
        self.judge_drain()
        self.judge_results()

    def rows(self):
        """(uuid, epoch) -> ids."""
        rows = collections.defaultdict(list)
        for uuid, epoch, number in self.postgres.ask(DATABASE, "SELECT uuid, epoch, id FROM alerts ORDER BY 1, 2, 3"):
            rows[uuid, epoch].append(int(number))
        return rows

    def judge_absence(self):
        """Where a storm is too short to keep anybody away for long."""
        gateway = next(one for one in self.gateways if one.link)

        def road():
            return {one["gateway"]: one["road"] for one in self.collectors[0].json("/api/v1/gateways")}.get(gateway.name)

        def asked_of_away():
            return sum(count for (_, is_away), count in self.roads_seen.items() if is_away)
        wait_for(lambda: road() == "clear", "a clear road", 90 + self.options.slack)
        gateway.link.cut()
        self.is_away([gateway])
        before = asked_of_away()
        wait_for(lambda: asked_of_away() > before, "a question for a gateway that is away")
        if road() != "unknown":
            self.broken.append(f"of {gateway.name}, which is away, the road is {road()}")
        gateway.link.mend()
        self.is_back(gateway)

    def missing(self, raised=None):
        """How many alerts are in no row; raised: those that count of each gateway, all where it is absent."""
        raised = raised or {gateway.name: gateway.store.raised() for gateway in self.gateways}
        rows = self.rows()
        return sum(len(set(raised[gateway.name]) - set(rows[gateway.store.identity()])) for gateway in self.gateways)

    def judge_rows(self):
        # A gateway may raise another one while this is asked: what is lost was raised before, what is of no alert isn't there after.
        before = {gateway.name: gateway.store.raised() for gateway in self.gateways}
        wait_for(lambda: not self.missing(before), "all rows", 180 + self.options.slack)
        rows, raised, told_early = self.rows(), 0, 0
        for gateway in self.gateways:
            ids, truth = rows.pop(gateway.store.identity(), []), gateway.store.raised()
            raised += len(before[gateway.name])
            if len(set(ids)) != len(ids):
                self.broken.append(f"{gateway.name}: {len(ids) - len(set(ids))} rows are doubled")
            more = set(ids) - set(truth)
            told_early += len(more)
            if odd := [one for one in more if not any(one in ahead for ahead in gateway.ahead_of_disk)]:
                self.broken.append(f"{gateway.name}: {len(odd)} rows are of no alert, {odd[:5]}")
        if rows:
            self.broken.append(f"there are rows of strangers: {list(rows)[:3]}")
        if refused := self.postgres.ask(DATABASE, "SELECT subject, reason FROM refused LIMIT 3"):
            self.broken.append(f"messages were refused: {refused}")
        print(f"{raised} alerts raised by {len(self.gateways)} gateways; {told_early} more told by services that were killed before "
              "their disk had them", flush=True)

    def judge_order(self):
        """Of what has an id, as gateways send it: the stream's order, and that of each gateway's ids."""
        newest, late, count = {}, 0, 0
        for one in self.cluster.message_ids("REARVIEW"):
            parts = one.split("/")
            if len(parts) != 3:
                continue  # a pass or a ride
            count += 1
            key, number = tuple(parts[:2]), int(parts[2])
            late += number < newest.get(key, 0)
            newest[key] = max(number, newest.get(key, 0))
        print(f"{late} of {count} alerts lie in the stream behind a later one of their gateway", flush=True)
        if late and not any("leader" in name or "server" in name for name in self.happened):
            self.broken.append(f"{late} alerts are out of order, and no server was killed")

    def judge_drain(self):
        gateway = next(one for one in self.gateways if one.link)
        gateway.link.cut()
        gateway.service.stop()
        gateway.store.make_alerts(self.options.queued)
        gateway.start()
        uuid, epoch = gateway.store.identity()
        there = f"SELECT count(*) FROM alerts WHERE uuid = '{uuid}' AND epoch = '{epoch}'"
        before = int(self.postgres.value(DATABASE, there))
        begun = time.monotonic()
        gateway.link.mend()
        wait_for(lambda: int(self.postgres.value(DATABASE, there)) >= before + self.options.queued, "what waited for the link",
                 60)
        took_s = time.monotonic() - begun
        print(f"{self.options.queued} alerts that waited for a link lie in the database {took_s:.1f} s after its return", flush=True)
        if took_s > DRAIN_S + self.options.slack:
            self.broken.append(f"{took_s:.1f} s are more than {DRAIN_S} for {self.options.queued} alerts")
        self.judge_rows()

    def judge_results(self):
        def status():
            return json.loads(rearview("archive", "status", "--nats", self.cluster.url).stdout or "{}")
        now = wait_for(lambda: (one := status()) and one["waiting"] + one["running"] == 0 and one, "all jobs", 300 + self.options.slack)
        if now["failed"] or now["done"] != len(self.submitted):
            self.broken.append(f"of {len(self.submitted)} jobs {now['done']} are done and {now['failed']} failed: {now['failures'][:2]}")
        made = rearview("analyze", "--out", self.folder / "expected", "--config", self.config, *self.submitted)
        assert made.returncode == 0, made.stderr
        expected = results(self.folder / "expected")
        found = {}
        for out in {*self.outs}:
            found |= results(out)
        if found != expected:
            wrong = [name for name in expected if found.get(name) != expected[name]]
            self.broken.append(f"{len(wrong)} of {len(expected)} results are missing or not those of one process")
        self.look_at_results()
        for file, first in self.first_seen.items():
            if file.suffix == ".zst" and first != hashlib.sha256(expected[file.name.split(".")[0]]).hexdigest():
                self.broken.append(f"{file.name} was half a result when it was seen first")
        print(f"{len(expected)} results of three workers, the same bytes as of one process; {len(self.first_seen)} files seen as they came",
              flush=True)

    def judge_roads(self):
        away = sum(count for (_, is_away), count in self.roads_seen.items() if is_away)
        print(f"roads asked for: {sum(self.roads_seen.values())}, {self.roads_seen['clear', False]} of them clear; {away} of gateways "
              f"that were away, {self.roads_seen['clear', True]} of them clear", flush=True)
        if not away or not self.roads_seen["clear", False]:
            self.broken.append("no road was clear, or no gateway away: nothing was shown")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gateways", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=60)
    parser.add_argument("--queued", type=int, default=10_000)
    parser.add_argument("--slack", type=float, default=0, help="seconds more, for machines with other things to do")
    options = parser.parse_args()
    if not POSTGRES or not shutil.which("psql"):
        print("there is no PostgreSQL with PostGIS (scripts/setup)")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        storm = Storm(pathlib.Path(folder), options)
        with storm.closing:
            try:
                storm.make()
                if not storm.disk.usable:
                    print(f"no disk gets full: {storm.disk.why}")
                storm.watch(storm.look_at_roads)
                storm.watch(storm.look_at_results)
                storm.rage()
                storm.judge()
            except AssertionError:
                storm.describe()
                raise
        storm.judge_roads()
        print(f"{storm.lasted_s:.0f} s with " + ", ".join(f"{count} × {name}" for name, count in sorted(storm.happened.items())))
    for one in storm.broken:
        print(f"BROKEN: {one}")
    print("everything held" if not storm.broken else f"{len(storm.broken)} things did not hold")
    return 1 if storm.broken else 0


if __name__ == "__main__":
    sys.exit(main())
