"""A broker that answers with what no broker says: seeded, so that each run is the same."""

import itertools
import random
import socket
import threading

from tcp_listener import TcpListener

ACCEPTED = b"\x20\x03\x00\x00\x00"  # CONNACK of MQTT 5 without properties


def varied(number):
    """A remaining length as MQTT writes it."""
    out = b""
    while True:
        number, digit = divmod(number, 128)
        out += bytes([digit | (0x80 if number else 0)])
        if not number:
            return out


def packet(kind, body):
    return bytes([kind]) + varied(len(body)) + body


def attacks(seed):
    """(what, bytes, pause_s between them) of one connection each."""
    rng = random.Random(seed)
    # MQTT 5 knows no property 254: libmosquitto 2.0.11 aborts on it, in whatever packet it comes.
    yield "unknown property of CONNACK", packet(0x20, b"\0\0\x02\xfe\0"), 0
    yield "unknown property behind a session", ACCEPTED + packet(0xE0, b"\0\x02\xfe\0"), 0
    for length in (1, 2, 3, 5, 17, 100, 4096):
        for _ in range(4):
            yield f"{length} random bytes", rng.randbytes(length), 0
    for kind in range(16):
        for flags in (0, rng.randrange(16)):
            body = rng.randbytes(rng.choice((0, 1, 2, 3, 4, 10, 200)))
            yield f"packet {kind}", packet(kind << 4 | flags, body), 0
            yield f"packet {kind} behind a session", ACCEPTED + packet(kind << 4 | flags, body), 0
    for end in range(len(ACCEPTED)):
        yield f"an end after byte {end}", ACCEPTED[:end], 0
    for code in (1, 5, 0x80, 0x9F, 0xFF):
        yield f"refusal {code}", packet(0x20, bytes([0, code, 0])), 0
    for kind in (0x20, 0x30, 0x62, 0x90, 0xF0):
        yield "a packet of 256 MiB", bytes([kind]) + b"\xff\xff\xff\x7f" + bytes(1 << 20), 0
        yield "a length without an end", bytes([kind]) + b"\xff" * 1000, 0
    yield "one byte at a time", ACCEPTED + packet(0xD0, b"") * 20, 0.01
    yield "messages that nobody asked for", ACCEPTED + b"".join(
        packet(0x34, b"\0\1t" + number.to_bytes(2, "big") + b"\0" + rng.randbytes(4000)) for number in range(1, 2000)), 0


class HostileBroker:
    """One attack a connection, until forward() gives the port of a broker to pass everything on to."""

    def __init__(self, seed):
        self.attacks = list(attacks(seed))
        self._next = itertools.count()
        self.rounds = 0
        self._real = None
        self._lock = threading.Lock()
        self._listener = TcpListener(self._serve)
        self.port = self._listener.port

    def close(self):
        self._listener.close()

    def forward(self, port):
        self._real = port

    def _serve(self, client):
        with client:
            try:
                if self._real:
                    self._pass_on(client)
                    return
                client.settimeout(5)
                client.recv(65536)  # CONNECT
                with self._lock:
                    number = next(self._next)
                _, data, pause_s = self.attacks[number % len(self.attacks)]
                if pause_s:
                    for byte in data:
                        client.sendall(bytes([byte]))
                        threading.Event().wait(pause_s)
                else:
                    client.sendall(data)
                client.shutdown(socket.SHUT_WR)
                while client.recv(65536):
                    pass
            except OSError:
                pass
            finally:
                self.rounds += 1

    def _pass_on(self, client):
        with socket.create_connection(("127.0.0.1", self._real)) as server:
            threading.Thread(target=self._pump, args=(server, client), daemon=True).start()
            self._pump(client, server)

    @staticmethod
    def _pump(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        finally:
            for one in (source, target):
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
