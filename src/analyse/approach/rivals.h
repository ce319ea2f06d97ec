#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "analyse/approach/approach_config.h"
#include "analyse/approach/vehicle_estimate.h"
#include "base/enumeration.h"
#include "types/enumerations.h"

namespace rearview {

/// That a vehicle will have come up to the rider, within widest_pass_m to a side, in
/// farthest_ttc_s.
struct Claim {
  double probability = 0;
  double closes_in = 0;                          ///< the same, however long it takes
  Explanation rival = Explanation::going_along;  ///< the likeliest of those that contradict it
};

/// Weighs what a track may be by Bayes' rule, in every picture in which a detection supports it.
/// Two kinds of evidence: the estimated growth, whose filter has joined all looks already, against
/// the closing speeds that each explanation expects; and what the filter doesn't know of, summed
/// here as logarithms of likelihoods, which fade and are bounded: whether the box has stood in one
/// place, where the inner edge goes of what the picture cuts off, and whether boxes and picture
/// agree. Neighbouring pictures share their errors, so each of those sums counts by time, not by
/// looks. Pure: no clock, no picture. One thread.
class Rivals {
 public:
  void see(const VehicleEstimate& estimate, const ApproachConfig& policy);

  /// Its share of what it may be; all together 1. 0 before the first look.
  double share(Explanation explanation) const { return shares_[index(explanation)]; }
  const Claim& claim() const { return claim_; }

 private:
  static constexpr std::size_t kCount = kNames<Explanation>.size();
  static constexpr std::size_t index(Explanation explanation) {
    return static_cast<std::size_t>(explanation);
  }
  double& evidence(Explanation explanation) { return evidence_[index(explanation)]; }

  void see_place(const VehicleEstimate& estimate, double since_s);
  void see_edge(const VehicleEstimate& estimate, double since_s);
  void see_agreement(const VehicleEstimate& estimate, double since_s);

  std::array<double, kCount> shares_{};
  std::array<double, kCount> evidence_{};  ///< logarithms
  Claim claim_;
  std::optional<double> seen_s_;
  cv::Rect2f stands_;          ///< slow mean of its box
  double stands_since_s_ = 0;  ///< since when it hasn't left that
};

}  // namespace rearview
