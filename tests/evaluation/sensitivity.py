"""Which of the analysis' constants matter: moves each number of the tuning.h files by a fifth, up and down, and says what
that changes in found, false and lead on the real clips. Called by scripts/eval --sensitivity; writes
build/sensitivity/sensitivity.md, anew after each score.

The program is built once more, in a folder of its own, with copies of the tuning.h files in which the numbers are looked
up when it starts (REARVIEW_MOVED, REARVIEW_MOVED_BY), so that moving one takes no build. The few that the compiler has to
know, such as sizes of arrays, are found by what it says, and take a build each. Guards and formats, by the word in their
comment, aren't moved, nor is what isn't a number or a list of numbers.

What was scored is kept by the sources of the analysis and the clips, and not scored again.
"""

import argparse
import dataclasses
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ROOT / "src" / "analyse"
BY = {"down": 0.8, "up": 1.2}
# Short, and of the roads, the dark and the traffic that the clips show: 21 of their 99 s, 3 of their 16 events.
QUICK = ("jsl_traffic_rev", "sfnd_kitti_fwd", "ud_night_rev", "ud_project_cut_rev")

DECLARATION = re.compile(r"^(?:inline )?const(?:expr)? (?P<type>[\w:]+(?:<[^=;]*?>)?) (?P<name>k[A-Z]\w*)"
                         r"(?: = (?P<value>[^;]+)|(?P<other>[({][^;]+));", re.MULTILINE)
NUMBER = re.compile(r"int|float|double|std::size_t")
LIST = re.compile(r"std::array<(int|float|double), \d+>")
NOT_MOVED = re.compile(r"\b(guards?|formats?)\b", re.IGNORECASE)

LOOKED_UP = """#pragma once

#include <cstdlib>
#include <string_view>
#include <type_traits>

namespace rearview::sensitivity {

/// What is whole moves by one at least.
template <typename T>
constexpr T scaled(T value, double by) {
  const double to = static_cast<double>(value) * by;
  if constexpr (std::is_integral_v<T>) {
    const double off = to < static_cast<double>(value) ? static_cast<double>(value) - to : to - static_cast<double>(value);
    const T step = off < 1 ? T{1} : static_cast<T>(off + 0.5);
    return by < 1 ? value - step : value + step;
  } else {
    return static_cast<T>(to);
  }
}

template <typename T>
T looked_up(std::string_view name, T value) {
  const char* moved = std::getenv("REARVIEW_MOVED");
  const char* by = std::getenv("REARVIEW_MOVED_BY");
  return moved && by && name == moved ? scaled(value, std::atof(by)) : value;
}

}  // namespace rearview::sensitivity
"""


@dataclasses.dataclass(frozen=True)
class Constant:
    room: str
    name: str
    type: str
    value: str  # as it stands there
    why: str  # its comment

    @property
    def label(self):
        return f"{self.room}.{self.name}"

    @property
    def number(self):
        """The type of what is moved in it, or None."""
        found = LIST.fullmatch(self.type)
        return found[1] if found else self.type if NUMBER.fullmatch(self.type) else None

    @property
    def movable(self):
        return self.number is not None and not NOT_MOVED.search(self.why)


def comment_above(text, at):
    """The comment of what is declared there: right above it, or above its neighbours without a line between."""
    lines = []
    inside = False  # a declaration of a neighbour over several lines
    for line in reversed(text[:at].splitlines()):
        if line.startswith("///"):
            lines.append(line.removeprefix("///").strip())
        elif lines or not line or line.startswith(("namespace", "}", "//", "#")):
            break
        inside = not inside and not line.startswith(("const", "inline"))
    return " ".join(reversed(lines))


def constants(room, text):
    return [Constant(room, found["name"], found["type"], " ".join((found["value"] or found["other"]).split()),
                     comment_above(text, found.start())) for found in DECLARATION.finditer(text)]


def numbers_replaced(constant, wrap):
    """Its value, each number in it given to wrap."""
    if constant.number == constant.type:
        return wrap(constant.value)
    return "{" + ", ".join(wrap(one.strip()) for one in constant.value.strip("{}").split(",") if one.strip()) + "}"


