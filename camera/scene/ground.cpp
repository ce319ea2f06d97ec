#include "camera/scene/ground.h"

namespace rearview::camera {
namespace {

constexpr int kSpan = 16;     // pixels between two exact places on the ground
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
               double s) {
  const float over_d = std::max(0.0f, std::abs(d - shade.d) - shade.half_d);
  const float over_u = std::max(0.0f, std::abs(u - shade.u) - shade.half_u);
  const float over = std::sqrt(over_d * over_d + over_u * over_u);
  if (over >= shade.soft_m) return 0;
  const float depth = shade.strength * (1.0f - smoothstep(0, shade.soft_m, over));
  if (!shade.leaves) return depth;
  const double wrapped = s - std::floor(s / 12.0) * 12.0;
  return depth * static_cast<float>(sample(leaves, u, static_cast<float>(wrapped)) & 255u) *
         (1.0f / 255.0f);
}

}  // namespace

Ground::Ground(const Atmosphere& atmosphere, Light light, Weather weather, std::uint64_t seed)
    : pictures_(seed), panorama_(paint_panorama(atmosphere, light, weather, seed)) {}

/// What is the same for a whole row of the picture.
struct Ground::Row {
  GroundTexture::Level asphalt, wear, grass, pavement, dapple;
  float across_m = 0.01f;  ///< a pixel's size on the ground
  float along_m = 0.01f;
};

