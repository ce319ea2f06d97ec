"""Starts scripted_service for the tests in Python. Environment: REARVIEW_BIN, its folder."""

import os
import pathlib
import signal
import subprocess

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

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
