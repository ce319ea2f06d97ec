#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>
#include <string>
#include <utility>
#include <vector>

#include "analyse/chain/stage_table.h"
#include "base/temporary_folder.h"
#include "tests/analyse/frames.h"
#include "tests/analyse/tiny_network.h"
#include "tests/support/stage_harness.h"
#include "types/json.h"

namespace rearview {
namespace {

/// Every stage that can be configured, each with the settings it can't do without.
class StageContractTest : public testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Stage> stage() const {
    nlohmann::json json = {{"type", GetParam()}};
    if (GetParam() == "onnx") {
      json["model"] = test::write_tiny_yolox(folder_ / "tiny.onnx", 1).string();
      json["input"] = {{"width", 32}, {"height", 32}};
      json["classes"] = {{"0", "car"}};
    }
    if (GetParam() == "external") json["listen"] = "unix:" + (folder_ / "boxes.sock").string();
    ConfigReader config(json, (folder_ / "rearview.json").string());
    auto made = make_stage(config);
    config.finish();
    return made;
  }

  const TemporaryFolder temporary_;
  std::filesystem::path folder_ = temporary_.path();
};

/// A textured road that moves away, on which something dark grows.
Planes picture(cv::Size size, int index) {
  Planes planes = test::flat_planes(size, 0, 120, 135);
  for (int y = 0; y < size.height; ++y) {
    std::uint8_t* row = planes.y.ptr(y);
    for (int x = 0; x < size.width; ++x) {  // tiles of many greys
      const unsigned tile = static_cast<unsigned>((y - index + 64) / 8 * 131 + x / 8);
      row[x] = static_cast<std::uint8_t>(60 + tile * 2654435761U % 140);
    }
  }
  const double scale = std::min(0.8, 0.1 * std::exp(0.02 * index));
  const cv::Size grown(static_cast<int>(size.width * scale), static_cast<int>(size.height * scale));
  if (!grown.empty())
    planes.y(cv::Rect({(size.width - grown.width) / 2, (size.height - grown.height) / 2}, grown))
        .setTo(30);
  return planes;
}

/// What stages before it may have left: a detection and a track on what grows.
Analysis before(const Frame& frame, const std::string& type) {
  Analysis analysis;
  analysis.seq = frame.seq;
  analysis.epoch = frame.epoch;
  analysis.t_s = frame.t_s;
  const cv::Rect2f box(
      static_cast<float>(frame.width()) * 0.4F, static_cast<float>(frame.height()) * 0.4F,
      static_cast<float>(frame.width()) * 0.2F, static_cast<float>(frame.height()) * 0.2F);
  analysis.detections.push_back({.box = box,
                                 .score = 0.8F,
                                 .vehicle_class = VehicleClass::car,
                                 .detector = "test",
                                 .growth_per_s = std::nullopt});
  if (type != "tracker") {
    Track track;
    track.id = 1;
    track.vehicle_class = VehicleClass::car;
    track.score = 0.8F;
    track.box = box;
    track.detections = 10;
    analysis.tracks.push_back(track);
  }
  return analysis;
}

std::string outcome(const Analysis& analysis) {
  std::string text = to_json(analysis).dump();
  for (const Alert& alert : analysis.alerts) text += to_json(alert).dump();
  for (const Detection& d : analysis.detections)
    text += " " + std::to_string(d.box.x) + " " + std::to_string(d.box.y) + " " +
            std::to_string(d.box.width) + " " + std::to_string(d.score);
  return text;
}

bool same(const Planes& a, const Planes& b) {
  return cv::norm(a.y, b.y, cv::NORM_INF) == 0 && cv::norm(a.u, b.u, cv::NORM_INF) == 0 &&
         cv::norm(a.v, b.v, cv::NORM_INF) == 0;
}

TEST_P(StageContractTest, LeavesThePixelsAlone) {
  const auto tested = stage();
  test::Shown shown;
  for (int i = 0; i < 40; ++i) {
    const Planes planes = picture({320, 180}, i);
    const Planes copy = picture({320, 180}, i);
    const FramePtr frame = test::frame_at(i / 30.0, static_cast<std::uint64_t>(i), planes);
    Analysis analysis = before(*frame, GetParam());
    shown.show(*tested, *frame, analysis);
    ASSERT_TRUE(same(planes, copy)) << "frame " << i;
  }
}

TEST_P(StageContractTest, KeepsNoPixels) {
  // Whoever keeps a view of a picture that has gone sees something else: what it says then differs
  // from what it says when all pictures stay as they were.
  const auto run = [&](bool spoil) {
    const auto tested = stage();
    test::Shown shown;
    std::vector<Planes> kept;
    std::vector<std::string> outcomes;
    for (int i = 0; i < 40; ++i) {
      kept.push_back(picture({320, 180}, i));
      Planes& planes = kept.back();
      {
        const FramePtr frame = test::frame_at(i / 30.0, static_cast<std::uint64_t>(i), planes);
        Analysis analysis = before(*frame, GetParam());
        shown.show(*tested, *frame, analysis);
        outcomes.push_back(outcome(analysis));
      }
      if (spoil) {
        for (cv::Mat* plane : {&planes.y, &planes.u, &planes.v}) plane->setTo(i * 37 % 256);
      }
    }
    return outcomes;
  };
  EXPECT_EQ(run(false), run(true));
}

TEST_P(StageContractTest, TakesAnySizeAnyRangeGapsAndJumps) {
  const auto tested = stage();
  test::Shown shown;
  std::uint64_t seq = 0;
  double t_s = 0;
  for (const cv::Size size : {cv::Size(640, 360), cv::Size(641, 361), cv::Size(64, 48),
                              cv::Size(2, 2), cv::Size(1280, 720), cv::Size(360, 640)}) {
    for (int i = 0; i < 12; ++i) {
      Planes planes = picture(size, i);
      planes.full_range = i % 2 == 1;
      seq += i % 5 == 4 ? 7 : 1;
      t_s += i % 5 == 4 ? 0.3 : i % 7 == 6 ? 0 : 1 / 30.0;
      const FramePtr frame = test::frame_at(t_s, seq, planes);
      Analysis analysis = before(*frame, GetParam());
      ASSERT_NO_THROW(shown.show(*tested, *frame, analysis)) << size << " frame " << i;
      for (const Track& track : analysis.tracks) {
        ASSERT_TRUE(std::isfinite(track.box.area())) << size;
      }
    }
    tested->reset();
    t_s = 0;
  }
}

TEST_P(StageContractTest, LeavesWhatOthersDetected) {
  const auto tested = stage();
  test::Shown shown;
  for (int i = 0; i < 10; ++i) {
    const FramePtr frame =
        test::frame_at(i / 30.0, static_cast<std::uint64_t>(i), picture({320, 180}, i));
    Analysis analysis = before(*frame, GetParam());
    shown.show(*tested, *frame, analysis);
    ASSERT_FALSE(analysis.detections.empty());
    EXPECT_EQ(analysis.detections[0].detector, "test");
    EXPECT_EQ(analysis.detections[0].box, before(*frame, GetParam()).detections[0].box);
  }
}

TEST_P(StageContractTest, WritesNothingButWhatItDeclares) {
  auto tested = stage();
  const Facts writes = tested->type().writes;
  test::StageHarness harness(std::move(tested), [](const Frame& frame, Analysis& analysis) {
    analysis = before(frame, GetParam());
  });
  for (int i = 0; i < 40; ++i) {
    const FramePtr frame =
        test::frame_at(i / 30.0, static_cast<std::uint64_t>(i) + 1, picture({320, 180}, i));
    const Analysis given = before(*frame, GetParam());
    const Analysis analysis = harness.step(*frame);
    ASSERT_NE(analysis.state, AnalysisState::failed) << analysis.text;
    const bool looked = analysis.state == AnalysisState::ok;
    if (!looked) {
      EXPECT_EQ(analysis.road, Road::blind);
      EXPECT_FALSE(analysis.text.empty());
    }
    if (!writes.has(Fact::detections)) {
      EXPECT_EQ(analysis.detections.size(), given.detections.size());
    }
    if (!writes.has(Fact::tracks) && !writes.has(Fact::road)) {
      EXPECT_EQ(analysis.tracks.size(), given.tracks.size());
    }
    if (looked && !writes.has(Fact::road) && !writes.has(Fact::sight)) {
      EXPECT_EQ(analysis.road, Road::unknown);
      EXPECT_TRUE(analysis.alerts.empty());
      EXPECT_TRUE(analysis.text.empty());
    }
    EXPECT_TRUE(writes.has(Fact::road) || analysis.road != Road::clear);
  }
}

INSTANTIATE_TEST_SUITE_P(All, StageContractTest, testing::ValuesIn(stage_types()),
                         [](const auto& stage_type) { return stage_type.param; });

TEST(StageTable, HoldsEveryStage) {
  const std::vector<std::string> types = stage_types();
  for (const char* type : {"view", "onnx", "external", "looming", "tracker", "approach"})
    EXPECT_NE(std::find(types.begin(), types.end(), type), types.end()) << type;
}

std::string config_refusal(const nlohmann::json& json) {
  ConfigReader config(json, "rearview.json", "/cameras/0/stages/0");
  try {
    make_stage(config);
    config.finish();
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return "no error";
}

TEST(StageTable, RefusesWhatIsNotInIt) {
  EXPECT_EQ(config_refusal({{"type", "radar"}})
                .find("rearview.json: /cameras/0/stages/0/type: \"radar\""),
            0U);
  EXPECT_NE(config_refusal(nlohmann::json::object()).find("/type: is missing"), std::string::npos);
  EXPECT_NE(config_refusal({{"type", "tracker"}, {"coast", 1}}).find("/coast: unknown key"),
            std::string::npos);
}

}  // namespace
}  // namespace rearview
