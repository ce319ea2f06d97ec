"""Pictures of the real page: scripts/screenshots calls this."""

import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from programs import Camera, Service
from webdriver import Browser

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844, "mobile": True, "scale": 2}
PICTURES = [
    # name, light, browser, the moment
    ("page", "day", DESKTOP, "danger"),
    ("page-quiet", "day", DESKTOP, "clear"),
    ("page-phone", "day", PHONE, "danger"),
    ("page-phone-night", "night", {**PHONE, "dark": True}, "danger"),
]


def reached(analysis, moment):
    """danger: a vehicle that can be recognised on the picture; clear: nobody."""
    if moment == "clear":
        return analysis["road"] == "clear"
    return analysis["road"] in ("approaching", "danger") and any(
        t["threat"] and t["box"]["w"] > 60 and (t["ttc_s"] or 9) < 3.5 for t in analysis["tracks"])


def take(folder, name, light, browser, moment):
    with tempfile.TemporaryDirectory() as scratch:
        config = pathlib.Path(scratch, "camera.json")
        config.write_text(json.dumps({"scene": {"seed": 7, "light": light}}))
        camera = Camera("--config", str(config), "--source", "scene")
        service = Service("--camera", camera.url)
        try:
            service.wait_for_state("live")
            with Browser(**browser) as page:
                page.open(f"http://127.0.0.1:{service.port}/")
                for event, _, analysis in service.events("/api/v1/events?analysis=1"):
                    if event == "analysis" and reached(analysis, moment):
                        break
                page.screenshot(folder / f"{name}.png")
        finally:
            service.stop()
            camera.stop()
    print(folder / f"{name}.png", flush=True)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    wanted = sys.argv[2:] or [name for name, *_ in PICTURES]
    for name, *rest in PICTURES:
        if name in wanted:
            take(folder, name, *rest)


if __name__ == "__main__":
    main()
