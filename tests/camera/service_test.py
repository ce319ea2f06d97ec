"""rearview-camera as a service: readiness, watchdog, reload, power."""

import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from made_clip import make_clip  # noqa: E402
from programs import DEADLINE_S, Program, wait_for  # noqa: E402


class ServiceCase(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.temporary.name)
        self.clip = str(self.root / "clip.h264")
        make_clip(self.clip, 2)
        self.file = self.root / "camera.json"
        self.notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notified.bind(str(self.root / "notify"))
        self.notified.settimeout(DEADLINE_S)
        self.camera = None

    def tearDown(self):
        if self.camera:
            self.camera.stop(signal.SIGKILL)
        self.notified.close()
        self.temporary.cleanup()

    def configure(self, **config):
        self.file.write_text(json.dumps(config))

    def start(self, **config):
        self.configure(**config)
        os.environ["NOTIFY_SOCKET"] = str(self.root / "notify")
        os.environ["WATCHDOG_USEC"] = "4000000"
        try:
            self.camera = Program("rearview-camera", "--config", str(self.file), "--source", "file:" + self.clip,
                                  "--stream", "127.0.0.1:0", "--http", "127.0.0.1:0")
        finally:
            del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]
        self.port = int(self.camera.wait_for_line(r"component=device msg=listening .*port=(\d+)")[1])

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        connection.request("GET", path)
        body = connection.getresponse().read().decode()
        connection.close()
        return body

    def heard(self, state):
        while True:
            if self.notified.recv(1000).decode() == state:
                return


class Service(ServiceCase):
    def test_it_says_when_it_is_ready_alive_and_stopping(self):
        self.start()
        self.heard("READY=1")
        self.heard("WATCHDOG=1")
        self.heard("WATCHDOG=1")
        self.assertEqual(self.camera.stop(), 0)
        self.heard("STOPPING=1")

    def test_a_hangup_takes_over_what_can_be_and_says_what_can_not(self):
        self.start(board={"battery_percent": 55})
        self.assertEqual(self.get("/battery-percent"), "55")
        self.configure(board={"battery_percent": 66}, stream={"max_clients": 3})
        self.camera.process.send_signal(signal.SIGHUP)
        self.camera.wait_for_line('msg="takes effect after a restart" part=stream')
        self.camera.wait_for_line("component=config msg=reloaded")
        self.assertEqual(self.get("/battery-percent"), "66")
        self.configure(bord={})
        self.camera.process.send_signal(signal.SIGHUP)
        self.camera.wait_for_line('msg="not reloaded" why=.*/bord: unknown key')
        self.assertEqual(self.get("/battery-percent"), "66")

    def test_a_hangup_while_it_begins_is_taken_once_it_can_be(self):
        os.mkfifo(self.file)
        self.camera = Program("rearview-camera", "--config", str(self.file), "--source", "file:" + self.clip,
                              "--stream", "127.0.0.1:0", "--http", "127.0.0.1:0")
        with open(self.file, "w", encoding="utf-8") as given:  # waits for the program to read
            self.camera.process.send_signal(signal.SIGHUP)
            self.file.unlink()
            self.configure(stream={"max_clients": 3})
            given.write("{}")
        self.camera.wait_for_line('msg="takes effect after a restart" part=stream')
        self.camera.wait_for_line("component=config msg=reloaded")
        self.assertEqual(self.camera.stop(), 0)

    def test_a_low_battery_shuts_down_and_closes_the_chunk(self):
        mark = self.root / "shut down"
        videos = self.root / "videos"
        board = {"battery_mv": 3900, "shutdown_command": ["touch", str(mark)]}
        record = {"folder": str(videos), "min_free_mb": 0}
        self.start(board=board, record=record)
        wait_for(lambda: json.loads(self.get("/api/v1/status"))["record"]["recording"], "recording")
        self.configure(board={**board, "battery_mv": 3450}, record=record)
        self.camera.process.send_signal(signal.SIGHUP)
        self.camera.wait_for_line('msg="shutting down" why="battery low"')
        self.assertEqual(self.camera.process.wait(DEADLINE_S), 0)
        self.assertTrue(mark.exists())
        shown = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0",
                                str(videos / "log0001.mkv")], capture_output=True, text=True, check=True)
        self.assertGreater(float(shown.stdout), 1)

    def test_the_button_shuts_down(self):
        self.start(board={"shutdown_pressed": True})
        self.camera.wait_for_line('msg="shutting down" why=button')
        self.assertEqual(self.camera.process.wait(DEADLINE_S), 0)


class Modes(ServiceCase):
    def test_it_records_when_nobody_watches_any_more(self):
        videos = self.root / "videos"
        self.start(mode={"kind": "exclusive", "mode_switch_timeout_s": 1},
                   record={"folder": str(videos), "min_free_mb": 0})
        self.camera.wait_for_line("component=mode msg=recording")
        wait_for(lambda: json.loads(self.get("/api/v1/status"))["record"]["recording"], "recording")
        self.assertEqual(self.get("/camera-stream-status"), "false")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        connection.request("PUT", "/restart-stream-mode")
        self.assertEqual(connection.getresponse().read(), b"Restarted streaming mode")
        connection.close()
        self.assertEqual(self.get("/camera-stream-status"), "true")
        wait_for(lambda: not json.loads(self.get("/api/v1/status"))["record"]["recording"], "the chunk to end")


if __name__ == "__main__":
    unittest.main()
