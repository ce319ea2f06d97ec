"""publish.nats: a real service, real nats-servers, and what the stream holds in the end."""

import json
import math
import pathlib
import re
import signal
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from cut_proxy import CutProxy
from flapping_camera import CAMERA_SETTINGS, FlappingCamera, one_picture
from nats_keys import an_nkey
from nats_server import NatsServer
from programs import BIN, Service, free_port, wait_for
from throwaway_ca import ThrowawayCa

GUIDE = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "publish.md").read_text()
STREAM = "REARVIEW"
MORE = 4  # alerts that must have come before the next thing happens
HOME = {"lat": 48.2, "lon": 16.37, "radius_m": 500}
NOBODY = "tcp://127.0.0.1:1"
AN_HOUR_AGO_MS = int(time.time() - 3600) * 1000


def an_alert(number, position=None, kind="vehicle_approaching"):
    return {"type": "alert", "id": number, "camera": "rear", "time": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(AN_HOUR_AGO_MS / 1000)), "t_s": 1.5, "kind": kind,
            "level": "warning", "track_id": 7, "class": "car", "box": {"x": 1.0, "y": 2.0, "w": 30.0, "h": 20.0},
            "ttc_s": 3.1, "distance_m": 20.0, "closing_mps": 6.5, "side": "right", "lateral_m": 0.4, "position": position,
            "rider_speed_mps": None, "reason": None, "epoch": 1, "frame_seq": 30,
            "latency_ms": {"decode": 1.0, "analyse": 2.0, "total": 3.0}}


class FleetTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.config = self.folder / "rearview.json"
        self.store = self.folder / "store"
        self.service = None
        self.addCleanup(lambda: self.service and self.service.stop())
        self.settings = {"store": {"folder": "store", "ride_gap_s": 1}, "cameras": [{"name": "rear", "url": NOBODY}],
                         "publish": {}}

    def nats(self, *arguments, **options):
        server = NatsServer(self.folder / f"jetstream{len(list(self.folder.iterdir()))}", *arguments, **options)
        self.addCleanup(server.stop)
        return server

    def publish(self, url, **settings):
        self.settings["publish"]["nats"] = {"url": url, "gateway": "one", "backoff_min_ms": 50, "backoff_max_ms": 500,
                                            "state_s": 1, **settings}

    def start_service(self):
        self.config.write_text(json.dumps(self.settings))
        port = self.service.port if self.service else 0
        self.service = Service("--config", str(self.config), http=f"127.0.0.1:{port}")

    def restart_service(self, number=signal.SIGTERM):
        self.service.stop(number)
        self.start_service()

    def metric(self, family, labels='channel="nats"'):
        for line in self.service.get("/metrics")[2].decode().splitlines():
            if line.startswith(f"rearview_publish_{family}{{{labels}"):
                return float(line.split()[-1])
        return None

    def wait_for_all_delivered(self):
        wait_for(lambda: self.metric("connected") == 1 and self.metric("waiting") == 0, "all alerts in the stream")

    def wait_for_kind(self, server, kind, count):
        def there():
            found = [payload for _, subject, _, payload in server.messages(STREAM) if subject == f"rearview.one.{kind}"]
            return found if len(found) >= count else None
        return wait_for(there, f"{count} of {kind} in the stream")

    def version(self):
        return re.search(rb'rearview_build_info{version="(.*?)"', self.service.get("/metrics")[2])[1].decode()

    def make_store(self, alerts=(), passes=(), rides=(), track=()):
        """A store as the service would have left it."""
        self.start_service()
        self.service.stop()
        with sqlite3.connect(self.store / "alerts.db") as database:
            database.executemany(
                "INSERT INTO alerts (id, camera, kind, json, time_ms) VALUES (?, 'rear', ?, ?, ?)",
                [(alert["id"], alert["kind"], json.dumps(alert), AN_HOUR_AGO_MS) for alert in alerts])
            for table, rows in (("passes", passes), ("rides", rides), ("track", track)):
                for row in rows:
                    database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
                                     list(row.values()))
        database.close()


