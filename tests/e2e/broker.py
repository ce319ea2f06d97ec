"""A real Mosquitto for one test, and a subscriber that keeps its session as a careful one does."""

import json
import os
import pathlib
import shutil
import subprocess

import paho.mqtt.client as paho

from programs import Program, free_port, wait_for
from subscribers import Subscriber

MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"


class Broker:
    """Sessions and retained messages outlive restart()."""

    def __init__(self, folder, tls=None, user=None, password=None):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        lines = [f"listener {self.port} 127.0.0.1", "persistence true", f"persistence_location {self.folder}/",
                 "log_dest stderr", "log_type all", "max_queued_messages 0"]
        if os.geteuid() == 0:
            lines.append("user root")
        if tls:
            lines += [f"certfile {tls.cert}", f"keyfile {tls.key}"]
        if user:
            passwords = self.folder / "passwords"
            subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), user, password], check=True,
                           capture_output=True)
            lines += [f"password_file {passwords}", "allow_anonymous false"]
        else:
            lines.append("allow_anonymous true")
        self.config = self.folder / "mosquitto.conf"
        self.config.write_text("\n".join(lines) + "\n")
        self.start()

    def start(self):
        self.program = Program("mosquitto", "-c", str(self.config), binary=MOSQUITTO)
        self.program.wait_for_line(r"mosquitto version .* running")

    def stop(self):
        self.program.stop()


class Mqtt(Subscriber):
    """messages: the newest of each topic with its retain flag."""

    name = "MQTT"

    def __init__(self, last, port, client_id="careful", topics=(("rearview/#", 1),), tls=None, user=None, password=None):
        super().__init__(last)
        self.port = port
        self.messages = {}
        self.alerts = 0
        # paho-mqtt 2 wants to be told that the callbacks are those of 1.
        version = {"callback_api_version": paho.CallbackAPIVersion.VERSION1} if hasattr(paho, "CallbackAPIVersion") else {}
        self.client = paho.Client(client_id=client_id, clean_session=False, protocol=paho.MQTTv311, **version)
        self.client.reconnect_delay_set(1, 1)
        self.topics = list(topics)
        if tls:
            self.client.tls_set(str(tls.ca))
        if user:
            self.client.username_pw_set(user, password)
        self.subscribed = False
        self.client.on_connect = lambda client, *_: client.subscribe(self.topics)
        self.client.on_subscribe = self._on_subscribe
        self.client.on_message = self._on_message

    def _on_subscribe(self, *_):
        self.subscribed = True

    def _on_message(self, _client, _data, message):
        self.messages[message.topic] = (message.payload, message.retain)
        if message.topic.endswith(("/alert", "/state")):
            self.take(json.loads(message.payload))

    def start(self):
        self.subscribed = False
        self.client.connect_async("127.0.0.1", self.port, keepalive=5)
        self.client.loop_start()
        wait_for(lambda: self.subscribed, "the subscription")

    def stop(self):
        self.client.disconnect()
        self.client.loop_stop()
