"""Recordings of a program that is killed, and of one whose disk is full, read-only, pulled or hangs."""

import concurrent.futures
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from made_clip import make_clip  # noqa: E402
from programs import DEADLINE_S, Program, wait_for  # noqa: E402

# More for a long run.
KILLS = int(os.environ.get("REARVIEW_KILLS", "12"))
AT_ONCE = 4  # cameras: so many at a time are the load, too
MOST_LOST_PICTURES = 6  # 0.2 s at 30 a second


def slices(stream):
    return [piece for piece in stream.split(b"\0\0\0\1")[1:] if piece and piece[0] & 31 in (1, 5)]


def recorded(chunk):
    """The slices in a chunk; fails where ffmpeg can't open it."""
    out = subprocess.run(["ffmpeg", "-v", "error", "-i", str(chunk), "-c", "copy", "-f", "h264", "-"],
                         capture_output=True, check=True)
    # A Matroska file has 3-byte start codes again behind the first.
    return slices(out.stdout.replace(b"\0\0\0\1", b"\0\0\1").replace(b"\0\0\1", b"\0\0\0\1"))


class Disk:
    """A small disk of its own under folder; skips the test where none can be mounted."""

    def __init__(self, test, folder, *mount):
        self.folder = folder
        self.mount_command = ["mount", *mount, str(folder)]
        folder.mkdir()
        self.mount(lambda: test.skipTest("a small disk can't be mounted here"))
        test.addCleanup(self.give_back)

    def mount(self, refused):
        if subprocess.run(self.mount_command, stderr=subprocess.DEVNULL).returncode != 0:
            refused()

    def unmount(self, *options):
        subprocess.run(["umount", *options, str(self.folder)], stderr=subprocess.DEVNULL)

    def give_back(self):
        self.unmount("-l")


