"""SIGHUP: what has changed in the configuration is taken over, what hasn't runs on, and nothing ends the service."""

import json
import os
import pathlib
import signal
import socket
import ssl
import tempfile
import threading
import unittest

from flapping_camera import CAMERA_SETTINGS, FlappingCamera, one_picture
from programs import DEADLINE_S, Program, Service, wait_for
from throwaway_ca import ThrowawayCa
from webhook_receiver import SECRET, Webhook

ENOUGH = 5


class Viewer:
    """Takes what an endless response gives, one after the other; ended: it came to its end."""

    def __init__(self, items):
        self.items = []
        self.ended = threading.Event()
        threading.Thread(target=self._take, args=(items,), daemon=True).start()

    def _take(self, items):
        try:
            for item in items:
                self.items.append(item)
        except Exception:  # noqa: BLE001: whatever ended it
            pass
        self.ended.set()

    def goes_on(self):
        seen = len(self.items)
        wait_for(lambda: len(self.items) > seen + ENOUGH or self.ended.is_set(), "more of it")
        return not self.ended.is_set()


class ReloadTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.picture = one_picture()

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.folder / "secret").write_text(SECRET + "\n")
        self.config = self.folder / "rearview.json"
        self.cameras = [self.camera(), self.camera()]
        self.settings = {
            "store": {"folder": "store"},
            "cameras": [{"name": name, "url": camera.url, **CAMERA_SETTINGS, "signal_timeout_ms": 5000}
                        for name, camera in zip(("left", "right"), self.cameras)],
        }

    def camera(self):
        camera = FlappingCamera(self.picture)
        camera.steady()
        self.addCleanup(camera.close)
        return camera

    def start(self, **options):
        self.config.write_text(json.dumps(self.settings))
        service = Service("--config", str(self.config), **options)
        self.addCleanup(service.stop)
        return service

    def hang_up(self, service, text=None):
        self.config.write_text(text if text is not None else json.dumps(self.settings))
        service.process.send_signal(signal.SIGHUP)

    def reloaded(self, service, times=1):
        wait_for(lambda: self.metric(service, "rearview_config_reloads_total") == times, f"reload {times}")

    def metric(self, service, name):
        text = service.get("/metrics")[2].decode()
        return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))

    def live(self, service, name):
        wait_for(lambda: service.camera(name)["state"] == "live", f"{name} live")

    def test_one_camera_is_exchanged_and_viewers_of_the_other_stay(self):
        service = self.start()
        self.live(service, "left")
        self.live(service, "right")
        events = Viewer(service.events("/api/v1/events?analysis=1"))
        pictures = Viewer(service.pictures("left"))
        others = Viewer(service.pictures("right"))
        wait_for(lambda: events.items and pictures.items and others.items, "all viewers")

        # Other stages, then another address.
        self.settings["cameras"][1]["stages"] = [{"type": one} for one in ("view", "looming", "tracker", "approach")]
        self.hang_up(service)
        self.reloaded(service, 1)
        self.live(service, "right")
        self.assertEqual([stage["type"] for stage in service.get_json("/api/v1/config")["cameras"][1]["stages"]],
                         ["view", "looming", "tracker", "approach"])
        elsewhere = self.camera()
        self.settings["cameras"][1]["url"] = elsewhere.url
        self.hang_up(service)
        self.reloaded(service, 2)
        wait_for(lambda: service.camera("right")["url"] == elsewhere.url, "the other address")
        self.live(service, "right")
        for viewer in (events, pictures, others):
            self.assertTrue(viewer.goes_on())

        connections = {name: service.camera(name)["connections"] for name in ("left", "right")}
        self.assertEqual(connections["left"], 1, "the left camera was never left")
        # Connections of one camera are told apart by their epoch; none may come twice.
        epochs = [message["epoch"] for kind, _, message in events.items
                  if kind == "analysis" and message["camera"] == "right"]
        self.assertEqual(epochs, sorted(epochs))
        self.assertEqual(len(set(epochs)), 3)
        self.assertEqual(len(wait_for(lambda: [line for line in service.lines if "msg=\"camera exchanged\"" in line],
                                      "the log")), 2)
        self.assertEqual(service.stop(), 0)

    def test_cameras_come_and_go_and_viewers_of_the_others_stay(self):
        service = self.start()
        self.live(service, "left")
        self.live(service, "right")
        events = Viewer(service.events("/api/v1/events?analysis=1"))
        kept = Viewer(service.pictures("right"))
        left = Viewer(service.pictures("left"))
        wait_for(lambda: events.items and kept.items and left.items, "all viewers")

        third = {"name": "third", "url": self.camera().url, **CAMERA_SETTINGS, "signal_timeout_ms": 5000}
        first = self.settings["cameras"][0]
        self.settings["cameras"] = [third, self.settings["cameras"][1]]
        self.hang_up(service)
        self.reloaded(service, 1)
        self.live(service, "third")
        # Everything tells of these cameras in the configuration's order, and of no other.
        names = ["third", "right"]
        self.assertEqual([one["name"] for one in service.get_json("/api/v1/cameras")], names)
        self.assertEqual([one["name"] for one in json.loads(service.get("/healthz")[2])["cameras"]], names)
        self.assertEqual([one["name"] for one in service.get_json("/api/v1/config")["cameras"]], names)
        self.assertNotIn('camera="left"', service.get("/metrics")[2].decode())
        self.assertEqual(service.get("/api/v1/cameras/left/snapshot.jpg")[0], 404)
        self.assertTrue(left.ended.wait(DEADLINE_S), "nobody watches what is no more")
        self.assertTrue(kept.goes_on())
        self.assertTrue(events.goes_on())
        self.assertEqual(service.camera("right")["connections"], 1)
        wait_for(lambda: any(kind == "heartbeat" and [one["name"] for one in message["cameras"]] == names
                             for kind, _, message in events.items), "the heartbeat")
        last = [message for kind, _, message in events.items if kind == "analysis" and message["camera"] == "left"][-1]
        self.assertEqual((last["road"], last["text"]), ("no_signal", "the camera was taken out of the configuration"))

        # One that comes again takes the place that is free; its connections are still told apart.
        self.settings["cameras"] = [first, third]
        self.hang_up(service)
        self.reloaded(service, 2)
        self.live(service, "left")
        self.assertTrue(kept.ended.wait(DEADLINE_S))
        wait_for(lambda: any(kind == "analysis" and message["camera"] == "left" and message["epoch"] == 2
                             for kind, _, message in events.items), "the left camera's second connection")
        pictures = Viewer(service.pictures("left"))
        self.assertTrue(pictures.goes_on())

        # What can't be used changes nothing.
        self.hang_up(service, json.dumps({**self.settings, "cameras": [first, {**third, "name": "fourth", "stages": []}]}))
        wait_for(lambda: self.metric(service, "rearview_config_refused_total") == 1, "the refusal")
        self.assertEqual([one["name"] for one in service.get_json("/api/v1/cameras")], ["left", "third"])
        self.assertTrue(pictures.goes_on())
        self.assertEqual(service.stop(), 0)

    def test_a_bad_configuration_is_told_and_the_old_one_goes_on(self):
        service = self.start()
        self.live(service, "left")
        pictures = Viewer(service.pictures("left"))
        wait_for(lambda: pictures.items, "a picture")
        for number, text in enumerate(("{", json.dumps({**self.settings, "nonsense": 1}),
                                       json.dumps({**self.settings, "cameras": [
                                           {**self.settings["cameras"][0], "stages": [{"type": "approach", "x": 1}]},
                                           self.settings["cameras"][1]]})), 1):
            self.hang_up(service, text)
            wait_for(lambda: self.metric(service, "rearview_config_refused_total") == number, "the refusal")
            status, _, body = service.get("/healthz")
            self.assertEqual(status, 200)
            self.assertIn("rearview.json", json.loads(body)["config"]["problem"])
            self.assertEqual(self.metric(service, "rearview_config_current"), 0)
        service.wait_for_line(r'msg="not reloaded; the old one goes on" why=')
        self.assertTrue(pictures.goes_on())
        self.hang_up(service)
        self.reloaded(service)
        self.assertIsNone(service.get_json("/healthz")["config"]["problem"])
        self.assertEqual(self.metric(service, "rearview_config_current"), 1)
        self.assertTrue(pictures.goes_on())

    def test_ways_out_are_exchanged_one_by_one(self):
        first, second, third = Webhook(0), Webhook(0), Webhook(0)
        for receiver in (first, second, third):
            receiver.start()
            self.addCleanup(receiver.stop)

        def hook(name, receiver):
            return {"name": name, "url": f"http://127.0.0.1:{receiver.port}/", "secret_file": "secret",
                    "heartbeat_s": 0, "backoff_min_ms": 20, "backoff_max_ms": 100}

        self.settings["publish"] = {"ndjson": {"socket": str(self.folder / "lines")},
                                    "webhooks": [hook("stays", first), hook("moves", second)]}
        self.settings["cameras"] = [{"name": "left", "url": self.cameras[0].url, **CAMERA_SETTINGS}]
        self.cameras[0].flap()
        service = self.start()
        wait_for(lambda: len(first.ids) > 1 and len(second.ids) > 1, "alerts")
        lines = socket.socket(socket.AF_UNIX)
        self.addCleanup(lines.close)
        lines.settimeout(DEADLINE_S)
        lines.connect(str(self.folder / "lines"))
        self.settings["publish"]["webhooks"][1] = hook("moves", third)
        self.hang_up(service)
        self.reloaded(service)
        wait_for(lambda: len(third.ids) > 1, "alerts elsewhere")
        told = len(second.ids)
        seen = len(first.ids)
        wait_for(lambda: len(first.ids) > seen + 1, "alerts where nothing changed")
        self.assertEqual(len(second.ids), told)
        # It went on where the other had got to: none is missing, none comes twice.
        self.assertEqual(second.ids + third.ids, list(range(1, third.ids[-1] + 1)))
        self.assertEqual(first.repeats, 0)
        self.assertTrue(lines.recv(65536), "the socket's client stayed")
        # A way out that can't begin: the old one goes on, and it is told.
        self.settings["publish"]["ndjson"]["socket"] = str(self.folder / "nowhere" / "lines")
        self.hang_up(service)
        wait_for(lambda: self.metric(service, "rearview_config_refused_total") == 1, "the refusal")
        with socket.socket(socket.AF_UNIX) as again:
            again.settimeout(DEADLINE_S)
            wait_for(lambda: again.connect_ex(str(self.folder / "lines")) == 0, "the old socket")
            self.assertTrue(again.recv(65536))
        self.assertEqual(service.stop(), 0)

    def test_what_takes_a_restart_is_said(self):
        service = self.start()
        self.settings["store"]["keep_days"] = 7
        self.settings["serve"] = {"max_connections": 99}
        self.settings["log_level"] = "debug"
        self.hang_up(service)
        self.reloaded(service)
        for part in ("store", "serve"):
            service.wait_for_line(rf'msg="takes effect after a restart" part={part}')

    def begins_slowly(self, *command):
        """The program, waiting in main for its configuration, and what gives it that."""
        os.mkfifo(self.config)
        program = Program("rearview", *command, "--config", str(self.config))
        self.addCleanup(program.stop, signal.SIGKILL)
        given = open(self.config, "w", encoding="utf-8")  # waits for the program to read
        self.addCleanup(given.close)
        self.config.unlink()
        return program, given

    def test_a_hangup_while_it_begins_is_taken_once_it_can_be(self):
        service, given = self.begins_slowly("serve", "--http", "127.0.0.1:0")
        service.process.send_signal(signal.SIGHUP)
        self.config.write_text(json.dumps(self.settings))
        with given:
            given.write(json.dumps(self.settings))
        service.wait_for_line("component=config msg=reloaded")
        self.assertEqual(service.stop(), 0)

    def test_what_takes_no_reload_ends_when_its_terminal_hangs_up(self):
        analysis, _ = self.begins_slowly("analyze", "none.h264")
        analysis.process.send_signal(signal.SIGHUP)
        self.assertEqual(analysis.process.wait(DEADLINE_S), -signal.SIGHUP)

    def test_a_renewed_certificate_is_used_by_who_comes_next(self):
        ca = ThrowawayCa(self.folder)
        trust = ssl.create_default_context(cafile=ca.ca)
        self.settings["serve"] = {"tls": {"cert_file": str(ca.cert), "key_file": str(ca.key)}}
        service = self.start(tls=trust)
        self.live(service, "left")

        def shown():
            with socket.create_connection(("127.0.0.1", service.port), DEADLINE_S) as plain:
                insecure = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                insecure.check_hostname, insecure.verify_mode = False, ssl.CERT_NONE
                with insecure.wrap_socket(plain) as secure:
                    return secure.getpeercert(binary_form=True)

        before = shown()
        pictures = Viewer(service.pictures("left"))
        wait_for(lambda: pictures.items, "a picture")
        renewed = ThrowawayCa(self.folder)  # the same files
        service.process.send_signal(signal.SIGHUP)
        wait_for(lambda: shown() != before, "the new certificate")
        now = ssl.PEM_cert_to_DER_cert(renewed.cert.read_text())
        self.assertEqual(now, shown())
        self.assertTrue(pictures.goes_on())
        renewed.cert.write_text("no certificate")
        service.process.send_signal(signal.SIGHUP)
        service.wait_for_line(r'msg="not reloaded; the old one goes on" why=.*server\.pem')
        self.assertEqual(now, shown())
        self.assertTrue(pictures.goes_on())


if __name__ == "__main__":
    unittest.main(verbosity=2)
