"""What the page shows after the ride: timeline, events, clips with boxes in step, charts."""

import os
import unittest

import axe
from page_test import CONTRAST, screenshot
from ride_service import CLIP_S, WIDTH, RideService, box_at
from webdriver import Browser

LISTED = "return document.querySelectorAll('#history-list li').length"
# How much is drawn over the clip at a place of the picture, in its own pixels.
DRAWN_AT = """
const canvas = document.querySelector(".clip canvas");
const [x, y] = arguments;
const scale = canvas.width / 640;
const part = canvas.getContext("2d").getImageData(Math.round((x - 3) * scale), Math.round(y * scale), Math.round(6 * scale), 1).data;
return Math.max(...part.filter((_, i) => i % 4 === 3));
"""
SEEK = "const video = document.getElementById('history-video'); video.pause(); video.currentTime = arguments[0];"
SOUGHT = "const video = document.getElementById('history-video'); return !video.seeking && video.readyState > 1 && Math.abs(video.currentTime - arguments[0]) < 0.01"
TOO_WIDE = "return [...document.querySelectorAll('#history *')].filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.tagName + '#' + one.id)"


class HistoryTest(unittest.TestCase):
    def open(self, service, browser, path="#/history", listed=49):
        browser.open(f"{service.address}/{path}")
        browser.wait_for("the list", LISTED + f" === {listed}")

    def test_shows_the_ride_on_phone_and_desk(self):
        source = axe.program()
        for name, width, height, dark in [("phone", 390, 844, False), ("desk-dark", 1280, 800, True)]:
            with self.subTest(name), RideService() as service, Browser(width, height, dark, mobile=width < 600) as browser:
                self.open(service, browser)
                text = browser.text("#history")
                for words in ("45 min", "24\npasses", "close", "Car passed close", "Camera lost"):
                    self.assertIn(words, text)
                self.assertEqual(49, browser.run("return document.querySelectorAll('#history-timeline .mark').length"))
                self.assertEqual(["Passes an hour", "Warning before they passed", "Room they left you"],
                                 browser.run("return [...document.querySelectorAll('figcaption strong')].map((one) => one.textContent)"))
                # Each chart's numbers can be read as a table, and add up.
                self.assertEqual(24, browser.run("""const rows = document.querySelectorAll('figure')[2].querySelectorAll('td');
                    return [...rows].reduce((sum, cell) => sum + Number(cell.textContent), 0)"""))
                screenshot(browser, f"{name}-history")
                self.assertEqual([], browser.run(TOO_WIDE))
                self.assertEqual([], browser.run(CONTRAST))
                browser.click("#history-list li:nth-child(2) a")
                browser.wait_for("the clip", SOUGHT.replace("&& Math.abs(video.currentTime - arguments[0]) < 0.01", ""))
                screenshot(browser, f"{name}-history-clip")
                self.assertEqual([], browser.run(TOO_WIDE))
                if source:
                    self.assertEqual([], axe.faults(browser, source))

    def test_draws_the_boxes_in_step_with_the_clip(self):
        with RideService() as service, Browser(1280, 800) as browser:
            self.open(service, browser, "#/history/2")
            for second in (1.0, 4.0, 2.52):
                browser.wait_for("the clip", "return document.getElementById('history-video').readyState > 0")
                browser.run(SEEK, second)
                browser.wait_for("the place", SOUGHT, second)
                box = box_at(second)
                browser.wait_for("the box", DRAWN_AT.replace("return Math", "return 99 < Math"), box["x"], box["y"] + 30)
                self.assertEqual(0, browser.run(DRAWN_AT, box["x"] + 40, box["y"] + 30))
            browser.click("#history-boxes")
            browser.wait_for("no boxes", DRAWN_AT.replace("return Math", "return 0 === Math"), box["x"], box["y"] + 30)
            browser.click("#history-boxes")
            # While it plays, the box drawn is the one of the picture shown.
            browser.run("const video = document.getElementById('history-video'); video.currentTime = 0; video.play();")
            browser.wait_for("its end", "return document.getElementById('history-video').currentTime > 3")
            browser.run("document.getElementById('history-video').pause()")
            at = browser.wait_for("a picture", "const v = document.getElementById('history-video'); return !v.seeking && v.currentTime")
            browser.run(SEEK, at)
            browser.wait_for("the box", DRAWN_AT.replace("return Math", "return 99 < Math"), box_at(int(at * 25) / 25)["x"], 130)

    def test_filters_locks_and_deletes(self):
        with RideService() as service, Browser(1280, 800) as browser:
            self.open(service, browser)
            close = sum(one["kind"] == "close_pass" for one in service.alerts.values())
            browser.run("const list = document.getElementById('history-kind'); list.value = 'close_pass'; list.dispatchEvent(new Event('change'))")
            self.assertEqual(close, browser.run(LISTED))
            self.assertEqual(close, browser.run("return document.querySelectorAll('#history-timeline .mark').length"))
            browser.run("const list = document.getElementById('history-kind'); list.value = ''; list.dispatchEvent(new Event('change'))")
            browser.click("#history-locked")
            self.assertEqual(0, browser.run(LISTED))
            self.assertIn("Nothing of that kind", browser.text("#history"))
            browser.click("#history-locked")

            browser.click("#history-list li:nth-child(2) a")
            browser.wait_for("the event", "return !document.getElementById('history-event').hidden")
            number = int(browser.run("return location.hash.split('/').at(-1)"))
            browser.click("#history-lock")
            browser.wait_for("the lock", "return document.getElementById('history-lock').textContent === 'Unlock'")
            self.assertTrue(service.alerts[number]["locked"])
            self.assertTrue(browser.run("return document.getElementById('history-delete').disabled"))
            self.assertIn("Locked", browser.text(f"#history-list li[data-id='{number}']"))
            browser.click("#history-lock")
            browser.wait_for("no lock", "return document.getElementById('history-lock').textContent === 'Lock'")
            browser.click("#history-delete")
            self.assertIn(number, service.alerts)  # it asks first
            self.assertEqual("Really delete?", browser.text("#history-delete"))
            browser.click("#history-delete")
            browser.wait_for("the list without it", LISTED + " === 48")
            self.assertNotIn(number, service.alerts)
            self.assertTrue(browser.run("return document.getElementById('history-event').hidden"))

    def test_saves_what_one_asks_for(self):
        with RideService() as service, Browser(1280, 800) as browser:
            self.open(service, browser, "#/history/2")
            browser.wait_for("the event", "return !document.getElementById('history-event').hidden")
            browser.wait_for("the ride's file", "return document.getElementById('history-fit').checkVisibility()")
            for name, path in [("clip", "api/v1/alerts/2/clip.mp4"), ("snapshot", "api/v1/alerts/2/snapshot.jpg"), ("fit", "api/v1/rides/1/ride.fit")]:
                self.assertEqual(f"{service.address}/{path}", browser.run(f"return document.getElementById('history-{name}').href"))
                self.assertTrue(browser.run(f"return document.getElementById('history-{name}').hasAttribute('download')"))

    def test_works_by_keyboard(self):
        with RideService() as service, Browser(1280, 800) as browser:
            self.open(service, browser)
            browser.run("document.querySelector('#history-list a').focus()")
            browser.press("Tab", 9)
            browser.press("Enter", 13, "\r")
            browser.wait_for("the event with the focus", "return document.activeElement.id === 'history-title'")


if __name__ == "__main__":
    unittest.main(verbosity=2)
