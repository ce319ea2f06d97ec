#pragma once

#include <array>
#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

#include "analyse/common/picture_history.h"

namespace rearview {

/// Where one corner was in the last pictures.
struct PointPath {
  static constexpr int kLongest = 32;
  std::uint32_t id = 0;
  int length = 1;  ///< pictures in which it is known, the newest included; kLongest at most
  /// Sums of the squared gradients about the corner when it was found (xx, xy, yy; grey levels per
  /// pixel, squared): how well its place is known along each direction. A corner on the edge of a
  /// lane line slides along it.
  cv::Vec3f structure;
  std::array<cv::Point2f, kLongest> ring;
};

/// Variance, in square pixels, of a corner's place along a unit direction.
double place_variance(const cv::Vec3f& structure, cv::Point2d along);

/// Follows corners of the luma by pyramidal Lucas-Kanade with a check forwards and backwards
/// (Bouguet 2000; Kalal et al. 2010) and keeps their paths over about a second, because at a time
/// to contact of 5 s one frame changes the scale by less than a hundredth. Lone parts of the
/// picture get corners of their own: the strip about the horizon, where a vehicle is first seen,
/// more than the rest. One thread; the same pictures give the same paths.
class PointTracker {
 public:
  static constexpr int kPicturesKept = 16;

  /// picture: all of one size until clear(); its levels are kept, not copied. active: the part that
  /// shows something. horizon_px: row about which corners lie densest.
  void track(const KeptPicture& picture, const cv::Rect& active, float horizon_px);
  void clear();

  const std::vector<PointPath>& paths() const { return paths_; }
  /// Position `back` pictures ago; back < path.length.
  const cv::Point2f& at(const PointPath& path, int back) const {
    return path.ring[static_cast<std::size_t>((head_ - back) & (PointPath::kLongest - 1))];
  }
  /// Stream time `back` pictures ago; back < pictures().
  double t_s(int back) const {
    return times_[static_cast<std::size_t>((head_ - back) & (PointPath::kLongest - 1))];
  }
  /// The picture `back` pictures ago; back < kPicturesKept and back < pictures().
  const cv::Mat& picture(int back) const {
    return kept_[static_cast<std::size_t>((head_ - back) & (kPicturesKept - 1))];
  }
  /// How many pictures back the times reach, kLongest at most.
  int pictures() const { return pictures_; }
  /// The picture that reaches back nearest to seconds, 1 at least and pictures() - 1 at most.
  int back_for(double seconds) const;

 private:
  void follow(const cv::Rect& active);
  void seed(const cv::Mat& picture, const cv::Rect& active, float horizon_px);

  std::vector<PointPath> paths_;
  std::array<double, PointPath::kLongest> times_{};
  int head_ = 0;
  int pictures_ = 0;
  int until_seed_ = 0;
  std::uint32_t next_id_ = 1;
  std::vector<cv::Mat> previous_;  ///< pyramids
  std::vector<cv::Mat> current_;
  std::array<cv::Mat, kPicturesKept> kept_;
  cv::Mat corners_;
  std::vector<std::uint8_t> taken_;
};

}  // namespace rearview
