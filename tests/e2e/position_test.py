"""Where the rider is, from a real gpsd: in alerts, passes, rides and FIT files, and what gpsd's troubles do to it."""

import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import unittest

from fit_messages import messages, number
from programs import BIN, Service, live_stages, scene_camera, wait_for
from receiver import SPEED_MPS, START_DEG, Receiver

UNKNOWN = 0x7FFFFFFF
SEMICIRCLES = 180 / 2**31


class PositionTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="position_test_"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.gpsd = Receiver(self.folder)
        self.addCleanup(self.gpsd.stop)
        self.camera = scene_camera(self.folder, 3, {"traffic": 0, "vehicles": [
            {"class": "car", "behaviour": "overtake", "start_s": start, "distance_m": 60, "speed_mps": 16, "look": start}
            for start in range(2, 200, 3)]})
        self.addCleanup(self.camera.stop)

    def serve(self, name, **gps):
        config = self.folder / f"{name}.json"
        config.write_text(json.dumps({
            "cameras": [{"name": "rear", **live_stages()}],
            "store": {"folder": str(self.folder / name), "least_free_bytes": 0},
            "gps": {"enabled": True, "port": self.gpsd.port, "stale_after_ms": 700, "answer_timeout_ms": 1000,
                    "backoff_max_ms": 500, **gps}}))
        service = Service("--config", str(config), "--camera", self.camera.url)
        self.addCleanup(service.stop)
        return service

    def wait_until(self, known, service):
        return wait_for(lambda: (of := json.loads(service.get("/healthz")[2])["position"])["known"] == known and of,
                        f"position known: {known}")

    def next_of(self, kind, service):
        newest = max((one["id"] for one in service.get_json(f"/api/v1/{kind}?limit=1000")), default=0)
        return wait_for(lambda: service.get_json(f"/api/v1/{kind}?after={newest}&limit=1"), f"one of the {kind}", 60)[0]

    def check_place(self, of):
        self.assertAlmostEqual(START_DEG, of["position"]["lat"], delta=0.2)
        self.assertGreater(of["position"]["lat"], START_DEG)
        self.assertAlmostEqual(11.5, of["position"]["lon"], delta=1e-4)
        self.assertTrue(1 < of["position"]["accuracy_m"] < 100)
        self.assertAlmostEqual(SPEED_MPS, of["rider_speed_mps"], delta=0.1)

    def records(self, fit):
        return [values for kind, values in messages(fit) if kind == 20]

    def located(self, fit):
        return [one for one in self.records(fit) if 0 in one and number(one, 0, "i") != UNKNOWN]

    def test_alerts_passes_rides_and_fit_files_say_where(self):
        service = self.serve("open")
        private = self.serve("private", locate_alerts=False, keep_track=False)
        for one in (service, private):
            self.assertEqual({"connected": True, "known": True, "problem": None}, self.wait_until(True, one))
        self.check_place(self.next_of("alerts", service))
        passed = self.next_of("passes", service)
        self.check_place(passed)
        self.check_place(next(data for event, _, data in service.events(f"/api/v1/events?after={passed['alert'] - 1}")
                              if event == "alert"))
        for kind in ("alerts", "passes"):
            hidden = self.next_of(kind, private)
            self.assertIsNone(hidden["position"])
            self.assertAlmostEqual(SPEED_MPS, hidden["rider_speed_mps"], delta=0.1)

        fit = wait_for(lambda: (now := service.get("/api/v1/rides/1/ride.fit")[2]) and len(self.located(now)) > 4 and now,
                       "a track on the disk")
        service.stop(signal.SIGKILL)
        places = self.located(fit)
        distances = [number(one, 5, "I") / 100 for one in places]
        self.assertEqual(distances, sorted(distances))
        self.assertGreater(distances[-1], 100)
        for one in places:
            self.assertGreater(number(one, 0, "i") * SEMICIRCLES, START_DEG)
        # gpsd's first report has no speed yet.
        for one in places[1:]:
            self.assertAlmostEqual(SPEED_MPS, number(one, 6, "H") / 1000, delta=0.1)
        gone = (number(places[-1], 0, "i") - number(places[0], 0, "i")) * SEMICIRCLES * 111_195
        self.assertAlmostEqual(gone, distances[-1] - distances[0], delta=0.02 * gone)
        # A vehicle's own speed is the rider's and what it is faster.
        came = [one for one in places[1:] if one[1005][0] > 0]
        self.assertGreater(len(came), 0)
        for one in came:
            self.assertEqual(one[1005][0] + round(SPEED_MPS * 3.6), one[1006][0])

        out = self.folder / "ride.fit"
        subprocess.run([os.path.join(BIN, "rearview"), "export", "--ride", "1", "--store", self.folder / "open", out],
                       check=True, timeout=30, stdout=subprocess.DEVNULL)
        self.assertGreaterEqual(len(self.located(out.read_bytes())), len(places))
        session = next(values for kind, values in messages(out.read_bytes()) if kind == 18)
        self.assertGreaterEqual(number(session, 9, "I") / 100, distances[-1])
        again = self.serve("open", enabled=False)
        self.assertGreaterEqual(again.get_json("/api/v1/rides")[0]["distance_m"], int(distances[-1]))
        self.assertNotIn("position", json.loads(again.get("/healthz")[2]))

        self.assertGreater(private.get_json("/api/v1/rides/1")["distance_m"], 100)
        self.assertEqual([], self.located(private.get("/api/v1/rides/1/ride.fit")[2]))
        private.stop()
        database = sqlite3.connect(self.folder / "private" / "alerts.db")
        self.assertEqual((0,), database.execute("SELECT count(*) FROM track").fetchone())
        self.assertEqual((0,), database.execute("SELECT count(*) FROM passes WHERE lat_deg IS NOT NULL").fetchone())
        database.close()

    def test_a_gpsd_that_hangs_or_dies_makes_the_position_unknown_and_nothing_else(self):
        service = self.serve("store")
        self.wait_until(True, service)
        self.gpsd.signal(signal.SIGSTOP)
        self.wait_until(False, service)
        service.wait_for_line("component=position .*gpsd doesn't answer")
        alert = self.next_of("alerts", service)
        self.assertIsNone(alert["position"])
        self.assertIsNone(alert["rider_speed_mps"])
        self.assertEqual("live", service.camera()["state"])
        self.assertEqual(200, service.get("/readyz")[0])
        self.gpsd.signal(signal.SIGCONT)
        self.wait_until(True, service)
        self.gpsd.stop()
        self.assertFalse(self.wait_until(False, service)["connected"])
        self.assertIn("rearview_position_known 0", service.get("/metrics")[2].decode())
        self.gpsd.start()
        self.wait_until(True, service)
        self.assertEqual(0, service.stop())


if __name__ == "__main__":
    unittest.main(verbosity=2)
