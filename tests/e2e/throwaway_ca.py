"""Certificates for one test: an authority, and a server at localhost and 127.0.0.1 that it vouches for."""

import pathlib
import subprocess


class ThrowawayCa:
    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.ca, self.cert, self.key = folder / "ca.pem", folder / "server.pem", folder / "server.key"
        ca_key = folder / "ca.key"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-subj", "/CN=throw-away authority", "-days", "1", "-keyout", ca_key, "-out", self.ca)
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-subj", "/CN=localhost", "-days", "1", "-CA", self.ca, "-CAkey", ca_key,
                      "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                      "-addext", "basicConstraints=critical,CA:FALSE",
                      "-keyout", self.key, "-out", self.cert)
        self.key.chmod(0o644)  # a broker that gives up root reads it too

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=30)
