#include "camera/scene/lens.h"

#include <opencv2/core/hal/intrin.hpp>
#include <opencv2/imgproc.hpp>

#include "camera/scene/random.h"

namespace rearview::camera {
namespace {

constexpr int kSpot = 128;
constexpr int kGrainMargin = 256;

cv::Mat spot(float falloff, float power) {
  cv::Mat out(kSpot, kSpot, CV_32FC1);
  for (int y = 0; y < kSpot; ++y) {
    for (int x = 0; x < kSpot; ++x) {
      const float dx = (static_cast<float>(x) + 0.5f) / (kSpot / 2) - 1;
      const float dy = (static_cast<float>(y) + 0.5f) / (kSpot / 2) - 1;
      const float r = std::hypot(dx, dy);
      const float edge = clamp01(1 - r);
      out.at<float>(y, x) = std::pow(1.0f / (1.0f + falloff * r * r), power) * edge * edge;
    }
  }
  return out;
}

}  // namespace

Lens::Lens(cv::Size size, const Atmosphere& atmosphere, double noise, int drops, std::uint64_t seed)
    : seed_(seed), halo_(spot(26, 1.25f)), core_(spot(1.5f, 1)) {
  lay_drops(size, drops);
  grain_.create(size.height + kGrainMargin, size.width + kGrainMargin, CV_8UC3);
  const float amount = atmosphere.grain * static_cast<float>(noise);
  Random random(seed, 90);
  for (int y = 0; y < grain_.rows; ++y) {
    for (int x = 0; x < grain_.cols; ++x) {
      // Three even draws make nearly a bell curve; their sum has standard deviation 1/2.
      const float bell = 2 * (random.unit() + random.unit() + random.unit() - 1.5f);
      const auto value = cv::saturate_cast<uchar>(128 + amount * bell);
      grain_.at<cv::Vec3b>(y, x) = {value, value, value};
    }
  }
  shading_.create(size, CV_8UC3);
  const float half_x = static_cast<float>(size.width) * 0.5f;
  const float half_y = static_cast<float>(size.height) * 0.5f;
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const float dx = (static_cast<float>(x) - half_x) / half_x;
      const float dy = (static_cast<float>(y) - half_y) / half_x;
      const float r2 = dx * dx + dy * dy;
      const auto value = cv::saturate_cast<uchar>(255 * (1 - 0.17f * r2 * std::sqrt(r2)));
      shading_.at<cv::Vec3b>(y, x) = {value, value, value};
    }
  }
}

void Lens::lay_drops(cv::Size size, int count) {
  constexpr float kLeast = 0.012f;  // of the picture's width
  constexpr float kMost = 0.06f;
  Random random(seed_ + 93, 0);
  const auto width = static_cast<float>(size.width);
  for (int i = 0; i < count; ++i) {
    const int w = std::max(4, static_cast<int>(random.between(kLeast, kMost) * width));
    const int h = static_cast<int>(static_cast<float>(w) * random.between(1.0f, 1.5f));
    const cv::Rect at(random.below(size.width - w), random.below(size.height - h), w, h);
    cv::Mat weight(h, w, CV_8UC3, cv::Scalar::all(0));
    cv::ellipse(weight, {w / 2, h / 2}, {w / 2 - 1, h / 2 - 1}, 0, 0, 360, cv::Scalar::all(255),
                cv::FILLED);
    cv::GaussianBlur(weight, weight, {}, 0.08 * w);
    drops_.push_back({at, weight});
  }
}

void Lens::blur_by_drops(cv::Mat& bgr) const {
  constexpr float kSeen = 3;  // a drop shows so many times its own width
  const cv::Rect whole({}, bgr.size());
  for (const Drop& drop : drops_) {
    const cv::Point middle = (drop.at.tl() + drop.at.br()) / 2;
    const cv::Size half(cv::Size2f(drop.at.size()) * (kSeen / 2));
    const cv::Rect seen = cv::Rect(middle - cv::Point(half), middle + cv::Point(half)) & whole;
    cv::Mat shown;
    cv::resize(bgr(seen), shown, drop.at.size(), 0, 0, cv::INTER_AREA);
    cv::flip(shown, shown, -1);
    cv::GaussianBlur(shown, shown, {}, 0.06 * drop.at.width);
    cv::Mat under = bgr(drop.at);
    for (int y = 0; y < under.rows; ++y) {
      auto* out = under.ptr<uchar>(y);
      const auto* in = shown.ptr<uchar>(y);
      const auto* weight = drop.weight.ptr<uchar>(y);
      for (int i = 0; i < under.cols * 3; ++i)
        out[i] = static_cast<uchar>(out[i] + (in[i] - out[i]) * weight[i] / 255);
    }
  }
}

void Lens::add_spot(cv::Mat& bgr, cv::Point2f at, float radius_x, float radius_y, Vec3 colour,
                    const cv::Mat& shape) const {
  const int x0 = std::max(0, static_cast<int>(at.x - radius_x));
  const int x1 = std::min(bgr.cols - 1, static_cast<int>(at.x + radius_x));
  const int y0 = std::max(0, static_cast<int>(at.y - radius_y));
  const int y1 = std::min(bgr.rows - 1, static_cast<int>(at.y + radius_y));
  const float kx = 0.5f * kSpot / radius_x;
  const float ky = 0.5f * kSpot / radius_y;
  for (int y = y0; y <= y1; ++y) {
    const float sy = (static_cast<float>(y) + 0.5f - at.y + radius_y) * ky;
    if (sy < 0 || sy >= kSpot) continue;
    const auto* row = shape.ptr<float>(static_cast<int>(sy));
    auto* out = bgr.ptr<cv::Vec3b>(y);
    for (int x = x0; x <= x1; ++x) {
      const float sx = (static_cast<float>(x) + 0.5f - at.x + radius_x) * kx;
      if (sx < 0 || sx >= kSpot) continue;
      const float k = row[static_cast<int>(sx)];
      out[x][0] = cv::saturate_cast<uchar>(static_cast<float>(out[x][0]) + colour.z * k);
      out[x][1] = cv::saturate_cast<uchar>(static_cast<float>(out[x][1]) + colour.y * k);
      out[x][2] = cv::saturate_cast<uchar>(static_cast<float>(out[x][2]) + colour.x * k);
    }
  }
}

