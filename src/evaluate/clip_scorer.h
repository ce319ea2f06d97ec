#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <opencv2/core/types.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "evaluate/truth.h"
#include "types/analysis.h"

namespace rearview {

/// What became of one event.
struct EventScore {
  TruthEvent event;
  /// The first alert that found it, or null: missed.
  std::optional<double> alert_t_s;
  /// t_pass_s - alert_t_s; a lower bound if the pass isn't seen, null where nobody timed it.
  std::optional<double> lead_s;
  AlertKind alert_kind = AlertKind::vehicle_approaching;
  Side alert_side = Side::unknown;
  int repeats = 0;         ///< further alerts
  bool escalated = false;  ///< one of them is the fast_approach that may follow an approach
  // Its overtake or close_pass alert, if any.
  std::optional<double> reported_pass_s;
  Side reported_side = Side::unknown;
  std::optional<double> reported_lateral_m;
  // How well it was followed while visible; 0 frames where the truth has no track.
  std::size_t frames_visible = 0;
  std::size_t frames_tracked = 0;
  std::set<int> track_ids;
};

/// An alert that found no event.
struct StrayAlert {
  double t_s = 0;
  AlertKind kind = AlertKind::vehicle_approaching;
  std::optional<int> track_id;
  cv::Rect2f box;
  /// Kind of the vehicle it was raised for, or which event it came too early or too late for;
  /// empty if the truth has nothing there.
  std::string on;
};

/// One moment of one event that was tracked: what is true, and what was said.
struct Estimate {
  double true_ttc_s = 0;
  std::optional<double> true_distance_m;
  std::optional<double> true_closing_mps;
  std::optional<double> ttc_s;
  std::optional<double> distance_m;
  std::optional<double> closing_mps;
};

/// One moment at which the analysis said how likely it is that a vehicle will have come up to the
/// rider soon, and whether it had.
struct Claim {
  double probability = 0;
  bool came_true = false;
};

struct KindScore {
  std::size_t vehicles = 0;
  std::size_t alerted = 0;  ///< of these, those with at least one alert
};

struct ClipScore {
  std::string truth;
  std::string input;
  double scored_s = 0;  ///< analysed and not ignored
  std::size_t frames = 0;
  std::size_t frames_failed = 0;
  std::size_t frames_degraded = 0;
  std::size_t frames_blind = 0;
  std::vector<EventScore> events;
  std::vector<StrayAlert> soft;
  std::vector<StrayAlert> wrong;
  std::size_t stray_passes = 0;  ///< overtake and close_pass alerts of no event
  std::map<std::string, KindScore> others;
  std::map<AlertKind, std::size_t> alerts;  ///< all that were raised
  std::vector<Estimate> estimates;
  std::vector<Claim> claims;        ///< of tracks, every kClaimEvery_s
  std::vector<Claim> alert_claims;  ///< of alerts
};

/// Scores the analysis of one recording against its truth, frame by frame:
/// - An event is found by the first vehicle_approaching or fast_approach alert in
///   [t_visible_s, t_pass_s] whose box, where the truth has a track, overlaps it with IoU >= 0.3 at
///   that time; with several to choose from, the one it overlaps best. Further ones are repeats.
/// - An alert that finds no event is soft if it overlaps a vehicle of `others` that really closes
///   in, else wrong. During `ignore` neither is counted, nor that time.
/// - An overtake or close_pass alert belongs to the event whose track it names.
/// - Each frame in which a track overlaps a visible event (IoU >= 0.3, best) gives an estimate to
///   compare, if the truth says how fast the event closes in.
/// - The probability of an alert, and that of each track twice a second, comes true where it
///   overlaps (IoU >= 0.3, best) a visible event that passes within 10 s, as the claim says by
///   default; what overlaps a soft vehicle isn't compared, nor is a recording in which an event has
///   no track.
class ClipScorer {
 public:
  explicit ClipScorer(Truth truth);

  /// In the order of time. picture: size of the frame analysed.
  void add(const Analysis& analysis, cv::Size picture);
  const ClipScore& score() const { return score_; }

 private:
  void follow(const Analysis& analysis, cv::Size picture);
  void judge_approach(const Alert& alert);
  void judge_pass(const Alert& alert);
  void compare_claims(const Analysis& analysis);
  std::optional<bool> comes(const cv::Rect2f& box, double t_s) const;

  Truth truth_;
  ClipScore score_;
  std::set<std::size_t> alerted_others_;
  std::optional<double> last_t_s_;
  std::optional<double> claims_t_s_;  ///< when claims of tracks were compared last
};

}  // namespace rearview
