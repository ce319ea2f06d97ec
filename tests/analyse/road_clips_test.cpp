#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "analyse/analyser.h"
#include "analyse/box_decoder.h"
#include "analyse/stage_table.h"
#include "receive/recording_reader.h"

// The chain that needs no weights, on real roads.

namespace rearview {
namespace {

std::filesystem::path clips() {
  const char* assets = std::getenv("REARVIEW_ASSETS");
  return assets ? std::filesystem::path(assets) / "clips" : std::filesystem::path();
}

std::vector<Alert> warnings(const std::string& clip) {
  std::vector<std::unique_ptr<Stage>> stages;
  for (const char* type : {"view", "looming", "tracker", "approach"}) {
    const nlohmann::json json{{"type", type}};
    ConfigReader reader(json, "test");
    stages.push_back(make_stage(reader));
  }
  Analyser analyser("rear", std::move(stages));
  RecordingReader recording((clips() / (clip + ".h264")).string(), 30, 1);
  std::vector<Alert> found;
  while (const FramePtr frame = recording.next()) {
    for (const Alert& alert : analyser.analyse(*frame).alerts) {
      if (alert.kind == AlertKind::vehicle_approaching || alert.kind == AlertKind::fast_approach)
        found.push_back(alert);
    }
  }
  return found;
}

std::string listed(const std::vector<Alert>& alerts) {
  std::ostringstream text;
  for (const Alert& alert : alerts)
    text << "\n  " << alert.t_s << " s, box " << alert.box << ", growth "
         << (alert.reason ? alert.reason->growth_per_s : 0);
  return text.str();
}

class EmptyRoad : public testing::TestWithParam<const char*> {};

TEST_P(EmptyRoad, RaisesNoAlert) {
  if (clips().empty()) GTEST_SKIP() << "REARVIEW_ASSETS is not set";
  const std::vector<Alert> found = warnings(GetParam());
  EXPECT_TRUE(found.empty()) << listed(found);
}

INSTANTIATE_TEST_SUITE_P(Clips, EmptyRoad,
                         testing::Values("erin_road_rev", "ud_night_rev", "ud_small2_rev"),
                         [](const auto& clip) { return std::string(clip.param); });

class BusyRoad : public testing::TestWithParam<const char*> {};

TEST_P(BusyRoad, EveryPassingVehicleIsFoundInItsPlace) {
  if (clips().empty()) GTEST_SKIP() << "REARVIEW_ASSETS is not set";
  std::ifstream file(clips() / (std::string(GetParam()) + ".truth.json"));
  const nlohmann::json truth = nlohmann::json::parse(file);
  const std::vector<Alert> found = warnings(GetParam());
  for (const nlohmann::json& event : truth.at("events")) {
    bool hit = false;
    for (const Alert& alert : found) {
      if (alert.t_s > event.at("t_pass_s").get<double>()) continue;
      for (const nlohmann::json& at : event.at("track")) {
        if (std::abs(at.at(0).get<double>() - alert.t_s) > 0.11) continue;
        const cv::Rect2f box(at.at(1), at.at(2), at.at(3), at.at(4));
        hit = hit || iou(alert.box, box) >= 0.25F;
      }
    }
    EXPECT_TRUE(hit) << "event " << event.at("id") << " among alerts" << listed(found);
  }
}

INSTANTIATE_TEST_SUITE_P(Clips, BusyRoad,
                         testing::Values("ud_solidWhiteRight_rev", "ud_project_cut_rev"),
                         [](const auto& clip) { return std::string(clip.param); });

}  // namespace
}  // namespace rearview
