"""rearview collect with what can't be right: one sentence, exit code 2, and nothing is taken from the stream."""

import subprocess
import unittest

from fleet_programs import KINDS, REARVIEW, STREAM, Fleet, needs_postgres

from nats_server import NatsServer
from programs import DEADLINE_S, free_port


@needs_postgres
class Input(Fleet):
    def refused(self, *expected, nats=None, database=None, http="127.0.0.1:0", more=()):
        anna = self.gateway()
        anna.alert(1)
        anna.flush()
        result = subprocess.run([REARVIEW, "collect", "--nats", nats or self.server.url, "--database",
                                 database or self.postgres.url(self.database), "--http", http, "--store", "none", *more],
                                capture_output=True, text=True, timeout=DEADLINE_S)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
        for part in expected:
            self.assertIn(part, result.stderr)
        self.assertNotIn("secret", result.stderr)
        for kind in KINDS:
            info = self.server.request(f"$JS.API.CONSUMER.INFO.REARVIEW.collect-{kind}", {})
            self.assertFalse(info.get("delivered", {}).get("stream_seq"), info)

    def test_addresses(self):
        self.refused("--nats", "nats://HOST:PORT", nats="http://127.0.0.1")
        self.refused("--database", "postgresql://", database="mysql://root:secret@h/db")
        self.refused("--database", "postgresql://", database="dbname=fleet")
        self.refused("--database", database="postgresql://h/db?colour=red")

    def test_nobody_is_there(self):
        self.refused("--nats", nats=f"nats://127.0.0.1:{free_port()}")
        self.refused("--database", "refused", database=f"postgresql://anna:secret@127.0.0.1:{free_port()}/fleet")
        self.refused("--database", "does not exist", database=self.postgres.url("nowhere"))

    def test_credentials(self):
        locked = NatsServer(self.folder / "locked", "--user", "anna", "--pass", "secret")
        self.addCleanup(locked.stop)
        self.refused("--nats", "refuses these credentials", nats=locked.url.replace("//", "//anna:secrets@"))
        self.postgres.ask("postgres", "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'stranger') THEN "
                                      "CREATE ROLE stranger LOGIN PASSWORD 'other'; END IF; END $$")
        self.refused("--database", "password", database=self.postgres.url(self.database, "stranger:secret"))

    def test_no_jetstream(self):
        plain = NatsServer(None, jetstream=False)
        self.addCleanup(plain.stop)
        self.refused("--nats", "has no JetStream", nats=plain.url)

    def test_a_stream_of_another_shape(self):
        self.server.request("$JS.API.STREAM.CREATE.REARVIEW", {"name": "REARVIEW", "subjects": ["rearview.>"], "retention": "workqueue"})
        self.refused("--nats", "stream REARVIEW of another shape")

    def test_a_consumer_of_another_shape(self):
        self.server.request("$JS.API.STREAM.CREATE.REARVIEW", STREAM)
        self.server.request("$JS.API.CONSUMER.DURABLE.CREATE.REARVIEW.other-alert", {
            "stream_name": "REARVIEW", "config": {"durable_name": "other-alert", "ack_policy": "none", "filter_subject": "rearview.x.alert"}})
        self.refused("consumer other-alert", more=("--name", "other"))

    def test_a_database_without_postgis_where_it_may_not_be_made(self):
        self.postgres.ask("postgres", "DROP DATABASE IF EXISTS plain; ")
        self.postgres.ask("postgres", "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'plain') THEN "
                                      "CREATE ROLE plain LOGIN; END IF; END $$")
        self.postgres.ask("postgres", "CREATE DATABASE plain OWNER plain")
        self.refused("--database", "no PostGIS", database=self.postgres.url("plain", "plain"))
        self.postgres.ask("plain", "CREATE EXTENSION postgis; ALTER SCHEMA public OWNER TO postgres")
        self.refused("--database", "the tables can't be made", database=self.postgres.url("plain", "plain"))

    def test_a_database_of_a_newer_version(self):
        self.postgres.ask(self.database, "CREATE EXTENSION postgis; CREATE TABLE schema_migrations (version integer, made timestamptz); "
                                         "INSERT INTO schema_migrations VALUES (99, now())")
        self.refused("--database", "version 99", "newer program")
        self.assertEqual(self.ask("SELECT count(*) FROM pg_tables WHERE tablename = 'alerts'"), [["0"]])

    def test_others_reach_it_and_nobody_is_known(self):
        self.refused("rearview access --store FOLDER password", http="0.0.0.0:0")

    def test_names(self):
        self.refused("--name", more=("--name", "a.b"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
