"""What the tests of fleets have in common: a PostgreSQL of their own, a collector, and gateways that publish."""

import glob
import http.client
import json
import os
import pathlib
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from nats_server import NatsServer
from programs import BIN, DEADLINE_S, Program, wait_for

REARVIEW = os.path.join(BIN, "rearview")


def postgres_folder():
    """Where its programs are; None: it isn't there, or has no PostGIS."""
    for folder in sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]), reverse=True):
        version = folder.split("/")[4]
        if os.path.exists(f"/usr/share/postgresql/{version}/extension/postgis.control"):
            return folder
    return None


POSTGRES = postgres_folder()


def needs_postgres(test):
    return unittest.skipUnless(POSTGRES and shutil.which("psql"), "there is no PostgreSQL with PostGIS (scripts/setup)")(test)


class Postgres:
    """Answers on a Unix socket only, and on the same again after start(). durable: it waits for the disk."""

    def __init__(self, durable=False):
        self._waits = [] if durable else ["-F"]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rearview-pg-"))
        # PostgreSQL runs for nobody who is root.
        self._as = []
        if os.getuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._as = ["setpriv", "--reuid", "postgres", "--regid", str(user.pw_gid), "--clear-groups"]
        self._run("initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale", "C", "--no-sync")
        rules = self.folder / "data" / "pg_hba.conf"
        rules.write_text("local all stranger scram-sha-256\n" + rules.read_text())
        self.start()

    def _run(self, program, *arguments):
        subprocess.run([*self._as, f"{POSTGRES}/{program}", *map(str, arguments)], check=True, capture_output=True, text=True,
                       timeout=DEADLINE_S, cwd=self.folder)

    def start(self):
        command = [*self._as, f"{POSTGRES}/postgres", "-D", str(self.folder / "data"), "-k", str(self.folder), *self._waits,
                   "-c", "listen_addresses=", "-c", "lc_messages=C"]
        self.program = Program("postgres", *command[1:], binary=command[0])
        self.program.wait_for_line("ready to accept connections")

    def start_again(self):
        """After a kill: it waits for those of its processes that are still there."""
        def started():
            try:
                self.start()
            except AssertionError:
                return False
            return True
        wait_for(started, "the database")

    def stop(self, number=signal.SIGINT):
        self.program.stop(number)

    def close(self):
        self.stop()
        shutil.rmtree(self.folder)

    def url(self, database, user="postgres"):
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def ask(self, database, sql):
        """Rows of texts."""
        result = subprocess.run(["psql", "-X", "-At", "-F", "\t", "-v", "ON_ERROR_STOP=1", self.url(database), "-c", sql],
                                capture_output=True, text=True, timeout=DEADLINE_S)
        assert result.returncode == 0, result.stderr
        return [line.split("\t") for line in result.stdout.splitlines()]

    def value(self, database, sql):
        return self.ask(database, sql)[0][0]

    def make(self, database):
        self.ask("postgres", f"CREATE DATABASE {database}")
        return database


