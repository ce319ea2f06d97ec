#pragma once

#include <memory>
#include <string>

#include "radar/radar_encoder.h"

namespace rearview {

/// One stay on the air as a Bluetooth LE radar, through BlueZ (org.bluez.GattManager1 and
/// LEAdvertisingManager1) on the system's D-Bus: from the construction, which begins it, to the
/// destruction, which ends it and closes the connections of all who listened, so that none takes
/// the silence for a clear road. One thread; nothing waits but construction (up to 4 s) and
/// destruction (half a second), for the bus alone.
class BluezPeripheral {
 public:
  /// adapter: BlueZ's name for it; empty: the first that can do it. name: advertised. Throws
  /// std::runtime_error when there is no bus, or it doesn't answer.
  BluezPeripheral(std::string adapter, std::string name);
  ~BluezPeripheral();
  BluezPeripheral(const BluezPeripheral&) = delete;
  BluezPeripheral& operator=(const BluezPeripheral&) = delete;

  /// For poll().
  int fd() const;
  short events() const;
  /// Until work() must be called without an event: milliseconds; -1: never.
  int timeout_ms() const;
  /// Does what is due; at least once a second, so that a BlueZ that hangs is noticed. Throws
  /// std::runtime_error when the bus has gone.
  void work();

  /// It can be found and connected to.
  bool on_air() const;
  /// Somebody subscribed and hasn't left.
  bool listened_to() const;
  /// Why it isn't on the air and won't be any more; else empty. The object is then good for
  /// nothing but world_changed().
  std::string problem() const;
  /// Since the problem, something changed that it may have come from: try again.
  bool world_changed() const;
  /// The adapter chosen, and BlueZ's path of who subscribed last; empty: none yet.
  const std::string& adapter() const;
  const std::string& listener() const;

  /// False: the bus doesn't take it now; it is dropped. Does nothing while nobody listens.
  bool notify(const RadarNotification& bytes);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rearview
