"""What scripts/eval --sensitivity makes of tuning.h files: which numbers it moves, by how much, and what it says of them.

Environment: CXX, the compiler.
"""

import os
import pathlib
import subprocess
import tempfile
import unittest

import sensitivity

SAMPLE = """#pragma once

#include <array>
#include <cstddef>

namespace cv { struct Size { int width; int height; }; }

// Of the room.

namespace rearview::sample_tuning {

/// Judged.
constexpr double kShare = 0.5;
/// Corners. Judged, on
/// two lines.
constexpr std::size_t kCorners = 4;
constexpr int kFew = 2;

namespace deeper {

/// Guard.
constexpr int kMost = 100;
/// Spans, s. Judged.
inline constexpr std::array<double, 2> kSpans_s = {
    1.0,
    0.5};
constexpr double kGain = 1.0 / 8;
/// A picture. Judged.
constexpr cv::Size kHalf{320, 180};
/// Columns. Judged.
constexpr int kColumns = 10;

constexpr int kNameless = 3;

}  // namespace deeper

}  // namespace rearview::sample_tuning
"""
NAMES = ("kShare", "kCorners", "kFew", "deeper::kMost", "deeper::kSpans_s[0]", "deeper::kSpans_s[1]", "deeper::kGain", "deeper::kColumns")
VALUES = [0.5, 4, 2, 100, 1, 0.5, 0.125, 10]


def scores(found=3, false=0, lead=2.5, clips=("as it was",), failed=0):
    return {"clips": list(clips), "total": {"found": found, "events": 4, "false_alerts": false, "soft": 1, "frames_blind": 0,
                                            "frames_failed": failed, "scored_s": 9.6, "lead": {"mean_s": lead}}}


class SensitivityTest(unittest.TestCase):
    def setUp(self):
        self.found = {c.name: c for c in sensitivity.constants("sample", SAMPLE)}

    def values(self, text, *moves):
        """What a program that was compiled with this tuning.h has for NAMES, with each of the moves (name, by)."""
        with tempfile.TemporaryDirectory() as folder:
            place = pathlib.Path(folder)
            sensitivity.write(place / "sensitivity" / "looked_up.h", sensitivity.LOOKED_UP)
            (place / "tuning.h").write_text(text)
            lines = "".join(f'std::printf("%.9g\\n", static_cast<double>({name}));' for name in NAMES)
            (place / "main.cpp").write_text('#include <cstdio>\n#include "tuning.h"\nusing namespace rearview::sample_tuning;\n'
                                            f"int columns[deeper::kColumns]; int main() {{ {lines} }}")
            subprocess.run([os.environ.get("CXX", "c++"), "-std=c++20", "-iquote", place, place / "main.cpp", "-o", place / "main"], check=True)
            told = [subprocess.run([place / "main"], env={**os.environ, "REARVIEW_MOVED": name, "REARVIEW_MOVED_BY": by}, check=True,
                                   capture_output=True, text=True).stdout for name, by in moves]
        return [[float(value) for value in one.split()] for one in told]

    def test_reads_every_number_with_its_comment(self):
        self.assertEqual(["kShare", "kCorners", "kFew", "kMost", "kSpans_s", "kGain", "kHalf", "kColumns", "kNameless"], list(self.found))
        self.assertEqual(("std::size_t", "4", "Corners. Judged, on two lines.", "sample.kCorners"),
                         (self.found["kCorners"].type, self.found["kCorners"].value, self.found["kCorners"].why, self.found["kCorners"].label))
        self.assertEqual(self.found["kCorners"].why, self.found["kFew"].why)
        self.assertEqual("{ 1.0, 0.5}", self.found["kSpans_s"].value)
        self.assertEqual("Spans, s. Judged.", self.found["kGain"].why)
        self.assertEqual("", self.found["kNameless"].why)

    def test_moves_numbers_and_lists_of_them_but_no_guards(self):
        self.assertEqual(["kShare", "kCorners", "kFew", "kSpans_s", "kGain", "kColumns", "kNameless"],
                         [name for name, constant in self.found.items() if constant.movable])

    def test_the_program_looks_up_which_number_is_moved(self):
        self.assertEqual([VALUES, [0.4, *VALUES[1:]], [0.5, 5, *VALUES[2:]], [0.5, 4, 1, *VALUES[3:]], [*VALUES[:4], 1.2, 0.6, *VALUES[6:]]],
                         self.values(sensitivity.rewritten("sample", SAMPLE, {"kColumns"}), ("", "1.2"), ("sample.kShare", "0.8"),
                                     ("sample.kCorners", "1.2"), ("sample.kFew", "0.8"), ("sample.kSpans_s", "1.2")))

    def test_what_the_compiler_has_to_know_is_moved_by_a_build(self):
        text = sensitivity.rewritten("sample", SAMPLE, {"kColumns"}, "kColumns", 1.2)
        self.assertEqual([[*VALUES[:-1], 12]], self.values(text, ("", "1.2")))

    def test_finds_what_the_compiler_has_to_know(self):
        log = ("tuning.h:9:12: warning: kShare is old\n"
               "main.cpp:3:5: error: array bound is not an integer constant before ']' token\n"
               "    3 | int columns[deeper::kColumns];\n")
        self.assertEqual({"kColumns"}, sensitivity.named_in(log, self.found))

    def test_says_what_changes(self):
        base = scores()
        self.assertEqual("nothing", sensitivity.change(base, scores()))
        self.assertEqual("estimates", sensitivity.change(base, {**scores(), "total": {**base["total"], "passes": 1}}))
        self.assertEqual("details", sensitivity.change(base, scores(clips=["another time"])))
        self.assertEqual("found −1, false +2, lead +0.25 s", sensitivity.change(base, scores(2, 2, 2.75, ["other"])))
        self.assertEqual("fails", sensitivity.change(base, scores(failed=1)))
        self.assertEqual("fails", sensitivity.change(base, None))

    def test_the_table_says_of_what(self):
        wanted = [self.found["kShare"], self.found["kFew"]]
        self.assertEqual("1 clips, 10 s: found 3 of 4, false 0, soft 1, lead 2.50 s.\n\n| constant | value | −20 % | +20 % |\n"
                         "|---|---|---|---|\n| `sample.kFew` | 2 | nothing | fails |\n",
                         sensitivity.table(scores(), wanted, {"sample.kFew": {"down": "nothing", "up": "fails"}}))

    def test_every_number_of_the_analysis_says_where_it_comes_from(self):
        every = [c for file in sensitivity.ROOMS.glob("*/tuning.h") for c in sensitivity.constants(file.parent.name, file.read_text())]
        self.assertGreater(len(every), 400)
        self.assertEqual([], [c.label for c in every if not c.why])
        self.assertEqual(len(every), len({c.label for c in every}))


if __name__ == "__main__":
    unittest.main()
