"""The webhook's own manners: signature, repeats, refusals, TLS, what a restart remembers."""

import json
import signal
import unittest

from flapping_camera import FlappingCameraTest
from programs import wait_for
from throwaway_ca import ThrowawayCa
from webhook_receiver import SECRET, Webhook


class WebhookTest(FlappingCameraTest):
    def setUp(self):
        super().setUp()
        (self.folder / "secret").write_text(SECRET + "\n")

    def receiver(self, **options):
        receiver = Webhook(0, **options)
        receiver.start()
        self.addCleanup(receiver.stop)
        return receiver

    def service(self, url, **settings):
        return self.watch(publish={"webhooks": [{"name": "home", "url": url, "secret_file": "secret",
                                                 "backoff_min_ms": 50, "backoff_max_ms": 200, **settings}]})

    def metric(self, service, name):
        text = service.get("/metrics")[2].decode()
        return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))

    def test_what_failed_is_repeated_under_its_id_until_it_is_taken(self):
        receiver = self.receiver()
        receiver.answers = [(500, {}), (302, {"Location": f"http://127.0.0.1:{receiver.port}/elsewhere"}),
                            (401, {}), (429, {"Retry-After": "1"})]
        service = self.service(f"http://127.0.0.1:{receiver.port}/hook", heartbeat_s=0)
        wait_for(lambda: len(receiver.ids) >= 3, "three alerts")
        self.assertEqual(receiver.ids[:3], [1, 2, 3])
        first = [(status, headers["webhook-id"]) for status, headers, message in receiver.requests
                 if message.get("id") == 1]
        self.assertEqual(len({number for _, number in first}), 1, "one id for one alert")
        self.assertEqual(first[-1][0], 204)
        self.assertEqual(receiver.faults, [])
        self.assertEqual(self.metric(service, 'rearview_publish_retries_total{channel="webhook-home"}'), 4)

    def test_what_is_refused_for_good_doesnt_hold_up_the_rest(self):
        receiver = self.receiver()
        service = self.service(f"http://127.0.0.1:{receiver.port}/", heartbeat_s=0)
        wait_for(lambda: receiver.ids, "an alert")
        receiver.answers = [(422, {})]
        wait_for(lambda: not receiver.answers, "a refusal")
        refused = next(message["id"] for status, _, message in receiver.requests if status == 422)
        wait_for(lambda: receiver.last > refused, "the next")
        self.assertNotIn(refused, receiver.ids)
        self.assertEqual(self.metric(service, 'rearview_publish_dropped_total{channel="webhook-home",reason="refused"}'), 1)

    def test_a_new_receiver_gets_no_history_and_an_old_one_what_it_missed(self):
        receiver = self.receiver()
        url = f"http://127.0.0.1:{receiver.port}/"
        service = self.service(url)
        wait_for(lambda: receiver.last >= 2, "alerts")
        receiver.stop()
        # Nothing that waits for the receiver delays the end.
        service.stop(signal.SIGKILL)
        service = self.service(url)
        wait_for(lambda: service.get_json("/api/v1/alerts?limit=1000")[-1]["id"] > receiver.last + 3, "more alerts")
        receiver.start()
        missed = [alert["id"] for alert in service.get_json("/api/v1/alerts?limit=1000")]
        wait_for(lambda: receiver.last >= missed[-1], "what was missed")
        self.assertEqual(receiver.ids[:len(missed)], missed)
        service.stop()
        fresh = self.receiver()
        config = json.loads((self.folder / "rearview.json").read_text())
        hook = config["publish"]["webhooks"][0]
        service = self.service(f"http://127.0.0.1:{fresh.port}/", name="another", **{"heartbeat_s": hook.get("heartbeat_s", 60)})
        wait_for(lambda: fresh.ids, "an alert")
        self.assertGreater(fresh.ids[0], receiver.last)

    def test_an_old_alert_is_given_up(self):
        receiver = self.receiver()
        receiver.stop()
        service = self.service(f"http://127.0.0.1:{receiver.port}/", max_age_s=1)
        wait_for(lambda: self.metric(service, 'rearview_publish_dropped_total{channel="webhook-home",reason="too_old"}') > 0,
                 "an alert that is too old")
        receiver.start()
        wait_for(lambda: receiver.ids, "a younger one")
        self.assertGreater(receiver.ids[0], 1)

    def test_a_blind_camera_is_told_at_once(self):
        receiver = self.receiver()
        self.camera.steady()
        self.service(f"http://127.0.0.1:{receiver.port}/", heartbeat_s=3600)
        sees = lambda: receiver.heartbeat and receiver.heartbeat["cameras"][0]["road"]
        wait_for(lambda: sees() == "clear", "a road")
        self.camera.close()
        wait_for(lambda: sees() == "no_signal", "no signal")

    def test_tls_is_checked(self):
        ca = ThrowawayCa(self.folder)
        receiver = self.receiver(tls=ca)
        url = f"https://localhost:{receiver.port}/"
        stranger = self.service(url)
        stranger.wait_for_line(r"msg=\"not delivered; trying again\".*certificate")
        self.assertEqual(receiver.requests, [])
        stranger.stop()
        self.service(url, ca_file=str(ca.ca))
        wait_for(lambda: receiver.ids, "an alert")


if __name__ == "__main__":
    unittest.main(verbosity=2)
