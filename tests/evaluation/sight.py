"""Scores whether the analysis knows when it can't see: recordings of ways_of_seeing through `rearview analyze`."""

import concurrent.futures
import dataclasses
import json
import subprocess
import tempfile

# The network finds vehicles, but has no say in what can be seen; without it a recording takes a second.
STAGES = [{"type": "view"}, {"type": "looming"}, {"type": "tracker"}, {"type": "approach"}]
TRUSTING = ("clear", "following")


@dataclasses.dataclass(frozen=True)
class Score:
    recording: object
    judged_s: float      # of the recording, behind the time that is given to tell
    wrong_s: float       # of these: called clear while blind, or blind while not
    delay_s: float | None  # from the beginning of blindness until it was told
    told: str            # the first reason that was given


def says(message):
    """blind, clear, or doubt: degraded, or not judged yet."""
    if message["road"] in ("blind", "no_signal") or message["state"] == "failed":
        return "blind"
    if message["state"] == "degraded" or message["road"] not in TRUSTING:
        return "doubt"
    return "clear"


def score(recording, binary):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as config:
        json.dump({"cameras": [{"name": "rear", "stages": STAGES}]}, config)
        config.flush()
        # What bit errors were put into has no times of its own: one picture a second.
        rate = ["--fps", "1"] if recording.way.bit_errors else []
        result = subprocess.run([binary, "analyze", "--config", config.name, "--json", "-", *rate, recording.path],
                                check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    messages = [json.loads(line) for line in result.stdout.splitlines()]
    messages = [m for m in messages if m["type"] == "analysis"]
    wrong = "clear" if recording.way.blind else "blind"
    begins = recording.blind_from_s or 0.0
    judged_from = begins + (recording.grace_s if recording.way.blind else 0)
    judged_s = wrong_s = 0.0
    delay_s, told = None, ""
    for message, after in zip(messages, [*messages[1:], None]):
        t_s = message["t_s"]
        lasts_s = after["t_s"] - t_s if after else 1 / 30
        verdict = says(message)
        if t_s >= judged_from - 1e-6:
            judged_s += lasts_s
            wrong_s += lasts_s if verdict == wrong else 0
        if verdict != "clear" and t_s >= begins and message["text"] and not told:
            delay_s, told = t_s - begins, message["text"]
    return Score(recording, judged_s, wrong_s, delay_s, told)


def score_all(recordings, binary, jobs):
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(lambda recording: score(recording, binary), recordings))


def share(scores):
    judged = sum(s.judged_s for s in scores)
    return 100 * sum(s.wrong_s for s in scores) / judged if judged else None


def shown(value, digits=1):
    return "-" if value is None else f"{value:.{digits}f}"


def rows(scores, blind):
    lines = []
    ways = dict.fromkeys(s.recording.way for s in scores if s.recording.way.blind == blind)
    for way in ways:
        mine = [s for s in scores if s.recording.way == way]
        columns = []
        for held_out in (False, True):
            some = [s for s in mine if s.recording.held_out == held_out]
            columns += [str(len(some)), shown(100 - share(some)) + " %"]
            if blind:
                delays = [s.delay_s for s in some]
                columns.append("never" if None in delays else shown(max(delays)) + " s")
        told = sorted({s.told for s in mine if s.told and (blind or s.wrong_s)})
        lines.append(f"| {way.name} | {' | '.join(columns)} | {'; '.join(told[:2])} |")
    return "\n".join(lines)


def summary(scores, blind, held_out):
    some = [s for s in scores if s.recording.way.blind == blind and s.recording.held_out == held_out]
    return f"{sum(s.wrong_s for s in some):.1f} of {sum(s.judged_s for s in some):.0f} s ({shown(share(some), 2)} %)"


def report(scores):
    """Markdown: what stands in docs/evaluation.md."""
    blind = len({s.recording.way for s in scores if s.recording.way.blind})
    seeing = len({s.recording.way for s in scores if not s.recording.way.blind})
    heads = "| way | {} | told |\n|---|{}---|"
    return f"""## Whether it knows when it can't see

{blind} ways of being blind and {seeing} of seeing badly but well enough, made of drawn roads and, with
`REARVIEW_ASSETS`, of real clips (`tests/evaluation/ways_of_seeing.py`). A recording of a blind way shows the
road for two seconds first where it can. Right is whatever isn't a clear road without reserve: `blind`, or
`degraded` with the reason; it has 1 s to tell, 2 s where the picture is frozen. The limits of the stage `view`
were set on the recordings called "tuned on"; "held out" are other roads, clips and seeds, which are only counted.

| | tuned on | held out |
|---|---|---|
| called clear while blind | {summary(scores, True, False)} | {summary(scores, True, True)} |
| called blind while seeing | {summary(scores, False, False)} | {summary(scores, False, True)} |

How many pictures a second it takes: a vehicle that isn't reported yet is dropped after 0.3 s without a detection
(`new_coast_s`), so below 3.3 a second, evenly spread, nobody is ever followed; with some jitter 4. A vehicle is
told after 3 detections (`confirm_detections`), the first measurement of growth, 0.4 s, and 8 looks at it
(`confirm_frames`): 9 pictures and 0.4 s. A fast one is known about 4 s before it passes, and a rider needs 2.5 s:
that leaves 1.5 s, in which 9 pictures come at 8.2 a second. So fewer than 4 are `blind`, fewer than 8 `degraded`.
Pictures count that show something new: repeats of one, as a link or a recorder makes them, are known by the leaps
between them. And the looks of a detector count for themselves: fewer than 4 a second (`every`, or boxes from another
program that come seldom) are `blind`.

How a cover is known that hides part of the picture: a sixteenth of the width that shows nothing where the horizon may be; a
straight edge right across, below which nothing is; and where neither is so, by what it takes away of what this camera
usually shows (`src/analyse/view/usual_detail.h`). A flap that leaves nearly half of the picture free, as the slanting one below,
may leave enough of that.

How frozen and at rest are told apart: a sensor's noise makes each change of a block half undo the last one, while
what an encoder refines comes nearer to the one picture and doesn't go back; the intra pictures it begins anew with
are left out (`src/analyse/view/signs_of_life.h`). Where an encoder takes all of the noise away and nothing moves, there
is nothing left to tell by, and the picture counts as frozen: that is so in the first seconds of a constant quality,
whose encoder finds nothing in the noise that is worth a bit until it begins anew with an intra picture. Whoever stands
on an empty road then reads "the picture is frozen", with the alert `view_blocked`, until that comes or something moves.

How a stream without bits is told from one with few: where an encoder can't say more than a mean for each block, the
steps of the picture lie on the seams of the blocks, while the world's lie anywhere. Roads at 300 kbit/s have 1.0 to 1.6
times as many on the seams as in the middle of blocks, 2.9 for a moment behind an intra picture; at 25 kbit/s 2.9 to 10.

{heads.format("tuned on | right | told after, at most | held out | right | told after, at most", "---|" * 6)}
{rows(scores, True)}

{heads.format("tuned on | right | held out | right", "---|" * 4)}
{rows(scores, False)}
"""
