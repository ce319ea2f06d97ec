"""Both programs with everything that they are for, and one fault after the other; then, whether the promises held.

REARVIEW_BIN=build/release/bin tests/soak/soak.py [--minutes N] [--seed S] [--slack SECONDS] [--logs FOLDER]
    [--only WORD...]

Camera and service run with the default stages, a store on a disk of its own, MQTT, a webhook, 20 subscribers and 5
viewers. The seed gives the order of the faults and how long each lasts. The programs are killed in the first third of
a run of 6 minutes or more, so that the others are long enough to show whether memory grows. Disks are exchanged and
clocks stepped where mounting is permitted and libfaketime is there; what can't be done is said. SIGINT and
SIGTERM end the run early: what was done is judged. Exit code 1: a promise was broken. docs/reliability.md says what is promised.
"""

import argparse
import dataclasses
import pathlib
import signal
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

import judges
from faults import DiskFault, HostileBroker, deck
from rig import Rig
from watch import Scale, Watch

PATIENCE_S = 15  # for what ought to take 3, beside the slack
CALM_S = 2
COUNTED_S = 10


@dataclasses.dataclass
class Happened:
    """One fault as it went. Times are monotonic; at_s since the beginning."""

    name: str
    at_s: float
    begun: float
    ended: float
    over: float
    disturbs: bool
    blind_after_s: float | None
    new_service: bool
    live_s: float | None = None
    disturbed_s: float = 0
    caught_up_s: float | None = None
    behind: str = ""

    def row(self):
        def seconds(value):
            return "never" if value is None else f"{value:.1f} s"
        watching = seconds(self.live_s) if self.disturbs else f"({self.disturbed_s:.1f} s)"
        return f"{self.at_s:7.0f} s  {self.name:<32} {self.ended - self.begun:6.1f} s   {watching:>8}   {seconds(self.caught_up_s):>8}"


