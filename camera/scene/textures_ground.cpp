#include <opencv2/imgproc.hpp>

#include "camera/scene/random.h"
#include "camera/scene/textures.h"

namespace rearview::camera {
namespace {

/// A picture from a noise field and two colours (red, green, blue).
cv::Mat tinted(const cv::Mat& noise, Vec3 low, Vec3 high) {
  cv::Mat out(noise.size(), CV_8UC4);
  for (int y = 0; y < noise.rows; ++y) {
    for (int x = 0; x < noise.cols; ++x) {
      const Vec3 c = lerp(low, high, clamp01(noise.at<float>(y, x)));
      out.at<cv::Vec4b>(y, x) = {cv::saturate_cast<uchar>(c.z), cv::saturate_cast<uchar>(c.y),
                                 cv::saturate_cast<uchar>(c.x), 255};
    }
  }
  return out;
}

cv::Mat speckle(cv::Size size, std::uint64_t seed) {
  cv::Mat out(size, CV_32FC1);
  Random random(seed);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) out.at<float>(y, x) = random.unit();
  }
  return out;
}

/// Paints, with everything that leaves one edge coming in again at the other along the road.
void line_wrapped(cv::Mat& picture, cv::Point a, cv::Point b, int value, int thickness) {
  for (const int shift : {-picture.rows, 0, picture.rows})
    cv::line(picture, {a.x, a.y + shift}, {b.x, b.y + shift}, cv::Scalar(value), thickness,
             cv::LINE_AA);
}

cv::Mat paint_wear(std::uint64_t seed) {
  constexpr int kAcross = 256;
  constexpr int kAlong = 2048;  // 3.125 cm both ways
  const auto column = [](float u) { return static_cast<int>((u / 8.0f + 0.5f) * kAcross); };
  const cv::Mat patches = repeating_noise({kAcross, kAlong}, {4, 24}, 4, seed + 1);
  cv::Mat wear(kAlong, kAcross, CV_8UC1);
  for (int y = 0; y < kAlong; ++y) {
    for (int x = 0; x < kAcross; ++x) {
      const float u = (static_cast<float>(x) / kAcross - 0.5f) * 8.0f;
      float value = 128 + 34 * (patches.at<float>(y, x) - 0.5f);
      for (const float track : {-2.35f, -0.85f, 0.85f, 2.35f}) {  // polished by wheels
        const float off = (u - track) / 0.36f;
        value -= 9 * std::exp(-off * off);
      }
      const float seam = u / 0.05f;
      value -= 22 * std::exp(-seam * seam);
      value += 10 * smoothstep(2.9f, 3.4f, std::abs(u));  // grit at the edges
      wear.at<uchar>(y, x) = cv::saturate_cast<uchar>(value);
    }
  }
  Random random(seed, 5);
  for (int i = 0; i < 7; ++i) {  // mended places
    const int x = column(random.between(-3.0f, 2.0f));
    const int y = random.below(kAlong - 200);
    const cv::Rect patch(x, y, static_cast<int>(random.between(20, 50)),
                         static_cast<int>(random.between(40, 150)));
    const cv::Rect inside = patch & cv::Rect(0, 0, kAcross, kAlong);
    cv::Mat part = wear(inside);
    part.convertTo(part, -1, 0.6, random.between(24, 40));
    cv::rectangle(wear, inside, cv::Scalar(78), 1);
  }
  for (int i = 0; i < 26; ++i) {  // cracks, some sealed with tar
    cv::Point at(random.below(kAcross), random.below(kAlong));
    const bool tar = random.chance(0.4f);
    const bool across = random.chance(0.35f);
    const int steps = 6 + random.below(22);
    for (int k = 0; k < steps; ++k) {
      const cv::Point next =
          at + (across ? cv::Point(8, random.below(9) - 4) : cv::Point(random.below(7) - 3, 12));
      line_wrapped(wear, at, next, tar ? 74 : 88, tar ? 2 : 1);
      at = next;
    }
  }
  for (int i = 0; i < 3; ++i) {  // manhole covers
    const cv::Point at(column(random.between(-1.6f, 1.6f)), 150 + random.below(kAlong - 300));
    cv::circle(wear, at, 11, cv::Scalar(92), cv::FILLED, cv::LINE_AA);
    cv::circle(wear, at, 10, cv::Scalar(118), 1, cv::LINE_AA);
    cv::circle(wear, at, 6, cv::Scalar(76), 1, cv::LINE_AA);
  }
  for (int i = 0; i < 14; ++i) {  // drops of oil in the middle of the lanes
    const cv::Point at(column((random.chance(0.5f) ? 1.6f : -1.6f) + random.between(-0.25f, 0.25f)),
                       random.below(kAlong));
    cv::ellipse(wear, at, {2 + random.below(4), 3 + random.below(8)}, 0, 0, 360, cv::Scalar(96),
                cv::FILLED, cv::LINE_AA);
  }
  cv::Mat bgra;
  cv::cvtColor(wear, bgra, cv::COLOR_GRAY2BGRA);
  return bgra;
}

