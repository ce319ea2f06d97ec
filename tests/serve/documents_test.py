"""docs/openapi.yaml and docs/http-api.md against the running service.

Every response that openapi.yaml lists is provoked, and its type and schema checked; the examples of
http-api.md are run as they stand, and its JSON read against the schemas.
Arguments: the docs folder. Environment: REARVIEW_BIN.
"""

import http.client
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

import jsonschema
import yaml

from scripted import ScriptedService

DOCS = pathlib.Path(sys.argv.pop())
API = yaml.safe_load((DOCS / "openapi.yaml").read_text())
GUIDE = (DOCS / "http-api.md").read_text()

# Path and query for each documented response, and what must have happened before.
CASES = {
    ("/", 200): "/",
    ("/api/v1/cameras", 200): "/api/v1/cameras",
    ("/api/v1/cameras", 400): "/api/v1/cameras?x=1",
    ("/api/v1/cameras/{name}/stream.mjpg", 200): "/api/v1/cameras/rear/stream.mjpg",
    ("/api/v1/cameras/{name}/stream.mjpg", 404): "/api/v1/cameras/front/stream.mjpg",
    ("/api/v1/cameras/{name}/snapshot.jpg", 200): "/api/v1/cameras/rear/snapshot.jpg",
    ("/api/v1/cameras/{name}/snapshot.jpg", 404): "/api/v1/cameras/front/snapshot.jpg",
    ("/api/v1/cameras/{name}/snapshot.jpg", 503): ("/api/v1/cameras/rear/snapshot.jpg", "freeze", "thaw"),
    ("/api/v1/cameras/{name}/analysis", 200): "/api/v1/cameras/rear/analysis",
    ("/api/v1/cameras/{name}/analysis", 400): "/api/v1/cameras/rear/analysis?x=1",
    ("/api/v1/cameras/{name}/analysis", 404): "/api/v1/cameras/front/analysis",
    ("/api/v1/cameras/{name}/analysis", 503): ("/api/v1/cameras/rear/analysis", "silence", "speak"),
    ("/api/v1/alerts", 200): "/api/v1/alerts?after=0&limit=10&camera=rear",
    ("/api/v1/alerts", 400): "/api/v1/alerts?limit=0",
    ("/api/v1/alerts/{id}", 200): "/api/v1/alerts/1",
    ("/api/v1/alerts/{id}", 400): "/api/v1/alerts/one",
    ("/api/v1/alerts/{id}", 404): "/api/v1/alerts/999",
    ("/api/v1/events", 200): "/api/v1/events?after=0&analysis=1",
    ("/api/v1/events", 400): "/api/v1/events?analysis=2",
    ("/api/v1/ws", 101): "/api/v1/ws",
    ("/api/v1/ws", 400): "/api/v1/ws?after=x",
    ("/api/v1/ws", 403): "/api/v1/ws",
    ("/api/v1/ws", 426): "/api/v1/ws",
    ("/metrics", 200): "/metrics",
    ("/healthz", 200): "/healthz",
    ("/healthz", 503): ("/healthz", "state failed", "state ok"),
    ("/readyz", 200): "/readyz",
    ("/readyz", 503): ("/readyz", "road no_signal", "road following"),
}
ENDLESS = ("multipart/x-mixed-replace", "text/event-stream")


def resolved(node):
    while "$ref" in node:
        target = API
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def check_schema(value, schema):
    jsonschema.validate(value, {**schema, "components": API["components"]},
                        cls=jsonschema.Draft202012Validator)


def named(name):
    return {"$ref": f"#/components/schemas/{name}"}


UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
           "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
HEADERS = {101: UPGRADE, 403: UPGRADE | {"Origin": "https://elsewhere.example"}}


