#include "serve/status_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "types/json.h"

namespace rearview {
namespace {

CameraView live() {
  CameraView camera;
  camera.status.name = "rear";
  camera.status.state = CameraState::live;
  camera.status.road = Road::clear;
  camera.analysis_age_s = 0.1;
  camera.analysis_stale = false;
  return camera;
}

TEST(RoadOf, IsClearOnlyWithAFreshAnalysisThatWorks) {
  CameraView camera = live();
  EXPECT_EQ(road_of(camera), Road::clear);
  camera.analysis_stale = true;
  EXPECT_EQ(road_of(camera), Road::no_signal);
  camera = live();
  camera.status.analysis = AnalysisState::failed;
  EXPECT_EQ(road_of(camera), Road::no_signal);
}

TEST(CameraProblem, SaysWhatIsWrongInWords) {
  CameraView camera = live();
  EXPECT_EQ(camera_problem(camera), "");
  camera.analysis_stale = true;
  camera.analysis_age_s = 3.21;
  EXPECT_EQ(camera_problem(camera), "pictures arrive, but none was analysed for 3.2 s");
  camera.analysis_age_s.reset();
  EXPECT_EQ(camera_problem(camera), "pictures arrive, but none has been analysed yet");
  camera = live();
  camera.status.state = CameraState::blind;
  camera.status.text = "dark";
  EXPECT_EQ(camera_problem(camera), "blind: dark");
  EXPECT_EQ(analysis_problem(camera), "");
}

TEST(CameraJson, SurvivesTextThatIsNotUtf8) {
  CameraView camera = live();
  camera.status.text = "bad \xff byte";
  EXPECT_NE(dump(to_json(camera)).find("bad "), std::string::npos);
}

}  // namespace
}  // namespace rearview
