"""How old a picture is where it is used, and what both programs cost, beside OpenCV's way in the same run.

The camera stamps each picture with the clock just before encoding it; every reader here compares
the stamp with the same clock. Prints a table; asserts nothing.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

import cv2
import numpy as np

from programs import BIN, Camera, Service
from page_age import page_ages
from time_code import age_ms

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Usage:
    """CPU of one core in percent since construction, and resident memory now."""

    def __init__(self, program):
        self.stat = pathlib.Path(f"/proc/{program.process.pid}")
        self.cpu, self.start = self.ticks(), time.monotonic()

    def ticks(self):
        fields = (self.stat / "stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def figures(self):
        percent = 100 * (self.ticks() - self.cpu) / TICKS_PER_S / (time.monotonic() - self.start)
        resident = next(l for l in (self.stat / "status").read_text().splitlines() if l.startswith("VmRSS"))
        return f"{percent:5.1f} % of a core, {int(resident.split()[1]) / 1024:5.1f} MiB resident"


def show(what, ages, first_ms):
    ages = sorted(a for a in ages if a is not None)
    if not ages:
        print(f"{what:<44} no stamp could be read")
        return
    print(f"{what:<44} p50 {statistics.median(ages):6.1f} ms   p95 {ages[int(0.95 * (len(ages) - 1))]:6.1f} ms   "
          f"connect to first picture {first_ms:6.0f} ms   ({len(ages)} pictures)", flush=True)


def measure(what, connect, seconds):
    """connect() gives a generator of pictures; ages are taken the moment each is in hand."""
    start = time.monotonic()
    pictures = connect()
    ages = [age_ms(next(pictures))]
    first_ms = 1000 * (time.monotonic() - start)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ages.append(age_ms(next(pictures)))
    show(what, ages[1:], first_ms)


def opencv_reader(url):
    capture = cv2.VideoCapture(url)
    while True:
        good, picture = capture.read()
        assert good
        yield picture


def mjpeg_reader(service):
    for jpeg in service.pictures():
        yield cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder, "camera.json")
        config.write_text(json.dumps({"scene": {"time_code": True}}))
        camera = Camera("--config", str(config), "--source", "scene")
        service = Service("--camera", camera.url)
        service.wait_for_state("live")

        print("Age of a picture, from encoder in to where it is used:")
        subprocess.run([os.path.join(BIN, "stream_age_bench"), camera.url, str(seconds)], check=True)
        measure("OpenCV VideoCapture, as in the tutorial", lambda: opencv_reader(camera.url), seconds)
        usages = [Usage(camera), Usage(service)]
        measure("rearview serve, annotated MJPEG", lambda: mjpeg_reader(service), seconds)
        with_one_viewer = [usage.figures() for usage in usages]
        for what, kind in (("page in Chromium, pictures", "pictures"), ("page in Chromium, original video", "video")):
            usage = Usage(service)
            show(what, *page_ages(service, kind, seconds))
            print(f"{'  rearview serve meanwhile':<44} {usage.figures()}")
        print("Cost with one viewer:")
        for name, figures in zip(("rearview-camera (drawing, encoding)", "rearview serve"), with_one_viewer):
            print(f"{name:<44} {figures}")
        status = service.camera()
        print("Service's own figures:", json.dumps({k: status[k] for k in ("fps_in", "fps_analysed", "latency_ms", "drops")}))
        service.stop()
        camera.stop()


if __name__ == "__main__":
    main()
