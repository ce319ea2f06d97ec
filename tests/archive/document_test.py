"""The commands of docs/archive.md, run as they stand: from a folder of recordings to results with two workers."""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from archive_programs import BIN, make_clip, results

from nats_server import NATS_SERVER, NatsServer
from programs import Program, free_port

import yaml

GUIDE = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "archive.md").read_text()


def command(start):
    """The one block that holds this."""
    [block] = [block for block in re.findall(r"^```(?:sh|yaml)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
               if start in block]
    return block


class Document(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for number in range(3):
            make_clip(self.folder / "rides" / f"clip{number}.mkv", number, seconds=1)

    def run_here(self, script, **environment):
        return subprocess.run(["bash", "-ec", script], cwd=self.folder, check=True, timeout=300, capture_output=True, text=True,
                              env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}:/usr/sbin", **environment})

    def made(self):
        return len(results(self.folder / "results"))

    def test_one_machine(self):
        self.run_here(command("--out results rides"))
        self.assertEqual(self.made(), 3)

    def test_gnu_parallel(self):
        self.run_here(command("parallel rearview"), PARALLEL="--will-cite")
        self.assertEqual(self.made(), 3)

    def test_slurm(self):
        """What sbatch would run in those tasks of the array that have a recording."""
        wrapped = re.search(r"--wrap \\\n\s*'(.*)'", command("sbatch"))[1].replace("/shared/", "")
        for clip in (self.folder / "rides").resolve().iterdir():
            index = int(hashlib.sha256(str(clip).encode()).hexdigest()[:8], 16) % 100
            self.run_here(wrapped, SLURM_ARRAY_TASK_ID=str(index))
        self.assertEqual(self.made(), 3)

    def test_kubernetes(self):
        job = yaml.safe_load(command("Indexed"))
        shell, flag, script = job["spec"]["template"]["spec"]["containers"][0]["command"]
        self.assertEqual((shell, flag, job["spec"]["completionMode"]), ("sh", "-c", "Indexed"))
        self.assertIn(f"/{job['spec']['completions']} ", script)
        self.run_here(script.replace("/data/", "").replace("/100", "/1"), JOB_COMPLETION_INDEX="0")
        self.assertEqual(self.made(), 3)

    def test_two_workers(self):
        server = NatsServer(self.folder / "jetstream")
        self.addCleanup(server.stop)
        said = self.run_here(command("archive submit").replace("nats://127.0.0.1", server.url))
        self.assertEqual(self.made(), 3)
        status = json.loads(said.stdout)
        self.assertEqual([status[key] for key in ("waiting", "running", "done", "failed")], [0, 0, 3, 0])

    def test_the_server(self):
        start = command("nats-server -a").replace("jetstream", str(self.folder / "jetstream"))
        server = Program("nats-server", *start.split()[1:], "-p", str(free_port()), binary=NATS_SERVER)
        self.addCleanup(server.stop)
        server.wait_for_line("Server is ready")


if __name__ == "__main__":
    unittest.main(verbosity=2)