class Delivery(FleetTest):
    def setUp(self):
        super().setUp()
        self.camera = FlappingCamera(one_picture())
        self.addCleanup(self.camera.close)
        self.settings["cameras"] = [{"name": f"rear{i}", "url": self.camera.url, **CAMERA_SETTINGS} for i in range(4)]
        self.server = self.nats()
        self.proxy = CutProxy(self.server.port)
        self.addCleanup(self.proxy.close)
        self.publish(f"nats://127.0.0.1:{self.proxy.port}")

    def truth(self):
        ids = []
        while True:
            page = self.service.get_json(f"/api/v1/alerts?limit=1000&after={ids[-1] if ids else 0}")
            ids += [alert["id"] for alert in page]
            if len(page) < 1000:
                return ids

    def more_alerts(self):
        start = len(self.truth())
        wait_for(lambda: len(self.truth()) >= start + MORE, "more alerts")

    def no_more_alerts(self):
        self.camera.hide()

        def told():
            last = {alert["camera"]: alert["kind"] for alert in self.service.get_json("/api/v1/alerts?limit=1000")}
            return all(camera["frame_age_s"] > 2 and last.get(camera["name"]) == "camera_lost"
                       for camera in self.service.get_json("/api/v1/cameras"))
        wait_for(told, "the loss of all cameras")

    def kill_server(self):
        self.server.kill()
        self.more_alerts()
        self.server.start()

    def kill_service(self):
        # At a killed service's next start only what its store has can be delivered: let it be written.
        self.no_more_alerts()
        wait_for(lambda: b"\nrearview_store_alerts_waiting 0\n" in self.service.get("/metrics")[2], "the store")
        self.restart_service(signal.SIGKILL)
        self.camera.flap()

    def cut_network(self):
        self.proxy.cut()
        self.more_alerts()
        self.proxy.mend()

    def lose_acknowledgements(self):
        self.proxy.deafen()
        self.more_alerts()
        self.proxy.mend()

    def test_once_and_in_order_whatever_breaks(self):
        self.start_service()
        for what, fault in {"the server's sudden end": self.kill_server, "a cut network": self.cut_network,
                            "lost acknowledgements": self.lose_acknowledgements,
                            "the service's restart": self.restart_service,
                            "the service's sudden end": self.kill_service}.items():
            with self.subTest(what):
                self.more_alerts()
                fault()
                self.more_alerts()
                self.wait_for_all_delivered()
        self.no_more_alerts()
        self.wait_for_all_delivered()
        alerts = [(headers, payload) for _, subject, headers, payload in self.server.messages(STREAM)
                  if subject == "rearview.one.alert"]
        self.assertEqual([payload["id"] for _, payload in alerts], self.truth())
        for headers, payload in alerts:
            self.assertEqual(headers["Nats-Msg-Id"], f"{payload['uuid']}/{payload['epoch']}/{payload['id']}")
        self.assertEqual(len({(payload["uuid"], payload["epoch"]) for _, payload in alerts}), 1)
        _, newest = alerts[-1]
        kept = self.service.get_json(f"/api/v1/alerts/{newest['id']}")
        self.assertEqual({key: newest["alert"][key] for key in kept if not key.startswith("has_")},
                         {key: kept[key] for key in kept if not key.startswith("has_")})

    def test_the_state_is_one_message_and_never_clear_without_a_service(self):
        self.start_service()

        def state():
            message = self.server.last(STREAM, "rearview.one.state")
            return message and message["state"]
        seen = wait_for(lambda: self.server.state(STREAM) and state(), "a state")
        self.assertEqual({camera["name"] for camera in seen["cameras"]}, {f"rear{i}" for i in range(4)})
        self.assertEqual((seen["status"], seen["version"]), ("online", self.version()))
        self.proxy.cut()
        self.more_alerts()
        wait_for(lambda: self.metric("connected") == 0, "the loss of the server")
        cut_ms = time.time() * 1000
        self.proxy.mend()
        seen = wait_for(lambda: (now := state())["time_ms"] > cut_ms and now, "a state of behind the cut")
        self.assertIn("alerts_behind", seen)
        self.service.stop()
        seen = state()
        self.assertEqual(seen["status"], "offline")
        self.assertEqual({camera["road"] for camera in seen["cameras"]}, {"no_signal"})
        states = [subject for _, subject, _, _ in self.server.messages(STREAM) if subject.endswith(".state")]
        self.assertEqual(len(states), 1, "older states stay")

    def test_another_server_from_the_next_reload_on(self):
        self.start_service()
        self.more_alerts()
        self.wait_for_all_delivered()
        other = self.nats()
        self.publish(other.url)
        self.config.write_text(json.dumps(self.settings))
        self.service.process.send_signal(signal.SIGHUP)
        wait_for(lambda: other.state(STREAM) and self.wait_for_kind(other, "alert", 1), "alerts at the other server")
        self.no_more_alerts()
        self.wait_for_all_delivered()
        both = [payload["id"] for server in (self.server, other)
                for _, subject, _, payload in server.messages(STREAM) if subject.endswith(".alert")]
        self.assertEqual(both, self.truth())


