"""Sources that fail: a child process, an address, a device. Clients stay connected all the while."""

import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from made_clip import make_clip  # noqa: E402
from programs import DEADLINE_S, Program, free_port, wait_for  # noqa: E402


def types_of(stream):
    return [piece[0] & 31 for piece in stream.split(b"\0\0\0\1")[1:] if piece]


def children_of(pid):
    return [int(child) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()]


class LiveSources(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.clip = os.path.join(self.temporary.name, "clip.h264")
        make_clip(self.clip, 4, "-x264-params", "sliced-threads=0")
        self.cameras = []

    def tearDown(self):
        for camera in self.cameras:
            camera.stop(signal.SIGKILL)
        self.temporary.cleanup()

    def start(self, source, stream="127.0.0.1:0", **settings):
        file = os.path.join(self.temporary.name, f"config{len(self.cameras)}.json")
        pathlib.Path(file).write_text(json.dumps({"source": settings}))
        camera = Program("rearview-camera", "--config", file, "--source", source,
                         "--stream", stream, "--http", "127.0.0.1:0")
        self.cameras.append(camera)
        camera.stream = int(camera.wait_for_line(r"component=stream msg=listening .*port=(\d+)")[1])
        camera.http = int(camera.wait_for_line(r"component=device msg=listening .*port=(\d+)")[1])
        return camera

    def start_child(self, command):
        return self.start("rpicam", rpicam_command=command)

    def stand_in(self):
        """What rpicam-vid does: raw H.264 in real time."""
        return ["ffmpeg", "-v", "error", "-re", "-stream_loop", "-1", "-i", self.clip,
                "-c", "copy", "-flush_packets", "1", "-f", "h264", "-"]

    def problem(self, camera):
        connection = http.client.HTTPConnection("127.0.0.1", camera.http, timeout=DEADLINE_S)
        connection.request("GET", "/api/v1/status")
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer["source"]["problem"]

    def connect(self, camera):
        client = socket.create_connection(("127.0.0.1", camera.stream), timeout=DEADLINE_S)
        self.addCleanup(client.close)
        return client

    def read_pictures(self, client, count):
        received = b""
        while types_of(received).count(9) < count:
            part = client.recv(65536)
            self.assertTrue(part, "the camera has closed the connection")
            received += part
        return received

    def test_a_child_that_dies_is_started_again_and_clients_stay(self):
        camera = self.start_child(self.stand_in())
        client = self.connect(camera)
        self.assertEqual(types_of(self.read_pictures(client, 20))[:2], [7, 8])
        self.assertIsNone(self.problem(camera))
        before = children_of(camera.process.pid)
        os.kill(before[0], signal.SIGKILL)
        camera.wait_for_line("msg=failed .*has ended")
        self.read_pictures(client, 30)
        self.assertIsNone(self.problem(camera))
        self.assertNotEqual(children_of(camera.process.pid), before)
        self.assertEqual(camera.stop(), 0)

    def test_a_child_that_freezes_is_noticed_and_replaced(self):
        camera = self.start_child(self.stand_in())
        client = self.connect(camera)
        self.read_pictures(client, 20)
        os.kill(children_of(camera.process.pid)[0], signal.SIGSTOP)
        camera.wait_for_line("msg=failed .*says nothing")
        self.read_pictures(client, 30)
        self.assertEqual(camera.stop(), 0)

    def test_no_child_is_left_behind(self):
        camera = self.start_child(self.stand_in())
        self.read_pictures(self.connect(camera), 5)
        child = children_of(camera.process.pid)[0]
        self.assertEqual(camera.stop(), 0)
        wait_for(lambda: not os.path.exists(f"/proc/{child}"), "the child to end")

    def test_a_program_that_is_not_there_is_said_and_waited_for(self):
        camera = self.start_child([os.path.join(self.temporary.name, "rpicam-vid")])
        camera.wait_for_line("msg=failed")
        self.assertIn("child", self.problem(camera))
        self.assertEqual(camera.stop(), 0)

    def test_another_camera_that_comes_back_is_found_again(self):
        first = self.start("file:" + self.clip, stream=f"127.0.0.1:{free_port()}")
        second = self.start(f"tcp://127.0.0.1:{first.stream}")
        client = self.connect(second)
        self.assertEqual(types_of(self.read_pictures(client, 20))[:2], [7, 8])
        first.stop(signal.SIGKILL)
        second.wait_for_line("component=source msg=failed")
        self.start("file:" + self.clip, stream=f"127.0.0.1:{first.stream}")
        self.read_pictures(client, 30)
        self.assertEqual(second.stop(), 0)

    def test_what_is_not_h264_is_encoded(self):
        port = free_port()
        sender = subprocess.Popen(["ffmpeg", "-v", "error", "-re", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=25",
                                   "-c:v", "mpeg2video", "-g", "12", "-f", "mpegts", f"tcp://127.0.0.1:{port}?listen=1"],
                                  stderr=subprocess.DEVNULL)
        self.addCleanup(sender.wait)
        self.addCleanup(sender.kill)
        camera = self.start(f"tcp://127.0.0.1:{port}")
        self.assertEqual(types_of(self.read_pictures(self.connect(camera), 10))[:5], [7, 8, 5, 9, 1])
        camera.wait_for_line("msg=gives .*codec=mpeg2video width_px=320 height_px=240 fps=25")
        camera.wait_for_line('msg=encoding .*why="it is mpeg2video, not H.264"')
        self.assertEqual(camera.stop(), 0)

    def serve_freezing(self, *codec):
        """An address whose camera moves for two seconds after each connection, then freezes."""
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        senders = []

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                senders.append(subprocess.Popen(
                    ["ffmpeg", "-v", "quiet", "-re", "-f", "lavfi", "-i",
                     "testsrc2=s=320x192:r=30:d=2,noise=alls=10:allf=t,tpad=stop_mode=clone:stop=-1",
                     *codec, "-flush_packets", "1", "-f", "nut", "-"], stdout=connection))
                connection.close()

        def end():
            for sender in senders:
                sender.kill()
                sender.wait()
        self.addCleanup(end)
        threading.Thread(target=serve, daemon=True).start()
        return f"tcp://127.0.0.1:{server.getsockname()[1]}"

    def check_freezing(self, camera):
        client = self.connect(camera)
        self.read_pictures(client, 10)
        self.assertIsNone(self.problem(camera))
        camera.wait_for_line("component=source msg=failed .*all its pictures are the same")
        self.read_pictures(client, 90)  # it was opened again, and the client is still there
        # In the status it stays frozen until it has moved for a while.
        wait_for(lambda: self.problem(camera), "the problem")
        self.assertEqual(camera.stop(), 0)

    def test_a_camera_that_repeats_its_picture_is_noticed(self):
        self.check_freezing(self.start(self.serve_freezing("-c:v", "mjpeg")))

    def test_a_camera_that_encodes_the_same_picture_is_noticed(self):
        self.check_freezing(self.start(self.serve_freezing(
            "-c:v", "libx264", "-preset", "superfast", "-tune", "zerolatency", "-g", "60")))

    def test_a_device_that_is_not_there_is_said_and_waited_for(self):
        camera = self.start(f"v4l2:{self.temporary.name}/video-nowhere")
        camera.wait_for_line("msg=failed .*No such file")
        self.assertIn("video-nowhere", self.problem(camera))
        self.assertEqual(camera.stop(), 0)

    def test_a_live_source_can_not_be_rendered(self):
        result = subprocess.run([os.path.join(os.environ["REARVIEW_BIN"], "rearview-camera"), "--source", "rpicam",
                                 "--render", os.path.join(self.temporary.name, "x.h264")],
                                capture_output=True, text=True)
        self.assertEqual(result.returncode, 2)
        self.assertIn("live", result.stderr)


if __name__ == "__main__":
    unittest.main()
