"""From a gateway to a row where not everybody is let in: credentials files, TLS, and a leaf node that has them for its gateway."""

import json
import pathlib
import re
import unittest

from fleet_programs import Fleet, needs_postgres
from storm_gateways import MadeStore

from nats_keys import Operator
from nats_server import NatsServer
from programs import Service, free_port, wait_for
from throwaway_ca import ThrowawayCa

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
ALERTS = 20


@needs_postgres
class Access(Fleet):
    def setUp(self):
        super().setUp()
        self.ca, self.operator = ThrowawayCa(self.folder), Operator()
        self.leaf_port = free_port()
        config = self.folder / "hub.conf"
        tls = f'tls {{ cert_file: "{self.ca.cert}", key_file: "{self.ca.key}", ca_file: "{self.ca.ca}" }}'
        config.write_text(f"{self.operator.configuration}{tls}\nleafnodes {{ host: 127.0.0.1, port: {self.leaf_port}, {tls} }}\n"
                          f'jetstream {{ domain: hub, store_dir: "{self.folder}/hub" }}\n')
        self.hub = NatsServer(None, "-c", config, jetstream=False, scheme="tls")
        self.addCleanup(self.hub.stop)

    def user(self, document, name):
        """With no more rights than the document says that it needs."""
        said = re.search(r"needs to publish (.*?), and\s+to\s+subscribe to `(.*?)`", (DOCS / document).read_text().replace("\n  ", " "), re.DOTALL)
        publish = [subject.replace("GATEWAY", name) for subject in re.findall(r"`(.*?)`", said[1])]
        return self.operator.credentials(self.folder / f"{name}.creds", publish, [said[2]])

    def check(self, **settings):
        store = MadeStore(self.folder / "store")
        store.make_alerts(ALERTS)
        config = self.folder / "rearview.json"
        config.write_text(json.dumps({
            "store": {"folder": str(store.folder)}, "cameras": [{"name": "rear", "url": "tcp://127.0.0.1:1"}],
            "publish": {"nats": {"gateway": "anna", "backlog": True, "backoff_min_ms": 50, **settings}}}))
        gateway = Service("--config", str(config))
        self.addCleanup(gateway.stop)
        self.collector("--ca", self.ca.ca, "--creds", self.user("fleet.md", "collector"), nats=self.hub.url)
        wait_for(lambda: self.count("alerts") == ALERTS, "all alerts")
        self.assertEqual(self.ask("SELECT DISTINCT gateway FROM alerts"), [["anna"]])

    def test_a_gateway_with_credentials_of_its_own(self):
        self.check(url=self.hub.url, ca_file=str(self.ca.ca), credentials_file=str(self.user("publish.md", "anna")))

    def test_a_leaf_node_with_the_gateways_credentials(self):
        config = self.folder / "leaf.conf"
        config.write_text(f'leafnodes {{ reconnect: 1, remotes: [ {{ url: "tls://127.0.0.1:{self.leaf_port}", '
                          f'credentials: "{self.operator.credentials(self.folder / "leaf.creds")}", '
                          f'tls {{ ca_file: "{self.ca.ca}" }} }} ] }}\n')
        leaf = NatsServer(None, "-c", config, jetstream=False)
        self.addCleanup(leaf.stop)
        self.check(url=leaf.url, domain="hub")


if __name__ == "__main__":
    unittest.main(verbosity=2)
