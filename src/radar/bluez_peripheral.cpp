#include "radar/bluez_peripheral.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <map>
#include <set>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "radar/bus_probe.h"
#include "radar/sdbus.h"

namespace rearview {
namespace {

using Properties = std::map<std::string, sdbus::Variant>;
using Objects = std::map<sdbus::ObjectPath, std::map<std::string, Properties>>;

constexpr const char* kBluez = "org.bluez";
constexpr const char* kAdapter = "org.bluez.Adapter1";
constexpr const char* kGattManager = "org.bluez.GattManager1";
constexpr const char* kAdvertisingManager = "org.bluez.LEAdvertisingManager1";
constexpr const char* kService = "org.bluez.GattService1";
constexpr const char* kCharacteristic = "org.bluez.GattCharacteristic1";
constexpr const char* kAdvertisement = "org.bluez.LEAdvertisement1";
constexpr const char* kProperties = "org.freedesktop.DBus.Properties";
constexpr const char* kPeer = "org.freedesktop.DBus.Peer";
constexpr const char* kObjectManager = "org.freedesktop.DBus.ObjectManager";

constexpr const char* kApplicationPath = "/rearview/radar";
constexpr const char* kServicePath = "/rearview/radar/service";
constexpr const char* kCharacteristicPath = "/rearview/radar/service/targets";
constexpr const char* kAdvertisementPath = "/rearview/advertisement";

constexpr std::chrono::seconds kCallTimeout(10);
/// Of what must be waited for: the bus's own answers, and that it takes what was said last.
constexpr std::chrono::milliseconds kBusTimeout(2000);
constexpr std::chrono::milliseconds kLastWords(500);
/// Notifications go out unanswered: whether they arrive anywhere must be asked.
constexpr std::chrono::seconds kAskEvery(2);
constexpr std::chrono::seconds kAnswerWithin(3);
/// More than any adapter holds connections.
constexpr std::size_t kMostListeners = 16;

std::string said(const sdbus::Error& error) {
  return fmt::format("{}: {}", std::string(error.getName()), error.getMessage());
}

}  // namespace

struct BluezPeripheral::Impl {
  Impl(std::string a, std::string n) : wanted_adapter(std::move(a)), name(std::move(n)) {
    if (const std::string why = bus_problem(kBusTimeout); !why.empty())
      throw std::runtime_error("the system's D-Bus can't be used: " + why);
    try {
      connection = sdbus::createSystemBusConnection();
      connection->setMethodCallTimeout(kBusTimeout);
      export_application();
      export_advertisement();
      watch();
      look_for_adapter();
    } catch (const sdbus::Error& error) {
      hang_up();
      throw std::runtime_error(fmt::format("the system's D-Bus can't be used: {}", said(error)));
    }
  }

  void export_application();
  void export_advertisement();
  void watch();
  void look_for_adapter();
  void choose_adapter(const Objects& objects);
  void register_application();
  void register_advertisement();
  void ask_whether_it_lives();
  void acquired_by(const Properties& options);
  void leave() noexcept;
  void hang_up() noexcept;

  void fail(std::string why) {
    if (!problem.empty()) return;
    problem = std::move(why);
    leave();
  }
  /// Something of BlueZ came, went or changed.
  void changed(const char* why) {
    if (!problem.empty())
      world_changed = true;
    else if (!adapter.empty())  // chosen
      fail(why);
  }
  /// Calls a method of BlueZ; then is called with its reply, unless it is an error.
  template <typename Then, typename... Arguments>
  void call(sdbus::IProxy& proxy, const char* interface, const char* method, std::string failure,
            Then then, const Arguments&... arguments) {
    proxy.callMethodAsync(method)
        .onInterface(interface)
        .withTimeout(kCallTimeout)
        .withArguments(arguments...)
        .uponReplyInvoke([this, failure = std::move(failure), then](bus::Failure error) {
          if (error)
            fail(fmt::format("{}: {}", failure, said(*error)));
          else if (problem.empty())
            then();
        });
  }

