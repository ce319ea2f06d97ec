"""What a running program costs, from /proc."""

import os
import pathlib
import time

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cpu_s(pid):
    """Seconds of a core that a process and its children took."""
    process = pathlib.Path(f"/proc/{pid}")
    fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
    children = [child for task in process.glob("task/*/children") for child in task.read_text().split()]
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S + sum(map(cpu_s, children))


def thread_cpu_s(pid, name):
    """Seconds of a core that the threads of a name took, to the nanosecond, in a process and its children."""
    process = pathlib.Path(f"/proc/{pid}")
    own = sum(int((task / "schedstat").read_text().split()[0]) for task in process.glob("task/*")
              if (task / "comm").read_text().rstrip("\n") == name) / 1e9
    children = [child for task in process.glob("task/*/children") for child in task.read_text().split()]
    return own + sum(thread_cpu_s(child, name) for child in children)


class Usage:
    """CPU in percent of one core since construction, and resident memory now."""

    def __init__(self, program):
        self.pid = program.process.pid
        self.cpu, self.start = cpu_s(self.pid), time.monotonic()

    def percent(self):
        return 100 * (cpu_s(self.pid) - self.cpu) / (time.monotonic() - self.start)

    def figures(self):
        lines = pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines()
        resident = next(line for line in lines if line.startswith("VmRSS"))
        return f"{self.percent():5.1f} % of a core, {int(resident.split()[1]) / 1024:5.1f} MiB resident"
