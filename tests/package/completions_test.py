"""Completions for shells: do they know what the programs know?

Environment: REARVIEW_BIN, the folder of the programs.
"""

import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = os.environ["REARVIEW_BIN"]


class CompletionsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        subprocess.run([ROOT / "scripts" / "completions", BIN, cls.folder.name], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def offered(self, *words):
        """What bash offers for the last of the words."""
        script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }; '
                  '"_${1//-/_}"; printf "%s\\n" "${COMPREPLY[@]}"')
        file = pathlib.Path(self.folder.name) / "bash-completion" / "completions" / words[0]
        return subprocess.run(["bash", "-c", script, "-", file, *words], check=True, capture_output=True, text=True).stdout.split()

    def test_commands_and_options_are_offered_where_they_belong(self):
        self.assertIn("serve", self.offered("rearview", ""))
        self.assertEqual(["serve"], self.offered("rearview", "se"))
        self.assertEqual(["--config", "--camera", "--check-config"], self.offered("rearview", "serve", "--c"))
        self.assertIn("revoke", self.offered("rearview", "access", ""))
        self.assertIn("--source", self.offered("rearview-camera", "--"))

    def test_nothing_of_ours_stands_where_a_file_is_wanted(self):
        self.assertEqual([], self.offered("rearview", "serve", "--config", ""))

    def test_each_option_of_the_help_is_offered(self):
        for words in (["rearview", "serve"], ["rearview", "analyze"], ["rearview-camera"]):
            text = subprocess.run([f"{BIN}/{words[0]}", *words[1:], "--help"], check=True, capture_output=True, text=True).stdout
            for option in {word.split(",")[-1] for line in text.splitlines() if line.startswith("  -") for word in line.split()[:1]}:
                self.assertIn(option, self.offered(*words, option[:3]), words)


if __name__ == "__main__":
    unittest.main()
