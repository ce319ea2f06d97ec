"""The page without the network: the browser keeps it, it says that it isn't connected, and it is as new as the service
that was there last. Environment: REARVIEW_BIN, the folder of scripted_service.
"""

import http.client
import http.server
import pathlib
import re
import sys
import threading
import unittest

from page_test import STATE_IS, WORD_IS
from webdriver import ELSEWHERE, TO_ELSEWHERE, Browser

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "serve"))
from scripted import ScriptedService  # noqa: E402

KEPT = """
const done = arguments[arguments.length - 1];
caches.keys().then(async (names) => {
  const found = {};
  for (const name of names) found[name] = (await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname);
  done(found);
});"""
MARK = "return getComputedStyle(document.documentElement).getPropertyValue('--mark').trim()"


class Relay(http.server.BaseHTTPRequestHandler):
    """Between browser and service, so that one address has several services, or none; each version marks its files."""

    service = None
    mark = ""

    def do_GET(self):  # noqa: N802
        if self.service is None:
            return  # the connection ends without an answer
        headers = {name: value for name, value in self.headers.items() if name not in ("Host", "If-None-Match", "Connection")}
        upstream = http.client.HTTPConnection("127.0.0.1", self.service.port)
        try:
            upstream.request("GET", self.path, headers=headers)
            answer = upstream.getresponse()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name not in ("Content-Length", "Transfer-Encoding", "Connection", "ETag"):
                    self.send_header(name, value)
            self.end_headers()
            if self.path in ("/worker.js", "/style.css"):
                self.wfile.write(self.marked(answer.read().decode()).encode())
            else:
                while part := answer.read1():
                    self.wfile.write(part)
        except OSError:
            pass  # one of both has gone
        finally:
            upstream.close()

    def marked(self, text):
        if self.path == "/style.css":
            return text + f":root {{ --mark: {self.mark}; }}"
        return re.sub(r'VERSION = "\w+"', f'VERSION = "{self.mark}"', text)

    def log_message(self, *_):
        pass


class KeptTest(unittest.TestCase):
    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Relay)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/"

    def serve(self, mark):
        Relay.service, Relay.mark = ScriptedService(), mark
        self.addCleanup(Relay.service.end)

    @staticmethod
    def leave():
        Relay.service.end()
        Relay.service = None

    def show_without_service(self, browser, mark):
        browser.open(self.address)
        browser.wait_for("no connection", WORD_IS, "Not connected")
        self.assertEqual(("lost", "Not watching the road", "", mark),
                         (browser.run("return document.body.dataset.look"), browser.text("#state-detail"), browser.text("#alerts"), browser.run(MARK)))
        self.assertEqual("none", browser.run_until_done("const done = arguments[arguments.length - 1];"
                                                        "fetch('api/v1/alerts?after=0').then((a) => done(a.status), () => done('none'))"))

    def test_the_page_opens_without_the_network_and_never_knows_anything(self):
        with Browser(390, 844) as browser:
            self.serve("first")
            Relay.service.say("alert fast_approach right")
            browser.open(self.address)
            browser.wait_for("a clear road", STATE_IS, "clear")
            browser.wait_for("the alert", "return document.querySelector('#alerts li')")
            browser.wait_until("the page to be kept", lambda: "/words.js" in browser.run_until_done(KEPT).get("rearview-page-first", []))
            self.leave()
            browser.wait_for("no connection", WORD_IS, "Not connected")
            self.show_without_service(browser, "first")
            files = browser.run_until_done(KEPT)["rearview-page-first"]
            self.assertEqual([], [one for one in files if one != "/" and not re.fullmatch(r"/[\w.-]+\.(js|css|svg|png|webmanifest)", one)])
            # A newer program comes.
            self.serve("second")
            browser.open(self.address)
            browser.wait_for("a clear road", STATE_IS, "clear")
            self.assertEqual("second", browser.run(MARK))
            browser.wait_until("the older page to go", lambda: list(browser.run_until_done(KEPT)) == ["rearview-page-second"])
            self.leave()
            self.show_without_service(browser, "second")

    def test_it_can_be_installed(self):
        self.serve("only")
        with Browser(390, 844, mobile=True) as browser:
            browser.open(self.address)
            browser.wait_for("a clear road", STATE_IS, "clear")
            self.assertEqual([], browser.devtools("Page.getInstallabilityErrors")["installabilityErrors"])
            manifest = browser.devtools("Page.getAppManifest")
            self.assertEqual(([], self.address + "manifest.webmanifest"), (manifest["errors"], manifest["url"]))

    def test_without_a_secure_context_nothing_is_kept(self):
        self.serve("only")
        with Browser(390, 844, arguments=[TO_ELSEWHERE]) as browser:
            browser.open(f"http://{ELSEWHERE}:{self.server.server_address[1]}/")
            browser.wait_for("a clear road", STATE_IS, "clear")
            self.assertEqual([], [one["message"] for one in browser.log("browser")])


if __name__ == "__main__":
    unittest.main(verbosity=2)
