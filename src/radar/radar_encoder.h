#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace rearview {

/// The service and the characteristic that readers of rear radars subscribe to.
constexpr std::string_view kRadarService = "6a4e3200-667b-11e3-949a-0800200c9a66";
constexpr std::string_view kRadarCharacteristic = "6a4e3203-667b-11e3-949a-0800200c9a66";

/// A vehicle as a radar tells it.
struct RadarTarget {
  std::uint8_t id = 0;
  std::uint8_t distance_m = 0;
  std::uint8_t closing_kmh = 0;

  bool operator==(const RadarTarget&) const = default;
};

constexpr std::size_t kMostRadarTargets = 8;

/// What is notified at once: 20 bytes at most, which every connection carries.
using RadarNotification = std::vector<std::uint8_t>;

/// Puts lists of targets into notifications, in the form that owners of such radars have found
/// out; the maker's own document is for its partners only. Sources, which agree where not said
/// otherwise:
/// - pycycling, rear_view_radar.py (RVR315): 1 + 3 n bytes, each vehicle an id, metres, km/h;
/// - harbour-tacho, src/variaconnectivity.cpp (RTL515): a second notification whose header is
///   greater by 2 goes on with the list;
/// - partymola/bike-radar-docs, PROTOCOL.md (RearVue 820): the header's high nibble counts, its low
///   nibble is 2; a list without a vehicle is the header alone, seven times a second; ids have bit
///   7 set, ids 0 and 0xFD and a distance of 0xFF are no vehicle; there the third byte is not a
///   speed;
/// - eried/eucplanet, Varia protocol notes: 20 bytes, so 6 vehicles, a notification; low nibble 0
///   says that more follow. No byte carries the threat: readers judge by distance and speed.
/// A reader for the RCT716 takes only the upper six bits of an id for the id, and the speed for
/// quarters of a metre per second, which is a tenth less than km/h. Most take km/h, so do we.
/// One thread.
class RadarEncoder {
 public:
  /// targets: nearest first, kMostRadarTargets at most. Two notifications for more than six: the
  /// nearest are in the last, since some readers know no other.
  std::vector<RadarNotification> encode(const std::vector<RadarTarget>& targets);

 private:
  std::uint8_t counter_ = 0;  ///< 0..15, one on with every list
};

}  // namespace rearview
