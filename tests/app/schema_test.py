"""The published JSON schema of rearview's configuration and the program agree on every key and bound."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import jsonschema

CONFIG = pathlib.Path(__file__).resolve().parents[2] / "config"
REARVIEW = os.path.join(os.environ["REARVIEW_BIN"], "rearview")
SCHEMA = json.loads((CONFIG / "rearview.schema.json").read_text())


def without_comments(text):
    return re.sub(r"(^|[\s,])//[^\n]*", r"\1", text)


def said_about(configuration):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "c.json")
        file.write_text(json.dumps(configuration))
        result = subprocess.run([REARVIEW, "serve", "--check-config", "--config", str(file)],
                                capture_output=True, text=True, timeout=60)
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


class Schema(unittest.TestCase):
    def test_the_schema_is_one(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_the_shipped_file_is_valid(self):
        shipped = json.loads(without_comments((CONFIG / "rearview.json").read_text()))
        jsonschema.validate(shipped, SCHEMA, jsonschema.Draft202012Validator)

    def test_the_program_knows_the_same_keys(self):
        for schema, wrap in places(SCHEMA, lambda inner: inner):
            unknown = wrap({"zz_unknown": 1})
            with self.assertRaises(jsonschema.ValidationError):
                jsonschema.validate(unknown, SCHEMA)
            said = said_about(unknown)
            self.assertIn("known here: " + ", ".join(sorted(schema["properties"])) + "\n", said)

    def test_the_program_has_the_same_bounds(self):
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
