#include "analyse/network/onnx_detector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/error.h"
#include "base/temporary_folder.h"
#include "tests/analyse/frames.h"
#include "tests/analyse/tiny_network.h"

namespace rearview {
namespace {

using testing::HasSubstr;

class OnnxDetectorTest : public testing::Test {
 protected:
  OnnxSettings tiny(int classes = 1) const {
    OnnxSettings settings;
    settings.model = test::write_tiny_yolox(folder_ / "tiny.onnx", classes);
    settings.input = {32, 32};
    settings.classes = {{0, VehicleClass::van}};
    return settings;
  }

  static std::vector<Detection> detections(Stage& stage, const Planes& planes) {
    Analysis analysis;
    test::Shown().show(stage, *test::frame_at(0, 0, planes), analysis);
    return analysis.detections;
  }

  /// At which of so many pictures, all of them alike, it found something: x, else -.
  static std::string looks(Stage& stage, int pictures) {
    std::string looked;
    for (int i = 0; i < pictures; ++i)
      looked += detections(stage, test::flat_planes({64, 64}, 235)).empty() ? '-' : 'x';
    return looked;
  }

  template <typename Make>
  static std::string message(Make make) {
    try {
      make();
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return "no error";
  }

  std::unique_ptr<Stage> configured(const std::string& json) const {
    const nlohmann::json value = nlohmann::json::parse(json);
    ConfigReader config(value, (folder_ / "rearview.json").string(), "/stages/0");
    auto stage = OnnxDetector::kType.make(config);
    config.finish();
    return stage;
  }

  const TemporaryFolder temporary_;
  std::filesystem::path folder_ = temporary_.path();
};

TEST_F(OnnxDetectorTest, RunsTheModelAndReportsInPixelsOfTheFrame) {
  OnnxDetector stage(tiny());
  const auto found = detections(stage, test::flat_planes({320, 320}, 235));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].vehicle_class, VehicleClass::van);
  EXPECT_EQ(found[0].detector, "onnx");
  EXPECT_NEAR(found[0].score, 1, 0.01);
  EXPECT_NEAR(found[0].box.x, 0, 0.01);
  EXPECT_NEAR(found[0].box.width, 80, 0.01);
  EXPECT_NEAR(found[0].box.height, 80, 0.01);
}

TEST_F(OnnxDetectorTest, ReportsNothingBelowTheThreshold) {
  OnnxSettings settings = tiny();
  settings.score_threshold = 0.5;
  OnnxDetector stage(settings);
  EXPECT_TRUE(detections(stage, test::flat_planes({320, 320}, 60)).empty());
  EXPECT_EQ(detections(stage, test::flat_planes({320, 320}, 200)).size(), 1U);
}

TEST_F(OnnxDetectorTest, LooksAtEveryNthFrameFromItsOffset) {
  OnnxSettings settings = tiny();
  settings.every = 3;
  settings.offset = 1;
  OnnxDetector stage(settings);
  EXPECT_EQ(looks(stage, 7), "-x--x--");
  Analysis analysis;
  test::Shown().show(stage, *test::frame_at(0, 0, test::flat_planes({64, 64}, 235)), analysis);
  EXPECT_FALSE(analysis.detector_rested);
  test::Shown().show(stage, *test::frame_at(0, 0, test::flat_planes({64, 64}, 235)), analysis);
  EXPECT_TRUE(analysis.detector_rested) << "what it would have found isn't known";
  stage.reset();
  EXPECT_EQ(looks(stage, 2), "-x");
}

// One picture in three is analysed, 10 a second: there is time for half of the looks.
TEST_F(OnnxDetectorTest, LooksSeldomerWhereTheMachineIsTooSlow) {
  OnnxSettings settings = tiny();
  settings.pace = NetworkPace::automatic;
  OnnxDetector stage(settings);
  Analysis first;
  test::Shown().show(stage, *test::frame_at(0, 0, test::flat_planes({64, 64}, 235)), first);
  ASSERT_TRUE(first.pace);
  EXPECT_EQ(first.pace->every, 1);
  EXPECT_EQ(first.pace->input_px, cv::Size(32, 32));
  std::string looked;
  for (std::uint64_t seq = 3; seq < 90; seq += 3) {
    Analysis analysis;
    test::Shown().show(
        stage,
        *test::frame_at(static_cast<double>(seq) / 30, seq, test::flat_planes({64, 64}, 235)),
        analysis);
    looked += analysis.detector_rested ? '-' : 'x';
    EXPECT_EQ(analysis.pace->every, seq < 60 ? 1 : 2);
  }
  EXPECT_EQ(looked.substr(0, 20), std::string(20, 'x'));
  EXPECT_EQ(looked.substr(20, 8), "-x-x-x-x");
}

TEST_F(OnnxDetectorTest, TheNetworkOfTheProjectLooksAtASmallerInputToo) {
  OnnxSettings settings;
  settings.model = REARVIEW_SOURCE_MODELS "/rearview_vehicle.onnx";
  settings.classes = {{0, VehicleClass::car}};
  settings.pace = NetworkPace::automatic;
  OnnxDetector stage(settings);
  std::optional<DetectorPace> pace;
  for (std::uint64_t seq = 0; seq < 180; seq += 3) {
    Analysis analysis;
    test::Shown().show(
        stage,
        *test::frame_at(static_cast<double>(seq) / 30, seq, test::flat_planes({64, 64}, 235)),
        analysis);
    pace = analysis.pace;
  }
  ASSERT_TRUE(pace);
  EXPECT_EQ(pace->input_px, cv::Size(288, 192));
  EXPECT_EQ(pace->every, 2);
}

TEST_F(OnnxDetectorTest, LooksSeldomWhileNothingMoves) {
  OnnxSettings settings = tiny();
  settings.still_every = 5;
  OnnxDetector stage(settings);
  const auto looks_from = [&](int from, int to) {
    std::string looked;
    for (int i = from; i < to; ++i) {
      Planes planes = test::flat_planes({64, 64}, 235);
      planes.y = planes.y.clone();
      planes.y(cv::Rect(0, 0, 16, 16)) = 100 + i % 3;                                 // noise
      if (i >= 12) planes.y(cv::Rect(3 * (i - 12), 40, 8, 8)) = cv::Scalar::all(80);  // it moves
      looked += detections(stage, planes).empty() ? '-' : 'x';
    }
    return looked;
  };
  EXPECT_EQ(looks_from(0, 18), "x----x----x-xxxxxx");
  stage.reset();
  EXPECT_EQ(looks_from(0, 3), "x--");
}

TEST_F(OnnxDetectorTest, StillnessKeepsToTheTurnsOfTheCadence) {
  OnnxSettings settings = tiny();
  settings.every = 2;
  settings.still_every = 5;
  OnnxDetector stage(settings);
  EXPECT_EQ(looks(stage, 13), "x-----x-----x");
}

// Nobody is ever followed: a vehicle is dropped before it was seen for the second time.
TEST_F(OnnxDetectorTest, TooFewLooksASecondAreBlind) {
  const auto shown = [&](int every, int still_every, double pictures_per_s) {
    OnnxSettings settings = tiny();
    settings.every = every;
    settings.still_every = still_every;
    OnnxDetector stage(settings);
    Analysis last;
    for (int n = 0; n < static_cast<int>(4 * pictures_per_s); ++n) {
      last = Analysis();
      const auto seq = static_cast<std::uint64_t>(n) + 1;
      test::Shown().show(
          stage, *test::frame_at(n / pictures_per_s, seq, test::flat_planes({64, 64}, 60)), last);
    }
    return last;
  };
  const Analysis seldom = shown(12, 1, 30);
  EXPECT_EQ(seldom.road, Road::blind);
  EXPECT_EQ(seldom.state, AnalysisState::degraded);
  EXPECT_THAT(seldom.text, HasSubstr("too seldom to warn"));
  EXPECT_EQ(shown(6, 1, 30).road, Road::unknown);
  EXPECT_EQ(shown(6, 1, 15).road, Road::blind);
  EXPECT_EQ(shown(1, 30, 30).road, Road::unknown) << "nothing moves that could have come";
}

TEST_F(OnnxDetectorTest, DropsBoxesThatTheRegionCutsButNotThoseThatThePictureCuts) {
  OnnxSettings settings = tiny();
  settings.region = {0, 0, 0.5, 0.5};  // its top left corner is the picture's
  OnnxDetector at_corner(settings);
  EXPECT_EQ(detections(at_corner, test::flat_planes({320, 320}, 235)).size(), 1U);
  settings.region = {0.5, 0.5, 0.5, 0.5};
  OnnxDetector inside(settings);
  EXPECT_TRUE(detections(inside, test::flat_planes({320, 320}, 235)).empty());
}

TEST_F(OnnxDetectorTest, AMissingOrBrokenModelStopsTheStart) {
  OnnxSettings settings = tiny();
  settings.model = folder_ / "none.onnx";
  EXPECT_THAT(message([&] { OnnxDetector{settings}; }),
              HasSubstr("none.onnx is not a file that can be read"));
  settings.model = folder_ / "broken.onnx";
  std::ofstream(settings.model) << "this is no network";
  EXPECT_THAT(message([&] { OnnxDetector{settings}; }), HasSubstr("broken.onnx"));
}

TEST_F(OnnxDetectorTest, AModelOfAnotherFamilyOrSizeStopsTheStart) {
  OnnxSettings settings = tiny();
  settings.family = NetworkFamily::nanodet_plus;
  EXPECT_THAT(message([&] { OnnxDetector{settings}; }), HasSubstr("gives [1,21,6]"));
  settings = tiny();
  settings.input = {64, 64};
  EXPECT_THAT(message([&] { OnnxDetector{settings}; }), HasSubstr("64x64"));
}

TEST_F(OnnxDetectorTest, ClassesMustBeKnownAndExist) {
  OnnxSettings settings = tiny(2);
  settings.classes.clear();
  EXPECT_THAT(message([&] { OnnxDetector{settings}; }), HasSubstr("has 2 classes, not COCO's 80"));
  settings.classes = {{2, VehicleClass::car}};
  EXPECT_THAT(message([&] { OnnxDetector{settings}; }), HasSubstr("no number 2 (car)"));
  settings = tiny(80);
  settings.classes.clear();
  EXPECT_EQ(message([&] { OnnxDetector{settings}; }), "no error");
}

TEST_F(OnnxDetectorTest, IsBuiltFromConfiguration) {
  tiny(6);
  const auto stage = configured(
      R"({"model":"tiny.onnx","family":"yolox","input":{"width":32,"height":32},
          "score_threshold":0.2,"nms_iou":0.5,"classes":{"0":"truck","5":"bus"},
          "region":{"x":0,"y":0,"w":1,"h":1},"every":1,"offset":0})");
  const auto found = detections(*stage, test::flat_planes({64, 64}, 235));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].vehicle_class, VehicleClass::truck);
}

