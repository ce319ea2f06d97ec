#include "camera/scene/raster.h"

#include <opencv2/core/hal/intrin.hpp>

namespace rearview::camera {
namespace {

constexpr float kNear_m = 0.12f;
constexpr int kBandRows = 32;  // of samples: two to a pixel
constexpr int kPadding = 8;    // blocks of samples may reach beyond the row
constexpr std::size_t kMostTriangles = 60'000;

int ceil_int(float v) {
  return static_cast<int>(std::ceil(v));
}

}  // namespace

void Raster::begin(const View& view) {
  view_ = view;
  samples_x_ = view.size.width * 2;
  samples_y_ = view.size.height * 2;
  pitch_ = samples_x_ + kPadding;
  triangles_.clear();
  bins_.resize(static_cast<std::size_t>((samples_y_ + kBandRows - 1) / kBandRows));
  for (auto& bin : bins_) bin.clear();
  depth_.resize(static_cast<std::size_t>(pitch_ * kBandRows));
  colour_.resize(depth_.size());
  marks_.create(view.size, CV_8UC1);
  marks_.setTo(0);
  seen_.fill({});
}

void Raster::triangle(const Corner& a, const Corner& b, const Corner& c, std::uint8_t mark,
                      const Texture* texture, Vec3 veil) {
  const int behind = (a.camera.z < kNear_m) + (b.camera.z < kNear_m) + (c.camera.z < kNear_m);
  if (behind == 3) return;
  if (behind == 0) return clipped(a, b, c, mark, texture, veil);
  // What lies before the near plane is cut off (Sutherland and Hodgman 1974).
  const std::array<const Corner*, 3> in{&a, &b, &c};
  std::array<Corner, 4> out;
  std::size_t count = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const Corner& from = *in[i];
    const Corner& to = *in[(i + 1) % 3];
    if (from.camera.z >= kNear_m) out[count++] = from;
    if ((from.camera.z >= kNear_m) != (to.camera.z >= kNear_m)) {
      const float t = (kNear_m - from.camera.z) / (to.camera.z - from.camera.z);
      Corner& cut = out[count++];
      cut.camera = lerp(from.camera, to.camera, t);
      cut.camera.z = kNear_m;
      cut.colour = lerp(from.colour, to.colour, t);
      cut.u = lerp(from.u, to.u, t);
      cut.v = lerp(from.v, to.v, t);
    }
  }
  for (std::size_t i = 2; i < count; ++i) clipped(out[0], out[i - 1], out[i], mark, texture, veil);
}

void Raster::clipped(const Corner& a, const Corner& b, const Corner& c, std::uint8_t mark,
                     const Texture* texture, Vec3 veil) {
  if (triangles_.size() >= kMostTriangles) return;
  const std::array<const Corner*, 3> in{&a, &b, &c};
  Triangle t;
  for (std::size_t i = 0; i < 3; ++i) t.points[i] = view_.project(in[i]->camera) * 2.0f;
  const auto [p, q, r] = t.points;
  const float left = std::min({p.x, q.x, r.x});
  const float right = std::max({p.x, q.x, r.x});
  const float top = std::min({p.y, q.y, r.y});
  const float bottom = std::max({p.y, q.y, r.y});
  if (right <= 0 || bottom <= 0 || left >= static_cast<float>(samples_x_) ||
      top >= static_cast<float>(samples_y_))
    return;
  const double area =
      static_cast<double>(q.x - p.x) * (r.y - p.y) - static_cast<double>(r.x - p.x) * (q.y - p.y);
  if (std::abs(area) < 1e-4) return;
  const auto plane = [&](float at_p, float at_q, float at_r) {
    const double dq = static_cast<double>(at_q) - at_p;
    const double dr = static_cast<double>(at_r) - at_p;
    const double gx = (dq * (r.y - p.y) - dr * (q.y - p.y)) / area;
    const double gy = (dr * (q.x - p.x) - dq * (r.x - p.x)) / area;
    return Plane{static_cast<float>(gx), static_cast<float>(gy),
                 static_cast<float>(at_p - gx * p.x - gy * p.y)};
  };
  const std::array<float, 3> inverse{1 / a.camera.z, 1 / b.camera.z, 1 / c.camera.z};
  t.inverse_z = plane(inverse[0], inverse[1], inverse[2]);
  t.colour = {plane(a.colour.z, b.colour.z, c.colour.z), plane(a.colour.y, b.colour.y, c.colour.y),
              plane(a.colour.x, b.colour.x, c.colour.x)};
  t.mark = static_cast<std::uint32_t>(mark) << 24;
  if (texture) {
    t.veil = {veil.z, veil.y, veil.x};
    t.u_over_z = plane(a.u * inverse[0], b.u * inverse[1], c.u * inverse[2]);
    t.v_over_z = plane(a.v * inverse[0], b.v * inverse[1], c.v * inverse[2]);
    const Texture::Level& full = texture->level(0);
    const float texels = std::abs((b.u - a.u) * (c.v - a.v) - (c.u - a.u) * (b.v - a.v)) *
                         static_cast<float>(full.width) * static_cast<float>(full.height);
    const float ratio = texels / static_cast<float>(std::abs(area));
    t.texture = &texture->level(ratio > 1 ? static_cast<int>(0.5f * std::log2(ratio) + 0.6f) : 0);
  }
  std::sort(t.points.begin(), t.points.end(),
            [](const cv::Point2f& m, const cv::Point2f& n) { return m.y < n.y; });
  const int first = std::clamp(static_cast<int>(std::max(top, 0.0f)), 0, samples_y_ - 1);
  const int last = std::clamp(static_cast<int>(std::min(bottom, static_cast<float>(samples_y_))), 0,
                              samples_y_ - 1);
  const auto index = static_cast<std::uint32_t>(triangles_.size());
  triangles_.push_back(t);
  for (int band = first / kBandRows; band <= last / kBandRows; ++band)
    bins_[static_cast<std::size_t>(band)].push_back(index);
}

