"""Keys and what they vouch for, as NATS has them: NKEYs, JWTs of operator, account and user, .creds files.

NATS' own nk and nsc make the same; they aren't in Debian.
"""

import base64
import json
import subprocess
import tempfile
import time

OPERATOR, ACCOUNT, USER = 14 << 3, 0, 20 << 3
SEED = 18 << 3


def _wrapped(data):
    """With a checksum, CRC-16/XMODEM, in Base32."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xffff
    return base64.b32encode(data + crc.to_bytes(2, "little")).decode().rstrip("=")


def _base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class NatsKey:
    """An Ed25519 key of this kind. public and seed: as NATS writes them."""

    def __init__(self, kind):
        self._der = self._openssl("genpkey", "-algorithm", "ed25519", "-outform", "DER")
        public = self._openssl("pkey", "-inform", "DER", "-pubout", "-outform", "DER", stdin=self._der)[-32:]
        self.public = _wrapped(bytes([kind]) + public)
        self.seed = _wrapped(bytes([SEED | kind >> 5, (kind & 31) << 3]) + self._der[-32:])

    @staticmethod
    def _openssl(*arguments, stdin=None):
        return subprocess.run(["openssl", *arguments], check=True, input=stdin, capture_output=True, timeout=30).stdout

    def sign(self, data):
        with tempfile.NamedTemporaryFile() as key, tempfile.NamedTemporaryFile() as text:  # it takes neither from a pipe
            key.write(self._der)
            text.write(data)
            key.flush()
            text.flush()
            return self._openssl("pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey", key.name, "-in", text.name)

    def vouch(self, kind, name, subject, **nats):
        """The JWT by which this key says what another (its public key) may."""
        claims = {"jti": name, "iat": int(time.time()), "iss": self.public, "name": name, "sub": subject,
                  "nats": {"type": kind, "version": 2, **nats}}
        text = ".".join(_base64url(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ed25519-nkey"}, claims))
        return f"{text}.{_base64url(self.sign(text.encode()))}"


def an_nkey(folder):
    """A user's seed, its public key and a file with both."""
    key = NatsKey(USER)
    file = folder / "nkey"
    file.write_text(f"{key.seed}\n{key.public}\n")
    return key.seed, key.public, file


class Operator:
    """Of a server whose users have JWTs. configuration: what its file says of that; its account may use JetStream."""

    def __init__(self):
        root, system, self._account = NatsKey(OPERATOR), NatsKey(ACCOUNT), NatsKey(ACCOUNT)
        limits = {"subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": True, "conn": -1, "leaf": -1}
        jetstream = {"mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1}
        preloaded = {system.public: root.vouch("account", "system", system.public, limits=limits),
                     self._account.public: root.vouch("account", "fleet", self._account.public, limits=limits | jetstream)}
        self.configuration = (f"operator: {root.vouch('operator', 'operator', root.public)}\n"
                              f"system_account: {system.public}\nresolver: MEMORY\n"
                              "resolver_preload: { " + ", ".join(f"{key}: {jwt}" for key, jwt in preloaded.items()) + " }\n")

    def credentials(self, file, publish=(">",), subscribe=(">",)):
        """Writes a .creds file of a user who may do this."""
        user = NatsKey(USER)
        jwt = self._account.vouch("user", "user", user.public, subs=-1, data=-1, payload=-1,
                                  pub={"allow": list(publish)}, sub={"allow": list(subscribe)})
        file.write_text(f"-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n"
                        f"-----BEGIN USER NKEY SEED-----\n{user.seed}\n------END USER NKEY SEED------\n")
        return file
