"""A D-Bus daemon of the test's own that takes the place of the system's."""

import os
import pathlib
import signal
import subprocess


class PrivateBus:
    """Listens at the same address after every start."""

    def __init__(self, folder):
        self.address = f"unix:path={pathlib.Path(folder) / 'bus'}"
        self.environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address}
        self._daemon = None
        self.start()

    def start(self):
        self._daemon = subprocess.Popen(["dbus-daemon", "--session", "--nofork", "--address", self.address,
                                         "--print-address"], stdout=subprocess.PIPE, text=True)
        assert self._daemon.stdout.readline(), "dbus-daemon did not start"

    def hang(self):
        """It accepts connections and does nothing, until go_on()."""
        self._daemon.send_signal(signal.SIGSTOP)

    def go_on(self):
        self._daemon.send_signal(signal.SIGCONT)

    def stop(self):
        if not self._daemon:
            return
        self.go_on()
        self._daemon.terminate()
        self._daemon.wait()
        self._daemon.stdout.close()
        self._daemon = None
