#include "camera/scene/scene.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/error.h"
#include "camera/scene/atmosphere.h"
#include "camera/scene/garage.h"
#include "camera/scene/ground.h"
#include "camera/scene/lens.h"
#include "camera/scene/luggage.h"
#include "camera/scene/raster.h"
#include "camera/scene/ride.h"
#include "camera/scene/road.h"
#include "camera/scene/roadside.h"
#include "camera/scene/traffic.h"
#include "camera/scene/truth_log.h"
#include "camera/scene/vehicle_painter.h"

namespace rearview::camera {
namespace {

constexpr int kLeastSide_px = 32;
constexpr int kMostSide_px = 4096;
constexpr double kLongestGap_s = 60;
constexpr float kShutter_s = 1.0f / 240;

void require_usable(cv::Size size, double fps) {
  if (size.width < kLeastSide_px || size.height < kLeastSide_px || size.width > kMostSide_px ||
      size.height > kMostSide_px)
    throw UsageError(fmt::format("scene: a picture of {}x{} is not from {} to {} pixels a side",
                                 size.width, size.height, kLeastSide_px, kMostSide_px));
  if (!(fps >= 1 && fps <= 240))
    throw UsageError(fmt::format("scene: {} frames a second are not from 1 to 240", fps));
}

}  // namespace

struct Scene::State {
  State(const SceneConfig& wanted, cv::Size picture, double rate)
      : config(wanted),
        size(picture),
        fps(rate),
        atmosphere(config.light, config.weather),
        road(config),
        ride(config),
        traffic(config, garage),
        roadside(config),
        ground(atmosphere, config.light, config.weather, config.seed),
        lens(size, atmosphere, config.noise, config.drops, config.seed),
        luggage(size, config.bag, config.seed),
        truth(size, fps) {}

  void advance(std::uint64_t n);
  View look() const;
  void watch(const std::vector<cv::Rect2f>& wholes);
  float clear_share(const Glow& glow, const View& view) const;

