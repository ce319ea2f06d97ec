#include "camera/scene/ride.h"

#include "camera/scene/random.h"

namespace rearview::camera {
namespace {

/// Unevenness along one coordinate: random heights a step apart, joined smoothly; in [-1, 1].
float bumps(std::uint64_t seed, double at, double step) {
  const double knot = std::floor(at / step);
  const auto t = static_cast<float>(at / step - knot);
  const auto height = [&](double index) {
    Random random(seed, static_cast<std::uint64_t>(static_cast<std::int64_t>(index)));
    return random.between(-1, 1);
  };
  return lerp(height(knot), height(knot + 1), smoothstep(0, 1, t));
}

}  // namespace

Ride::Ride(const SceneConfig& config) : config_(config), seed_(mix(config.seed ^ 0x72696465)) {
  pose_.speed_mps = static_cast<float>(wished_speed(0));
  step(0, Road(config));
}

double Ride::wished_speed(double t_s) const {
  const auto& profile = config_.speed_profile;
  if (profile.empty()) return config_.speed_mps;
  if (t_s <= profile.front().t_s) return profile.front().speed_mps;
  for (std::size_t i = 1; i < profile.size(); ++i) {
    if (t_s >= profile[i].t_s) continue;
    const SpeedPoint& a = profile[i - 1];
    const SpeedPoint& b = profile[i];
    return a.speed_mps + (b.speed_mps - a.speed_mps) * (t_s - a.t_s) / (b.t_s - a.t_s);
  }
  return profile.back().speed_mps;
}

void Ride::step(double dt_s, const Road& road) {
  t_s_ += dt_s;
  const double speed = wished_speed(t_s_);
  // Nobody rides quite evenly.
  const double swing = speed * (1.0 + 0.04 * static_cast<double>(bumps(seed_ + 1, t_s_, 3.0)));
  pose_.speed_mps = static_cast<float>(swing);
  pose_.s += swing * dt_s;
  const float bend = road.curvature(pose_.s);
  pose_.heading += bend * static_cast<float>(swing * dt_s);
  cadence_ += dt_s * (speed > 0.5 ? 1.25 : 0.0);

  const auto shake = static_cast<float>(config_.shake);
  const float moving = std::min(1.0f, static_cast<float>(speed) / 5.0f);
  const float pace = std::sqrt(moving);
  const auto stride = static_cast<float>(std::sin(2 * 3.14159265358979 * cadence_));
  const auto stamp = static_cast<float>(std::sin(4 * 3.14159265358979 * cadence_));
  const float wander = bumps(seed_ + 2, t_s_, 2.3);
  const float breath = bumps(seed_ + 3, t_s_, 1.1) * 0.15f;
  pose_.u = kRiderKeeps_m + shake * 0.10f * wander * moving;
  pose_.roll =
      shake * radians((0.75f * stride + 0.3f * bumps(seed_ + 4, pose_.s, 0.9)) * pace + breath);
  pose_.yaw =
      shake * radians((0.30f * stride + 0.55f * bumps(seed_ + 5, t_s_, 1.6)) * pace + breath);
  pose_.pitch = shake * radians((0.10f * stamp + 0.26f * bumps(seed_ + 6, pose_.s, 0.55) +
                                 0.16f * bumps(seed_ + 7, pose_.s, 0.21)) *
                                    pace +
                                0.3f * breath);
  pose_.lift_m = shake * 0.007f * moving * bumps(seed_ + 6, pose_.s, 0.55);
  pose_.shift_m = shake * 0.018f * stride * pace * road.kerb_sign();
  // In a bend the bicycle leans: tan(lean) = v^2 * curvature / g. A lean to the rider's right is
  // one to the picture's left.
  const float lean = std::atan(static_cast<float>(swing * swing) * bend / 9.81f);
  pose_.roll += -lean;
}

}  // namespace rearview::camera
