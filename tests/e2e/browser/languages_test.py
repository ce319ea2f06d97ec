"""The page in each of its languages and units, and that all its texts stand in one place.

Environment: REARVIEW_BIN, the folder of scripted_service. Screenshots go to REARVIEW_SCREENS, if set.
"""

import html.parser
import pathlib
import re
import sys
import unittest

import axe
from page_test import CONTRAST, LAYOUT, STATE_IS, WORD_IS, screenshot
from webdriver import Browser

ROOT = pathlib.Path(__file__).resolve().parents[3]
WEB = ROOT / "src/serve/web"
sys.path.insert(0, str(ROOT / "tests/serve"))
from scripted import ScriptedService  # noqa: E402

# path → what stands there: a text, or a function of how many values
TEXTS = """
const done = arguments[arguments.length - 1];
import(arguments[0]).then(({ default: texts }) => {
  const found = {};
  const walk = (value, path) => {
    if (typeof value === "object") for (const [key, inner] of Object.entries(value)) walk(inner, path ? `${path}.${key}` : key);
    else found[path] = typeof value === "function" ? value.length : value.trim() === "" ? "empty" : "text";
  };
  walk(texts, "");
  done(found);
});"""
LANGUAGES = re.findall(r'import\("\./(\w+\.js)"\)', (WEB / "language.js").read_text())
# By names of the interface, which the scripts need not name.
OF_THE_INTERFACE = ("classes.", "sides.", "levels.", "alerts.", "places.", "marked.", "missed.clips.", "charts.ways.", "now.drops.", "now.states.", "states.")
# What looks like a text in a script and is none.
NO_TEXTS = {"Content-Type", "Escape", "VideoDecoder", " – Rearview", " GiB", " MiB", " KiB", "vehicle threat-", "700 px system-ui, sans-serif"}


def scripts(but=()):
    return {file.name: re.sub(r"/\*.*?\*/|(?<![:\"'`\w])//[^\n]*", "", file.read_text(), flags=re.S)
            for file in WEB.glob("*.js") if file.name not in but}


class Words(html.parser.HTMLParser):
    """Texts of a page, and the names of texts that it uses."""

    def __init__(self, text):
        super().__init__()
        self.within = []
        self.said = []
        self.named = set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.within.append(tag)
        for name, value in attributes:
            if name in ("data-text", "data-aria-label", "data-alt", "data-title"):
                self.named.add(value)
            if name in ("aria-label", "alt", "title") and value:
                self.said.append(value)

    def handle_endtag(self, tag):
        while self.within and self.within.pop() != tag:
            pass

    def handle_data(self, text):
        # The name of the program; and what is said where no script is.
        if re.search(r"\w", text) and not {"title", "noscript"} & set(self.within):
            self.said.append(text.strip())