void Lens::glare(cv::Mat& bgr, const View& view, const Atmosphere& atmosphere, const Glow& glow,
                 float clear) const {
  const Vec3 camera = view.to_camera(glow.at);
  if (camera.z < 0.3f || clear <= 0) return;
  const cv::Point2f at = view.project(camera);
  const float through = std::exp(-0.6f * camera.z / atmosphere.visibility_m) * clear;
  const float size = static_cast<float>(view.size.width) / 640.0f;
  const float lamp = glow.size_m * view.focal_px / camera.z;
  // However far, a lamp lights a few pixels; near by, its glare grows more slowly than itself.
  const float core = std::max(1.7f * size, 0.55f * lamp);
  const float night = atmosphere.dark ? 1.0f : 0.42f;
  add_spot(bgr, at, core * 1.6f, core * 1.6f, glow.colour * (through * 1.1f), core_);
  const float halo = (9.0f * size + 3.0f * std::sqrt(lamp * 12.0f)) * (0.5f + 0.5f * night);
  add_spot(bgr, at, halo, halo, glow.colour * (through * 0.55f * night), halo_);
  if (atmosphere.dark) {
    add_spot(bgr, at, halo * 3.0f, halo * 2.2f, glow.colour * (through * 0.16f), halo_);
  }
  if (atmosphere.wet > 0) {  // its mirror image, drawn out by the wet road
    const Vec3 mirrored = view.to_camera({glow.at.x, -glow.at.y, glow.at.z});
    const cv::Point2f below = view.project(mirrored);
    add_spot(bgr, below, core * 1.5f, std::max(core * 3, 0.5f * std::abs(below.y - at.y)),
             glow.colour * (through * 0.34f * night), core_);
  }
}

void Lens::rain(cv::Mat& bgr, const Atmosphere& atmosphere, std::uint64_t n) const {
  Random random(seed_ + 91, n);
  const float size = static_cast<float>(bgr.cols) / 640.0f;
  const Vec3 bright = atmosphere.displayed(lerp(atmosphere.horizon, atmosphere.zenith, 0.2f));
  const int streaks = static_cast<int>(150 * size * size);
  for (int i = 0; i < streaks; ++i) {
    const float x = random.between(0, static_cast<float>(bgr.cols));
    const float y = random.between(-0.1f, 1.0f) * static_cast<float>(bgr.rows);
    const float length = random.between(8, 30) * size;
    const float lean = 0.06f * (x / static_cast<float>(bgr.cols) - 0.5f);
    const float strength = random.between(0.06f, 0.20f);
    for (int k = 0; k < static_cast<int>(length); ++k) {
      const int py = static_cast<int>(y) + k;
      const int px = static_cast<int>(x + lean * static_cast<float>(k));
      if (py < 0 || py >= bgr.rows || px < 0 || px >= bgr.cols) continue;
      auto& p = bgr.at<cv::Vec3b>(py, px);
      p = {cv::saturate_cast<uchar>(lerp(p[0], bright.z, strength)),
           cv::saturate_cast<uchar>(lerp(p[1], bright.y, strength)),
           cv::saturate_cast<uchar>(lerp(p[2], bright.x, strength))};
    }
  }
}

void Lens::expose(cv::Mat& bgr, std::uint64_t n) const {
  Random random(seed_ + 92, n);
  const int shift_x = random.below(kGrainMargin) * 3;
  const int shift_y = random.below(kGrainMargin);
  const int bytes = bgr.cols * 3;
  for (int y = 0; y < bgr.rows; ++y) {
    auto* out = bgr.ptr<uchar>(y);
    const auto* shade = shading_.ptr<uchar>(y);
    const auto* grain = grain_.ptr<uchar>(y + shift_y) + shift_x;
    int i = 0;
    for (; i + 16 <= bytes; i += 16) {
      cv::v_uint16x8 low, high, shade_low, shade_high, grain_low, grain_high;
      cv::v_expand(cv::v_load(out + i), low, high);
      cv::v_expand(cv::v_load(shade + i), shade_low, shade_high);
      cv::v_expand(cv::v_load(grain + i), grain_low, grain_high);
      // 16-bit products fit: 255 * 255. Saturating steps keep noise from wrapping round.
      low = cv::v_shr<8>(cv::v_mul_wrap(low, shade_low)) + grain_low;
      high = cv::v_shr<8>(cv::v_mul_wrap(high, shade_high)) + grain_high;
      const cv::v_uint16x8 middle = cv::v_setall_u16(128);
      cv::v_store(out + i, cv::v_pack(low - middle, high - middle));
    }
    for (; i < bytes; ++i)
      out[i] = cv::saturate_cast<uchar>(((out[i] * shade[i]) >> 8) + grain[i] - 128);
  }
}

}  // namespace rearview::camera
