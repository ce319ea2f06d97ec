"""What the page shows after the ride: timeline, events, clips with boxes in step, charts."""

import contextlib
import pathlib
import sqlite3
import unittest

import axe
from clip_page import PLAYABLE, frame_at, largest, saved, seek, wait_for_box, wait_for_no_box
from page_test import CONTRAST, ScriptedService, screenshot
from past_ride import PastRide
from programs import Service
from webdriver import Browser

LISTED = "return document.querySelectorAll('#history-list li').length"
HAVE_SIDECAR = """
const [one] = performance.getEntriesByName(new URL("api/v1/alerts/1/tracks.json", location.href).href);
if (!one?.responseEnd) return false;
window.painted ??= requestAnimationFrame(() => requestAnimationFrame(() => window.painted = "twice"));
return window.painted === "twice";
"""
CHARTS = "return [...document.querySelectorAll('figcaption strong')].map((one) => one.textContent)"
SUM_OF_TABLE = """const rows = document.querySelectorAll('figure')[arguments[0]].querySelectorAll('td');
return [...rows].reduce((sum, cell) => sum + Number(cell.textContent), 0)"""
TOO_WIDE = "return [...document.querySelectorAll('#history *')].filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.tagName + '#' + one.id)"


class HistoryTest(unittest.TestCase):
    def open(self, service, browser, path="#/history", listed=25):
        browser.open(f"{service.address}/{path}")
        browser.wait_for("the list", LISTED + f" === {listed}")

    def test_shows_the_ride_on_phone_and_desk(self):
        source = axe.program()
        for name, width, height, dark in [("phone", 390, 844, False), ("desk-dark", 1280, 800, True)]:
            with self.subTest(name), PastRide() as service, Browser(width, height, dark, mobile=width < 600) as browser:
                self.open(service, browser)
                text = browser.text("#history")
                for words in ("45 min", "17.6 km", "26 km/h\non average", "24\npasses", "close", "Car passed close", "Camera lost", "52 s\nnot watched"):
                    self.assertIn(words, text)
                self.assertEqual(25, browser.run("return document.querySelectorAll('#history-timeline .mark').length"))
                self.assertEqual(["Passes an hour", "Passes a kilometre", "Warning before they passed", "Room they left you"],
                                 browser.run(CHARTS))
                self.assertIn("1.4 a kilometre on average, 1.8 a kilometre and hour", text)
                # Each chart's numbers can be read as a table, and add up.
                self.assertEqual(24, browser.run(SUM_OF_TABLE, 3))
                self.assertAlmostEqual(24, browser.run(SUM_OF_TABLE, 1) * 17.6 / 16, delta=1)
                screenshot(browser, f"{name}-history")
                self.assertEqual([], browser.run(TOO_WIDE))
                self.assertEqual([], browser.run(CONTRAST))
                browser.click("#history-list li:nth-child(2) a")
                browser.wait_for("the clip", PLAYABLE)
                self.assertRegex(browser.text("#history-detail"), r"you rode \d+ km/h · at 48\.\d{5}, 11\.50000")
                screenshot(browser, f"{name}-history-clip")
                self.assertEqual([], browser.run(TOO_WIDE))
                if source:
                    self.assertEqual([], axe.faults(browser, source))

    def test_shows_no_distance_where_none_is_known(self):
        with PastRide() as service, Browser(1280, 800) as browser:
            service.stop()
            with contextlib.closing(sqlite3.connect(service.store / "alerts.db")) as database:
                database.execute("UPDATE rides SET known_s = 60")
                database.commit()
            service.start_again()
            self.open(service, browser)
            self.assertNotIn("km", browser.text("#history-sums"))
            self.assertEqual(["Passes an hour", "Warning before they passed", "Room they left you"], browser.run(CHARTS))

    def test_lists_each_vehicle_once_and_tells_when_it_was_first_told(self):
        rows = """return [...document.querySelectorAll('#history-list li')].map((one) => [
            Number(one.dataset.id), one.querySelector('strong').textContent, one.querySelectorAll('img').length, one.innerText])"""
        with PastRide() as service, Browser(1280, 800) as browser:
            self.open(service, browser)
            alerts = service.alerts()
            passes = {one["id"]: one for one in service.get_json("/api/v1/passes?limit=1000")}
            listed = browser.run(rows)
            self.assertEqual([max(alerts), *sorted(passes, reverse=True)], [one[0] for one in listed])
            for number, title, pictures, text in listed[1:]:
                self.assertRegex(title, "^Car passed (close )?on your (left|right)$")
                self.assertEqual(1, pictures)
                lead, first = passes[number]["lead_s"], alerts[number - 1]["time"]
                told = f"{lead:.1f}" if lead < 10 else str(round(lead))
                self.assertRegex(text, rf"First told \d\d:\d\d:{first[17:19]}, {told} s before it passed")
            # A vehicle is found by each of its alerts, by the address of each, and shown as one.
            self.filter(browser, "vehicle_approaching fast_approach")
            self.assertEqual(24, browser.run(LISTED))
            self.filter(browser, "")
            browser.open(f"{service.address}/#/history/1")
            browser.wait_for("the event", "return document.getElementById('history-title').textContent.includes('passed')")
            self.assertEqual(["2"], browser.run("return [...document.querySelectorAll('#history-list [aria-current]')].map((one) => one.parentElement.dataset.id)"))

    def filter(self, browser, kinds):
        browser.run("const list = document.getElementById('history-kind'); list.value = arguments[0]; list.dispatchEvent(new Event('change'))", kinds)

    def test_what_is_told_now_joins_its_vehicle(self):
        titles = "return [...document.querySelectorAll('#history-list strong')].map((one) => one.textContent)"
        with ScriptedService() as service, Browser(1280, 800) as browser:
            service.say("alert vehicle_approaching right 3", "alert vehicle_approaching left 4")
            self.open(service, browser, listed=2)
            browser.run("document.querySelector('#history-list li:last-child a').focus()")
            service.say("alert fast_approach right 3")
            browser.wait_for("its worse word", titles + ".includes('Car approaching fast on your left')")
            service.say("alert overtake right 3", "alert camera_lost unknown")
            browser.wait_for("the loss", titles + "[0] === 'Camera lost'")
            self.assertEqual(["Camera lost", "Car passed on your left", "Car approaching on your right"], browser.run(titles))
            self.assertIn("came fast", browser.text("#history-list li:nth-child(2)"))
            self.assertEqual("4", browser.run("return document.activeElement.parentElement.dataset.id"), "the focus stays with the vehicle")
            browser.press("Enter", 13, "\r")
            browser.wait_for("the event", "return document.getElementById('history-title').textContent === 'Car passed on your left'")

    def test_says_when_not_all_of_a_vehicle_could_be_deleted(self):
        with ScriptedService() as service, Browser(390, 844, mobile=True) as browser:
            service.say("alert vehicle_approaching right 3", "alert overtake right 3", "open 2")
            self.open(service, browser, "#/history/1", listed=1)
            for _ in range(2):  # the first press asks
                browser.click("#history-delete")
            browser.wait_for("the fault", "return document.getElementById('history-note').textContent.startsWith("
                             "'That did not work: 1 of its 2 alerts could not be deleted: the clip of alert 2 is still being recorded')")
            self.assertTrue(browser.run("const { top, bottom } = document.getElementById('history-note').getBoundingClientRect(); return top >= 0 && bottom <= innerHeight"))
            self.assertEqual("Car passed on your left", browser.text("#history-title"))
            self.assertEqual(1, browser.run(LISTED))

    def test_tears_no_vehicle_in_two_where_the_list_begins(self):
        with ScriptedService() as service, Browser(1280, 800) as browser:
            service.say("alert camera_back unknown", "alert vehicle_approaching right 3", *["alert camera_lost unknown"] * 299, "alert overtake right 3")
            browser.open(f"{service.address}/#/history")
            browser.wait_for("the list", LISTED + " === 300")
            self.assertIn("First told", browser.text("#history-list li:first-child"))

    def test_draws_the_boxes_in_step_with_the_clip(self):
        with PastRide() as service, Browser(1280, 800) as browser:
            self.open(service, browser, "#/history/2")
            frames = service.get_json("/api/v1/alerts/2/tracks.json")["frames"]
            # The snapshot is no picture of the clip: no box of the clip belongs on it.
            browser.wait_for("the sidecar", HAVE_SIDECAR)
            browser.wait_for("the clip", PLAYABLE)
            wait_for_no_box(browser, largest(frames[0]))
            seen = [frame for frame in frames if frame["tracks"]]
            for frame in (seen[5], seen[-5], seen[len(seen) // 2]):
                seek(browser, frame["t_s"])
                wait_for_box(browser, largest(frame))
            browser.click("#history-boxes")
            wait_for_no_box(browser, largest(frame))
            browser.click("#history-boxes")
            # While it plays, the box drawn is the one of the picture shown.
            browser.run("const video = document.getElementById('history-video'); video.currentTime = 0; video.play();")
            browser.wait_for("some of it", "return document.getElementById('history-video').currentTime > arguments[0]", seen[10]["t_s"])
            browser.run("document.getElementById('history-video').pause()")
            at = browser.wait_for("a picture", PLAYABLE + " && v.currentTime")
            seek(browser, at)
            wait_for_box(browser, largest(frame_at(frames, at)))

    def test_filters_locks_and_deletes(self):
        with PastRide() as service, Browser(1280, 800) as browser:
            self.open(service, browser)
            close = sum(one["kind"] == "close_pass" for one in service.alerts().values())
            self.filter(browser, "close_pass")
            self.assertEqual(close, browser.run(LISTED))
            self.assertEqual(close, browser.run("return document.querySelectorAll('#history-timeline .mark').length"))
            self.filter(browser, "")
            browser.click("#history-locked")
            self.assertEqual(0, browser.run(LISTED))
            self.assertIn("Nothing of that kind", browser.text("#history"))
            browser.click("#history-locked")

            browser.click("#history-list li:nth-child(2) a")
            browser.wait_for("the event", "return !document.getElementById('history-event').hidden")
            number = int(browser.run("return location.hash.split('/').at(-1)"))
            browser.click("#history-lock")
            browser.wait_for("the lock", "return document.getElementById('history-lock').textContent === 'Unlock'")
            of_vehicle = [one["id"] for one in service.alerts().values() if one["track_id"] == service.alerts()[number]["track_id"]]
            self.assertEqual(2, len(of_vehicle))
            self.assertTrue(all(service.alerts()[one]["locked"] for one in of_vehicle))
            self.assertTrue(browser.run("return document.getElementById('history-delete').disabled"))
            self.assertIn("Locked", browser.text(f"#history-list li[data-id='{number}']"))
            browser.click("#history-lock")
            # One alert after the other: until the last the vehicle is locked in part.
            browser.wait_for("no lock", "return document.getElementById('history-lock').ariaPressed === 'false'")
            self.assertFalse(any(service.alerts()[one]["locked"] for one in of_vehicle))
            browser.click("#history-delete")
            self.assertIn(number, service.alerts())  # it asks first
            self.assertEqual("Really delete?", browser.text("#history-delete"))
            browser.click("#history-delete")
            browser.wait_for("the list without it", LISTED + " === 24")
            self.assertEqual(47, len(service.alerts()))
            self.assertFalse(service.alerts().keys() & set(of_vehicle))
            self.assertTrue(browser.run("return document.getElementById('history-event').hidden"))

    def test_deletes_a_ride_after_asking(self):
        source = axe.program()
        sure = "return document.getElementById('history-sure').open"
        with PastRide() as service, Browser(390, 844, mobile=True) as browser:
            self.open(service, browser)
            service.ask("PUT", "/api/v1/alerts/2/lock")
            browser.wait_for("why not", "return document.getElementById('history-remove').disabled && document.getElementById('history-kept').textContent.includes('locked')")
            service.ask("DELETE", "/api/v1/alerts/2/lock")
            browser.wait_for("the button", "return !document.getElementById('history-remove').disabled")
            browser.run("document.getElementById('history-remove').focus()")
            browser.press("Enter", 13, "\r")
            browser.wait_for("the question", sure)
            for words in ("08:30", "49 alerts", "24 passes", "Delete ride"):
                self.assertIn(words, browser.text("#history-sure"))
            screenshot(browser, "phone-history-delete-ride")
            self.assertEqual([], browser.run(TOO_WIDE))
            self.assertFalse(browser.run("return document.querySelector('dialog:modal') !== null"), "the state of the road stays in sight")
            if source:
                self.assertEqual([], axe.faults(browser, source))
            browser.press("Escape", 27)
            browser.wait_for("no question", sure.replace("return", "return !"))
            browser.press("Enter", 13, "\r")
            browser.wait_for("the question", sure)
            browser.press("Enter", 13, "\r")  # the focus is on keeping it
            browser.wait_for("no question", sure.replace("return", "return !"))
            self.assertEqual("history-remove", browser.run("return document.activeElement.id"))
            self.assertEqual(49, len(service.alerts()))
            browser.press("Enter", 13, "\r")
            browser.wait_for("the question", sure)
            browser.press("Tab", 9)
            browser.press("Enter", 13, "\r")
            browser.wait_for("no ride", "return document.getElementById('history-ride').innerText === 'No ride yet'")
            self.assertEqual([], service.get_json("/api/v1/rides"))
            self.assertEqual({}, service.alerts())
            self.assertEqual(0, browser.run(LISTED))
            self.assertEqual("H2", browser.run("return document.activeElement.tagName"))
            self.assertFalse(browser.run("return document.getElementById('history-remove').checkVisibility()"))

    def test_shows_what_changed_while_the_service_was_away(self):
        with PastRide() as service, Browser(1280, 800) as browser:
            self.open(service, browser, "#/history/2")
            browser.wait_for("the event", "return document.getElementById('history-lock').textContent === 'Lock'")
            service.stop()
            meanwhile = Service(*service.arguments)
            try:
                for method, path in (("DELETE", "3"), ("DELETE", "4"), ("PUT", "2/lock")):
                    self.assertIn(meanwhile.ask(method, f"/api/v1/alerts/{path}")[0], (200, 204))
            finally:
                meanwhile.stop()
            service.start_again()
            browser.wait_for("the list without it", LISTED + " === 24")
            lock_is = "return document.getElementById('history-lock').getAttribute('aria-pressed') === arguments[0]"
            browser.wait_for("the lock of one of two", lock_is, "mixed")
            self.assertIn("1 of 2 locked", browser.text("#history-list li[data-id='2']"))
            self.assertEqual(204, service.ask("DELETE", "/api/v1/alerts/6")[0])
            browser.wait_for("what is left of another", "return document.querySelector(\"li[data-id='5'] strong\")?.textContent.includes('approaching')")
            self.assertEqual(24, browser.run(LISTED))
            service.ask("PUT", "/api/v1/alerts/1/lock")
            browser.wait_for("the lock", lock_is, "true")
            for number in (1, 2):
                service.ask("DELETE", f"/api/v1/alerts/{number}/lock")
            browser.wait_for("no lock", lock_is, "false")
            service.ask("DELETE", "/api/v1/alerts/1")
            browser.wait_for("the event without its beginning", "return !document.getElementById('history-detail').textContent.includes('First told')")
            service.ask("DELETE", "/api/v1/alerts/2")
            browser.wait_for("the event to go", "return document.getElementById('history-event').hidden")

    def test_saves_what_one_asks_for(self):
        with PastRide() as service, Browser(1280, 800) as browser:
            self.open(service, browser, "#/history/2")
            browser.wait_for("the event", "return !document.getElementById('history-event').hidden")
            browser.wait_for("the ride's file", "return document.getElementById('history-fit').checkVisibility()")
            folder = pathlib.Path(service.folder.name)
            clip = saved(browser, "#history-clip", folder / "rearview-2.mp4")
            self.assertEqual((service.store / "clips" / "1.mp4").read_bytes(), clip)
            picture = saved(browser, "#history-snapshot", folder / "rearview-2.jpg")
            self.assertEqual((service.store / "snapshots" / "2.jpg").read_bytes(), picture)
            self.assertEqual(b".FIT", saved(browser, "#history-fit", folder / "ride-1.fit")[8:12])

    def test_works_by_keyboard(self):
        with PastRide() as service, Browser(1280, 800) as browser:
            self.open(service, browser)
            browser.run("document.querySelector('#history-list a').focus()")
            browser.press("Tab", 9)
            browser.press("Enter", 13, "\r")
            browser.wait_for("the event with the focus", "return document.activeElement.id === 'history-title'")


if __name__ == "__main__":
    unittest.main(verbosity=2)
