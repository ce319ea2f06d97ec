"""What was collected, as others see it: GeoJSON, gateways, hours, who may look, and the page in a real browser."""

import json
import os
import pathlib
import subprocess
import sys
import time
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e" / "browser"))

import axe
from fleet_programs import REARVIEW, Fleet, needs_postgres, now
from webdriver import Browser

from programs import wait_for

BERLIN, MUNICH, FIJI, SAMOA = (52.52, 13.405), (48.137, 11.575), (-17.8, 177.4), (-13.8, -172.1)
SCREENS = os.environ.get("REARVIEW_SCREENS")


@needs_postgres
class Site(Fleet):
    def passes(self, collector, **query):
        found = collector.json("/api/v1/passes.geojson?" + urllib.parse.urlencode(query))
        self.assertEqual(found["type"], "FeatureCollection")
        return [feature["properties"]["pass"].rsplit("/")[-1] for feature in found["features"]]

    def test_passes_as_geojson(self):
        anna = self.gateway()
        anna.passing(1, BERLIN, time=now(7200))
        anna.passing(2, MUNICH, kind="close_pass", time=now(3600))
        anna.passing(3, FIJI, time=now(1800))
        anna.passing(4, SAMOA, time=now(900))
        anna.passing(5)
        anna.flush()
        collector = self.collector()
        self.wait_for_rows("passes", 5)
        self.assertEqual(self.passes(collector), ["4", "3", "2", "1"])
        self.assertEqual(self.passes(collector, limit=2), ["4", "3"])
        self.assertEqual(self.passes(collector, since=now(2000)), ["4", "3"])
        self.assertEqual(self.passes(collector, close=1), ["2"])
        self.assertEqual(self.passes(collector, bbox="10,40,20,60"), ["2", "1"])
        self.assertEqual(self.passes(collector, bbox="10,40,20,50"), ["2"])
        self.assertEqual(self.passes(collector, bbox="-180,-90,180,90"), ["4", "3", "2", "1"])
        self.assertEqual(self.passes(collector, bbox="170,-30,-170,0"), ["4", "3"])  # across the date line
        [feature] = collector.json("/api/v1/passes.geojson?bbox=10,40,20,50")["features"]
        self.assertEqual(feature["geometry"], {"type": "Point", "coordinates": [11.575, 48.137]})
        self.assertEqual({key: feature["properties"][key] for key in ("gateway", "kind", "class", "side", "lateral_m")},
                         {"gateway": "anna", "kind": "close_pass", "class": "car", "side": "left", "lateral_m": 1.2})
        for query in ("bbox=1,2,3", "bbox=1,2,3,4,5", "bbox=1,2,3,x", "bbox=1,2,3,91", "bbox=", "bbox=nan,0,1,1", "since=soon",
                      "limit=0", "limit=10001", "close=2", "colour=red"):
            status, body = collector.get("/api/v1/passes.geojson?" + query)
            self.assertEqual(status, 400, (query, body))
        self.assertEqual(collector.get("/healthz")[0], 200)

    def test_passes_by_hour(self):
        anna = self.gateway()
        for number, ago in enumerate((0, 0, 3600, 5 * 3600), 1):
            anna.passing(number, kind="close_pass" if number == 2 else "overtake", time=now(ago))
        anna.flush()
        collector = self.collector()
        self.wait_for_rows("passes", 4)
        hours = collector.json("/api/v1/passes/hours")
        self.assertEqual(len(hours), 24)
        self.assertEqual(sum(hour["passes"] for hour in hours), 4)
        self.assertEqual(sum(hour["close_passes"] for hour in hours), 1)
        self.assertEqual(sum(hour["passes"] for hour in collector.json(f"/api/v1/passes/hours?since={now(7200)}")), 3)
        self.assertEqual(len(collector.json("/api/v1/passes/hours?since=1970-01-01T00:00:00Z")), 31 * 24 + 1)
        self.assertEqual(collector.get("/api/v1/passes/hours?since=soon")[0], 400)

    def state(self, gateway, *roads, ago_s=0.0, **more):
        message = {"cameras": [{"name": f"c{i}", "road": road} for i, road in enumerate(roads)], "version": "1.2.3",
                   "newest_alert_id": 7, "alerts_behind": 2, "time_ms": round((time.time() - ago_s) * 1000), **more}
        gateway.send("state", gateway.envelope("state", message))
        gateway.flush()

    def road(self, collector, name):
        return {one["gateway"]: one["road"] for one in collector.json("/api/v1/gateways")}.get(name)

    def test_a_gateway_that_is_away_is_never_clear(self):
        collector = self.collector("--silent-s", 3600)
        hasty = self.collector("--silent-s", 1)
        anna, ben, cleo, dora = (self.gateway(name) for name in ("anna", "ben", "cleo", "dora"))
        self.state(anna, "clear")
        self.state(ben, "clear", "approaching")
        self.state(cleo, "clear", ago_s=7200)  # it lay somewhere on its way
        dora.alert(1)
        dora.flush()
        wait_for(lambda: len(collector.json("/api/v1/gateways")) == 4, "four gateways")
        self.assertEqual([self.road(collector, name) for name in ("anna", "ben", "cleo", "dora")],
                         ["clear", "approaching", "unknown", "unknown"])
        anna_says = collector.json("/api/v1/gateways")[0]
        self.assertEqual({key: anna_says[key] for key in ("uuid", "version", "newest_alert_id", "alerts_behind", "cameras")},
                         {"uuid": "uuid-anna", "version": "1.2.3", "newest_alert_id": 7, "alerts_behind": 2,
                          "cameras": [{"name": "c0", "road": "clear"}]})
        self.assertLess(abs(anna_says["clock_off_s"]), 60)
        wait_for(lambda: self.road(hasty, "anna") == "unknown", "the road to be unknown")
        self.assertEqual([camera["road"] for camera in hasty.json("/api/v1/gateways")[0]["cameras"]], ["unknown"])
        self.state(anna, "clear", "paradise")
        wait_for(lambda: self.road(collector, "anna") == "unknown", "a road that nobody knows")
        self.state(anna)
        wait_for(lambda: collector.json("/api/v1/gateways")[0]["cameras"] == [], "no camera")
        self.assertEqual(self.road(collector, "anna"), "unknown")
        self.state(anna, "clear")
        wait_for(lambda: self.road(collector, "anna") == "clear", "a clear road")

    def test_an_older_state_does_not_take_the_place_of_a_newer(self):
        collector = self.collector()
        anna = self.gateway()
        self.state(anna, "danger")
        wait_for(lambda: self.road(collector, "anna") == "danger", "a state")
        # A new consumer is given all from the beginning, beside what another one has kept.
        self.ask("UPDATE gateways SET state_heard = state_heard + interval '1 second', state = jsonb_set(state, '{version}', '\"newer\"')")
        again = self.collector("--name", "again")
        wait_for(lambda: again.metric("rearview_collect_states_total") >= 1, "the state again")
        self.assertEqual(self.ask("SELECT version FROM gateways"), [["newer"]])

    def test_who_may_look(self):
        config = self.folder / "rearview.json"
        config.write_text(json.dumps({"serve": {"access": {"this_machine": False}}}))
        store = self.folder / "store"
        token = subprocess.run([REARVIEW, "access", "--store", store, "add", "map"], check=True, capture_output=True, text=True).stdout.strip()
        collector = self.collector("--config", config, store=store, http="0.0.0.0:0")
        for path in ("/api/v1/passes.geojson", "/api/v1/passes/hours", "/api/v1/gateways", "/healthz", "/metrics"):
            self.assertEqual(collector.get(path)[0], 401, path)
            self.assertEqual(collector.get(path, {"Authorization": f"Bearer {token}"})[0], 200, path)
        self.assertEqual(collector.get("/")[0], 200)
        self.assertEqual(json.loads(collector.get("/api/v1/access")[1])["scope"], "none")

    def test_the_page(self):
        anna, ben = self.gateway("anna"), self.gateway("ben")
        anna.passing(1, BERLIN)
        anna.passing(2, (52.53, 13.42), kind="close_pass", lateral_m=0.8, **{"class": "<b>car</b>"})
        anna.passing(3, (52.51, 13.39), time=now(3 * 86_400))
        anna.flush()
        self.state(anna, "clear")
        self.state(ben, "clear", ago_s=100)
        collector = self.collector("--silent-s", 3600)
        self.wait_for_rows("passes", 3)
        dots = "return document.querySelectorAll('#map circle').length === arguments[0]"
        for name, width, height, dark in (("phone", 360, 760, False), ("phone-dark", 360, 760, True), ("desk", 1280, 900, False)):
            with self.subTest(name), Browser(width, height, dark=dark, mobile=width < 500) as page:
                page.open(f"http://127.0.0.1:{collector.port}/")
                page.wait_for("dots", dots, 2)
                page.wait_for("gateways", "return document.querySelectorAll('#gateways tr').length === 2")
                self.assertEqual(page.run("return [...document.querySelectorAll('#gateways [data-road]')].map((one) => one.textContent)"),
                                 ["clear", "clear"])
                self.assertEqual(page.run("return document.querySelectorAll('#map .near').length"), 1)
                page.run("document.querySelector('#map .near').dispatchEvent(new Event('click'))")
                said = page.run("return document.getElementById('map-said').textContent")
                self.assertIn("Close pass of a <b>car</b>, 0.8 m to the left: anna", said)
                self.assertIn("2 passes, 1 of them close", page.run("return document.getElementById('hours-said').textContent"))
                self.assertLessEqual(page.run("return document.documentElement.scrollWidth - innerWidth"), 0)
                if axe.program():
                    self.assertEqual(axe.faults(page, axe.program()), [])
                if SCREENS:
                    pathlib.Path(SCREENS).mkdir(parents=True, exist_ok=True)
                    page.screenshot(pathlib.Path(SCREENS, f"fleet-{name}.png"))
                if name == "desk":
                    page.run("document.getElementById('close').click()")
                    page.wait_for("close ones alone", dots, 1)
                    page.run("document.getElementById('close').click()")
                    page.run("const span = document.getElementById('span'); span.value = '7'; span.dispatchEvent(new Event('change'))")
                    page.wait_for("a week's dots", dots, 3)
                    for _ in range(12):
                        page.run("document.getElementById('nearer').click()")
                    page.wait_for("nearer, fewer dots", dots, 1)
                    page.run("document.getElementById('all').click()")
                    page.wait_for("all dots", dots, 3)

    def test_the_page_lets_in_by_the_password(self):
        config = self.folder / "rearview.json"
        config.write_text(json.dumps({"serve": {"access": {"this_machine": False}}}))
        store = self.folder / "store"
        subprocess.run([REARVIEW, "access", "--store", store, "password"], check=True, input="correct horse\n", text=True, capture_output=True)
        self.state(self.gateway(), "clear")
        collector = self.collector("--config", config, store=store)
        with Browser(360, 760) as page:
            page.open(f"http://127.0.0.1:{collector.port}/")
            page.wait_for("the question", "return document.getElementById('sign-in').open")
            self.assertEqual(page.run("return document.querySelectorAll('#gateways tr').length"), 0)
            enter = "const f = document.querySelector(\"form[data-path='/login']\"); f.elements.password.value = arguments[0]; f.requestSubmit()"
            page.run(enter, "wrong horse")
            page.wait_for("the refusal", "return document.querySelector('#sign-in [role=status]').textContent.includes('Not let in')")
            page.run(enter, "correct horse")
            page.wait_for("a gateway", "return document.querySelectorAll('#gateways tr').length === 1")
            self.assertFalse(page.run("return document.getElementById('sign-in').open || document.getElementById('leave').hidden"))

    def test_a_page_whose_collector_is_gone_says_so_and_no_road_is_clear(self):
        self.state(self.gateway(), "clear")
        collector = self.collector("--silent-s", 3600)
        with Browser(800, 600) as page:
            page.open(f"http://127.0.0.1:{collector.port}/")
            page.wait_for("a clear road", "return document.querySelector('#gateways [data-road=clear]') !== null")
            collector.stop()
            page.wait_for("a road that nobody knows", "return document.querySelector('#gateways [data-road=unknown]') !== null")
            self.assertFalse(page.run("return document.getElementById('problem').hidden"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