class Soak:
    def __init__(self, rig, seed, slack_s):
        self.rig = rig
        self.seed = seed
        self.watch = Watch(rig, slack_s)
        self.scale = Scale(rig)
        self.happened = []
        self.kills = []
        self.hostile = []
        self.skipped = {}
        self.endings = []  # of programs, that nobody asked for
        self.enough = threading.Event()
        self.begun = time.monotonic()

    def run(self, seconds, only):
        self.watch.start()
        self.scale.start()
        self._calm(CALM_S)
        kills_until = self.begun + (seconds / 3 if seconds >= 360 else seconds)
        print(f"{'at':>9}  {'fault':<32} {'lasted':>8}   {'live':>8}   {'alerts':>8}      (in brackets: without sight meanwhile)", flush=True)
        passed_over = 0
        for fault in deck(self.rig, self.seed):
            if time.monotonic() - self.begun >= seconds or self.endings or self.enough.is_set():
                return
            if fault.reason:
                self.skipped[fault.name] = fault.reason
            if fault.reason or (only and not any(word in fault.name for word in only)) or (
                    fault.kills and time.monotonic() > kills_until):
                passed_over += 1
                if passed_over > 100:
                    raise SystemExit("there is no such fault")
                continue
            passed_over = 0
            self._suffer(fault)
            print(self.happened[-1].row(), flush=True)
            self._calm(CALM_S)

    def _calm(self, seconds):
        self.scale.calm.set()
        self.watch.ending.wait(seconds)
        self.scale.calm.clear()
        for program in (self.rig.camera, self.rig.service):
            if program.process.poll() is not None:
                self.endings.append(f"{program.name} ended by itself with {program.process.returncode}: " + " | ".join(program.lines[-3:]))

    def _suffer(self, fault):
        before = time.monotonic()
        fault.ended = None
        fault.begin()
        begun = time.monotonic()
        self.watch.ending.wait(fault.lasts_s())
        ending = time.monotonic()
        fault.end()
        ended = fault.ended or (ending if not isinstance(fault, DiskFault) else time.monotonic())
        one = Happened(fault.name, before - self.begun, begun, ended, time.monotonic(), fault.disturbs, fault.blind_after_s,
                       "rearview" in fault.kills)
        if one.new_service:
            self.kills.append((before, time.monotonic()))
        if isinstance(fault, HostileBroker):
            self.hostile.append((before - 1, time.monotonic() + 1))
        self._await_recovery(one)
        self.happened.append(one)

    def _await_recovery(self, one):
        """Until the watching is live and everybody has the newest alert of now."""
        newest = None
        while time.monotonic() < one.ended + PATIENCE_S + self.watch.slack_s and (one.live_s is None or one.caught_up_s is None):
            self.watch.ending.wait(0.05)
            one.over = time.monotonic()
            if one.live_s is None:
                one.live_s = judges.live_after(self.watch, one)
            if newest is None:
                newest = self._newest()
            elif one.caught_up_s is None:
                waiting = [who.name for who in self.rig.everybody if who.last < newest]
                one.behind = f"{', '.join(waiting[:3])} without {newest}"
                if not waiting:
                    one.caught_up_s = max(0, time.monotonic() - one.ended)
        one.disturbed_s = judges.disturbed(self.watch, one)

    def _newest(self):
        try:
            page = self.rig.service.get_json("/api/v1/alerts?limit=1000&after=" + str(max(0, max(one.last for one in self.rig.everybody) - 1)))
        except (OSError, AssertionError, ValueError):
            return None
        return page[-1]["id"] if page else 0

    def judge(self):
        """[(promise, kept, in words)]"""
        before, counted = self.rig.metrics(), self._received()
        self._calm(COUNTED_S)
        after, received = self.rig.metrics(), self._received()
        stored = self.rig.alerts()
        end = time.monotonic() + PATIENCE_S + self.watch.slack_s
        while stored and any(one.last < stored[-1]["id"] for one in self.rig.everybody) and time.monotonic() < end:
            self.watch.ending.wait(0.1)
        self.watch.ending.set()
        self.scale.ending.set()
        store = self.rig.health()["store"]
        faults, watch = self.happened, self.watch
        return [
            ("neither program ends by itself", not self.endings, "; ".join(self.endings) or f"{len(self.rig.lives)} lives"),
            ("live within 3 s of a cause's end", *judges.back_in_time(watch, faults)),
            ("nothing else interrupts the watching", *judges.undisturbed(watch, faults)),
            ("alerts arrive within 3 s of a cause's end", *judges.caught_up(watch, faults)),
            ("never clear while blind", *judges.never_clear_while_blind(watch, faults)),
            ("no alert lost or doubled", *judges.no_alert_lost_or_doubled(self.rig, stored, self.kills, self.hostile)),
            ("the store is well again", store["problem"] is None and not store["lost"] and not store["rejected"],
             f"failures {store['failures']}, lost {store['lost']}, rejected {store['rejected']}, problem {store['problem']}"),
            ("every drop is counted", *judges.every_drop_counted(self.rig, before, after, tuple(b - a for a, b in zip(counted, received)))),
            ("rearview's memory is flat", *judges.flat(self.scale, "rearview")),
            ("rearview-camera's memory is flat", *judges.flat(self.scale, "rearview-camera")),
        ]

    def _received(self):
        return (sum(one.analyses for one in self.rig.with_analyses), sum(one.pictures for one in self.rig.viewers))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slack", type=float, default=0, help="seconds, added to each that is promised, for a busy machine")
    parser.add_argument("--logs", type=pathlib.Path, help="a folder for what the programs said")
    parser.add_argument("--only", nargs="*", help="only faults with one of these words in their name")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rearview-soak-") as folder:
        rig = Rig(folder, arguments.seed)
        soak = Soak(rig, arguments.seed, arguments.slack)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: soak.enough.set())
        try:
            soak.run(arguments.minutes * 60, arguments.only)
            verdict = soak.judge()
        finally:
            rig.close()
            if arguments.logs:
                rig.write_logs(arguments.logs)
                (arguments.logs / "told.txt").write_text("\n".join(soak.watch.told(soak.begun)) + "\n")
    for name, reason in soak.skipped.items():
        print(f"not done: {name}: {reason}")
    late = sum(one for _, one in soak.watch.late)
    print(f"\nseed {arguments.seed}, {(time.monotonic() - soak.begun) / 60:.1f} minutes, {len(soak.happened)} faults; "
          f"in all the machine let threads wait for a core for {late:.1f} s, which the judges add to what is allowed\n")
    for promise, kept, words in verdict:
        print(f"{'kept  ' if kept else 'BROKEN'}  {promise}: {words}")
    return 0 if all(kept for _, kept, _ in verdict) else 1


if __name__ == "__main__":
    sys.exit(main())