class Backlog(FleetTest):
    def test_ten_thousand_alerts_once_and_in_order_then_none_again(self):
        self.make_store(an_alert(number) for number in range(1, 10_001))
        server = self.nats()
        self.publish(server.url, backlog=True)
        begun = time.monotonic()
        self.start_service()
        wait_for(lambda: self.metric("alerts_total") == 10_000, "all alerts in the stream")
        print(f"10000 alerts in {time.monotonic() - begun:.1f} s", file=sys.stderr)
        alerts = [payload["id"] for _, subject, _, payload in server.messages(STREAM) if subject.endswith(".alert")]
        self.assertEqual(alerts, list(range(1, 10_001)))
        before = server.state(STREAM)["last_seq"]
        self.restart_service()
        wait_for(lambda: server.state(STREAM)["last_seq"] > before + 2, "states of the service's next run")
        again = [subject for _, subject, _, _ in server.messages(STREAM, before) if not subject.endswith(".state")]
        self.assertEqual(again, [])

    def test_the_pace_is_bounded(self):
        self.make_store(an_alert(number) for number in range(1, 301))
        server = self.nats()
        self.publish(server.url, backlog=True, catch_up_per_s=100)
        begun = time.monotonic()
        self.start_service()
        wait_for(lambda: self.metric("alerts_total") == 300, "all alerts in the stream")
        self.assertGreater(time.monotonic() - begun, 2.5)

    def positions(self, **privacy):
        """Alerts, passes and a ride at home and 2 km from it, as the stream gets them; all bytes of them."""
        far = {"lat": HOME["lat"] + 0.018, "lon": HOME["lon"], "accuracy_m": 4.0}
        near = {"lat": HOME["lat"] + 0.001, "lon": HOME["lon"], "accuracy_m": 4.0}
        places = [near, far]
        ride = {"id": 1, "camera": "rear", "start_ms": AN_HOUR_AGO_MS - 100_000, "seen_ms": AN_HOUR_AGO_MS + 100_000, "duration_s": 200,
                "distance_m": 2000, "known_s": 200, "moving_s": 200, "track_points": 2}
        self.make_store(
            [an_alert(number, place, "overtake") | {"pass_t_s": 1.5} for number, place in enumerate(places, 1)],
            [{"id": number, "ride": 1, "camera": "rear", "time_ms": AN_HOUR_AGO_MS, "close": 0, "class": "car",
              "side": "right", "lat_deg": place["lat"], "lon_deg": place["lon"], "accuracy_m": 4.0}
             for number, place in enumerate(places, 1)],
            [ride],
            [{"ride": 1, "t_s": 100 * number, "lat_deg": place["lat"], "lon_deg": place["lon"], "accuracy_m": 4.0,
              "speed_mps": 5.0, "distance_m": 1000.0 * number} for number, place in enumerate(places)])
        server = self.nats()
        self.publish(server.url, backlog=True, privacy=privacy)
        self.start_service()
        alerts = self.wait_for_kind(server, "alert", 2)
        passes = self.wait_for_kind(server, "pass", 2)
        [ride] = self.wait_for_kind(server, "ride", 1)
        ids = [headers["Nats-Msg-Id"].split("/", 2)[2] for _, _, headers, _ in server.messages(STREAM)
               if "Nats-Msg-Id" in headers]
        self.assertEqual(sorted(ids), ["1", "2", "pass/1", "pass/2", "ride/1"])
        self.assertEqual(wait_for(lambda: self.metric("rides_total"), "the ride's acknowledgement"), 1)
        return alerts, passes, ride, json.dumps([alerts, passes, ride])

    def test_positions_go_as_they_are_where_nothing_is_said(self):
        alerts, passes, ride, _ = self.positions(tracks=True)
        for messages, kind in ((alerts, "alert"), (passes, "pass")):
            self.assertEqual([message[kind]["position"] for message in messages],
                             [{"lat": 48.201, "lon": 16.37, "accuracy_m": 4.0}, {"lat": 48.218, "lon": 16.37, "accuracy_m": 4.0}])
        self.assertEqual([(point["t_s"], point["lat"]) for point in ride["track"]], [(0, 48.201), (100, 48.218)])

    def test_no_position_leaves_a_zone_and_none_is_finer_than_the_grid(self):
        alerts, passes, ride, text = self.positions(zones=[HOME], grid_m=200, tracks=True)
        for messages, kind in ((alerts, "alert"), (passes, "pass")):
            at_home, away = [message[kind]["position"] for message in messages]
            self.assertIsNone(at_home)
            off_m = math.hypot((away["lat"] - 48.218) * 111_195, (away["lon"] - 16.37) * 111_195 * math.cos(math.radians(48.2)))
            self.assertLess(off_m, 142)
            self.assertGreater(away["accuracy_m"], 141)
        [point] = ride["track"]
        self.assertEqual(point["t_s"], 100)
        for secret in ("48.201", "48.218,", "16.37,"):
            self.assertNotIn(secret, text)

    def test_a_track_stays_where_the_rider_does_not_let_it_go(self):
        _, _, ride, _ = self.positions()
        self.assertNotIn("track", ride)
        self.assertEqual(ride["ride"]["passes"], 2)


