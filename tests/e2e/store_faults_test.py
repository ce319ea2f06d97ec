"""Storage that breaks never stops the watching or an alert: real programs, real files."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import unittest

from disk import Disk
from flapping_camera import CAMERA_SETTINGS, FlappingCamera, one_picture
from programs import Service, wait_for


class StoreFaults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.picture = one_picture()

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="store_faults_test_"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.store = self.folder / "store"
        self.camera = FlappingCamera(self.picture)  # each loss and each return is an alert
        self.addCleanup(self.camera.close)

    def start(self, *arguments, **more):
        config = self.folder / "config.json"
        config.write_text(json.dumps({"cameras": [{"name": "rear", "url": self.camera.url, **CAMERA_SETTINGS}]}))
        service = Service("--config", str(config), *arguments, **more)
        self.addCleanup(service.stop)
        return service

    def alerts(self, service, after=0):
        return service.get_json(f"/api/v1/alerts?after={after}&limit=1000")

    def some_alerts(self, service):
        wait_for(lambda: len(self.alerts(service)) >= 3, "3 alerts")
        wait_for(lambda: b"\nrearview_store_alerts_waiting 0\n" in service.get("/metrics")[2], "the disk")
        return self.alerts(service)

    def health(self, service):
        status, _, body = service.get("/healthz")
        self.assertEqual(200, status, "it still watches")
        return json.loads(body)["store"]

    def kept(self):
        """The ids that are on disk."""
        with contextlib.closing(sqlite3.connect(f"file:{self.store}/alerts.db?mode=ro", uri=True)) as database:
            return [number for number, in database.execute("SELECT id FROM alerts ORDER BY id")]

    def check_told(self, service, why):
        """The trouble and its end are alerts of their own, and what was raised in it is kept."""
        failed = wait_for(lambda: next((a for a in self.alerts(service) if a["kind"] == "store_failed"), None), "the trouble to be told")
        self.assertEqual(("warning", ""), (failed["level"], failed["camera"]))
        self.assertIn(why, failed["text"])
        self.assertIn(why, self.health(service)["last_problem"])
        self.assertTrue([line for line in service.lines if "storage has failed" in line])
        return failed

    def check_mended(self, service, failed):
        back = wait_for(lambda: next((a for a in self.alerts(service) if a["kind"] == "store_back"), None), "its end to be told")
        self.assertIsNone(self.health(service)["problem"])
        told = [a["id"] for a in self.alerts(service) if failed["id"] <= a["id"] <= back["id"]]
        wait_for(lambda: set(told) <= set(self.kept()), "everything to be kept")


class TheDefaultFolder(StoreFaults):
    def start_for(self, **environment):
        own = {k: v for k, v in os.environ.items() if k not in ("HOME", "STATE_DIRECTORY", "XDG_STATE_HOME")}
        return self.start(environment=own | environment, default_store=True)

    def test_alerts_outlive_a_kill_without_any_setting(self):
        for environment, said in [({"XDG_STATE_HOME": str(self.folder / "xdg")}, self.folder / "xdg/rearview"),
                                  ({"HOME": str(self.folder)}, self.folder / ".local/state/rearview")]:
            with self.subTest(environment):
                service = self.start_for(**environment)
                self.assertEqual(str(said), service.wait_for_line(r'msg="alerts are kept" folder=(\S+)')[1])
                before = self.some_alerts(service)[:3]
                service.stop(signal.SIGKILL)
                again = self.start_for(**environment)
                self.assertEqual(before, self.alerts(again)[:3])
                again.stop()

    def test_without_a_home_alerts_are_in_memory_and_the_log_says_so(self):
        service = self.start_for()
        service.wait_for_line(r'^<4>component=store msg="alerts are kept in memory only')
        wait_for(lambda: self.alerts(service), "an alert")
        self.assertFalse(self.health(service)["persistent"])

    def test_a_home_that_cannot_be_written_is_told(self):
        home = self.folder / "home"
        home.write_text("a file, so that root can't write in it either")
        service = self.start_for(HOME=str(home))
        self.check_told(service, "Not a directory")

    def test_of_two_services_the_second_goes_on_from_memory_and_takes_over(self):
        environment = {"HOME": str(self.folder)}
        self.store = self.folder / ".local/state/rearview"
        first = self.start_for(**environment)
        self.some_alerts(first)
        second = self.start_for(**environment)
        failed = self.check_told(second, "another program keeps its alerts here")
        self.assertIsNone(self.health(first)["last_problem"])
        first.stop()
        self.check_mended(second, failed)


class ADamagedStore(StoreFaults):
    def damage(self, how):
        service = self.start("--store", str(self.store))
        newest = self.some_alerts(service)[-1]["id"]
        service.stop(signal.SIGKILL)
        for path in self.store.glob("alerts.db-*"):
            path.unlink()
        how(self.store / "alerts.db")
        return newest

    def test_is_set_aside_and_alerts_go_on_with_rising_numbers(self):
        def random_bytes(file):
            file.write_bytes(os.urandom(50_000))

        def truncated(file):
            with contextlib.closing(sqlite3.connect(file)) as database:  # all of it in the one file
                database.execute("PRAGMA journal_mode = DELETE")
            os.truncate(file, file.stat().st_size // 2)

        for how in (random_bytes, truncated):
            with self.subTest(how.__name__):
                newest = self.damage(how)
                service = self.start("--store", str(self.store))
                failed = self.check_told(service, "is damaged")
                self.assertGreater(failed["id"], newest)
                self.assertTrue(all(a["id"] > newest for a in self.alerts(service)))
                self.assertEqual(str(self.store / "set-aside-1"), self.health(service)["set_aside"])
                self.assertTrue((self.store / "set-aside-1/alerts.db").exists())
                self.check_mended(service, failed)
                service.stop()
                shutil.rmtree(self.store)


class WhileItRuns(StoreFaults):
    def setUp(self):
        super().setUp()
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.store], stderr=subprocess.DEVNULL)

    def mount(self, *options):
        done = subprocess.run(["mount", *options], capture_output=True, text=True)
        if done.returncode != 0:
            self.skipTest("mounting is not permitted here: " + done.stderr.strip())

    def test_a_folder_that_is_deleted_is_noticed_within_seconds_and_written_anew(self):
        service = self.start("--store", str(self.store))
        before = self.some_alerts(service)
        shutil.rmtree(self.store)
        failed = self.check_told(service, "No such file")
        self.check_mended(service, failed)
        self.assertLessEqual({a["id"] for a in before}, set(self.kept()), "what memory held is kept, too")

    def test_a_full_disk_costs_no_alert(self):
        self.store.mkdir()
        self.mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", self.store)
        service = self.start("--store", str(self.store))
        self.some_alerts(service)
        filler = self.store / "filler"
        with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
        failed = self.check_told(service, "")
        newest = self.alerts(service)[-1]["id"]
        wait_for(lambda: len(self.alerts(service, newest)) >= 3, "alerts all the same")
        self.assertIsNotNone(self.health(service)["problem"])
        filler.unlink()
        self.check_mended(service, failed)
        self.assertEqual(0, self.health(service)["lost"])

    def test_a_disk_that_becomes_read_only_under_open_files_costs_no_alert(self):
        disk = Disk(self.folder)
        self.addCleanup(disk.close)
        if not disk.usable:
            self.skipTest("mounting is not permitted here: " + disk.why)
        self.assertEqual(self.store, disk.folder)
        service = self.start("--store", str(self.store))
        before = self.some_alerts(service)
        disk.fail()
        failed = self.check_told(service, "")
        newest = self.alerts(service)[-1]["id"]
        wait_for(lambda: len(self.alerts(service, newest)) >= 3, "alerts all the same")
        self.assertIsNotNone(self.health(service)["problem"])
        wait_for(disk.exchange, "the failed disk to be let go of")
        self.check_mended(service, failed)
        self.assertLessEqual({a["id"] for a in before}, set(self.kept()))
        self.assertEqual(0, self.health(service)["lost"])

    def test_a_start_on_a_read_only_disk_watches(self):
        self.store.mkdir()
        self.mount("-t", "tmpfs", "-o", "ro", "tmpfs", self.store)
        service = self.start("--store", str(self.store))
        failed = self.check_told(service, "Read-only file system")
        subprocess.run(["mount", "-o", "remount,rw", self.store], check=True)
        self.check_mended(service, failed)


if __name__ == "__main__":
    unittest.main(verbosity=2)
