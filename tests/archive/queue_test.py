"""An archive by NATS JetStream: real servers on loopback, workers and servers that are killed at any moment."""

import json
import pathlib
import resource
import shutil
import signal
import tempfile
import threading
import unittest

from archive_programs import REARVIEW, HttpSite, make_clip, rearview, results

from nats_server import NatsServer
from programs import Program, wait_for

ACK_WAIT_S = 2


class Queue(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.rides = cls.folder / "rides"
        for number in range(4):
            make_clip(cls.rides / f"clip{number}.mkv", number, seconds=6)
        cls.expected = cls.folder / "expected"
        made = rearview("analyze", "--out", cls.expected, cls.rides)
        assert made.returncode == 0, made.stderr

    def setUp(self):
        self.work = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.out = self.work / "out"
        self.server = NatsServer(self.work / "jetstream")
        self.addCleanup(lambda: self.server.stop())

    def archive(self, command, *arguments, returncode=0):
        result = rearview("archive", command, "--nats", self.server.url, *arguments)
        self.assertEqual(result.returncode, returncode, result.stderr)
        return result

    def submit(self, *inputs):
        return self.archive("submit", "--ack-wait-s", ACK_WAIT_S, *inputs).stderr

    def status(self):
        return json.loads(self.archive("status").stdout)

    def worker(self, *arguments, out=None):
        # A limit of its files is an error to it, as a full disk is, and not its end.
        worker = Program("rearview", "--ignore-signal=XFSZ", REARVIEW, "archive", "work", "--nats", self.server.url,
                         "--out", str(out or self.out), "--until-empty", *arguments, binary="/usr/bin/env")
        self.addCleanup(worker.stop, signal.SIGKILL)
        return worker

    def at_work(self, count=1):
        """Of results that are being made; what a worker tries the folder with isn't one."""
        return len(list(self.out.glob("*.jsonl.zst.*.part"))) >= count

    def ended(self, worker):
        self.assertEqual(wait_for(lambda: worker.process.poll() is not None and [worker.process.returncode],
                                  "the end of the worker"), [0], worker.lines)

    def watch_for_halves(self):
        """Until the test ends: what has a result's name must be that result, whole."""
        expected = results(self.expected)
        halves, over = [], threading.Event()

        def watch():
            while not over.wait(0.002):
                for file in self.out.glob("*.jsonl.zst"):
                    if expected.get(file.name.removesuffix(".jsonl.zst")) != file.read_bytes():
                        halves.append(file.name)

        watcher = threading.Thread(target=watch)
        watcher.start()

        def check():
            over.set()
            watcher.join()
            self.assertEqual(halves, [])

        self.addCleanup(check)

    def test_results_are_the_same_bytes_for_one_two_and_three_workers(self):
        for count in (1, 2, 3):
            out = self.work / f"out{count}"
            self.assertIn("4 jobs made, 0 were waiting", self.submit(self.rides))
            for worker in [self.worker(out=out) for _ in range(count)]:
                self.ended(worker)
            self.assertEqual(results(out), results(self.expected))
        status = self.status()
        self.assertEqual([status[key] for key in ("waiting", "running", "done", "failed")], [0, 0, 4, 0])
        self.assertGreater(status["video_h_per_h"], 0)
        self.assertEqual(status["left_s"], 0)

    def test_a_job_waits_once_however_often_it_is_made(self):
        self.assertIn("4 jobs made, 0 were waiting", self.submit(self.rides))
        self.assertIn("0 jobs made, 4 were waiting", self.submit(self.rides))
        self.assertEqual(self.status()["waiting"], 4)

    def test_killed_workers_and_servers_lose_nothing_and_leave_no_half(self):
        self.watch_for_halves()
        self.submit(self.rides)
        first, second = self.worker("--max-deliver", "50"), self.worker("--max-deliver", "50")
        wait_for(lambda: self.at_work(2), "both at work")
        first.stop(signal.SIGKILL)
        self.server.kill()
        self.server.start()
        third = self.worker("--max-deliver", "50")
        wait_for(lambda: self.at_work(3), "both at work; the first one's half stays behind")
        wait_for(lambda: list(self.out.glob("*.json")), "a result")
        self.server.kill()
        self.server.start()
        self.ended(second)
        self.ended(third)
        self.assertEqual(results(self.out), results(self.expected))
        status = self.status()
        self.assertEqual([status[key] for key in ("waiting", "running", "done", "failed")], [0, 0, 4, 0])

    def test_a_worker_that_is_told_to_end_gives_its_job_back(self):
        self.submit(self.rides / "clip0.mkv")
        worker = self.worker()
        wait_for(self.at_work, "work")
        self.assertEqual(worker.stop(), 0)
        self.assertEqual(list(self.out.iterdir()), [])
        self.ended(self.worker())
        self.assertEqual(len(results(self.out)), 1)

    def test_what_cannot_be_analysed_fails_alone_and_can_be_made_again(self):
        gone = self.work / "gone.mkv"
        shutil.copy(self.rides / "clip1.mkv", gone)
        text = self.work / "text.mkv"
        text.write_text("no video")
        self.submit(gone, text, self.rides / "clip0.mkv")
        gone.unlink()
        self.ended(self.worker("--max-deliver", "2"))
        status = self.status()
        self.assertEqual([status[key] for key in ("waiting", "running", "done", "failed")], [0, 0, 1, 2])
        for failure in status["failures"]:
            self.assertEqual(failure["tries"], 2)
            self.assertIn(pathlib.Path(failure["url"]).name, failure["reason"])
        self.assertEqual({pathlib.Path(failure["url"]).name for failure in status["failures"]}, {"gone.mkv", "text.mkv"})
        shutil.copy(self.rides / "clip1.mkv", gone)
        self.assertIn("2 jobs made again", self.submit("--again"))
        self.assertEqual([self.status()[key] for key in ("waiting", "failed")], [2, 0])
        self.ended(self.worker("--max-deliver", "1"))
        self.assertEqual([self.status()[key] for key in ("done", "failed")], [2, 1])
        self.assertEqual(len(results(self.out)), 2)

    def test_a_job_that_ends_its_workers_ends_no_more_than_are_allowed(self):
        self.submit(self.rides / "clip0.mkv")
        worker = self.worker()
        wait_for(self.at_work, "work")
        worker.stop(signal.SIGKILL)
        self.ended(self.worker("--max-deliver", "1"))
        [failure] = self.status()["failures"]
        self.assertIn("no worker came to its end", failure["reason"])

    def test_a_worker_with_other_settings_does_not_mix_them(self):
        config = self.work / "config.json"
        config.write_text(json.dumps({"cameras": [{"stages": [
            {"type": "view"}, {"type": "looming"}, {"type": "tracker"}, {"type": "approach"}]}]}))
        self.submit(self.rides / "clip0.mkv")
        self.ended(self.worker("--max-deliver", "1", "--config", str(config)))
        [failure] = self.status()["failures"]
        self.assertIn("other settings", failure["reason"])
        self.assertEqual(results(self.out), {})

    def test_recordings_come_over_http_with_what_is_missing_asked_for_again(self):
        site = HttpSite(self.rides, breaks_after=20_000)
        self.addCleanup(site.close)
        self.submit(f"{site.url}/clip0.mkv", f"{site.url}/clip1.mkv")
        self.ended(self.worker())
        made, expected = results(self.out), results(self.expected)
        self.assertEqual(len(made), 2)
        for name, lines in made.items():
            self.assertEqual(lines, expected[name])
        self.assertTrue(any(site.ranges), "nothing was asked for in parts")

    def test_a_worker_without_room_takes_no_job(self):
        self.submit(self.rides)
        worker = self.worker()
        # As a disk that is full, of this worker alone.
        resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
        worker.wait_for_line("no job is taken until there is room")
        self.ended(self.worker(out=self.work / "other"))
        made = results(self.work / "other")
        self.assertEqual(made, results(self.expected))
        self.ended(worker)
        self.assertEqual(list(self.out.iterdir()), [])
        self.assertEqual([self.status()[key] for key in ("done", "failed")], [4, 0])

    def test_a_worker_goes_on_when_there_is_room_again(self):
        self.submit(self.rides / "clip0.mkv")
        worker = self.worker()
        resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
        worker.wait_for_line("no job is taken until there is room")
        resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        self.ended(worker)
        self.assertEqual(len(results(self.out)), 1)

    def refused(self, *arguments, said, out=None):
        commands = [("work", "--out", out)] if out else [("work", "--out", self.out), ("submit", self.rides), ("status",)]
        for command in commands:
            result = rearview("archive", *command, *arguments)
            self.assertEqual((result.returncode, len(result.stderr.splitlines())), (2, 1), result.stderr)
            self.assertIn(said, result.stderr)
            self.assertNotIn("secret", result.stderr)
        self.assertEqual(results(self.out), {})

    def test_what_the_user_gives_wrong_is_exit_code_2_and_one_sentence(self):
        self.refused("--nats", "http://127.0.0.1:4222", said="nats://")
        self.refused("--nats", "nats://127.0.0.1:1", said="127.0.0.1:1")
        in_the_way = self.work / "file"
        in_the_way.write_text("")
        self.refused("--nats", self.server.url, out=in_the_way, said="file")
        locked = NatsServer(self.work / "locked", "--user", "u", "--pass", "secret")
        self.addCleanup(locked.stop)
        self.refused("--nats", locked.url.replace("//", "//u:secret-wrong@"), said="credentials")
        self.refused("--nats", locked.url, said="credentials")
        plain = NatsServer(self.work / "plain", jetstream=False)
        self.addCleanup(plain.stop)
        self.refused("--nats", plain.url, said="JetStream")
        created = self.server.request("$JS.API.STREAM.CREATE.REARVIEW_ARCHIVE", {
            "name": "REARVIEW_ARCHIVE", "subjects": ["something.else"], "retention": "limits", "storage": "memory",
            "discard": "old", "num_replicas": 1, "max_consumers": -1, "max_msgs": -1, "max_bytes": -1, "max_age": 0})
        self.assertNotIn("error", created)
        self.refused("--nats", self.server.url, said="another shape")

    def test_a_list_that_names_a_file_twice_makes_no_job(self):
        clip = self.rides / "clip0.mkv"
        listed = self.work / "list"
        listed.write_text(f"{clip}\n{clip}\n")
        self.assertIn("named twice", self.archive("submit", f"@{listed}", returncode=2).stderr)
        self.assertEqual(self.status()["waiting"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
