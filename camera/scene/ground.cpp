#include "camera/scene/ground.h"

namespace rearview::camera {
namespace {

constexpr double kPeriod_m = 4096;
constexpr int kLampCell = 4;  // pixels to a cell of the map of lamp light
constexpr float kFarthest_m = 400;

struct Line {
  float u, half_width;
  bool dashed;
};
constexpr std::array<Line, 3> kLines{
    {{kEdgeLine_m, 0.06f, false}, {-kEdgeLine_m, 0.06f, false}, {0.0f, 0.055f, true}}};
constexpr float kDash_m = 4;
constexpr float kDashPeriod_m = 12;

/// The share of a dashed line's paint in a stretch of length along_m around s.
float dash_cover(double s, float along_m) {
  const double turns = s / kDashPeriod_m;
  const float phase = static_cast<float>(turns - std::floor(turns)) * kDashPeriod_m;
  const float off =
      std::min(std::abs(phase - 0.5f * kDash_m), kDashPeriod_m - std::abs(phase - 0.5f * kDash_m));
  const float sharp = clamp01((0.5f * kDash_m - off) / along_m + 0.5f);
  return lerp(sharp, kDash_m / kDashPeriod_m, clamp01(along_m / kDashPeriod_m));
}

float shade_at(const GroundShade& shade, float d, float u, const GroundTexture::Level& leaves,
               float along) {
  const float over_d = std::max(0.0f, std::abs(d - shade.d) - shade.half_d);
  const float over_u = std::max(0.0f, std::abs(u - shade.u) - shade.half_u);
  const float over = std::sqrt(over_d * over_d + over_u * over_u);
  if (over >= shade.soft_m) return 0;
  const float depth = shade.strength * (1.0f - smoothstep(0, shade.soft_m, over));
  if (!shade.leaves) return depth;
  return depth * static_cast<float>(sample(leaves, u, along) & 255u) * (1.0f / 255.0f);
}

int fixed(float v) {
  return static_cast<int>(v * 256.0f);
}

}  // namespace

Ground::Ground(const Atmosphere& atmosphere, Light light, Weather weather, std::uint64_t seed)
    : pictures_(seed), panorama_(paint_panorama(atmosphere, light, weather, seed)) {}

/// What is the same for a whole row of the picture.
struct Ground::Row {
  GroundTexture::Level asphalt, wear, grass, pavement, dapple;
  float across_m = 0.01f;  ///< a pixel's size on the ground
  float along_m = 0.01f;
  std::vector<const GroundShade*> shades;
  bool village = false;
  bool lit = false;
  float gloss = 0;  ///< of wet asphalt
  float wet = 0;
  Vec3 gain, haze, sheen;
  float visibility_m = 400;
};

/// A stretch of a row, short enough to be straight in every respect.
struct Ground::Span {
  int x = 0, count = 0;
  float u = 0, d = 0, along = 0;  ///< at its first pixel; along: metres of the road, 0 to 4096
  float du = 0, dd = 0;           ///< from pixel to pixel
  float range = 0;
  double s = 0;
  float mouth[2] = {-1, -1};  ///< half width of a side road, kerb's side and across; -1 none
  float mouth_d[2] = {0, 0};

