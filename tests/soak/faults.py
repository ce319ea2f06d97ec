"""What is done to the programs. Each fault begins, lasts, and ends; what must hold meanwhile is said with it."""

import os
import random
import signal
import socket
import threading
import time

from faulty_link import Air
from programs import wait_for
from rig import FPS, make_clip, make_frozen_clip


class Fault:
    """name: in the table. disturbs: the watching may be interrupted while it lasts. blind_after_s: so long after its
    begin nobody can see the road, until it ends; None: the road may be seen. kills: ends a program, which begins a new
    life of it. reason: why it isn't done here, or empty."""

    disturbs = True
    blind_after_s = None
    kills = ()
    reason = ""

    def __init__(self, rig, rng):
        self.rig = rig
        self.rng = rng
        self.name = type(self).__doc__.split("\n")[0].rstrip(".")

    def lasts_s(self):
        return self.rng.uniform(3, 7)

    def begin(self):
        """Does it."""

    def end(self):
        """Undoes it; what is awaited begins when this returns."""


class Air_(Fault):
    """The link between camera and service is changed."""

    cut = False

    def air(self):
        raise NotImplementedError

    def begin(self):
        self.rig.link.become(self.air(), cut=self.cut)

    def end(self):
        self.rig.link.become(Air(self.rig.camera_port), cut=self.cut)


class Bursts(Air_):
    """pictures in bursts"""

    def air(self):
        return Air(self.rig.camera_port, burst_s=self.rng.uniform(0.3, 1.0))


class Cut(Air_):
    """link cut"""

    blind_after_s = 1.0  # signal_timeout_ms
    cut = True

    def air(self):
        return Air(None)


class Silence(Air_):
    """link silent, not cut"""

    blind_after_s = 1.0

    def air(self):
        return Air(self.rig.camera_port, hold=True)


class MidGopJoin(Air_):
    """joins in mid-GOP"""

    cut = True

    def lasts_s(self):
        return 0.5

    def air(self):
        # An IDR has some 20 kB, the others 8.
        return Air(self.rig.camera_port, skip_bytes=self.rng.randrange(1000, 60_000))

    def end(self):
        """The join stands as it is: the next IDR brings the picture back."""
        self.rig.link.become(Air(self.rig.camera_port))


class BitErrors(Air_):
    """bit errors"""

    def __init__(self, rig, rng, rate):
        super().__init__(rig, rng)
        self.rate = rate
        self.name = f"bit errors {rate:.0e}"
        if rate >= 1e-3:  # some 60 in each picture: hardly one can be decoded
            self.blind_after_s = 2.0

    def air(self):
        return Air(self.rig.camera_port, error_rate=self.rate)


class OtherCamera(Air_):
    """The link leads to another camera, and back."""

    cut = True
    settings = {}
    arguments = ()

    def begin(self):
        self.other = self.rig.other_camera(type(self).__name__.lower(), self.settings, *self.arguments)
        self.rig.link.become(Air(self.other.port), cut=True)

    def end(self):
        super().end()
        self.other.stop()


class SizeChange(OtherCamera):
    """size changes"""

    settings = {"scene": {"traffic": 2}, "encoder": {"width_px": 480, "height_px": 272, "fps": FPS}}


class Dark(OtherCamera):
    """lens covered"""

    blind_after_s = 1.0
    source = ("-f", "lavfi", "-i", f"color=black:s=640x360:r={FPS},noise=alls=6:allf=t")

    def __init__(self, rig, rng):
        super().__init__(rig, rng)
        self.arguments = ("--source", f"file:{make_clip(rig.folder, 'dark', *self.source)}")


class Frozen(OtherCamera):
    """picture frozen"""

    blind_after_s = 2.0

    def __init__(self, rig, rng):
        super().__init__(rig, rng)
        self.arguments = ("--source", f"file:{make_frozen_clip(rig.folder)}")


class ClockStep(Fault):
    """clock steps"""

    disturbs = False

    def __init__(self, rig, rng):
        super().__init__(rig, rng)
        self.reason = rig.why_no_clock_steps()

    def begin(self):
        self.rig.step_clock(self.rng.choice((-3600, -90, 90, 3600)))

    def end(self):
        self.rig.step_clock(0)


class DiskFault(Fault):
    disturbs = False

    def __init__(self, rig, rng):
        super().__init__(rig, rng)
        self.reason = rig.disk.why

    def await_failure(self):
        wait_for(lambda: self.rig.health()["store"]["problem"], "the store's trouble to be told", 30)


