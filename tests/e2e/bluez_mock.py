"""BlueZ with one adapter, and a bike computer that connects to every rear radar it finds.

Does what bluetoothd 5.66 does with the objects of a peripheral (src/gatt-database.c, src/advertising.c), on the
bus of DBUS_SYSTEM_BUS_ADDRESS. Each thing that happens is a line of JSON on standard error.
"""

import argparse
import json
import sys
import time

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

ADAPTER = "/org/bluez/hci0"
COMPUTER = ADAPTER + "/dev_C0_FF_EE_00_00_01"
RADAR = "6a4e3200-667b-11e3-949a-0800200c9a66"
TARGETS = "6a4e3203-667b-11e3-949a-0800200c9a66"
MANAGER = "org.freedesktop.DBus.ObjectManager"
PROPERTIES = "org.freedesktop.DBus.Properties"
CHARACTERISTIC = "org.bluez.GattCharacteristic1"
ADVERTISEMENT = "org.bluez.LEAdvertisement1"


def say(event, **more):
    print(json.dumps({"event": event, "t": time.monotonic(), **more}), file=sys.stderr, flush=True)


def error(name, text):
    return dbus.exceptions.DBusException(text, name="org.bluez.Error." + name)


class Root(dbus.service.Object):
    def __init__(self, bus, adapter):
        super().__init__(bus, "/")
        self.adapter = adapter

    @dbus.service.method(MANAGER, out_signature="a{oa{sa{sv}}}")
    def GetManagedObjects(self):
        nothing = dbus.Dictionary(signature="sv")
        return {ADAPTER: {"org.bluez.Adapter1": {"Powered": self.adapter.powered},
                          "org.bluez.GattManager1": nothing, "org.bluez.LEAdvertisingManager1": nothing}}


class Computer(dbus.service.Object):
    def __init__(self, bus, adapter):
        super().__init__(bus, COMPUTER)
        self.adapter = adapter

    @dbus.service.method("org.bluez.Device1")
    def Disconnect(self):
        say("disconnected")
        self.adapter.part()


class Adapter(dbus.service.Object):
    def __init__(self, bus, powered, refuse):
        super().__init__(bus, ADAPTER)
        self.bus, self.powered, self.refuse = bus, powered, refuse
        self.owner = None           # whose radar it is
        self.characteristic = None  # its path
        self.advertised = False
        self.subscribed = None      # to the signal that carries the values
        bus.add_signal_receiver(self.gone, "NameOwnerChanged", "org.freedesktop.DBus", path="/org/freedesktop/DBus")

    def gone(self, name, _, owner):
        if name == self.owner and not owner:
            self.forget()

    def forget(self):
        self.part()
        if self.characteristic:
            say("unregistered")
        if self.advertised:
            say("unadvertised")
        self.owner, self.characteristic, self.advertised = None, None, False

    @dbus.service.method("org.bluez.GattManager1", in_signature="oa{sv}", sender_keyword="sender",
                         async_callbacks=("done", "fail"))
    def RegisterApplication(self, path, options, sender, done, fail):
        if self.refuse == "application":
            fail(error("Failed", "no room"))
            return

        def found(objects):
            services = {at: of["org.bluez.GattService1"] for at, of in objects.items() if "org.bluez.GattService1" in of}
            for at, of in objects.items():
                chrc = of.get(CHARACTERISTIC)
                if chrc and chrc["UUID"] == TARGETS and services.get(chrc["Service"], {}).get("UUID") == RADAR:
                    self.owner, self.characteristic = sender, at
                    say("registered", flags=list(chrc["Flags"]), primary=bool(services[chrc["Service"]]["Primary"]))
                    done()
                    self.meet()
                    return
            fail(error("Failed", "no valid service object found"))
        self.bus.call_async(sender, path, MANAGER, "GetManagedObjects", "", (), found, fail)

    @dbus.service.method("org.bluez.GattManager1", in_signature="o", sender_keyword="sender")
    def UnregisterApplication(self, path, sender):
        if sender != self.owner or not self.characteristic:
            raise error("DoesNotExist", "Does Not Exist")
        self.characteristic = None
        say("unregistered")

    @dbus.service.method("org.bluez.LEAdvertisingManager1", in_signature="oa{sv}", sender_keyword="sender",
                         async_callbacks=("done", "fail"))
    def RegisterAdvertisement(self, path, options, sender, done, fail):
        if self.refuse == "advertisement":
            fail(error("NotPermitted", "Maximum advertisements reached"))
            return

        def found(properties):
            self.advertised = True
            say("advertised", **{key: list(map(str, value)) if isinstance(value, dbus.Array) else str(value)
                                 for key, value in properties.items()})
            done()
            self.meet()
        self.bus.call_async(sender, path, PROPERTIES, "GetAll", "s", (ADVERTISEMENT,), found, fail)

    @dbus.service.method("org.bluez.LEAdvertisingManager1", in_signature="o", sender_keyword="sender")
    def UnregisterAdvertisement(self, path, sender):
        if sender != self.owner or not self.advertised:
            raise error("DoesNotExist", "Does Not Exist")
        self.advertised = False
        say("unadvertised")

    @dbus.service.method(PROPERTIES, in_signature="ssv")
    def Set(self, interface, name, value):
        self.powered = bool(value)
        if not self.powered:
            self.forget()
        self.PropertiesChanged(interface, {name: value}, [])

    @dbus.service.signal(PROPERTIES, signature="sa{sv}as")
    def PropertiesChanged(self, interface, changed, invalidated):
        pass

    def call(self, method, signature="", arguments=(), done=lambda: None, fail=lambda _: None):
        self.bus.call_async(self.owner, self.characteristic, CHARACTERISTIC, method, signature, arguments, done, fail)

    # The bike computer.

    def meet(self):
        if not self.advertised or not self.characteristic or self.subscribed:
            return
        self.subscribed = self.bus.add_signal_receiver(
            self.value, "PropertiesChanged", PROPERTIES, self.owner, self.characteristic)

        def without_socket(why):
            assert why.get_dbus_name() == "org.bluez.Error.NotSupported", why
            self.call("StartNotify", done=lambda: say("subscribed"))
        options = dbus.Dictionary({"device": dbus.ObjectPath(COMPUTER), "link": "LE", "mtu": dbus.UInt16(23)}, signature="sv")
        self.call("AcquireNotify", "a{sv}", (options,), lambda *_: say("a socket was given"), without_socket)

    def value(self, interface, changed, _):
        if interface == CHARACTERISTIC and "Value" in changed:
            say("value", bytes=bytes(changed["Value"]).hex())

    def part(self):
        if not self.subscribed:
            return
        self.subscribed.remove()
        self.subscribed = None
        if self.owner and self.characteristic:
            self.call("StopNotify")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--off", action="store_true")
    parser.add_argument("--refuse", choices=("application", "advertisement"))
    arguments = parser.parse_args()
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    bus = dbus.SystemBus()
    adapter = Adapter(bus, not arguments.off, arguments.refuse)
    objects = Root(bus, adapter), Computer(bus, adapter)
    name = dbus.service.BusName("org.bluez", bus, do_not_queue=True)
    say("up", objects=len(objects), name=name.get_name())
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