void Ground::paint_sky(cv::Mat& bgr, const View& view, float heading) const {
  const int columns = view.size.width;
  for (int y = 0; y < view.size.height; ++y) {
    const auto at = [&](int x) {
      const Vec3 ray = view.ray(static_cast<float>(x), static_cast<float>(y) + 0.5f);
      const float column = (std::atan2(ray.x, ray.z) + heading) * kSkyPerRadian;
      const float row = static_cast<float>(kSkyRows - kSkyBelow) -
                        std::atan2(ray.y, std::hypot(ray.x, ray.z)) * kSkyPerRadian;
      return cv::Point2f(column, row);
    };
    auto* out = bgr.ptr<cv::Vec3b>(y);
    cv::Point2f from = at(0);
    bool any = false;
    for (int x0 = 0; x0 < columns; x0 += kSpan) {
      const int x1 = std::min(x0 + kSpan, columns);
      const cv::Point2f to = at(x1);
      if (std::min(from.y, to.y) < static_cast<float>(kSkyRows - 1)) {
        any = true;
        const cv::Point2f step = (to - from) * (1.0f / static_cast<float>(x1 - x0));
        cv::Point2f p = from;
        for (int x = x0; x < x1; ++x, p += step) {
          const float row = std::clamp(p.y, 0.0f, static_cast<float>(kSkyRows) - 1.01f);
          const int iy = static_cast<int>(row);
          const float floor_x = std::floor(p.x);
          const int ix = static_cast<int>(floor_x) & (kSkyColumns - 1);
          const int jx = (ix + 1) & (kSkyColumns - 1);
          const int wx = static_cast<int>((p.x - floor_x) * 256);
          const int wy = static_cast<int>((row - static_cast<float>(iy)) * 256);
          const auto* upper = panorama_.ptr<cv::Vec3b>(iy);
          const auto* lower = panorama_.ptr<cv::Vec3b>(iy + 1);
          for (int c = 0; c < 3; ++c) {
            const int high = upper[ix][c] * (256 - wx) + upper[jx][c] * wx;
            const int low = lower[ix][c] * (256 - wx) + lower[jx][c] * wx;
            out[x][c] = static_cast<uchar>((high * (256 - wy) + low * wy) >> 16);
          }
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

void Ground::paint(cv::Mat& bgr, const View& view, const Alignment& alignment,
                   const Atmosphere& atmosphere, float heading, const GroundDetail& detail) {
  paint_sky(bgr, view, heading);
  spread_lamps(view, atmosphere, detail.lamps);
  const Vec3 sunlit = atmosphere.ground_gain(1);
  const Vec3 haze = atmosphere.displayed(atmosphere.haze);
  const Vec3 sheen = atmosphere.displayed(lerp(atmosphere.horizon, atmosphere.zenith, 0.3f));
  const float brightest = std::max({sunlit.x, sunlit.y, sunlit.z});
  const float least_light = std::pow(brightest, 2.2f);
  const bool lit = !detail.lamps.empty();
  const int columns = view.size.width;
  struct Exact {
    float d, u, range;
    bool ground;
  };
  std::vector<const GroundShade*> shades;
  for (int y = 0; y < view.size.height; ++y) {
    const auto at = [&](int x) -> Exact {
      const Vec3 ray = view.ray(static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f);
      if (ray.y > -1e-4f) return {0, 0, 0, false};
      const float t = view.position.y / -ray.y;
      const float z = view.position.z + ray.z * t;
      if (z > kFarthest_m || z < 0) return {0, 0, 0, false};
      const Alignment::Place place = alignment.place(view.position.x + ray.x * t, z);
      return {place.d, place.u, t, true};
    };
    const Exact middle = at(columns / 2);
    const Exact left = at(0);
    const Exact right = at(columns - 1);
    if (!middle.ground && !left.ground && !right.ground) continue;
    const float range = middle.ground ? middle.range : kFarthest_m;
    Row row;
    row.across_m = range / view.focal_px;
    row.along_m = std::max(range * range / (view.focal_px * view.position.y), detail.smear_m);
    row.asphalt = pictures_.asphalt.level(row.across_m, row.along_m * 0.7f);
    row.wear = pictures_.wear.level(row.across_m, row.along_m * 0.7f);
    row.grass = pictures_.grass.level(row.across_m, row.along_m * 0.6f);
    row.pavement = pictures_.pavement.level(row.across_m, row.along_m * 0.7f);
    row.dapple = pictures_.dapple.level(row.across_m, row.along_m);
    const float d_least =
        std::min({left.ground ? left.d : kFarthest_m, middle.ground ? middle.d : kFarthest_m,
                  right.ground ? right.d : kFarthest_m});
    const float d_most =
        std::max({left.ground ? left.d : kFarthest_m, middle.ground ? middle.d : kFarthest_m,
                  right.ground ? right.d : kFarthest_m});
    shades.clear();
    for (const GroundShade& shade : detail.shades) {
      const float reach = shade.half_d + shade.soft_m;
      if (shade.d + reach > d_least && shade.d - reach < d_most) shades.push_back(&shade);
    }
    const double base_s = alignment.camera_s();
    auto* out = bgr.ptr<cv::Vec3b>(y);
    Exact from = left;
    for (int x0 = 0; x0 < columns; x0 += kSpan) {
      const int x1 = std::min(x0 + kSpan, columns);
      const Exact to = at(x1);
      const Exact start = from;
      from = to;
      if (!start.ground || !to.ground) continue;
      const float steps = static_cast<float>(x1 - x0);
      const float du = (to.u - start.u) / steps;
      const float dd = (to.d - start.d) / steps;
      const float u_least = std::min(start.u, to.u);
      const float u_most = std::max(start.u, to.u);
      const float d_low = std::min(start.d, to.d);
      const float d_high = std::max(start.d, to.d);
      std::array<const GroundShade*, 24> near_shades{};
      std::size_t shade_count = 0;
      for (const GroundShade* shade : shades) {
        if (shade_count == near_shades.size()) break;
        if (u_most > shade->u - shade->half_u - shade->soft_m &&
            u_least < shade->u + shade->half_u + shade->soft_m &&
            d_high > shade->d - shade->half_d - shade->soft_m &&
            d_low < shade->d + shade->half_d + shade->soft_m)
          near_shades[shade_count++] = shade;
      }
      float mouth[2] = {-1, -1};  // a side road on the kerb's side, across
      float mouth_d[2] = {0, 0};
      for (const SideRoad& side : detail.side_roads) {
        if (d_high > side.d - side.half_width - 3 && d_low < side.d + side.half_width + 3) {
          mouth[side.side > 0 ? 0 : 1] = side.half_width;
          mouth_d[side.side > 0 ? 0 : 1] = side.d;
        }
      }
      const bool road_near = u_least < kPaved_m + 1.2f && u_most > -kPaved_m - 1.2f;
      const float clear = std::exp(-0.5f * (start.range + to.range) / atmosphere.visibility_m);
      const Vec3 veil = haze * (1.0f - clear);
      float gloss = 0;
      if (atmosphere.wet > 0) {
        const float flat = std::max(0.0f, 1.0f - 2.2f * view.position.y / range);
        gloss = atmosphere.wet * (0.10f + 0.55f * flat * flat);
      }
      for (int x = x0; x < x1; ++x) {
        const float k = static_cast<float>(x - x0);
        const float u = start.u + du * k;
        const float d = start.d + dd * k;
        const double s = base_s - static_cast<double>(d);
        // One common period of all pictures keeps the numbers small, where floats are fine.
        const auto along = static_cast<float>(s - std::floor(s / 4096.0) * 4096.0);
        const float a = std::abs(u);
        float paved = road_near ? 1.0f - smoothstep(kPaved_m - 0.5f * row.across_m,
                                                    kPaved_m + 0.5f * row.across_m + 0.03f, a)
                                : 0.0f;
        const std::size_t side = u > 0 ? 0 : 1;
        if (mouth[side] > 0) {
          const float wide = mouth[side] + 3.0f * std::exp(-(a - kPaved_m) * 0.8f);
          if (a > kPaved_m - 0.1f && a < 45)
            paved = std::max(
                paved, 1.0f - smoothstep(wide - 0.1f, wide + 0.25f, std::abs(d - mouth_d[side])));
        }
        std::uint32_t texel = 0;
        float wear = 1;
        if (paved > 0) {
          texel = sample(row.asphalt, u, along);
          wear = static_cast<float>(sample(row.wear, u + 4.0f, along) & 255u) * (1.0f / 128.0f);
        }
        float mirror = gloss * paved;
        if (paved < 1) {
          std::uint32_t beside;
          if (detail.village && a < kPaved_m + 2.4f) {
            beside = sample(row.pavement, u, along);
            const float kerb = 1.0f - smoothstep(0.12f, 0.16f, std::abs(a - kPaved_m - 0.10f));
            beside = mixed(beside, 0xffb4b6b4u, static_cast<std::uint32_t>(200 * kerb));
            mirror += gloss * (1 - paved) * 0.5f;
          } else {
            beside = sample(row.grass, u, along);
            if (road_near && !detail.village) {  // gravel and dust between asphalt and grass
              const auto tuft = static_cast<float>((beside >> 8) & 255u) * (1.0f / 255.0f);
              const float bare =
                  1.0f - smoothstep(kPaved_m + 0.10f, kPaved_m + 0.75f, a + 0.8f * (tuft - 0.45f));
              beside = mixed(beside, 0xff8a8074u, static_cast<std::uint32_t>(215 * bare));
            }
          }
          const auto weight = static_cast<std::uint32_t>(256 * (1 - paved));
          texel = mixed(texel, beside, weight);
          wear = lerp(1.0f, wear, paved);
        }
        Vec3 colour{static_cast<float>((texel >> 16) & 255u),
                    static_cast<float>((texel >> 8) & 255u), static_cast<float>(texel & 255u)};
        colour = colour * wear;
        if (road_near && mouth[side] < 0) {
          for (const Line& line : kLines) {
            const float off = std::abs(u - line.u);
            if (off > line.half_width + row.across_m) continue;
            const float wide = std::max(row.across_m, 0.01f);
            float cover = clamp01((line.half_width - off) / wide + 0.5f) *
                          std::min(1.0f, 2 * line.half_width / wide);
            if (line.dashed) cover *= dash_cover(s, row.along_m);
            cover *= clamp01(0.25f + 0.62f * wear);
            const float worn = colour.y * (1.0f / 110.0f);
            colour = lerp(colour, Vec3{222, 220, 212} * lerp(1.0f, worn, 0.16f), cover);
          }
        }
        float shade = 0;
        for (std::size_t i = 0; i < shade_count; ++i)
          shade = 1.0f - (1.0f - shade) * (1.0f - shade_at(*near_shades[i], d, u, row.dapple, s));
        Vec3 gain = sunlit * (1.0f - shade);
        if (lit) {
          const Vec3 lamp = lamp_light(x, y);
          if (lamp.y > 1e-4f) {
            // Lamp light adds to daylight in linear terms: gain is its 2.2nd root.
            const float more = std::pow(1.0f + lamp.y / std::max(least_light, 1e-4f), 0.4545f);
            const Vec3 tint = lamp * (1.0f / lamp.y);
            gain = gain * lerp({1, 1, 1}, tint, 0.7f) * more;
          }
        }
        colour = colour * gain;
        if (mirror > 0)
          colour = lerp(colour * (1 - 0.35f * atmosphere.wet), sheen, mirror * (1 - 0.6f * shade));
        colour = colour * clear + veil;
        out[x] = {cv::saturate_cast<uchar>(colour.z), cv::saturate_cast<uchar>(colour.y),
                  cv::saturate_cast<uchar>(colour.x)};
      }
    }
  }
}

}  // namespace rearview::camera
