"""A cluster of real nats-servers with JetStream, a leaf node of it, and links to both that can be cut."""

import json
import secrets
import socket

import fleet_programs  # finds tests/e2e

from cut_proxy import CutProxy
from nats_server import NatsServer
from programs import DEADLINE_S, free_port, wait_for

PATIENCE_S = 3  # with a server whose cluster may have no leader
DOMAIN = "hub"

__all__ = ["DOMAIN", "Cluster", "Leaf", "Link", "fleet_programs"]


class Cluster:
    """Three, so that one may be away. servers: NatsServer."""

    def __init__(self, folder):
        folder.mkdir()
        routes = [free_port() for _ in range(3)]
        self.leaf_ports = [free_port() for _ in range(3)]
        self.servers = []
        for number, (route, leaf) in enumerate(zip(routes, self.leaf_ports)):
            config = folder / f"n{number}.conf"
            others = ", ".join(f'"nats://127.0.0.1:{other}"' for other in routes if other != route)
            # What it advertised would lead past links that are cut.
            config.write_text(
                f"server_name: n{number}\n"
                f"cluster {{ name: fleet, host: 127.0.0.1, port: {route}, no_advertise: true, routes: [{others}] }}\n"
                f"leafnodes {{ host: 127.0.0.1, port: {leaf}, no_advertise: true }}\n"
                f'jetstream {{ store_dir: "{folder}/n{number}", domain: {DOMAIN} }}\n')
            server = NatsServer(None, "-c", config, jetstream=False)
            server.patience_s = PATIENCE_S
            self.servers.append(server)
        self.down = set()  # indices
        wait_for(lambda: "streams" in (self.request("$JS.API.STREAM.NAMES", {}) or {"streams": 0}), "a leader of the cluster")

    @property
    def url(self):
        return ",".join(server.url for server in self.servers)

    def request(self, subject, payload):
        """The answer of whoever gives one; None: nobody does."""
        for number, server in enumerate(self.servers):
            if number in self.down:
                continue
            try:
                return server.request(subject, payload)
            except (OSError, AssertionError, ValueError):
                server.hang_up()
        return None

    def ask(self, subject, payload):
        """Until it succeeds."""
        def answer():
            found = self.request(subject, payload)
            return found if found and "error" not in found else None
        return wait_for(answer, f"an answer to {subject}")

    def leader(self, stream):
        """The number of the server that leads it; None: it has none."""
        info = self.request(f"$JS.API.STREAM.INFO.{stream}", {}) or {}
        name = info.get("cluster", {}).get("leader")
        return int(name[1:]) if name else None

    def kill(self, number):
        self.down.add(number)
        self.servers[number].kill()

    def start(self, number):
        self.servers[number].start()
        self.down.discard(number)

    def stop(self):
        for server in self.servers:
            server.kill()

    def message_ids(self, stream):
        """The Nats-Msg-Id of each message that has one, in the stream's order."""
        server = next(one for number, one in enumerate(self.servers) if number not in self.down)
        inbox = f"_INBOX.{secrets.token_hex(8)}"
        with socket.create_connection(("127.0.0.1", server.port), DEADLINE_S) as link, link.makefile("rwb") as stream_of_bytes:
            stream_of_bytes.readline()  # INFO
            stream_of_bytes.write(b'CONNECT {"verbose":false,"pedantic":false,"headers":true}\r\n' + f"SUB {inbox} 1\r\n".encode())
            stream_of_bytes.flush()
            made = self.ask(f"$JS.API.CONSUMER.CREATE.{stream}", {"stream_name": stream, "config": {
                "deliver_subject": inbox, "ack_policy": "none", "deliver_policy": "all", "headers_only": True, "mem_storage": True}})
            left, ids = made["num_pending"] + made["delivered"]["consumer_seq"], []
            while left:
                line = stream_of_bytes.readline()
                assert line, "the server hangs up"
                if line.startswith(b"PING"):
                    stream_of_bytes.write(b"PONG\r\n")
                    stream_of_bytes.flush()
                elif line.startswith((b"MSG", b"HMSG")):
                    head = stream_of_bytes.read(int(line.split()[-1])).decode()
                    stream_of_bytes.readline()
                    ids += [one.split(": ", 1)[1] for one in head.split("\r\n") if one.startswith("Nats-Msg-Id: ")]
                    left -= 1
            return ids


class Link:
    """The way of one gateway, or of a leaf, to all servers of a cluster."""

    def __init__(self, ports):
        self.proxies = [CutProxy(port) for port in ports]

    @property
    def url(self):
        return ",".join(f"nats://127.0.0.1:{proxy.port}" for proxy in self.proxies)

    def cut(self):
        for proxy in self.proxies:
            proxy.cut()

    def deafen(self):
        for proxy in self.proxies:
            proxy.deafen()

    def mend(self):
        for proxy in self.proxies:
            proxy.mend()

    def close(self):
        for proxy in self.proxies:
            proxy.close()


class Leaf:
    """A nats-server without JetStream that passes on, over a link of its own."""

    def __init__(self, folder, cluster):
        self.link = Link(cluster.leaf_ports)
        config = folder / "leaf.conf"
        remotes = json.dumps(self.link.url.split(","))
        config.write_text(f"server_name: leaf\nleafnodes {{ reconnect: 1, remotes: [ {{ urls: {remotes} }} ] }}\n")
        self.server = NatsServer(None, "-c", config, jetstream=False)

    def close(self):
        self.server.kill()
        self.link.close()
