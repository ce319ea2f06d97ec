"""What gateways publish lies in PostgreSQL once, whatever happens to collectors, servers and the database."""

import json
import signal
import unittest

from fleet_programs import Fleet, needs_postgres, now, pending, wait_less

from programs import wait_for

BERLIN, MUNICH = (52.52, 13.405), (48.137, 11.575)


@needs_postgres
class Collect(Fleet):
    def test_each_message_is_one_row(self):
        anna, ben = self.gateway("anna"), self.gateway("ben")
        anna.alert(1, BERLIN)
        anna.alert(2)
        anna.passing(2, BERLIN, kind="close_pass")
        anna.ride(1, track=[BERLIN, (52.53, 13.41)])
        anna.ride(2)
        ben.alert(1, MUNICH, level="danger")
        self.assertEqual(anna.flush() + ben.flush(), 0)
        self.collector()
        self.wait_for_rows("alerts", 3)
        self.wait_for_rows("passes", 1)
        self.wait_for_rows("rides", 2)
        self.assertEqual(self.ask("SELECT gateway, uuid, epoch, id, level, ST_AsText(place) FROM alerts ORDER BY uuid, id"), [
            ["anna", "uuid-anna", "e1", "1", "info", "POINT(13.405 52.52)"],
            ["anna", "uuid-anna", "e1", "2", "info", ""],
            ["ben", "uuid-ben", "e1", "1", "danger", "POINT(11.575 48.137)"]])
        self.assertEqual(self.ask("SELECT kind, class, side, lateral_m, closing_mps, message->'pass'->>'lead_s' FROM passes"),
                         [["close_pass", "car", "left", "1.2", "6", "3.0"]])
        self.assertEqual(self.ask("SELECT id, duration_s, passes, ST_AsText(track) FROM rides ORDER BY id"),
                         [["1", "60", "2", "LINESTRING(13.405 52.52,13.41 52.53)"], ["2", "60", "2", ""]])

    def test_what_comes_twice_or_late_counts_once(self):
        collector = self.collector()
        anna = self.gateway()
        for number in (5, 3, 4, 1, 2):
            anna.alert(number)
        self.assertEqual(anna.flush(), 0)
        for number in (1, 2, 3):
            anna.alert(number)
        self.assertEqual(anna.flush(), 3)  # the stream itself knows them
        for number in (1, 2, 3, 6, 6):
            anna.alert(number, message_id=False)
        self.assertEqual(anna.flush(), 0)  # it doesn't
        # Another store of the same gateway counts anew.
        self.gateway(epoch="e2").alert(1)
        other = self.gateway(epoch="e2")
        other.alert(1)
        other.flush()
        wait_for(lambda: collector.metric("rearview_collect_known_total") >= 4, "those that were known")
        self.wait_for_rows("alerts", 7)
        self.assertEqual(self.ask("SELECT epoch, string_agg(id::text, ' ' ORDER BY id) FROM alerts GROUP BY epoch ORDER BY 1"),
                         [["e1", "1 2 3 4 5 6"], ["e2", "1"]])
        self.assertEqual(collector.metric("rearview_collect_rows_total"), 7)

    def test_killed_collectors_lose_nothing_and_double_nothing(self):
        number = 6000
        gateways = [self.gateway(name) for name in ("anna", "ben", "cleo")]
        for i in range(1, number // 3 + 1):
            for gateway in gateways:
                gateway.alert(i, BERLIN)
        for gateway in gateways:
            gateway.flush()
        first, second = self.collector(), self.collector()
        wait_for(lambda: self.count("alerts") > 0, "rows")
        first.stop(signal.SIGKILL)
        wait_less(self.server.request, 1)
        self.collector()
        self.wait_for_rows("alerts", number)
        self.assertEqual(second.process.poll(), None)
        self.assertEqual(self.ask("SELECT gateway, min(id), max(id), count(*) FROM alerts GROUP BY gateway ORDER BY 1"),
                         [[name, "1", "2000", "2000"] for name in ("anna", "ben", "cleo")])

    def test_two_collectors_share_the_work(self):
        collectors = [self.collector(), self.collector()]
        anna = self.gateway()
        for i in range(1, 4001):
            anna.alert(i)
            if i % 50 == 0:
                anna.flush()
        self.wait_for_rows("alerts", 4000)
        rows = [collector.metric("rearview_collect_rows_total") for collector in collectors]
        self.assertEqual(sum(rows), 4000)
        self.assertTrue(all(rows), rows)

    def pending(self):
        return pending(self.server.request)

    def test_a_state_takes_the_place_of_no_alert(self):
        """A server may move a consumer past what lies before the state."""
        self.collector().stop()
        anna = self.gateway()
        for number in (1, 2, 3):
            anna.alert(number)
            anna.send("state", anna.envelope("state", {"cameras": []}))
        anna.flush()
        collector = self.collector()
        self.wait_for_rows("alerts", 3)
        wait_for(lambda: self.pending() == 0, "acknowledgement")
        self.assertEqual(collector.metric("rearview_collect_states_total"), 1)

    def test_a_database_that_is_away_is_waited_for_and_nothing_is_acknowledged(self):
        collector = self.collector()
        anna = self.gateway()
        anna.alert(1)
        anna.flush()
        self.wait_for_rows("alerts", 1)
        wait_for(lambda: self.pending() == 0, "acknowledgement")
        self.postgres.stop(signal.SIGQUIT)
        try:
            for i in range(2, 1202):
                anna.alert(i)
            anna.flush()
            collector.wait_for_line(r"nothing is collected.*the database")
            status, body = collector.get("/healthz")
            self.assertEqual((status, json.loads(body)["status"]), (503, "unavailable"), body)
            self.assertEqual(collector.get("/api/v1/gateways")[0], 503)
            self.assertEqual(self.pending(), 1200)
        finally:
            self.postgres.start()
        self.wait_for_rows("alerts", 1201)
        collector.wait_for_line("it goes on")
        wait_for(lambda: self.pending() == 0, "acknowledgement")
        self.assertEqual(collector.get("/healthz")[0], 200)
        self.assertEqual(collector.metric("rearview_collect_known_total"), 0)

    def test_a_server_that_is_away_is_waited_for(self):
        collector = self.collector()
        anna = self.gateway()
        anna.alert(1)
        anna.flush()
        self.wait_for_rows("alerts", 1)
        self.server.kill()
        collector.wait_for_line(r"nothing is collected.*NATS.* is away")
        self.assertEqual(collector.get("/healthz")[0], 503)
        self.server.start()
        anna = self.gateway()
        anna.alert(2)
        anna.flush()
        self.wait_for_rows("alerts", 2)

    def test_a_stream_that_was_deleted_is_made_again(self):
        self.collector()
        self.assertTrue(self.server.request("$JS.API.STREAM.DELETE.REARVIEW", {})["success"])
        wait_for(lambda: self.pending() == 0, "a consumer of another stream")
        anna = self.gateway()
        anna.alert(1)
        anna.flush()
        self.wait_for_rows("alerts", 1)

    def test_what_nobody_understands_lies_by_itself_and_stops_nothing(self):
        """A kind that isn't known yet waits in the stream for a collector that knows it."""
        collector = self.collector()
        anna = self.gateway()
        good = anna.envelope("alert", {"time": now(), "kind": "overtake", "camera": "rear"}, 9)
        odd = {
            "no JSON": b"\xff\x00{",
            "no JSON object": b"[1]",
            "version 2": json.dumps({**good, "version": 2}).encode(),
            "no version": json.dumps({**good, "version": "1"}).encode(),
            "uuid": json.dumps({**good, "uuid": "u" * 65}).encode(),
            "subject": json.dumps({**good, "gateway": "ben"}).encode(),
            "alert": json.dumps({**good, "alert": 1}).encode(),
            "id": json.dumps({**good, "id": 0}).encode(),
            # What only the database can tell.
            "time zone": json.dumps({**good, "alert": {"time": "soon", "kind": "overtake"}}).encode(),
            "kind": json.dumps({**good, "alert": {"time": now(), "kind": None}}).encode(),
            "bigint": json.dumps({**good, "id": 2 ** 63}).encode(),
            "u0000": json.dumps({**good, "alert": {"time": now(), "kind": "\0"}}).encode(),
            "depth": b'{"version":1,' + json.dumps(good).encode()[1:-1] + b',"more":' + b"[" * 40_000 + b"]" * 40_000 + b"}",
        }
        anna.alert(1)
        for payload in odd.values():
            anna.send("alert", payload)
        anna.send("clip", {**good, "type": "clip", "clip": {}})
        anna.send("", b"x", subject="rearview.\xc3\x28.alert")
        anna.alert(2)
        anna.flush()
        self.wait_for_rows("alerts", 2)
        self.wait_for_rows("refused", len(odd) + 1)
        wait_for(lambda: self.pending() == 0, "acknowledgement")
        raw = {bytes.fromhex(text) for [text] in self.ask("SELECT encode(raw, 'hex') FROM refused")}
        self.assertLessEqual(set(odd.values()), raw)
        self.assertEqual(collector.metric("rearview_collect_refused_total"), len(odd) + 1)
        reasons = " ".join(reason for [reason] in self.ask("SELECT reason FROM refused"))
        for part in ("no JSON", "version 2", '"uuid"', "subject", "timestamp", "kind"):
            self.assertIn(part, reasons)
        self.assertEqual(collector.get("/healthz")[0], 200)

    def test_a_place_that_is_nowhere_is_none(self):
        self.collector()
        anna = self.gateway()
        anna.passing(1, (91, 0))
        anna.passing(2, (0, 181))
        anna.flush()
        self.wait_for_rows("passes", 2)
        self.assertEqual(self.ask("SELECT place IS NULL, message->'pass'->'position'->'lat' FROM passes ORDER BY id"),
                         [["t", "91"], ["t", "0"]])

    def test_what_is_old_is_deleted(self):
        self.collector("--keep-days", 0).stop()
        anna = self.gateway()
        for number in (1, 2, 3):
            anna.alert(number)
            anna.passing(number)
            anna.ride(number)
        anna.flush()
        keeps = self.collector("--keep-days", 0)
        for table in ("alerts", "passes", "rides"):
            self.wait_for_rows(table, 3)
            self.ask(f"UPDATE {table} SET heard = heard - interval '100 days' WHERE id = 1")
        self.ask("UPDATE gateways SET heard = heard - interval '100 days'")
        self.ask("INSERT INTO refused SELECT 'rearview.x.alert', n, now() - interval '1 day', 'many', 'x' FROM generate_series(1, 10100) AS n")
        keeps.stop()
        self.collector("--keep-days", 101)
        wait_for(lambda: self.count("refused") == 10_000, "a bounded table of what was refused")
        self.assertEqual(self.count("alerts"), 3)
        self.collector("--keep-days", 99)
        for table in ("alerts", "passes", "rides"):
            wait_for(lambda: self.count(table) == 2, f"old {table} to go")
        wait_for(lambda: self.count("gateways") == 0, "a gateway that is gone to go")


if __name__ == "__main__":
    unittest.main(verbosity=2)
