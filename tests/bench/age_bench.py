"""How old a picture is where it is used, and what both programs cost, beside OpenCV's way in the same run.

The camera stamps each picture with the clock just before encoding it; every reader here compares
the stamp with the same clock. Prints a table; asserts nothing.
"""

import argparse
import contextlib
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
from usage import Usage


class Cost(Usage):
    """What serving took since construction."""

    def __init__(self, service):
        super().__init__(service)
        self.service = service
        self.before = self.counted()

    def counted(self):
        lines = (line.rsplit(" ", 1) for line in self.service.get("/metrics")[2].decode().splitlines() if line[:1] != "#")
        values = {name.partition("{")[0]: float(value) for name, value in lines}
        return values["rearview_http_sent_bytes_total"], values["rearview_pictures_encoded_total"]

    def figures(self):
        passed = time.monotonic() - self.start
        sent, encoded = ((now - then) / passed for now, then in zip(self.counted(), self.before))
        return f"{super().figures()}, {sent / 1000:7.1f} kB/s sent, {encoded:4.1f} pictures a second encoded"


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
    with contextlib.ExitStack() as stack:
        config = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()), "camera.json")
        config.write_text(json.dumps({"scene": {"time_code": True}}))
        camera = Camera("--config", str(config), "--source", "scene")
        stack.callback(camera.stop)
        service = Service("--camera", camera.url)
        stack.callback(service.stop)
        service.wait_for_state("live")
        measure_all(camera, service, seconds)


def measure_all(camera, service, seconds):
    print("Age of a picture, from encoder in to where it is used:", flush=True)
    subprocess.run([os.path.join(BIN, "stream_age_bench"), camera.url, str(seconds)], check=True)
    measure("OpenCV VideoCapture, as in the tutorial", lambda: opencv_reader(camera.url), seconds)
    camera_usage, costs = Usage(camera), {}
    since = Cost(service)
    measure("rearview serve, annotated MJPEG", lambda: mjpeg_reader(service), seconds)
    costs["one reader of the MJPEG"], camera_figures = since.figures(), camera_usage.figures()
    since = Cost(service)
    time.sleep(seconds)  # the span that is measured
    costs["nobody"] = since.figures()
    for what, kind in (("page in Chromium, pictures", "pictures"), ("page in Chromium, original video", "video")):
        ages, first_ms, costs[what] = page_ages(service, kind, seconds, Cost)
        show(what, ages, first_ms)
    print(f"What it took, {seconds:.0f} s each; load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores:")
    print(f"{'rearview-camera (drawing, encoding)':<52} {camera_figures}")
    for what, figures in costs.items():
        print(f"{'rearview serve, for ' + what:<52} {figures}")
    status = service.camera()
    print("Service's own figures:", json.dumps({k: status[k] for k in ("fps_in", "fps_analysed", "latency_ms", "drops")}))


if __name__ == "__main__":
    main()
