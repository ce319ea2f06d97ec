#include "analyse/chain/stage_chain.h"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>
#include <string>

#include "analyse/chain/stage_table.h"
#include "base/error.h"
#include "tests/analyse/frames.h"
#include "tests/support/stage_harness.h"

namespace rearview {
namespace {

using test::flat_planes;
using test::GivenStage;

/// Judges the road by what a test says, and counts its resets.
class Judge : public GivenStage {
 public:
  Judge(int& resets, Act act) : GivenStage({Fact::road}, std::move(act)), resets_(resets) {}
  void reset() noexcept override { ++resets_; }

 private:
  int& resets_;
};

class StageChainTest : public testing::Test {
 protected:
  StageChain chain_with(GivenStage::Act act) {
    std::vector<std::unique_ptr<Stage>> stages;
    stages.push_back(std::make_unique<Judge>(resets_, std::move(act)));
    return StageChain("rear", std::move(stages));
  }
  /// A stage that writes `writes` by act, before one that judges the road.
  static StageChain chain_before_judge(Facts writes, GivenStage::Act act) {
    std::vector<std::unique_ptr<Stage>> stages;
    stages.push_back(std::make_unique<GivenStage>(writes, std::move(act)));
    stages.push_back(std::make_unique<GivenStage>(Facts{Fact::road}));
    return StageChain("rear", std::move(stages));
  }
  static FramePtr frame(double t_s, std::uint32_t epoch = 1) {
    static std::uint64_t seq = 0;
    auto made = std::make_shared<Frame>(flat_planes({64, 36}, 100));
    made->seq = ++seq;
    made->t_s = t_s;
    made->epoch = epoch;
    return made;
  }
  int resets_ = 0;
};

TEST_F(StageChainTest, ForgetsOnANewConnectionAndOnJumpsInTimeOnly) {
  StageChain chain = chain_with({});
  chain.analyse(*frame(10));
  chain.analyse(*frame(10.033));
  chain.analyse(*frame(11.9));
  EXPECT_EQ(resets_, 0);
  chain.analyse(*frame(14));
  EXPECT_EQ(resets_, 1) << "more than two seconds later";
  chain.analyse(*frame(13));
  EXPECT_EQ(resets_, 2) << "back in time";
  chain.analyse(*frame(13.033, 2));
  EXPECT_EQ(resets_, 3) << "another connection";
}

TEST_F(StageChainTest, NobodyHasJudgedIsUnknown) {
  EXPECT_EQ(chain_with({}).analyse(*frame(1)).road, Road::unknown);
}

TEST_F(StageChainTest, AThrowIsAFailedAnalysisWithoutTracksOrAlerts) {
  StageChain chain = chain_with([](const Frame&, Analysis& analysis) {
    analysis.tracks.emplace_back();
    analysis.alerts.emplace_back();
    throw std::runtime_error("no luck");
  });
  const Analysis analysis = chain.analyse(*frame(1));
  EXPECT_EQ(analysis.state, AnalysisState::failed);
  EXPECT_EQ(analysis.road, Road::blind);
  EXPECT_EQ(analysis.text, "analysis failed: no luck");
  EXPECT_TRUE(analysis.tracks.empty());
  EXPECT_TRUE(analysis.alerts.empty());
  EXPECT_EQ(resets_, 1);
}

TEST_F(StageChainTest, WhatIsThrownThatIsNoExceptionFailsTheAnalysisToo) {
  StageChain chain = chain_with([](const Frame&, Analysis&) { throw 42; });
  EXPECT_EQ(chain.analyse(*frame(1)).state, AnalysisState::failed);
}

TEST_F(StageChainTest, AnAlertOfAStageBeforeTheOneThatFailedStays) {
  std::vector<std::unique_ptr<Stage>> stages;
  stages.push_back(
      std::make_unique<GivenStage>(Facts{Fact::sight}, [](const Frame&, Analysis& analysis) {
        analysis.alerts.emplace_back().kind = AlertKind::view_blocked;
      }));
  stages.push_back(std::make_unique<GivenStage>(
      Facts{Fact::road}, [](const Frame&, Analysis&) { throw std::runtime_error("no luck"); }));
  const Analysis analysis = StageChain("rear", std::move(stages)).analyse(*frame(2));
  ASSERT_EQ(analysis.alerts.size(), 1U);
  EXPECT_EQ(analysis.alerts[0].kind, AlertKind::view_blocked);
  EXPECT_EQ(analysis.alerts[0].t_s, 2);
}

TEST_F(StageChainTest, NumbersThatAreNotFiniteFailTheAnalysis) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  StageChain boxes = chain_before_judge({Fact::detections}, [&](const Frame&, Analysis& analysis) {
    analysis.detections.push_back({.box = {1, nan, 2, 2}, .score = 1, .growth_per_s = {}});
  });
  const Analysis analysis = boxes.analyse(*frame(1));
  EXPECT_EQ(analysis.state, AnalysisState::failed);
  EXPECT_EQ(analysis.text, "analysis failed: stage given gives numbers that are not finite");
  StageChain growth = chain_before_judge({Fact::growth}, [](const Frame&, Analysis& given) {
    given.detections.push_back(
        {.box = {1, 1, 2, 2}, .score = 1, .growth_per_s = std::numeric_limits<double>::infinity()});
  });
  EXPECT_EQ(growth.analyse(*frame(1)).state, AnalysisState::failed);
  StageChain tracks = chain_before_judge({Fact::tracks}, [&](const Frame&, Analysis& given) {
    given.tracks.emplace_back().box = {nan, 1, 2, 2};
  });
  EXPECT_EQ(tracks.analyse(*frame(1)).state, AnalysisState::failed);
}

TEST_F(StageChainTest, OnlyWhoJudgesTheRoadMayCallItClear) {
  StageChain chain = chain_before_judge(
      {Fact::sight}, [](const Frame&, Analysis& analysis) { analysis.road = Road::clear; });
  const Analysis analysis = chain.analyse(*frame(1));
  EXPECT_EQ(analysis.state, AnalysisState::failed);
  EXPECT_NE(analysis.road, Road::clear);
}

TEST_F(StageChainTest, AlertsCarryTheFrameThatRaisedThem) {
  StageChain chain =
      chain_with([](const Frame&, Analysis& analysis) { analysis.alerts.emplace_back(); });
  const FramePtr shown = frame(7.5, 3);
  const Alert alert = chain.analyse(*shown).alerts.at(0);
  EXPECT_EQ(alert.camera, "rear");
  EXPECT_EQ(alert.frame_seq, shown->seq);
  EXPECT_EQ(alert.epoch, 3u);
  EXPECT_EQ(alert.t_s, 7.5);
}

TEST_F(StageChainTest, EachStageIsTimedUnderANameOfItsOwn) {
  std::vector<std::unique_ptr<Stage>> stages;
  for (int i = 0; i < 2; ++i)
    stages.push_back(std::make_unique<GivenStage>(Facts{Fact::detections}));
  stages.push_back(std::make_unique<GivenStage>(Facts{Fact::road}));
  StageChain chain("rear", std::move(stages));
  EXPECT_EQ(chain.names(), (std::vector<std::string>{"given", "given_2", "given_3"}));
  const Analysis analysis = chain.analyse(*frame(1));
  ASSERT_EQ(analysis.stages_ms.size(), 3U);
  double sum = 0;
  for (const double ms : analysis.stages_ms) {
    EXPECT_GE(ms, 0);
    sum += ms;
  }
  EXPECT_LE(sum, analysis.latency.analyse_ms);
}

std::string refusal(const std::vector<std::string>& names) {
  std::vector<const StageType*> types;
  for (const std::string& one : names) types.push_back(stage_type(one));
  try {
    check_chain(types);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(CheckChain, TakesWhatFits) {
  EXPECT_EQ(refusal({"view", "looming", "onnx", "tracker", "approach"}), "");
  EXPECT_EQ(refusal({"view", "onnx", "looming", "tracker", "approach"}), "");
  EXPECT_EQ(refusal({"onnx", "onnx", "tracker", "view", "approach"}), "");
}

TEST(CheckChain, RefusesWhatIsReadButNotWritten) {
  EXPECT_EQ(refusal({"approach"}),
            "stage \"approach\" reads sight, which no stage writes: put \"view\" before it");
  EXPECT_EQ(refusal({"view", "approach"}),
            "stage \"approach\" reads tracks, which no stage writes: put \"tracker\" before it");
  EXPECT_EQ(refusal({"view", "tracker", "approach"}),
            "stage \"tracker\" reads detections, which no stage writes: put \"external\" or "
            "\"looming\" or \"onnx\" "
            "before it");
  EXPECT_EQ(refusal({"view", "looming", "approach"}),
            "stage \"approach\" reads tracks, which no stage writes: put \"tracker\" before it");
}

TEST(CheckChain, RefusesWhatIsReadBeforeItIsWritten) {
  EXPECT_EQ(refusal({"view", "looming", "approach", "tracker"}),
            "stage \"approach\" reads tracks, which \"tracker\" writes only behind it: put "
            "\"tracker\" before \"approach\"");
  EXPECT_EQ(
      refusal({"view", "looming", "tracker", "onnx", "approach"}),
      "stage \"tracker\" reads detections, which \"onnx\" writes only behind it: put \"onnx\" "
      "before \"tracker\"");
  EXPECT_EQ(refusal({"looming", "tracker", "approach", "view"}),
            "stage \"looming\" reads sight, which \"view\" writes only behind it: put \"view\" "
            "before \"looming\"");
}

TEST(CheckChain, RefusesTwoThatWouldContradictEachOther) {
  EXPECT_EQ(refusal({"view", "looming", "tracker", "tracker", "approach"}),
            "stages \"tracker\" and \"tracker\" both write tracks: leave one of them out");
  EXPECT_EQ(refusal({"view", "looming", "tracker", "approach", "approach"}),
            "stages \"approach\" and \"approach\" both write road: leave one of them out");
  EXPECT_EQ(refusal({"view", "view", "looming", "tracker", "approach"}),
            "stages \"view\" and \"view\" both write sight: leave one of them out");
}

TEST(CheckChain, RefusesARoadThatNobodyJudges) {
  EXPECT_EQ(refusal({}), "no stage judges the road; \"approach\" must be one of them");
  EXPECT_EQ(refusal({"view", "looming", "tracker"}),
            "no stage judges the road; \"approach\" must be one of them");
}

}  // namespace
}  // namespace rearview
