"""Pictures that come in bursts neither end the service nor make its analysis fail, nor hide a vehicle."""

import tempfile
import unittest

from bursting_link import BurstingLink
from programs import SCENE_FPS, Service, live_settings, scene_camera, wait_for


class Bursts(unittest.TestCase):
    def serve(self, every_s, seed):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        camera = scene_camera(folder, seed)
        self.addCleanup(camera.stop)
        link = BurstingLink(camera.port, every_s)
        self.addCleanup(link.close)
        service = Service(*live_settings(folder), "--camera", link.url)
        self.addCleanup(service.stop)
        return service

    def watch(self, every_s):
        service = self.serve(every_s, "3")

        def analysed():
            self.assertIsNone(service.process.poll(), "\n".join(service.lines[-5:]))
            now = service.camera()
            self.assertNotEqual(now["analysis"], "failed", now["text"])
            return now["frames_decoded"] > 13 * SCENE_FPS and now["frames_analysed"] > 20
        wait_for(analysed, "pictures of a dozen bursts")

    def test_once_a_second(self):
        self.watch(1.0)

    def test_three_times_a_second(self):
        self.watch(0.3)

    def test_a_vehicle_is_told_out_of_four_bursts_a_second(self):
        service = self.serve(7 / 30, "1")

        def told():
            alerts = service.get_json("/api/v1/alerts?limit=1000")
            overtakes = [alert["track_id"] for alert in alerts if alert["kind"] == "overtake"]
            return overtakes and [alert["kind"] for alert in alerts if alert.get("track_id") in overtakes]
        self.assertIn("vehicle_approaching", wait_for(told, "an overtake"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
