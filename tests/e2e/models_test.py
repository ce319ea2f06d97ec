"""`rearview models`: what it says of the models, and fetching one over HTTPS, whole and right or not at all."""

import hashlib
import http.server
import json
import os
import pathlib
import pty
import signal
import ssl
import subprocess
import tempfile
import threading
import unittest

from programs import BIN, DEADLINE_S, Program
from throwaway_ca import ThrowawayCa

CONTENT = bytes(range(256)) * 4096  # 1 MiB


class Server:
    """An HTTPS server that answers each path as `answers` says: bytes, or a function of the request."""

    def __init__(self, ca):
        self.answers = {}
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                answer = outer.answers.get(self.path)
                if answer is None:
                    self.send_error(404)
                elif callable(answer):
                    answer(self)
                else:
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None  # clients that go are the point
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(ca.cert, ca.key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Models(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certificates = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.certificates.cleanup)
        cls.ca = ThrowawayCa(cls.certificates.name)
        cls.server = Server(cls.ca)
        cls.addClassCleanup(cls.server.close)

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.models = self.folder / "models"
        self.models.mkdir()
        self.data = self.folder / "data"
        self.place = self.data / "rearview" / "models" / "far.onnx"
        (self.models / "own.onnx").write_bytes(b"ours")
        self.server.answers = {"/far.onnx": CONTENT}
        self.write_manifest()
        self.environment = {**os.environ, "REARVIEW_MODELS": str(self.models), "XDG_DATA_HOME": str(self.data),
                            "SSL_CERT_FILE": str(self.ca.ca)}
        self.environment.pop("STATE_DIRECTORY", None)

    def write_manifest(self, url=None, content=CONTENT):
        (self.models / "manifest.json").write_text(json.dumps({"models": [
            {"name": "own", "file": "own.onnx", "bytes": 4, "sha256": hashlib.sha256(b"ours").hexdigest(),
             "licence": "Apache-2.0", "licence_note": "Only for bicycles."},
            {"name": "far", "file": "far.onnx", "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(),
             "licence": "MIT", "url": url or f"{self.server.url}/far.onnx"}]}))

    def rearview(self, *arguments):
        return subprocess.run([os.path.join(BIN, "rearview"), "models", *arguments], env=self.environment,
                              capture_output=True, text=True, timeout=DEADLINE_S)

    def assert_refused(self, said):
        """Fetching fails, says so in a line, and leaves nothing but what was there before."""
        before = sorted(self.data.rglob("*.onnx*"))
        result = self.rearview("fetch", "far")
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertRegex(result.stderr, said)
        self.assertEqual(result.stderr.count("\n"), 1)
        self.assertEqual(sorted(self.data.rglob("*.onnx*")), before)

    def test_from_the_list_to_a_model_that_is_there(self):
        listed = self.rearview("list")
        self.assertEqual(listed.returncode, 0)
        self.assertRegex(listed.stdout, r"own .*Apache-2\.0 .*/models/own\.onnx\n")
        self.assertRegex(listed.stdout, r"far +1\.0 MB +MIT +not fetched\n")
        self.assertIn("own:\n  Only for bicycles.\n", listed.stdout)
        self.assertRegex(listed.stdout, r"\nRun by (onnxruntime \d+\.[\d.]+, or by )?opencv 4[\d.]+\n$")

        fetched = self.rearview("fetch", "far")
        self.assertEqual((fetched.returncode, fetched.stderr), (0, ""))
        self.assertEqual(self.place.read_bytes(), CONTENT)
        self.assertEqual([f.name for f in self.place.parent.iterdir()], ["far.onnx"])
        self.assertEqual(self.place.stat().st_mode & 0o777, 0o644)
        self.assertIn(str(self.place), self.rearview("list").stdout)

        self.server.answers.clear()  # what is there is not fetched again
        again = self.rearview("fetch", "far")
        self.assertEqual(again.returncode, 0)
        self.assertIn("already there", again.stdout)

    def test_verify_tells_right_from_wrong(self):
        right = self.rearview("verify")
        self.assertEqual((right.returncode, right.stderr), (0, ""))
        self.assertRegex(right.stdout, r"own: right, .*\nfar: not fetched\n")
        self.rearview("fetch", "far")
        self.place.write_bytes(CONTENT[::-1])
        wrong = self.rearview("verify")
        self.assertEqual(wrong.returncode, 1)
        self.assertRegex(wrong.stderr, r"far.onnx has SHA-256 \w{64}, not \w{64}")
        self.assertEqual(self.rearview("fetch", "far").returncode, 0)  # mends it
        self.assertEqual(self.rearview("verify").returncode, 0)
        (self.models / "own.onnx").unlink()
        missing = self.rearview("verify")
        self.assertEqual(missing.returncode, 1)
        self.assertIn("model own is not there", missing.stderr)

    def test_a_redirect_is_followed_but_not_out_of_https(self):
        def to(place):
            def answer(handler):
                handler.send_response(302)
                handler.send_header("Location", place)
                handler.send_header("Content-Length", "0")
                handler.end_headers()
            return answer
        self.server.answers = {"/far.onnx": to("/there"), "/there": to("http://localhost:1/far.onnx")}
        self.assert_refused("Protocol \"http\" not supported")
        self.server.answers["/there"] = CONTENT
        self.assertEqual(self.rearview("fetch", "far").returncode, 0)

    def test_another_content_is_not_kept(self):
        self.server.answers["/far.onnx"] = CONTENT[::-1]
        self.assert_refused(r"has SHA-256 \w{64}, not \w{64}; not kept")
        self.server.answers["/far.onnx"] = CONTENT[:-1]
        self.assert_refused(r"sends 1048575 bytes, not 1048576")

    def test_too_long_a_file_is_cut_off(self):
        self.server.answers["/far.onnx"] = CONTENT + b"x"  # says so
        self.assert_refused("more than the 1048576 bytes expected")

        def endless(handler):  # doesn't
            handler.send_response(200)
            handler.end_headers()
            while True:
                handler.wfile.write(CONTENT)
        self.server.answers["/far.onnx"] = endless
        self.assert_refused("more than the 1048576 bytes expected")

    def test_a_server_that_is_not_there_or_not_trusted(self):
        self.write_manifest("https://localhost:1/far.onnx")
        self.assert_refused("https://localhost:1/far.onnx: Failed to connect")
        self.write_manifest(f"{self.server.url}/nix")
        self.assert_refused("404")
        self.write_manifest()
        del self.environment["SSL_CERT_FILE"]
        self.assert_refused("certificate")

    def test_a_connection_that_breaks(self):
        def broken(handler):
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(CONTENT)))
            handler.end_headers()
            handler.wfile.write(CONTENT[:1000])
            handler.close_connection = True
        self.server.answers["/far.onnx"] = broken
        self.assert_refused("far.onnx: ")

    def test_a_signal_ends_it_and_leaves_nothing(self):
        asked = threading.Event()
        over = threading.Event()
        self.addCleanup(over.set)

        def stuck(handler):
            handler.send_response(200)
            handler.end_headers()
            handler.wfile.write(CONTENT[:1000])
            asked.set()
            over.wait(DEADLINE_S)
        self.server.answers["/far.onnx"] = stuck
        program = Program("rearview", "models", "fetch", "far", environment=self.environment)
        self.addCleanup(program.stop)
        self.assertTrue(asked.wait(DEADLINE_S))
        self.assertEqual(program.stop(signal.SIGINT), 0)
        self.assertEqual(program.lines, ["stopped, nothing fetched"])
        self.assertEqual(list(self.place.parent.iterdir()), [])

    def test_progress_on_a_terminal(self):
        halfway = threading.Event()

        def slow(handler):
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(CONTENT)))
            handler.end_headers()
            handler.wfile.write(CONTENT[: len(CONTENT) // 2])
            halfway.wait(DEADLINE_S)
            handler.wfile.write(CONTENT[len(CONTENT) // 2:])
        self.server.answers["/far.onnx"] = slow
        ours, theirs = pty.openpty()
        process = subprocess.Popen([os.path.join(BIN, "rearview"), "models", "fetch", "far"], env=self.environment,
                                   stdout=subprocess.PIPE, stderr=theirs)
        os.close(theirs)
        seen = b""
        while b"far: 0.5 of 1.0 MB" not in seen:
            seen += os.read(ours, 4096)
        halfway.set()
        self.assertEqual(process.wait(DEADLINE_S), 0)
        process.stdout.close()
        os.close(ours)

    def test_no_place_to_write(self):
        self.data.write_text("a file where the folder should be")
        self.assert_refused("rearview/models can't be made: ")

    def test_what_is_not_to_be_had(self):
        unknown = self.rearview("fetch", "nix")
        self.assertEqual(unknown.returncode, 2)
        self.assertIn('"nix" is not one of own, far', unknown.stderr)
        self.assertEqual(self.rearview("fetch").returncode, 2)
        (self.models / "own.onnx").unlink()
        shipped = self.rearview("fetch", "own")
        self.assertEqual(shipped.returncode, 1)
        self.assertIn("comes with the program", shipped.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
