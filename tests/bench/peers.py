"""What others use to send messages and pictures to many: nginx with nchan, and GStreamer. Debian packages."""

import datetime
import http.client
import json
import multiprocessing
import os
import pathlib
import shutil
import socket
import time

from crowd import Place
from programs import Program, free_port, wait_for

NGINX_CONFIG = """
load_module {module};
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {{
    listen 127.0.0.1:{port};
    location = /publish {{ nchan_publisher; nchan_channel_id events; }}
    location = /events {{ nchan_subscriber eventsource; nchan_channel_id events; nchan_subscriber_first_message newest; }}
  }}
}}
"""


class Nchan(Program):
    """nginx with one channel of Server-Sent Events. root: where the Debian packages were unpacked."""

    @staticmethod
    def missing(root):
        """What isn't there, or None."""
        for path in (Nchan.binary(root), Nchan.module(root)):
            if not path.is_file():
                return f"{path} is not there"
        # This path is built into nchan, whatever the configuration says.
        return None if os.path.isdir("/var/lib/nginx") else "/var/lib/nginx is not there"

    @staticmethod
    def binary(root):
        return pathlib.Path(root, "usr/sbin/nginx")

    @staticmethod
    def module(root):
        return pathlib.Path(root, "usr/lib/nginx/modules/ngx_nchan_module.so")

    def __init__(self, root, folder):
        port = free_port()
        config = pathlib.Path(folder, "nginx.conf")
        config.write_text(NGINX_CONFIG.format(module=self.module(root), port=port))
        super().__init__("nginx", "-e", "stderr", "-p", str(folder), "-c", str(config), binary=str(self.binary(root)))
        self.events = Place(port, "/events")
        wait_for(self.answers, "nginx to listen")

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.events.port), 1).close()
            return True
        except OSError:
            return False


class Replay:
    """Publishes recorded messages over and over at the pace they came in, each with the time of its sending."""

    def __init__(self, port, recorded, period_s):
        self.process = multiprocessing.Process(target=self.run, args=(port, recorded, period_s), daemon=True)
        self.process.start()

    def stop(self):
        self.process.terminate()
        self.process.join()

    @staticmethod
    def run(port, recorded, period_s):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        start = time.monotonic()
        while True:
            for second, kind, message in recorded:
                time.sleep(max(0.0, start + second - time.monotonic()))  # the pace they came in
                now = datetime.datetime.now(datetime.timezone.utc)
                message["time"] = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
                if "latency_ms" in message:
                    message["latency_ms"] = {part: 0.0 for part in message["latency_ms"]}
                connection.request("POST", "/publish", json.dumps(message, separators=(",", ":")), {"X-EventSource-Event": kind})
                connection.getresponse().read()
            start += period_s


class GStreamer(Program):
    """Decodes the camera's stream, encodes JPEG and sends it to everybody, as fast as it comes; draws and analyses nothing."""

    SENDER = "multihandlesink"  # its thread that sends

    @staticmethod
    def missing():
        if not shutil.which("gst-launch-1.0"):
            return "gst-launch-1.0 is not there"
        for element in ("tcpclientsrc", "h264parse", "avdec_h264", "jpegenc", "multipartmux"):
            if os.system(f"gst-inspect-1.0 --exists {element}"):
                return f"its element {element} is not there"
        return None

    def __init__(self, camera):
        pipeline = (f"tcpclientsrc host=127.0.0.1 port={camera.port} ! h264parse ! avdec_h264 max-threads=1 ! "
                    "jpegenc quality=80 ! multipartmux boundary=picture ! tcpserversink host=127.0.0.1 port=0 sync=false")
        super().__init__("gst-launch-1.0", "-c", f"exec gst-launch-1.0 -v {pipeline} >&2", binary="/bin/sh")
        self.pictures = Place(int(self.wait_for_line(r"current-port = (\d+)")[1]), "/")
        self.wait_for_line("Setting pipeline to PLAYING")