  const std::string wanted_adapter;
  const std::string name;
  std::string adapter;  ///< path of the one chosen
  std::string adapter_name;
  std::string problem;
  bool world_changed = false;
  bool on_air = false;
  bool listening = false;
  bool asking = false;
  SteadyTime asked;
  std::set<std::string> listeners;  ///< devices
  std::string newest_listener;
  RadarNotification value;

  // In the order in which they must be made; taken down the other way round.
  std::unique_ptr<sdbus::IConnection> connection;
  std::vector<sdbus::Slot> matches;
  std::unique_ptr<sdbus::IObject> application;
  std::unique_ptr<sdbus::IObject> service;
  std::unique_ptr<sdbus::IObject> characteristic;
  std::unique_ptr<sdbus::IObject> advertisement;
  std::unique_ptr<sdbus::IProxy> bluez;
  std::unique_ptr<sdbus::IProxy> manager;  ///< the adapter
};

void BluezPeripheral::Impl::export_application() {
  application = bus::object(*connection, kApplicationPath);
  bus::publish_manager(*application);

  service = bus::object(*connection, kServicePath);
  bus::Interface offered(*service, kService);
  offered.property("UUID", [] { return std::string(kRadarService); });
  offered.property("Primary", [] { return true; });
  offered.publish();

  characteristic = bus::object(*connection, kCharacteristicPath);
  bus::Interface targets(*characteristic, kCharacteristic);
  targets.property("UUID", [] { return std::string(kRadarCharacteristic); });
  targets.property("Service", [] { return sdbus::ObjectPath(kServicePath); });
  targets.property("Flags", [] { return std::vector<std::string>{"notify"}; });
  targets.property("Value", [this] { return value; });
  targets.property("Notifying", [this] { return listening; });
  // BlueZ says who subscribes only to those who offer a socket. Refused, it goes on with
  // StartNotify.
  targets.property("NotifyAcquired", [] { return false; });
  targets.method("AcquireNotify",
                 [this](const Properties& options) -> std::tuple<sdbus::UnixFd, std::uint16_t> {
                   acquired_by(options);
                   throw bus::error("org.bluez.Error.NotSupported", "use StartNotify");
                 });
  targets.method("StartNotify", [this] { listening = problem.empty(); });
  targets.method("StopNotify", [this] {
    listening = false;
    listeners.clear();
  });
  targets.publish();
}

void BluezPeripheral::Impl::acquired_by(const Properties& options) {
  const auto device = options.find("device");
  if (device == options.end() || !device->second.containsValueOfType<sdbus::ObjectPath>()) return;
  newest_listener = device->second.get<sdbus::ObjectPath>();
  if (listeners.size() < kMostListeners) listeners.insert(newest_listener);
}

void BluezPeripheral::Impl::export_advertisement() {
  advertisement = bus::object(*connection, kAdvertisementPath);
  bus::Interface offered(*advertisement, kAdvertisement);
  offered.property("Type", [] { return std::string("peripheral"); });
  offered.property("ServiceUUIDs",
                   [] { return std::vector<std::string>{std::string(kRadarService)}; });
  offered.property("LocalName", [this] { return name; });
  offered.property("Discoverable", [] { return true; });
  offered.method("Release", [this] { changed("BlueZ has withdrawn the advertisement"); });
  offered.publish();
}

void BluezPeripheral::Impl::watch() {
  const auto on_signal = [this](const std::string& match, auto handler) {
    matches.push_back(bus::match(*connection, match, [handler](bus::Signal message) {
      try {
        handler(message);
      } catch (const sdbus::Error&) {
        // Not of the form that D-Bus documents for it: says nothing.
      }
    }));
  };
  on_signal(
      "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='org.bluez'",
      [this](sdbus::Message&) { changed("bluetoothd has gone"); });
  const auto manager_signal = [](const char* member) {
    return fmt::format("type='signal',sender='org.bluez',interface='{}',member='{}'",
                       kObjectManager, member);
  };
  // Devices come and go all the time.
  on_signal(manager_signal("InterfacesAdded"), [this](sdbus::Message& message) {
    sdbus::ObjectPath path;
    std::map<std::string, Properties> interfaces;
    message >> path >> interfaces;
    if (!problem.empty() && interfaces.contains(kAdvertisingManager)) world_changed = true;
  });
  on_signal(manager_signal("InterfacesRemoved"), [this](sdbus::Message& message) {
    sdbus::ObjectPath path;
    std::vector<std::string> interfaces;
    message >> path >> interfaces;
    if (path == adapter) changed("the Bluetooth adapter has gone");
  });
  on_signal(fmt::format("type='signal',sender='org.bluez',interface='{}',"
                        "member='PropertiesChanged',arg0='{}'",
                        kProperties, kAdapter),
            [this](sdbus::Message& message) {
              std::string interface;
              Properties now;
              message >> interface >> now;
              const auto powered = now.find("Powered");
              if (powered == now.end()) return;
              if (powered->second.get<bool>())
                world_changed = !problem.empty();
              else if (message.getPath() == adapter)
                changed("the Bluetooth adapter was switched off");
            });
}

void BluezPeripheral::Impl::look_for_adapter() {
  bluez = bus::proxy(*connection, kBluez, "/");
  bluez->callMethodAsync("GetManagedObjects")
      .onInterface(kObjectManager)
      .withTimeout(kCallTimeout)
      .uponReplyInvoke([this](bus::Failure error, const Objects& objects) {
        if (error)
          fail(fmt::format("bluetoothd doesn't answer: {}", said(*error)));
        else
          choose_adapter(objects);
      });
}

void BluezPeripheral::Impl::choose_adapter(const Objects& objects) {
  std::string off;
  for (const auto& [path, interfaces] : objects) {
    const std::string its_name = path.substr(path.rfind('/') + 1);
    if (!interfaces.contains(kGattManager) || !interfaces.contains(kAdvertisingManager)) continue;
    if (!wanted_adapter.empty() && its_name != wanted_adapter) continue;
    const auto state = interfaces.find(kAdapter);
    const bool powered = state != interfaces.end() && state->second.contains("Powered") &&
                         state->second.at("Powered").get<bool>();
    if (!powered) {
      if (off.empty()) off = its_name;
      continue;
    }
    adapter = path;
    adapter_name = its_name;
    manager = bus::proxy(*connection, kBluez, adapter);
    register_application();
    return;
  }
  if (!off.empty())
    fail(fmt::format("the Bluetooth adapter {} is switched off: bluetoothctl power on", off));
  else if (wanted_adapter.empty())
    fail("there is no Bluetooth adapter that can be a peripheral");
  else
    fail(fmt::format("there is no Bluetooth adapter {} that can be a peripheral", wanted_adapter));
}

void BluezPeripheral::Impl::register_application() {
  call(
      *manager, kGattManager, "RegisterApplication", "BlueZ refuses the radar's service",
      [this] { register_advertisement(); }, sdbus::ObjectPath(kApplicationPath), Properties());
}

void BluezPeripheral::Impl::register_advertisement() {
  call(
      *manager, kAdvertisingManager, "RegisterAdvertisement", "BlueZ refuses to advertise",
      [this] { on_air = true; }, sdbus::ObjectPath(kAdvertisementPath), Properties());
}

void BluezPeripheral::Impl::ask_whether_it_lives() {
  const SteadyTime now = SteadyClock::now();
  if (!on_air || asking || now - asked < kAskEvery) return;
  asking = true;
  asked = now;
  bluez->callMethodAsync("Ping")
      .onInterface(kPeer)
      .withTimeout(kAnswerWithin)
      .uponReplyInvoke([this](bus::Failure error) {
        asking = false;
        if (error) fail(fmt::format("BlueZ doesn't answer any more: {}", said(*error)));
      });
}

// Who hears nothing any more must not stay connected: to some readers that is a clear road. BlueZ
// works off the messages of one sender in their order: nobody who is disconnected finds the
// radar again.
void BluezPeripheral::Impl::leave() noexcept {
  const auto tell = [this](const std::string& path, const char* interface, const char* method,
                           const char* of_ours) {
    try {
      const auto proxy = bus::proxy(*connection, kBluez, path);
      auto message = bus::call(*proxy, interface, method);
      if (of_ours) message << sdbus::ObjectPath(of_ours);
      message.dontExpectReply();
      proxy->callMethod(message);
    } catch (const sdbus::Error&) {
      // Without a bus there is nobody to tell, and BlueZ has noticed by itself.
    }
  };
  on_air = false;
  listening = false;
  if (std::exchange(adapter, {}).empty()) return;
  const std::string path = manager->getObjectPath();
  tell(path, kAdvertisingManager, "UnregisterAdvertisement", kAdvertisementPath);
  tell(path, kGattManager, "UnregisterApplication", kApplicationPath);
  for (const std::string& device : listeners)
    tell(device, "org.bluez.Device1", "Disconnect", nullptr);
}

// sd-bus would wait for ever until a bus that hangs takes what is left to say.
void BluezPeripheral::Impl::hang_up() noexcept {
  if (!connection) return;
  try {
    const SteadyTime end = SteadyClock::now() + kLastWords;
    while ((connection->getEventLoopPollData().events & POLLOUT) != 0) {
      const double left_ms = ms_between(SteadyClock::now(), end);
      pollfd socket{connection->getEventLoopPollData().fd, POLLOUT, 0};
      if (left_ms > 0 && poll(&socket, 1, static_cast<int>(left_ms)) >= 0) {
        bus::process(*connection);
        continue;
      }
      shutdown(socket.fd, SHUT_RDWR);
      return;
    }
  } catch (const sdbus::Error&) {
    // It has gone already.
  }
}

BluezPeripheral::BluezPeripheral(std::string adapter, std::string name)
    : impl_(std::make_unique<Impl>(std::move(adapter), std::move(name))) {}

BluezPeripheral::~BluezPeripheral() {
  impl_->leave();
  impl_->hang_up();
}

int BluezPeripheral::fd() const {
  return impl_->connection->getEventLoopPollData().fd;
}

short BluezPeripheral::events() const {
  return impl_->connection->getEventLoopPollData().events;
}

int BluezPeripheral::timeout_ms() const {
  return impl_->connection->getEventLoopPollData().getPollTimeout();
}

void BluezPeripheral::work() {
  try {
    while (bus::process(*impl_->connection)) {
    }
    impl_->ask_whether_it_lives();
  } catch (const sdbus::Error& error) {
    throw std::runtime_error(fmt::format("the system's D-Bus has gone: {}", said(error)));
  }
}

bool BluezPeripheral::on_air() const {
  return impl_->on_air;
}

bool BluezPeripheral::listened_to() const {
  return impl_->listening;
}

std::string BluezPeripheral::problem() const {
  return impl_->problem;
}

bool BluezPeripheral::world_changed() const {
  return impl_->world_changed;
}

const std::string& BluezPeripheral::adapter() const {
  return impl_->adapter_name;
}

const std::string& BluezPeripheral::listener() const {
  return impl_->newest_listener;
}

bool BluezPeripheral::notify(const RadarNotification& bytes) {
  if (!impl_->on_air || !impl_->listening) return true;
  try {
    // What wasn't written yet waits in memory; more of it would only be older.
    if ((impl_->connection->getEventLoopPollData().events & POLLOUT) != 0) return false;
    impl_->value = bytes;
    impl_->characteristic->emitPropertiesChangedSignal(kCharacteristic,
                                                       {bus::PropertyName("Value")});
    return true;
  } catch (const sdbus::Error&) {
    return false;  // work() will find out why
  }
}

}  // namespace rearview
