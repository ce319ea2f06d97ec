"""The stage of docs/stages.md, built outside the tree against an installed program, runs as described there."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from programs import BIN, Camera, Service, wait_for

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "stages.md"
BUILD = pathlib.Path(BIN).parent


def block(language):
    return re.search(rf"^```{language}\n(.*?)^```", DOCUMENT.read_text(), re.M | re.S)[1]


class Plugin(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        prefix = cls.folder / "prefix"
        subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix], check=True, capture_output=True, timeout=60)
        (cls.folder / "lamps.cpp").write_text(block("cpp"))
        (cls.folder / "CMakeLists.txt").write_text(block("cmake"))
        for command in (["cmake", "-S", cls.folder, "-B", cls.folder / "build", f"-DCMAKE_PREFIX_PATH={prefix}",
                         "-DCMAKE_CXX_FLAGS=" + os.environ["REARVIEW_PLUGIN_FLAGS"]],
                        ["cmake", "--build", cls.folder / "build"]):
            built = subprocess.run(command, capture_output=True, text=True, timeout=600)
            assert built.returncode == 0, built.stdout + built.stderr

    def configured(self, **changes):
        config = json.loads(block("json"))
        stages = config["cameras"][0]["stages"]
        next(one for one in stages if one["type"] == "plugin").update(changes)
        file = self.folder / "rearview.json"
        file.write_text(json.dumps(config))
        return str(file)

    def refusal(self, **changes):
        checked = subprocess.run([os.path.join(BIN, "rearview"), "serve", "--check-config", "--config",
                                  self.configured(**changes)], capture_output=True, text=True, timeout=60)
        self.assertEqual(checked.returncode, 2, checked.stderr)
        return checked.stderr

    def library(self, name, source):
        file = self.folder / f"{name}.cpp"
        file.write_text(source)
        subprocess.run(["c++", "-shared", "-fPIC", "-o", self.folder / f"{name}.so", file], check=True, timeout=60)
        return f"{name}.so"

    def test_the_stage_runs_and_is_timed(self):
        camera = Camera("--source", "scene")
        self.addCleanup(camera.stop)
        service = Service("--config", self.configured(), "--camera", camera.url)
        self.addCleanup(service.stop)
        wait_for(lambda: service.camera()["frames_analysed"] > 5, "some analyses")
        seen = service.camera()
        self.assertEqual(seen["analysis"], "ok", seen["text"])
        self.assertEqual(list(seen["latency_ms"]["stages"]), ["view", "looming", "lamps", "tracker", "approach"])
        self.assertIn(b'rearview_stage_latency_seconds{camera="rear",stage="lamps",quantile="0.95"}',
                      service.get("/metrics")[2])

    def test_its_settings_are_read_strictly(self):
        self.assertIn("/cameras/0/stages/2/least_luma: 300 is not a whole number from 1 to 255", self.refusal(least_luma=300))
        self.assertIn("/cameras/0/stages/2/most_luma: unknown key; known here: least_luma, library, type",
                      self.refusal(most_luma=3))

    def test_a_library_that_does_not_fit_is_refused_with_a_sentence(self):
        self.assertIn("/cameras/0/stages/2/library: can't be loaded", self.refusal(library="none.so"))
        self.assertIn("exports no stage", self.refusal(library=self.library("empty", "int nothing;")))
        old = 'extern "C" { extern const unsigned long rearview_stage_plugin[2];' \
              "const unsigned long rearview_stage_plugin[2] = {1, 0}; }"
        self.assertIn("was built with headers that aren't this program's", self.refusal(library=self.library("old", old)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