class Collector(Program):
    def __init__(self, nats, database, *arguments, http="127.0.0.1:0", store="none"):
        super().__init__("rearview", "collect", "--nats", nats, "--database", database, "--http", http,
                         "--store", str(store), *map(str, arguments))
        self.port = int(self.wait_for_line(r"component=collect msg=collecting .*port=(\d+)")[1])

    def get(self, path, headers=None):
        """(status, body) of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        try:
            connection.request("GET", path, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def json(self, path):
        status, body = self.get(path)
        assert status == 200, (status, body)
        return json.loads(body)

    def metric(self, family):
        [line] = [line for line in self.get("/metrics")[1].splitlines() if line.startswith(family + " ")]
        return float(line.split()[1])


def now(seconds_ago=0.0):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - seconds_ago))


KINDS = ("alert", "pass", "ride", "state")
STREAM = {"name": "REARVIEW", "subjects": ["rearview.>"], "allow_rollup_hdrs": True}


def pending(request):
    """What the collectors have still to get, or to acknowledge; None: nobody says it. request: of a server."""
    infos = [request(f"$JS.API.CONSUMER.INFO.REARVIEW.collect-{kind}", {}) or {} for kind in KINDS]
    if not all("num_pending" in info for info in infos):
        return None
    return sum(info["num_pending"] + info["num_ack_pending"] for info in infos)


def wait_less(request, ack_wait_s):
    """What a killed collector had is given to others when the server has waited long enough; here it need not wait so long."""
    for kind in KINDS:
        request(f"$JS.API.CONSUMER.DURABLE.CREATE.REARVIEW.collect-{kind}", {"stream_name": "REARVIEW", "config": {
            "durable_name": f"collect-{kind}", "ack_policy": "explicit", "ack_wait": ack_wait_s * 1_000_000_000, "deliver_policy": "all",
            "filter_subject": f"rearview.*.{kind}", "max_deliver": -1, "max_ack_pending": 10_000, "replay_policy": "instant"}})


class Gateway:
    """Publishes as docs/fleet.md says, or otherwise where a test wants it. stream: made where there is none."""

    def __init__(self, server, name="anna", uuid=None, epoch="e1", stream=STREAM):
        self.name, self.uuid, self.epoch = name, uuid or f"uuid-{name}", epoch
        if stream:
            server.request("$JS.API.STREAM.CREATE.REARVIEW", stream)
        self._inbox = f"_INBOX.{secrets.token_hex(8)}"
        self._socket = socket.create_connection(("127.0.0.1", server.port), DEADLINE_S)
        self._stream = self._socket.makefile("rwb")
        self._stream.readline()  # INFO
        self._stream.write(b'CONNECT {"verbose":false,"pedantic":false,"headers":true}\r\n' + f"SUB {self._inbox} 1\r\n".encode())
        self._waiting = 0

    def close(self):
        self._socket.close()

    def send(self, kind, payload, message_id=None, subject=None):
        """Without waiting; flush() does."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        head = b"NATS/1.0\r\n" + (f"Nats-Msg-Id: {message_id}\r\n".encode() if message_id else b"") + \
            (b"Nats-Rollup: sub\r\n" if kind == "state" else b"") + b"\r\n"
        line = f"HPUB {subject or f'rearview.{self.name}.{kind}'} {self._inbox} {len(head)} {len(head) + len(body)}\r\n"
        self._stream.write(line.encode("latin-1") + head + body + b"\r\n")
        self._waiting += 1

    def flush(self):
        """Until the stream has all of it; how many it knew already."""
        self._stream.flush()
        known = 0
        while self._waiting:
            line = self._stream.readline()
            assert line, "the server hangs up"
            if line.startswith(b"PING"):
                self._stream.write(b"PONG\r\n")
                self._stream.flush()
            elif line.startswith((b"MSG", b"HMSG")):
                answer = json.loads(self._stream.read(int(line.split()[-1])))
                assert "error" not in answer, answer
                known += answer.get("duplicate", False)
                self._waiting -= 1
        return known

    def envelope(self, kind, message, number=None, **more):
        identity = {"version": 1, "type": kind, "gateway": self.name, "uuid": self.uuid, "epoch": self.epoch}
        return {**identity, **({} if number is None else {"id": number}), kind: message, **more}

    def alert(self, number, at=None, kind="overtake", message_id=True, **more):
        message = {"type": "alert", "id": number, "camera": "rear", "time": now(), "kind": kind, "level": "info", "ride": 1,
                   "position": at and {"lat": at[0], "lon": at[1], "accuracy_m": 3.0}, **more}
        self.send("alert", self.envelope("alert", message, number),
                  f"{self.uuid}/{self.epoch}/{number}" if message_id else None)

    def passing(self, number, at=None, kind="overtake", **more):
        message = {"id": number, "ride": 1, "alert": number, "camera": "rear", "time": now(), "kind": kind, "class": "car",
                   "side": "left", "lead_s": 3.0, "lateral_m": 1.2, "closing_mps": 6.0, "rider_speed_mps": 5.5,
                   "position": at and {"lat": at[0], "lon": at[1], "accuracy_m": 3.0}, "ride_distance_m": 100, **more}
        self.send("pass", self.envelope("pass", message, number), f"{self.uuid}/{self.epoch}/pass/{number}")

    def ride(self, number, track=None):
        message = {"id": number, "camera": "rear", "start": now(60), "end": now(), "duration_s": 60.0, "distance_m": 300,
                   "passes": 2, "close_passes": 1, "alerts": 3}
        more = {} if track is None else {"track": [{"t_s": i, "lat": lat, "lon": lon} for i, (lat, lon) in enumerate(track)]}
        self.send("ride", self.envelope("ride", message, number, **more), f"{self.uuid}/{self.epoch}/ride/{number}")


class Fleet(unittest.TestCase):
    """One PostgreSQL for all tests; for each a database, a server and a stream of its own."""

    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres()
        cls.addClassCleanup(cls.postgres.close)

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.server = NatsServer(self.folder / "jetstream")
        self.addCleanup(lambda: self.server.stop())
        self.database = self.postgres.make(self.id().split(".")[-1][:60].lower())

    def gateway(self, *arguments, **options):
        gateway = Gateway(self.server, *arguments, **options)
        self.addCleanup(gateway.close)
        return gateway

    def collector(self, *arguments, nats=None, **options):
        collector = Collector(nats or self.server.url, self.postgres.url(self.database), *arguments, **options)
        self.addCleanup(collector.stop, signal.SIGKILL)
        return collector

    def ask(self, sql):
        return self.postgres.ask(self.database, sql)

    def count(self, table):
        return int(self.postgres.value(self.database, f"SELECT count(*) FROM {table}"))

    def wait_for_rows(self, table, number):
        wait_for(lambda: self.count(table) >= number, f"{number} rows of {table}")
        self.assertEqual(self.count(table), number)
