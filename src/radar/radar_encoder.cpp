#include "radar/radar_encoder.h"

#include <algorithm>

namespace rearview {
namespace {

constexpr std::size_t kMostInOne = 6;
constexpr std::uint8_t kMoreFollow = 0;
constexpr std::uint8_t kLast = 2;

using Targets = std::vector<RadarTarget>::const_iterator;

RadarNotification notification(std::uint8_t header, Targets from, Targets to) {
  RadarNotification bytes{header};
  for (; from != to; ++from)
    bytes.insert(bytes.end(), {from->id, from->distance_m, from->closing_kmh});
  return bytes;
}

}  // namespace

std::vector<RadarNotification> RadarEncoder::encode(const std::vector<RadarTarget>& targets) {
  const auto header = [counter = counter_](std::uint8_t flag) {
    return static_cast<std::uint8_t>(counter << 4 | flag);
  };
  counter_ = (counter_ + 1) & 0x0F;
  const auto count = [&targets](std::size_t most) {
    return static_cast<std::ptrdiff_t>(std::min(targets.size(), most));
  };
  const Targets far = targets.begin() + count(kMostInOne);
  const Targets end = targets.begin() + count(kMostRadarTargets);
  std::vector<RadarNotification> all;
  if (far != end) all.push_back(notification(header(kMoreFollow), far, end));
  all.push_back(notification(header(kLast), targets.begin(), far));
  return all;
}

}  // namespace rearview
