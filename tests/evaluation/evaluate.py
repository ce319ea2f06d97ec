"""Scores the analysis on drawn scenes and real clips and writes docs/evaluation.md with its plot."""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

import matrix
import scenes
import sight
import ways_of_seeing

# Of the clips in REARVIEW_ASSETS this one was filmed from a pole.
STATIC_CLIPS = ("swdee_cars_fwd",)
STAGES = [{"type": "view"}, {"type": "looming"}, {"type": "onnx", "model": "rearview-vehicle"},
          {"type": "tracker"}, {"type": "approach"}]


def without(*types):
    return [stage for stage in STAGES if stage["type"] not in types]


def approach(**settings):
    return [{**stage, **settings} if stage["type"] == "approach" else stage for stage in STAGES]


# Of the suite that is only counted: what goes wrong in it is no reason to change the analysis.
HELD_OUT_FIRST_SEED = 1001

ABLATIONS = {
    "both (the default)": STAGES,
    "network alone": without("looming"),
    "looming alone": without("onnx"),
    "growth from boxes alone, not from the picture": approach(measure_in_picture=False),
    "no gate of growth": approach(growth_z=1, alert_ttc_s=30, farthest_ttc_s=30),
    "no gate of the claim": approach(warn_probability=0),
    "no gate of confirmation": approach(confirm_frames=1, confirm_s=0, confirm_boxes_s=0,
                                        confirm_unnamed_s=0),
    "no gate of sight": approach(least_score=0, least_side_px=0),
}


class Evaluation:
    def __init__(self, options):
        self.bin = options.bin
        self.jobs = options.jobs
        self.folder = options.work
        self.config = ["--config", options.config] if options.config else []

    def draw(self, suite):
        return scenes.draw_all(suite, self.bin / "rearview-camera", self.folder / "scenes", self.jobs)

    def clips(self):
        """Truth files of the real clips, in one folder for moving and one for static cameras."""
        assets = os.environ.get("REARVIEW_ASSETS")
        if not assets:
            return []
        truths = []
        for path in sorted((pathlib.Path(assets) / "clips").glob("*.truth.json")):
            name = path.name.removesuffix(".truth.json")
            group = self.folder / "clips" / ("static" if name in STATIC_CLIPS else "moving")
            group.mkdir(parents=True, exist_ok=True)
            for source in (path, path.with_name(f"{name}.h264")):
                link = group / source.name
                link.unlink(missing_ok=True)
                link.symlink_to(source.resolve())
            truths.append(group / path.name)
        return truths

    def score(self, truths, config=None):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "scores.json"
            subprocess.run([self.bin / "rearview", "eval", "--jobs", str(self.jobs), "--json", out,
                            *(config or self.config), *truths], check=True, stdout=subprocess.DEVNULL)
            return json.loads(out.read_text())

    def score_stages(self, truths, stages):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as config:
            json.dump({"cameras": [{"name": "rear", "stages": stages}]}, config)
            config.flush()
            return self.score(truths, ["--config", config.name])


def shown(value, digits=1, scale=1.0, unit=""):
    return "-" if value is None else f"{value * scale:.{digits}f}{unit}"


def at_three_seconds(total):
    band = next(b for b in total["ttc_s_by_true_ttc"] if b["from"] == 2.5)
    return band["median_relative_error"]


HEADS = ("| | seconds | events | found | recall, 95 % | lead, mean | over 2.5 s | false | an hour, 95 % | soft "
         "| repeats | side right, wrong | TTC error at 3 s |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|")


