#include "analyse/analyser.h"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>

#include "tests/analyse/frames.h"

namespace rearview {
namespace {

using test::flat_planes;

class CountingStage : public Stage {
 public:
  CountingStage(int& resets, std::function<void(Analysis&)> act)
      : resets_(resets), act_(std::move(act)) {}
  void process(const Frame&, Analysis& analysis) override {
    if (act_) act_(analysis);
  }
  void reset() noexcept override { ++resets_; }

 private:
  int& resets_;
  std::function<void(Analysis&)> act_;
};

class AnalyserTest : public testing::Test {
 protected:
  Analyser analyser_with(std::function<void(Analysis&)> act) {
    std::vector<std::unique_ptr<Stage>> stages;
    stages.push_back(std::make_unique<CountingStage>(resets_, std::move(act)));
    return Analyser("rear", std::move(stages));
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

TEST_F(AnalyserTest, ForgetsOnANewConnectionAndOnJumpsInTimeOnly) {
  Analyser analyser = analyser_with({});
  analyser.analyse(*frame(10));
  analyser.analyse(*frame(10.033));
  analyser.analyse(*frame(11.9));
  EXPECT_EQ(resets_, 0);
  analyser.analyse(*frame(14));
  EXPECT_EQ(resets_, 1) << "more than two seconds later";
  analyser.analyse(*frame(13));
  EXPECT_EQ(resets_, 2) << "back in time";
  analyser.analyse(*frame(13.033, 2));
  EXPECT_EQ(resets_, 3) << "another connection";
}

TEST_F(AnalyserTest, AThrowIsAFailedAnalysisWithoutTracksOrAlerts) {
  Analyser analyser = analyser_with([](Analysis& analysis) {
    analysis.tracks.emplace_back();
    analysis.alerts.emplace_back();
    throw std::runtime_error("no luck");
  });
  const Analysis analysis = analyser.analyse(*frame(1));
  EXPECT_EQ(analysis.state, AnalysisState::failed);
  EXPECT_EQ(analysis.road, Road::blind);
  EXPECT_EQ(analysis.text, "analysis failed: no luck");
  EXPECT_TRUE(analysis.tracks.empty());
  EXPECT_TRUE(analysis.alerts.empty());
  EXPECT_EQ(resets_, 1);
}

TEST_F(AnalyserTest, AlertsCarryTheFrameThatRaisedThem) {
  Analyser analyser = analyser_with([](Analysis& analysis) { analysis.alerts.emplace_back(); });
  const FramePtr shown = frame(7.5, 3);
  const Alert alert = analyser.analyse(*shown).alerts.at(0);
  EXPECT_EQ(alert.camera, "rear");
  EXPECT_EQ(alert.frame_seq, shown->seq);
  EXPECT_EQ(alert.epoch, 3u);
  EXPECT_EQ(alert.t_s, 7.5);
}

}  // namespace
}  // namespace rearview
