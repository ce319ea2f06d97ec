"""Judges a page by axe-core, which scripts/setup fetches."""

import os
import pathlib

FOLDER = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "rearview"
RUN = """
window.axeResult = null;
axe.run(document, { resultTypes: ["violations"] }).then(
  (result) => window.axeResult = result.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id} (${rule.impact}): ${node.target}: ${node.failureSummary.replace(/\\s+/g, " ")}`)),
  (error) => window.axeResult = [String(error)]);
"""


def program():
    """The text of axe-core; None where it isn't installed."""
    found = sorted(FOLDER.glob("axe-core@*/package/axe.min.js"))
    return found[-1].read_text() if found else None


def faults(browser, source):
    """What axe finds wrong with the page as it is now: its rules for WCAG A and AA and its good practice."""
    browser.run(source + ";window.axe = axe;")
    browser.run(RUN)
    return browser.wait_for("axe", "return window.axeResult && { faults: window.axeResult }")["faults"]