class Trouble(FleetTest):
    def wrong(self, said, url="nats://127.0.0.1:1", **settings):
        self.publish(url, **settings)
        self.config.write_text(json.dumps(self.settings))
        result = subprocess.run([f"{BIN}/rearview", "serve", "--check-config", "--config", self.config],
                                capture_output=True, text=True, timeout=60)
        self.assertEqual((result.returncode, len(result.stderr.splitlines())), (2, 1), result.stderr)
        self.assertIn(said, result.stderr)
        self.assertNotIn("secret", result.stderr)

    def test_wrong_settings_are_exit_code_2_and_one_sentence(self):
        (self.folder / "text").write_text("nothing of use")
        self.wrong("nats://HOST:PORT", url="http://127.0.0.1")
        self.wrong("nats://HOST:PORT", url="nats://127.0.0.1:x")
        self.wrong("credentials_file", url="nats://u:secret@127.0.0.1")
        self.wrong(".creds", credentials_file=str(self.folder / "text"))
        self.wrong("nk -gen user", nkey_file=str(self.folder / "text"))
        self.wrong("token", token_file=str(self.folder / "none"))
        self.wrong("certificate", url="tls://127.0.0.1", ca_file=str(self.folder / "text"))
        self.wrong("tls://", ca_file=str(self.folder / "text"))
        self.wrong("zone", privacy={"zones": [{"lat": 1}]})
        self.wrong("gateway", gateway="a.b")

    def goes_on_without(self, said):
        """The service says why, and watches on."""
        self.service.wait_for_line(f"component=publish .*{said}")
        wait_for(lambda: (self.metric("retries_total") or 0) >= 2, "another try")
        self.assertEqual(self.metric("connected"), 0)
        self.assertEqual(len(self.service.get_json("/api/v1/cameras")), 1)
        self.assertNotIn("secret", "\n".join(self.service.lines))

    def test_a_server_that_is_not_there_is_waited_for(self):
        port = free_port()
        self.publish(f"nats://127.0.0.1:{port}")
        self.start_service()
        self.goes_on_without("msg=\"not connected")

    def test_wrong_credentials_are_told_and_right_ones_taken_over(self):
        server = self.nats("--auth", "secret-token", login={"auth_token": "secret-token"})
        token = self.folder / "token"
        token.write_text("secret-wrong\n")
        self.publish(server.url, token_file="token")
        self.start_service()
        self.goes_on_without("credentials")
        token.write_text("secret-token\n")
        wait_for(lambda: self.metric("connected") == 1, "a connection")

    def test_a_server_without_jetstream(self):
        server = self.nats(jetstream=False)
        self.publish(server.url)
        self.start_service()
        self.goes_on_without("JetStream")

    def test_a_stream_of_another_shape_is_refused(self):
        server = self.nats()
        self.assertNotIn("error", server.request(f"$JS.API.STREAM.CREATE.{STREAM}", {
            "name": STREAM, "subjects": ["something.else"], "retention": "limits", "storage": "memory", "discard": "old",
            "num_replicas": 1, "max_consumers": -1, "max_msgs": -1, "max_bytes": -1, "max_age": 0}))
        self.publish(server.url)
        self.start_service()
        self.goes_on_without("another shape")

    def test_a_stream_that_is_deleted_is_made_again(self):
        server = self.nats()
        self.publish(server.url)
        self.start_service()
        wait_for(lambda: server.state(STREAM), "the stream")
        server.request(f"$JS.API.STREAM.DELETE.{STREAM}", {})
        self.assertIsNone(server.state(STREAM))
        self.restart_service()
        wait_for(lambda: server.state(STREAM), "the stream again")

    def test_the_server_has_to_be_the_one_that_the_authority_knows(self):
        ours, others = self.folder / "ours", self.folder / "others"
        for folder in (ours, others):
            folder.mkdir()
        ca, other = ThrowawayCa(ours), ThrowawayCa(others)
        context = ssl.create_default_context(cafile=ca.ca)
        server = self.nats("--tls", "--tlscert", ca.cert, "--tlskey", ca.key, scheme="tls", tls=context)
        self.publish(server.url, ca_file=str(other.ca))
        self.start_service()
        self.goes_on_without("msg=\"not connected")
        self.publish(server.url)  # the system's authorities don't know it either
        self.restart_service()
        self.goes_on_without("msg=\"not connected")
        elsewhere = self.nats("-a", "127.0.0.2", "--tls", "--tlscert", ca.cert, "--tlskey", ca.key, scheme="tls")
        self.publish(elsewhere.url.replace("127.0.0.1", "127.0.0.2"), ca_file=str(ca.ca))  # the certificate doesn't name it
        self.restart_service()
        self.goes_on_without("msg=\"not connected")
        self.publish(server.url, ca_file=str(ca.ca))
        self.restart_service()
        wait_for(lambda: self.metric("connected") == 1, "a connection")

    def test_an_nkey_lets_in(self):
        seed, public, file = an_nkey(self.folder)
        config = self.folder / "nats.conf"
        # No more than docs/publish.md says that it needs.
        config.write_text("authorization: {users: [{user: test, password: test}, {nkey: " + public + ", permissions: {"
                          "publish: ['rearview.one.*', '$JS.API.STREAM.INFO.REARVIEW', '$JS.API.STREAM.CREATE.REARVIEW'], "
                          "subscribe: ['_INBOX.>']}}]}")
        server = self.nats("-c", config, login={"user": "test", "pass": "test"})
        self.make_store([an_alert(1)])
        self.publish(server.url, nkey_file=str(file), backlog=True)
        self.start_service()
        self.wait_for_all_delivered()
        self.assertNotIn(seed, "\n".join(self.service.lines))


