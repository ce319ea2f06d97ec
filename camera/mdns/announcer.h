#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "base/setting.h"

namespace rearview::camera {

/// What other computers in the network see of the camera without being told its address.
struct MdnsConfig {
  bool enabled = true;
  std::string name = "Velovision Rearview";
  std::string host;

  static constexpr auto settings() {
    using S = MdnsConfig;
    constexpr double kLongest = 63;  // RFC 6763, section 4.1.1, and RFC 1035, section 2.3.4
    return std::array{
        setting<&S::enabled>("enabled", "Announce _velovision._tcp."),
        setting<&S::name>("name", {1, kLongest}, "Name of the service, as people read it."),
        setting<&S::host>("host", {0, kLongest},
                          "A further host name of this computer, such as velovision-rearview; "
                          "empty: none."),
    };
  }
  bool operator==(const MdnsConfig&) const = default;
};

/// Announces the stream as _velovision._tcp, with the HTTP port in the TXT record http=, through
/// the Avahi daemon. Where none runs it waits silently for one. A name that is taken gets a number,
/// as Avahi does.
class Announcer {
 public:
  Announcer(const MdnsConfig& config, std::uint16_t stream_port, std::uint16_t http_port);
  /// Takes the announcement back.
  ~Announcer();
  Announcer(const Announcer&) = delete;
  Announcer& operator=(const Announcer&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rearview::camera
