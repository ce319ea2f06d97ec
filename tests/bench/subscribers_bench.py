"""Many subscribers and viewers at one service: how late messages and pictures reach them, and what it costs.

REARVIEW_BIN=build/release/bin tests/bench/subscribers_bench.py [--subscribers N] [--viewers N] [--seconds S]
    [--tls]            the service over HTTPS as well
    [--nginx FOLDER]   where nginx and its module nchan are: / or where their packages were unpacked

Beside it, with the same clients and the same camera: nginx with nchan, which gets the messages that the
service sent, at their pace; and GStreamer, which decodes the camera's stream and sends JPEGs.
Prints tables; asserts nothing.
"""

import argparse
import json
import os
import pathlib
import resource
import ssl
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

from crowd import Place, run_round
from peers import GStreamer, Nchan, Replay
from programs import Camera, Service
from throwaway_ca import ThrowawayCa


def spread(delays):
    delays = sorted(delays)
    at = lambda share: delays[int(share * (len(delays) - 1))]
    return f"p50 {at(0.5):6.1f} ms   p95 {at(0.95):6.1f} ms   most {delays[-1]:6.1f} ms   ({len(delays)})" if delays else "none came"


def show(rounds, name_of_messages, name_of_pictures):
    """The last of the rounds, which is the fullest, and what all cost."""
    full = rounds[-1]
    for kind, delays in full.delays.items():
        if delays:
            print(f"  {name_of_messages:<16} {kind:<10} sent to received          {spread(delays)}")
    if full.viewers:
        print(f"  {name_of_pictures:<16} picture    drawn to received         {spread(full.ages)}")
        print(f"  {'':<16}            first viewer to each      {spread(full.behind)}")
        print(f"  {'':<16}            {len(full.behind) / full.viewers / full.passed:.1f} a second each, {full.picture_bytes / 1000:.1f} kB each")
    for name in full.cpu:
        each = "   ".join(f"{one.subscribers} + {one.viewers}: {100 * one.cpu[name] / one.passed:5.1f} %" for one in rounds)
        print(f"  {name:<16} CPU of a core with subscribers + viewers   {each}")
    if full.lost:
        print(f"  {full.lost} clients were closed")


def cost_us(more, less, thread, count):
    """Of one delivery, in the thread that sends."""
    deliveries = count(more) - count(less)
    return f"{1e6 * (more.threads[thread] - less.threads[thread]) / deliveries:6.1f} us" if deliveries > 0 else "none came"


def show_cost(name, rounds, messages, pictures):
    one, subscribed, full = rounds
    if messages:
        print(f"  {name[0]:<16} a message to one subscriber  {cost_us(subscribed, one, messages, lambda r: sum(map(len, r.delays.values())))}")
    if pictures:
        print(f"  {name[1]:<16} a picture to one viewer      {cost_us(full, subscribed, pictures, lambda r: len(r.behind))}")


def rounds_of(options, *rest):
    crowds = ((1, 1), (options.subscribers, 1), (options.subscribers, options.viewers))
    events, pictures, programs, threads = rest
    return [run_round(events, subscribers, pictures, viewers, options.seconds, programs, threads) for subscribers, viewers in crowds]


def measure_service(camera, options, folder=None):
    """folder: to keep a certificate in, for HTTPS; plain HTTP without it."""
    tls, arguments = None, []
    if folder:
        ca = ThrowawayCa(folder)
        tls = ssl.create_default_context(cafile=ca.ca)
        config = pathlib.Path(folder, "rearview.json")
        config.write_text(json.dumps({"serve": {"tls": {"cert_file": str(ca.cert), "key_file": str(ca.key)}}}))
        arguments = ["--config", str(config)]
    service = Service("--camera", camera.url, *arguments)
    try:
        service.wait_for_state("live")
        events, pictures = (Place(service.port, path, tls) for path in ("/api/v1/events", "/api/v1/cameras/rear/stream.mjpg"))
        return rounds_of(options, events, pictures, {"rearview serve": service}, {"send": (service, "io")})
    finally:
        service.stop()


def measure_peers(camera, options, recorded, folder):
    missing = {"nginx with nchan": Nchan.missing(options.nginx), "GStreamer": GStreamer.missing()}
    for name, what in missing.items():
        if what:
            print(f"{name} is not measured: {what} (scripts/bench gets it)")
    nchan = None if missing["nginx with nchan"] else Nchan(options.nginx, folder)
    gstreamer = None if missing["GStreamer"] else GStreamer(camera)
    running = {name: program for name, program in (("nginx, nchan", nchan), ("GStreamer", gstreamer)) if program}
    if not running:
        return None
    replay = Replay(nchan.events.port, recorded, options.seconds) if nchan else None
    threads = {"send messages": (nchan, "nginx")} if nchan else {}
    if gstreamer:
        threads["send pictures"] = (gstreamer, GStreamer.SENDER)
    try:
        return rounds_of(options, nchan and nchan.events, gstreamer and gstreamer.pictures, running, threads)
    finally:
        if replay:
            replay.stop()
        for program in running.values():
            program.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--subscribers", type=int, default=200)
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--nginx", default="/")
    parser.add_argument("--tls", action="store_true")
    options = parser.parse_args()
    need = options.subscribers + options.viewers + 100
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < need:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(need, hard), hard))
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # nginx's worker is another user when this one is root
        config = pathlib.Path(folder, "camera.json")
        config.write_text(json.dumps({"scene": {"time_code": True}}))
        camera = Camera("--config", str(config), "--source", "scene")
        try:
            own = measure_service(camera, options)
            over_tls = measure_service(camera, options, folder) if options.tls else None
            peers = measure_peers(camera, options, own[-1].recorded, folder)
        finally:
            camera.stop()
    print(f"{options.subscribers} subscribers of events and {options.viewers} viewers of pictures at once, {options.seconds:.0f} s; "
          f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("rearview serve (decodes, analyses, draws what it found, encodes, sends)")
    show(own, "rearview serve", "rearview serve")
    if over_tls:
        print("The same over HTTPS")
        show(over_tls, "rearview serve", "rearview serve")
    if peers:
        print("Peers (nginx gets the same messages from a publisher, whose POST is part of the delay;\n"
              "       GStreamer decodes, encodes, sends; it neither analyses nor draws, and speaks no HTTP)")
        show(peers, "nginx, nchan", "GStreamer")
    print("CPU of the sending thread alone, for each delivery")
    show_cost(("rearview serve",) * 2, own, "send", "send")
    if over_tls:
        show_cost(("over HTTPS",) * 2, over_tls, "send", "send")
    if peers:
        show_cost(("nginx, nchan", "GStreamer"), peers, "send messages" if "send messages" in peers[-1].threads else None,
                  "send pictures" if "send pictures" in peers[-1].threads else None)


if __name__ == "__main__":
    main()
