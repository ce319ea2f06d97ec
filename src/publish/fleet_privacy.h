#pragma once

#include <optional>
#include <vector>

#include "publish/publish_config.h"
#include "types/position.h"

namespace rearview {

/// What of the rider's positions may leave the gateway. Any thread.
class FleetPrivacy {
 public:
  explicit FleetPrivacy(NatsPrivacyConfig config) : config_(std::move(config)) {}

  /// nullopt within a zone, also where the grid would put it there; else the middle of its square
  /// of the grid, with what that adds to the accuracy.
  std::optional<Position> shown(const Position& position) const;
  /// What may be told of a track: at most kMostPoints of its points, as far apart as that takes.
  /// Empty where no track may leave.
  std::vector<TrackPoint> shown(const std::vector<TrackPoint>& track) const;

  bool tracks() const { return config_.tracks; }

  /// Of a track: its message stays below half of what NATS takes.
  static constexpr std::size_t kMostPoints = 4000;

 private:
  bool is_hidden(const Position& position) const;

  const NatsPrivacyConfig config_;
};

}  // namespace rearview
