"""A real nats-server, and what its streams hold."""

import base64
import contextlib
import json
import shutil
import signal
import socket
import threading

from programs import Program, free_port

NATS_SERVER = shutil.which("nats-server") or "/usr/sbin/nats-server"


class NatsServer:
    """On loopback, with its JetStream in a folder; it comes back on the same port with what it kept.
    login: what lets a test in, as CONNECT has it. tls: an SSLContext of the test's own. patience_s: with an answer."""

    patience_s = 30

    def __init__(self, folder, *arguments, jetstream=True, login=None, tls=None, scheme="nats"):
        self.port = free_port()
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self._login = login or {}
        self._tls = tls
        self._arguments = ["-a", "127.0.0.1", "-p", str(self.port), *map(str, arguments)]
        if jetstream:
            self._arguments += ["-js", "-sd", str(folder)]
        self._lock = threading.Lock()
        self._stream = None
        self.start()

    def start(self):
        self.program = Program("nats-server", *self._arguments, binary=NATS_SERVER)
        self.program.wait_for_line("Server is ready")

    def kill(self):
        self.hang_up()
        self.program.stop(signal.SIGKILL)

    def stop(self):
        self.hang_up()
        self.program.stop()

    def hang_up(self):
        with self._lock:
            with contextlib.suppress(OSError):  # of what is still to be sent
                if self._stream:
                    self._stream.close()
            self._stream = None

    def _connect(self):
        sock = socket.create_connection(("127.0.0.1", self.port), self.patience_s)
        stream = sock.makefile("rwb")
        stream.readline()  # INFO
        if self._tls:
            sock = self._tls.wrap_socket(sock, server_hostname="127.0.0.1")
            stream = sock.makefile("rwb")
        sock.close()  # the stream has it
        options = {"verbose": False, "pedantic": False, **self._login}
        stream.write(b"CONNECT " + json.dumps(options).encode() + b"\r\nSUB answer 1\r\n")
        self._stream = stream

    def request(self, subject, payload):
        """The answer to one request, in NATS' own words."""
        with self._lock:
            if not self._stream:
                self._connect()
            stream = self._stream
            body = json.dumps(payload).encode()
            stream.write(f"PUB {subject} answer {len(body)}\r\n".encode() + body + b"\r\n")
            stream.flush()
            while True:
                line = stream.readline()
                assert line, "the server hangs up"
                assert not line.startswith(b"-ERR"), line
                if line.startswith(b"PING"):
                    stream.write(b"PONG\r\n")
                    stream.flush()
                if line.startswith(b"MSG"):
                    answer = json.loads(stream.read(int(line.split()[-1])))
                    stream.readline()
                    return answer

    def state(self, stream):
        """None without such a stream."""
        return self.request(f"$JS.API.STREAM.INFO.{stream}", {}).get("state")

    def messages(self, stream, after=0):
        """(sequence, subject, headers, payload) of all that the stream holds, in its order."""
        state = self.state(stream)
        if not state:
            return
        for sequence in range(max(after + 1, state["first_seq"]), state["last_seq"] + 1):
            message = self.message(stream, {"seq": sequence})
            if message:  # else it was deleted
                yield message

    def last(self, stream, subject):
        """The payload of the newest message of a subject; None without one."""
        message = self.message(stream, {"last_by_subj": subject})
        return message and message[-1]

    def message(self, stream, which):
        """(sequence, subject, headers, payload) of one; None without it."""
        message = self.request(f"$JS.API.STREAM.MSG.GET.{stream}", which).get("message")
        if not message:
            return None
        lines = base64.b64decode(message.get("hdrs", "")).decode().split("\r\n")[1:]
        headers = dict(line.split(": ", 1) for line in lines if ": " in line)
        return message["seq"], message["subject"], headers, json.loads(base64.b64decode(message["data"]))
