"""A real gpsd that hears a receiver: gpsfake plays what one on a bicycle says, made from numbers."""

import os
import pathlib
import signal
import socket
import subprocess

from programs import DEADLINE_S

SPEED_MPS = 6.0
START_DEG = 48.1
METRES_PER_DEGREE = 111_195
KNOT_MPS = 1852 / 3600
SECONDS = 2400


def sentence(body):
    """An NMEA 0183 sentence with its checksum."""
    check = 0
    for character in body:
        check ^= ord(character)
    return f"${body}*{check:02X}\r\n"


def angle(degrees, digits, signs):
    whole = int(abs(degrees))
    return f"{whole:0{digits}d}{(abs(degrees) - whole) * 60:08.5f},{signs[degrees < 0]}"


def ride(seconds):
    """What a receiver says, once a second, on the way north."""
    for t in range(seconds):
        time = f"{9 + t // 3600:02d}{t // 60 % 60:02d}{t % 60:02d}.00"
        place = f"{angle(START_DEG + t * SPEED_MPS / METRES_PER_DEGREE, 2, 'NS')},{angle(11.5, 3, 'EW')}"
        yield sentence(f"GPGGA,{time},{place},1,09,0.9,520.0,M,47.0,M,,")
        yield sentence("GPGSA,A,3,04,05,09,12,17,22,24,25,31,,,,1.6,0.9,1.3")
        yield sentence(f"GPRMC,{time},A,{place},{SPEED_MPS / KNOT_MPS:.2f},0.0,221126,,,A")


class Receiver:
    """gpsd on a port of its own; each of the three sentences of a second of the ride takes pause_s."""

    def __init__(self, folder, pause_s=0.02):
        self.pause_s = pause_s
        self.log = pathlib.Path(folder, "ride.nmea")
        self.log.write_text("".join(ride(SECONDS)))
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.start()

    def start(self):
        # It and the gpsd that it starts are stopped and killed together.
        self.process = subprocess.Popen(
            ["gpsfake", "-q", "-n", "-c", str(self.pause_s), "-P", str(self.port), self.log], start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def signal(self, number):
        os.killpg(self.process.pid, number)

    def stop(self):
        if self.process.poll() is None:
            self.signal(signal.SIGKILL)
        self.process.wait(DEADLINE_S)