  float u_end() const { return u + du * static_cast<float>(count); }
  float d_end() const { return d + dd * static_cast<float>(count); }
  float u_least() const { return std::min(u, u_end()); }
  float u_most() const { return std::max(u, u_end()); }
  bool near_road() const { return u_least() < kPaved_m + 1.2f && u_most() > -kPaved_m - 1.2f; }
  bool any_mouth() const { return mouth[0] > 0 || mouth[1] > 0; }
};

void Ground::paint_sky(cv::Mat& bgr, const View& view, float heading) const {
  constexpr float kFixed = 256.0f;
  // Above, nothing has an edge that would jump from row to row.
  constexpr int kCloudsOnly = kSkyRows - kSkyBelow - 110;
  const int columns = view.size.width;
  const float turn = heading - std::floor(heading / (2 * kPi)) * 2 * kPi + 4 * kPi;
  for (int y = 0; y < view.size.height; ++y) {
    const auto at = [&](int x) {
      const Vec3 ray = view.ray(static_cast<float>(x), static_cast<float>(y) + 0.5f);
      const float column = (std::atan2(ray.x, ray.z) + turn) * kSkyPerRadian;
      const float row = static_cast<float>(kSkyRows - kSkyBelow) -
                        std::atan2(ray.y, std::hypot(ray.x, ray.z)) * kSkyPerRadian;
      return cv::Point(static_cast<int>(column * kFixed),
                       static_cast<int>(std::max(row, 0.0f) * kFixed));
    };
    auto* out = bgr.ptr<cv::Vec3b>(y);
    cv::Point from = at(0);
    bool any = false;
    for (int x0 = 0; x0 < columns; x0 += kSpan) {
      const int x1 = std::min(x0 + kSpan, columns);
      const cv::Point to = at(x1);
      if (std::min(from.y, to.y) >> 8 < kSkyRows - 2) {
        any = true;
        const int count = x1 - x0;
        const cv::Point step((to.x - from.x) / count, (to.y - from.y) / count);
        cv::Point p = from;
        for (int x = x0; x < x1; ++x, p += step) {
          const int iy = std::min(p.y >> 8, kSkyRows - 2);
          const int ix = (p.x >> 8) & (kSkyColumns - 1);
          const int jx = (ix + 1) & (kSkyColumns - 1);
          const auto wx = static_cast<std::uint32_t>(p.x & 255);
          const auto wy = static_cast<std::uint32_t>(p.y & 255);
          const auto* upper = panorama_.ptr<std::uint32_t>(iy);
          const auto* lower = panorama_.ptr<std::uint32_t>(iy + 1);
          std::uint32_t v = mixed(upper[ix], upper[jx], wx);
          if (iy > kCloudsOnly) v = mixed(v, mixed(lower[ix], lower[jx], wx), wy);
          out[x] = {static_cast<uchar>(v), static_cast<uchar>(v >> 8), static_cast<uchar>(v >> 16)};
        }
      }
      from = to;
    }
    if (!any && y > view.size.height / 2) return;
  }
}

void Ground::spread_lamps(const View& view, const Atmosphere& atmosphere,
                          const std::vector<GroundLamp>& lamps) {
  const cv::Size size(view.size.width / kLampCell + 2, view.size.height / kLampCell + 2);
  lamp_light_.create(size, CV_32FC3);
  lamp_light_.setTo(cv::Scalar::all(0));
  if (lamps.empty()) return;
  for (int row = 0; row < size.height; ++row) {
    auto* out = lamp_light_.ptr<cv::Vec3f>(row);
    for (int column = 0; column < size.width; ++column) {
      const Vec3 ray =
          view.ray(static_cast<float>(column * kLampCell), static_cast<float>(row * kLampCell));
      if (ray.y > -0.002f) continue;
      const float t = view.position.y / -ray.y;
      const float x = view.position.x + ray.x * t;
      const float z = view.position.z + ray.z * t;
      if (z > kFarthest_m) continue;
      Vec3 light;
      for (const GroundLamp& lamp : lamps) {
        const float dx = x - lamp.x;
        const float dz = z - lamp.z;
        float k;
        if (lamp.beam_x == 0 && lamp.beam_z == 0) {
          const float off = (dx * dx + dz * dz) / (lamp.reach_m * lamp.reach_m);
          if (off > 6) continue;
          k = std::exp(-off);
        } else {
          const float along = dx * lamp.beam_x + dz * lamp.beam_z;
          if (along < 0.2f || along > 4 * lamp.reach_m) continue;
          const float aside = (dx * lamp.beam_z - dz * lamp.beam_x) / (0.8f + 0.17f * along);
          if (aside * aside > 8) continue;
          k = std::exp(-aside * aside) * smoothstep(0.2f, 4.0f, along) *
              std::exp(-along / lamp.reach_m);
        }
        light += lamp.colour * k;
      }
      const float clear = std::exp(-z / atmosphere.visibility_m);
      out[column] = cv::Vec3f(light.x, light.y, light.z) * clear;
    }
  }
}

Vec3 Ground::lamp_light(int x, int y) const {
  const int column = x / kLampCell;
  const int row = y / kLampCell;
  const float wx = static_cast<float>(x % kLampCell) / kLampCell;
  const float wy = static_cast<float>(y % kLampCell) / kLampCell;
  const auto* upper = lamp_light_.ptr<cv::Vec3f>(row) + column;
  const auto* lower = lamp_light_.ptr<cv::Vec3f>(row + 1) + column;
  const cv::Vec3f v =
      (upper[0] * (1 - wx) + upper[1] * wx) * (1 - wy) + (lower[0] * (1 - wx) + lower[1] * wx) * wy;
  return {v[0], v[1], v[2]};
}

void Ground::cover(const Row& row, const Span& span, std::uint32_t (&texels)[kSpan]) const {
  const float a_least = span.u_least() > 0 ? span.u_least() : -span.u_most();
  const float a_most = std::max(std::abs(span.u), std::abs(span.u_end()));
  if (a_least > kPaved_m + 1.2f && !span.any_mouth() && !row.village) {
    for (int i = 0; i < span.count; ++i)
      texels[i] = sample(row.grass, span.u + span.du * static_cast<float>(i), span.along);
    return;
  }
  const bool all_road = a_most < kPaved_m - row.across_m;
  std::uint32_t wear = 0;
  for (int i = 0; i < span.count; ++i) {
    const float k = static_cast<float>(i);
    const float u = span.u + span.du * k;
    const float along = span.along - span.dd * k;
    const float a = std::abs(u);
    float paved = 1;
    if (!all_road) {
      paved = 1.0f -
              smoothstep(kPaved_m - 0.5f * row.across_m, kPaved_m + 0.5f * row.across_m + 0.03f, a);
      const std::size_t side = u > 0 ? 0 : 1;
      if (span.mouth[side] > 0 && a > kPaved_m - 0.1f && a < 45) {
        const float wide = span.mouth[side] + 3.0f * std::exp(-(a - kPaved_m) * 0.8f);
        const float off = std::abs(span.d + span.dd * k - span.mouth_d[side]);
        paved = std::max(paved, 1.0f - smoothstep(wide - 0.1f, wide + 0.25f, off));
      }
    }
    std::uint32_t texel = 0;
    if (paved > 0) {
      texel = sample(row.asphalt, u, along);
      if (i % 2 == 0 || wear == 0)  // too smooth to need every pixel
        wear = sample(row.wear, u + 4.0f, along) & 255u;
      const auto worn = [&wear](std::uint32_t v) { return std::min((v * wear) >> 7, 255u); };
      texel = worn(texel & 255u) | (worn((texel >> 8) & 255u) << 8) |
              (worn((texel >> 16) & 255u) << 16) | (255u << 24);
    }
    if (paved < 1) {
      std::uint32_t beside;
      if (row.village && a < kPaved_m + 2.4f) {
        beside = sample(row.pavement, u, along);
        const float kerb = 1.0f - smoothstep(0.12f, 0.16f, std::abs(a - kPaved_m - 0.10f));
        beside = mixed(beside, 0xffb4b6b4u, static_cast<std::uint32_t>(200 * kerb));
      } else {
        beside = sample(row.grass, u, along);
        if (!row.village && a < kPaved_m + 1.2f) {  // gravel and dust between asphalt and grass
          const auto tuft = static_cast<float>((beside >> 8) & 255u) * (1.0f / 255.0f);
          const float bare =
              1.0f - smoothstep(kPaved_m + 0.10f, kPaved_m + 0.75f, a + 0.8f * (tuft - 0.45f));
          const std::uint32_t gravel = mixed(sample(row.asphalt, u, along), 0xffa89c88u, 150);
          beside = mixed(beside, gravel, static_cast<std::uint32_t>(225 * bare));
        }
      }
      texel = mixed(texel, beside, static_cast<std::uint32_t>(256 * (1 - paved)));
    }
    texels[i] = texel;
  }
}

void Ground::mark(const Row& row, const Span& span, std::uint32_t (&texels)[kSpan]) const {
  const float wide = std::max(row.across_m, 0.01f);
  for (const Line& line : kLines) {
    const float reach = line.half_width + wide;
    if (span.u_least() > line.u + reach || span.u_most() < line.u - reach) continue;
    if (!line.dashed && span.mouth[line.u > 0 ? 0 : 1] > 0) continue;
    const float share = std::min(1.0f, 2 * line.half_width / wide) *
                        (line.dashed ? dash_cover(span.s, row.along_m) : 1.0f);
    for (int i = 0; i < span.count; ++i) {
      const float off = std::abs(span.u + span.du * static_cast<float>(i) - line.u);
      const float cover = clamp01((line.half_width - off) / wide + 0.5f) * share;
      if (cover <= 0) continue;
      // Paint wears off the road's high grain first.
      const float grain = static_cast<float>((texels[i] >> 8) & 255u) * (1.0f / 112.0f);
      const float kept = cover * clamp01(0.45f + 0.45f * grain);
      texels[i] = mixed(texels[i], 0xffdedcd4u, static_cast<std::uint32_t>(256 * kept));
    }
  }
}

void Ground::light(const Row& row, const Span& span, int y, std::uint32_t (&texels)[kSpan],
                   cv::Vec3b* out) const {
  const float clear = std::exp(-span.range / row.visibility_m);
  const Vec3 gain = row.gain * clear;
  const Vec3 veil = row.haze * (1.0f - clear);
  const int add[3] = {static_cast<int>(veil.z), static_cast<int>(veil.y), static_cast<int>(veil.x)};
  std::array<const GroundShade*, 24> near_shades{};
  std::size_t shade_count = 0;
  const float d_low = std::min(span.d, span.d_end());
  const float d_high = std::max(span.d, span.d_end());
  for (const GroundShade* shade : row.shades) {
    const float reach_u = shade->half_u + shade->soft_m;
    const float reach_d = shade->half_d + shade->soft_m;
    if (span.u_most() > shade->u - reach_u && span.u_least() < shade->u + reach_u &&
        d_high > shade->d - reach_d && d_low < shade->d + reach_d &&
        shade_count < near_shades.size())
      near_shades[shade_count++] = shade;
  }
  const auto finish = [&](int i, const int(&factor)[3]) {
    const std::uint32_t texel = texels[i];
    const auto channel = [&](int c, std::uint32_t v) {
      return static_cast<uchar>(std::min(((static_cast<int>(v) * factor[c]) >> 8) + add[c], 255));
    };
    out[i] = {channel(0, texel & 255u), channel(1, (texel >> 8) & 255u),
              channel(2, (texel >> 16) & 255u)};
  };
  if (shade_count == 0 && !row.lit && row.gloss <= 0) {
    const int factor[3] = {fixed(gain.z), fixed(gain.y), fixed(gain.x)};
    for (int i = 0; i < span.count; ++i) finish(i, factor);
    return;
  }
  for (int i = 0; i < span.count; ++i) {
    const float k = static_cast<float>(i);
    const float u = span.u + span.du * k;
    const float d = span.d + span.dd * k;
    const float along = span.along - span.dd * k;
    float bright = 1;
    for (std::size_t j = 0; j < shade_count; ++j)
      bright *= 1.0f - shade_at(*near_shades[j], d, u, row.dapple, along);
    Vec3 here = gain * bright;
    if (row.lit) {
      const Vec3 lamp = lamp_light(span.x + i, y);
      // Lights add up in linear terms; a gamma of 2 is near enough here.
      here = {std::sqrt(here.x * here.x + lamp.x), std::sqrt(here.y * here.y + lamp.y),
              std::sqrt(here.z * here.z + lamp.z)};
    }
    if (row.gloss > 0 && (std::abs(u) < kPaved_m || row.village)) {
      const float mirror = row.gloss * (0.4f + 0.6f * bright);
      here = here * ((1 - 0.42f * row.wet) * (1 - mirror));
      const int factor[3] = {fixed(here.z), fixed(here.y), fixed(here.x)};
      finish(i, factor);
      const Vec3 sheen = row.sheen * (mirror * clear);
      out[i][0] = cv::saturate_cast<uchar>(static_cast<float>(out[i][0]) + sheen.z);
      out[i][1] = cv::saturate_cast<uchar>(static_cast<float>(out[i][1]) + sheen.y);
      out[i][2] = cv::saturate_cast<uchar>(static_cast<float>(out[i][2]) + sheen.x);
      continue;
    }
    const int factor[3] = {fixed(here.z), fixed(here.y), fixed(here.x)};
    finish(i, factor);
  }
}

void Ground::paint(cv::Mat& bgr, const View& view, const Alignment& alignment,
                   const Atmosphere& atmosphere, float heading, const GroundDetail& detail) {
  paint_sky(bgr, view, heading);
  spread_lamps(view, atmosphere, detail.lamps);
  Row row;
  row.gain = atmosphere.ground_gain(1);
  row.haze = atmosphere.displayed(atmosphere.haze);
  row.sheen = atmosphere.displayed(lerp(atmosphere.horizon, atmosphere.zenith, 0.3f));
  row.lit = !detail.lamps.empty();
  row.village = detail.village;
  row.wet = atmosphere.wet;
  row.visibility_m = atmosphere.visibility_m;
  const int columns = view.size.width;
  struct Exact {
    float d = 0, u = 0, range = 0;
    bool ground = false;
  };
  for (int y = 0; y < view.size.height; ++y) {
    const auto at = [&](int x) -> Exact {
      const Vec3 ray = view.ray(static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f);
      if (ray.y > -1e-4f) return {};
      const float t = view.position.y / -ray.y;
      const float z = view.position.z + ray.z * t;
      if (z > kFarthest_m || z < 0) return {};
      const Alignment::Place place = alignment.place(view.position.x + ray.x * t, z);
      return {place.d, place.u, t, true};
    };
    const std::array<Exact, 3> probes{at(0), at(columns / 2), at(columns - 1)};
    if (!probes[0].ground && !probes[1].ground && !probes[2].ground) continue;
    const float range = probes[1].ground ? probes[1].range : kFarthest_m;
    row.across_m = range / view.focal_px;
    row.along_m = std::max(range * range / (view.focal_px * view.position.y), detail.smear_m);
    row.asphalt = pictures_.asphalt.level(row.across_m, row.along_m * 0.7f);
    row.wear = pictures_.wear.level(row.across_m, row.along_m * 0.7f);
    row.grass = pictures_.grass.level(row.across_m, row.along_m * 0.6f);
    row.pavement = pictures_.pavement.level(row.across_m, row.along_m * 0.7f);
    row.dapple = pictures_.dapple.level(row.across_m, row.along_m);
    row.gloss = 0;
    if (row.wet > 0) {
      const float flat = std::max(0.0f, 1.0f - 2.2f * view.position.y / range);
      row.gloss = row.wet * (0.05f + 0.42f * flat * flat);
    }
    float d_least = kFarthest_m;
    float d_most = 0;
    for (const Exact& probe : probes) {
      const float d = probe.ground ? probe.d : kFarthest_m;
      d_least = std::min(d_least, d);
      d_most = std::max(d_most, d);
    }
    row.shades.clear();
    for (const GroundShade& shade : detail.shades) {
      const float reach = shade.half_d + shade.soft_m + 1.0f;
      if (shade.d + reach > d_least && shade.d - reach < d_most) row.shades.push_back(&shade);
    }
    auto* out = bgr.ptr<cv::Vec3b>(y);
    Exact from = probes[0];
    std::uint32_t texels[kSpan];
    for (int x0 = 0; x0 < columns; x0 += kSpan) {
      const int x1 = std::min(x0 + kSpan, columns);
      const Exact to = at(x1);
      const Exact start = from;
      from = to;
      if (!start.ground || !to.ground) continue;
      Span span;
      span.x = x0;
      span.count = x1 - x0;
      span.u = std::clamp(start.u, -55.0f, 55.0f);
      span.d = start.d;
      span.du = (std::clamp(to.u, -55.0f, 55.0f) - span.u) / static_cast<float>(span.count);
      span.dd = (to.d - start.d) / static_cast<float>(span.count);
      span.range = 0.5f * (start.range + to.range);
      span.s = alignment.camera_s() - static_cast<double>(start.d);
      // One common period of all pictures keeps the numbers small, where floats are fine; away from
      // its ends, that a span may reach over them.
      span.along = static_cast<float>(span.s - std::floor(span.s / kPeriod_m) * kPeriod_m);
      if (span.along < 64) span.along += static_cast<float>(kPeriod_m);
      for (const SideRoad& side : detail.side_roads) {
        const float reach = side.half_width + 3.0f;
        if (std::max(span.d, span.d_end()) < side.d - reach ||
            std::min(span.d, span.d_end()) > side.d + reach)
          continue;
        const std::size_t which = side.side > 0 ? 0 : 1;
        span.mouth[which] = side.half_width;
        span.mouth_d[which] = side.d;
      }
      cover(row, span, texels);
      if (span.near_road()) mark(row, span, texels);
      light(row, span, y, texels, out + x0);
    }
  }
}

}  // namespace rearview::camera
