"""A page of another site, in a real browser, tries to change what either program keeps."""

import http.client
import http.server
import json
import pathlib
import re
import sys
import tempfile
import threading
import unittest
import urllib.request

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS / "camera"), str(TESTS / "e2e"), str(TESTS / "serve")]
from made_clip import make_clip  # noqa: E402
from programs import DEADLINE_S, Program, wait_for  # noqa: E402
from scripted import ScriptedService  # noqa: E402
from webdriver import Browser  # noqa: E402

DEVICE, EVIL = "velovision-rearview.local", "evil.example"
NAMES = f"--host-resolver-rules=MAP {DEVICE} 127.0.0.1, MAP {EVIL} 127.0.0.1"

# Each is a script of the foreign page; `target` is the address that would change something. It says
# done() when the browser has had the answer, whatever that is.
IMAGE = "const image = new Image(); {0}; image.onload = image.onerror = done; image.src = target;"
FRAME = """const frame = document.createElement('iframe'); {0}; let loads = 0; frame.onload = done;
           frame.src = target; document.body.append(frame);"""
FETCH = "fetch(target, {0}).then(done, done);"
FORM = """const frame = document.createElement('iframe'); frame.name = 'into'; document.body.append(frame);
          const form = document.createElement('form'); form.action = target; form.target = 'into';
          form.method = '{0}'; {1}; document.body.append(form); frame.onload = done; form.submit();"""
WAYS = {
    "image": IMAGE.format(""),
    "image without referrer": IMAGE.format("image.referrerPolicy = 'no-referrer'"),
    "image with CORS": IMAGE.format("image.crossOrigin = 'anonymous'"),
    "frame": FRAME.format(""),
    "frame without referrer": FRAME.format("frame.referrerPolicy = 'no-referrer'"),
    "sandboxed frame": FRAME.format("frame.sandbox = ''; frame.referrerPolicy = 'no-referrer'"),
    "fetch": FETCH.format("{mode: 'no-cors'}"),
    "fetch without referrer": FETCH.format("{mode: 'no-cors', referrerPolicy: 'no-referrer'}"),
    "fetch that accepts as curl does":
        FETCH.format("{mode: 'no-cors', referrerPolicy: 'no-referrer', headers: {Accept: '*/*', 'Accept-Language': 'x'}}"),
    "fetch with CORS": FETCH.format("{referrerPolicy: 'no-referrer'}"),
    "fetch that calls itself curl": FETCH.format("{referrerPolicy: 'no-referrer', headers: {'User-Agent': 'curl/8'}}"),
    "post": FETCH.format("{method: 'POST', mode: 'no-cors', referrerPolicy: 'no-referrer', body: 'x'}"),
    "put": FETCH.format("{method: 'PUT', referrerPolicy: 'no-referrer'}"),
    "delete": FETCH.format("{method: 'DELETE', referrerPolicy: 'no-referrer'}"),
    "form": FORM.format("get", ""),
    "form without referrer": FORM.format("get", "form.rel = 'noreferrer'"),
    "posted form": FORM.format("post", ""),
    "script": """const script = document.createElement('script'); script.referrerPolicy = 'no-referrer';
                 script.onload = script.onerror = done; script.src = target; document.body.append(script);""",
    "style": """const link = document.createElement('link'); link.rel = 'stylesheet'; link.referrerPolicy = 'no-referrer';
                link.onload = link.onerror = done; link.href = target; document.head.append(link);""",
    "prefetch": """const link = document.createElement('link'); link.rel = 'prefetch'; link.referrerPolicy = 'no-referrer';
                   link.onload = link.onerror = done; link.href = target; document.head.append(link);""",
}


