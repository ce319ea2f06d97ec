"""What the service keeps, through kill -9, a full disk and export: real programs, real files."""

import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import unittest
import zipfile

import cv2
import numpy as np

from fit_messages import messages
from programs import BIN, SCENE_FPS, SCENE_SIZE, Service, live_stages, scene_camera, wait_for

REARVIEW = os.path.join(BIN, "rearview")


def frame_times(clip):
    shown = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "frame=pts_time", "-of", "csv=p=0", clip],
        capture_output=True, text=True, timeout=60)
    assert shown.returncode == 0 and not shown.stderr, (clip, shown.stderr)
    return [float(line.rstrip(",")) for line in shown.stdout.split()]


def service_alerts(store):
    """The kinds of all that was told."""
    with contextlib.closing(sqlite3.connect(store / "alerts.db")) as database:
        return database.execute("SELECT kind FROM alerts").fetchall()


class StoreTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="store_test_"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.store = self.folder / "store"

    def start_camera(self, **encoder):
        # One vehicle behind the other overtakes.
        camera = scene_camera(self.folder, 3, {"traffic": 0, "vehicles": [
            {"class": "car", "behaviour": "overtake", "start_s": start, "distance_m": 60, "speed_mps": 16, "look": start}
            for start in range(2, 200, 4)]}, **encoder)
        self.addCleanup(camera.stop)
        return camera

    def make_recording(self):
        """One vehicle overtakes; pictures are reordered."""
        config = self.folder / "drawn.json"
        config.write_text(json.dumps({"scene": {"traffic": 0, "vehicles": [
            {"class": "car", "behaviour": "overtake", "start_s": 0, "distance_m": 45, "speed_mps": 16, "look": 2}]},
            "encoder": SCENE_SIZE}))
        drawn, recording = self.folder / "drawn.h264", self.folder / "ride.mp4"
        subprocess.run([os.path.join(BIN, "rearview-camera"), "--config", config, "--source", "scene", "--seed", "3",
                        "--render", drawn, "--duration-s", "6"], check=True, timeout=300, capture_output=True)
        subprocess.run(["ffmpeg", "-v", "error", "-r", str(SCENE_FPS), "-i", drawn, "-c:v", "libx264", "-preset", "veryfast",
                        "-bf", "2", "-g", "30", recording], check=True, timeout=120)
        return recording

    def start_service(self, camera, **watch):
        config = self.folder / "config.json"
        config.write_text(json.dumps({"cameras": [{"name": "rear", **live_stages(), **watch}], "store": {
            "folder": str(self.store), "least_free_bytes": 0,
            "clips": {"kinds": ["vehicle_approaching"], "pre_roll_s": 1, "post_roll_s": 0.5, "most_s": 5}}}))
        service = Service("--config", str(config), "--camera", getattr(camera, "url", camera))
        self.addCleanup(service.stop)
        return service

    def alert_with_clip(self, service):
        return wait_for(lambda: next((a for a in service.get_json("/api/v1/alerts?limit=1000") if a["has_clip"]), None),
                        "a clip")

    def check_files(self, service):
        """Every file is whole and every promise is kept."""
        left = {str(path.relative_to(self.store)) for path in self.store.rglob("*") if path.suffix in
                {".mp4", ".json", ".jpg", ".part"}}
        for alert in service.get_json("/api/v1/alerts?limit=1000"):
            if alert["has_snapshot"]:
                status, headers, body = service.get(f"/api/v1/alerts/{alert['id']}/snapshot.jpg")
                self.assertEqual((200, "image/jpeg"), (status, headers.get_content_type()))
                self.assertIsNotNone(cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR))
                left.discard(f"snapshots/{alert['id']}.jpg")
            if alert["has_clip"]:
                tracks = service.get_json(f"/api/v1/alerts/{alert['id']}/tracks.json")
                left -= {f"clips/{tracks['alert']}.mp4", f"clips/{tracks['alert']}.json"}
        clips = sorted(self.store.glob("clips/*.mp4"))
        for clip in clips:
            self.check_clip(clip)
        return clips, left

    def check_clip(self, clip):
        times = frame_times(clip)
        self.assertEqual(0, times[0])
        self.assertEqual(times, sorted(set(times)))
        content = clip.read_bytes()
        self.assertLess(content.find(b"moov"), content.find(b"mdat"))
        sidecar = json.loads(clip.with_suffix(".json").read_text())
        self.assertGreater(len(sidecar["frames"]), 0)
        for frame in sidecar["frames"]:
            self.assertLess(min(abs(frame["t_s"] - t) for t in times), 2e-6)

    def test_kill_at_any_moment_loses_no_stored_alert_and_leaves_no_broken_file(self):
        random.seed(7)
        camera = self.start_camera()
        stored, clips = {}, []
        for _ in range(6):
            service = self.start_service(camera)
            for number, alert in stored.items():
                kept = service.get_json(f"/api/v1/alerts/{number}")
                self.assertEqual({**alert, "has_clip": kept["has_clip"], "has_snapshot": kept["has_snapshot"]}, kept)
            clips, left = self.check_files(service)
            self.assertEqual(set(), left, "files that belong to nothing")
            newest = max(stored, default=0)
            wait_for(lambda: service.get_json(f"/api/v1/alerts?after={newest}"), "an alert")
            wait_for(lambda: "rearview_store_alerts_waiting 0" in service.get("/metrics")[2].decode(), "the disk")
            stored |= {a["id"]: a for a in service.get_json("/api/v1/alerts?limit=1000")}
            wait_for(lambda end=random.uniform(0, 2), start=os.times().elapsed: os.times().elapsed - start > end, "a moment")
            service.stop(signal.SIGKILL)
        service = self.start_service(camera)
        self.alert_with_clip(service)
        self.assertTrue(self.check_files(service)[0])

    def test_no_other_user_reads_what_is_kept(self):
        self.addCleanup(os.umask, os.umask(0o022))
        camera = self.start_camera()
        service = self.start_service(camera)
        wait_for(lambda: list(self.store.glob("clips/*.mp4")) and list(self.store.glob("snapshots/*.jpg")), "a clip")
        service.stop()
        open_to_others = [one for one in [self.store, *self.store.rglob("*")] if one.stat().st_mode & 0o077]
        self.assertEqual([], open_to_others)

        # A folder of an earlier version, with something else in it.
        (self.store / "notes").touch()
        for one in [self.store, *self.store.rglob("*")]:
            one.chmod(0o755 if one.is_dir() else 0o644)
        service = self.start_service(camera)
        service.wait_for_line('msg="other users could read it, and can\'t any more" .*what=.*alerts.db')
        for name in ("alerts.db", "clips", "snapshots"):
            self.assertEqual((self.store / name).stat().st_mode & 0o007, 0, name)
        for name in ("", "notes"):
            self.assertNotEqual((self.store / name).stat().st_mode & 0o004, 0, f"{name}: not ours to close")

    def test_a_clip_is_played_by_ranges_locked_deleted_and_exported(self):
        service = self.start_service(self.start_camera())
        alert = self.alert_with_clip(service)
        address = f"/api/v1/alerts/{alert['id']}"
        status, headers, whole = service.get(address + "/clip.mp4")
        self.assertEqual((200, "video/mp4", "bytes"),
                         (status, headers.get_content_type(), headers["Accept-Ranges"]))
        status, headers, part = service.get(address + "/clip.mp4", {"Range": "bytes=100-199"})
        self.assertEqual((206, f"bytes 100-199/{len(whole)}"), (status, headers["Content-Range"]))
        self.assertEqual(whole[100:200], part)
        self.assertEqual(whole[-7:], service.get(address + "/clip.mp4", {"Range": "bytes=-7"})[2])
        self.assertEqual(416, service.get(address + "/clip.mp4", {"Range": f"bytes={len(whole)}-"})[0])
        self.assertEqual(304, service.get(address + "/clip.mp4", {"If-None-Match": headers["ETag"]})[0])
        ride = service.get_json(f"/api/v1/rides/{alert['ride']}")
        self.assertGreaterEqual(ride["alerts"], 1)
        self.assertIsNone(ride["end"])

        self.check_exports(alert["id"], whole)

        def change(method, path):
            return subprocess.run(["curl", "-s", "-o", os.devnull, "-w", "%{http_code}", "-X", method,
                                   f"http://127.0.0.1:{service.port}{path}"],
                                  capture_output=True, text=True, timeout=30).stdout
        self.assertEqual("200", change("PUT", address + "/lock"))
        self.assertTrue(service.get_json(address)["locked"])
        self.assertEqual("409", change("DELETE", address))
        self.assertEqual("200", change("DELETE", address + "/lock"))
        clip = self.store / "clips" / f"{service.get_json(address + '/tracks.json')['alert']}.mp4"
        for one in service.get_json("/api/v1/alerts?limit=1000"):
            if one["track_id"] == alert["track_id"]:
                wait_for(lambda: change("DELETE", f"/api/v1/alerts/{one['id']}") == "204", "the deletion")
        self.assertEqual(404, service.get(address + "/clip.mp4")[0])
        self.assertFalse(clip.exists())

    def test_a_recording_in_the_place_of_a_camera_gives_clips_with_its_own_times(self):
        recording = self.make_recording()
        service = self.start_service(recording)
        alert = self.alert_with_clip(service)
        service.stop()
        # The recording begins anew, and its vehicles come again: the first clip is the alert's.
        clip = min(self.store.glob("clips/*.mp4"), key=lambda file: int(file.stem))
        self.check_clip(clip)
        times = frame_times(clip)
        np.testing.assert_allclose(np.diff(times), 1 / SCENE_FPS, atol=1e-5)
        self.assertLess(json.loads(clip.with_suffix(".json").read_text())["t0_s"], alert["t_s"])

    def test_why_a_recording_that_is_not_h264_gives_no_clips_is_said_once(self):
        recording = self.folder / "ride.avi"
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x192:r=30:d=0.3", "-c:v", "mjpeg",
                        recording], check=True, timeout=60)
        service = self.start_service(recording)
        service.wait_for_line("not H.264: there will be no clips.*codec=mjpeg")
        wait_for(lambda: service.camera()["connections"] >= 3, "the recording to begin anew")
        self.assertEqual(1, sum("not H.264" in line for line in service.lines))

    def check_exports(self, alert, whole):
        plain, burnt = self.folder / "plain.mp4", self.folder / "burnt.mp4"
        config = self.folder / "config.json"
        for out, extra in ((plain, ()), (burnt, ("--burn",))):
            done = subprocess.run([REARVIEW, "export", "--alert", str(alert), "--config", config, *extra, out],
                                  capture_output=True, text=True, timeout=120)
            self.assertEqual((0, f"{out}\n"), (done.returncode, done.stdout), done.stderr)
        self.assertEqual(whole, plain.read_bytes())
        self.assertEqual([], list(self.folder.glob("*.part")))
        np.testing.assert_allclose(frame_times(burnt), frame_times(plain), atol=1e-4)
        self.assertGreater(self.coloured(burnt), self.coloured(plain) + (50 if SCENE_SIZE else 200))

        for arguments, said in ((("--alert", "99999", "--store", self.store), "no alert 99999"),
                                (("--alert", "1"), "--store FOLDER"),
                                (("--alert", "1", "--store", "none"), "--store FOLDER"),
                                (("--alert", "1", "--store", self.folder), "not a store folder")):
            done = subprocess.run([REARVIEW, "export", *arguments, self.folder / "none.mp4"], capture_output=True,
                                  text=True, timeout=30, env={})
            self.assertEqual(2, done.returncode)
            self.assertIn(said, done.stderr)
            self.assertEqual(1, len(done.stderr.splitlines()), done.stderr)

    def test_what_riders_say_becomes_ground_truth_without_positions(self):
        service = self.start_service(self.start_camera())
        alert = self.alert_with_clip(service)
        out = self.folder / "feedback.zip"
        export = lambda: subprocess.run([REARVIEW, "export", "--feedback", "--store", self.store, out],
                                        capture_output=True, text=True, timeout=60)
        nothing = export()
        self.assertEqual(2, nothing.returncode)
        self.assertIn("mark some on the page first", nothing.stderr)
        self.assertFalse(out.exists())

        subprocess.run(["curl", "-sS", "-f", "-X", "PUT", "-H", "Content-Type: application/json", "-d", '{"mark":"right"}',
                        f"http://127.0.0.1:{service.port}/api/v1/alerts/{alert['id']}/mark"], check=True, timeout=30)
        wait_for(lambda: "rearview_store_alerts_waiting 0" in service.get("/metrics")[2].decode(), "the disk")
        done = export()
        self.assertEqual((0, f"{out}\n"), (done.returncode, done.stdout), done.stderr)
        with zipfile.ZipFile(out) as whole:
            self.assertIsNone(whole.testzip())
            names = whole.namelist()
            truths = [json.loads(whole.read(name)) for name in names if name.endswith(".truth.json")]
            told = b"".join(whole.read(name) for name in names if name.endswith(".json"))
        self.assertEqual(3, len(names), names)
        self.assertIn(truths[0]["input"], names)
        self.assertIn("right", [event["mark"] for event in truths[0]["events"]])
        self.assertNotIn(b"position", told)

        # The same analysis on the same pictures tells the same.
        scored = subprocess.run([REARVIEW, "eval", "--json", "-", out], capture_output=True, text=True, timeout=120)
        self.assertEqual(0, scored.returncode, scored.stderr)
        total = json.loads(scored.stdout)["total"]
        self.assertEqual((1, 1), (total["events"], total["found"]), scored.stdout)

        spoilt = self.folder / "spoilt.zip"
        for member, said in (("../17.truth.json", "without folders"), ("17.mp4", "no .truth.json")):
            with zipfile.ZipFile(spoilt, "w") as file:
                file.writestr(member, "{}")
            refused = subprocess.run([REARVIEW, "eval", spoilt], capture_output=True, text=True, timeout=30)
            self.assertEqual(2, refused.returncode)
            self.assertIn(said, refused.stderr)
        truth = json.dumps(truths[0] | {"input": "/etc/hostname"})
        with zipfile.ZipFile(spoilt, "w") as file:
            file.writestr("17.truth.json", truth)
        self.assertIn("not in the ZIP file", subprocess.run([REARVIEW, "eval", spoilt], capture_output=True, text=True,
                                                            timeout=30).stderr)

    def test_a_ride_is_exported_as_over_http_and_where_nobody_saw_it_says_so(self):
        camera = self.start_camera()
        service = self.start_service(camera)
        wait_for(lambda: service.get_json("/api/v1/passes"), "a vehicle that passes")
        alert = lambda kind: next((a for a in service.get_json("/api/v1/alerts?limit=1000") if a["kind"] == kind), None)
        camera.process.send_signal(signal.SIGSTOP)
        try:
            wait_for(lambda: alert("camera_lost"), "the loss of the camera")
            end = os.times().elapsed + 1.5
            wait_for(lambda: os.times().elapsed > end, "a second in which nobody sees")
        finally:
            camera.process.send_signal(signal.SIGCONT)
        wait_for(lambda: alert("camera_back"), "its return")
        ride = alert("camera_back")["ride"]
        seen = service.get_json(f"/api/v1/rides/{ride}")["duration_s"]
        wait_for(lambda: service.get_json(f"/api/v1/rides/{ride}")["duration_s"] > seen + 1, "some more of the ride")
        service.stop()
        camera.stop()

        out = self.folder / "ride.fit"
        export = lambda *arguments: subprocess.run(
            [REARVIEW, "export", "--store", self.store, *arguments, out], capture_output=True, text=True, timeout=30)
        done = export("--ride", str(ride))
        self.assertEqual((0, f"{out}\n"), (done.returncode, done.stdout), done.stderr)
        fit = out.read_bytes()
        self.assertEqual(b".FIT", fit[8:12])
        self.assertIn(b"\xff" * 24, fit, "8 ranges of -1 and 8 speeds of 255")
        self.assertLess(fit.count(b"\xff" * 24), len(fit) // 60, "not all of it")
        # A service for which this ride has ended tells the same.
        service = self.start_service(camera)
        self.assertEqual(fit, service.get(f"/api/v1/rides/{ride}/ride.fit")[2])
        locked = f"/api/v1/alerts/{alert('camera_back')['id']}/lock"
        service.ask("PUT", locked)
        status, headers, refused = service.ask("DELETE", f"/api/v1/rides/{ride}")
        self.assertEqual((409, f"ride {ride} holds 1 locked alert; unlock it first"), (status, json.loads(refused)["detail"]))
        service.ask("DELETE", locked)
        told = service.events()
        next(told)  # it hears
        of_ride = {a["id"] for a in service.get_json("/api/v1/alerts?limit=1000") if a["ride"] == ride}
        self.assertEqual(204, service.ask("DELETE", f"/api/v1/rides/{ride}")[0])
        while of_ride:
            kind, _, update = next(told)
            if kind == "alert_update":
                self.assertTrue(update["deleted"])
                of_ride.remove(update["id"])
        self.assertEqual(404, service.get(f"/api/v1/rides/{ride}")[0])
        self.assertEqual([], service.get_json(f"/api/v1/passes?ride={ride}"))
        wait_for(lambda: not [*self.store.glob("clips/*"), *self.store.glob("snapshots/*")], "the files to go")
        for arguments, said in ((("--ride", "999"), "no ride 999"), ((), "--alert ID"),
                                (("--ride", "1", "--burn"), "--burn"), (("--ride", "1", "--alert", "1"), "--alert")):
            done = export(*arguments)
            self.assertEqual(2, done.returncode, done.stderr)
            self.assertIn(said, done.stderr)
            self.assertEqual(1, len(done.stderr.splitlines()), done.stderr)

    def watched(self, fit):
        """Of each second of the ride, whether the road was seen."""
        return [values[1000][:2] != b"\xff\xff" for kind, values in messages(fit) if kind == 20]

    def test_what_a_ride_missed_while_the_service_was_off_is_not_told_as_an_empty_road(self):
        camera = self.start_camera()
        service = self.start_service(camera)
        ride = lambda: service.get_json("/api/v1/rides")[0]
        # Until it is judged for the first time, the road isn't seen; from then on it is, all the time.
        wait_for(lambda: service.get_json("/api/v1/rides") and service.camera()["road"] != "unknown", "the road to be judged")
        judged = ride()
        # A kill forgets what was seen since the store last wrote it down, some seconds before.
        wait_for(lambda: ride()["duration_s"] > judged["duration_s"] + 8, "some of the ride")
        self.assertLessEqual(ride()["unseen_s"], judged["unseen_s"] + 1)
        service.stop(signal.SIGKILL)
        before = len(self.watched(self.export_ride()))
        end = os.times().elapsed + 2.5
        wait_for(lambda: os.times().elapsed > end, "a moment in which nobody looks")
        service = self.start_service(camera)
        wait_for(lambda: ride()["end"] is None, "the ride to go on")
        resumed = ride()["duration_s"]
        self.assertGreater(resumed, before + 1)
        wait_for(lambda: service.camera()["road"] not in ("unknown", "no_signal"), "the road to be judged again")
        judged = ride()["duration_s"]
        wait_for(lambda: ride()["duration_s"] > judged + 5, "some more of it")
        service.stop()
        self.assertEqual([], [a for a in service_alerts(self.store) if a[0] in ("camera_lost", "view_blocked")])
        seen = self.watched(self.export_ride())
        missed = [t for t, one in enumerate(seen) if not one and t > seen.index(True)]
        self.assertTrue(missed, "nothing was missed")
        self.assertEqual(missed, list(range(missed[0], missed[-1] + 1)), seen)
        self.assertAlmostEqual(before - 1, missed[0], delta=1)
        # The ride was asked for at some moment behind the start, maybe behind the first judgement.
        self.assertGreaterEqual(len(missed), 2, "nobody looked for more than two seconds")
        self.assertLessEqual(missed[-1], judged + 1, "it was seen from then on")
        self.assertLess(missed[-1] + 1, len(seen))

    def test_a_ride_whose_analyses_stayed_away_is_not_told_as_an_empty_road(self):
        # Between two pictures it takes longer than an analysis may.
        service = self.start_service(self.start_camera(fps=5), analysis_timeout_ms=100)
        wait_for(lambda: (all := service.get_json("/api/v1/rides")) and all[0]["duration_s"] > 3, "some of the ride")
        service.stop()
        self.assertFalse(any(self.watched(self.export_ride())))
        self.assertFalse({"camera_lost", "view_blocked"} & {kind for kind, in service_alerts(self.store)})

    def export_ride(self):
        out = self.folder / "part.fit"
        subprocess.run([REARVIEW, "export", "--store", self.store, "--ride", "1", out], check=True, timeout=30,
                       stdout=subprocess.DEVNULL)
        return out.read_bytes()

    def coloured(self, clip):
        """The most pixels of one picture in the amber or red of a threat's box."""
        video, most = cv2.VideoCapture(str(clip)), 0
        while True:
            good, picture = video.read()
            if not good:
                return most
            amber = cv2.inRange(picture, (0, 150, 215), (70, 210, 255))
            red = cv2.inRange(picture, (20, 10, 195), (90, 80, 255))
            most = max(most, cv2.countNonZero(amber | red))

    def test_a_full_disk_stops_clips_not_alerts_and_goes_on_by_itself(self):
        self.store.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", self.store], capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest("mounting a small tmpfs is not permitted here: " + mounted.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.store])
        service = self.start_service(self.start_camera())
        self.alert_with_clip(service)
        filler = self.store / "filler"
        try:
            with open(filler, "wb", buffering=0) as file:
                while file.write(bytes(4096)):
                    pass
        except OSError:
            pass
        health = lambda: json.loads(service.get("/healthz")[2])
        wait_for(lambda: health()["store"]["media_problem"], "the full disk to be told")
        self.assertEqual(200, service.get("/healthz")[0], "it still alerts")
        self.assertIn("rearview_store_media_up 0", service.get("/metrics")[2].decode())
        alert = next(a for event, _, a in service.events() if event == "alert")
        self.assertEqual(alert["id"], service.get_json(f"/api/v1/alerts/{alert['id']}")["id"])
        filler.unlink()
        wait_for(lambda: not health()["store"]["media_problem"] and not health()["store"]["problem"], "room again")
        written = lambda: [a for a in service.get_json(f"/api/v1/alerts?after={alert['id']}&limit=1000") if a["has_clip"]]
        wait_for(written, "a clip again")
        self.assertEqual(0, health()["store"]["lost"])
        clips, left = self.check_files(service)
        self.assertGreaterEqual(len(clips), 2)
        self.assertFalse([name for name in left if name.endswith(".part") and "clips" not in name])


if __name__ == "__main__":
    unittest.main(verbosity=2)