void Raster::render(cv::Mat& bgr) {
  for (std::size_t band = 0; band < bins_.size(); ++band) {
    if (bins_[band].empty()) continue;
    const int first = static_cast<int>(band) * kBandRows;
    const int rows = std::min(kBandRows, samples_y_ - first);
    std::fill(depth_.begin(), depth_.end(), 0.0f);
    std::fill(colour_.begin(), colour_.end(), 0u);
    for (const std::uint32_t index : bins_[band]) draw(triangles_[index], first, first + rows - 1);
    resolve(bgr, first, rows);
  }
}

void Raster::draw(const Triangle& triangle, int first_row, int last_row) {
  const auto& [top, middle, bottom] = triangle.points;
  const float y_least = std::max(top.y, static_cast<float>(first_row) - 1.0f);
  const float y_most = std::min(bottom.y, static_cast<float>(last_row) + 2.0f);
  const int from_y = std::max(ceil_int(y_least - 0.5f), first_row);
  const int to_y = std::min(ceil_int(y_most - 0.5f) - 1, last_row);
  // Always from the upper to the lower end, so that two triangles agree about the edge they share.
  const auto slope = [](const cv::Point2f& from, const cv::Point2f& to) {
    return to.y > from.y ? (to.x - from.x) / (to.y - from.y) : 0.0f;
  };
  const float slope_long = slope(top, bottom);
  const float slope_upper = slope(top, middle);
  const float slope_lower = slope(middle, bottom);
  const auto limit = static_cast<float>(samples_x_);
  for (int y = from_y; y <= to_y; ++y) {
    const float centre = static_cast<float>(y) + 0.5f;
    const float one = top.x + (centre - top.y) * slope_long;
    const float other = centre < middle.y ? top.x + (centre - top.y) * slope_upper
                                          : middle.x + (centre - middle.y) * slope_lower;
    const int from = ceil_int(std::clamp(std::min(one, other), 0.0f, limit) - 0.5f);
    const int to = ceil_int(std::clamp(std::max(one, other), 0.0f, limit) - 0.5f);
    if (from >= to) continue;
    if (triangle.texture)
      fill_textured(triangle, y, y - first_row, from, to);
    else
      fill_plain(triangle, y, y - first_row, from, to);
  }
}