def rewritten(room, text, fixed, moved=None, by=1.0):
    """A tuning.h whose numbers are looked up when the program starts, but for those that are `fixed` (by name), of which
    `moved` is moved by the factor."""
    def declaration(found):
        constant = next(c for c in here if c.name == found["name"])
        if not constant.movable:
            return found[0]
        if constant.name in fixed:
            if constant.name != moved:
                return found[0]
            value = numbers_replaced(constant, lambda v: f"sensitivity::scaled<{constant.number}>({v}, {by})")
            return f"inline constexpr {constant.type} {constant.name} = {value};"
        value = numbers_replaced(constant, lambda v: f'sensitivity::looked_up<{constant.number}>("{constant.label}", {v})')
        return f"inline const {constant.type} {constant.name} = {value};"

    here = constants(room, text)
    return DECLARATION.sub(declaration, text).replace("#pragma once\n", '#pragma once\n\n#include "sensitivity/looked_up.h"\n', 1)


def named_in(log, candidates):
    """Those that the compiler stumbled over: named in an error, in the notes on it, or in the line that it shows."""
    wrong = [line for line in log.splitlines() if re.search(r"error:|note:|^ +\d* \| ", line)]
    return {name for name in candidates if any(re.search(rf"\b{name}\b", line) for line in wrong)}


def write(path, text):
    """What is the same isn't written, so that nothing is built anew for it."""
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


