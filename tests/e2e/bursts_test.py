"""Pictures that come in bursts neither end the service nor make its analysis fail."""

import unittest

from bursting_link import BurstingLink
from programs import Camera, Service, wait_for


class Bursts(unittest.TestCase):
    def watch(self, every_s):
        camera = Camera("--source", "scene", "--seed", "3")
        self.addCleanup(camera.stop)
        link = BurstingLink(camera.port, every_s)
        self.addCleanup(link.close)
        service = Service("--camera", link.url)
        self.addCleanup(service.stop)

        def analysed():
            self.assertIsNone(service.process.poll(), "\n".join(service.lines[-5:]))
            now = service.camera()
            self.assertNotEqual(now["analysis"], "failed", now["text"])
            return now["frames_decoded"] > 400 and now["frames_analysed"] > 20
        wait_for(analysed, "pictures of a dozen bursts")

    def test_once_a_second(self):
        self.watch(1.0)

    def test_three_times_a_second(self):
        self.watch(0.3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
