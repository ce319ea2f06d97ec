"""An archive on one machine: results that say what they are, made once, by any number of processes."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from archive_programs import BIN, REARVIEW, about, make_clip, messages, rearview, results


class Archive(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.rides = cls.folder / "rides"
        for number in range(4):
            make_clip(cls.rides / f"day{number % 2}" / f"clip{number}.mkv", number)
        cls.expected = cls.folder / "expected"
        made = rearview("analyze", "--out", cls.expected, cls.rides)
        assert made.returncode == 0, made.stderr
        assert "4 results made" in made.stderr, made.stderr

    def setUp(self):
        self.out = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()), "out")

    def test_a_result_holds_the_lines_of_its_recording_and_says_what_it_is(self):
        for one in about(self.expected):
            lines = messages(self.expected / f"{one['name']}.jsonl.zst")
            analyses = [line for line in lines if line["type"] == "analysis"]
            self.assertEqual(len(analyses), 20)
            self.assertEqual(one["pictures"], 20)
            self.assertEqual([analyses[0]["t_s"], analyses[0]["seq"], analyses[0]["time"]], [0, 1, None])
            self.assertAlmostEqual(one["duration_s"], 2, delta=0.01)
            self.assertGreater(one["took_s"], 0)
            clip = pathlib.Path(one["job"]["recording"]["url"].removeprefix("file:"))
            self.assertEqual(one["job"]["recording"]["bytes"], clip.stat().st_size)
            plain = rearview("analyze", clip, "--json", "-")
            self.assertEqual([json.loads(line)["road"] for line in plain.stdout.splitlines()],
                             [line["road"] for line in analyses])

    def test_the_same_bytes_have_the_same_name_wherever_they_lie(self):
        moved = self.out.parent / "moved.mkv"
        shutil.copy(self.rides / "day0" / "clip0.mkv", moved)
        os.utime(moved, (0, 0))
        self.assertEqual(rearview("analyze", "--out", self.out, moved).returncode, 0)
        [(name, lines)] = results(self.out).items()
        self.assertEqual(results(self.expected)[name], lines)

    def test_a_result_that_is_there_is_not_made_again(self):
        shutil.copytree(self.expected, self.out)
        kept = sorted(results(self.out))
        (self.out / f"{kept[0]}.json").unlink()  # as a kill between the two files leaves it
        before = {file: file.stat().st_mtime_ns for file in self.out.iterdir() if kept[0] not in file.name}
        made = rearview("analyze", "--out", self.out, self.rides)
        self.assertIn("1 results made, 3 were there, 0 failed", made.stderr)
        self.assertEqual({file: file.stat().st_mtime_ns for file in before}, before)
        self.assertEqual(results(self.out), results(self.expected))

    def test_other_settings_are_other_results(self):
        config = self.out.parent / "config.json"
        config.write_text(json.dumps({"cameras": [{"stages": [
            {"type": "view"}, {"type": "looming"}, {"type": "tracker", "coast_s": 0.9}, {"type": "approach"}]}]}))
        clip = self.rides / "day0" / "clip0.mkv"
        self.assertEqual(rearview("analyze", "--out", self.out, "--config", config, clip).returncode, 0)
        self.assertFalse(results(self.out).keys() & results(self.expected).keys())

    def test_what_cannot_be_read_is_told_and_left_out(self):
        broken = self.out.parent / "broken.mkv"
        broken.write_text("no video")
        made = rearview("analyze", "--out", self.out, broken, self.rides / "day0")
        self.assertEqual(made.returncode, 1)
        self.assertIn("broken.mkv", made.stderr)
        self.assertIn("2 results made, 0 were there, 1 failed", made.stderr)
        self.assertEqual(len(results(self.out)), 2)
        self.assertEqual(len(list(self.out.iterdir())), 4, "something is left of the failure")

    def test_two_processes_share_an_archive(self):
        both = [subprocess.Popen([REARVIEW, "analyze", "--out", self.out, "--shard", f"{n}/2", self.rides],
                                 stderr=subprocess.DEVNULL) for n in range(2)]
        self.assertEqual([one.wait(300) for one in both], [0, 0])
        self.assertEqual(results(self.out), results(self.expected))

    def test_two_processes_at_the_same_recordings_do_no_harm(self):
        both = [subprocess.Popen([REARVIEW, "analyze", "--out", self.out, self.rides / "day0"],
                                 stderr=subprocess.DEVNULL) for n in range(2)]
        self.assertEqual([one.wait(300) for one in both], [0, 0])
        expected = results(self.expected)
        self.assertEqual(len(results(self.out)), 2)
        for name, lines in results(self.out).items():
            self.assertEqual(lines, expected[name])

    def test_gnu_parallel(self):
        environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
        subprocess.run(["parallel", "--will-cite", "-j2", "rearview", "analyze", "--out", str(self.out), "--shard", "{}/4",
                        str(self.rides), ":::", "0", "1", "2", "3"],
                       check=True, timeout=300, env=environment, stderr=subprocess.DEVNULL)
        self.assertEqual(results(self.out), results(self.expected))

    def test_what_the_user_gives_wrong_is_exit_code_2_and_one_sentence(self):
        in_the_way = self.out.parent / "file"
        in_the_way.write_text("")
        clip = self.rides / "day0" / "clip0.mkv"
        for arguments, said in {
            (clip, clip): "named twice",
            (clip, self.rides): "named twice",
            (self.folder / "none.mkv",): "No such file",
            (clip, "--shard", "2/2"): "I/N",
            (clip, "--json", "-"): "--json",
        }.items():
            result = rearview("analyze", "--out", self.out, *arguments)
            self.assertEqual((result.returncode, len(result.stderr.splitlines())), (2, 1), result.stderr)
            self.assertIn(said, result.stderr)
        for arguments, said in {
            ("analyze", "--out", in_the_way, clip): "file",
            ("analyze", clip, clip): "--out",
            ("analyze", clip, "--shard", "0/2"): "--out",
        }.items():
            result = rearview(*arguments)
            self.assertEqual((result.returncode, len(result.stderr.splitlines())), (2, 1), result.stderr)
            self.assertIn(said, result.stderr)
        self.assertFalse(results(self.out))


if __name__ == "__main__":
    unittest.main(verbosity=2)
