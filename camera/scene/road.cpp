#include "camera/scene/road.h"

#include "camera/scene/random.h"

namespace rearview::camera {
namespace {

constexpr double kBend_m = 140;     // from one random curvature to the next
constexpr float kTightest_m = 230;  // radius of the sharpest random bend
constexpr float kMostTurn = 1.1f;   // beyond it the road is taken to run straight: out of sight

}  // namespace

Road::Road(const SceneConfig& config)
    : seed_(mix(config.seed ^ 0x726f6164)),
      winding_(static_cast<float>(config.winding)),
      fixed_(config.curve_radius_m != 0 ? static_cast<float>(1.0 / config.curve_radius_m) : 0.0f),
      kerb_sign_(config.left_hand_traffic ? -1.0f : 1.0f) {}

float Road::curvature(double s) const {
  if (fixed_ != 0) return fixed_;
  const double knot = std::floor(s / kBend_m);
  const auto t = static_cast<float>(s / kBend_m - knot);
  const auto at = [this](double index) {
    Random random(seed_, static_cast<std::uint64_t>(static_cast<std::int64_t>(index)));
    const float v = random.between(-1, 1);
    return v * std::abs(v) * winding_ / kTightest_m;
  };
  return lerp(at(knot), at(knot + 1), smoothstep(0, 1, t));
}

void Alignment::lay(const Road& road, double s, float u) {
  camera_s_ = s;
  kerb_sign_ = road.kerb_sign();
  constexpr auto kFirst = static_cast<int>(kAhead_m);
  constexpr auto kCount = static_cast<int>(kAhead_m + kBehind_m) + 1;
  knots_.resize(static_cast<std::size_t>(kCount));
  const Knot here{kerb_sign_ * u, 0, 0};
  knots_[static_cast<std::size_t>(kFirst)] = here;
  for (const int step : {1, -1}) {
    Knot knot = here;
    float turn = 0;
    for (int i = kFirst + step; i >= 0 && i < kCount; i += step) {
      const double middle = s - (static_cast<double>(i - kFirst) - 0.5 * step);
      const float before = knot.turn;
      turn -= road.curvature(middle) * static_cast<float>(step);
      knot.turn = std::clamp(turn, -kMostTurn, kMostTurn);
      const float half = 0.5f * (before + knot.turn);
      knot.x += std::sin(half) * static_cast<float>(step);
      knot.z += std::cos(half) * static_cast<float>(step);
      knots_[static_cast<std::size_t>(i)] = knot;
    }
  }
  slices_.clear();
  std::size_t k = static_cast<std::size_t>(kFirst);
  for (int z = 0; z <= static_cast<int>(kBehind_m); ++z) {
    const auto wanted = static_cast<float>(z);
    while (k + 2 < knots_.size() && knots_[k + 1].z < wanted) ++k;
    const Knot& a = knots_[k];
    const Knot& b = knots_[k + 1];
    const float t = (wanted - a.z) / std::max(b.z - a.z, 0.1f);
    const float turn = lerp(a.turn, b.turn, std::min(t, 1.0f));
    slices_.push_back(
        {lerp(a.x, b.x, t), static_cast<float>(k) - kAhead_m + t, std::sin(turn), std::cos(turn)});
  }
}

Alignment::Pose Alignment::pose(float d, float u) const {
  const float along = std::clamp(d + kAhead_m, 0.0f, static_cast<float>(knots_.size()) - 1.001f);
  const auto i = static_cast<std::size_t>(along);
  const float t = d + kAhead_m - static_cast<float>(i);
  const Knot& a = knots_[i];
  const Knot& b = knots_[i + 1];
  const float turn = lerp(a.turn, b.turn, clamp01(t));
  const float side = -kerb_sign_ * u;
  return {{lerp(a.x, b.x, t) + side * std::cos(turn), 0, lerp(a.z, b.z, t) - side * std::sin(turn)},
          turn};
}

Alignment::Place Alignment::place(float x, float z) const {
  const float along = std::clamp(z, 0.0f, static_cast<float>(slices_.size()) - 1.001f);
  const auto i = static_cast<std::size_t>(along);
  const float t = along - static_cast<float>(i);
  const Slice& a = slices_[i];
  const Slice& b = slices_[i + 1];
  const float aside = x - lerp(a.x, b.x, t);
  const float cosine = lerp(a.cosine, b.cosine, t);
  const float sine = lerp(a.sine, b.sine, t);
  // The foot of the perpendicular on the middle line, to first order.
  return {lerp(a.d, b.d, t) + (z - along) + aside * sine, -kerb_sign_ * aside * cosine};
}

}  // namespace rearview::camera
