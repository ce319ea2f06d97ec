"""What a program prints of its settings is what is committed, and what it takes: settings_test.py PROGRAM."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = sys.argv.pop(1)
BIN = pathlib.Path(os.environ["REARVIEW_BIN"], PROGRAM)
FILES = ROOT / "config" / PROGRAM.removeprefix("rearview-")
CHECK = [BIN, *({"rearview": ["serve"]}.get(PROGRAM, [])), "--check-config", "--config"]


def printed(what):
    return subprocess.run([BIN, "config", what], capture_output=True, text=True, timeout=60, check=True).stdout


SCHEMA = json.loads(printed("schema"))


def said_about(configuration):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "c.json")
        file.write_text(json.dumps(configuration))
        result = subprocess.run([*CHECK, file], capture_output=True, text=True, timeout=60)
        return "" if result.returncode == 0 else result.stderr


def around(stage):
    """The stages without which this one is no chain."""
    chain = ["view", "looming", stage if stage in ("onnx", "external") else None, "tracker", "approach"]
    at = chain.index(stage)
    return [[{"type": one} for one in part if one] for part in (chain[:at], chain[at + 1:])]


def places(schema, wrap):
    """Each object schema with a function that puts a value of it into a whole configuration."""
    yield schema, wrap
    for key, value in schema["properties"].items():
        if value.get("type") == "object" and "properties" in value:
            yield from places(value, lambda inner, key=key: wrap({key: inner}))
        for entry in [value["items"]] if value.get("type") == "array" else []:
            for choice in entry.get("oneOf", [entry]):
                # A plugin's keys are its own.
                if choice.get("type") == "object" and not choice.get("additionalProperties", True):
                    kind = {"type": choice["properties"]["type"]["const"]} if "oneOf" in entry else {
                        name: choice["properties"][name]["examples"][0] for name in choice.get("required", [])}
                    before, behind = around(kind["type"]) if "oneOf" in entry else ([], [])
                    yield from places(choice, lambda inner, key=key, kind=kind, before=before, behind=behind:
                                      wrap({key: [*before, {**kind, **inner}, *behind]}))


class Settings(unittest.TestCase):
    def test_what_is_committed_is_what_the_program_prints(self):
        why = "scripts/settings writes it anew"
        self.assertEqual(FILES.with_suffix(".schema.json").read_text(), printed("schema"), why)
        self.assertEqual(FILES.with_suffix(".json").read_text(), printed("defaults"), why)
        self.assertIn(printed("docs"), (ROOT / "docs" / "settings.md").read_text(), why)

    def test_the_schema_is_one_and_the_defaults_are_valid(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        defaults = json.loads(re.sub(r"(^|[\s,])//[^\n]*", r"\1", printed("defaults")))
        jsonschema.validate(defaults, SCHEMA, jsonschema.Draft202012Validator)
        self.assertEqual(said_about(defaults), "")

    def test_a_key_that_is_not_described_is_refused(self):
        for schema, wrap in places(SCHEMA, lambda inner: inner):
            unknown = wrap({"zz_unknown": 1})
            with self.assertRaises(jsonschema.ValidationError):
                jsonschema.validate(unknown, SCHEMA)
            said = said_about(unknown)
            self.assertIn("known here: " + ", ".join(sorted(schema["properties"])) + "\n", said)

    def test_a_number_outside_the_described_bounds_is_refused(self):
        for schema, wrap in places(SCHEMA, lambda inner: inner):
            for key, value in schema["properties"].items():
                if "minimum" not in value:
                    continue
                step = 1 if value["type"] == "integer" else 0.001
                bounds = f"from {value['minimum']} to {value['maximum']}"
                for outside in (value["minimum"] - step, value["maximum"] + step):
                    self.assertIn(f"{key}: {json.dumps(outside)} is not a", said := said_about(wrap({key: outside})))
                    self.assertIn(bounds, said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
