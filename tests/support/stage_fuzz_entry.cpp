#include "tests/support/stage_fuzz_entry.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "analyse/chain/stage_table.h"
#include "tests/support/frames.h"
#include "tests/support/stage_harness.h"
#include "types/json.h"

namespace rearview::test {
namespace {

void demand(bool condition, const std::string& promise) {
  if (!condition) throw std::logic_error("broken promise: " + promise);
}

std::unique_ptr<Stage> stage(const char* type) {
  const nlohmann::json json = {{"type", type}};
  ConfigReader config(json, "default");
  return make_stage(config);
}

/// What moves in the pictures: a ground that slides and a thing that grows on it.
struct Scene {
  cv::Point2d ground;
  double size = 0.1;  ///< of the thing, as a share of the picture's height
  int brightness = 0;
  int noise = 0;

  cv::Rect2f thing(cv::Size picture) const {
    const auto side = static_cast<float>(size * picture.height);
    return cv::Rect2f(static_cast<float>(picture.width) * 0.55F - side / 2,
                      static_cast<float>(picture.height) * 0.6F - side / 2, side, side) &
           cv::Rect2f({0, 0}, cv::Size2f(picture));
  }
  Planes draw(cv::Size picture, std::uint32_t seed) const {
    Planes planes = testing_support::flat_planes(picture, 0);
    for (int y = 0; y < picture.height; ++y) {
      std::uint8_t* row = planes.y.ptr(y);
      for (int x = 0; x < picture.width; ++x) {
        const auto u = static_cast<unsigned>(static_cast<int>(x + ground.x) + 4096) / 7;
        const auto v = static_cast<unsigned>(static_cast<int>(y + ground.y) + 4096) / 7;
        row[x] = static_cast<std::uint8_t>(40 + (u * 131 + v * 977) * 2654435761U / 16 % 150);
      }
    }
    const cv::Rect area = cv::Rect(thing(picture)) & cv::Rect(cv::Point(), picture);
    if (!area.empty()) {
      planes.y(area).setTo(30);
      planes.y(cv::Rect(area.x, area.y, std::max(1, area.width / 3), std::max(1, area.height / 3)))
          .setTo(210);
    }
    if (noise > 0) {
      cv::Mat grain(picture, CV_8UC1);
      cv::RNG(seed + 1).fill(grain, cv::RNG::UNIFORM, 0, noise);
      planes.y += grain;
    }
    if (brightness != 0) planes.y += brightness;
    return planes;
  }
};

/// The step to the next picture's time, by kind and size.
double time_after(double t_s, std::uint8_t byte) {
  const int much = byte % 32;
  switch (byte / 32) {
    case 0:
      return t_s + 1.0 / 30;
    case 1:
      return t_s;
    case 2:
      return t_s + std::ldexp(1.0, -much);
    case 3:
      return t_s + much * 0.01;
    case 4:
      return t_s + much * 0.1;
    case 5:
      return t_s - much * 0.1;
    case 6:
      return t_s + 1.0 / 60;
    default:
      break;
  }
  constexpr std::array kExtreme{3600.0, -3600.0, 1e9, -1e9, 1e300, 5e-324};
  return t_s + kExtreme[static_cast<std::size_t>(much) % kExtreme.size()];
}

std::vector<Detection> detections_of(const Scene& scene, cv::Size picture, std::uint8_t byte) {
  std::vector<Detection> found;
  const auto add = [&](const cv::Rect2f& box, float score, std::optional<double> growth) {
    found.push_back({.box = box,
                     .score = score,
                     .vehicle_class = static_cast<VehicleClass>(byte % 7),
                     .detector = "fuzz",
                     .growth_per_s = growth,
                     .growth_sigma_per_s = growth ? std::optional(0.05) : std::nullopt});
  };
  const cv::Rect2f thing = scene.thing(picture);
  const auto width = static_cast<float>(picture.width);
  const auto height = static_cast<float>(picture.height);
  if (byte & 1) add(thing, 0.9F, std::nullopt);
  if (byte & 2) add(thing, 0.6F, (byte >> 4) * 0.5 - 4);
  if (byte & 4) add({0, 0, width, height}, 0.5F, std::nullopt);
  if (byte & 8) add({width / 4, height / 3, width / 5, 1e-3F}, 0.4F, std::nullopt);
  if (byte & 16) add({width * 0.7F, height / 2, width / 4, height / 4}, 0.8F, std::nullopt);
  return found;
}

}  // namespace

std::vector<std::unique_ptr<Stage>> default_stages(
    std::shared_ptr<const std::vector<Detection>> detections) {
  std::vector<std::unique_ptr<Stage>> stages;
  stages.push_back(stage("view"));
  stages.push_back(stage("looming"));
  stages.push_back(std::make_unique<GivenStage>(
      Facts{Fact::detections},
      [detections = std::move(detections)](const Frame&, Analysis& analysis) {
        analysis.detections.insert(analysis.detections.end(), detections->begin(),
                                   detections->end());
      }));
  stages.push_back(stage("tracker"));
  stages.push_back(stage("approach"));
  return stages;
}

void check_analysis(const Analysis& analysis, const Frame& frame) {
  demand(analysis.state != AnalysisState::failed,
         "no timing makes an analysis fail: " + analysis.text);
  const auto finite = [](const std::optional<double>& value) {
    return !value || std::isfinite(*value);
  };
  const auto inside = [&frame](const cv::Rect2f& box) {
    constexpr float kSlack_px = 0.5F;
    return box.width >= 0 && box.height >= 0 && box.x >= -kSlack_px && box.y >= -kSlack_px &&
           box.br().x <= static_cast<float>(frame.width()) + kSlack_px &&
           box.br().y <= static_cast<float>(frame.height()) + kSlack_px;
  };
  std::set<int> ids;
  for (const Track& track : analysis.tracks) {
    demand(inside(track.box), "a track lies in the picture");
    demand(ids.insert(track.id).second, "an id belongs to one track");
    demand(finite(track.ttc_s) && finite(track.ttc_sigma_s) && finite(track.distance_m) &&
               finite(track.closing_mps) && finite(track.lateral_m) &&
               std::isfinite(track.unseen_s) && std::isfinite(track.score),
           "a track's numbers are finite");
    demand(track.threat >= 0 && track.threat <= 2, "a threat is 0, 1 or 2");
  }
  for (const Detection& detection : analysis.detections) {
    if (detection.detector == "fuzz") continue;
    demand(inside(detection.box), "a detection lies in the picture");
    demand(finite(detection.growth_per_s) && finite(detection.growth_sigma_per_s),
           "a growth is finite");
  }
  for (const Alert& alert : analysis.alerts) {
    if (const AlertVehicle* vehicle = alert.vehicle())
      demand(
          finite(vehicle->distance_m) && finite(vehicle->closing_mps) && finite(vehicle->lateral_m),
          "an alert's numbers are finite");
    if (const auto* approach = std::get_if<AlertApproach>(&alert.about))
      demand(finite(approach->ttc_s) &&
                 (!approach->reason || (std::isfinite(approach->reason->growth_per_s) &&
                                        std::isfinite(approach->reason->bearing_deg_per_s))),
             "an alert's reasons are finite");
    if (const auto* pass = std::get_if<AlertPass>(&alert.about))
      demand(std::isfinite(pass->pass_t_s), "a pass has its time");
    if (const auto* blind = std::get_if<AlertBlindness>(&alert.about))
      demand(std::isfinite(blind->blind_s), "how long nobody saw is finite");
  }
  if (analysis.view) {
    demand(inside(analysis.view->shown), "what is shown lies in the picture");
    demand(std::isfinite(analysis.view->vanishing.x) && std::isfinite(analysis.view->vanishing.y) &&
               std::isfinite(analysis.view->focal_px) && analysis.view->focal_px > 0,
           "the view is finite");
  }
  demand(analysis.tracks.size() <= 64 && analysis.detections.size() <= 1000 &&
             analysis.alerts.size() <= 200,
         "an analysis is bounded");
  demand(!dump(to_json(analysis)).empty(), "an analysis is JSON");
}

void fuzz_stages(std::span<const std::uint8_t> input) {
  constexpr std::size_t kMostPictures = 96;
  static const std::array<cv::Size, 8> kSizes{
      cv::Size(192, 108), cv::Size(160, 96), cv::Size(321, 181), cv::Size(64, 48),
      cv::Size(2, 2),     cv::Size(700, 4),  cv::Size(36, 320),  cv::Size(1, 1)};
  if (input.size() < 2) return;
  const auto given = std::make_shared<std::vector<Detection>>();
  StageChain chain("fuzz", default_stages(given));
  cv::Size size = kSizes[input[0] % kSizes.size()];
  const bool full_range = input[1] % 2 == 1;
  Scene scene;
  if (input[1] & 2) scene.brightness = -60;
  input = input.subspan(2);
  double t_s = 0;
  std::uint32_t epoch = 1;
  for (std::size_t seq = 1; input.size() >= 3 && seq <= kMostPictures; ++seq) {
    const std::uint8_t when = input[0];
    const std::uint8_t what = input[1];
    const std::uint8_t boxes = input[2];
    input = input.subspan(3);
    switch (what / 32) {
      case 0:
        scene.ground += cv::Point2d(what % 32 - 16, 0);
        break;
      case 1:
        scene.ground.y += what % 32 - 16;
        break;
      case 2:
        scene.size = std::clamp(scene.size * (0.8 + what % 32 * 0.02), 0.02, 1.5);
        break;
      case 3:
        scene.noise = what % 32 * 4;
        break;
      case 4:
        scene.brightness = (what % 32 - 16) * 8;
        break;
      case 5:
        if (what % 32 == 0) size = kSizes[boxes % kSizes.size()];
        if (what % 32 == 1) ++epoch;
        break;
      default:  // as it moves along: the thing comes closer
        scene.ground.y -= 1;
        scene.size = std::min(1.5, scene.size * 1.03);
    }
    t_s = time_after(t_s, when);
    Planes planes = scene.draw(size, static_cast<std::uint32_t>(seq));
    planes.full_range = full_range;
    auto frame = testing_support::frame_of(std::move(planes), seq);
    frame->epoch = epoch;
    frame->t_s = t_s;
    *given = detections_of(scene, size, boxes);
    check_analysis(chain.analyse(*frame), *frame);
    if (std::abs(t_s) > 1e12) t_s = 0;
  }
}

}  // namespace rearview::test