class Leaf(FleetTest):
    """nats-server on the gateway as a leaf node of the fleet's: the service never knows the hub."""

    def hub_and_leaf(self, domain=None):
        """As docs/publish.md has them, on ports of the test's own."""
        port = free_port()
        hub, leaf = re.findall(r"^```conf\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
        hub = hub.replace("port: 7422", f"host: 127.0.0.1, port: {port}").replace("store_dir: jetstream, ", "")
        leaf = leaf.replace("hub.example.org:7422", f"127.0.0.1:{port}")
        if domain:
            leaf += f"jetstream {{ domain: {domain} }}\n"
        return (self.nats("-c", self.written("hub.conf", hub)),
                self.nats("-c", self.written("leaf.conf", leaf), jetstream=bool(domain)))

    def written(self, name, text):
        file = self.folder / name
        file.write_text(text)
        return file

    def check(self, hub, leaf, **settings):
        self.make_store(an_alert(number) for number in range(1, 101))
        self.publish(leaf.url, backlog=True, **settings)
        self.start_service()
        self.wait_for_all_delivered()
        hub.kill()
        self.service.stop()
        with sqlite3.connect(self.store / "alerts.db") as database:
            database.executemany(
                "INSERT INTO alerts (id, camera, kind, json, time_ms) VALUES (?, 'rear', ?, ?, ?)",
                [(number, "vehicle_approaching", json.dumps(an_alert(number)), AN_HOUR_AGO_MS)
                 for number in range(10_001, 10_101)])
        database.close()
        self.start_service()
        wait_for(lambda: (self.metric("retries_total") or 0) >= 1, "a try without the hub")
        hub.start()
        self.wait_for_all_delivered()
        ids = [payload["id"] for _, subject, _, payload in hub.messages(STREAM) if subject == "rearview.one.alert"]
        self.assertEqual(ids, [*range(1, 101), *range(10_001, 10_101)])

    def test_a_leaf_without_jetstream_passes_everything_on(self):
        hub, leaf = self.hub_and_leaf()
        self.check(hub, leaf, domain="hub")

    def test_a_leaf_with_a_jetstream_of_its_own_passes_on_to_the_hubs_domain(self):
        hub, leaf = self.hub_and_leaf(domain="gateway")
        self.check(hub, leaf, domain="hub")
        self.assertIsNone(leaf.state(STREAM))


if __name__ == "__main__":
    unittest.main(verbosity=2)
