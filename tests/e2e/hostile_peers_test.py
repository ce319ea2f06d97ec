"""Peers that send rubbish: the service watches on, says what is wrong, and is as before when they behave."""

import itertools
import random
import unittest

from broker import Broker, Mqtt
from flapping_camera import FlappingCameraTest
from hostile_broker import HostileBroker
from programs import wait_for
from tcp_listener import TcpListener

ROUNDS_OF_ALL = 10


def metric(service, name):
    text = service.get("/metrics")[2].decode()
    return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


def web_answers(seed):
    """(bytes, more that is sent again and again until the peer goes)"""
    rng = random.Random(seed)
    for length in (1, 10, 1000, 100_000):
        yield rng.randbytes(length), b""
    ok = b"HTTP/1.1 200 OK\r\n"
    yield b"", b""
    yield b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"
    yield ok, b"X: " + b"x" * 1000 + b"\r\n"
    yield ok + b"X: ", b"x" * 100_000
    yield ok + b"Content-Length: 99999999999999999999\r\n\r\n", b""
    yield ok + b"Transfer-Encoding: chunked\r\n\r\n", b"fffffffffffffffffffff\r\n"
    yield b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n", b""
    yield b"HTTP/1.1 429 Wait\r\nRetry-After: -99999999999999999999\r\nContent-Length: 0\r\n\r\n", b""
    yield b"HTTP/9.9 200\r\n\r\n", b"\0" * 10_000
    yield b"220 ftp\r\n", b""


class HostileWeb:
    """A server that answers each request with the next of the answers, then with the last for ever."""

    def __init__(self, answers):
        self.answers = list(answers)
        self._next = itertools.count()
        self.served = 0
        self._listener = TcpListener(self._serve)
        self.port = self._listener.port

    def close(self):
        self._listener.close()

    def _serve(self, client):
        with client:
            try:
                client.settimeout(10)
                if not client.recv(65536):
                    return
                head, more = self.answers[min(next(self._next), len(self.answers) - 1)]
                client.sendall(head)
                while more:
                    client.sendall(more)
            except OSError:
                pass
            finally:
                self.served += 1


class HostilePeersTest(FlappingCameraTest):
    def newest(self, service):
        return max((alert["id"] for alert in service.get_json("/api/v1/alerts?limit=1000")), default=0)

    def test_a_hostile_broker_ends_nothing(self):
        hostile = HostileBroker(seed=11)
        self.addCleanup(hostile.close)
        service = self.watch(publish={"mqtt": {
            "url": f"mqtt://127.0.0.1:{hostile.port}", "backoff_min_ms": 10, "backoff_max_ms": 10}})
        rounds = ROUNDS_OF_ALL * len(hostile.attacks)
        alerts = 0
        for reached in range(rounds // 4, rounds + 1, rounds // 4):
            wait_for(lambda: hostile.rounds >= reached or service.process.poll() is not None, f"{reached} rounds",
                     deadline_s=300)
            self.assertIsNone(service.process.poll(), "\n".join(service.lines[-10:]))
            self.assertEqual(service.get("/healthz")[0] in (200, 503), True)
            wait_for(lambda: self.newest(service) > alerts, "alerts meanwhile")
            alerts = self.newest(service)
        # The library gave up on some; without that this test would prove little.
        self.assertGreater(metric(service, 'rearview_publish_process_ends_total{channel="mqtt"}'), 0)
        service.wait_for_line(r'msg="not connected; trying again".*the MQTT process has failed: it was ended by signal')

        # A broker that behaves gets everything, each alert once and in order.
        broker = Broker(self.folder)
        self.addCleanup(broker.stop)
        watcher = Mqtt(0, broker.port, topics=[("rearview/#", 2)])
        watcher.start()
        self.addCleanup(watcher.stop)
        hostile.forward(broker.port)
        self.camera.steady()
        wait_for(lambda: 'waiting{channel="mqtt"} 0' in service.get("/metrics")[2].decode(), "the last alert")
        truth = [alert["id"] for alert in service.get_json("/api/v1/alerts?limit=1000")]
        wait_for(lambda: watcher.last >= truth[-1], "all alerts")
        # A hostile broker may have said of some that it has them.
        self.assertEqual([number for number in watcher.ids if number <= truth[-1]], truth[truth.index(watcher.ids[0]):])
        self.assertEqual(watcher.repeats, 0)
        self.assertEqual(service.stop(), 0)

    def test_a_hostile_web_server_ends_nothing(self):
        hostile = HostileWeb(web_answers(seed=7))
        self.addCleanup(hostile.close)
        service = self.watch(publish={"webhooks": [{
            "name": "home", "url": f"http://127.0.0.1:{hostile.port}/", "timeout_ms": 1000, "heartbeat_s": 0,
            "backoff_min_ms": 10, "backoff_max_ms": 10}]})
        wait_for(lambda: hostile.served >= len(hostile.answers) or service.process.poll() is not None, "all answers")
        self.assertIsNone(service.process.poll(), "\n".join(service.lines[-10:]))
        before = self.newest(service)
        wait_for(lambda: self.newest(service) > before, "alerts meanwhile")
        self.assertEqual(service.stop(), 0)

    def test_an_answer_without_end_is_an_answer(self):
        endless = HostileWeb([(b"HTTP/1.1 200 OK\r\n\r\n", b"thanks" * 10_000)])
        self.addCleanup(endless.close)
        service = self.watch(publish={"webhooks": [{
            "name": "home", "url": f"http://127.0.0.1:{endless.port}/", "timeout_ms": 60_000, "heartbeat_s": 0}]})
        wait_for(lambda: metric(service, 'rearview_publish_alerts_total{channel="webhook-home"}') >= 3, "three alerts")
        self.assertEqual(metric(service, 'rearview_publish_retries_total{channel="webhook-home"}'), 0)
        self.assertEqual(service.stop(), 0)

    def test_a_hostile_gpsd_ends_nothing(self):
        rng = random.Random(5)
        hello = b'{"class":"VERSION","release":"3.22","rev":"3.22","proto_major":3,"proto_minor":14}\n'
        fix = b'{"class":"TPV","status":1,"mode":3,"time":"2024-05-04T10:11:12.000Z","lat":52.5,"lon":13.4,"speed":5}\n'
        answers = [(rng.randbytes(1000), b""), (b"{" * 20_000, b""), (b"", b"{"), (hello, rng.randbytes(100) + b"\n"),
                   (hello + fix * 100, b"")]
        answers += [(hello + bytes(b if rng.random() > 0.02 else rng.randrange(256) for b in fix * 20), b"")
                    for _ in range(100)]

        def serve(client, numbers=itertools.count()):
            with client:
                try:
                    head, more = answers[next(numbers) % len(answers)]
                    client.sendall(head)
                    for _ in range(1000 if more else 0):
                        client.sendall(more)
                except OSError:
                    pass
                finally:
                    nonlocal served
                    served += 1

        served = 0
        hostile = TcpListener(serve)
        self.addCleanup(hostile.close)
        service = self.watch(gps={"enabled": True, "port": hostile.port, "backoff_min_ms": 10, "backoff_max_ms": 10})
        wait_for(lambda: served >= len(answers) or service.process.poll() is not None, "all answers")
        self.assertIsNone(service.process.poll(), "\n".join(service.lines[-10:]))
        before = self.newest(service)
        wait_for(lambda: self.newest(service) > before, "alerts meanwhile")
        self.assertEqual(service.stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