class LanguagesTest(unittest.TestCase):
    def test_all_texts_stand_in_one_place_and_in_every_language(self):
        with ScriptedService() as service, Browser(390, 844) as browser:
            browser.open(service.address)
            texts = {name: {path: what for path, what in browser.run_until_done(TEXTS, f"./{name}").items() if not path.startswith("told.")}
                     for name in LANGUAGES}
        english = texts["english.js"]
        for name, found in texts.items():
            with self.subTest(name):
                self.assertEqual(english, found)
                self.assertNotIn("empty", found.values())

        page = Words((WEB / "index.html").read_text())
        self.assertEqual([], page.said)
        code = scripts(but=LANGUAGES)
        named = set(page.named)
        by_group = set()  # as far as their groups have names of their own
        for text in code.values():
            named |= {path.lstrip(".") for path in re.findall(r"\btexts((?:\.\w+)+)", text)}
            groups = {alias: path.lstrip(".") for alias, path in re.findall(r"const (\w+) = texts((?:\.\w+)+);", text)}
            for names, path in re.findall(r"const \{([^}]*)\} = texts((?:\.\w+)*)", text):
                for name in re.findall(r"(\w+)(?:: \w+)?", names):
                    groups[name] = f"{path}.{name}".lstrip(".")
                    named.add(groups[name])
            for alias, path in groups.items():
                by_group |= {f"{path}.{name}" for name in re.findall(rf"\b{alias}\.(\w+)", text)}
        known = set(english) | {path.rsplit(".", 1)[0] for path in english} | {"told"}
        self.assertEqual(set(), named - known, "used, but not there")
        used = {path for path in english if path in named | by_group or path.startswith(OF_THE_INTERFACE)}
        self.assertEqual(set(), set(english) - used, "there, but not used")

        for name, text in code.items():
            for literal in re.findall(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`', text):
                said = re.sub(r"\$\{[^}]*\}", "", "".join(literal))
                if re.search(r"^\W*[A-Z][a-z]+|[a-z]{2,} [a-z]{3,}", said) and not re.search(r"^[\w/]+[-=?{]|[>=(]", said):
                    with self.subTest(name):
                        self.assertIn(said, NO_TEXTS)

    def test_knows_what_the_service_says(self):
        with ScriptedService() as service, Browser(390, 844, language="de-DE") as browser:
            browser.open(service.address)
            say = ("const done = arguments[arguments.length - 1];"
                   "import('./language.js').then(({ told }) => done(arguments[0].map(told)))")
            self.assertEqual(
                ["3 Bilder in der Sekunde: zu langsam zum Warnen", "Blendung verdeckt das Bild links", "die Analyse hängt 1,5 s nach: zu spät zum Warnen",
                 "das Bild steht still", "something new at 3.5"],
                browser.run_until_done(say, ["3 pictures a second: too slow to warn", "glare hides the left of the picture",
                                             "analysis is 1.5 s behind: too late to warn", "the picture is frozen", "something new at 3.5"]))
            sentences = browser.run_until_done("const done = arguments[arguments.length - 1];"
                                               "import('./german.js').then((german) => done(Object.keys(german.default.told)))")
        source = " ".join(file.read_text() for room in ("analyse", "app") for file in (ROOT / "src" / room).rglob("*.cpp"))
        for sentence in sentences:
            with self.subTest(sentence):
                self.assertIn(re.split(r"\{\}|: ", sentence)[-1].strip(" s") or sentence.split("{}")[0].strip(), source)

    def test_speaks_german(self):
        source = axe.program()
        for name, width, height, dark in [("phone", 390, 844, False), ("phone-small", 320, 568, True), ("phone-across", 844, 390, True),
                                          ("desk", 1280, 800, False)]:
            with self.subTest(name), ScriptedService() as service, Browser(width, height, dark, mobile=width < 900, language="de-DE") as browser:
                browser.open(service.address)
                for road, vehicles, word, detail in [
                        ("clear", 0, "Frei", "Hinten niemand zu sehen"), ("following", 1, "Auto hinten", "Links von dir · "),
                        ("approaching", 3, "Kommt näher", " · "), ("danger", 8, "Gefahr", " · "), ("blind", 0, "Kamera blind", "Das Bild ist dunkel: Objektiv verdeckt?"),
                        ("unknown", 0, "Noch unklar", "Sieht sich die Straße an"), ("no_signal", 0, "Kein Signal", "")]:
                    service.say(f"vehicles {vehicles}", f"road {road}")
                    browser.wait_for(word, WORD_IS, word)
                    self.assertIn(detail, browser.text("#state-detail"))
                    if road == "danger":
                        service.say("alert fast_approach right", "alert overtake right")
                        browser.wait_for("alerts", "return document.querySelectorAll('#alerts li').length === 2")
                        self.assertIn("Auto hat links von dir überholt", browser.text("#alerts"))
                        browser.wait_for("the highlight to pass", "return document.getAnimations().every((one) => one.animationName !== 'arrive')")
                    screenshot(browser, f"german-{name}-{road}")
                    self.assertEqual([], browser.run(LAYOUT), road)
                    self.assertEqual([], browser.run(CONTRAST), road)
                self.assertEqual("de-DE", browser.run("return document.documentElement.lang"))
                for view, ready in [("history", "return document.getElementById('history-note').hidden"),
                                    ("settings", "return document.querySelector('#settings-cameras .card')"
                                     " && document.querySelectorAll('#settings-service .card').length === 4")]:
                    browser.run("location.hash = arguments[0]", f"#/{view}")
                    browser.wait_for(view, ready)
                    screenshot(browser, f"german-{name}-{view}")
                    self.assertEqual([], browser.run(LAYOUT), view)
                    if source:
                        self.assertEqual([], axe.faults(browser, source))
                service.end()
                browser.wait_for("no connection", WORD_IS, "Nicht verbunden")
                screenshot(browser, f"german-{name}-not-connected")
                self.assertEqual([], browser.run(LAYOUT))

    def test_measures_as_the_region_does_or_as_chosen(self):
        marks = "return [...document.querySelectorAll('#radar .mark-text')].map((one) => one.textContent).join()"
        for language, scale, detail in [("en-US", "30 ft,75 ft,150 ft,300 ft", r"\d+ ft$"), ("en-GB", "10 yd,25 yd,50 yd,100 yd", r"\d+ yd$"),
                                        ("en", "10 m,25 m,50 m,100 m", r"\d+ m$"), ("fr-FR", "10 m,25 m,50 m,100 m", r"\d+ m$")]:
            with self.subTest(language), ScriptedService() as service, Browser(390, 844, language=language) as browser:
                service.say("road following", "vehicles 1")
                browser.open(service.address)
                browser.wait_for("a vehicle", STATE_IS, "following")
                self.assertEqual(scale, browser.run(marks))
                self.assertRegex(browser.text("#state-detail"), detail)
                if language != "en-US":
                    continue
                service.say("alert close_pass left")
                beside = "return document.querySelector('#alerts li').textContent"
                self.assertRegex(browser.wait_for("the alert", "return document.querySelector('#alerts li')?.textContent"), r"[AP]M.* ft beside you · \d+ mph faster")
                browser.run("location.hash = '#/settings'")
                browser.click("input[value=metric]")
                browser.run("location.hash = '#/live'")
                self.assertEqual("10 m,25 m,50 m,100 m", browser.run(marks))
                self.assertRegex(browser.run(beside), r" m beside you · \d+ km/h faster")
                browser.open(service.address)
                browser.wait_for("a vehicle", STATE_IS, "following")
                self.assertEqual("10 m,25 m,50 m,100 m", browser.run(marks))


if __name__ == "__main__":
    unittest.main(verbosity=2)
