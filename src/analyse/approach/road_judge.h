#pragma once

#include <optional>

#include "analyse/approach/approach_config.h"
#include "types/analysis.h"

namespace rearview {

/// The state of the road: the gravest of all encounters. Empty is what it is only once it has been
/// looked at for as long as the slowest confirmation takes; told as empty again once for
/// all_clear_s no encounter has threatened and nothing near by was behind that isn't falling back.
/// One thread.
class RoadJudge {
 public:
  explicit RoadJudge(const ApproachConfig& policy) : policy_(policy) {}

  /// gravest: Encounter::threat() of the gravest, 0 without any; followed: one stays_behind().
  /// Reads the alerts, tracks and blindness of this analysis, writes its road.
  void judge(int gravest, bool followed, Analysis& analysis);
  /// Forgets how long it has looked. A warning stands until it is taken back by a judgement, never
  /// because a connection ended.
  void reset();

 private:
  void take_back_warning(Analysis& analysis);

  ApproachConfig policy_;
  bool warned_ = false;                   ///< an alert stands that no all_clear has taken back
  std::optional<double> looked_at_s_;     ///< last
  std::optional<double> looked_since_s_;  ///< without a break
  int looks_ = 0;                         ///< pictures since then
  std::optional<double> quiet_since_s_;
};

}  // namespace rearview