class DiskFull(DiskFault):
    """disk full"""

    def begin(self):
        self.rig.disk.fill()

    def end(self):
        self.rig.disk.make_room()


class DiskReadOnly(DiskFault):
    """disk read-only under open files"""

    def begin(self):
        self.rig.disk.fail()
        self.await_failure()

    def end(self):
        wait_for(self.rig.disk.exchange, "the store to let go of the failed disk", 30)


class ChannelFault(Fault):
    disturbs = False


class HostileBroker(ChannelFault):
    """hostile broker"""

    def begin(self):
        self.rig.hostile_broker.forward(None)
        self.rig.broker_link.mend()  # what stands breaks

    def end(self):
        self.rig.hostile_broker.forward(self.rig.broker.port)
        self.rig.broker_link.mend()


class BrokerCut(ChannelFault):
    """broker's network cut"""

    def begin(self):
        self.rig.broker_link.cut()

    def end(self):
        self.rig.broker_link.mend()


class BrokerKilled(ChannelFault):
    """broker killed"""

    def begin(self):
        self.rig.broker.program.stop(signal.SIGTERM)  # Mosquitto keeps its sessions on disk only then

    def end(self):
        self.rig.broker.start()


class MqttProcessKilled(ChannelFault):
    """MQTT process killed"""

    def lasts_s(self):
        return 0.1

    def begin(self):
        if (pid := self.rig.mqtt_process()) is not None:
            os.kill(pid, signal.SIGKILL)


class WebhookAway(ChannelFault):
    """web service away"""

    def begin(self):
        self.rig.webhook.stop()

    def end(self):
        self.rig.webhook.start()


class SubscribersCut(ChannelFault):
    """subscribers' network cut"""

    def begin(self):
        self.rig.network.cut()

    def end(self):
        self.rig.network.mend()


class SlowLoris(Fault):
    """slow-loris"""

    disturbs = False
    each = 150  # connections from each of the addresses

    def begin(self):
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self._drip, daemon=True)
        self.thread.start()

    def _drip(self):
        camera = int(self.rig.camera.wait_for_line(r"component=device msg=listening .*port=(\d+)")[1])
        targets = [(f"127.0.0.{host}", port) for host in (2, 3, 4) for port in (self.rig.port, camera) for _ in range(self.each)]
        held = []
        for address, port in targets:
            if self.ending.is_set():
                break
            link = socket.socket()
            link.settimeout(0.5)
            try:
                link.bind((address, 0))
                link.connect(("127.0.0.1", port))
                link.sendall(b"GET / HTTP/1.1\r\nX: ")
                held.append(link)
            except OSError:
                link.close()
        while not self.ending.wait(0.5):
            for link in held:
                try:
                    link.send(b"x")
                except OSError:
                    pass
        for link in held:
            link.close()

    def end(self):
        self.ending.set()
        self.thread.join()


class ServiceKilled(Fault):
    """rearview killed (-9)"""

    kills = ("rearview",)

    def lasts_s(self):
        return self.rng.uniform(0.1, 2)

    def begin(self):
        self.killed = time.monotonic()
        self.rig.service.stop(signal.SIGKILL)

    def end(self):
        # Its start is the cause's end, not the first answer.
        self.ended = time.monotonic()
        self.rig.start_service()


class CameraKilled(Fault):
    """rearview-camera killed (-9)"""

    kills = ("rearview-camera",)
    blind_after_s = 1.0

    def lasts_s(self):
        return self.rng.uniform(0.1, 4)

    def begin(self):
        self.rig.camera.stop(signal.SIGKILL)

    def end(self):
        self.ended = time.monotonic()
        self.rig.start_camera()


KINDS = [Bursts, Cut, Silence, MidGopJoin, *(lambda rig, rng, rate=rate: BitErrors(rig, rng, rate)
                                             for rate in (1e-6, 1e-5, 1e-4, 1e-3)),
         SizeChange, Dark, Frozen, ClockStep, DiskFull, DiskReadOnly, HostileBroker, BrokerCut, BrokerKilled,
         MqttProcessKilled, WebhookAway, SubscribersCut, SlowLoris, ServiceKilled, CameraKilled]


def deck(rig, seed):
    """Every kind once, in the seed's order, again and again for ever. Each gets its own numbers by its place."""
    rng = random.Random(seed)
    faults = [kind(rig, random.Random(rng.random())) for kind in KINDS]
    while True:
        rng.shuffle(faults)
        yield from faults