TEST_F(OnnxDetectorTest, SettingsThatDontFitAreRefusedWithTheirPlace) {
  tiny();
  const auto refused = [&](const std::string& more) {
    try {
      configured(R"({"model":"tiny.onnx","input":{"width":32,"height":32})" + more + "}");
    } catch (const UsageError& e) {
      return std::string(e.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(refused(R"(,"family":"yolov9")"), HasSubstr("/stages/0/family"));
  EXPECT_THAT(refused(R"(,"classes":{"car":"0"})"), HasSubstr("/stages/0/classes/car"));
  EXPECT_THAT(refused(R"(,"classes":{"0":"lorry"})"), HasSubstr("/stages/0/classes/0"));
  EXPECT_THAT(refused(R"(,"classes":[])"), HasSubstr("/stages/0/classes"));
  EXPECT_THAT(refused(R"(,"region":{"x":0.5,"w":0.6})"), HasSubstr("/stages/0/region/w"));
  // As good as blind:
  EXPECT_THAT(refused(R"(,"region":{"w":0.2})"), HasSubstr("/stages/0/region/w"));
  EXPECT_THAT(refused(R"(,"region":{"h":0.2})"), HasSubstr("/stages/0/region/h"));
  EXPECT_THAT(refused(R"(,"region":{"x":0.7,"w":0.3})"), HasSubstr("middle"));
  EXPECT_THAT(refused(R"(,"region":{"y":0,"h":0.3})"), HasSubstr("middle"));
  EXPECT_THAT(refused(R"(,"classes":{"0":"bicycle"})"), HasSubstr("cars"));
  EXPECT_THAT(refused(R"(,"score_threshold":0.7)"), HasSubstr("/stages/0/score_threshold"));
  EXPECT_THAT(refused(R"(,"every":2,"offset":2)"), HasSubstr("/stages/0/offset"));
  EXPECT_THAT(refused(R"(,"thresold":2)"), HasSubstr("/stages/0/thresold"));
  EXPECT_THAT(message([&] { configured("{}"); }), HasSubstr("/stages/0/model"));
  EXPECT_THAT(message([&] { configured(R"({"model":"tiny.onnx","input":{"width":33}})"); }),
              HasSubstr("/stages/0/input/width"));
}

}  // namespace
}  // namespace rearview
