"""docs/fleet.md as it stands: from two gateways to a row in PostGIS and a dot on the map, and its queries."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e" / "browser"))

from fleet_programs import Fleet, Postgres, needs_postgres
from webdriver import Browser

from programs import BIN, DEADLINE_S, Camera, Program, free_port, wait_for
from receiver import START_DEG, Receiver

GUIDE = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "fleet.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


def blocks(kind, part):
    return [text for found, text in BLOCKS if found == kind and part in text]


def block(kind, part):
    [text] = blocks(kind, part)
    return text


@needs_postgres
class Queries(Fleet):
    def test_each_query_answers(self):
        anna = self.gateway()
        anna.passing(1, (52.52, 13.405), kind="close_pass")
        anna.passing(2, (52.52, 13.4051))
        anna.passing(3, (52.6, 13.405), side="right")
        anna.send("state", anna.envelope("state", {"cameras": [{"name": "rear", "road": "clear"}], "version": "1", "alerts_behind": 0}))
        anna.flush()
        self.collector()
        self.wait_for_rows("passes", 3)
        wait_for(lambda: self.count("gateways") == 1, "a gateway")
        queries = [text for kind, text in BLOCKS if kind == "sql"]
        answers = {query: self.ask(query.rstrip().removesuffix(";")) for query in queries}
        of = lambda part: next(answer for query, answer in answers.items() if part in query)
        self.assertEqual([row[1:3] for row in of("ST_SnapToGrid")], [["1", "1.2"]])
        self.assertEqual(sorted(row[2] for row in of("ST_DWithin")), ["close_pass", "overtake"])
        self.assertEqual(of("percentile_cont"), [["left", "2", "50.0", "3"], ["right", "1", "0.0", "3"]])
        self.assertEqual([row[1:] for row in of("date_trunc")], [["anna", "3"]])
        self.assertEqual([[row[0], row[1], row[4]] for row in of("silent DESC")], [["anna", "1", "clear"]])
        self.assertEqual(len(queries), 5)

    def test_the_columns_are_those_that_stand_there(self):
        self.collector()
        for table, words in re.findall(r"^\| `(\w+)` \|(.*)$", GUIDE, re.MULTILINE):
            columns = {name for [name] in self.ask(f"SELECT attname FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0")}
            named = set(re.findall(r"`(\w+)`", words))
            self.assertEqual(columns - {"uuid", "epoch", "id"}, named - {"uuid", "epoch", "id"}, table)


@needs_postgres
class Guide(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.postgres = Postgres()
        self.addCleanup(self.postgres.close)
        self.nats = f"nats://127.0.0.1:{free_port()}"

    def start(self, command, line):
        """The command as it stands, at the test's own addresses."""
        command = (command.replace("nats://127.0.0.1", self.nats).replace("127.0.0.1:8090", "127.0.0.1:0")
                   .replace("rearview@127.0.0.1/fleet", f"rearview@/fleet?host={self.postgres.folder}"))
        path = f"{BIN}:{os.environ['PATH']}:/usr/sbin"
        program = Program(command.split()[0], "-c", f"cd {self.folder} && PATH={path} exec {command}", binary="/bin/sh")
        self.addCleanup(program.stop, signal.SIGKILL)
        return program, program.wait_for_line(line)

    def test_from_two_gateways_to_a_dot(self):
        self.start(block("sh", "nats-server -a").strip() + f" -p {self.nats.rsplit(':')[-1]}", "Server is ready")
        subprocess.run(["bash", "-ec", block("sh", "createdb")], check=True, timeout=DEADLINE_S, capture_output=True,
                       env={**os.environ, "PGHOST": str(self.postgres.folder), "PGUSER": "postgres"})
        gpsd = Receiver(self.folder)
        self.addCleanup(gpsd.stop)
        scene = self.folder / "camera.json"
        scene.write_text(json.dumps({"scene": {"traffic": 0, "vehicles": [
            {"class": "car", "behaviour": "overtake", "start_s": start, "distance_m": 60, "speed_mps": 16, "look": start}
            for start in range(2, 600, 3)]}}))
        camera = Camera("--config", str(scene), "--source", "scene", "--seed", "3")
        self.addCleanup(camera.stop)
        for text in blocks("json", '"gateway": "'):
            settings = json.loads(text)
            settings["publish"]["nats"]["url"] = self.nats
            name = settings["publish"]["nats"]["gateway"]
            config = self.folder / f"{name}.json"
            config.write_text(json.dumps({**settings, "gps": {"enabled": True, "port": gpsd.port},
                                          "store": {"folder": str(self.folder / name), "least_free_bytes": 0}}))
            self.start(f"rearview serve --config {config} --camera {camera.url} --http 127.0.0.1:0", "msg=serving")
        collector, found = self.start(block("sh", "rearview collect").strip() + " --store none", r"msg=collecting .*port=(\d+)")
        places = "SELECT DISTINCT gateway FROM passes WHERE ST_DWithin(place, ST_MakePoint(11.5, {})::geography, 30000) ORDER BY 1"
        wait_for(lambda: self.postgres.ask("fleet", places.format(START_DEG)) == [["anna"], ["ben"]], "a row of each", 300)
        with Browser(412, 915) as page:
            page.open(f"http://127.0.0.1:{found[1]}/")
            page.wait_for("a dot", "return document.querySelector('#map circle') !== null")
            page.wait_for("gateways", "return document.querySelectorAll('#gateways tr').length === 2")
            page.wait_for("roads that are known", "return document.querySelectorAll('#gateways [data-road=unknown]').length === 0")
        self.assertIsNone(collector.process.poll())


if __name__ == "__main__":
    unittest.main(verbosity=2)
