"""Pictures of the real page: scripts/screenshots calls this."""

import base64
import json
import pathlib
import signal
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from programs import Camera, Service, wait_for
from receiver import Receiver
from webdriver import Browser

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844, "mobile": True, "scale": 2}
ACROSS = {"width": 844, "height": 390, "mobile": True, "scale": 2}
HISTORY_AFTER_PASSES = 3
NEAR_PX = 75
MOST_TRIES = 30
SHOWS_DANGER = """
return document.body.dataset.look === "danger" && !document.getElementById("state-seconds").hidden
  && document.getElementById("picture-note").hidden && document.getElementById("picture").naturalWidth > 0;
"""
# Light of the scene and of the page: pictures as (name, browser, moment).
PICTURES = {
    "day": [
        ("page", DESKTOP, "danger"), ("page-quiet", DESKTOP, "clear"), ("page-phone", PHONE, "danger"),
        ("page-phone-quiet", PHONE, "clear"), ("page-phone-across", ACROSS, "danger"),
        ("history", DESKTOP, "history"), ("history-phone", PHONE, "event"), ("settings-phone", PHONE, "settings")],
    "night": [
        ("page-night", DESKTOP, "danger"), ("page-phone-night", PHONE, "danger"), ("page-night-quiet", DESKTOP, "clear"),
        ("page-phone-night-quiet", PHONE, "clear")],
}


def whole(track):
    """It is a threat that is seen, from its left to its right."""
    box = track["box"]
    return track["threat"] and not track["unseen_s"] and box["x"] > 4 and box["x"] + box["w"] < 636


def near(track):
    """It can be recognised on a small picture, wholly, and isn't beside us yet."""
    return whole(track) and track["box"]["w"] > NEAR_PX and 0.6 < (track["ttc_s"] or 0) < 3


def reached(analysis, moment):
    """danger: a vehicle that is seen to be near; clear: nobody."""
    if moment == "clear":
        return analysis["road"] == "clear"
    return analysis["road"] == "danger" and any(near(track) for track in analysis["tracks"])


def wait_for_moment(service, moment):
    """A quiet road has to last, so that the picture shows it too."""
    begun = None
    for event, _, analysis in service.events("/api/v1/events?analysis=1"):
        if event != "analysis":
            continue
        if not reached(analysis, moment):
            begun = None
            continue
        begun = analysis["t_s"] if begun is None else begun
        if moment != "clear" or analysis["t_s"] - begun > 1:
            return


def catch_danger(camera, service, page):
    """A picture of the page while a vehicle is near: the camera is held until it is taken."""
    for _ in range(MOST_TRIES):
        wait_for_moment(service, "danger")
        camera.process.send_signal(signal.SIGSTOP)
        try:
            shot = picture(page)
            if page.run(SHOWS_DANGER):  # it was quick enough
                return shot
        finally:
            camera.process.send_signal(signal.SIGCONT)
        service.wait_for_state("live")
    raise AssertionError(f"the page did not show a danger in {MOST_TRIES} tries")


def picture(page):
    return base64.b64decode(page.devtools("Page.captureScreenshot", format="jpeg", quality=88)["data"])


def show_past(service, page, moment):
    """The list, or the last pass that has a clip, in the middle of it."""
    wait_for(lambda: len(service.get_json("/api/v1/passes")) >= HISTORY_AFTER_PASSES, "passes", deadline_s=400)
    page.open(f"http://127.0.0.1:{service.port}/#/history")
    page.wait_for("the pictures", "const all = [...document.querySelectorAll('#history-list img')].slice(0, 4);"
                                  "return all.length > 3 && all.every((one) => one.complete && one.naturalWidth > 0)")
    if moment == "event":
        number = next(a["id"] for a in reversed(service.get_json("/api/v1/alerts?limit=1000"))
                      if a["has_clip"] and a["level"] != "info")
        page.open(f"http://127.0.0.1:{service.port}/#/history/{number}")
        page.run("document.getElementById('history-video').controls = false")
        frames = service.get_json(f"/api/v1/alerts/{number}/tracks.json")["frames"]
        largest = max(frames, key=lambda frame: max((t["box"]["w"] for t in frame["tracks"] if whole(t)), default=0))
        page.wait_for("the clip", "const v = document.getElementById('history-video'); if (v.readyState < 2) return false;"
                                  "v.currentTime = arguments[0] + 0.001; return true", largest["t_s"])
        page.wait_for("its picture", "const v = document.getElementById('history-video'); return !v.seeking && v.readyState > 1")


def take(folder, light, pictures):
    with tempfile.TemporaryDirectory() as scratch:
        camera_config, config = pathlib.Path(scratch, "camera.json"), pathlib.Path(scratch, "rearview.json")
        camera_config.write_text(json.dumps({"scene": {"seed": 7, "light": light, "traffic": 0.6}}))
        camera = Camera("--config", str(camera_config), "--source", "scene")
        gpsd = Receiver(pathlib.Path(scratch), pause_s=1 / 3)
        config.write_text(json.dumps({"store": {"folder": scratch}, "gps": {"enabled": True, "port": gpsd.port}, "cameras": [{"url": camera.url, "signal_timeout_ms": 10000}]}))
        service = Service("--config", str(config))
        try:
            service.wait_for_state("live")
            for name, browser, moment in pictures:
                with Browser(**browser, dark=light == "night") as page:
                    page.open(f"http://127.0.0.1:{service.port}/" + ("#/settings" if moment == "settings" else ""))
                    if moment in ("history", "event"):
                        show_past(service, page, moment)
                    elif moment == "settings":
                        page.wait_for("the settings", "return document.querySelectorAll('#settings .card').length > 3"
                                      " && document.body.dataset.look !== 'lost'")
                    elif moment == "clear":
                        wait_for_moment(service, moment)
                    shot = catch_danger(camera, service, page) if moment == "danger" else picture(page)
                    file = folder / f"{name}.jpg"
                    file.write_bytes(shot)
                    print(file, flush=True)
        finally:
            service.stop()
            gpsd.stop()
            camera.stop()


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    wanted = sys.argv[2:]
    for light, pictures in PICTURES.items():
        chosen = [one for one in pictures if not wanted or one[0] in wanted]
        if chosen:
            take(folder, light, chosen)


if __name__ == "__main__":
    main()
