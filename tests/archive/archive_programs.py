"""What the tests of archives have in common: small recordings and results."""

import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from programs import BIN

REARVIEW = os.path.join(BIN, "rearview")


def rearview(*arguments, **options):
    return subprocess.run([REARVIEW, *map(str, arguments)], capture_output=True, text=True, timeout=300, **options)


def make_clip(path, number, seconds=2):
    """A moving picture that differs from number to number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", f"testsrc2=size=320x192:rate=10:duration={seconds}",
         "-vf", f"hue=h={40 * number}", "-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", str(path)],
        check=True, timeout=120)


def results(folder):
    """Name -> bytes of what the results hold; all of them whole."""
    found = {}
    for file in sorted(pathlib.Path(folder).glob("*.jsonl.zst")):
        name = file.name.removesuffix(".jsonl.zst")
        json.loads((file.parent / f"{name}.json").read_text())
        found[name] = file.read_bytes()
    return found


def messages(file):
    lines = subprocess.run(["zstd", "-dcq", str(file)], check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in lines.splitlines()]


def about(folder):
    return [json.loads(file.read_text()) for file in pathlib.Path(folder).glob("*.json")]


class HttpSite:
    """Gives the files of a folder, and hangs up after so many bytes of an answer; it knows ranges."""

    def __init__(self, folder, breaks_after):
        self.ranges = []
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                file = pathlib.Path(folder, self.path.lstrip("/"))
                if not file.is_file():
                    return self.send_error(404)
                content = file.read_bytes()
                asked = self.headers.get("Range")
                first, last = (asked or "bytes=0-").removeprefix("bytes=").split("-")
                first, last = int(first), min(int(last or len(content) - 1), len(content) - 1)
                site.ranges.append(first)
                self.send_response(206 if asked else 200)
                self.send_header("Content-Length", str(last + 1 - first))
                self.send_header("Accept-Ranges", "bytes")
                if asked:
                    self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
                self.end_headers()
                self.wfile.write(content[first:last + 1][:breaks_after])
                self.close_connection = True

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