class Viewer(threading.Thread):
    """Takes what the stream sends until the connection ends."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.received = b""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
        self.start()

    def run(self):
        try:
            while part := self.socket.recv(65536):
                self.received += part
        except OSError:
            pass
        self.socket.close()


class Recording(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)  # last: behind the disks'
        self.folder = pathlib.Path(self.temporary.name) / "videos"
        self.clip = os.path.join(self.temporary.name, "clip.h264")
        make_clip(self.clip, 7, "-b:v", "1M", "-x264-params", "sliced-threads=0", size="640x360", gop=30)

    def small_disk(self, name, size, ballast=0):
        disk = pathlib.Path(self.temporary.name) / name
        Disk(self, disk, "-t", "tmpfs", "-o", f"size={size}", "none")
        (disk / "ballast").write_bytes(b"x" * ballast)
        return disk

    def real_disk(self):
        """ext4 in a file: it can become read-only with files open, and be frozen."""
        image = os.path.join(self.temporary.name, "image")
        made = shutil.which("mkfs.ext4") and subprocess.run(
            ["truncate", "-s", "16M", image]).returncode == 0 and subprocess.run(
            ["mkfs.ext4", "-q", image], stderr=subprocess.DEVNULL).returncode == 0
        if not made:
            self.skipTest("a file system can't be made here")
        return Disk(self, pathlib.Path(self.temporary.name) / "disk", "-o", "loop,errors=remount-ro", image)

    def start(self, folder, **record):
        file = str(folder).replace("/", "_") + ".json"
        file = os.path.join(self.temporary.name, file)
        pathlib.Path(file).write_text(json.dumps({"record": {"folder": str(folder), **record}}))
        camera = Program("rearview-camera", "--config", file, "--source", "file:" + self.clip,
                         "--stream", "127.0.0.1:0", "--http", "127.0.0.1:0")
        self.addCleanup(camera.stop, signal.SIGKILL)
        camera.stream = int(camera.wait_for_line(r"component=stream msg=listening .*port=(\d+)")[1])
        camera.http = int(camera.wait_for_line(r"component=device msg=listening .*port=(\d+)")[1])
        return camera

    def status(self, camera):
        connection = http.client.HTTPConnection("127.0.0.1", camera.http, timeout=DEADLINE_S)
        connection.request("GET", "/api/v1/status")
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def kill_often(self, folder, seed):
        """Kills a camera that records, again and again; the first complaint, or None."""
        chance = random.Random(seed)
        newest = max((int(chunk.stem[3:]) for chunk in folder.glob("log*.mkv")), default=0)
        for round_ in range(-(-KILLS // AT_ONCE)):
            camera = self.start(folder, chunk_s=1, min_free_mb=0)
            viewer = Viewer(camera.stream)
            threading.Event().wait(0.3 + 2 * chance.random())
            camera.process.kill()
            camera.process.wait()
            viewer.join(DEADLINE_S)
            camera.stop()
            seen = slices(viewer.received)
            numbers = sorted(int(chunk.stem[3:]) for chunk in folder.glob("log*.mkv"))
            new = [number for number in numbers if number > newest]
            # Where the disk is full, those next in line may be gone again.
            if not new or new[0] != newest + 1 and newest in numbers:
                return f"round {round_}: numbers {numbers} behind {newest}"
            newest = numbers[-1]
            kept = [piece for number in new for piece in recorded(folder / f"log{number:04}.mkv")]
            # What was sent last was written, but for the newest cluster.
            lost = next((i for i, piece in enumerate(reversed(seen)) if piece in kept), len(seen))
            if lost > MOST_LOST_PICTURES:
                return f"round {round_}: the newest {lost} pictures are lost"
        for chunk in folder.glob("log*.mkv"):  # the old ones, too, still play
            if not recorded(chunk):
                return f"{chunk} holds no picture"
        return None

    def kill_all(self, folders):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            self.assertEqual(list(pool.map(self.kill_often, folders, range(AT_ONCE))), [None] * AT_ONCE)

    def test_a_killed_program_loses_little(self):
        self.kill_all([pathlib.Path(self.temporary.name) / f"videos{i}" for i in range(AT_ONCE)])

    def test_a_killed_program_loses_little_on_a_full_disk(self):
        folders = [self.small_disk(f"disk{i}", "1M", 700_000) / "videos" for i in range(AT_ONCE)]
        cameras = [self.start(folder, chunk_s=1, min_free_mb=0) for folder in folders]
        for camera in cameras:
            self.wait_for_record(camera, lambda record: record["removed"] > 0, "the disk to be full")
        for camera in cameras:
            self.assertEqual(camera.stop(), 0)
        self.kill_all(folders)

    def test_a_signal_closes_the_chunk(self):
        camera = self.start(self.folder, min_free_mb=0)
        wait_for(lambda: self.status(camera)["record"]["pictures"] > 20, "pictures")
        self.assertEqual(camera.stop(), 0)
        shown = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0",
                                str(self.folder / "log0001.mkv")], capture_output=True, text=True, check=True)
        self.assertGreater(float(shown.stdout), 0.6)  # a length stands in it: it was finished

    def wait_for_record(self, camera, condition, what):
        return wait_for(lambda: condition(self.status(camera)["record"]), what)

    def check_stream_goes_on(self, viewer):
        before = len(viewer.received)
        wait_for(lambda: len(viewer.received) > before + 100_000, "the stream to go on")

    def check_recording_goes_on(self, camera):
        pictures = self.status(camera)["record"]["pictures"]
        return self.wait_for_record(camera, lambda record: record["problem"] is None and
                                    record["pictures"] > pictures + 10 and record, "recording to go on")

    def test_a_full_disk_costs_the_oldest_and_no_picture(self):
        disk = self.small_disk("disk", "1M", 500_000)
        camera = self.start(disk / "videos", chunk_s=1, min_free_mb=0)
        viewer = Viewer(camera.stream)
        self.wait_for_record(camera, lambda record: record["removed"] > 1, "the disk to be full")
        record = self.check_recording_goes_on(camera)
        self.assertEqual((record["lost"], record["failures"]), (0, 0))
        self.check_stream_goes_on(viewer)
        self.assertEqual(camera.stop(), 0)
        for chunk in (disk / "videos").glob("log*.mkv"):
            self.assertGreater(len(recorded(chunk)), 0, chunk)

    def test_a_disk_that_others_filled_is_said_and_waited_for(self):
        disk = self.small_disk("disk", "1M")
        camera = self.start(disk / "videos", min_free_mb=0)
        viewer = Viewer(camera.stream)
        self.wait_for_record(camera, lambda record: record["pictures"] > 5, "recording")
        with open(disk / "ballast", "wb", buffering=0) as ballast:
            try:
                while ballast.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        self.wait_for_record(camera, lambda record: "No space left" in (record["problem"] or ""), "the problem")
        self.check_stream_goes_on(viewer)
        (disk / "ballast").unlink()
        record = self.check_recording_goes_on(camera)
        self.assertEqual(record["chunk"], "log0002.mkv")  # no number was spent on tries
        self.assertEqual(camera.stop(), 0)

    def test_so_much_stays_free(self):
        disk = self.small_disk("disk", "4M", 1_700_000)
        camera = self.start(disk / "videos", chunk_s=1, min_free_mb=2)
        self.wait_for_record(camera, lambda record: record["removed"] > 1, "the limit to be reached")
        # It is looked at each two seconds, in which a quarter of a megabyte is written.
        self.assertGreater(self.status(camera)["record"]["free_bytes"], 1_500_000)
        self.assertEqual(self.check_recording_goes_on(camera)["lost"], 0)
        self.assertEqual(camera.stop(), 0)

    def test_a_disk_that_becomes_read_only_or_is_pulled_is_said_and_waited_for(self):
        disk = self.real_disk()
        camera = self.start(disk.folder / "videos", min_free_mb=0)
        viewer = Viewer(camera.stream)
        self.wait_for_record(camera, lambda record: record["pictures"] > 5, "recording")
        device = subprocess.run(["findmnt", "-no", "SOURCE", str(disk.folder)], capture_output=True, text=True).stdout
        pathlib.Path(f"/sys/fs/ext4/{pathlib.Path(device.strip()).name}/trigger_fs_error").write_text("a fault\n")
        self.wait_for_record(camera, lambda record: "Read-only" in (record["problem"] or ""), "the problem")
        self.check_stream_goes_on(viewer)
        disk.unmount()
        disk.mount(lambda: self.fail("can't be mounted again"))
        self.check_recording_goes_on(camera)

        # Pulled under an open file, all writes still succeed, but nobody will see them.
        before = set((disk.folder / "videos").glob("log*.mkv"))
        disk.unmount("-l")
        camera.wait_for_line("the file being written has gone")
        self.check_stream_goes_on(viewer)
        wait_for(lambda: subprocess.run(disk.mount_command, stderr=subprocess.DEVNULL).returncode == 0, "the disk")
        wait_for(lambda: set((disk.folder / "videos").glob("log*.mkv")) - before, "a new chunk on the disk")
        self.check_recording_goes_on(camera)
        self.assertEqual(camera.stop(), 0)

    def test_a_disk_that_hangs_is_said_and_loses_nothing(self):
        disk = self.real_disk()
        camera = self.start(disk.folder / "videos", min_free_mb=0)
        viewer = Viewer(camera.stream)
        self.wait_for_record(camera, lambda record: record["pictures"] > 5, "recording")
        subprocess.run(["fsfreeze", "-f", str(disk.folder)], check=True)
        try:
            self.wait_for_record(camera, lambda record: record["problem"] == "the disk doesn't answer", "the problem")
            self.check_stream_goes_on(viewer)
        finally:
            subprocess.run(["fsfreeze", "-u", str(disk.folder)], check=True)
        self.assertEqual(self.check_recording_goes_on(camera)["lost"], 0)
        self.assertEqual(camera.stop(), 0)

    def test_a_folder_that_is_deleted_is_made_again(self):
        camera = self.start(self.folder, min_free_mb=0)
        self.wait_for_record(camera, lambda record: record["pictures"] > 5, "recording")
        shutil.rmtree(self.folder)
        camera.wait_for_line("the file being written has gone")
        self.check_recording_goes_on(camera)
        self.assertEqual([chunk.name for chunk in self.folder.glob("log*.mkv")], ["log0002.mkv"])
        self.assertEqual(camera.stop(), 0)


if __name__ == "__main__":
    unittest.main()
