"""A TCP link that holds back what comes and lets it through in bursts, as a radio does that is short of air."""

import socket
import threading

from tcp_listener import TcpListener


class BurstingLink:
    """Forwards connections to a port of this machine, one way, everything that has come each `every_s`."""

    def __init__(self, target_port, every_s):
        self._target_port = target_port
        self._every_s = every_s
        self._closed = threading.Event()
        self._listener = TcpListener(self._forward)
        self.url = f"tcp://127.0.0.1:{self._listener.port}"

    def close(self):
        self._closed.set()
        self._listener.close()

    def _forward(self, client):
        with client, socket.create_connection(("127.0.0.1", self._target_port), 10) as server:
            server.settimeout(0.01)
            try:
                while not self._closed.wait(self._every_s):
                    held = b""
                    try:
                        while True:
                            data = server.recv(65536)
                            if not data:
                                return
                            held += data
                    except TimeoutError:
                        pass
                    client.sendall(held)
            except OSError:
                pass  # one of the two went away
