"""Streams and recordings of the world, through whole programs: pipes, names, addresses, what is told."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from programs import BIN, DEADLINE_S, Service, wait_for  # noqa: E402

STREAMS = pathlib.Path(__file__).resolve().parent.parent / "receive" / "streams"
REARVIEW = os.path.join(BIN, "rearview")


def rearview(*arguments, **options):
    return subprocess.run([REARVIEW, *map(str, arguments)], capture_output=True, timeout=DEADLINE_S * 4, **options)


def pictures(answer):
    return sum(json.loads(line)["type"] == "analysis" for line in answer.stdout.splitlines())


class Server:
    """Sends the same bytes to each client, over and over."""

    def __init__(self, data):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "tcp://127.0.0.1:%d" % self._listener.getsockname()[1]
        self._data = data
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._send, args=(client,), daemon=True).start()

    def _send(self, client):
        with client:
            try:
                while True:
                    client.sendall(self._data)
            except OSError:
                pass

    def close(self):
        self._listener.close()


class Streams(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_a_pipe_gives_what_the_file_gives(self):
        name = STREAMS / "h_control.h264"
        from_file = rearview("nalu", name)
        self.assertEqual(from_file.returncode, 0)
        self.assertEqual(rearview("nalu", "/dev/stdin", input=name.read_bytes()).stdout, from_file.stdout)
        named = self.folder / "pipe"
        os.mkfifo(named)
        threading.Thread(target=lambda: named.write_bytes(name.read_bytes()), daemon=True).start()
        self.assertEqual(rearview("nalu", named).stdout, from_file.stdout)
        through = rearview("analyze", "/dev/stdin", "--json", "-", input=name.read_bytes())
        self.assertEqual(through.returncode, 0, through.stderr)
        self.assertEqual(pictures(through), 60)

    def test_prefix_units_are_no_pictures_to_nalu(self):
        answer = rearview("nalu", STREAMS / "m_prefix14_slices4.h264", "--json")
        summary = json.loads(answer.stdout.splitlines()[-1])
        self.assertEqual(summary["pictures"], 90)
        self.assertEqual(summary["slices_per_picture"], {"least": 4, "most": 4})

    def test_a_name_with_a_colon_is_a_name(self):
        name = "2024-11-14T22:57:44.mkv"
        (self.folder / name).write_bytes((STREAMS / "jump1h.mkv").read_bytes())
        self.assertEqual(rearview("nalu", name, cwd=self.folder).returncode, 0)
        answer = rearview("analyze", name, "--json", "-", cwd=self.folder)
        self.assertEqual(pictures(answer), 90, answer.stderr)
        self.assertIn(b"jumps", answer.stderr)

    def test_what_is_no_address_is_refused_with_what_would_be_right(self):
        config = self.folder / "rearview.json"
        for url in ("192.168.1.20:5000", "h:p", "tcp/h264://h:p"):
            config.write_text(json.dumps({"cameras": [{"name": "rear", "url": url}]}))
            answer = rearview("serve", "--check-config", "--config", config)
            self.assertEqual(answer.returncode, 2, url)
            self.assertIn(b"tcp://HOST:PORT", answer.stderr, url)

    def test_what_cannot_be_read_says_why_in_one_sentence(self):
        for name, words in (("nomoov.mp4", "never finished"), ("t16x16.h264", "16x16"), ("k8.h264", "7680x4320"),
                            ("m_nosps.h264", "no sequence parameter set")):
            answer = rearview("analyze", STREAMS / name, "--json", os.devnull)
            self.assertNotEqual(answer.returncode, 0, name)
            said = answer.stderr.decode().strip().splitlines()
            self.assertIn(words, said[-1], name)
            self.assertFalse([line for line in said if "pictures are missing" in line], name)

    def test_a_raw_streams_time_is_its_own_unless_told_otherwise(self):
        for options, end in (((), 2.98), (("--fps", "30"), 5.97)):
            answer = rearview("analyze", STREAMS / "fps60.h264", "--json", "-", *options)
            self.assertAlmostEqual(json.loads(answer.stdout.splitlines()[-1])["t_s"], end, 2)

    def test_a_turned_recording_is_analysed_upright(self):
        video = self.folder / "upright.mp4"
        answer = rearview("analyze", STREAMS / "rot90.mp4", "--json", os.devnull, "--video", video)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        shown = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0", video],
                               capture_output=True, text=True)
        self.assertEqual(shown.stdout.strip(), "192,320")

    def serve(self, url):
        service = Service("--camera", url)
        self.addCleanup(service.stop)
        return service

    def test_the_cameras_text_says_what_comes_instead_of_h264(self):
        server = Server((STREAMS / "ts_over_tcp.ts").read_bytes())
        self.addCleanup(server.close)
        service = self.serve(server.address)
        wait_for(lambda: "MPEG-TS" in service.camera()["text"], "the words MPEG-TS")
        self.assertNotEqual(service.camera()["state"], "live")

    def test_serve_goes_on_behind_an_hours_hole(self):
        service = self.serve(str(STREAMS / "jump1h.mkv"))
        service.wait_for_line(r"time jumps.*to_s=36")
        wait_for(lambda: service.camera()["frames_decoded"] >= 90, "the pictures behind the hole")


if __name__ == "__main__":
    unittest.main(verbosity=2)
