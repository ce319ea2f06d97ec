"""Every row of the table of requests in docs/camera.md, tried on a running camera."""

import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "e2e"))
from made_clip import make_clip  # noqa: E402
from programs import DEADLINE_S, Program, wait_for  # noqa: E402

DOCUMENT = TESTS.parent / "docs" / "camera.md"
ROW = re.compile(r"\| `(GET|PUT|POST|DELETE) ([^`]*)`([^|]*)\| (\d+) \| ([^|]*) \| ([^|]*) \|")


def rows():
    found = ROW.findall(DOCUMENT.read_text())
    assert len(found) > 40, "the table of requests is not where it was"
    return found


class Contract(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        root = pathlib.Path(cls.temporary.name)
        cls.clip = str(root / "clip.h264")
        make_clip(cls.clip, 4)
        cls.folder = root / "videos"
        cls.folder.mkdir()
        (root / "log0001.mkv").write_text("outside")
        (cls.folder / "link.mkv").symlink_to(root / "log0001.mkv")
        (cls.folder / "log7777.mkv").symlink_to(root / "log0001.mkv")
        cls.camera = cls.start({"record": {"folder": str(cls.folder), "chunk_s": 1, "min_free_mb": 0}})
        cls.broken = cls.start({"board": {"battery_percent": None, "battery_mv": None,
                                          "cpu_temp_c": None, "charging": None}})
        wait_for(lambda: len(list(cls.folder.glob("log*_*.jpg"))) > 0, "a thumbnail")

    @classmethod
    def tearDownClass(cls):
        for camera in (cls.camera, cls.broken):
            assert camera.stop() == 0
        cls.temporary.cleanup()

    @classmethod
    def start(cls, config):
        file = pathlib.Path(cls.temporary.name) / f"config{len(config)}{sorted(config)[0]}.json"
        file.write_text(json.dumps(config))
        camera = Program("rearview-camera", "--config", str(file), "--source", "file:" + cls.clip,
                         "--stream", "127.0.0.1:0", "--http", "127.0.0.1:0")
        camera.port = int(camera.wait_for_line(r"component=device msg=listening .*port=(\d+)")[1])
        return camera

    def ask(self, method, target, body=None, headers=None, camera=None):
        connection = http.client.HTTPConnection("127.0.0.1", (camera or self.camera).port, timeout=DEADLINE_S)
        try:
            connection.request(method, target, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def videos(self):
        return json.loads(self.ask("GET", "/list-local-videos")[2])

    def filled_in(self, text):
        first = self.videos()[0]
        thumbnail = f"{self.folder}/{pathlib.Path(first['path']).stem}_{first['date_updated']}.jpg"
        return (text.replace("<chunk>", first["path"]).replace("<thumbnail>", thumbnail)
                .replace("<folder>", str(self.folder)))

    def probe(self, content, suffix):
        file = pathlib.Path(self.temporary.name) / ("answer" + suffix)
        file.write_bytes(content)
        shown = subprocess.run(["ffprobe", "-v", "error", "-count_packets", "-show_entries",
                                "format=format_name:stream=codec_name,nb_read_packets", "-of", "json", str(file)],
                               capture_output=True, text=True, check=True)
        return json.loads(shown.stdout)

    def check_kind(self, answer, headers, body):
        kind = answer.split(",")[0].split(":")[0]
        media = headers.get_content_type()
        if kind == "integer":
            self.assertRegex(body.decode(), r"^\d+$")
        elif kind == "boolean":
            self.assertIn(body.decode(), ("true", "false"))
        elif kind == "list":
            videos = json.loads(body)
            self.assertEqual([v["path"] for v in videos], sorted(v["path"] for v in videos))
            for video in videos:
                self.assertTrue(video["path"].startswith(f"{self.folder}/log"))
                self.assertRegex(video["date_updated"], r"^\d{10}$")
        elif kind == "MP4":
            self.assertEqual(media, "video/mp4")
            shown = self.probe(body, ".mp4")
            self.assertIn("mp4", shown["format"]["format_name"])
            self.assertEqual(shown["streams"], [{"codec_name": "h264", "nb_read_packets": "30"}])
        elif kind == "Matroska":
            self.assertEqual(media, "video/x-matroska")
            self.assertEqual(body, pathlib.Path(self.videos()[0]["path"]).read_bytes())
        elif kind == "JPEG":
            self.assertEqual(media, "image/jpeg")
            self.assertTrue(body.startswith(b"\xff\xd8"))
        elif kind == "object":
            self.assertIsInstance(json.loads(body), dict)
            self.assertEqual(media, "application/json")
        elif kind == "Prometheus text":
            self.assertIn(b"\nrearview_camera_pictures_total ", body)
        else:
            self.fail(f"the test doesn't know what {answer!r} is")

    def test_each_row(self):
        for method, target, rest, status, answer, _ in rows():
            with self.subTest(request=f"{method} {target}{rest}"):
                condition = rest.strip()
                given = re.fullmatch(r"with `(.*)`", condition)
                camera = self.broken if condition == "without a gauge" else self.camera
                self.assertTrue(given or condition in ("", "without a gauge"), condition)
                got, headers, body = self.ask(method, self.filled_in(target),
                                              self.filled_in(given[1]) if given else None, camera=camera)
                self.assertEqual(got, int(status), body[:200])
                if answer.startswith("`"):
                    self.assertEqual(body.decode(), answer.strip("`"))
                    self.assertEqual(headers.get_content_type(), "text/plain")
                else:
                    self.check_kind(answer, headers, body)

    def test_ranges_of_the_mp4_are_those_of_the_whole(self):
        target = self.filled_in("/download-video?<chunk>")
        _, _, whole = self.ask("GET", target)
        status, headers, part = self.ask("GET", target, headers={"Range": "bytes=100-299"})
        self.assertEqual(status, 206)
        self.assertEqual(headers["Content-Range"], f"bytes 100-299/{len(whole)}")
        self.assertEqual(part, whole[100:300])

    def test_the_chunk_being_written_can_be_downloaded(self):
        status, _, body = self.ask("GET", "/download-video?" + self.videos()[-1]["path"])
        self.assertEqual(status, 200)
        self.probe(body, ".mp4")

    def test_head_and_other_sites_wipe_nothing(self):
        wait_for(lambda: len(self.videos()) > 2, "finished chunks")
        first = self.videos()[0]["path"]
        self.ask("HEAD", "/wipe-local-videos")
        status, _, _ = self.ask("GET", "/wipe-local-videos", headers={"Sec-Fetch-Site": "cross-site"})
        self.assertEqual(status, 403)
        self.assertTrue(os.path.exists(first))

    def test_wiping_spares_the_open_and_the_locked(self):
        wait_for(lambda: len(self.videos()) > 2, "finished chunks")
        second = self.videos()[1]["path"]
        name = pathlib.Path(second).name
        self.assertEqual(self.ask("PUT", f"/api/v1/recordings/{name}/lock")[0], 200)
        before = self.videos()
        self.ask("GET", "/wipe-local-videos")
        after = [video["path"] for video in self.videos()]
        self.assertIn(second, after)
        self.assertNotIn(before[0]["path"], after)
        self.assertGreaterEqual(after[-1], before[-1]["path"])
        self.ask("DELETE", f"/api/v1/recordings/{name}/lock")

    def test_names_of_others_are_refused(self):
        status, _, _ = self.ask("GET", "/", headers={"Host": "evil.example"})
        self.assertNotEqual(status, 200)
        status, _, _ = self.ask("GET", "/", headers={"Host": "velovision-rearview.local:8000"})
        self.assertEqual(status, 200)

    def test_the_firmwares_dates_have_a_right_calendar(self):
        camera = self.start({"device": {"contract": "fw"}, "record": {
            "folder": str(pathlib.Path(self.temporary.name) / "fw"), "min_free_mb": 0}})
        try:
            wait_for(lambda: json.loads(self.ask("GET", "/list-local-videos", camera=camera)[2]), "a chunk")
            video = json.loads(self.ask("GET", "/list-local-videos", camera=camera)[2])[0]
            self.assertRegex(video["date_updated"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d$")
        finally:
            self.assertEqual(camera.stop(), 0)


if __name__ == "__main__":
    unittest.main()
