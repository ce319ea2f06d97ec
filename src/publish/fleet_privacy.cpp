#include "publish/fleet_privacy.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace rearview {
namespace {

/// Of the earth's mean radius, 6371.0088 km (IUGG).
constexpr double kMetresADegree = 6'371'008.8 * std::numbers::pi / 180;

double radians(double degrees) {
  return degrees * std::numbers::pi / 180;
}

/// Along the great circle, by the haversine formula.
double distance_m(const Position& a, double lat_deg, double lon_deg) {
  const double across = std::sin(radians(lat_deg - a.lat_deg) / 2);
  const double along = std::sin(radians(lon_deg - a.lon_deg) / 2);
  const double part =
      across * across + std::cos(radians(a.lat_deg)) * std::cos(radians(lat_deg)) * along * along;
  return 2 * kMetresADegree / radians(1) * std::asin(std::min(1.0, std::sqrt(part)));
}

double middle_of(double value, double step) {
  return (std::floor(value / step) + 0.5) * step;
}

/// The squares of one row are as wide as they are high; each row has a width of its own.
Position coarsened(const Position& position, double grid_m) {
  const double step_deg = grid_m / kMetresADegree;
  Position coarse = position;
  coarse.lat_deg = std::clamp(middle_of(position.lat_deg, step_deg), -90.0, 90.0);
  const double wide_deg =
      std::min(360.0, step_deg / std::max(1e-6, std::cos(radians(coarse.lat_deg))));
  coarse.lon_deg = std::clamp(middle_of(position.lon_deg, wide_deg), -180.0, 180.0);
  if (coarse.accuracy_m) *coarse.accuracy_m += grid_m / std::numbers::sqrt2;
  return coarse;
}

}  // namespace

bool FleetPrivacy::is_hidden(const Position& position) const {
  return std::any_of(config_.zones.begin(), config_.zones.end(), [&](const NatsZoneConfig& zone) {
    return distance_m(position, *zone.lat, *zone.lon) <= zone.radius_m;
  });
}

std::optional<Position> FleetPrivacy::shown(const Position& position) const {
  if (is_hidden(position)) return std::nullopt;
  if (config_.grid_m == 0) return position;
  const Position coarse = coarsened(position, config_.grid_m);
  return is_hidden(coarse) ? std::nullopt : std::optional(coarse);
}

std::vector<TrackPoint> FleetPrivacy::shown(const std::vector<TrackPoint>& track) const {
  std::vector<TrackPoint> all;
  if (!config_.tracks) return all;
  for (TrackPoint point : track) {
    const auto position = shown(point.position);
    if (!position) continue;
    const bool same = config_.grid_m > 0 && !all.empty() &&
                      all.back().position.lat_deg == position->lat_deg &&
                      all.back().position.lon_deg == position->lon_deg;
    if (same) continue;
    point.position = *position;
    all.push_back(point);
  }
  const std::size_t every = (all.size() + kMostPoints - 1) / kMostPoints;
  if (every <= 1) return all;
  std::vector<TrackPoint> some;
  for (std::size_t i = 0; i < all.size(); i += every) some.push_back(all[i]);
  return some;
}

}  // namespace rearview
