"""`cmake --install`: what it leaves is whole, finds its own files and keeps what the user changed."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from programs import BIN

BUILD = pathlib.Path(BIN).resolve().parent


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.prefix = pathlib.Path(folder.name) / "prefix"
        cls.install()

    @classmethod
    def install(cls):
        subprocess.run(["cmake", "--install", BUILD, "--prefix", cls.prefix], check=True, capture_output=True, timeout=60)

    def rearview(self, *arguments):
        environment = {k: v for k, v in os.environ.items() if k not in ("REARVIEW_MODELS", "STATE_DIRECTORY")}
        return subprocess.run([self.prefix / "bin" / "rearview", *arguments], env=environment, capture_output=True,
                              text=True, timeout=60)

    def test_the_model_is_found_by_name(self):
        verified = self.rearview("models", "verify")
        self.assertEqual(verified.returncode, 0, verified.stderr)
        self.assertIn(f"rearview-vehicle: right, {self.prefix}/share/rearview/models/rearview_vehicle.onnx", verified.stdout)
        config = self.prefix / "named.json"
        config.write_text(json.dumps({"cameras": [{"stages": [
            {"type": "view"}, {"type": "onnx", "model": "rearview-vehicle"}, {"type": "tracker"}, {"type": "approach"}]}]}))
        checked = self.rearview("serve", "--check-config", "--config", str(config))
        self.assertEqual(checked.returncode, 0, checked.stderr)

    def test_the_library_for_networks_comes_along(self):
        needed = subprocess.run(["ldd", self.prefix / "bin" / "rearview"], check=True, capture_output=True, text=True).stdout
        found = re.search(r"libonnxruntime\S+ => (\S+)", needed)
        if not found:
            self.skipTest("built without ONNX Runtime")
        place = pathlib.Path(os.path.normpath(found.group(1)))
        self.assertTrue(place.is_relative_to("/usr") or place.is_relative_to("/lib") or place.is_relative_to(self.prefix),
                        f"{place} is neither the system's nor installed")

    def test_the_units_name_what_was_installed(self):
        for unit in sorted((self.prefix / "lib/systemd/system").glob("*.service")):
            with self.subTest(unit=unit.name):
                program, config = re.search(r"^ExecStart=(.*?/bin/\S+) .*--config (.*?\.json)", unit.read_text(), re.M).groups()
                self.assertTrue(os.access(program, os.X_OK), program)
                self.assertTrue(pathlib.Path(config).is_file(), config)
        self.assertEqual(len(list((self.prefix / "lib/systemd/system").iterdir())), 2)

    def test_the_installed_settings_are_good(self):
        settings = self.prefix / "etc/rearview"
        checked = self.rearview("serve", "--check-config", "--config", str(settings / "rearview.json"))
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertEqual(sorted(f.name for f in settings.iterdir()), ["camera.json", "rearview.json"])
        for file in settings.iterdir():
            schema = re.search(r'"\$schema": "(.*?)"', file.read_text())[1]
            self.assertEqual(schema, f"{self.prefix}/share/rearview/{file.stem}.schema.json")
            self.assertIn("properties", json.loads(pathlib.Path(schema).read_text()))

    def test_a_setting_that_was_changed_stays(self):
        changed = self.prefix / "etc/rearview/rearview.json"
        shipped = changed.read_text()
        self.addCleanup(changed.write_text, shipped)
        changed.write_text('{"log_level": "debug"}')
        self.install()
        self.assertEqual(changed.read_text(), '{"log_level": "debug"}')


if __name__ == "__main__":
    unittest.main(verbosity=2)
