"""What a client may do to either program's HTTP: send what it likes, and come in crowds."""

import http.client
import json
import pathlib
import re
import socket
import ssl
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "camera"))
from made_clip import make_clip  # noqa: E402
from programs import DEADLINE_S, Camera, Service, dead_camera, wait_for  # noqa: E402
from throwaway_ca import ThrowawayCa  # noqa: E402

CHUNKED = b" HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
# What each of these is answered; None: nothing need be.
ATTACKS = {
    "a 66 kB trailer": (CHUNKED + b"1\r\nx\r\n0\r\nX: " + b"y" * 66_000 + b"\r\n\r\n", 431),
    "a trailer of many lines": (CHUNKED + b"0\r\n" + b"X: y\r\n" * 20_000 + b"\r\n", 431),
    "a 1 MB chunk extension": (CHUNKED + b"1;x=" + b"y" * 1_000_000, 431),
    "many chunk extensions": (CHUNKED + (b"1;x=" + b"y" * 100 + b"\r\nx\r\n") * 5000, 431),
    "a size of zeros": (CHUNKED + b"0" * 1_000_000, 431),
    "a header without end": (b" HTTP/1.1\r\nX: " + b"y" * 1_000_000, 431),
    "a target without end": (b"y" * 1_000_000, 431),
    "many header lines": (b" HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 2000 + b"\r\n", 431),
    "a chunk beyond all numbers": (CHUNKED + b"ffffffffffffffff\r\nx", 413),
    "two lengths": (b" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    "an unknown coding": (b" HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    "a folded line": (b" HTTP/1.1\r\nHost: localhost\r\nX: y\r\n z\r\n\r\n", 400),
    "line ends of its own": (b" HTTP/1.1\nHost: localhost\n\n\r\n\r\n", 400),
}
CROWD = 1000
NEWCOMERS = 63


def memory_kb(program, of="VmRSS"):
    text = pathlib.Path(f"/proc/{program.process.pid}/status").read_text()
    return int(re.search(rf"^{of}:\s+(\d+) kB", text, re.MULTILINE)[1])


class HostileHttp:
    """What holds for either program: start() gives it, a path it answers, and a metric's name."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.program, self.path, self.failures = self.start()
        self.addCleanup(self.program.stop)

    @staticmethod
    def get(port, path, own="127.0.0.1"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S, source_address=(own, 0))
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def attack(self, port, start, rest):
        """The status of the answer."""
        with socket.create_connection(("127.0.0.1", port), DEADLINE_S) as client:
            try:
                client.sendall(start + rest)
            except OSError:
                pass  # it is answered before all has been sent
            answer = b""
            try:
                while b"\r\n" not in answer:
                    piece = client.recv(4096)
                    if not piece:
                        break
                    answer += piece
            except ConnectionResetError:
                pass
            return int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else None

    def test_no_request_ends_the_program(self):
        for name, (rest, status) in ATTACKS.items():
            with self.subTest(name):
                # What is answered early may be lost where the client is still sending.
                wait_for(lambda: self.attack(self.program.port, b"POST /", rest) == status, f"{status} for {name}", 20)
                self.assertIsNone(self.program.process.poll())
                self.assertEqual(200, self.get(self.program.port, self.path)[0])
        self.assertIn(f"\n{self.failures} 0\n", self.get(self.program.port, "/metrics")[1])

    def test_framing_takes_no_memory(self):
        for _ in range(10):  # what each thread needs once
            self.get(self.program.port, self.path)
            self.attack(self.program.port, b"POST /", CHUNKED + b"1\r\nx\r\n0\r\n\r\n")
        before = memory_kb(self.program)
        for start in (CHUNKED + b"1;x=", CHUNKED + b"0\r\nX: ", b" HTTP/1.1\r\nX: ", CHUNKED):
            self.attack(self.program.port, b"POST /", start + b"0" * 60_000_000)
        grown = memory_kb(self.program, "VmHWM") - before
        print(f"{self.program.name}: {before} kB, at most {grown} kB more for 60 MB of framing on a connection", flush=True)
        self.assertLess(grown, 8_000)

    def test_a_silent_crowd_shuts_nobody_out(self):
        crowd = []
        try:
            for i in range(CROWD):
                client = socket.socket()
                crowd.append(client)
                client.bind((f"127.0.0.{2 + i % 50}", 0))
                client.connect(("127.0.0.1", self.program.port))
                if i % 3 == 1:
                    client.sendall(b"GET / HTTP/1.1\r\nHost: ")
            answers = [self.get(self.program.port, one)[0] for one in [self.path, "/metrics"] * NEWCOMERS]
            print(f"{self.program.name}: {answers.count(200)} of {len(answers)} answered beside {CROWD} silent", flush=True)
            self.assertEqual([200] * len(answers), answers)
            # Those of the crowd's own address as well.
            self.assertEqual(200, self.get(self.program.port, self.path, own="127.0.0.2")[0])
        finally:
            for client in crowd:
                client.close()


class CameraHttp(HostileHttp, unittest.TestCase):
    def start(self):
        clip = str(self.folder / "clip.h264")
        make_clip(clip, 4)
        camera = Camera("--source", "file:" + clip)
        camera.port = int(camera.wait_for_line(r"component=device msg=listening .*port=(\d+)")[1])
        return camera, "/camera-stream-status", "rearview_camera_http_connections_failed_total"


class ServiceHttp(HostileHttp, unittest.TestCase):
    def start(self, tls=None):
        file = self.folder / "rearview.json"
        serve = {"tls": {"cert_file": str(tls.cert), "key_file": str(tls.key)}} if tls else {}
        file.write_text(json.dumps({"serve": serve, "cameras": [{"name": "rear", "url": dead_camera()}]}))
        return Service("--config", str(file)), "/", "rearview_http_connections_failed_total"

    def test_a_crowd_in_mid_handshake_shuts_nobody_out(self):
        ca = ThrowawayCa(self.folder)
        service = self.start(tls=ca)[0]
        self.addCleanup(service.stop)
        trust = ssl.create_default_context(cafile=ca.ca)
        crowd = []
        try:
            for i in range(CROWD):
                client = socket.socket()
                crowd.append(client)
                client.bind((f"127.0.0.{2 + i % 50}", 0))
                client.connect(("127.0.0.1", service.port))
                client.sendall(b"\x16\x03\x01")
            for _ in range(NEWCOMERS):
                connection = http.client.HTTPSConnection("127.0.0.1", service.port, timeout=DEADLINE_S, context=trust)
                connection.request("GET", self.path)
                self.assertEqual(200, connection.getresponse().status)
                connection.close()
        finally:
            for client in crowd:
                client.close()


if __name__ == "__main__":
    unittest.main()
