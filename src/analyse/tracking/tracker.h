#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "analyse/common/picture_history.h"
#include "analyse/stage.h"
#include "analyse/tracking/box_filter.h"
#include "base/setting.h"

namespace rearview {

struct TrackerSettings {
  /// ByteTrack, Zhang et al. 2022, arXiv:2110.06864, matches in two rounds.
  double strong_score = 0.35;
  double new_score = 0.3;
  double confirm_score = 1.0;
  int confirm_detections = 3;
  double confirm_s = 0.1;
  double new_coast_s = 0.3;
  double coast_s = 1.0;
  /// Tracks live at the camera's rate while a network looks at some of the frames.
  double follow_s = 0.4;
  std::size_t most_tracks = 64;

  static constexpr auto settings() {
    using S = TrackerSettings;
    return std::array{
        setting<&S::strong_score>("strong_score", {0.01, 0.6},
                                  "Detections at or above are matched first, the weaker only to "
                                  "vehicles already known."),
        setting<&S::new_score>(
            "new_score", {0.01, 0.6},
            "A detection that matches no vehicle begins a new one at this score."),
        setting<&S::confirm_score>("confirm_score", {0, 3},
                                   "A new vehicle is reported when its scores add up to this."),
        setting<&S::confirm_detections>("confirm_detections", {1, 10},
                                        "And it was detected this often."),
        setting<&S::confirm_s>("confirm_s", {0, 1}, "And over this long."),
        setting<&S::new_coast_s>(
            "new_coast_s", {0.05, 2},
            "A new vehicle not yet reported is dropped after this long without a detection."),
        setting<&S::coast_s>("coast_s", {0.1, 5},
                             "A reported one lives on its prediction for this long."),
        setting<&S::follow_s>("follow_s", {0, 0.9},
                              "While a detector rests (every), a reported one is followed in the "
                              "picture for this long after its box was drawn last; 0: never, its "
                              "box is predicted."),
        setting<&S::most_tracks>("most_tracks", {1, 256}, "Vehicles at a time."),
    };
  }
};

/// Follows vehicles: joins the detections of all stages before it to tracks and fills
/// analysis.tracks, ordered by id (id, class, score, box, detections, coasting; what the track does
/// is for a later stage). Ids are never used twice in a stage's life.
///
/// Detections of several detectors that mean one vehicle are merged. One with growth_per_s and
/// without a class outlines movement, not a vehicle: it supports a track and its score, may begin
/// one, but neither moves a box that another detector placed in the same frame nor votes on class.
///
/// In frames in which a detector rested, the box of a reported vehicle that it drew at its last
/// look is carried along with the picture, as long as what the box held then is found again: then
/// the track isn't coasting. What is hidden or looks otherwise coasts, and so does what a look
/// missed. A track still ends coast_s after its last detection.
///
/// track.box is the filter's box, cut at the picture's border.
class Tracker : public Stage {
 public:
  /// "tracker". Keys: those of TrackerSettings.
  static const StageType kType;

  explicit Tracker(const TrackerSettings& settings) : settings_(settings) {}

  const StageType& type() const override { return kType; }
  void process(const FrameContext& context, Analysis& analysis) override;
  void reset() noexcept override;

 private:
  static constexpr std::size_t kClasses = 7;

  /// A detection, or several that were merged.
  struct MergedDetection {
    cv::Rect2f box;
    double score = 0;
    VehicleClass vehicle_class = VehicleClass::vehicle;
    bool outline = false;  ///< of movement; badly placed
    bool taken = false;
  };
  struct Tracked {
    int id = 0;  ///< 0: not reported yet
    BoxFilter filter;
    double first_s = 0;
    double seen_s = 0;  ///< last detection
    double score_sum = 0;
    double score = 0;
    int detections = 0;
    bool only_outlines = true;
    bool seen_now = false;
    bool boxed_now = false;  ///< by a detector that draws vehicles
    double boxed_s = 0;      ///< when it last was
    cv::Rect2f boxed;        ///< its box then
    std::optional<cv::Rect2f> outlined_now;
    bool missed = false;  ///< by a look since
    bool followed_now = false;
    std::array<double, kClasses> votes{};
  };

  static std::vector<MergedDetection> merged(const std::vector<Detection>& detections);
  void match(std::vector<MergedDetection>& detections, bool strong, bool reported, double t_s);
  void see(Tracked& track, MergedDetection& detection, double t_s);
  bool beside_known(const MergedDetection& detection) const;
  void begin(const MergedDetection& detection, cv::Size picture, double t_s);
  void confirm();
  bool may_follow(const Tracked& track, double t_s) const;
  void follow(const PictureHistory& pictures, double t_s);
  void join_duplicates();
  void drop_lost(cv::Size picture, double t_s);
  static VehicleClass class_of(const Tracked& track);

  TrackerSettings settings_;
  std::vector<Tracked> tracks_;
  std::optional<double> last_s_;
  bool rested_ = false;  ///< a detector, in this frame
  bool rests_ = false;   ///< in some frames, as has been seen
  cv::Size picture_;
  int last_id_ = 0;
};

}  // namespace rearview