def row(name, total):
    recall = "-" if not total["events"] else "{:.0f} % ({:.0f}-{:.0f})".format(
        100 * total["recall"], *(100 * v for v in total["recall_95"]))
    hourly = "{} ({}-{})".format(shown(total["false_per_hour"]),
                                 *(shown(v) for v in total["false_per_hour_95"]))
    return (f"| {name} | {total['scored_s']:.0f} | {total['events']} | {total['found']} | {recall} "
            f"| {shown(total['lead']['mean_s'], 2, 1, ' s')} "
            f"| {shown(total['lead']['events_over_2_5_s'], 0, 100, ' %')} | {total['false_alerts']} "
            f"| {hourly} | {total['soft']} | {total['repeats'] - total['escalations']} "
            f"| {total['sides']['right']}, {total['sides']['wrong']} "
            f"| {shown(at_three_seconds(total), 0, 100, ' %')} |")


def bands(title, rows, unit):
    lines = [f"| {title} | moments | estimated | median error | relative | bias |", "|---|---|---|---|---|---|"]
    for band in rows:
        if not band["moments"]:
            continue
        upto = "up" if band["to"] is None else f"to {band['to']:g}"
        lines.append(f"| {band['from']:g} {upto} {unit} | {band['moments']} "
                     f"| {100 * band['estimated'] / band['moments']:.0f} % "
                     f"| {shown(band['median_abs_error'], 2)} | {shown(band['median_relative_error'], 0, 100, ' %')} "
                     f"| {shown(band['bias'], 2)} |")
    return "\n".join(lines)


def off_by(rows):
    """By how much the probability is off on the average, as a share; None without a claim."""
    count = sum(band["claims"] for band in rows)
    return sum(abs(band["mean_probability"] * band["claims"] - band["came_true"])
               for band in rows if band["claims"]) / count if count else None


def claims(scores):
    """How often claims of tracks and of alerts came true, by the probability that was said."""
    lines = ["| probability | tracks | said | came true, 95 % | alerts | said | came true, 95 % |", "|---|---|---|---|---|---|---|"]
    both = [scores["total"][of] for of in ("claims", "alert_claims")]
    for pair in zip(*both, strict=True):
        parts = [f"| {100 * pair[0]['from']:.0f} to {100 * pair[0]['to']:.0f} %"]
        for band in pair:
            parts.append(f"{band['claims']} | {shown(band['mean_probability'], 1, 100, ' %')} | "
                         + ("-" if not band["claims"] else "{:.0f} % ({:.0f}-{:.0f})".format(
                             100 * band["came_true"] / band["claims"], *(100 * v for v in band["share_95"]))))
        lines.append(" | ".join(parts) + " |")
    tracks, alerts = (shown(off_by(rows), 1, 100) for rows in both)
    return "\n".join(lines) + f"\n\nOff by {tracks} points on the average of tracks, {alerts} of alerts."


def plot_claims(groups, target):
    """Reliability: how often claims of tracks came true against the probability said, one line each of groups."""
    figure, axis = plt.subplots(figsize=(4.2, 4.2))
    axis.plot([0, 100], [0, 100], color="#999999", linewidth=0.8)
    for (name, scores), color in zip(groups.items(), ("#1a6fb0", "#c0392b", "#2e8b57"), strict=False):
        told = [band for band in scores["total"]["claims"] if band["claims"]]
        axis.errorbar([100 * b["mean_probability"] for b in told], [100 * b["came_true"] / b["claims"] for b in told],
                      yerr=[[100 * max(0, b["came_true"] / b["claims"] - b["share_95"][0]) for b in told],
                            [100 * max(0, b["share_95"][1] - b["came_true"] / b["claims"]) for b in told]],
                      fmt="o-", color=color, markersize=4, linewidth=1, label=name)
    axis.set_xlabel("probability said, %")
    axis.set_ylabel("came true, %")
    axis.legend(frameon=False)
    axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(target, metadata={"Date": None})


def failures(scores):
    lines = []
    for clip in scores["clips"]:
        path = pathlib.Path(clip["truth"])
        name = f"{path.parent.name}, {path.name.removesuffix('.truth.json').rsplit('-', 1)[0]}"
        missed = [e for e in clip["events"] if not e["found"]]
        parts = [f"missed {e['class']} passing at {e['t_pass_s']:.1f} s" for e in missed]
        parts += [f"false {a['kind']} at {a['t_s']:.1f} s" + (f" on {a['on']}" if a["on"] else "")
                  for a in clip["false"]]
        if parts:
            lines.append(f"- {name}: " + "; ".join(parts))
    return "\n".join(lines) or "- none"