void Raster::fill_plain(const Triangle& triangle, int y, int row, int from, int to) {
  const float fx = static_cast<float>(from) + 0.5f;
  const float fy = static_cast<float>(y) + 0.5f;
  const cv::v_float32x4 lanes(0.0f, 1.0f, 2.0f, 3.0f);
  const auto start = [&](const Plane& p) {
    return cv::v_muladd(cv::v_setall_f32(p.at_x), lanes, cv::v_setall_f32(p(fx, fy)));
  };
  const auto step = [](const Plane& p) { return cv::v_setall_f32(p.at_x * 4.0f); };
  cv::v_float32x4 z = start(triangle.inverse_z);
  cv::v_float32x4 blue = start(triangle.colour[0]);
  cv::v_float32x4 green = start(triangle.colour[1]);
  cv::v_float32x4 red = start(triangle.colour[2]);
  const cv::v_float32x4 z_step = step(triangle.inverse_z);
  const cv::v_float32x4 blue_step = step(triangle.colour[0]);
  const cv::v_float32x4 green_step = step(triangle.colour[1]);
  const cv::v_float32x4 red_step = step(triangle.colour[2]);
  const cv::v_int32x4 lane_index(0, 1, 2, 3);
  const cv::v_int32x4 none = cv::v_setzero_s32();
  const cv::v_int32x4 full = cv::v_setall_s32(255);
  const cv::v_uint32x4 mark = cv::v_setall_u32(triangle.mark);
  const std::size_t base = static_cast<std::size_t>(row * pitch_);
  for (int x = from; x < to; x += 4) {
    float* depth = &depth_[base + static_cast<std::size_t>(x)];
    std::uint32_t* colour = &colour_[base + static_cast<std::size_t>(x)];
    const cv::v_float32x4 old = cv::v_load(depth);
    const cv::v_float32x4 inside = cv::v_reinterpret_as_f32(lane_index < cv::v_setall_s32(to - x));
    const cv::v_float32x4 nearer = (z > old) & inside;
    if (cv::v_check_any(nearer)) {
      const auto byte = [&](const cv::v_float32x4& v) {
        return cv::v_reinterpret_as_u32(cv::v_min(cv::v_max(cv::v_round(v), none), full));
      };
      const cv::v_uint32x4 fresh =
          byte(blue) | cv::v_shl<8>(byte(green)) | cv::v_shl<16>(byte(red)) | mark;
      cv::v_store(depth, cv::v_select(nearer, z, old));
      cv::v_store(colour,
                  cv::v_select(cv::v_reinterpret_as_u32(nearer), fresh, cv::v_load(colour)));
    }
    z += z_step;
    blue += blue_step;
    green += green_step;
    red += red_step;
  }
}

void Raster::fill_textured(const Triangle& triangle, int y, int row, int from, int to) {
  // Exact every kBlock samples, straight between; and light changes too slowly to matter in a row.
  constexpr int kBlock = 16;
  constexpr float kFixed = 65536.0f;
  const Texture::Level& texture = *triangle.texture;
  const std::uint32_t* texels = texture.texels.data();
  const float fy = static_cast<float>(y) + 0.5f;
  const float middle = 0.5f * static_cast<float>(from + to);
  std::array<int, 3> light;
  std::array<int, 3> veil;
  for (std::size_t c = 0; c < 3; ++c) {
    light[c] = std::clamp(static_cast<int>(triangle.colour[c](middle, fy)), 0, 1023);
    veil[c] = static_cast<int>(triangle.veil[c]);
  }
  const float scale_u = static_cast<float>(texture.width) * kFixed;
  const float scale_v = static_cast<float>(texture.height) * kFixed;
  const int mask_u = texture.width - 1;
  const int mask_v = texture.height - 1;
  const int width = texture.width;
  struct At {
    std::int64_t u, v;
  };
  const auto exact = [&](int x) {
    const float fx = static_cast<float>(x) + 0.5f;
    const float z = 1.0f / std::max(triangle.inverse_z(fx, fy), 1e-6f);
    return At{static_cast<std::int64_t>(triangle.u_over_z(fx, fy) * z * scale_u),
              static_cast<std::int64_t>(triangle.v_over_z(fx, fy) * z * scale_v)};
  };
  float* depth = &depth_[static_cast<std::size_t>(row * pitch_)];
  std::uint32_t* colour = &colour_[static_cast<std::size_t>(row * pitch_)];
  // One texel serves the two samples of a pixel's width.
  const int even = from & ~1;
  At start = exact(even);
  for (int x0 = even; x0 < to; x0 += kBlock) {
    const int count = std::min(kBlock, to - x0);
    const At end = exact(x0 + count);
    const std::int64_t step_u = 2 * (end.u - start.u) / count;
    const std::int64_t step_v = 2 * (end.v - start.v) / count;
    std::int64_t u = start.u;
    std::int64_t v = start.v;
    float inverse = triangle.inverse_z(static_cast<float>(x0) + 1.0f, fy);
    for (int x = x0; x < x0 + count; x += 2, u += step_u, v += step_v) {
      if (x + 8 <= x0 + count) {  // much of what is far is hidden: eight samples at a glance
        const cv::v_float32x4 nearest =
            cv::v_setall_f32(inverse + std::max(0.0f, 6 * triangle.inverse_z.at_x));
        if (!cv::v_check_any((nearest > cv::v_load(depth + x)) |
                             (nearest > cv::v_load(depth + x + 4)))) {
          inverse += 8 * triangle.inverse_z.at_x;
          u += 3 * step_u;
          v += 3 * step_v;
          x += 6;
          continue;
        }
      }
      const float here = inverse;
      inverse += 2 * triangle.inverse_z.at_x;
      const bool first = here > depth[x] && x >= from;
      const bool second = here > depth[x + 1] && x + 1 < to;
      if (!first && !second) continue;
      const std::uint32_t texel = texels[(static_cast<int>(v >> 16) & mask_v) * width +
                                         (static_cast<int>(u >> 16) & mask_u)];
      if (texel < (128u << 24)) continue;
      const auto lit = [&](std::size_t channel, std::uint32_t value) {
        return static_cast<std::uint32_t>(
            std::min(((static_cast<int>(value) * light[channel]) >> 8) + veil[channel], 255));
      };
      const std::uint32_t shown = lit(0, texel & 255u) | (lit(1, (texel >> 8) & 255u) << 8) |
                                  (lit(2, (texel >> 16) & 255u) << 16) | triangle.mark;
      if (first) {
        depth[x] = here;
        colour[x] = shown;
      }
      if (second) {
        depth[x + 1] = here;
        colour[x + 1] = shown;
      }
    }
    start = end;
  }
}

