"""The web page in a real browser: does it show what happens, and admit it when it can't know?

Environment: REARVIEW_BIN, the folder of scripted_service. Screenshots go to REARVIEW_SCREENS, if
set.
"""

import json
import os
import pathlib
import signal
import sys
import unittest

import axe
from webdriver import ELSEWHERE, TO_ELSEWHERE, Browser

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "serve"))
from scripted import ScriptedService  # noqa: E402

SCREENS = os.environ.get("REARVIEW_SCREENS")

STATE_IS = "return document.body.dataset.look === arguments[0]"
WORD_IS = "return document.getElementById('state-word').textContent === arguments[0]"

# The colours of each text and of what lies behind it, as far as the page's boxes tell.
CONTRAST = """
const parse = (text) => {
  const numbers = text.match(/[\\d.]+/g).map(Number);
  return { rgb: numbers.slice(0, 3), alpha: numbers.length > 3 ? numbers[3] : 1 };
};
const luminance = (rgb) => {
  const [r, g, b] = rgb.map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = parse(getComputedStyle(at).backgroundColor);
    if (colour.alpha > 0.6) return colour.rgb;
  }
  return parse(getComputedStyle(document.documentElement).backgroundColor).rgb;
};
const poor = [];
for (const element of document.querySelectorAll("h1, h2, p, span, strong, time, button, label")) {
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  if (!own || !element.checkVisibility() || element.closest(".unseen, noscript, .picture")) continue;
  const a = luminance(parse(getComputedStyle(element).color).rgb);
  const b = luminance(behind(element));
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) poor.push(`${element.tagName} "${element.textContent}" ${ratio.toFixed(2)}`);
}
return poor;
"""

# What lies outside the window or is cut off, and what one can press that is too small for a thumb.
LAYOUT = """
const faults = [];
const wide = document.documentElement.scrollWidth, tall = document.documentElement.scrollHeight;
if (wide > innerWidth) faults.push(`page is ${wide} wide in ${innerWidth}`);
if (tall > innerHeight) faults.push(`page is ${tall} tall in ${innerHeight}`);
for (const id of ["state-word", "state-detail", "state-seconds", "sound", "picture", "radar"]) {
  const element = document.getElementById(id);
  if (!element.checkVisibility()) continue;
  const box = element.getBoundingClientRect();
  if (box.left < -1 || box.top < -1 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1)
    faults.push(`${id} reaches outside`);
  if (element.scrollWidth > element.clientWidth + 2 && element.clientWidth > 0)
    faults.push(`${id} is cut off`);
}
const over = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
const seconds = document.getElementById("state-seconds");
if (!seconds.hidden) {
  const range = document.createRange();
  range.selectNodeContents(document.getElementById("state-word"));
  if (over(seconds.getBoundingClientRect(), range.getBoundingClientRect())) faults.push("the seconds cover the word");
}
for (const button of document.querySelectorAll("button, select")) {
  const box = button.getBoundingClientRect();
  if (button.checkVisibility() && (box.height < 44 || box.width < 44)) faults.push(`${button.id} is small`);
}
for (const words of document.querySelectorAll("nav span, #sound span, .alerts-head *")) {
  const box = words.getBoundingClientRect(), room = words.closest("nav a, #sound, .alerts").getBoundingClientRect();
  if (words.checkVisibility() && (box.left < room.left - 1 || box.right > room.right + 1)) faults.push(`"${words.textContent}" is cut off`);
}
return faults;
"""

PIXELS = """
const image = document.getElementById("picture");
const canvas = document.createElement("canvas");
canvas.width = 64; canvas.height = 36;
const pen = canvas.getContext("2d");
pen.drawImage(image, 0, 0, 64, 36);
return image.naturalWidth ? [...pen.getImageData(0, 0, 64, 36).data] : null;
"""


def screenshot(browser, name):
    if SCREENS:
        os.makedirs(SCREENS, exist_ok=True)
        browser.screenshot(os.path.join(SCREENS, name + ".png"))