def ask(port, target, headers=None):
    """Status, media type and body; of a body without end, what comes in the first second."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", target, headers=headers or {})
    answer = connection.getresponse()
    kind = answer.headers.get_content_type()
    body = b""
    if answer.status == 101:
        pass
    elif kind in ENDLESS:
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            body += answer.read1(65536)
    else:
        body = answer.read()
    connection.close()
    return answer.status, kind, body


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


class DocumentsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = ScriptedService("rear")
        cls.service.say("road following", "vehicles 3", "alert vehicle_approaching left",
                        "alert overtake right", "alert camera_lost unknown")
        deadline = time.monotonic() + 10
        while ask(cls.service.port, "/readyz")[0] != 200 or b'"id":3' not in ask(cls.service.port, "/api/v1/alerts")[2]:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    @classmethod
    def tearDownClass(cls):
        cls.service.end()

    def test_every_documented_response_is_provoked(self):
        documented = {(path, int(status)) for path, item in API["paths"].items()
                      for status in item["get"]["responses"]}
        self.assertEqual(documented, set(CASES))

    def test_the_service_answers_as_documented(self):
        for (path, status), case in CASES.items():
            target, before, after = (case, None, None) if isinstance(case, str) else case
            with self.subTest(path=path, status=status):
                response = resolved(API["paths"][path]["get"]["responses"][str(status)])
                if before:
                    self.service.say(before)
                got, kind, body = ask(self.service.port, target, HEADERS.get(status))
                deadline = time.monotonic() + 10
                while got != status and before and time.monotonic() < deadline:
                    time.sleep(0.1)
                    got, kind, body = ask(self.service.port, target)
                if after:
                    self.service.say(after)
                self.assertEqual(status, got)
                content = response.get("content")
                if content is None:
                    continue
                self.assertIn(kind, content)
                schema = content[kind].get("schema")
                if schema:
                    check_schema(json.loads(body), schema)
        # What a case disturbed must have settled before other tests look.
        deadline = time.monotonic() + 10
        while ask(self.service.port, "/readyz")[0] != 200:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def test_events_match_their_schemas(self):
        body = ask(self.service.port, "/api/v1/events?after=0&analysis=1")[2].decode()
        kinds = set()
        for event, data in re.findall(r"event: (\w+)\ndata: (.*)\n\n", body):
            kinds.add(event)
            check_schema(json.loads(data), named(event.capitalize()))
        self.assertEqual({"alert", "analysis", "heartbeat"}, kinds)

    def test_the_guide_lists_the_same_paths(self):
        listed = set()
        for row in re.findall(r"^\| GET (.*?) \|", GUIDE, re.MULTILINE):
            listed.update(re.findall(r"`(.*?)`", row))
        self.assertEqual(set(API["paths"]), listed)

    def test_the_guides_json_matches_the_schemas(self):
        seen = set()
        for text in blocks("json"):
            value = json.loads(text)
            if isinstance(value, list):
                check_schema(value, {"type": "array", "items": named("Camera")})
                seen.add("cameras")
            elif "title" in value:
                check_schema(value, named("Problem"))
                seen.add("problem")
            elif "reason" in value and "status" in value:
                check_schema(value, named("Health"))
                seen.add("health")
            elif "type" in value:
                check_schema(value, named(value["type"].capitalize()))
                seen.add(value["type"])
            else:
                self.assertEqual(8080, value["port"])
                seen.add("settings")
        self.assertEqual({"cameras", "analysis", "alert", "heartbeat", "health", "problem", "settings"}, seen)

    def test_the_guides_examples_run(self):
        here = lambda text: text.replace("127.0.0.1:8080", f"127.0.0.1:{self.service.port}")
        with tempfile.TemporaryDirectory() as folder:
            for text in blocks("sh"):
                done = subprocess.run(["bash", "-ec", here(text)], cwd=folder, capture_output=True,
                                      text=True, timeout=30)
                self.assertEqual(0, done.returncode, text + done.stderr)
                self.assertTrue(done.stdout or list(pathlib.Path(folder).iterdir()), text)
            for text in blocks("python"):
                done = subprocess.run([sys.executable, "-c", here(text)], capture_output=True, text=True,
                                      timeout=30)
                self.assertEqual(0, done.returncode, text + done.stderr)
                self.assertIn("1 ", done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
