#include "camera/scene/luggage.h"

#include <algorithm>
#include <array>
#include <opencv2/imgproc.hpp>

#include "camera/scene/random.h"

namespace rearview::camera {
namespace {

/// Of the picture's height, for a radian of the camera's roll and pitch: it hangs loosely.
constexpr float kSway = 0.6f;
constexpr int kMargin_px = 16;  // it is never seen to end below

}  // namespace

Luggage::Luggage(cv::Size size, double share, std::uint64_t seed) : size_(size) {
  if (share <= 0) return;
  Random random(seed, 95);
  const int width = size.width;
  const int height = static_cast<int>(share * size.height) + kMargin_px;
  const auto across = [&](float at) { return static_cast<int>(at * static_cast<float>(width)); };
  const auto down = [&](float at) { return static_cast<int>(at * static_cast<float>(height)); };
  const cv::Scalar colour(random.between(15, 90), random.between(15, 90), random.between(15, 90));
  cloth_.create(height, width, CV_8UC3);
  cloth_ = colour;
  shape_ = cv::Mat::zeros(height, width, CV_8UC1);
  const float left = random.between(0.12f, 0.3f);
  const float right = 1 - random.between(0.12f, 0.3f);
  const std::array<cv::Point, 6> outline{cv::Point(across(left - 0.06f), height),
                                         {across(left), down(0.35f)},
                                         {across(left + 0.07f), 1},
                                         {across(right - 0.07f), 1},
                                         {across(right), down(0.35f)},
                                         {across(right + 0.06f), height}};
  cv::fillConvexPoly(shape_, outline.data(), static_cast<int>(outline.size()), 255, cv::LINE_AA);
  cv::polylines(cloth_, std::vector<cv::Point>(outline.begin(), outline.end()), true, colour * 1.8,
                std::max(1, across(0.006f)), cv::LINE_AA);
  // A strip that reflects, and two straps.
  cv::rectangle(cloth_, {across(left + 0.1f), down(0.4f)}, {across(right - 0.1f), down(0.52f)},
                cv::Scalar(165, 170, 170), cv::FILLED);
  for (const float at : {left + 0.14f, right - 0.16f})
    cv::rectangle(cloth_, {across(at), 0}, {across(at + 0.02f), height}, colour * 0.4, cv::FILLED);
}

void Luggage::draw(cv::Mat& bgr, const Ride::Pose& pose, const Atmosphere& atmosphere) const {
  if (cloth_.empty()) return;
  const auto height = static_cast<float>(size_.height);
  const int x = static_cast<int>(kSway * height * pose.roll);
  const int y = std::max(static_cast<int>(kSway * height * pose.pitch), -kMargin_px) +
                size_.height - cloth_.rows + kMargin_px;
  const cv::Rect at = cv::Rect({x, y}, cloth_.size()) & cv::Rect({}, size_);
  if (at.empty()) return;
  const cv::Rect of(at.tl() - cv::Point(x, y), at.size());
  const Vec3 gain = atmosphere.ground_gain(1);
  cv::Mat lit;
  cv::multiply(cloth_(of), cv::Scalar(gain.z, gain.y, gain.x), lit);
  lit.copyTo(bgr(at), shape_(of));
}

}  // namespace rearview::camera
