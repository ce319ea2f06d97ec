"""The service over a store that holds a ride of 45 minutes; no camera is there any more."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from programs import BIN, Service, dead_camera  # noqa: E402


class PastRide(Service):
    """Each has a store of its own."""

    made = None

    def __init__(self):
        if PastRide.made is None:
            made = tempfile.TemporaryDirectory(prefix="past_ride_")
            subprocess.run([os.path.join(BIN, "ride_maker"), made.name], check=True, timeout=60)
            PastRide.made = made
        self.folder = tempfile.TemporaryDirectory(prefix="past_ride_")
        self.store = pathlib.Path(self.folder.name, "store")
        shutil.copytree(PastRide.made.name, self.store)
        config = pathlib.Path(self.folder.name, "config.json")
        config.write_text(json.dumps({"store": {"folder": str(self.store), "keep_days": 0}}))
        self.arguments = ("--config", str(config), "--camera", dead_camera())
        super().__init__(*self.arguments)
        self.address = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.folder.cleanup()

    def start_again(self):
        """After stop(), at the same address."""
        super().__init__(*self.arguments, http=f"127.0.0.1:{self.port}")

    def alerts(self):
        return {one["id"]: one for one in self.get_json("/api/v1/alerts?limit=1000")}
