"""HTTPS as clients of every kind meet it: curl, Python, a WebSocket, and a phone that asks in plain HTTP."""

import http.client
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest
import warnings

import websocket

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "browser"))

from page_test import PIXELS
from video_test import SHOWS_VIDEO
from webdriver import ELSEWHERE, TO_ELSEWHERE, Browser

from programs import BIN, DEADLINE_S, Camera, Service, dead_camera, wait_for
from throwaway_ca import ThrowawayCa

GUIDE = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "http-api.md").read_text()
HTTPS = re.search(r"^## HTTPS\n(.*?)(?=^## )", GUIDE, re.MULTILINE | re.DOTALL)[1]


def outer_address():
    """An address of this machine that others reach, or None."""
    said = subprocess.run(["hostname", "-I"], capture_output=True, text=True).stdout.split()
    return next((one for one in said if ":" not in one and not one.startswith("127.")), None)


class Https(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.ca = ThrowawayCa(self.folder)
        self.trust = ssl.create_default_context(cafile=self.ca.ca)

    def config(self, cert=None, key=None, camera=None):
        file = self.folder / "rearview.json"
        file.write_text(json.dumps({
            "serve": {"allowed_hosts": [ELSEWHERE], "tls": {"cert_file": str(cert or self.ca.cert), "key_file": str(key or self.ca.key)}},
            "cameras": [{"name": "rear", "url": camera or dead_camera()}]}))
        return str(file)

    def start(self, *arguments, camera=None, http="127.0.0.1:0"):
        service = Service("--config", self.config(camera=camera), *arguments, http=http, tls=self.trust)
        self.addCleanup(service.stop)
        return service

    def metric(self, service, name):
        text = service.get("/metrics")[2].decode()
        return float(re.search(rf"^{name} (\S+)$", text, re.MULTILINE)[1])

    def test_the_documents_commands_make_what_phones_and_curl_trust(self):
        here = self.folder / "board"
        here.mkdir()
        commands = re.search(r"^```sh\n(.*?)^```", HTTPS, re.MULTILINE | re.DOTALL)[1]
        subprocess.run(["bash", "-ec", commands], cwd=here, check=True, capture_output=True, timeout=30)
        self.assertEqual({"authority.crt", "board.key", "board.pem"}, {file.name for file in here.iterdir()})
        subprocess.run(["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "board.local",
                        "-CAfile", "authority.crt", "board.pem"], cwd=here, check=True, capture_output=True, timeout=30)
        # What the document configures, where this test keeps it.
        config = json.loads(re.search(r"^```json\n(.*?)^```", HTTPS, re.MULTILINE | re.DOTALL)[1]
                            .replace("/etc/rearview", str(here)).replace("0.0.0.0", "127.0.0.1"))
        config["serve"]["allowed_hosts"] = [ELSEWHERE]  # the board's own name, but not this machine's
        file = self.folder / "rearview.json"
        file.write_text(json.dumps(config))
        service = Service("--config", str(file), "--camera", dead_camera())
        self.addCleanup(service.stop)
        self.assertIn("address=https://", next(line for line in service.lines if "msg=serving" in line))
        ask = ["curl", "-sS", "--max-time", "20", "--resolve", f"board.local:{service.port}:127.0.0.1"]
        address = f"https://board.local:{service.port}/healthz"
        for arguments, code in ([["--cacert", here / "authority.crt"], 0], [["--cacert", self.ca.ca], 60], [[], 60],
                                [["--cacert", here / "authority.crt", "--http2"], 0],
                                [["--cacert", here / "authority.crt", "--tls-max", "1.2"], 0]):
            done = subprocess.run([*ask, *arguments, address], capture_output=True, text=True, timeout=30)
            self.assertEqual(code, done.returncode, done.stderr)
            if code == 0:
                self.assertIn('"status":', done.stdout)
        # The service stands beside the phone for two years, not for a month.
        left_s = self.metric(service, "rearview_http_certificate_expiry_timestamp_seconds") - os.stat(here).st_mtime
        self.assertTrue(820 * 86400 < left_s <= 825 * 86400, left_s)
        self.assertFalse([line for line in service.lines if "to be renewed" in line])

    def test_everything_comes_over_it(self):
        camera = Camera("--source", "scene", "--seed", "1")
        self.addCleanup(camera.stop)
        service = self.start(camera=camera.url)
        service.wait_for_state("live")
        pictures = service.pictures()
        first, second = next(pictures), next(pictures)
        self.assertTrue(first.startswith(b"\xff\xd8") and first != second)
        self.assertEqual((200, b"\xff\xd8"), (lambda answer: (answer[0], answer[2][:2]))(
            service.get("/api/v1/cameras/rear/snapshot.jpg")))
        alert = next(data for event, _, data in service.events() if event == "alert")
        number, resumed = next((number, data) for event, number, data in service.events(
            headers={"Last-Event-ID": str(alert["id"] - 1)}) if event == "alert")
        self.assertEqual((str(alert["id"]), alert["kind"]), (number, resumed["kind"]))

        # Several requests on one connection, one of them too large.
        connection = service.connection()
        self.addCleanup(connection.close)
        for _ in range(3):
            connection.request("GET", "/api/v1/cameras")
            self.assertEqual("live", json.load(connection.getresponse())[0]["state"])
        connection.request("PUT", "/api/v1/alerts/1/lock", body=b"x" * 70_000)
        self.assertEqual(413, connection.getresponse().status)

        base = f"wss://127.0.0.1:{service.port}"
        options = {"sslopt": {"context": self.trust}, "timeout": DEADLINE_S}
        # The page's own origin, not that of another site.
        with self.assertRaises(websocket.WebSocketBadStatusException) as refused:
            websocket.create_connection(base + "/api/v1/ws", origin="https://elsewhere.example", **options)
        self.assertEqual(403, refused.exception.status_code)
        messages = websocket.create_connection(base + "/api/v1/ws?after=0", origin=f"https://127.0.0.1:{service.port}", **options)
        self.assertEqual(("alert", 1), (lambda one: (one["type"], one["id"]))(json.loads(messages.recv())))
        messages.close()
        video = websocket.create_connection(base + "/api/v1/cameras/rear/video", **options)
        unit = video.recv()
        self.assertEqual((1, 1, b"\0\0\0\1"), (unit[0], unit[1], unit[24:28]), "an access unit that decoding can begin with")
        video.close()
        self.assertEqual(0, self.metric(service, "rearview_http_tls_failures_total"))
        pictures.close()
        wait_for(lambda: (lambda one: one["viewers"] + one["video_viewers"] == 0)(service.camera()), "the viewers to be gone")

    def test_a_browser_gets_the_wake_lock_and_the_video(self):
        camera = Camera("--source", "scene", "--seed", "1")
        self.addCleanup(camera.stop)
        service = self.start(camera=camera.url)
        service.wait_for_state("live")
        has = "return [isSecureContext, 'wakeLock' in navigator, 'VideoDecoder' in window]"
        with Browser(390, 844, mobile=True, arguments=[TO_ELSEWHERE, "--ignore-certificate-errors"]) as page:
            page.open(f"http://{ELSEWHERE}:{service.port}/")
            self.assertEqual([False, False, False], page.run(has), "the test must show what HTTPS brings")
            page.open(f"https://{ELSEWHERE}:{service.port}/")
            self.assertEqual([True, True, True], page.run(has))
            before = page.wait_for("a picture", PIXELS)
            page.wait_for("another picture", PIXELS.replace("return image", "const now = image") +
                          "return now.some((value, i) => Math.abs(value - arguments[0][i]) > 8)", before)
            page.wait_for("a road", "return document.body.dataset.look !== 'lost'")
            page.wait_for("the screen to be kept on", "return document.getElementById('screen-now').textContent.startsWith('Kept on')")
            self.assertFalse(page.run("return document.getElementById('screen-note').checkVisibility()"))
            page.click("nav a[href='#/settings']")
            page.wait_for("the choice", "return !document.querySelector('input[value=video]').disabled")
            page.click("input[value=video]")
            page.click("nav a[href='#/live']")
            page.wait_for("the video", SHOWS_VIDEO)
            page.wait_for("an alert in the list", "return document.querySelector('#alerts li')")

    def test_only_what_is_safe_is_spoken_and_the_rest_counted(self):
        service = self.start()
        warnings.simplefilter("ignore", DeprecationWarning)  # that TLS 1.1 is old is what this is about
        for settings in ({"maximum_version": ssl.TLSVersion.TLSv1_1, "minimum_version": ssl.TLSVersion.TLSv1},
                         {"protocols": ["h2"]}, {"ciphers": "NULL:aNULL:@SECLEVEL=0"}, {"untrusting": True}):
            client = ssl.create_default_context(cafile=None if settings.get("untrusting") else self.ca.ca)
            client.minimum_version = settings.get("minimum_version", ssl.TLSVersion.TLSv1_2)
            client.maximum_version = settings.get("maximum_version", ssl.TLSVersion.TLSv1_2)
            client.set_ciphers(settings.get("ciphers", "ALL:@SECLEVEL=0"))
            client.set_alpn_protocols(settings.get("protocols", ["http/1.1"]))
            with self.subTest(settings), socket.create_connection(("127.0.0.1", service.port), DEADLINE_S) as plain, \
                    self.assertRaises(ssl.SSLError):
                client.wrap_socket(plain, server_hostname="localhost")
        client = ssl.create_default_context(cafile=self.ca.ca)
        client.set_alpn_protocols(["h2", "http/1.1"])
        with socket.create_connection(("127.0.0.1", service.port), DEADLINE_S) as plain, \
                client.wrap_socket(plain, server_hostname="localhost") as secure:
            self.assertEqual(("TLSv1.3", "http/1.1"), (secure.version(), secure.selected_alpn_protocol()))
        wait_for(lambda: self.metric(service, "rearview_http_tls_failures_total") == 4, "four failures")
        # Four failures, one line: the log is not for whoever knocks.
        self.assertEqual(1, sum("a TLS handshake failed" in line for line in service.lines))

    def test_plain_http_is_for_this_machine_and_others_are_sent_on(self):
        address = outer_address()
        if address is None:
            self.skipTest("this machine has no address but its own")
        service = self.start("--insecure", http="0.0.0.0:0")
        plain = http.client.HTTPConnection("127.0.0.1", service.port, timeout=DEADLINE_S)
        self.addCleanup(plain.close)
        plain.request("GET", "/api/v1/config")
        answer = plain.getresponse()
        self.assertEqual(200, answer.status)
        self.assertEqual(str(self.ca.cert), json.load(answer)["serve"]["tls"]["cert_file"])
        done = subprocess.run(["curl", "-sSkL", "--max-time", "20", "-w", "%{http_code} %{num_redirects} %{url_effective}", "-o", os.devnull,
                               f"http://{address}:{service.port}/api/v1/alerts?limit=5"],
                              capture_output=True, text=True, timeout=30)
        self.assertEqual(f"200 1 https://{address}:{service.port}/api/v1/alerts?limit=5", done.stdout, done.stderr)

    def test_what_cannot_be_served_stops_the_start_in_one_sentence(self):
        other = self.folder / "other"
        other.mkdir()
        for options, said in [({"cert": self.folder / "none.pem"}, r"none\.pem: can't be read: No such file"),
                              ({"key": ThrowawayCa(other).key}, r"server\.key: is not the key of the certificate in .*server\.pem$"),
                              ({"cert": self.ca.key}, r"server\.key: holds no certificate")]:
            file = self.config(**options)
            for arguments in (["--check-config"], []):
                done = subprocess.run([os.path.join(BIN, "rearview"), "serve", "--store", "none", "--http", "127.0.0.1:0", "--config", file, *arguments],
                                      capture_output=True, text=True, timeout=30)
                self.assertEqual(2, done.returncode)
                self.assertRegex(done.stderr.strip(), said)
                self.assertEqual(1, len(done.stderr.splitlines()), done.stderr)
        half = self.folder / "half.json"
        half.write_text(json.dumps({"serve": {"tls": {"cert_file": "x.pem"}}}))
        done = subprocess.run([os.path.join(BIN, "rearview"), "serve", "--check-config", "--config", str(half)],
                              capture_output=True, text=True, timeout=30)
        self.assertRegex(done.stderr, r"half\.json: /serve/tls/key_file: cert_file and key_file go together")


if __name__ == "__main__":
    unittest.main(verbosity=2)
