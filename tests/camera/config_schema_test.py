"""The shipped configuration of rearview-camera is valid by its published JSON schema."""

import json
import pathlib
import unittest

import jsonschema

CONFIG = pathlib.Path(__file__).resolve().parents[2] / "config"


class CameraSchema(unittest.TestCase):
    def setUp(self):
        self.schema = json.loads((CONFIG / "camera.schema.json").read_text())
        self.shipped = json.loads((CONFIG / "camera.json").read_text())

    def test_the_schema_is_one(self):
        jsonschema.Draft202012Validator.check_schema(self.schema)

    def test_the_shipped_file_is_valid(self):
        jsonschema.validate(self.shipped, self.schema, jsonschema.Draft202012Validator)

    def test_an_unknown_key_is_not(self):
        with self.assertRaises(jsonschema.ValidationError):
            jsonschema.validate({"sorce": {}}, self.schema, jsonschema.Draft202012Validator)


if __name__ == "__main__":
    unittest.main()
