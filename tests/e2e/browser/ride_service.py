"""A service with a ride in its archive and no camera, for tests of what is looked at after the ride.

Answers as docs/http-api.md says, with the page as it is in the source.
"""

import datetime
import http.server
import json
import pathlib
import re
import subprocess
import tempfile
import threading
import time
import urllib.parse

WEB = pathlib.Path(__file__).resolve().parents[3] / "src" / "serve" / "web"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
WIDTH, HEIGHT, FPS, CLIP_S = 640, 360, 25, 6
START = datetime.datetime(2026, 11, 21, 8, 30, tzinfo=datetime.timezone.utc)
RIDE_S = 2700


def box_at(t_s):
    """Of the only vehicle of the clip: it moves to the right."""
    return {"x": 20 + 80 * t_s, "y": 100, "w": 80, "h": 60}


def track(t_s):
    return {"id": 1, "class": "car", "score": 0.9, "box": box_at(t_s), "motion": "approaching", "threat": 1,
            "ttc_s": max(0.1, CLIP_S - t_s), "ttc_sigma_s": 0.2, "distance_m": 30, "closing_mps": 6,
            "trend": "steady", "side": "left", "lateral_m": 1.4}


def alert(number, second, kind, level, **values):
    return {"type": "alert", "id": number, "camera": "rear",
            "time": (START + datetime.timedelta(seconds=second)).isoformat().replace("+00:00", "Z"),
            "t_s": second, "kind": kind, "level": level, "track_id": number, "class": "car", "box": box_at(0),
            "ttc_s": None, "distance_m": None, "closing_mps": 6.2, "side": "right" if number % 3 else "left",
            "lateral_m": None, "reason": None, "epoch": 1, "frame_seq": 1,
            "latency_ms": {"decode": 2, "analyse": 20, "total": 25},
            "locked": False, "has_snapshot": True, "has_clip": True, "ride": 1} | values


class RideService:
    """Changes by lock and delete are kept; GET only, otherwise."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        clip = pathlib.Path(self.folder.name, "clip.mp4")
        picture = pathlib.Path(self.folder.name, "snapshot.jpg")
        source = f"testsrc2=size={WIDTH}x{HEIGHT}:rate={FPS}:duration={CLIP_S}"
        for output in (["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-movflags", "+faststart", clip],
                       ["-frames:v", "1", picture]):
            subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, *output], check=True)
        self.files = {"clip.mp4": (clip.read_bytes(), "video/mp4"), "snapshot.jpg": (picture.read_bytes(), "image/jpeg"),
                      "tracks.json": (json.dumps(self.sidecar()).encode(), "application/json")}
        self.alerts, self.passes = {}, []
        for i in range(24):
            second = 60 + i * 108 + (i * 37) % 60
            gap = round(0.8 + (i * 0.37) % 2, 2)
            near = gap < 1.5
            self.add(alert(2 * i + 1, second, "vehicle_approaching", "warning", ttc_s=4.2, distance_m=26))
            self.add(alert(2 * i + 2, second + 4, "close_pass" if near else "overtake", "danger" if near else "info", lateral_m=gap))
            self.passes.append({"id": 2 * i + 2, "ride": 1, "alert": 2 * i + 2, "camera": "rear",
                                "time": self.alerts[2 * i + 2]["time"], "kind": "close_pass" if near else "overtake",
                                "class": "car", "side": "right", "lead_s": round(1.5 + (i * 0.7) % 6, 1),
                                "lateral_m": gap, "closing_mps": 6.2})
        self.add(alert(49, 2650, "camera_lost", "danger", track_id=None, **{"class": None}, box=None, has_snapshot=False, has_clip=False))
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                service.answer(self)

            do_PUT = do_DELETE = do_HEAD = do_GET

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.folder.cleanup()

    def add(self, one):
        self.alerts[one["id"]] = one

    @staticmethod
    def sidecar():
        times = [i / FPS for i in range(FPS * CLIP_S)]
        return {"alert": 1, "camera": "rear", "width": WIDTH, "height": HEIGHT, "t0_s": 60,
                "frames": [{"t_s": t, "tracks": [track(t)], "road": "approaching"} for t in times]}

    def ride(self):
        return {"id": 1, "camera": "rear", "start": START.isoformat().replace("+00:00", "Z"),
                "end": (START + datetime.timedelta(seconds=RIDE_S)).isoformat().replace("+00:00", "Z"),
                "duration_s": RIDE_S, "distance_m": None, "passes": len(self.passes),
                "close_passes": sum(one["kind"] == "close_pass" for one in self.passes),
                "alerts": len(self.alerts), "locked": any(one["locked"] for one in self.alerts.values())}

    def page(self, items, query):
        after, limit = int(query.get("after", 0)), int(query.get("limit", 100))
        return [one for one in items if one["id"] > after][:limit]

    def answer(self, request):
        url = urllib.parse.urlsplit(request.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        name = url.path.removeprefix("/") or "index.html"
        one = re.fullmatch(r"/api/v1/alerts/(\d+)(?:/(.*))?", url.path)
        if one and int(one[1]) in self.alerts:
            self.answer_alert(request, self.alerts[int(one[1])], one[2])
        elif url.path == "/api/v1/alerts":
            self.send(request, self.page(self.alerts.values(), query))
        elif url.path == "/api/v1/rides":
            self.send(request, self.page([self.ride()], query))
        elif url.path == "/api/v1/rides/1/ride.fit":
            self.send(request, b"a file", "application/vnd.ant.fit")
        elif url.path == "/api/v1/passes":
            self.send(request, self.page(self.passes, query))
        elif url.path == "/api/v1/events":
            self.beat(request)
        elif (WEB / name).is_file():
            self.send(request, (WEB / name).read_bytes(), TYPES[pathlib.Path(name).suffix])
        else:
            self.send(request, {"status": 404, "detail": "there is nothing"}, status=404)

    def answer_alert(self, request, found, rest):
        if rest == "lock":
            found["locked"] = request.command == "PUT"
            self.send(request, found)
        elif request.command == "DELETE":
            del self.alerts[found["id"]]
            self.send(request, b"", status=204)
        elif rest in self.files:
            body, kind = self.files[rest]
            part = re.match(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
            if part:
                first, last = int(part[1]), int(part[2] or len(body) - 1)
                self.send(request, body[first:last + 1], kind, 206, {"Content-Range": f"bytes {first}-{last}/{len(body)}"})
            else:
                self.send(request, body, kind, 200, {"Accept-Ranges": "bytes"})
        else:
            self.send(request, found)

    @staticmethod
    def send(request, body, kind="application/json", status=200, headers=None):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        try:
            request.send_response(status)
            request.send_header("Content-Type", kind)
            request.send_header("Content-Length", str(len(body)))
            for key, value in (headers or {}).items():
                request.send_header(key, value)
            request.end_headers()
            if request.command != "HEAD":
                request.wfile.write(body)
        except OSError:
            pass

    def beat(self, request):
        request.send_response(200)
        request.send_header("Content-Type", "text/event-stream")
        request.end_headers()
        try:
            while True:
                now = datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
                beat = {"type": "heartbeat", "time": now, "newest_alert_id": max(self.alerts, default=0), "cameras": []}
                request.wfile.write(f"event: heartbeat\ndata: {json.dumps(beat)}\n\n".encode())
                time.sleep(1)
        except OSError:
            pass
