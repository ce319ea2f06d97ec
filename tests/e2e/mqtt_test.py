"""MQTT against a real Mosquitto: what stands in the topics, TLS, passwords, the last will, discovery."""

import json
import re
import signal
import socket
import unittest

from broker import Broker, Mqtt
from cut_proxy import CutProxy
from flapping_camera import CAMERA_SETTINGS, FlappingCameraTest
from programs import free_port, wait_for
from throwaway_ca import ThrowawayCa


def received(data):
    """Whether a PUBREC is among the packets, all of which are short here."""
    while data and data[0] != 0x50:
        data = data[2 + data[1]:]
    return bool(data)


class MqttTest(FlappingCameraTest):
    def broker(self, **options):
        broker = Broker(self.folder, **options)
        self.addCleanup(broker.stop)
        return broker

    def subscriber(self, port, **options):
        subscriber = Mqtt(0, port, **options)
        subscriber.start()
        self.addCleanup(subscriber.stop)
        return subscriber

    def service(self, url, **settings):
        return self.watch(publish={"mqtt": {"url": url, "backoff_min_ms": 50, "backoff_max_ms": 300, **settings}})

    def state(self, subscriber):
        payload, _ = subscriber.messages.get("rearview/state", (b"{}", False))
        return json.loads(payload)

    def road(self, subscriber):
        return self.state(subscriber).get("cameras", [{}])[0].get("road")

    def test_the_state_is_retained_and_never_clear_when_nobody_watches(self):
        for version, number in (("3.1.1", signal.SIGTERM), ("5", signal.SIGKILL)):
            with self.subTest(version):
                broker = self.broker()
                self.camera.steady()
                service = self.service(f"mqtt://127.0.0.1:{broker.port}", version=version)
                watcher = self.subscriber(broker.port)
                wait_for(lambda: self.road(watcher) == "clear", "a clear road")
                self.assertEqual(self.state(watcher)["status"], "online")
                self.camera.flap()
                wait_for(lambda: self.road(watcher) == "no_signal", "no signal")
                service.stop(number)
                wait_for(lambda: self.state(watcher).get("status") == "offline", "the will or the goodbye")
                # A name of its own: the broker keeps what the last one missed, and sends that first.
                late = self.subscriber(broker.port, client_id=f"late {version}")
                wait_for(lambda: late.messages, "what is retained")
                self.assertTrue(late.messages["rearview/state"][1])
                self.assertEqual(self.state(late)["status"], "offline")
                self.assertEqual(self.road(late), "no_signal")
                self.assertIsNone(self.state(late)["cameras"][0]["threat"])
                for one in (watcher, late, broker):
                    one.stop()

    def test_a_stopped_program_is_missed_by_the_broker(self):
        broker = self.broker()
        self.camera.steady()
        service = self.service(f"mqtt://127.0.0.1:{broker.port}", keepalive_s=5)
        watcher = self.subscriber(broker.port)
        wait_for(lambda: self.road(watcher) == "clear", "a clear road")
        service.process.send_signal(signal.SIGSTOP)
        try:
            # MQTT 5: what isn't renewed for 5 s is gone; the will follows after 1.5 times the keep-alive.
            wait_for(lambda: self.state(watcher).get("status") == "offline", "the will")
        finally:
            service.process.send_signal(signal.SIGCONT)
        wait_for(lambda: self.road(watcher) == "clear", "its return")

    def test_a_camera_that_is_taken_out_while_it_runs_is_taken_from_home_assistant(self):
        broker = self.broker()
        self.camera.steady()
        cameras = [{"name": name, "url": self.camera.url, **CAMERA_SETTINGS} for name in ("rear", "left")]
        settings = {"mqtt": {"url": f"mqtt://127.0.0.1:{broker.port}", "discovery": "homeassistant", "backoff_min_ms": 50}}
        service = self.watch(publish=settings, cameras=cameras)
        watcher = self.subscriber(broker.port, topics=(("rearview/#", 1), ("homeassistant/#", 1)))
        told = lambda camera: {topic for topic, (payload, _) in watcher.messages.items()
                               if topic.startswith("homeassistant/") and f"_{camera}/" in topic and payload}
        wait_for(lambda: told("rear") and told("left"), "both cameras")
        wait_for(lambda: [one["name"] for one in self.state(watcher).get("cameras", [])] == ["rear", "left"], "the state")
        self.configure(publish=settings, cameras=cameras[1:])
        service.process.send_signal(signal.SIGHUP)
        wait_for(lambda: not told("rear"), "the retained messages of the camera that has gone to go")
        wait_for(lambda: [one["name"] for one in self.state(watcher).get("cameras", [])] == ["left"], "the state")
        self.assertTrue(told("left"))

    def test_tls_and_password(self):
        ca = ThrowawayCa(self.folder)
        broker = self.broker(tls=ca, user="rider", password="right")
        (self.folder / "password").write_text("wrong\n")
        url = f"mqtts://localhost:{broker.port}"
        service = self.service(url, username="rider", password_file="password", ca_file=str(ca.ca))
        service.wait_for_line(r'msg="not connected; trying again".*refuses.*[Nn]ot authori[sz]ed')
        service.stop()
        (self.folder / "password").write_text("right\n")
        stranger = self.service(url, username="rider", password_file="password")
        stranger.wait_for_line(r'msg="not connected; trying again".*certificate')
        stranger.stop()
        for version in ("3.1.1", "5"):
            service = self.service(url, username="rider", password_file="password", ca_file=str(ca.ca), version=version)
            service.wait_for_line(r"msg=connected channel=mqtt .*tls=true")
            watcher = self.subscriber(broker.port, tls=ca, user="rider", password="right", client_id=version)
            wait_for(lambda: watcher.ids, "an alert")
            watcher.stop()
            service.stop()

    def lose(self, broker, link, behind, last):
        """Deafens the link until the broker has heard what it then answers in vain. What it heard just before may go
        unanswered as well; the service then sends no more until the link is mended, so that it takes another try."""
        for _ in range(5):
            seen = len(broker.program.lines)
            link.deafen(behind)
            try:
                wait_for(lambda: any(re.search(last, line) for line in broker.program.lines[seen:]), last, deadline_s=3)
                return
            except AssertionError:
                link.mend()
        self.fail(f"the broker never said {last} to a deaf service")

    def test_a_lost_confirmation_makes_no_alert_come_twice(self):
        broker = self.broker()
        link = CutProxy(broker.port)
        self.addCleanup(link.close)
        for version in ("3.1.1", "5"):
            with self.subTest(version):
                watcher = self.subscriber(broker.port, client_id=version, topics=[("rearview/alert", 2)])
                service = self.service(f"mqtt://127.0.0.1:{link.port}", version=version, keepalive_s=5)
                wait_for(lambda: watcher.ids, "an alert")
                # What is lost: the broker's word that it has the alert, or that it has passed it on.
                for behind, last in ((None, r"Received PUBLISH .*alert'"), (received, "Received PUBREL")):
                    for restart in (False, True):
                        self.lose(broker, link, behind, last)
                        if restart:
                            broker.stop()
                            broker.start()
                        link.mend()
                        before = watcher.last
                        wait_for(lambda: watcher.last > before + 1, "more alerts")
                    service.wait_for_line(r"msg=connected channel=mqtt .*session=resumed")
                newest = service.get_json("/api/v1/alerts?limit=1000")[-1]["id"]
                wait_for(lambda: watcher.last >= newest, "all up to now")
                ids = list(watcher.ids)
                truth = [alert["id"] for alert in service.get_json("/api/v1/alerts?limit=1000")]
                first = truth.index(ids[0])
                self.assertEqual(truth[first:first + len(ids)], ids)
                self.assertEqual(0, watcher.repeats)
                service.stop()
                watcher.stop()
                self.camera.flap()

    def test_home_assistant_finds_every_entity(self):
        broker = self.broker()
        self.service(f"mqtt://127.0.0.1:{broker.port}", picture_s=1)
        watcher = self.subscriber(broker.port, topics=[("homeassistant/#", 1), ("rearview/#", 1)])
        wait_for(lambda: "rearview/rear/picture" in watcher.messages, "a picture")
        self.assertEqual(watcher.messages["rearview/rear/picture"][0][:2], b"\xff\xd8")
        found = {topic.split("/")[3]: (topic.split("/")[1], json.loads(payload))
                 for topic, (payload, _) in watcher.messages.items() if topic.startswith("homeassistant/")}
        self.assertEqual({what: component for what, (component, _) in found.items()}, {
            "road": "sensor", "threat": "sensor", "vehicles": "sensor", "passes": "sensor", "close_passes": "sensor",
            "watching": "binary_sensor", "alert": "event", "picture": "camera"})
        self.assertEqual(len({entity["unique_id"] for _, entity in found.values()}), len(found))
        # Home Assistant's templates are Jinja's; what they read must be where they read it.
        state = self.state(watcher)
        for what, (component, entity) in found.items():
            self.assertEqual(entity["availability_topic"], "rearview/state")
            self.assertEqual(entity["device"]["identifiers"], ["rearview_rear"])
            if component == "sensor":
                self.assertEqual(entity["state_topic"], "rearview/state")
                self.assertEqual(entity["value_template"], "{{ value_json.cameras[0].%s }}" % what)
                self.assertIn(what, state["cameras"][0])
                self.assertEqual(entity["expire_after"], 5)
        self.assertIn(state["cameras"][0]["road"], found["road"][1]["options"])
        self.assertIn("camera_lost", found["alert"][1]["event_types"])

    def test_a_broker_that_isnt_there_or_doesnt_answer_holds_up_nothing(self):
        service = self.service(f"mqtt://127.0.0.1:{free_port()}")
        service.wait_for_line(r'msg="not connected; trying again".*refused')
        wait_for(lambda: len(service.get_json("/api/v1/alerts")) > 2, "alerts")
        self.assertEqual(service.stop(), 0)
        with socket.create_server(("127.0.0.1", 0)) as dumb:
            service = self.service(f"mqtt://127.0.0.1:{dumb.getsockname()[1]}")
            dumb.accept()
            self.assertEqual(service.stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