cv::Mat paint_asphalt(std::uint64_t seed) {
  const cv::Size size(512, 512);
  cv::Mat grain = speckle(size, seed);
  cv::Mat noise = repeating_noise(size, {16, 16}, 4, seed + 1);
  cv::Mat value = 0.62 * grain + 0.38 * noise;
  cv::Mat stones = speckle(size, seed + 2);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      float& v = value.at<float>(y, x);
      const float s = stones.at<float>(y, x);
      if (s > 0.975f) v += 0.6f;
      if (s < 0.03f) v -= 0.5f;
    }
  }
  return tinted(value, {74, 76, 79}, {150, 150, 150});
}

cv::Mat paint_grass(std::uint64_t seed) {
  const cv::Size size(512, 512);
  const cv::Mat broad = repeating_noise(size, {8, 8}, 4, seed);
  const cv::Mat fine = repeating_noise(size, {96, 96}, 2, seed + 1);
  const cv::Mat dry = repeating_noise(size, {5, 5}, 5, seed + 2);
  cv::Mat out(size, CV_8UC4);
  Random random(seed, 3);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const float b = broad.at<float>(y, x);
      const float f = 0.7f * fine.at<float>(y, x) + 0.3f * random.unit();
      Vec3 c = lerp({46, 70, 28}, {128, 148, 66}, clamp01(0.25f * b + 0.85f * f - 0.05f));
      c = lerp(c, {168, 156, 96}, 0.75f * smoothstep(0.52f, 0.78f, dry.at<float>(y, x)));
      out.at<cv::Vec4b>(y, x) = {cv::saturate_cast<uchar>(c.z), cv::saturate_cast<uchar>(c.y),
                                 cv::saturate_cast<uchar>(c.x), 255};
    }
  }
  return out;
}

cv::Mat paint_pavement(std::uint64_t seed) {
  const cv::Size size(256, 256);
  cv::Mat value = 0.5 * speckle(size, seed) + 0.5 * repeating_noise(size, {8, 8}, 4, seed + 1);
  cv::Mat picture = tinted(value, {128, 124, 118}, {188, 184, 176});
  Random random(seed, 4);
  for (int y = 0; y < 256; y += 32) {
    for (int x = 0; x < 256; x += 32) {
      cv::Mat slab = picture(cv::Rect(x, y, 32, 32));
      slab.convertTo(slab, -1, 1.0, random.between(-10, 10));
      cv::rectangle(picture, cv::Rect(x, y, 32, 32), cv::Scalar(92, 96, 98, 255), 1);
    }
  }
  return picture;
}

cv::Mat paint_dapple(std::uint64_t seed) {
  const cv::Size size(512, 512);
  const cv::Mat broad = repeating_noise(size, {10, 10}, 2, seed);
  const cv::Mat fine = repeating_noise(size, {36, 36}, 3, seed + 1);
  cv::Mat out(size, CV_8UC1);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const float v = 0.55f * broad.at<float>(y, x) + 0.45f * fine.at<float>(y, x);
      out.at<uchar>(y, x) = cv::saturate_cast<uchar>(255 * smoothstep(0.40f, 0.50f, v));
    }
  }
  cv::Mat bgra;
  cv::cvtColor(out, bgra, cv::COLOR_GRAY2BGRA);
  return bgra;
}

}  // namespace

cv::Mat repeating_noise(cv::Size size, cv::Size cells, int octaves, std::uint64_t seed) {
  cv::Mat sum = cv::Mat::zeros(size, CV_32FC1);
  float weight = 1;
  float total = 0;
  for (int octave = 0; octave < octaves; ++octave) {
    const cv::Size grid(std::min(cells.width << octave, size.width),
                        std::min(cells.height << octave, size.height));
    const cv::Mat field = speckle(grid, seed * 31 + static_cast<std::uint64_t>(octave));
    constexpr int kEdge = 2;
    cv::Mat wrapped;
    cv::copyMakeBorder(field, wrapped, kEdge, kEdge, kEdge, kEdge, cv::BORDER_WRAP);
    const double kx = static_cast<double>(size.width) / grid.width;
    const double ky = static_cast<double>(size.height) / grid.height;
    cv::Mat large;
    cv::resize(wrapped, large,
               {static_cast<int>(std::lround(wrapped.cols * kx)),
                static_cast<int>(std::lround(wrapped.rows * ky))},
               0, 0, cv::INTER_CUBIC);
    sum += weight *
           large(cv::Rect(static_cast<int>(std::lround(kEdge * kx)),
                          static_cast<int>(std::lround(kEdge * ky)), size.width, size.height));
    total += weight;
    weight *= 0.55f;
  }
  return sum / total;
}

GroundPictures::GroundPictures(std::uint64_t seed)
    : asphalt(paint_asphalt(seed + 11), 5.12f, 5.12f),
      wear(paint_wear(seed + 12), 8.0f, 64.0f),
      grass(paint_grass(seed + 13), 8.0f, 8.0f),
      pavement(paint_pavement(seed + 14), 4.096f, 4.096f),
      dapple(paint_dapple(seed + 15), 16.0f, 16.0f) {}

}  // namespace rearview::camera
