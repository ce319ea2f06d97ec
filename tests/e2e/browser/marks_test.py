"""What a rider can say on the page: what an alert was worth, and that one was missed."""

import unittest

import axe
from clip_page import PLAYABLE, seek
from history_test import LISTED, TOO_WIDE
from page_test import CONTRAST, ScriptedService, screenshot
from past_ride import PastRide
from webdriver import Browser

PRESSED = "return [...document.querySelectorAll('#history-verdict button')].map((one) => one.ariaPressed)"
SMALL = """return [...document.querySelectorAll('#history-verdict button, #missed')].filter((one) => one.checkVisibility())
    .map((one) => one.getBoundingClientRect()).filter(({ width, height }) => height < 44 || width < 44).length"""
MISSED = "return [...document.querySelectorAll('#history-missed li')].map((one) => one.innerText)"


class MarksTest(unittest.TestCase):
    def open(self, service, browser, path):
        browser.open(f"{service.address}/{path}")
        browser.wait_for("the event", "return !document.getElementById('history-event').hidden")
        browser.wait_for("the list", LISTED + " > 0")

    def marks(self, service, *ids):
        return [service.alerts()[one]["mark"] for one in ids]

    def test_a_vehicles_alerts_are_marked_by_one_press_and_taken_back_by_another(self):
        source = axe.program()
        for name, width, height, dark in [("phone", 390, 844, False), ("desk-dark", 1280, 800, True)]:
            with self.subTest(name), PastRide() as service, Browser(width, height, dark, mobile=width < 600) as browser:
                self.open(service, browser, "#/history/2")
                self.assertEqual(["false"] * 3, browser.run(PRESSED))
                browser.click("[data-mark=late]")
                browser.wait_for("the mark", PRESSED + ".join() === 'false,true,false'")
                self.assertEqual(["late", "late"], self.marks(service, 1, 2))
                self.assertIn("Marked too late", browser.text("#history-list li[data-id='2']"))
                self.assertEqual(0, browser.run(SMALL))
                self.assertEqual([], browser.run(TOO_WIDE))
                self.assertEqual([], browser.run(CONTRAST))
                screenshot(browser, f"{name}-history-marked")
                if source:
                    self.assertEqual([], axe.faults(browser, source))
                browser.click("[data-mark=late]")
                browser.wait_for("no mark", PRESSED + ".join() === 'false,false,false'")
                self.assertEqual([None, None], self.marks(service, 1, 2))

    def test_marks_work_by_keyboard_and_show_on_another_page(self):
        with PastRide() as service, Browser(1280, 800) as browser, Browser(390, 844, mobile=True) as other:
            for one in (browser, other):
                self.open(service, one, "#/history/2")
            browser.run("document.querySelector('[data-mark=wrong]').focus()")
            browser.press("Enter", 13, "\r")
            for one in (browser, other):
                one.wait_for("the mark", PRESSED + ".join() === 'false,false,true'")
            self.assertEqual("wrong", browser.run("return document.activeElement.dataset.mark"), "the focus stays")
            # Of one alert by another program: the vehicle is marked in part.
            service.ask("DELETE", "/api/v1/alerts/1/mark")
            for one in (browser, other):
                one.wait_for("part of it", PRESSED + ".join() === 'false,false,mixed'")

    def test_alerts_of_no_vehicle_have_no_buttons(self):
        with PastRide() as service, Browser(1280, 800) as browser:
            self.open(service, browser, f"#/history/{max(service.alerts())}")
            self.assertEqual("Camera lost", browser.text("#history-title"))
            self.assertTrue(browser.run("return document.getElementById('history-verdict').hidden"))

    def test_a_missed_vehicle_is_noted_where_a_clip_shows_it_and_at_any_time(self):
        with PastRide() as service, Browser(390, 844, mobile=True) as browser, Browser(1280, 800) as other:
            for one in (browser, other):
                self.open(service, one, "#/history/2")
                self.assertEqual([], one.run(MISSED))
            browser.wait_for("the clip", PLAYABLE)
            seek(browser, 1)
            browser.click("#history-miss")
            for one in (browser, other):
                self.assertIn("There is a clip of it.", one.wait_for("the moment", MISSED + ".join()"))
            browser.wait_for("what came of it", "return document.getElementById('history-miss').textContent === 'Noted'")
            moment = service.get_json("/api/v1/missed")[0]
            self.assertEqual(service.get("/api/v1/alerts/2/clip.mp4")[2], service.get(f"/api/v1/missed/{moment['id']}/clip.mp4")[2])
            self.assertEqual(f"{service.address}/api/v1/missed/{moment['id']}/clip.mp4", browser.run("return document.querySelector('#history-missed li a').href"))

            ride = service.get_json("/api/v1/rides")[0]
            browser.run("""const { at, note } = document.querySelector('#history-missed form').elements;
                const time = new Date(Date.parse(arguments[0]) + 30_000);
                at.value = [time.getHours(), time.getMinutes(), time.getSeconds()].map((one) => String(one).padStart(2, '0')).join(':');
                note.value = 'a white van';""", ride["start"])
            browser.click("#history-missed form button")
            browser.wait_for("both", MISSED + ".length === 2")
            self.assertRegex(browser.run(MISSED)[0], r"a white van\s+There is no footage of it\.")
            self.assertEqual("", browser.run("return document.querySelector('#history-missed form').elements.note.value"))
            self.assertEqual([], browser.run(TOO_WIDE))
            browser.click("#history-missed li button")
            for one in (browser, other):
                one.wait_for("one of them", MISSED + ".length === 1")
            self.assertEqual([moment["id"]], [one["id"] for one in service.get_json("/api/v1/missed")])

    def test_a_vehicle_is_missed_just_now(self):
        source = axe.program()
        button = "return document.getElementById('missed').textContent"
        for width, height in ((390, 844), (844, 390), (1280, 800)):
            with self.subTest(width=width), ScriptedService() as service, Browser(width, height, mobile=width < 1000) as browser:
                service.say("ride 1", "road clear")
                browser.open(service.address)
                browser.wait_for("the road", "return document.getElementById('state-word').textContent === 'Clear'")
                self.assertEqual("Missed a vehicle", browser.run(button))
                self.assertEqual(0, browser.run(SMALL))
                self.assertEqual([], browser.run(CONTRAST))
                if source:
                    self.assertEqual([], axe.faults(browser, source))
                browser.click("#missed")
                browser.wait_for("what came of it", button + " === 'Noted, no footage'")
                browser.wait_for("its words again", button + " === 'Missed a vehicle'")
                service.say("disk full")
                browser.wait_until("the disk's trouble", lambda: browser.click("#missed") or browser.run(button) == "Not noted")
                self.assertIn("full", browser.run("return document.getElementById('missed').title"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
