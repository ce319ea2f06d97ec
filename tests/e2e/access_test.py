"""Who is let in: programs and a browser at a service that others reach, as they would be set up."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "browser"))

from webdriver import Browser

from programs import BIN, Service, dead_camera, wait_for

ANYBODY = {"X-Forwarded-For": "192.0.2.7"}  # who asks is not this machine


def rearview(*arguments, stdin=""):
    return subprocess.run([os.path.join(BIN, "rearview"), *arguments], input=stdin, capture_output=True, text=True, timeout=60)


class Access(unittest.TestCase):
    def setUp(self):
        self.store = self.enterContext(tempfile.TemporaryDirectory())
        config = pathlib.Path(self.store, "rearview.json")
        config.write_text(json.dumps({"serve": {"access": {"this_machine": False}}}))
        self.config = str(config)
        self.arguments = ["--camera", dead_camera(), "--store", self.store]

    def start(self, *more, http="0.0.0.0:0"):
        service = Service(*self.arguments, *more, http=http)
        self.addCleanup(service.stop)
        return service

    def command(self, *arguments, stdin=""):
        done = rearview("access", "--store", self.store, *arguments, stdin=stdin)
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout.strip()

    def test_others_reach_nothing_before_somebody_is_known(self):
        refused = rearview("serve", *self.arguments, "--http", "0.0.0.0:0")
        self.assertEqual(2, refused.returncode)
        for way in ("--pair", "access password", "--insecure"):
            self.assertIn(way, refused.stderr)
        self.assertEqual(1, refused.stderr.count("\n"), refused.stderr)

    def test_insecure_stands_in_the_log_in_health_and_on_the_page(self):
        service = self.start("--insecure")
        service.wait_for_line("insecure: whoever reaches this service")
        self.assertEqual(200, service.get("/api/v1/alerts", ANYBODY)[0])
        self.assertTrue(json.loads(service.get("/healthz")[2])["access"]["insecure"])
        with Browser(412, 915) as browser:
            browser.open(f"http://127.0.0.1:{service.port}/")
            browser.wait_for("the page", "return " + "!document.getElementById('insecure').hidden")

    def test_tokens_and_password_of_the_command_hold_for_a_running_service(self):
        self.command("password", stdin="correct horse\n")
        service = self.start()
        self.assertEqual(401, service.get("/api/v1/alerts", ANYBODY)[0])
        token = self.command("add", "grafana")
        known = ANYBODY | {"Authorization": f"Bearer {token}"}
        wait_for(lambda: service.get("/metrics", known)[0] == 200, "the token to hold")
        self.assertEqual(403, service.ask("DELETE", "/api/v1/alerts/1", known)[0])
        listed = self.command("list")
        self.assertNotIn(token, listed)
        self.command("revoke", re.search(r"^(\S+) +view .*grafana$", listed, re.MULTILINE)[1])
        wait_for(lambda: service.get("/metrics", known)[0] == 401, "the token to be gone")
        for secret in (token, "correct horse"):
            self.assertFalse([line for line in service.lines if secret in line])
            for path in ("/api/v1/config", "/healthz", "/metrics"):
                self.assertNotIn(secret, service.get(path)[2].decode())

    def test_a_phone_is_let_in_by_the_code_and_keeps_its_place(self):
        service = self.start("--config", self.config, "--pair", "view")
        code, url = service.wait_for_line(r"code=(\S+) url=(\S+)").groups()
        self.assertTrue(url.endswith(f":{service.port}/#/pair/{code}"), url)
        # The address is one that others reach; the browser here is on this machine.
        page = f"http://127.0.0.1:{service.port}/"
        with Browser(412, 915) as browser:
            browser.open(page)
            browser.wait_for("the page", "return " + "document.getElementById('sign-in').open")
            self.assertNotIn("Clear", browser.run("return document.getElementById('state-word').textContent"))
            browser.open(page + "#/pair/WRON-GONE")
            browser.run("location.reload()")
            browser.wait_for("the page", "return " + "document.querySelector('#sign-in [role=status]').textContent.includes('wrong')")
            browser.open(page + f"#/pair/{code}")
            browser.run("location.reload()")
            browser.wait_for("the page", "return " + "document.body.dataset.scope === 'view' && !document.getElementById('sign-in').open")
            self.assertNotIn(code, browser.run("return location.href"))
            browser.run("location.hash = '#/settings'")
            browser.wait_for("the page", "return " + "document.getElementById('access').textContent.includes('may look')")
            browser.run("location.reload()")
            browser.wait_for("the page", "return " + "document.getElementById('access').textContent.includes('may look')")
            token = re.search(r"^(\S+) +view", self.command("list"), re.MULTILINE)[1]
            self.command("revoke", token)
            browser.run("location.reload()")
            browser.wait_for("the page", "return " + "document.getElementById('sign-in').open")

    def test_the_page_signs_in_by_password_and_lets_others_in(self):
        self.command("password", stdin="correct horse\n")
        service = self.start("--config", self.config)
        with Browser(412, 915) as browser:
            browser.open(f"http://127.0.0.1:{service.port}/#/settings")
            browser.wait_for("the page", "return " + "document.getElementById('sign-in').open")
            fill = ("const form = document.querySelector('#sign-in form[data-path=\"/login\"]');"
                    "form.querySelector('input[required]').value = '{}'; form.requestSubmit();")
            browser.run(fill.format("wrong horse"))
            browser.wait_for("the page", "return " + "document.querySelector('#sign-in [role=status]').textContent.includes('not the password')")
            browser.run(fill.format("correct horse"))
            browser.wait_for("the page", "return " + "document.body.dataset.scope === 'admin' && !document.getElementById('sign-in').open")
            browser.run("location.hash = '#/settings'; location.reload()")
            browser.wait_for("the page", "return " + "[...document.querySelectorAll('#access button')].some((one) => one.textContent === 'Let a device look')")
            browser.run("[...document.querySelectorAll('#access button')].find((one) => one.textContent === 'Let a device look').click()")
            browser.wait_for("the page", "return " + "document.querySelector('#access img.qr')?.naturalWidth > 0")
            code = browser.run("return document.querySelector('#access .code').textContent")
            connection = service.connection()
            connection.request("POST", "/api/v1/access/pair", json.dumps({"code": code, "name": "a phone"}),
                               {"Content-Type": "application/json"})
            self.assertEqual(201, connection.getresponse().status)
            connection.close()
            if screens := os.environ.get("REARVIEW_SCREENS"):
                os.makedirs(screens, exist_ok=True)
                browser.screenshot(pathlib.Path(screens, "access.png"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
