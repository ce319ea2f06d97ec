"""The road as a Bluetooth LE radar: real programs on a D-Bus of the test's own, where a stand-in plays BlueZ and a
bike computer."""

import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from flapping_camera import CAMERA_SETTINGS, FlappingCamera, one_picture
from private_bus import PrivateBus
from programs import Camera, Program, Service, wait_for

MOCK = pathlib.Path(__file__).resolve().parent / "bluez_mock.py"
QUICK = {"enabled": True, "settle_ms": 200, "backoff_min_ms": 50, "backoff_max_ms": 200}


class Bluez(Program):
    def __init__(self, environment, *arguments):
        super().__init__("bluez_mock", str(MOCK), *arguments, binary=sys.executable, environment=environment)
        self.environment = environment
        self.wait_for_line('"event": "up"')

    def events(self, *names):
        return [event for event in map(json.loads, list(self.lines)) if not names or event["event"] in names]

    def names(self):
        """What happened besides values, and that they came."""
        names = []
        for event in self.events():
            if event["event"] != "value" or names[-1:] != ["value"]:
                names.append(event["event"])
        return names

    def lists(self):
        """The bytes of each notification."""
        return [bytes.fromhex(event["bytes"]) for event in self.events("value")]

    def power(self, on):
        subprocess.run(["dbus-send", "--system", "--print-reply", "--dest=org.bluez", "/org/bluez/hci0",
                        "org.freedesktop.DBus.Properties.Set", "string:org.bluez.Adapter1", "string:Powered",
                        f"variant:boolean:{'true' if on else 'false'}"],
                       env=self.environment, check=True, capture_output=True)


