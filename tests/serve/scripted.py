"""Starts scripted_service for the tests in Python. Environment: REARVIEW_BIN, its folder."""

import json
import os
import pathlib
import signal
import subprocess
import time
import urllib.request

PROGRAM = pathlib.Path(os.environ["REARVIEW_BIN"]) / "scripted_service"


class ScriptedService:
    """A service without a camera; say() tells it what happens on the road."""

    def __init__(self, *cameras):
        self.process = subprocess.Popen([PROGRAM, *cameras], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])
        self.address = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def say(self, *lines):
        for line in lines:
            self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait_for_alerts(self, count, timeout=90):
        """Until what was said last has become this many alerts in all."""
        deadline = time.monotonic() + timeout
        while True:
            with urllib.request.urlopen(f"{self.address}/api/v1/alerts?after=0&limit=200", timeout=timeout) as answer:
                if len(json.load(answer)) == count:
                    return
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {timeout} s in vain for {count} alerts")
            time.sleep(0.05)

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