class PageTest(unittest.TestCase):
    def assert_quiet(self, browser, address):
        """No message in the console, and nothing asked of anybody but the service."""
        self.assertEqual([], [entry["message"] for entry in browser.log("browser")])
        for entry in browser.log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = message["params"]["request"]["url"]
                self.assertTrue(url.startswith((address, "data:", "about:", "chrome:")), url)

    def test_shows_the_road_in_every_size_and_light(self):
        for name, width, height, dark, mobile in [
                ("phone", 390, 844, False, True), ("phone-dark", 390, 844, True, True),
                ("phone-small", 320, 568, False, True), ("phone-across", 844, 390, True, True),
                ("desk", 1280, 800, False, False), ("desk-dark", 1280, 800, True, False)]:
            with self.subTest(name), ScriptedService() as service, \
                    Browser(width, height, dark, mobile) as browser:
                browser.open(service.address)
                for road, vehicles, word in [
                        ("clear", 0, "Clear"), ("following", 1, "Car behind"),
                        ("approaching", 3, "Approaching"), ("danger", 8, "Danger"),
                        ("blind", 0, "Camera blind"), ("unknown", 0, "Not judged yet"), ("no_signal", 0, "No signal")]:
                    service.say(f"vehicles {vehicles}", f"road {road}")
                    browser.wait_for(word, WORD_IS, word)
                    if road == "danger":
                        service.say("alert vehicle_approaching left", "alert fast_approach right",
                                    "alert overtake right")
                        browser.wait_for("alerts", "return document.querySelectorAll('#alerts li').length === 3")
                        browser.wait_for("the highlight to pass", "return document.getAnimations()"
                                         ".every((one) => one.animationName !== 'arrive')")
                    browser.wait_for("a picture", "return document.getElementById('picture').naturalWidth === 640")
                    screenshot(browser, f"{name}-{road}")
                    self.assertEqual([], browser.run(LAYOUT), road)
                    self.assertEqual([], browser.run(CONTRAST), road)
                    if road == "following":
                        self.assertRegex(browser.text("#state-detail"), r"^On your left · \d+ m$")
                self.assert_quiet(browser, service.address)

    def test_everybody_can_use_it(self):
        source = axe.program()
        if source is None:
            self.skipTest("axe-core is not installed: scripts/setup fetches it")
        for name, width, height, dark in [("phone", 390, 844, False), ("desk-dark", 1280, 800, True)]:
            with ScriptedService() as service, Browser(width, height, dark, mobile=width < 600) as browser:
                service.say("alert vehicle_approaching left", "alert fast_approach right", "alert overtake right")
                for view, ready in [("live", "return document.querySelectorAll('#alerts li').length === 3"),
                                    ("settings", "return ['cameras', 'service'].every((part) => "
                                     "document.querySelector(`#settings-${part} .card`) !== null)")]:
                    browser.open(f"{service.address}/#/{view}")
                    browser.wait_for("the view", ready)
                    for road, vehicles in [("clear", 0), ("approaching", 3), ("danger", 8), ("no_signal", 0)][-4 if view == "live" else -1:]:
                        with self.subTest(name, view=view, road=road):
                            service.say(f"vehicles {vehicles}", f"road {road}")
                            browser.wait_for(road, STATE_IS, "lost" if road == "no_signal" else road)
                            self.assertEqual([], axe.faults(browser, source))

    def test_settings_that_cannot_be_read_are_asked_for_again_at_a_pace(self):
        with ScriptedService() as service, Browser(390, 844) as browser:
            browser.devtools("Network.setBlockedURLs", urls=["*/api/v1/config"])
            browser.open(f"{service.address}/#/settings")
            asked_s = []

            def asked():
                for entry in browser.log("performance"):
                    message = json.loads(entry["message"])["message"]
                    if message["method"] == "Network.requestWillBeSent" and \
                            message["params"]["request"]["url"].endswith("/api/v1/config"):
                        asked_s.append(message["params"]["timestamp"])
                return len(asked_s) >= 3
            browser.wait_until("three tries", asked)
            # Timers never go off early, however slow the machine is.
            self.assertGreater(asked_s[2] - asked_s[0], 3)
            browser.devtools("Network.setBlockedURLs", urls=[])
            browser.wait_for("the settings", "return document.querySelector('#settings-service .card') !== null")

    def test_a_road_that_is_not_clear_yet_names_no_vehicle(self):
        with ScriptedService() as service, Browser(390, 844) as browser:
            service.say("vehicles 1", "road following")
            browser.open(service.address)
            browser.wait_for("a car", WORD_IS, "Car behind")
            service.say("vehicles 0")
            browser.wait_for("none", WORD_IS, "Not clear yet")
            self.assertEqual("No vehicle in view", browser.text("#state-detail"))

    def test_the_picture_moves(self):
        with ScriptedService() as service, Browser(390, 844) as browser:
            browser.open(service.address)
            before = browser.wait_for("a picture", PIXELS)
            browser.wait_for("another picture", PIXELS.replace("return image", "const now = image") +
                             "return now.some((value, i) => Math.abs(value - arguments[0][i]) > 8)", before)
            self.assert_quiet(browser, service.address)

    def test_tells_alerts_from_the_riders_side(self):
        with ScriptedService() as service, Browser(1280, 800) as browser:
            service.say("alert overtake right")
            browser.open(service.address)
            browser.wait_for("the alert from before", "return document.querySelector('#alerts li')")
            service.say("alert fast_approach left")
            browser.wait_for("the new alert", "return document.querySelectorAll('#alerts li').length === 2")
            # The picture's left is the rider's right. The newest stands first.
            texts = browser.run("return [...document.querySelectorAll('#alerts li')].map((one) => one.innerText)")
            self.assertIn("Car approaching fast on your right", texts[0])
            self.assertIn("Danger", texts[0])
            self.assertIn("Car passed on your left", texts[1])
            self.assertEqual("danger", browser.run("return document.querySelector('#alerts li').dataset.level"))
            # Screen readers hear the new one at once, not the old one.
            said = browser.run("return document.getElementById('say-now').textContent")
            self.assertIn("approaching fast on your right", said)
            self.assert_quiet(browser, service.address)

    def test_an_alert_that_comes_first_hides_none_from_before(self):
        with ScriptedService() as service, Browser(1280, 800) as browser:
            # Heartbeats, which make the page ask for what happened before, wait until they are let through.
            browser.devtools("Page.addScriptToEvaluateOnNewDocument", source="""
                const listen = EventSource.prototype.addEventListener;
                EventSource.prototype.addEventListener = function (kind, heard) {
                  listen.call(this, kind, (event) => {
                    if (kind === "heartbeat") window.beats = (window.beats ?? 0) + 1;
                    if (kind !== "heartbeat" || window.letThrough) heard(event);
                  });
                };""")
            service.say("alert vehicle_approaching right 1", "alert vehicle_approaching right 2")
            service.wait_for_alerts(2)
            browser.open(service.address)
            browser.wait_for("a connection", "return window.beats > 0")
            service.say("alert vehicle_approaching left 3")
            browser.wait_for("the new alert", "return document.querySelectorAll('#alerts li').length === 1")
            browser.run("window.letThrough = true")
            browser.wait_for("those from before", "return document.querySelectorAll('#alerts li').length === 3")

    def test_lists_the_last_word_on_each_vehicle(self):
        texts = "return [...document.querySelectorAll('#alerts li strong')].map((one) => one.textContent)"
        with ScriptedService() as service, Browser(1280, 800) as browser:
            service.say("alert vehicle_approaching right 3")
            browser.open(service.address)
            browser.wait_for("the first alert", "return document.querySelector('#alerts li')")
            service.say("alert vehicle_approaching left 4", "alert fast_approach right 3", "alert camera_lost unknown",
                        "alert overtake right 3", "alert camera_back unknown")
            browser.wait_for("the last alert", "return document.querySelector('#alerts li').dataset.kind === 'camera_back'")
            self.assertEqual(["Camera back", "Car passed on your left", "Camera lost", "Car approaching on your right"],
                             browser.run(texts))

    def test_draws_vehicles_on_the_radar(self):
        with ScriptedService() as service, Browser(390, 844) as browser:
            service.say("road approaching", "vehicles 8")
            browser.open(service.address)
            browser.wait_for("eight vehicles", "return document.querySelectorAll('.vehicle').length === 8")
            self.assertTrue(browser.run("return document.querySelector('.vehicle.threat-1') !== null"))
            browser.wait_for("a description", "return document.getElementById('radar').getAttribute('aria-label').startsWith('8 vehicles behind')")
            self.assertEqual([], browser.run("""
                const box = (one) => one.getBoundingClientRect();
                const scale = [...document.querySelectorAll('.mark-text')].map(box);
                return [...document.querySelectorAll('.vehicle .shape')].map(box).filter((a) => scale.some((b) =>
                  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom))"""), "vehicles hide the scale")
            # Vehicle 1 is at the right of the picture, so at the rider's left.
            browser.run("window.middle = document.querySelector('.rider').getBBox().x + 11")
            service.say("vehicles 1")
            browser.wait_for("the vehicle on the left", """
                const all = document.querySelectorAll('.vehicle');
                return all.length === 1 && new DOMMatrix(getComputedStyle(all[0]).transform).e < window.middle""")
            service.say("vehicles 0", "road clear")
            browser.wait_for("an empty radar", "return document.querySelectorAll('.vehicle').length === 0")

    def test_draws_no_box_where_nothing_has_been_seen(self):
        with ScriptedService() as service, Browser(390, 844) as browser:
            browser.open(service.address)
            drawn = browser.run("""
                return import("./boxes.js").then(({ drawTracks }) => {
                  const boxes = [[0, 300], [0.25, 300], [0.35, 300], [0, 600], [0.08, 600], [0.12, 600]];
                  const seen = new Set();
                  const pen = { strokeRect: (x) => seen.add(x), measureText: () => ({ width: 9 }) };
                  return boxes.map(([unseen_s, x]) => {
                    seen.clear();
                    const track = { box: { x, y: 150, w: 60, h: 50 }, threat: 0, ttc_s: null, unseen_s };
                    drawTracks(pen, [track], 0.5, { width: 320, height: 180 });
                    return seen.has(x / 2);
                  });
                });""")
            # The second half was leaving the picture.
            self.assertEqual([True, True, False, True, True, False], drawn)

    def test_silence_is_not_a_clear_road(self):
        with ScriptedService() as service, Browser(390, 844) as browser:
            browser.open(service.address)
            browser.wait_for("a clear road", STATE_IS, "clear")
            service.say("silence")
            browser.wait_for("the page to notice", STATE_IS, "lost")
            self.assertIn(browser.text("#state-word"), ("Not watching", "Analysis failed"))
            service.say("speak")
            browser.wait_for("a clear road", STATE_IS, "clear")
            service.say("state failed")
            browser.wait_for("the failure", WORD_IS, "Analysis failed")
            service.say("state degraded")
            browser.wait_for("the hint", "return document.getElementById('state-detail').textContent.includes('behind')")
            for road, vehicles, word, look in [("clear", 0, "Not sure", "doubtful"), ("following", 1, "Car behind", "doubtful"),
                                               ("danger", 8, "Danger", "danger")]:
                service.say(f"vehicles {vehicles}", f"road {road}")
                browser.wait_for(word, WORD_IS, word)
                browser.wait_for(look, STATE_IS, look)

    def test_shows_a_frozen_picture_as_such(self):
        with ScriptedService() as service, Browser(390, 844) as browser:
            browser.open(service.address)
            browser.wait_for("a picture", PIXELS)
            browser.wait_for("a trusted picture", "return document.getElementById('picture-note').hidden")
            service.say("freeze")
            browser.wait_for("the note", "return document.getElementById('picture-note').textContent === 'Picture frozen'")
            screenshot(browser, "frozen")
            service.say("thaw")
            browser.wait_for("the note to go", "return document.getElementById('picture-note').hidden")

    def test_shows_a_lost_service_at_once_and_comes_back(self):
        with Browser(390, 844) as browser:
            with ScriptedService() as service:
                browser.open(service.address)
                browser.wait_for("a clear road", STATE_IS, "clear")
                # A network that swallows everything: no end of the connection, just silence.
                service.process.send_signal(signal.SIGSTOP)
                browser.wait_for("the page to notice silence", STATE_IS, "lost")
                browser.wait_for("no connection", WORD_IS, "Not connected")
                service.process.send_signal(signal.SIGCONT)
                browser.wait_for("a clear road", STATE_IS, "clear")
                service.end()
                browser.wait_for("no connection", WORD_IS, "Not connected")
                self.assertEqual("Not watching the road", browser.text("#state-detail"))
                self.assertIn("Not connected", browser.run("return document.getElementById('say-now').textContent"))
                screenshot(browser, "not-connected")

    def test_sound_needs_one_tap(self):
        with ScriptedService() as service, Browser(390, 844) as browser:
            browser.open(service.address)
            browser.run("""
                window.tones = [];
                const start = OscillatorNode.prototype.start;
                OscillatorNode.prototype.start = function (when) { window.tones.push(this.frequency.value); start.call(this, when); };
                window.pans = [];
                const make = BaseAudioContext.prototype.createStereoPanner;
                BaseAudioContext.prototype.createStereoPanner = function () { const node = make.call(this); window.pans.push(node); return node; };""")
            browser.wait_for("a clear road", STATE_IS, "clear")
            service.say("alert vehicle_approaching right")
            browser.wait_for("the alert", "return document.querySelector('#alerts li')")
            self.assertEqual([], browser.run("return window.tones"))
            browser.click("#sound")
            self.assertEqual("Sound on", browser.text("#sound-label"))
            browser.run("window.tones.length = 0; window.pans.length = 0")
            service.say("alert fast_approach right")
            fast = browser.wait_for("tones", "return window.tones.length > 3 && window.tones")
            # The picture's right is the rider's left ear.
            self.assertLess(browser.run("return window.pans[0].pan.value"), 0)
            browser.run("window.tones.length = 0")
            service.say("alert vehicle_approaching left")
            self.assertNotEqual(fast, browser.wait_for("tones", "return window.tones.length > 1 && window.tones"))
            self.assertGreater(browser.run("return window.pans.at(-1).pan.value"), 0)
            browser.run("window.tones.length = 0")
            service.say("silence")
            browser.wait_for("the tone of blindness", "return window.tones.length > 0")

    def test_says_once_that_the_screen_will_sleep(self):
        hint = "const hint = document.getElementById('screen-note'); return hint.checkVisibility() && hint.innerText"
        with ScriptedService() as service:
            for name, width, height in [("phone", 390, 844), ("phone-small", 320, 568), ("phone-across", 844, 390)]:
                with self.subTest(name), Browser(width, height, mobile=True, arguments=[TO_ELSEWHERE]) as browser:
                    address = f"http://{ELSEWHERE}:{service.port}"
                    browser.open(address)
                    self.assertFalse(browser.run("return isSecureContext"))
                    self.assertEqual("This browser lets the screen sleep: open the page by HTTPS. Dismiss",
                                     browser.wait_for("the hint", hint))
                    browser.wait_for("a picture", PIXELS)
                    service.say("alert overtake right 3")
                    browser.wait_for("an alert", "return document.querySelector('#alerts li')")
                    screenshot(browser, f"{name}-hint")
                    self.assertEqual([], browser.run(LAYOUT))
                    self.assertEqual([], browser.run(CONTRAST))
                    browser.click("#screen-note")
                    self.assertFalse(browser.run(hint))
                    browser.open(address)
                    browser.wait_for("a picture", PIXELS)
                    self.assertFalse(browser.run(hint))
                    browser.click("nav a[href='#/settings']")
                    self.assertIn("open the page by HTTPS", browser.text("#screen-now"))

    def test_tries_again_to_keep_the_screen_on(self):
        with ScriptedService() as service, Browser(390, 844) as browser:
            browser.devtools("Page.addScriptToEvaluateOnNewDocument", source="""
                window.asked = 0;
                window.refuse = true;
                navigator.wakeLock.request = async () => {
                  window.asked += 1;
                  if (window.refuse) throw new DOMException("low battery", "NotAllowedError");
                  window.lock = new EventTarget();
                  window.lock.released = false;
                  return window.lock;
                };""")
            shown = "return document.getElementById('screen-note').checkVisibility()"
            kept = "return document.getElementById('screen-now').textContent.startsWith('Kept on')"
            browser.open(service.address)
            browser.wait_for("the hint", shown)
            self.assertIn("touch to try again", browser.text("#screen-note"))
            browser.run("window.refuse = false")
            browser.click("#radar")
            browser.wait_for("the screen to be kept on", kept)
            self.assertFalse(browser.run(shown))
            # Who has it doesn't ask again.
            asked = browser.run("return window.asked")
            browser.click("#radar")
            self.assertEqual(asked, browser.run("return window.asked"))
            browser.run("window.lock.dispatchEvent(new Event('release'))")
            self.assertTrue(browser.run(shown))
            browser.run("document.dispatchEvent(new Event('visibilitychange'))")
            browser.wait_for("the screen to be kept on again", kept)
            self.assertFalse(browser.run(shown))
            self.assert_quiet(browser, service.address)

    def test_lets_one_choose_the_camera(self):
        with ScriptedService("rear", "left side") as service, Browser(390, 844) as browser:
            browser.open(service.address)
            browser.wait_for("the choice", "return document.querySelectorAll('#camera option').length === 2")
            browser.run("""const list = document.getElementById('camera'); list.value = 'left side';
                list.dispatchEvent(new Event('change'));""")
            browser.wait_for("the other stream", "return document.getElementById('picture').src.includes('left%20side')")
            browser.wait_for("its picture", PIXELS)
            self.assertEqual([], browser.run(LAYOUT))
            browser.open(service.address)
            browser.wait_for("the same choice", "return document.getElementById('camera').value === 'left side'")

    def test_two_cameras_stand_side_by_side_where_there_is_room(self):
        shown = "return document.querySelector('.beside').checkVisibility() && document.getElementById('beside').innerText.split('\\n')[0]"
        sources = "return [...document.querySelectorAll('.picture img')].map((one) => one.naturalWidth && one.src.includes(arguments[0]))"
        with ScriptedService("rear", "left side") as service:
            with Browser(1600, 900, dark=True) as browser:
                service.say("road approaching", "vehicles 2")
                browser.open(service.address)
                self.assertIn("left side: Approaching", browser.wait_for("the other camera", shown))
                browser.wait_for("both pictures", sources + ".every(Boolean)", "cameras/")
                browser.wait_for("their streams", sources + ".join() === 'true,false'", "/rear/")
                self.assertEqual([], browser.run(LAYOUT))
                self.assertEqual([], browser.run(CONTRAST))
                screenshot(browser, "desk-two")
                browser.click("#beside")
                browser.wait_for("them to change places", sources + ".join() === 'false,true'", "/rear/")
                self.assertEqual("left side", browser.run("return document.getElementById('camera').value"))
                browser.click("nav a[href='#/settings']")
                browser.wait_for("no stream", "return ![...document.querySelectorAll('.picture img')].some((one) => one.hasAttribute('src'))")
                browser.click("nav a[href='#/live']")
                self.assertIn("rear: Approaching", browser.wait_for("the other camera", shown))
            with Browser(1280, 800) as browser:
                browser.open(service.address)
                browser.wait_for("a picture", PIXELS)
                self.assertFalse(browser.run(shown))

    def test_works_by_keyboard_and_without_motion(self):
        with ScriptedService() as service, Browser(1280, 800) as browser:
            browser.devtools("Emulation.setEmulatedMedia", features=[
                {"name": "prefers-reduced-motion", "value": "reduce"}])
            service.say("road danger", "vehicles 2")
            browser.open(service.address)
            browser.wait_for("danger", STATE_IS, "danger")
            self.assertEqual("none", browser.run("return getComputedStyle(document.querySelector('.state')).animationName"))
            reached = []
            for _ in range(6):
                browser.press("Tab", 9)
                reached.append(browser.run("return document.activeElement.id || document.activeElement.textContent"))
            self.assertEqual(["missed", "alerts", "Live", "History", "Settings", "sound"], reached)
            browser.press("Enter", 13, "\r")
            browser.wait_for("sound", "return document.getElementById('sound').ariaPressed === 'true'")
            browser.run("document.querySelector('nav a[href=\"#/settings\"]').focus()")
            browser.press("Enter", 13, "\r")
            # The keyboard goes on where the new view begins.
            browser.wait_for("the settings", "return document.activeElement.textContent === 'Settings' && document.activeElement.tagName === 'H2'")

    def test_shows_the_settings_and_keeps_the_state_on_top(self):
        with ScriptedService() as service, Browser(390, 844, mobile=True) as browser:
            browser.open(service.address + "/#/settings")
            text = browser.wait_for("the settings", "return document.querySelectorAll('#settings-service .card').length === 4"
                                    " && document.querySelector('#settings-cameras .card') && document.getElementById('settings').innerText").replace("\n\n", "\n")
            for words in ("log_level\ninfo\nLess important lines are left out.\n",
                          "write_timeout_ms\n10 s\nA client that takes nothing for so long is closed.\nDefault: 5 s", "allowed_hosts\nnone",
                          "password\nset, not shown", "queue_bytes\n1 MiB", "urgent\nyes", "cameras · rear\n",
                          "url\ntcp://***@rearview.local:5000", "Camera rear now",
                          "Looks\n2.8° down", "Horizon\nrow 158, give or take 2 px",
                          "Height above the road\n0.92 m, give or take 0.10 m"):
                self.assertIn(words, text)
            self.assertEqual(["write_timeout_ms"], browser.run("return [...document.querySelectorAll('.changed code')].map((one) => one.textContent)"))
            browser.click("summary")
            self.assertIn("close_pass_m\n1.5 m", browser.text("#settings"))
            self.assertFalse(browser.run("return document.getElementById('picture').hasAttribute('src')"))
            service.say("road danger", "vehicles 1")
            browser.wait_for("danger", STATE_IS, "danger")
            self.assertEqual([], browser.run(LAYOUT))
            self.assertEqual([], browser.run(CONTRAST))
            screenshot(browser, "phone-settings")
            browser.click("nav a")
            browser.wait_for("a picture", PIXELS)
            self.assert_quiet(browser, service.address)


if __name__ == "__main__":
    unittest.main(verbosity=2)