@unittest.skipUnless(shutil.which("dbus-daemon"), "needs dbus-daemon")
class RadarTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.picture = one_picture()

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.bus = PrivateBus(self.folder)
        self.addCleanup(self.bus.stop)

    def bluez(self, *arguments):
        bluez = Bluez(self.bus.environment, *arguments)
        self.addCleanup(bluez.stop)
        return bluez

    def camera(self):
        camera = FlappingCamera(self.picture)
        camera.steady()
        self.addCleanup(camera.close)
        return camera

    def service(self, url, stages=None, **settings):
        config = self.folder / "rearview.json"
        # A camera that comes now and then on a busy machine is not away: here it is either steady or stopped.
        camera = {"name": "rear", "url": url, "signal_timeout_ms": 3000, "stages": stages or CAMERA_SETTINGS["stages"]}
        config.write_text(json.dumps({"radar": {**QUICK, **settings}, "cameras": [camera]}))
        service = Service("--config", str(config), environment=self.bus.environment)
        self.addCleanup(service.stop)
        return service

    def metric(self, service, name):
        text = service.get("/metrics")[2].decode()
        return float(next(line.split()[-1] for line in text.splitlines() if line.startswith(f"rearview_radar_{name} ")))

    def test_vehicles_are_told_as_they_are_analysed(self):
        config = self.folder / "camera.json"
        config.write_text(json.dumps({"scene": {"traffic": 0, "vehicles": [
            {"class": "car", "behaviour": "overtake", "start_s": start, "distance_m": 60, "speed_mps": 16, "look": start}
            for start in range(2, 100, 5)]}}))
        camera = Camera("--config", str(config), "--source", "scene", "--seed", "3")
        self.addCleanup(camera.stop)
        bluez = self.bluez()
        service = self.service(camera.url, stages=[{"type": kind} for kind in ("view", "looming", "tracker", "approach")])
        analysed = []

        def collect():
            for event, _, data in service.events("/api/v1/events?analysis=1"):
                if event == "analysis":
                    analysed.extend((track["distance_m"], track["closing_mps"]) for track in data["tracks"])
        threading.Thread(target=collect, daemon=True).start()

        def seen():
            """By id, the distances and speeds of a vehicle that was told from afar until it was near."""
            told = {}
            for one in bluez.lists():
                for at in range(1, len(one), 3):
                    told.setdefault(one[at], []).append((one[at + 1], one[at + 2]))
            return next((values for values in told.values() if values[0][0] - values[-1][0] > 15), None)
        vehicle = wait_for(seen, "a vehicle that comes near")

        def analysed_so(told):
            return any(distance is not None and abs(distance - told[0]) < 1 and
                       (closing is None or abs(max(closing, 0) * 3.6 - told[1]) < 1.5)
                       for distance, closing in list(analysed))
        # We may hear of an analysis later than the radar, and when we are slow not of each.
        wait_for(lambda: sum(map(analysed_so, vehicle)) >= 0.7 * len(vehicle), f"the analyses of {vehicle}")
        lists = bluez.events("value")
        self.assertEqual({one[0] & 0x0F for one in bluez.lists()}, {2})
        counters = [one[0] >> 4 for one in bluez.lists()]
        self.assertEqual(counters, [(counters[0] + i) % 16 for i in range(len(counters))])
        self.assertLess(len(lists), 2 + 8 * (lists[-1]["t"] - lists[0]["t"]), "a bounded pace")
        self.assertIn(b"", {one[1:] for one in bluez.lists()}, "a clear road")

    def test_what_is_offered_is_what_readers_of_radars_look_for(self):
        bluez = self.bluez()
        service = self.service(self.camera().url, name="RTL12345")
        service.wait_for_line('component=radar msg="somebody listens" who=/org/bluez/hci0/dev_C0_FF_EE_00_00_01')
        wait_for(lambda: len(bluez.lists()) > 20, "a clear road, again and again")
        self.assertEqual({len(one) for one in bluez.lists()}, {1})
        self.assertEqual(bluez.names(), ["up", "registered", "advertised", "subscribed", "value"])
        self.assertEqual(bluez.events("registered")[0]["flags"], ["notify"])
        self.assertTrue(bluez.events("registered")[0]["primary"])
        advertised = bluez.events("advertised")[0]
        self.assertEqual(advertised["ServiceUUIDs"], ["6a4e3200-667b-11e3-949a-0800200c9a66"])
        self.assertEqual((advertised["Type"], advertised["LocalName"]), ("peripheral", "RTL12345"))
        self.assertEqual((self.metric(service, "on_air"), self.metric(service, "listening")), (1, 1))
        self.assertEqual(service.get_json("/healthz")["radar"], {"on_air": True, "listening": True, "problem": None})
        # It takes leave of those who listen.
        self.assertEqual(service.stop(), 0)
        wait_for(lambda: "disconnected" in bluez.names(), "the goodbye")
        self.assertEqual(bluez.names()[-3:], ["unadvertised", "unregistered", "disconnected"])

    def check_it_left(self, bluez, service, why):
        service.wait_for_line(f'component=radar msg="not on the air" why="{why}')
        wait_for(lambda: bluez.names()[-1] == "disconnected", "the connection to be closed")
        self.assertEqual(bluez.names()[-3:], ["unadvertised", "unregistered", "disconnected"])
        self.assertEqual((self.metric(service, "on_air"), self.metric(service, "listening")), (0, 0))
        self.assertEqual(json.loads(service.get("/healthz")[2])["radar"],
                         {"on_air": False, "listening": False, "problem": why})

    def test_a_camera_that_is_away_is_a_radar_that_is_away(self):
        bluez = self.bluez()
        camera = Camera("--source", "scene", "--seed", "1")
        self.addCleanup(camera.stop)
        service = self.service(camera.url)
        wait_for(lambda: bluez.lists(), "a list")
        camera.process.send_signal(signal.SIGSTOP)
        try:
            self.check_it_left(bluez, service, "there is no signal from the camera")
        finally:
            camera.process.send_signal(signal.SIGCONT)
        wait_for(lambda: bluez.names()[-4:] == ["registered", "advertised", "subscribed", "value"], "its return")

    def test_a_frozen_picture_is_a_radar_that_is_away(self):
        bluez = self.bluez()
        service = self.service(self.camera().url, settle_ms=0,
                               stages=[{"type": "view", "frozen_s": 5}, {"type": "looming"}, {"type": "tracker"},
                                       {"type": "approach"}])
        wait_for(lambda: bluez.lists(), "a list")
        self.check_it_left(bluez, service, "the camera is blind")
        self.assertTrue(service.get_json("/api/v1/cameras"))

    def test_without_bluetooth_the_road_is_watched_and_it_is_tried_again(self):
        camera = self.camera()
        service = self.service(camera.url)
        said = lambda what: [line for line in service.lines if "component=radar" in line and what in line]
        on_air = lambda: self.metric(service, "on_air") == 1
        service.wait_for_line('component=radar msg="not on the air" why="bluetoothd doesn\'t answer: .*ServiceUnknown')
        wait_for(lambda: self.metric(service, "failures_total") > 5, "further tries")
        self.assertEqual(len(said("bluetoothd doesn't answer")), 1, "said once, however often it is tried")
        wait_for(lambda: service.camera()["road"] == "clear", "the road")

        bluez = self.bluez("--off")
        service.wait_for_line('why="the Bluetooth adapter hci0 is switched off')
        bluez.power(True)
        wait_for(on_air, "the air")
        bluez.power(False)
        wait_for(lambda: len(said("switched off")) > 1, "the adapter to be off")
        bluez.power(True)
        wait_for(on_air, "the air")

        bluez.stop(signal.SIGKILL)
        service.wait_for_line('why="bluetoothd has gone')
        bluez = self.bluez()
        wait_for(lambda: bluez.lists(), "a list of the new bluetoothd's")

        self.bus.stop()
        service.wait_for_line("why=\"the system's D-Bus")
        self.assertEqual(service.camera()["road"], "clear")
        self.bus.start()
        bluez = self.bluez()
        wait_for(lambda: bluez.lists(), "a list over the new bus")

    def test_a_bus_that_hangs_holds_up_nothing(self):
        camera = self.camera()
        self.bus.hang()
        service = self.service(camera.url)
        service.wait_for_line("why=\"the system's D-Bus can't be used: it doesn't answer within 2 s")
        self.check_it_ends_soon(service)

        self.bus.go_on()
        bluez = self.bluez()
        self.addCleanup(self.bus.go_on)  # before the stand-in takes leave of it
        service = self.service(camera.url)
        wait_for(lambda: bluez.lists(), "a list")
        self.bus.hang()
        self.check_it_ends_soon(service)

    def test_a_bluez_that_hangs_is_told_and_tried_again(self):
        bluez = self.bluez()
        camera = self.camera()
        service = self.service(camera.url)
        wait_for(lambda: bluez.lists(), "a list")
        bluez.process.send_signal(signal.SIGSTOP)
        try:
            service.wait_for_line('msg="not on the air" why="BlueZ doesn\'t answer any more')
            self.assertEqual(self.metric(service, "on_air"), 0)
            self.assertEqual(service.camera()["road"], "clear")
        finally:
            bluez.process.send_signal(signal.SIGCONT)
        wait_for(lambda: "disconnected" in bluez.names(), "the old connection to be closed")
        wait_for(lambda: self.metric(service, "listening") == 1, "its return")
        said = len(bluez.lists())
        wait_for(lambda: len(bluez.lists()) > said, "a new list")

    def check_it_ends_soon(self, service):
        start = time.monotonic()
        self.assertEqual(0, service.stop())
        self.assertLess(time.monotonic() - start, 60, "sd-bus would wait for 90 s")

    def test_what_bluez_refuses_is_told_and_nothing_stays(self):
        for what, why in (("application", "BlueZ refuses the radar's service: org.bluez.Error.Failed: no room"),
                          ("advertisement", "BlueZ refuses to advertise: org.bluez.Error.NotPermitted")):
            bluez = self.bluez("--refuse", what)
            service = self.service(self.camera().url)
            service.wait_for_line(f'msg="not on the air" why="{why}')
            wait_for(lambda: self.metric(service, "failures_total") > 2, "further tries")
            self.assertEqual(self.metric(service, "on_air"), 0)
            service.stop()
            wait_for(lambda: len(bluez.events("registered")) == len(bluez.events("unregistered")), "the end")
            bluez.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)
