"""What is secret in a configuration is told nowhere: canaries, looked for on every way out."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from broker import free_port
from programs import BIN, Service, wait_for

CANARY = "kanarienvogel"


def canary(number):
    return f"{CANARY}{number}"


class SecretsTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def written(self, text):
        config = self.folder / "rearview.json"
        config.write_text(json.dumps(text))
        return config

    def configuration(self):
        (self.folder / "mqtt.password").write_text(canary(1) + "\n")
        (self.folder / "hook.secret").write_text("whsec_" + "QUJD" * 8 + "\n")
        dead = free_port()
        return {
            "log_level": "debug",
            "cameras": [
                {"name": "user", "url": f"rtsp://admin:{canary(2)}@127.0.0.1:{dead}/live"},
                {"name": "query", "url": f"rtsp://127.0.0.1:{dead}/live?token={canary(3)}#{canary(4)}"},
                {"name": "web", "url": f"http://{canary(5)}@127.0.0.1:{dead}/a.mjpg?user=a&pwd={canary(6)}"},
            ],
            "publish": {
                "webhooks": [{"name": "hook", "url": f"http://127.0.0.1:{dead}/{canary(7)}?key={canary(8)}",
                              "secret_file": "hook.secret", "backoff_min_ms": 10, "backoff_max_ms": 20}],
                "mqtt": {"url": f"mqtt://127.0.0.1:{dead}", "username": "rider", "password_file": "mqtt.password",
                         "backoff_min_ms": 10, "backoff_max_ms": 20},
            },
        }

    def silent(self, what, text):
        self.assertNotIn(CANARY, text, what)
        self.assertNotIn("QUJDQUJD", text, what)

    def test_no_way_out_tells_them(self):
        config = self.written(self.configuration())
        service = Service("--config", str(config))
        self.addCleanup(service.stop)
        for pattern in ("component=receive .*127.0.0.1.*", "channel=webhook-hook", "channel=mqtt"):
            service.wait_for_line(pattern)
        wait_for(lambda: all("refused" in c["text"] for c in service.get_json("/api/v1/cameras")), "why there are none")
        for path in ("/api/v1/config", "/api/v1/cameras", "/healthz", "/readyz", "/metrics", "/api/v1/alerts",
                     "/api/v1/rides", "/api/v1/cameras/user/analysis", "/api/v1/cameras/query/analysis"):
            _, headers, body = service.get(path)
            self.silent(path, body.decode() + str(headers))
        events = service.events("/api/v1/events?analysis=1")
        for _ in range(5):
            self.silent("events", json.dumps(next(events)))
        shown = service.get_json("/api/v1/config")
        self.assertEqual(shown["publish"]["webhooks"][0]["url"], "***")
        self.assertIn("rtsp://***@127.0.0.1", shown["cameras"][0]["url"])
        self.assertTrue(shown["cameras"][1]["url"].endswith("/live?***"), shown["cameras"][1]["url"])
        self.assertEqual(service.stop(), 0)
        self.silent("the log", "\n".join(service.lines))

    def test_no_message_about_a_bad_setting_tells_them(self):
        def changed(change):
            text = self.configuration()
            change(text)
            return text

        def set_camera(url):
            return lambda text: text["cameras"][0].update(url=url)

        def set_mqtt(url):
            return lambda text: text["publish"]["mqtt"].update(url=url)

        def set_hook(url):
            return lambda text: text["publish"]["webhooks"][0].update(url=url)

        secret = canary(9)
        for change in (
            set_camera(f"tcp://a:{secret}@127.0.0.1"), set_camera(f"tcp://127.0.0.1:x?token={secret}"),
            set_camera(f"rtsp://a:{secret}@h/" + "x" * 1100),
            set_mqtt(f"mqtt://a:{secret}@h"), set_mqtt(f"http://a:{secret}@h"), set_mqtt(f"mqtt://h:1?x={secret}"),
            set_mqtt(f"mqtt://h?{secret}"),
            set_hook(f"ftp://h/{secret}"), set_hook(f"http://h:{secret}"), set_hook("http://h/" + secret * 300),
            lambda text: text["publish"]["webhooks"][0].update(url=[secret]),
        ):
            config = self.written(changed(change))
            done = subprocess.run([os.path.join(BIN, "rearview"), "serve", "--check-config", "--config", str(config)],
                                  capture_output=True, text=True, timeout=90)
            self.assertEqual(done.returncode, 2, done.stdout)
            self.silent("the error", done.stderr + done.stdout)
        for url in (f"tcp://a:{secret}@127.0.0.1", f"tcp://127.0.0.1:x?{secret}"):
            done = subprocess.run([os.path.join(BIN, "rearview"), "serve", "--check-config", "--camera", url],
                                  capture_output=True, text=True, timeout=90)
            self.assertEqual(done.returncode, 2, done.stdout)
            self.silent("the error", done.stderr + done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
