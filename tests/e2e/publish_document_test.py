"""The examples of docs/publish.md, run as they stand against the service they describe."""

import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import unittest

from broker import Broker
from flapping_camera import CAMERA_SETTINGS, FlappingCamera, one_picture
from programs import BIN, Service, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "publish.md").read_text()
MOST_S = 20  # for an example to say what is expected of it


def section(title):
    return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", GUIDE, re.MULTILINE | re.DOTALL)[1]


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


class Document(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.camera = FlappingCamera(one_picture())
        self.addCleanup(self.camera.close)

    def start_service(self, *arguments, **publish):
        config = self.folder / "rearview.json"
        config.write_text(json.dumps({
            "store": {"folder": str(self.folder / "store")},
            "publish": publish,
            "cameras": [{"name": "rear", "url": self.camera.url, **CAMERA_SETTINGS}],
        }))
        service = Service("--config", str(config), *arguments)
        self.addCleanup(service.stop)
        wait_for(lambda: service.get_json("/api/v1/alerts"), "an alert")
        return service

    def run_until_said(self, command, said):
        """Runs an example until it has said everything expected."""
        process = subprocess.Popen(["timeout", str(MOST_S), *command], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   text=True)
        heard = ""
        try:
            for line in process.stdout:
                heard += line
                if all(re.search(one, heard) for one in said):
                    return heard
        finally:
            process.terminate()
            process.wait()
            process.stdout.close()
        raise AssertionError(f"{command} said only:\n{heard}")

    def test_every_example_of_a_configuration_is_one(self):
        for text in blocks(GUIDE, "json"):
            value = json.loads(text)
            if "publish" not in value:
                continue
            file = self.folder / "example.json"
            file.write_text(text)
            done = subprocess.run([os.path.join(BIN, "rearview"), "serve", "--check-config", "--config", str(file)],
                                  capture_output=True, text=True, timeout=30)
            self.assertEqual(done.returncode, 0, text + done.stderr)

    def test_json_lines_on_a_socket(self):
        path = str(self.folder / "events.sock")
        self.start_service(ndjson={"socket": path})
        text = section("JSON lines").replace("/run/rearview/events.sock", path)
        for example in blocks(text, "sh"):
            self.run_until_said(["bash", "-c", example], [r'"type":"heartbeat"', r'"type":"alert","id":1'])
        for example in blocks(text, "python"):
            self.run_until_said([sys.executable, "-u", "-c", example], [r"(?m)^1 camera_lost danger", "no_signal|clear"])

    def test_json_lines_on_standard_output(self):
        service = self.start_service("--ndjson", "-")
        heard = [json.loads(service.process.stdout.readline()) for _ in range(10)]
        self.assertLessEqual({"heartbeat", "alert"}, {line["type"] for line in heard})
        last = max(line["id"] for line in heard if line["type"] == "alert")
        service.stop()
        again = self.start_service("--ndjson", "-", "--after", str(last - 1))
        first = next(line for line in map(json.loads, again.process.stdout) if line["type"] == "alert")
        self.assertEqual(first["id"], last)
        # Whoever listens may go; the service stays.
        again.process.stdout.close()
        again.wait_for_line("nobody reads standard output")
        self.assertEqual(again.get("/api/v1/cameras")[0], 200)

    def test_a_webhook(self):
        text = section("Webhooks")
        for example in blocks(text, "sh"):
            self.run_until_said(["bash", "-c", example], ["whsec_"])
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        for example in blocks(text, "python"):
            self.start_service(webhooks=[{"name": "home", "url": f"http://127.0.0.1:{port}/",
                                          "secret_file": "webhook.secret", "backoff_max_ms": 500}])
            self.run_until_said([sys.executable, "-u", "-c", example.replace("8090", str(port))],
                                ["alert camera_back", "heartbeat"])

    def test_mqtt(self):
        broker = Broker(self.folder)
        self.addCleanup(broker.stop)
        self.start_service(mqtt={"url": f"mqtt://127.0.0.1:{broker.port}"})
        text = section("MQTT").replace("1883", str(broker.port))
        for example in blocks(text, "sh"):
            self.run_until_said(["bash", "-c", example], ["rearview/state", "rearview/alert"])
        for example in blocks(text, "python"):
            self.run_until_said([sys.executable, "-u", "-c", example], [r"\d+ camera_back info"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
