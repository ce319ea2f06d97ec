#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "evaluate/clip_scorer.h"
#include "evaluate/statistics.h"

namespace rearview {

/// Errors of one quantity: estimate - truth.
struct ErrorScore {
  std::size_t compared = 0;   ///< moments with a truth
  std::size_t estimated = 0;  ///< of these, those with an estimate
  std::optional<double> median_abs;
  std::optional<double> median_relative;  ///< of |estimate - truth| / truth
  std::optional<double> bias;             ///< median of estimate - truth
};

struct Band {
  double from = 0;
  double to = 0;
  ErrorScore error;
};

/// Claims whose probability lies from `from` to `to`.
struct ClaimBand {
  double from = 0;
  double to = 0;
  std::size_t claims = 0;
  double mean_probability = 0;
  std::size_t came_true = 0;
};

/// All clips together.
struct Totals {
  std::size_t clips = 0;
  double scored_s = 0;
  std::size_t frames = 0;
  std::size_t frames_failed = 0;
  std::size_t frames_degraded = 0;
  std::size_t frames_blind = 0;

  std::size_t events = 0;
  std::size_t found = 0;
  Interval recall_95;
  std::vector<double> leads_s;  ///< of found events
  std::optional<Interval> lead_mean_95;
  std::size_t lead_lower_bounds = 0;
  // The side that the first alert names, against the side of the pass.
  std::size_t alert_sides_compared = 0;
  std::size_t alert_sides_right = 0;
  std::size_t alert_sides_wrong = 0;  ///< the others name neither
  std::size_t repeats = 0;
  std::size_t escalations = 0;
  std::size_t wrong = 0;
  std::size_t soft = 0;
  std::optional<Interval> wrong_per_hour_95;
  std::map<std::string, KindScore> others;
  std::map<AlertKind, std::size_t> alerts;

  std::size_t passes = 0;           ///< events whose pass is seen
  std::size_t passes_reported = 0;  ///< of these, with an overtake or close_pass alert
  std::size_t sides_compared = 0;
  std::size_t sides_right = 0;
  std::size_t stray_passes = 0;
  std::vector<double> pass_errors_s;     ///< reported - true time
  std::vector<double> lateral_errors_m;  ///< reported - true gap, where the truth knows it

  std::size_t frames_visible = 0;  ///< summed over events with a track
  std::size_t frames_tracked = 0;
  std::size_t extra_track_ids = 0;  ///< ids beyond the first, summed over events

  std::vector<Band> ttc_by_ttc;
  std::vector<Band> ttc_by_distance;
  std::vector<Band> distance_by_distance;
  std::vector<Band> closing_by_distance;
  std::vector<ClaimBand> claims;        ///< of tracks
  std::vector<ClaimBand> alert_claims;  ///< of alerts
};

Totals totals(const std::vector<ClipScore>& clips);

/// {"type":"evaluation","clips":[…],"groups":{folder:{…}},"total":{…}}: a group is the clips whose
/// truths lie in one folder. What is not known is null.
nlohmann::ordered_json evaluation_json(const std::vector<ClipScore>& clips);

/// For people: one line a clip, one a group where there are several, then the totals.
std::string evaluation_table(const std::vector<ClipScore>& clips);

}  // namespace rearview
