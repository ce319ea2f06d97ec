#include "types/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace rearview {
namespace {

Alert example_alert() {
  Alert alert;
  alert.id = 42;
  alert.camera = "rear";
  alert.time = WallTime(std::chrono::milliseconds(1'795'338'000'123));
  alert.t_s = 41.1334;
  alert.kind = AlertKind::vehicle_approaching;
  alert.level = AlertLevel::warning;
  alert.about = AlertApproach{{.track_id = 7,
                               .vehicle_class = VehicleClass::car,
                               .box = {301.5F, 170.2F, 48.0F, 39.1F},
                               .distance_m = 21.04,
                               .closing_mps = 6.2,
                               .side = Side::left,
                               .lateral_m = 1.4},
                              3.4,
                              0.93,
                              Explanation::going_along,
                              AlertReason{0.29, 0.8, 9}};
  alert.position = Position{48.1371549, -11.5754321, 3.64};
  alert.rider_speed_mps = 6.944;
  alert.epoch = 1;
  alert.frame_seq = 1234;
  alert.latency = {2.1, 24.0, 29.3};
  return alert;
}

TEST(Json, AlertIsTheDocumentedMessageToTheLetter) {
  EXPECT_EQ(
      to_json(example_alert()).dump(),
      R"({"type":"alert","id":42,"camera":"rear","time":"2026-11-22T09:00:00.123Z","t_s":41.133,)"
      R"("kind":"vehicle_approaching","level":"warning","track_id":7,"class":"car",)"
      R"("box":{"x":301.5,"y":170.2,"w":48.0,"h":39.1},"ttc_s":3.4,"probability":0.93,)"
      R"("rival":"going_along","distance_m":21.0,"closing_mps":6.2,"side":"left","lateral_m":1.4,)"
      R"("position":{"lat":48.137155,"lon":-11.575432,"accuracy_m":3.6},"rider_speed_mps":6.94,)"
      R"("reason":{"growth_per_s":0.29,"bearing_deg_per_s":0.8,"confirmed_frames":9},)"
      R"("epoch":1,"frame_seq":1234,"latency_ms":{"decode":2.1,"analyse":24.0,"total":29.3}})");
}

TEST(Json, AnalysisIsTheDocumentedMessageToTheLetter) {
  Analysis analysis;
  analysis.camera = "rear";
  analysis.epoch = 1;
  analysis.seq = 1234;
  analysis.time = WallTime(std::chrono::milliseconds(1'795'338'000'123));
  analysis.t_s = 41.133;
  analysis.road = Road::approaching;
  analysis.latency = {2.1, 24.0, 29.3};
  analysis.view = {.vanishing = {322.4F, 158},
                   .vanishing_sigma_px = 2.1,
                   .focal_px = 457,
                   .pitch_deg = -2.8,
                   .camera_height_m = 0.92};
  Track track;
  track.id = 7;
  track.vehicle_class = VehicleClass::car;
  track.score = 0.81F;
  track.box = {301.5F, 170.2F, 48.0F, 39.1F};
  track.motion = Motion::approaching;
  track.threat = 1;
  track.ttc_s = 3.4;
  track.ttc_sigma_s = 0.4;
  track.trend = Trend::steady;
  track.side = Side::left;
  analysis.tracks.push_back(track);
  EXPECT_EQ(
      to_json(analysis).dump(),
      R"({"type":"analysis","camera":"rear","epoch":1,"seq":1234,)"
      R"("time":"2026-11-22T09:00:00.123Z","t_s":41.133,"state":"ok","road":"approaching",)"
      R"("text":"","view":{"vanishing_x":322.4,"horizon_y":158.0,"horizon_sigma_px":2.1,)"
      R"("focal_px":457.0,"pitch_deg":-2.8,"camera_height_m":0.92,"camera_height_sigma_m":null},)"
      R"("tracks":[{"id":7,"class":"car","score":0.81,)"
      R"("box":{"x":301.5,"y":170.2,"w":48.0,"h":39.1},"motion":"approaching","threat":1,)"
      R"("ttc_s":3.4,"ttc_sigma_s":0.4,"distance_m":null,"closing_mps":null,"trend":"steady",)"
      R"("side":"left","lateral_m":null,"unseen_s":0.0}],"latency_ms":{"decode":2.1,"analyse":24.0,"total":29.3}})");
}

TEST(Json, WhatIsNotFiniteIsNull) {
  Alert alert = example_alert();
  auto& about = std::get<AlertApproach>(alert.about);
  about.ttc_s = std::numeric_limits<double>::infinity();
  about.distance_m = std::nan("");
  about.closing_mps = -0.0001;
  const auto json = to_json(alert);
  EXPECT_TRUE(json.at("ttc_s").is_null());
  EXPECT_TRUE(json.at("distance_m").is_null());
  EXPECT_EQ(json.at("closing_mps").dump(), "0.0");
}

TEST(Json, AnAlertOfTheCameraNamesNoVehicle) {
  Alert alert;
  alert.kind = AlertKind::camera_lost;
  alert.text = "read timed out";
  const auto json = to_json(alert);
  for (const char* key : {"track_id", "class", "box", "ttc_s", "reason"})
    EXPECT_TRUE(json.at(key).is_null()) << key;
  EXPECT_EQ(json.at("text"), "read timed out");
}

TEST(Json, AnAlertIsReadBackAsItWas) {
  Alert lost;
  lost.kind = AlertKind::camera_lost;
  lost.text = "read timed out";
  lost.about = AlertBlindness{1.25};
  EXPECT_EQ(to_json(lost).at("blind_s"), 1.25);
  Alert back;
  back.kind = AlertKind::camera_back;
  Alert pass = example_alert();
  pass.kind = AlertKind::close_pass;
  pass.about = AlertPass{{.track_id = 7, .lateral_m = 1.2}, 44.5};
  EXPECT_EQ(to_json(pass).at("pass_t_s"), 44.5);
  for (const Alert& alert : {example_alert(), lost, back, pass}) {
    const std::string text = to_json(alert).dump();
    EXPECT_EQ(to_json(alert_from_json(nlohmann::json::parse(text))).dump(), text);
  }
}

TEST(Json, WhatIsNoAlertIsRefused) {
  const auto good = nlohmann::json::parse(to_json(example_alert()).dump());
  for (const auto& [key, value] : good.items()) {
    if (key == "type") continue;
    auto wrong = good;
    wrong[key] = nlohmann::json::array({1});
    EXPECT_THROW(alert_from_json(wrong), std::runtime_error) << key;
    auto without = good;
    without.erase(key);
    if (key == "ttc_s" || key == "probability" || key == "rival" || key == "distance_m" ||
        key == "closing_mps" || key == "lateral_m" || key == "position" ||
        key == "rider_speed_mps" || key == "reason")
      EXPECT_TRUE(to_json(alert_from_json(without)).at(key).is_null()) << "it isn't known";
    else
      EXPECT_THROW(alert_from_json(without), std::runtime_error) << key;
  }
}

TEST(Json, AKeptAlertsMessageHasWhatIsKeptOfIt) {
  const KeptAlert alert = kept(example_alert(), {.has_clip = true, .ride = 3});
  EXPECT_EQ(*alert.json, to_json(example_alert()).dump());
  std::string message = *alert.json;
  message.pop_back();
  EXPECT_EQ(
      message_of(alert),
      message + R"(,"locked":false,"has_snapshot":false,"has_clip":true,"ride":3,"mark":null})");
}

}  // namespace
}  // namespace rearview
