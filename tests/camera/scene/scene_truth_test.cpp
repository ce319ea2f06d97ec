#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>
#include <set>
#include <string>

#include "camera/scene/scene.h"
#include "camera/scene/truth_log.h"

namespace rearview::camera {
namespace {

const cv::Size kPictureSize(640, 360);
constexpr double kFps = 30;

/// A bare straight road without anything that moves but what the script says.
SceneConfig bare_road() {
  SceneConfig config;
  config.traffic = 0;
  config.shake = 0;
  config.noise = 0;
  config.winding = 0;
  config.avenue = 0;
  config.bridge_every_m = 0;
  return config;
}

ScriptedVehicle overtaker(VehicleClass vehicle = VehicleClass::kCar) {
  ScriptedVehicle plan;
  plan.vehicle = vehicle;
  plan.distance_m = 70;
  plan.speed_mps = 16;
  plan.look = 3;
  return plan;
}

nlohmann::ordered_json truth_of(const SceneConfig& config, int frames, int step = 1) {
  Scene scene(config, kPictureSize, kFps);
  cv::Mat bgr;
  for (int n = 0; n < frames; n += step) scene.draw(static_cast<std::uint64_t>(n), bgr);
  return scene.truth();
}

cv::Rect box_at(const nlohmann::ordered_json& track, double t_s) {
  for (const auto& p : track) {
    if (std::abs(p[0].get<double>() - t_s) < 1e-3) return {p[1], p[2], p[3], p[4]};
  }
  return {};
}

class SceneTruthBox : public testing::TestWithParam<VehicleClass> {};

TEST_P(SceneTruthBox, IsWhereTheVehicleChangesThePicture) {
  SceneConfig with = bare_road();
  with.vehicles = {overtaker(GetParam())};
  if (GetParam() == VehicleClass::kBicycle) {
    with.vehicles[0].distance_m = 20;
    with.vehicles[0].speed_mps = 9;
  }
  Scene scene(with, kPictureSize, kFps);
  Scene empty(bare_road(), kPictureSize, kFps);
  cv::Mat drawn;
  cv::Mat bare;
  int compared = 0;
  // Shadows lie on the ground, so what changes above the horizon is the vehicle itself.
  const double focal = kPictureSize.width / 2.0 / std::tan(35 * CV_PI / 180);
  const int horizon =
      static_cast<int>(kPictureSize.height / 2.0 - focal * std::tan(2 * CV_PI / 180)) - 1;
  for (std::uint64_t n = 0; n <= 150; n += 3) {  // 10 Hz, as the track
    scene.draw(n, drawn);
    empty.draw(n, bare);
    cv::Mat difference;
    cv::absdiff(drawn, bare, difference);
    cv::cvtColor(difference, difference, cv::COLOR_BGR2GRAY);
    const cv::Mat changed = difference(cv::Rect(0, 0, kPictureSize.width, horizon)) > 10;
    const nlohmann::ordered_json truth = scene.truth();
    const auto& list = truth["events"].empty() ? truth["others"] : truth["events"];
    if (list.empty()) continue;
    const cv::Rect box = box_at(list[0]["track"], static_cast<double>(n) / kFps);
    if (box.empty() || box.y > horizon - 6) continue;
    const cv::Rect seen = cv::boundingRect(changed);
    if (seen.empty()) continue;
    ++compared;
    const cv::Rect widened(box.x - 1, box.y - 1, box.width + 2, box.height + 2);
    EXPECT_EQ((seen & widened), seen) << "frame " << n << " box " << box << " changed " << seen;
    EXPECT_LE(std::abs(seen.y - box.y), 2) << "frame " << n;
  }
  EXPECT_GT(compared, 10);
}

INSTANTIATE_TEST_SUITE_P(AllClasses, SceneTruthBox,
                         testing::Values(VehicleClass::kCar, VehicleClass::kVan, VehicleClass::kBus,
                                         VehicleClass::kTruck, VehicleClass::kMotorcycle,
                                         VehicleClass::kBicycle),
                         [](const auto& tested) { return std::string(name(tested.param)); });

TEST(SceneTruth, AnOvertakerIsAnEventWithAllItsFields) {
  SceneConfig config = bare_road();
  config.vehicles = {overtaker()};
  const nlohmann::ordered_json truth = truth_of(config, 300);
  ASSERT_EQ(truth["events"].size(), 1u);
  EXPECT_TRUE(truth["others"].empty());
  EXPECT_EQ(truth["fps"], kFps);
  EXPECT_NEAR(truth["duration_s"].get<double>(), 10, 1e-6);
  const auto& event = truth["events"][0];
  EXPECT_EQ(event["class"], "car");
  EXPECT_EQ(event["side"], "right");  // right-hand traffic passes on the rider's left
  EXPECT_FALSE(event.contains("pass_seen"));
  const double visible = event["t_visible_s"];
  const double pass = event["t_pass_s"];
  EXPECT_LT(visible, 1.5);
  // 70 m at 10 m/s faster, and a little until the back is out of sight.
  EXPECT_GT(pass, 6.5);
  EXPECT_LT(pass, 9);
  const auto& box = event["box_at_pass"];
  EXPECT_EQ(box[0].get<int>() + box[2].get<int>(), kPictureSize.width);
  EXPECT_NEAR(event["lateral_m"].get<double>(), 1.5, 0.2);
  EXPECT_NEAR(event["closing_mps"].get<double>(), 10, 0.6);
  EXPECT_DOUBLE_EQ(event["track"].front()[0], visible);
  EXPECT_NEAR(event["track"].back()[0].get<double>(), pass, 0.11);
}

TEST(SceneTruth, SidesFollowTheRuleOfTheRoad) {
  SceneConfig config = bare_road();
  config.left_hand_traffic = true;
  config.vehicles = {overtaker()};
  EXPECT_EQ(truth_of(config, 270, 3)["events"].at(0)["side"], "left");
  config = bare_road();
  config.vehicles = {overtaker(VehicleClass::kMotorcycle)};
  config.vehicles[0].lateral_m = -0.7;  // squeezes through on the kerb's side
  EXPECT_EQ(truth_of(config, 270, 3)["events"].at(0)["side"], "left");
}

TEST(SceneTruth, TheBoxGrowsAsTheDistanceShrinks) {
  SceneConfig config = bare_road();
  config.vehicles = {overtaker(VehicleClass::kVan)};
  const nlohmann::ordered_json truth = truth_of(config, 300, 3);
  const auto& track = truth["events"].at(0)["track"];
  int checked = 0;
  constexpr std::size_t kAside = 7;  // boxes are whole pixels: a long base
  for (std::size_t i = kAside; i + kAside < track.size(); ++i) {
    const double distance = track[i][5];
    if (distance < 9 || distance > 28) continue;
    const auto height = [&](std::size_t k) { return track[k][4].get<double>(); };
    const auto at = [&](std::size_t k) { return track[k][0].get<double>(); };
    const double growth = (std::log(height(i + kAside)) - std::log(height(i - kAside))) /
                          (at(i + kAside) - at(i - kAside));
    const double closing =
        (track[i - kAside][5].get<double>() - track[i + kAside][5].get<double>()) /
        (at(i + kAside) - at(i - kAside));
    EXPECT_NEAR(1 / growth, distance / closing, 0.25 * distance / closing) << distance;
    ++checked;
  }
  EXPECT_GT(checked, 10);
}

TEST(SceneTruth, OthersAreNoEventsAndSayWhy) {
  SceneConfig config = bare_road();
  const auto add = [&](Behaviour behaviour, double start_s) -> ScriptedVehicle& {
    ScriptedVehicle plan;
    plan.behaviour = behaviour;
    plan.start_s = start_s;
    plan.look = 1;
    config.vehicles.push_back(plan);
    return config.vehicles.back();
  };
  add(Behaviour::kParked, 0).other_side = true;
  add(Behaviour::kParked, 0).distance_m = -10;
  add(Behaviour::kOncoming, 1).speed_mps = 12;
  add(Behaviour::kFallBack, 2).speed_mps = 3;
  ScriptedVehicle& tail = add(Behaviour::kFollow, 12);
  tail.distance_m = 14;
  tail.gap_m = 14;
  const nlohmann::ordered_json truth = truth_of(config, 700, 3);
  EXPECT_TRUE(truth["events"].empty()) << truth["events"].dump();
  std::multiset<std::string> kinds;
  for (const auto& other : truth["others"]) {
    kinds.insert(other["kind"]);
    EXPECT_LT(other["t0_s"].get<double>(), other["t1_s"].get<double>());
    EXPECT_FALSE(other["track"].empty());
  }
  EXPECT_EQ(kinds, (std::multiset<std::string>{"parked", "parked", "oncoming carriageway",
                                               "receding", "same speed"}));
}

TEST(SceneTruth, OneThatIsHiddenIsNotVisibleYet) {
  SceneConfig config = bare_road();
  ScriptedVehicle truck = overtaker(VehicleClass::kTruck);
  truck.speed_mps = 11;
  truck.distance_m = 30;
  ScriptedVehicle car = overtaker();
  car.distance_m = 50;  // right behind the truck
  car.speed_mps = 11;
  config.vehicles = {truck, car};
  const nlohmann::ordered_json truth = truth_of(config, 420, 3);
  ASSERT_EQ(truth["events"].size(), 2u);
  EXPECT_LT(truth["events"][0]["t_visible_s"], 0.2);
  EXPECT_GT(truth["events"][1]["t_visible_s"], 1.0);
}

TEST(SceneTruth, AClipThatEndsTooSoonSaysSo) {
  SceneConfig config = bare_road();
  config.vehicles = {overtaker()};
  const nlohmann::ordered_json near = truth_of(config, 190);  // about 7 m left
  ASSERT_EQ(near["events"].size(), 1u);
  EXPECT_EQ(near["events"][0]["pass_seen"], false);
  const nlohmann::ordered_json far = truth_of(config, 60);
  EXPECT_TRUE(far["events"].empty());
  EXPECT_EQ(far["others"].at(0)["kind"], "closing, no pass");
}

TEST(TruthLog, StaysBoundedForAsLongAsACameraRuns) {
  TruthLog log(kPictureSize, kFps);
  Vehicle vehicle;
  vehicle.plan.behaviour = Behaviour::kOvertake;
  TruthLog::Sight sight;
  sight.vehicle = &vehicle;
  sight.seen = {100, 100, 140, 130, 900};
  sight.whole = cv::Rect2f(100, 100, 41, 31);
  double t = 0;
  for (std::uint64_t id = 1; id <= 2500; ++id) {
    vehicle.id = id;
    for (const double distance : {30.0, 10.0, 0.0}) {
      sight.distance_m = distance;
      sight.closing_mps = 10;
      log.frame(t += 1, {sight});
    }
    log.gone(id);
  }
  vehicle.id = 9999;  // and one that stays in sight for a day
  sight.distance_m = 20;
  sight.closing_mps = 0;
  for (int i = 0; i < 86400 * 2; ++i) log.frame(t += 0.5, {sight});
  const nlohmann::ordered_json json = log.json();
  EXPECT_EQ(json["events"].size(), TruthLog::kMostEvents);
  EXPECT_EQ(json["events"].back()["id"], 2500);  // the newest are kept
  ASSERT_EQ(json["others"].size(), 1u);
  EXPECT_LE(json["others"][0]["track"].size(), TruthLog::kMostTrackPoints);
  EXPECT_GT(json["others"][0]["track"].size(), TruthLog::kMostTrackPoints / 3);
}

}  // namespace
}  // namespace rearview::camera
