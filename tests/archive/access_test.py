"""An archive's queue where not everybody is let in, and status while it is worked on."""

import json
import os
import pathlib
import pty
import re
import subprocess
import tempfile
import unittest

from archive_programs import REARVIEW, make_clip, rearview, results

from nats_keys import Operator, an_nkey
from nats_server import NatsServer
from throwaway_ca import ThrowawayCa

GUIDE = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "archive.md").read_text()


class Access(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        for number in range(2):
            make_clip(cls.folder / "rides" / f"clip{number}.mkv", number, seconds=1)
        cls.ca = ThrowawayCa(cls.folder)

    def setUp(self):
        self.work = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def nats(self, *arguments, **options):
        server = NatsServer(self.work / "jetstream", *arguments, **options)
        self.addCleanup(server.stop)
        return server

    def analysed(self, url, *access):
        """By a queue that these let in to."""
        arguments = ("--nats", url, *access)
        for command in (("submit", self.folder / "rides"), ("work", "--out", self.work / "out", "--until-empty"), ("status",)):
            result = rearview("archive", command[0], *arguments, *command[1:])
            self.assertEqual(result.returncode, 0, result.stderr)
        status = json.loads(result.stdout)
        self.assertEqual([status[key] for key in ("waiting", "running", "done", "failed")], [0, 0, 2, 0])
        self.assertEqual(len(results(self.work / "out")), 2)

    def refused(self, said, url, *access):
        for command in (("submit", self.folder / "rides"), ("work", "--out", self.work / "none"), ("status",)):
            result = rearview("archive", command[0], "--nats", url, *access, *command[1:])
            self.assertEqual((result.returncode, len(result.stderr.splitlines())), (2, 1), result.stderr)
            self.assertIn(said, result.stderr)
            self.assertNotIn("secret", result.stderr)

    def test_credentials_files_and_tls(self):
        operator = Operator()
        config = self.work / "nats.conf"
        config.write_text(operator.configuration + f'tls {{ cert_file: "{self.ca.cert}", key_file: "{self.ca.key}" }}\n')
        server = self.nats("-c", config, scheme="tls")
        # No more than docs/archive.md says that it needs.
        said = re.search(r"needs to publish (.*?), and to\s+subscribe to\s`(.*?)`", GUIDE, re.DOTALL)
        user = operator.credentials(self.work / "user.creds", re.findall(r"`(.*?)`", said[1]), [said[2]])
        self.refused("credentials", server.url, "--ca", self.ca.ca)
        self.refused("credentials", server.url, "--ca", self.ca.ca, "--creds", Operator().credentials(self.work / "secret.creds"))
        self.refused(server.url, server.url, "--creds", user)
        self.analysed(server.url, "--ca", self.ca.ca, "--creds", user)

    def test_nkeys(self):
        seed, public, file = an_nkey(self.work)
        config = self.work / "nats.conf"
        config.write_text(f"authorization: {{ users: [ {{ nkey: {public} }} ] }}\n")
        server = self.nats("-c", config)
        self.refused("credentials", server.url)
        self.analysed(server.url, "--nkey", file)

    def test_token_files(self):
        server = self.nats("--auth", "secret-token")
        token = self.work / "token"
        token.write_text("secret-wrong\n")
        self.refused("credentials", server.url, "--token-file", token)
        token.write_text("secret-token\n")
        self.analysed(server.url, "--token-file", token)

    def test_status_goes_on_until_all_is_done(self):
        server = self.nats()
        self.assertEqual(rearview("archive", "submit", "--nats", server.url, self.folder / "rides").returncode, 0)
        lines = subprocess.Popen([REARVIEW, "archive", "status", "--nats", server.url, "--watch"], stdout=subprocess.PIPE, text=True)
        terminal, slave = pty.openpty()
        bar = subprocess.Popen([REARVIEW, "archive", "status", "--nats", server.url, "--watch"], stderr=slave, stdout=subprocess.DEVNULL)
        os.close(slave)
        with lines, bar:
            first = json.loads(lines.stdout.readline())
            self.assertEqual([first[key] for key in ("waiting", "running", "done", "failed")], [2, 0, 0, 0])
            drawn = os.read(terminal, 1000).decode()
            self.assertRegex(drawn, r"\[\.{30}\] 2 waiting, 0 running, 0 done, 0 failed")
            self.assertEqual(rearview("archive", "work", "--nats", server.url, "--out", self.work / "out", "--until-empty").returncode, 0)
            last = [json.loads(line) for line in lines.stdout][-1]
            self.assertEqual([last[key] for key in ("waiting", "running", "done", "failed")], [0, 0, 2, 0])
            while "2 done" not in drawn:
                drawn += os.read(terminal, 1000).decode()
            self.assertIn(f"[{'#' * 30}] 0 waiting, 0 running, 2 done, 0 failed", drawn)
        os.close(terminal)
        self.assertEqual((lines.returncode, bar.returncode), (0, 0))


if __name__ == "__main__":
    unittest.main(verbosity=2)
