"""The radio between camera and service, as bad as it is told to be."""

import dataclasses
import random
import socket
import threading

from tcp_listener import TcpListener

TICK_S = 0.02


@dataclasses.dataclass(frozen=True)
class Air:
    """target_port: of the camera; None: nobody answers. hold: nothing gets through, and nobody is told. burst_s: what
    came goes on each so many seconds. error_rate: share of the bits that are turned over. skip_bytes: what a new
    connection misses, so that it begins in the middle of a picture."""

    target_port: int | None
    hold: bool = False
    burst_s: float = 0
    error_rate: float = 0
    skip_bytes: int = 0


class FaultyLink:
    def __init__(self, air, seed):
        self.air = air
        self._rng = random.Random(seed)
        self._connections = 0  # counts how often all were broken
        self._closed = threading.Event()
        self._listener = TcpListener(self._forward)
        self.url = f"tcp://127.0.0.1:{self._listener.port}"

    def become(self, air, cut=False):
        """cut: connections that stand break."""
        self.air = air
        if cut:
            self._connections += 1

    def close(self):
        self._closed.set()
        self._listener.close()

    def _forward(self, client):
        mine = self._connections
        air = self.air
        with client:
            if air.target_port is None:
                return
            try:
                with socket.create_connection(("127.0.0.1", air.target_port), 5) as server:
                    server.settimeout(TICK_S)
                    client.settimeout(5)
                    self._pass_on(server, client, mine, air.skip_bytes)
            except OSError:
                pass  # one of the two went away

    def _pass_on(self, server, client, mine, skip):
        while mine == self._connections and not self._closed.is_set():
            air = self.air
            if air.hold or air.burst_s:
                self._closed.wait(air.burst_s or TICK_S)
            if air.hold:
                continue
            data = self._what_came(server, bool(air.burst_s))
            if data is None:
                return
            skipped = min(skip, len(data))
            skip -= skipped
            if data := data[skipped:]:
                client.sendall(self._damaged(data, air.error_rate))

    @staticmethod
    def _what_came(server, all_of_it):
        """None at the end of the connection."""
        came = b""
        try:
            while True:
                data = server.recv(65536)
                if not data:
                    return None
                came += data
                if not all_of_it:
                    return came
        except TimeoutError:
            return came

    def _damaged(self, data, rate):
        if not rate:
            return data
        data = bytearray(data)
        at = self._rng.expovariate(rate)
        while at < len(data) * 8:
            data[int(at) // 8] ^= 1 << int(at) % 8
            at += 1 + self._rng.expovariate(rate)
        return bytes(data)
