"""Drives headless Chromium through chromedriver, by the W3C WebDriver protocol over plain HTTP."""

import base64
import json
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

CHROMIUM_ARGUMENTS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required", "--mute-audio",
    "--force-color-profile=srgb", "--hide-scrollbars",
]
# Whoever asks for this name finds this machine, but it is no localhost: plain HTTP to it is not secure.
ELSEWHERE = "board.local"
TO_ELSEWHERE = f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1"
DRIVER_TRIES = 5
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Browser:
    """One browser with a profile of its own. Closes it and its driver on leaving."""

    def __init__(self, width, height, dark=False, mobile=False, scale=1, arguments=(), language="en-IE"):
        """language: what the browser asks pages for; the region says in which units, too."""
        self.profile = tempfile.mkdtemp(prefix="rearview-browser-")
        self.session = None
        self.driver, self.port = self._started_driver()
        try:
            answer = self._call("POST", "/session", {"capabilities": {"alwaysMatch": {
                "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
                "goog:chromeOptions": {"prefs": {"intl.accept_languages": language}, "args": CHROMIUM_ARGUMENTS + [
                    *arguments, f"--user-data-dir={self.profile}", f"--window-size={width},{height}"]}}}})
            self.session = answer["sessionId"]
            self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height,
                          deviceScaleFactor=scale, mobile=mobile)
            self.devtools("Emulation.setEmulatedMedia", features=[
                {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.session:
            try:
                self._call("DELETE", f"/session/{self.session}")
            except OSError:
                pass
        self.driver.terminate()
        try:
            self.driver.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.driver.kill()
        self.driver.stdout.close()
        shutil.rmtree(self.profile, ignore_errors=True)

    @staticmethod
    def _started_driver():
        """The driver and its port. It wants one that is free for IPv4 and IPv6, and ends where the one it chose is not."""
        for _ in range(DRIVER_TRIES):
            driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            for line in driver.stdout:
                found = re.search(r"started successfully on port (\d+)", line)
                if found:
                    return driver, int(found[1])
            driver.stdout.close()
            driver.wait()
        raise RuntimeError("chromedriver does not start")

    def _call(self, method, path, body=None, timeout=120):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", method=method,
            data=None if method in ("GET", "DELETE") else json.dumps(body or {}).encode(),
            headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.read().decode()[:500]}") from error

    def _in_session(self, method, path, body=None, timeout=120):
        return self._call(method, f"/session/{self.session}{path}", body, timeout)

    def devtools(self, command, **parameters):
        return self._in_session("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def open(self, url):
        self._in_session("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        return self._in_session("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def run_until_done(self, script, *arguments, timeout=60):
        """What the script gives to its last argument, a function, when it is done."""
        self._in_session("POST", "/timeouts", {"script": round(1000 * timeout)})
        return self._in_session("POST", "/execute/async", {"script": script, "args": list(arguments)}, timeout + 30)

    def click(self, selector):
        """Of an element that the page may be making anew in this very moment."""
        def clicked():
            element = self._in_session("POST", "/element", {"using": "css selector", "value": selector})
            try:
                self._in_session("POST", f"/element/{element[ELEMENT]}/click")
            except RuntimeError as error:
                # Made anew, or moved by what came in above it.
                if not any(text in str(error) for text in ("stale element reference", "element click intercepted")):
                    raise
                return False
            return True
        self.wait_until(f"{selector} to stay while it is clicked", clicked)

    def press(self, key, code, text=None):
        """A key: its name, its Windows code and what it writes."""
        for kind in ("keyDown", "keyUp"):
            extra = {"text": text} if text and kind == "keyDown" else {}
            self.devtools("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **extra)

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.innerText ?? null", selector)

    def download_to(self, folder):
        self.devtools("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    def wait_for(self, what, script, *arguments, timeout=90):
        """Until the script returns something true; that is returned."""
        try:
            return self.wait_until(what, lambda: self.run(script, *arguments), timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}: {script}\n{self.what_it_shows()}") from None

    def what_it_shows(self):
        """For whoever reads that something was waited for in vain."""
        page = self.run("return `${location.href} ${document.readyState}\n${document.body?.innerText}`")
        console = [entry["message"] for entry in self.log("browser")]
        return f"the page: {page[:2000]}\nits console: {console}"

    @staticmethod
    def wait_until(what, condition, timeout=90):
        deadline = time.monotonic() + timeout
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {timeout} s in vain for {what}")
            time.sleep(0.05)

    def screenshot(self, file):
        with open(file, "wb") as out:
            out.write(base64.b64decode(self._in_session("GET", "/screenshot")))

    def log(self, kind):
        return self._in_session("POST", "/se/log", {"type": kind})
