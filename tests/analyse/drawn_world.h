#pragma once

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "tests/analyse/frames.h"

namespace rearview::test {

/// Textured boards about a camera that rides away from them, and one on wheels that may follow:
/// flow of exactly known origin.
class DrawnWorld {
 public:
  static constexpr double kFocal_px = 502.3;  // 65 degrees across 640 pixels
  static constexpr double kHeight_m = 0.9;

  DrawnWorld() {
    cv::RNG random(4711);
    for (int i = 0; i < 44; ++i) {
      Board board;
      const bool left = i % 2 == 0;
      board.x = (left ? -1 : 1) * random.uniform(4.5, 11.0);
      board.z = 6.0 + 2.2 * i;
      board.width = random.uniform(1.0, 2.5);
      board.height = random.uniform(1.5, 4.5);
      board.texture = texture(random);
      boards_.push_back(board);
    }
    // Patches that lie on the road.
    for (int i = 0; i < 40; ++i) {
      Board patch;
      patch.x = random.uniform(-3.0, 3.0);
      patch.z = 3.0 + 1.3 * i;
      patch.width = 0.5;
      patch.height = 0;
      patch.texture = texture(random);
      patches_.push_back(patch);
    }
    car_.width = 1.8;
    car_.height = 1.5;
    car_.texture = texture(random);
  }

  double rider_mps = 6;
  bool with_car = true;
  double car_x = -1.8;  ///< metres to the picture's right
  double car_from_m = 40;
  double car_closing_mps = 8;
  double shake_px = 0;

  double car_distance(double t_s) const { return car_from_m - car_closing_mps * t_s; }
  cv::Rect2f car_box(double t_s) const {
    return cv::Rect2f(place(car_x, car_distance(t_s), car_.width, car_.height, t_s)) &
           cv::Rect2f(0, 0, 640, 360);
  }
  FramePtr frame(double t_s, std::uint64_t seq) const {
    Planes planes = flat_planes({640, 360}, 110);
    planes.y.rowRange(0, static_cast<int>(std::clamp(horizon(t_s), 1.0, 359.0))).setTo(180);
    const double driven = rider_mps * t_s;
    for (const Board& patch : patches_) {
      const double z = 3 + std::fmod(patch.z - 3 + driven, 52.0);
      if (z > 30) continue;
      const cv::Point2d a = project(patch.x, kHeight_m, z + 0.7, t_s);
      const cv::Point2d b = project(patch.x, kHeight_m, z, t_s);
      paint(planes.y, patch.texture,
            cv::Rect2d(a.x, a.y, patch.width * kFocal_px / z, std::max(1.0, b.y - a.y)));
    }
    std::vector<std::pair<double, cv::Rect2d>> order;
    std::vector<const cv::Mat*> textures;
    for (const Board& board : boards_) {
      const double z = 6 + std::fmod(board.z - 6 + driven, 96.8);
      order.emplace_back(z, place(board.x, z, board.width, board.height, t_s));
      textures.push_back(&board.texture);
    }
    if (with_car && car_distance(t_s) > 1) {
      order.emplace_back(car_distance(t_s),
                         place(car_x, car_distance(t_s), car_.width, car_.height, t_s));
      textures.push_back(&car_.texture);
    }
    std::vector<std::size_t> far_first(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) far_first[i] = i;
    std::sort(far_first.begin(), far_first.end(),
              [&](std::size_t a, std::size_t b) { return order[a].first > order[b].first; });
    for (const std::size_t i : far_first) paint(planes.y, *textures[i], order[i].second);
    return frame_at(t_s, seq, std::move(planes));
  }

 private:
  struct Board {
    double x = 0;
    double z = 0;
    double width = 1;
    double height = 1;
    cv::Mat texture;
  };

  static cv::Mat texture(cv::RNG& random) {
    cv::Mat coarse(9, 9, CV_8UC1);
    random.fill(coarse, cv::RNG::UNIFORM, 30, 220);
    cv::Mat fine;
    cv::resize(coarse, fine, {96, 96}, 0, 0, cv::INTER_NEAREST);
    return fine;
  }
  double horizon(double t_s) const { return 170 + shake_px * std::sin(31 * t_s); }
  cv::Point2d project(double x, double y, double z, double t_s) const {
    return {320 + shake_px * std::sin(23 * t_s) + kFocal_px * x / z,
            horizon(t_s) + kFocal_px * y / z};
  }
  cv::Rect2d place(double x, double z, double width, double height, double t_s) const {
    const cv::Point2d foot = project(x - width / 2, kHeight_m, z, t_s);
    const double scale = kFocal_px / z;
    return {foot.x, foot.y - height * scale, width * scale, height * scale};
  }
  static void paint(cv::Mat& luma, const cv::Mat& texture, const cv::Rect2d& at) {
    if (at.width < 0.5 || at.height < 0.5) return;
    const double sx = at.width / texture.cols;
    const double sy = at.height / texture.rows;
    // Painted small, as a lens would blur it.
    cv::Mat soft;
    const double shrink = std::min(sx, sy);
    const int width = std::clamp(static_cast<int>(1 / shrink), 1, texture.cols / 2);
    cv::blur(texture, soft, cv::Size(width, width));
    // Pixel (x, y) covers x to x + 1: edges fall between pixels as a lens would have them.
    const auto covered = [](double from, double to, int pixel) {
      return std::clamp(std::min(to, pixel + 1.0) - std::max(from, static_cast<double>(pixel)), 0.0,
                        1.0);
    };
    const int right = std::min(luma.cols, static_cast<int>(at.x + at.width) + 1);
    const int bottom = std::min(luma.rows, static_cast<int>(at.y + at.height) + 1);
    for (int y = std::max(0, static_cast<int>(at.y)); y < bottom; ++y) {
      const double v = std::clamp((y + 0.5 - at.y) / sy - 0.5, 0.0, texture.rows - 1.001);
      const int v0 = static_cast<int>(v);
      const double high = covered(at.y, at.y + at.height, y);
      for (int x = std::max(0, static_cast<int>(at.x)); x < right; ++x) {
        const double u = std::clamp((x + 0.5 - at.x) / sx - 0.5, 0.0, texture.cols - 1.001);
        const int u0 = static_cast<int>(u);
        const auto grey = [&](int row, int column) {
          return static_cast<double>(soft.at<std::uint8_t>(row, column));
        };
        const double upper = grey(v0, u0) + (u - u0) * (grey(v0, u0 + 1) - grey(v0, u0));
        const double lower =
            grey(v0 + 1, u0) + (u - u0) * (grey(v0 + 1, u0 + 1) - grey(v0 + 1, u0));
        const double share = high * covered(at.x, at.x + at.width, x);
        std::uint8_t& pixel = luma.at<std::uint8_t>(y, x);
        pixel = cv::saturate_cast<std::uint8_t>(
            pixel + share * (upper + (v - v0) * (lower - upper) - pixel));
      }
    }
  }

  std::vector<Board> boards_;
  std::vector<Board> patches_;
  Board car_;
};

}  // namespace rearview::test