  SceneConfig config;
  cv::Size size;
  double fps;
  Atmosphere atmosphere;
  Garage garage;
  Road road;
  Ride ride;
  Traffic traffic;
  Roadside roadside;
  Ground ground;
  Lens lens;
  Luggage luggage;
  TruthLog truth;
  Raster raster;
  VehiclePainter painter;
  Alignment alignment;
  bool started = false;
  std::uint64_t now = 0;
  cv::Mat last;
};

void Scene::State::advance(std::uint64_t n) {
  if (started && n < now) throw std::invalid_argument("scene: frames can't go back");
  const std::uint64_t gap = started ? n - now : n;
  const auto most = static_cast<std::uint64_t>(kLongestGap_s * fps);
  const std::uint64_t steps = std::min(gap, most);
  const double dt = 1.0 / fps;
  if (!started) traffic.step(0, 0, ride.pose());
  for (std::uint64_t i = 0; i < steps; ++i) {
    ride.step(dt, road);
    traffic.step(static_cast<double>(n - steps + i + 1) / fps, dt, ride.pose());
    for (const std::uint64_t id : traffic.gone()) truth.gone(id);
  }
  started = true;
  now = n;
}

View Scene::State::look() const {
  const Ride::Pose& pose = ride.pose();
  return View::looking_back(size, static_cast<float>(config.hfov_deg),
                            {pose.shift_m, static_cast<float>(config.height_m) + pose.lift_m, 0},
                            pose.yaw, radians(static_cast<float>(config.pitch_deg)) + pose.pitch,
                            pose.roll);
}

float Scene::State::clear_share(const Glow& glow, const View& view) const {
  const Vec3 camera = view.to_camera(glow.at);
  if (camera.z < 0.3f) return 0;
  const cv::Point2f at = view.project(camera);
  int seen = 0;
  int looked = 0;
  for (int dy = -1; dy <= 1; ++dy) {
    for (int dx = -1; dx <= 1; ++dx) {
      const int x = static_cast<int>(at.x) + dx;
      const int y = static_cast<int>(at.y) + dy;
      if (x < 0 || y < 0 || x >= size.width || y >= size.height) continue;
      ++looked;
      const std::uint8_t mark = raster.mark_at(x, y);
      // A street lamp hangs in the open; a vehicle's lamp shows unless something else is before it.
      seen +=
          glow.mark == 0 ? (mark == 0 || mark == Raster::kScenery) : mark == glow.mark || mark == 0;
    }
  }
  if (looked == 0) return at.x > -40 && at.x < static_cast<float>(size.width) + 40 ? 0.5f : 0.0f;
  return static_cast<float>(seen) / static_cast<float>(looked);
}

void Scene::State::watch(const std::vector<cv::Rect2f>& wholes) {
  std::vector<TruthLog::Sight> sights;
  const Ride::Pose& rider = ride.pose();
  const auto& vehicles = traffic.vehicles();
  for (std::size_t i = 0; i < vehicles.size(); ++i) {
    const Vehicle& v = vehicles[i];
    TruthLog::Sight sight;
    sight.vehicle = &v;
    sight.seen = raster.seen(static_cast<std::uint8_t>(i + 1));
    sight.whole = wholes[i];
    sight.distance_m = v.nearest_m(rider.s);
    const double along = static_cast<double>(v.speed_mps * std::cos(v.turned));
    sight.closing_mps = (v.oncoming() ? -along : along) - static_cast<double>(rider.speed_mps);
    sight.side_gap_m = static_cast<double>(std::abs(v.u - rider.u) - 0.5f * v.model->width);
    sights.push_back(sight);
  }
  truth.frame(static_cast<double>(now) / fps, sights);
}

Scene::Scene(const SceneConfig& config, cv::Size size, double fps) {
  require_usable(size, fps);
  state_ = std::make_unique<State>(config, size, fps);
}

Scene::~Scene() = default;

void Scene::draw(std::uint64_t n, cv::Mat& bgr) {
  State& s = *state_;
  if (s.started && n == s.now) {
    s.last.copyTo(bgr);
    return;
  }
  s.advance(n);
  const Ride::Pose& rider = s.ride.pose();
  s.alignment.lay(s.road, rider.s, rider.u);
  s.atmosphere.turn(rider.heading);
  const View view = s.look();
  const double t_s = static_cast<double>(n) / s.fps;

  GroundDetail detail;
  detail.smear_m = rider.speed_mps * kShutter_s;
  detail.village = s.config.surroundings == Surroundings::kVillage;
  std::vector<Glow> glows;
  s.roadside.lay_out(s.alignment, s.atmosphere, detail, glows);
  const auto& vehicles = s.traffic.vehicles();
  for (std::size_t i = 0; i < vehicles.size(); ++i)
    s.painter.lay_out(vehicles[i], s.alignment, s.atmosphere, t_s, static_cast<std::uint8_t>(i + 1),
                      detail, glows);
  for (const Traffic::Mouth& mouth : s.traffic.mouths())
    detail.side_roads.push_back({static_cast<float>(rider.s - mouth.s), 3.2f, mouth.side});

  bgr.create(s.size, CV_8UC3);
  s.ground.paint(bgr, view, s.alignment, s.atmosphere, rider.heading, detail);
  s.raster.begin(view);
  std::vector<cv::Rect2f> wholes;
  for (std::size_t i = 0; i < vehicles.size(); ++i)
    wholes.push_back(s.painter.draw(s.raster, view, s.alignment, s.atmosphere, detail, vehicles[i],
                                    t_s, static_cast<std::uint8_t>(i + 1)));
  s.roadside.draw(s.raster, view, s.alignment, s.atmosphere, detail);
  s.raster.render(bgr);
  s.watch(wholes);
  for (const Glow& glow : glows)
    s.lens.glare(bgr, view, s.atmosphere, glow, s.clear_share(glow, view));
  if (s.config.weather == Weather::kRain) s.lens.rain(bgr, s.atmosphere, n);
  s.luggage.draw(bgr, rider, s.atmosphere);
  s.lens.blur_by_drops(bgr);
  s.lens.expose(bgr, n);
  bgr.copyTo(s.last);
}

nlohmann::ordered_json Scene::truth() const {
  return state_->truth.json();
}

}  // namespace rearview::camera