class ForeignPage:
    """A site of its own that serves one empty page, with the referrer policy its address names."""

    def __init__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Referrer-Policy", self.path.lstrip("/") or "unsafe-url")
                self.end_headers()
                self.wfile.write(b"<!doctype html><title>elsewhere</title><body></body>")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://{EVIL}:{self.server.server_port}/"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class OtherSite(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.page = ForeignPage()
        self.addCleanup(self.page.close)

    def start_camera(self):
        clip = str(self.folder / "clip.h264")
        make_clip(clip, 4)
        config = self.folder / "camera.json"
        config.write_text(json.dumps({"record": {"folder": str(self.folder / "videos"), "chunk_s": 1, "min_free_mb": 0}}))
        camera = Program("rearview-camera", "--config", str(config), "--source", "file:" + clip,
                         "--stream", "127.0.0.1:0", "--http", "127.0.0.1:0")
        self.addCleanup(camera.stop)
        camera.port = int(camera.wait_for_line(r"component=device msg=listening .*port=(\d+)")[1])
        return camera

    def try_all(self, target, unharmed):
        with Browser(800, 600, arguments=[NAMES]) as browser:
            for policy in ("unsafe-url", "no-referrer"):
                for name, script in WAYS.items():
                    with self.subTest(name, policy=policy):
                        browser.open(self.page.address + policy)
                        self.assertFalse(browser.run("return isSecureContext"))
                        browser.run_until_done(f"const [target, answered] = arguments; const done = () => answered(); {script}", target, timeout=20)
                        self.assertTrue(unharmed(), name)
                with self.subTest("navigation", policy=policy):
                    browser.open(self.page.address + policy)
                    browser.run("location.href = arguments[0]", target)
                    browser.wait_for("the answer", "return location.href === arguments[0]", target)
                    self.assertTrue(unharmed())
                with self.subTest("window", policy=policy):
                    browser.open(self.page.address + policy)
                    browser.run("window.open(arguments[0], '_blank', 'noreferrer')", target)
                    browser.run_until_done(f"const [target, answered] = arguments; const done = () => answered(); {WAYS['fetch']}", target)
                    self.assertTrue(unharmed())

    def test_no_page_wipes_the_camera(self):
        camera = self.start_camera()

        def refused():
            with urllib.request.urlopen(f"http://127.0.0.1:{camera.port}/metrics") as answer:
                return int(re.search(r'^rearview_camera_http_requests_refused_total (\d+)$', answer.read().decode(),
                                     re.MULTILINE)[1])

        def wiped():
            return sum("recordings wiped" in line for line in camera.lines)

        wait_for(lambda: len(list((self.folder / "videos").glob("log*.mkv"))) > 2, "finished chunks")
        self.try_all(f"http://{DEVICE}:{camera.port}/wipe-local-videos", lambda: not wiped())
        self.assertGreaterEqual(refused(), 2 * len(WAYS) - 12, "the browser must really have asked")
        # Whoever the contract is for still may.
        connection = http.client.HTTPConnection("127.0.0.1", camera.port, timeout=DEADLINE_S)
        self.addCleanup(connection.close)
        connection.request("GET", "/wipe-local-videos", headers={"Host": f"{DEVICE}:{camera.port}", "User-Agent": "okhttp/4.12.0"})
        answer = connection.getresponse()
        self.assertEqual((200, b"Wiped local videos"), (answer.status, answer.read()))
        wait_for(wiped, "the log of it")
        self.assertEqual(1, wiped(), "and it alone did it")

    def test_no_page_changes_the_alerts(self):
        with ScriptedService() as service:
            service.say("alert overtake right 3")
            address = f"{service.address}/api/v1/alerts/1"

            def alert():
                with urllib.request.urlopen(address) as answer:
                    return json.load(answer)

            def there():
                try:
                    return alert()
                except OSError:
                    return None

            before = wait_for(there, "the alert")["locked"]
            for target in ("/api/v1/alerts/1", "/api/v1/alerts/1/lock"):
                self.try_all(f"http://127.0.0.1:{service.port}{target}", lambda: alert()["locked"] == before)


if __name__ == "__main__":
    unittest.main()