def by_light(suite, scores):
    lights = {}
    for scene, clip in zip(suite, scores["clips"], strict=True):
        entry = lights.setdefault(scene.condition, [0, 0, 0, 0.0])
        entry[0] += len(clip["events"])
        entry[1] += sum(e["found"] for e in clip["events"])
        entry[2] += len(clip["false"])
        entry[3] += clip["scored_s"]
    lines = ["| light | events | found | false | seconds |", "|---|---|---|---|---|"]
    lines += [f"| {name} | {e} | {f} | {w} | {s:.0f} |" for name, (e, f, w, s) in lights.items()]
    return "\n".join(lines)


def table(scores):
    return "\n".join([HEADS, *(row(name, total) for name, total in scores["groups"].items()),
                      row("**all**", scores["total"])])


def plot(groups, clips, target):
    """Each event's lead by kind of road, the missed ones at zero; false alerts an hour beside it."""
    kinds = list(groups)
    leads = {kind: [] for kind in kinds}
    for clip in clips:
        leads[pathlib.Path(clip["truth"]).parent.name] += [e["lead_s"] for e in clip["events"]]
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 0.34 * len(kinds) + 1.2), sharey=True,
                                         gridspec_kw={"width_ratios": [3, 1]})
    for y, kind in enumerate(kinds):
        found = [v for v in leads[kind] if v is not None]
        missed = len(leads[kind]) - len(found)
        left.plot(found, [y] * len(found), "o", color="#1a6fb0", alpha=0.6, markersize=5)
        left.plot([0] * missed, [y] * missed, "x", color="#c0392b", markersize=8)
        low, high = groups[kind]["false_per_hour_95"]
        right.plot([low, high], [y, y], "-", color="#999999")
        right.plot([groups[kind]["false_per_hour"]], [y], "o", color="#c0392b", markersize=5)
    left.axvline(2.44, color="#888888", linestyle=":", linewidth=1)
    left.set_yticks(range(len(kinds)), kinds)
    left.invert_yaxis()
    left.set_xlabel("lead of each event, s (red cross: missed; dotted: 2.44 s)")
    right.set_xlabel("false alerts an hour, 95 %")
    right.set_xscale("symlog", linthresh=10)
    for axis in (left, right):
        axis.grid(axis="x", color="#dddddd", linewidth=0.5)
        axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(target, metadata={"Date": None})


