#pragma once

#include <algorithm>
#include <cstdint>
#include <opencv2/imgproc.hpp>

namespace rearview::test {

/// Something with features of all sizes, seeded.
inline cv::Mat texture(cv::Size size, std::uint64_t seed, double contrast = 40) {
  cv::RNG random(seed);
  cv::Mat sum = cv::Mat::zeros(size, CV_32F);
  for (const double blur : {1.5, 4.0, 12.0}) {
    cv::Mat noise(size, CV_32F);
    random.fill(noise, cv::RNG::NORMAL, 0, 1);
    cv::GaussianBlur(noise, noise, {}, blur);
    cv::Scalar mean;
    cv::Scalar deviation;
    cv::meanStdDev(noise, mean, deviation);
    sum += (noise - mean[0]) / deviation[0] * contrast / 2;
  }
  sum += 120;
  cv::Mat bytes;
  sum.convertTo(bytes, CV_8U);
  return bytes;
}

/// A road with a textured vehicle in `box`, drawn at that size, and noise of its own.
class Road {
 public:
  cv::Mat picture(const cv::Rect2d& box, double gain = 1, std::uint64_t noise_seed = 1) const {
    cv::Mat road = ground_.clone();
    const double scale_x = box.width / vehicle_.cols;
    const double scale_y = box.height / vehicle_.rows;
    const cv::Matx23d map(scale_x, 0, box.x + 0.5 * scale_x - 0.5, 0, scale_y,
                          box.y + 0.5 * scale_y - 0.5);
    cv::Mat soft;
    cv::GaussianBlur(vehicle_, soft, {}, std::max(0.1, 0.4 / scale_x));
    cv::warpAffine(soft, road, map, road.size(), cv::INTER_LINEAR, cv::BORDER_TRANSPARENT);
    cv::Mat noise(road.size(), CV_16S);
    cv::RNG random(noise_seed);
    random.fill(noise, cv::RNG::NORMAL, 0, 3);
    cv::Mat noisy;
    road.convertTo(noisy, CV_16S, gain);
    noisy += noise;
    noisy.convertTo(noisy, CV_8U);
    return noisy;
  }

 private:
  cv::Mat ground_ = texture({640, 360}, 7, 15);
  cv::Mat vehicle_ = texture({180, 150}, 11);
};

}  // namespace rearview::test
