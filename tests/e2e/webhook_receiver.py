"""Receives webhooks as docs/publish.md asks for it: checks the signature, takes each webhook-id once."""

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from subscribers import Subscriber

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def signature(secret, headers, body):
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


class Webhook(Subscriber):
    """A subscriber to whom the service comes. answers: status and headers for the next requests, 204
    afterwards; requests: (status given, headers, message)."""

    name = "webhook"

    def __init__(self, last, tls=None):
        super().__init__(last)
        self.tls = tls
        self.port = 0
        self.answers = []
        self.requests = []
        self.faults = []
        self._seen = set()
        self._server = None

    def start(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers = receiver.answer(self.headers, body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_):
                pass  # the link was cut

            def finish_request(self, request, address):
                if receiver._server is not self:  # stopped: whoever is still connected gets nothing
                    return
                super().finish_request(request, address)

        self._server = Server(("127.0.0.1", self.port), Handler)
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.tls.cert, self.tls.key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        server, self._server = self._server, None
        if server:
            server.shutdown()
            server.server_close()

    def answer(self, headers, body):
        if self._server is None:
            return 503, {}
        if headers["webhook-signature"] != signature(SECRET, headers, body):
            self.faults.append("signature")
        if abs(time.time() - int(headers["webhook-timestamp"])) > 300:
            self.faults.append("timestamp")
        status, further = self.answers.pop(0) if self.answers else (204, {})
        message = json.loads(body)
        self.requests.append((status, headers, message))
        if status == 204:
            if headers["webhook-id"] in self._seen:
                self.repeats += 1
            else:
                self._seen.add(headers["webhook-id"])
                self.take(message)
        return status, further