def shard(text):
    index, _, of = text.partition("/")
    if not (index.isdigit() and of.isdigit() and 1 <= int(index) <= int(of)):
        raise argparse.ArgumentTypeError(f'"{text}" is not I/N with I from 1 to N, such as 1/8')
    return int(index) - 1, int(of)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="folder of the two programs")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="where drawn scenes are kept")
    parser.add_argument("--docs", type=pathlib.Path, required=True, help="folder for evaluation.md and its plot")
    parser.add_argument("--config", help="analysis to score instead of the default")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--matrix", action="store_true", help="the matrix instead (matrix.py): writes matrix.md and its plot")
    parser.add_argument("--half", choices=matrix.HALVES, help="of the matrix; default: both")
    parser.add_argument("--shard", type=shard, default=(0, 1), metavar="I/N", help="of the matrix: the I-th of N parts")
    options = parser.parse_args()
    if options.matrix:
        matrix.run(options)
        return

    evaluation = Evaluation(options)
    suite = scenes.suite()
    truths = evaluation.draw(suite)
    drawn = evaluation.score(truths)
    new_suite = scenes.suite(first_seed=HELD_OUT_FIRST_SEED)
    new = evaluation.score(evaluation.draw(new_suite))
    clips = evaluation.clips()
    real = evaluation.score(clips) if clips else None
    seen = sight.score_all(
        ways_of_seeing.make_all(options.bin / "rearview-camera", options.work, options.jobs,
                                os.environ.get("REARVIEW_ASSETS")), options.bin / "rearview", options.jobs)
    # Without clips, on every third kind of scene, each in another light.
    conditions = len(scenes.CONDITIONS)
    some = clips or [truths[n * conditions + n // 3 % conditions] for n in range(0, len(scenes.KINDS), 3)]
    ablations = {name: evaluation.score_stages(some, stages)["total"] for name, stages in ABLATIONS.items()}

    (options.docs / "images").mkdir(parents=True, exist_ok=True)
    plot(drawn["groups"], drawn["clips"], options.docs / "images" / "evaluation.svg")
    text = ["""# Evaluation

Written by `scripts/eval`. An event is a vehicle that closes in and passes, or comes within 5 m; it is
found by an alert while it is visible whose box overlaps it. Lead is the time from its first alert to its
pass, which is when it leaves the picture. False alerts are those on nothing, or on a vehicle that doesn't
close in; soft ones are on a vehicle that really closes in, but isn't an event; repeats are further alerts
on an event, the one `fast_approach` that may follow not counted. Side: whether the first alert names the
side of the pass, the other, or (the rest) neither yet. Rules: `src/evaluate/clip_scorer.h`.

## Drawn scenes
""",
            f"{len(suite)} scenes of {scenes.SECONDS} s (`tests/evaluation/scenes.py`), with exact truth. They are "
            "kinder than a road:\nno spray on the lens, no trees in the wind. The detector was trained on other "
            "scenes of the same program.\n",
            "![lead and false alerts by kind](images/evaluation.svg)\n", table(drawn), "", by_light(suite, drawn)]
    text += ["", bands("true time to contact", drawn["total"]["ttc_s_by_true_ttc"], "s"), "",
             bands("distance: time to contact", drawn["total"]["ttc_s_by_distance"], "m"), "",
             bands("distance: distance, m", drawn["total"]["distance_m_by_distance"], "m"), "",
             "What went wrong:\n", failures(drawn), ""]
    text += [f"""## Drawn scenes, held out

{len(new_suite)} more of the same kinds, from other seeds. The analysis was developed on the scenes above, and these
are only counted: what it does on roads that nobody tuned it for.
""", table(new), "", by_light(new_suite, new), "", "What went wrong:\n", failures(new), ""]
    if real:
        text += ["""## Real clips

Third-party clips: front dashcams, most of them played backwards, and one camera on a pole ("static").
Few events and few minutes, so the intervals are wide. None was filmed from a bicycle. The analysis was
developed on these same clips.
""", table(real), "", "What went wrong:\n", failures(real), ""]
    groups = {"developed on": drawn, "held out": new, **({"real clips": real} if real else {})}
    plot_claims(groups, options.docs / "images" / "claims.svg")
    text += ["""## How likely it was said to be

An alert claims that its vehicle will have come up to the rider within 10 s, with a probability
([analysis.md](analysis.md)); so does each track, twice a second. How often that came true:

![how often claims came true, by what was said](images/claims.svg)
"""]
    for name, scores in groups.items():
        text += [f"{name[0].upper()}{name[1:]}:\n", claims(scores), ""]
    text += [sight.report(seen)]
    text += ["""## What each part brings

On the real clips. Gates: of growth (it closes in, soon enough, beyond doubt), of the claim (it is likely
enough to come, and near), of confirmation (for long enough), of sight (the detector is sure, and it isn't tiny).
""", "| | found | false | lead |", "|---|---|---|---|"]
    text += [f"| {name} | {t['found']} of {t['events']} | {t['false_alerts']} "
             f"| {shown(t['lead']['mean_s'], 2, 1, ' s')} |" for name, t in ablations.items()]
    (options.docs / "evaluation.md").write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    main()