class Builder:
    def __init__(self, work):
        self.work = work
        self.overlay = work / "overlay"
        self.sources = {path.parent.name: path.read_text() for path in sorted(ROOMS.glob("*/tuning.h"))}
        self.constants = [c for room, text in self.sources.items() for c in constants(room, text)]
        self.program = work / "bin" / "rearview"
        self.fixed = set()

    def prepare(self, moved=None, by=1.0):
        write(self.overlay / "sensitivity" / "looked_up.h", LOOKED_UP)
        for room, text in self.sources.items():
            fixed = {c.name for c in self.constants if c.room == room and c.label in self.fixed}
            name = moved.name if moved and moved.room == room else None
            write(self.overlay / "analyse" / room / "tuning.h", rewritten(room, text, fixed, name, by))

    def compile(self):
        if not (self.work / "build.ninja").exists():
            subprocess.run(["cmake", "--preset", "release", "-B", self.work, "-DREARVIEW_BUILD_TESTS=OFF", "-DREARVIEW_VIEW=OFF",
                            "-DREARVIEW_WERROR=OFF", f"-DCMAKE_CXX_FLAGS=-iquote {self.overlay}"],
                           cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return subprocess.run(["cmake", "--build", self.work, "--target", "rearview", "--", "-k", "0"], cwd=ROOT, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def build(self):
        """The program whose numbers can be moved; finds those that must be fixed."""
        kept = self.work / "fixed.json"
        if kept.exists():
            self.fixed = set(json.loads(kept.read_text()))
        while True:
            self.prepare()
            done = self.compile()
            if done.returncode == 0:
                break
            loose = [c for c in self.constants if c.movable and c.label not in self.fixed]
            names = named_in(done.stdout, {c.name for c in loose})
            found = {c.label for c in loose if c.name in names}
            if not found:
                sys.exit(done.stdout + "\nscripts/eval --sensitivity: the program can't be built with numbers that are looked up")
            print(f"known when it is compiled: {', '.join(sorted(found))}", flush=True)
            self.fixed |= found
            kept.write_text(json.dumps(sorted(self.fixed)))

    def build_moved(self, constant, by):
        """False where no program comes out of it."""
        self.prepare(constant, by)
        return self.compile().returncode == 0


def clips(quick):
    assets = os.environ.get("REARVIEW_ASSETS")
    if not assets:
        sys.exit("scripts/eval --sensitivity: REARVIEW_ASSETS is not set; it has to name the folder with the clips")
    return lambda folder: [path for path in sorted((pathlib.Path(assets) / folder).glob("*.truth.json"))
                           if not quick or path.name.removesuffix(".truth.json") in QUICK]


def score(program, truths, options, label=None, by=None):
    """What `rearview eval` says; None where it fails."""
    moved = {"REARVIEW_MOVED": label, "REARVIEW_MOVED_BY": str(by)} if label else {}
    config = ["--config", options.config] if options.config else []
    done = subprocess.run([program, "eval", "--jobs", str(options.jobs), "--json", "-", *config, *truths], env={**os.environ, **moved},
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else None


def digest(others):
    """Of what the scores follow from: the sources of the rooms that make them, the networks, and other files."""
    every = [path for room in ("base", "h264", "types", "receive", "analyse", "evaluate", "app")
             for path in sorted((ROOT / "src" / room).rglob("*.*"))]
    found = hashlib.sha256()
    for path in [*every, ROOT / "models" / "manifest.json", *others]:
        found.update(hashlib.sha256(f"{path.name}\n".encode() + path.read_bytes()).digest())
    return found.hexdigest()[:12]


def signed(value, digits=0):
    return f"{value:+.{digits}f}".replace("-", "−")


def change(base, now):
    """In words, what is different."""
    if now is None or now["total"]["frames_failed"]:
        return "fails"
    if now["clips"] == base["clips"]:
        return "nothing" if now["total"] == base["total"] else "estimates"
    was, total = base["total"], now["total"]
    said = [f"{what} {signed(total[key] - was[key])}" for what, key in
            (("found", "found"), ("false", "false_alerts"), ("soft", "soft"), ("blind pictures", "frames_blind"))
            if total[key] != was[key]]
    before, after = was["lead"]["mean_s"], total["lead"]["mean_s"]
    if before is not None and after is not None and abs(after - before) >= 0.005:
        said.append(f"lead {signed(after - before, 2)} s")
    return ", ".join(said) or "details"


def table(base, wanted, changes):
    total = base["total"]
    lines = [f"{len(base['clips'])} clips, {total['scored_s']:.0f} s: found {total['found']} of {total['events']}, "
             f"false {total['false_alerts']}, soft {total['soft']}, lead {total['lead']['mean_s'] or 0:.2f} s.", "",
             "| constant | value | −20 % | +20 % |", "|---|---|---|---|"]
    for constant in wanted:
        if constant.label in changes:
            moved = changes[constant.label]
            lines.append(f"| `{constant.label}` | {constant.value} | {moved.get('down', '')} | {moved.get('up', '')} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(prog="scripts/eval --sensitivity", description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build" / "sensitivity", help="folder of the build and the scores")
    parser.add_argument("--room", help="of src/analyse; default: all")
    parser.add_argument("--constant", action="append", help="its name; can be given again; default: all")
    parser.add_argument("--shard", metavar="I/N", help="the I-th of N parts")
    parser.add_argument("--quick", action="store_true", help="four short clips only")
    parser.add_argument("--found", action="store_true", help="the clips of the folder found, too")
    parser.add_argument("--config", type=pathlib.Path, help="analysis to score instead of the default")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="clips scored at the same time")
    options = parser.parse_args()
    part, parts = 0, 1
    if options.shard:
        from evaluate import shard  # brings what draws plots with it
        part, parts = shard(options.shard)

    builder = Builder(options.work.resolve())
    wanted = [c for c in builder.constants if c.movable and options.room in (None, c.room) and
              (not options.constant or c.name in options.constant)][part::parts]
    if not wanted:
        sys.exit("scripts/eval --sensitivity: there is no such constant, or it is a guard or a format, which aren't moved")
    truths_of = clips(options.quick)
    truths = truths_of("clips") + (truths_of("found") if options.found else [])
    builder.build()
    kept = builder.work / "scores" / digest([*truths, *([options.config] if options.config else [])])
    kept.mkdir(parents=True, exist_ok=True)
    program = kept / "rearview"  # what is built for those that take a build isn't it
    shutil.copy2(builder.program, program)

    def scored(name, how):
        file = kept / f"{name}.json"
        if not file.exists():
            new = file.with_suffix(f".{os.getpid()}")
            new.write_text(json.dumps(how()))
            new.rename(file)
        return json.loads(file.read_text())

    base = scored("base", lambda: score(program, truths, options))
    if base is None:
        sys.exit("scripts/eval --sensitivity: the clips can't be scored; try rearview eval by hand")
    changes = {}
    # Those that take no build first, since a build changes the program.
    for constant in sorted(wanted, key=lambda c: c.label in builder.fixed):
        for way, by in BY.items():
            def how():
                if constant.label not in builder.fixed:
                    return score(program, truths, options, constant.label, by)
                return score(builder.program, truths, options) if builder.build_moved(constant, by) else None
            changes.setdefault(constant.label, {})[way] = change(base, scored(f"{constant.label}.{way}", how))
            (builder.work / "sensitivity.md").write_text(table(base, wanted, changes))
        print(f"{constant.label} {constant.value}: {changes[constant.label]}", flush=True)
    builder.prepare()


if __name__ == "__main__":
    main()
