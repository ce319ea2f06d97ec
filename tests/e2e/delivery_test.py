"""Each channel delivers each alert exactly once and in order, whatever happens in between.

The truth is what /api/v1/alerts holds in the end. CUT_S: how long the network is away (3).
"""

import json
import os
import pathlib
import signal
import tempfile
import time
import unittest

from broker import Broker, Mqtt
from cut_proxy import CutProxy
from flapping_camera import CAMERA_SETTINGS, FlappingCamera, one_picture
from programs import Service, wait_for
from subscribers import Events, Lines, WebSocket
from webhook_receiver import SECRET, Webhook

CUT_S = float(os.environ.get("CUT_S", "3"))
CAMERAS = 4
MORE = 4  # alerts that must have come before the next thing happens


class Delivery(unittest.TestCase):
    """One service with every channel; the faults come one after the other."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.camera = FlappingCamera(one_picture())
        self.addCleanup(self.camera.close)
        self.service = None
        self.addCleanup(lambda: self.service and self.service.stop())
        self.config = self.folder / "rearview.json"
        (self.folder / "secret").write_text(SECRET)
        webhook = Webhook(0)
        webhook.start()
        self.hook_proxy = CutProxy(webhook.port)
        self.addCleanup(self.hook_proxy.close)
        self.broker = Broker(self.folder)
        self.addCleanup(self.broker.stop)
        self.broker_proxy = CutProxy(self.broker.port)
        self.addCleanup(self.broker_proxy.close)
        mqtt = Mqtt(0, self.broker.port)
        mqtt.start()
        self.settings = {
            "store": {"folder": "store"},
            "publish": {
                "ndjson": {"socket": "events.sock"},
                "webhooks": [{"name": "home", "url": f"http://127.0.0.1:{self.hook_proxy.port}/", "timeout_ms": 1000,
                              "secret_file": "secret", "backoff_min_ms": 100, "backoff_max_ms": 1000}],
                "mqtt": {"url": f"mqtt://127.0.0.1:{self.broker_proxy.port}", "keepalive_s": 5,
                         "backoff_min_ms": 100, "backoff_max_ms": 1000},
            },
            "cameras": [{"name": f"rear{i}", "url": self.camera.url, **CAMERA_SETTINGS} for i in range(CAMERAS)],
        }
        self.start_service()
        self.proxy = CutProxy(self.service.port)
        self.addCleanup(self.proxy.close)
        self.subscribers = [Events(0, self.proxy.port), WebSocket(0, self.proxy.port),
                            Lines(0, str(self.folder / "events.sock"))]
        for one in self.subscribers:
            one.start()
        self.subscribers += [webhook, mqtt]
        for one in self.subscribers:
            self.addCleanup(one.stop)

    def start_service(self):
        self.config.write_text(json.dumps(self.settings))
        port = self.service.port if self.service else 0
        self.service = Service("--config", str(self.config), http=f"127.0.0.1:{port}")

    def truth(self):
        ids = []
        while True:
            page = self.service.get_json(f"/api/v1/alerts?limit=1000&after={ids[-1] if ids else 0}")
            ids += [alert["id"] for alert in page]
            if len(page) < 1000:
                return ids

    def newest(self):
        page = self.truth()
        return page[-1] if page else 0

    def more_alerts(self):
        """Waits until further alerts were raised, delivered or not."""
        start = len(self.truth())
        wait_for(lambda: len(self.truth()) >= start + MORE, "more alerts")

    def no_more_alerts(self):
        """Waits until the last one was raised: the cameras show nothing any more, which is told of each."""
        self.camera.hide()

        def told():
            last = {alert["camera"]: alert["kind"] for alert in self.service.get_json(f"/api/v1/alerts?limit=1000&after={max(0, self.newest() - 900)}")}
            return all(camera["frame_age_s"] > 2 and last.get(camera["name"]) == "camera_lost"
                       for camera in self.service.get_json("/api/v1/cameras"))
        wait_for(told, "the loss of all cameras")

    def all_delivered(self, what):
        """Waits until everybody has what there is now."""
        newest = self.newest()
        for one in self.subscribers:
            wait_for(lambda one=one: one.last >= newest, f"alert {newest} on {one.name} after {what}; it has {one.last}")

    def faults(self):
        yield "nothing", lambda: None
        yield "the subscribers' restart", self.restart_subscribers
        yield "the service's restart", lambda: self.restart_service(signal.SIGTERM)
        yield "the service's sudden end", lambda: self.restart_service(signal.SIGKILL)
        yield "the broker's restart", self.restart_broker
        yield "a cut network", self.cut_network

    def restart_subscribers(self):
        for one in self.subscribers:
            one.stop()
        self.more_alerts()
        for one in self.subscribers:
            one.start()

    def restart_service(self, number):
        # At a killed service's next start only what its store has can be delivered: let it be written.
        if number == signal.SIGKILL:
            self.no_more_alerts()
            wait_for(lambda: b"\nrearview_store_alerts_waiting 0\n" in self.service.get("/metrics")[2], "the store")
        self.service.stop(number)
        self.camera.flap()
        self.start_service()

    def restart_broker(self):
        self.broker.stop()
        self.more_alerts()
        self.broker.start()

    def cut_network(self):
        links = (self.proxy, self.hook_proxy, self.broker_proxy)
        for link in links:
            link.cut()
        time.sleep(CUT_S)
        self.more_alerts()
        for link in links:
            link.mend()

    def test_exactly_once_and_in_order(self):
        for what, fault in self.faults():
            with self.subTest(what):
                self.more_alerts()
                fault()
                self.more_alerts()
                self.all_delivered(what)
        self.no_more_alerts()
        self.all_delivered("everything")
        got = {one.name: list(one.ids) for one in self.subscribers}
        truth = self.truth()
        for name, ids in got.items():
            with self.subTest(name):
                self.assertEqual(ids, truth)

    def test_a_sign_of_life_with_the_state_of_the_road(self):
        for one in self.subscribers:
            wait_for(lambda one=one: one.heartbeat, f"a heartbeat on {one.name}")
            self.assertEqual({c["name"] for c in one.heartbeat["cameras"]}, {f"rear{i}" for i in range(CAMERAS)})
        self.camera.close()
        for one in self.subscribers:
            wait_for(lambda one=one: all(c["road"] == "no_signal" for c in one.heartbeat["cameras"]),
                     f"no_signal on {one.name}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
