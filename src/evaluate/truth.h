#pragma once

#include <filesystem>
#include <opencv2/core/types.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rearview {

struct TruthSample {
  double t_s = 0;
  cv::Rect2f box;  ///< pixels, the part inside the picture
  std::optional<double> distance_m;
};

/// Where a vehicle was. Samples in order of time; may be empty.
class TruthTrack {
 public:
  TruthTrack() = default;
  explicit TruthTrack(std::vector<TruthSample> samples) : samples_(std::move(samples)) {}

  bool empty() const { return samples_.empty(); }
  /// Interpolated; the first or last sample's outside their time. Not for an empty track.
  cv::Rect2f box_at(double t_s) const;
  std::optional<double> distance_at(double t_s) const;

  /// How fast the vehicle closes in, from the samples within half a second of t_s.
  struct Closing {
    double ttc_s = 0;
    std::optional<double> closing_mps;  ///< where distances are known
  };
  /// With distances: d and -d' of a line through them (least squares), ttc = d / -d'. Without: a
  /// line through the logarithm of the box's height, whose slope is 1/ttc while closing speed and
  /// true height stay the same (Lee, Perception 5, 1976); samples cut by the picture's border are
  /// left out. Null with fewer than four samples or a span under 0.3 s, when it doesn't close in,
  /// and for more than 10 s, where the slope drowns in the labels' noise.
  std::optional<Closing> closing_at(double t_s, cv::Size picture) const;

 private:
  std::vector<TruthSample> samples_;
};

/// A vehicle that closes in and passes, or comes within 5 m.
struct TruthEvent {
  std::string id;
  std::string vehicle_class;
  std::string side;  ///< "left" or "right" of the picture, or empty
  double t_visible_s = 0;
  double t_pass_s = 0;
  bool pass_seen = true;   ///< false: the clip ends first, t_pass_s is its end
  bool pass_timed = true;  ///< false: t_pass_s is only when it was past, and tells no lead
  bool side_uncertain = false;
  std::optional<double> lateral_m;  ///< gap at the pass
  TruthTrack track;
};

/// A vehicle that is no event.
struct TruthOther {
  std::string id;
  std::string kind;
  double t0_s = 0;
  double t1_s = 0;
  TruthTrack track;

  /// It really closes in, or its rider didn't say, so that an alert on it is arguable.
  bool soft() const;
};

/// What happened in one recording.
struct Truth {
  std::filesystem::path file;
  std::filesystem::path input;  ///< as a path that can be opened: taken from the truth's folder
  double fps = 30;
  std::optional<double> duration_s;
  std::vector<TruthEvent> events;
  std::vector<TruthOther> others;
  std::vector<std::pair<double, double>> ignore;  ///< from, to

  bool ignored(double t_s) const;
};

/// Reads a ground truth file (interfaces: "Ground truth"). Keys it doesn't know are passed over,
/// because a truth may say more than is scored; everything else is strict: throws UsageError with
/// the JSON pointer of what is missing, has the wrong type or makes no sense.
Truth read_truth(const std::filesystem::path& file);

/// Intersection over union, 0..1.
float overlap(const cv::Rect2f& a, const cv::Rect2f& b);

}  // namespace rearview