void Raster::resolve(cv::Mat& bgr, int first_row, int rows) {
  for (int row = 0; row + 1 < rows; row += 2) {
    const int y = (first_row + row) / 2;
    auto* out = bgr.ptr<std::uint8_t>(y);
    auto* marks = marks_.ptr<std::uint8_t>(y);
    const std::uint32_t* upper = &colour_[static_cast<std::size_t>(row * pitch_)];
    const std::uint32_t* lower = upper + pitch_;
    for (int x = 0; x < view_.size.width; ++x) {
      const std::uint32_t samples[4] = {upper[2 * x], upper[2 * x + 1], lower[2 * x],
                                        lower[2 * x + 1]};
      if ((samples[0] | samples[1] | samples[2] | samples[3]) == 0) continue;
      std::uint8_t* pixel = out + 3 * x;
      if (samples[0] == samples[1] && samples[0] == samples[2] && samples[0] == samples[3] &&
          samples[0] >> 24 == kScenery) {
        pixel[0] = static_cast<std::uint8_t>(samples[0]);
        pixel[1] = static_cast<std::uint8_t>(samples[0] >> 8);
        pixel[2] = static_cast<std::uint8_t>(samples[0] >> 16);
        marks[x] = kScenery;
        continue;
      }
      std::uint32_t blue_red = 0;
      std::uint32_t green = 0;
      std::uint32_t empty = 0;
      std::uint32_t owner = 0;
      std::uint32_t last = 0;
      for (const std::uint32_t sample : samples) {
        if (sample == 0) {
          ++empty;
          continue;
        }
        blue_red += sample & 0x00ff00ffu;
        green += (sample >> 8) & 0xffu;
        const std::uint32_t mark = sample >> 24;
        if (mark == last) continue;
        last = mark;
        if (mark == kScenery) continue;
        owner = mark;
        Seen& seen = seen_[mark];
        if (!seen.any()) {
          seen = {x, y, x, y, 0};
        } else {
          seen.left = std::min(seen.left, x);
          seen.right = std::max(seen.right, x);
          seen.bottom = y;
        }
        ++seen.pixels;
      }
      pixel[0] = static_cast<std::uint8_t>(((blue_red & 0xffffu) + empty * pixel[0] + 2) >> 2);
      pixel[1] = static_cast<std::uint8_t>((green + empty * pixel[1] + 2) >> 2);
      pixel[2] = static_cast<std::uint8_t>(((blue_red >> 16) + empty * pixel[2] + 2) >> 2);
      marks[x] = static_cast<std::uint8_t>(owner != 0 ? owner : last);
    }
  }
}

}  // namespace rearview::camera
