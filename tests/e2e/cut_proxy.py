"""A TCP link that can be cut: what is sent meanwhile is lost with its connections."""

import selectors
import socket
import threading

from tcp_listener import TcpListener


class CutProxy:
    """Forwards every connection to a port of this machine. cut(): nothing goes through any more, and
    nobody is told; deafen(): nothing of what the target answers; mend(): the connections of before
    break, new ones go through."""

    def __init__(self, target_port):
        self.target_port = target_port
        self._up = threading.Event()
        self._up.set()
        self._closed = False
        self._deaf = None
        self._pairs = []
        self._lock = threading.Lock()
        self._listener = TcpListener(self._forward)
        self.port = self._listener.port

    def cut(self):
        self._up.clear()

    def deafen(self, behind=None):
        """behind: says of a piece of data whether it is the last to get through."""
        self._deaf_now = behind is None
        self._deaf = behind or bool

    def mend(self):
        self._deaf = None
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            self._break(pair)
        self._up.set()

    def close(self):
        self._closed = True
        self._listener.close()
        self.mend()

    @staticmethod
    def _break(pair):
        for one in pair:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _forward(self, client):
        self._up.wait()
        if self._closed:
            client.close()
            return
        try:
            server = socket.create_connection(("127.0.0.1", self.target_port), 10)
        except OSError:
            client.close()
            return
        pair = (client, server)
        with self._lock:
            self._pairs.append(pair)
        with client, server, selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            try:
                while True:
                    for key, _ in selector.select():
                        data = key.fileobj.recv(65536)
                        if not data:
                            return
                        if not self._up.is_set():  # lost, and with it all that follows on this connection
                            self._up.wait()
                            return
                        if key.fileobj is server and self._deaf is not None:
                            if self._deaf_now:
                                continue
                            self._deaf_now = self._deaf(data)
                        key.data.sendall(data)
            except OSError:
                pass
            finally:
                with self._lock:
                    if pair in self._pairs:
                        self._pairs.remove(pair)
