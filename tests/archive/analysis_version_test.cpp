#include "archive/analysis_version.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "analyse/chain/stage_chain.h"
#include "analyse/chain/stage_table.h"
#include "base/config_reader.h"
#include "tests/analyse/drawn_world.h"
#include "types/json.h"

namespace rearview {
namespace {

/// What the stages say of a drawn car that comes up and passes: the road each half second, and the
/// alerts in between. Coarse, so that another compiler or processor says the same.
std::vector<std::string> judged() {
  std::vector<std::unique_ptr<Stage>> stages;
  for (const char* type : {"view", "looming", "tracker", "approach"}) {
    const nlohmann::json settings = {{"type", type}};
    ConfigReader reader(settings, "test");
    stages.push_back(make_stage(reader));
  }
  StageChain chain("rear", std::move(stages));
  const test::DrawnWorld world;
  std::vector<std::string> said;
  for (std::uint64_t seq = 1; seq <= 165; ++seq) {
    const Analysis analysis = chain.analyse(*world.frame(static_cast<double>(seq) / 30, seq));
    for (const Alert& alert : analysis.alerts)
      said.push_back(fmt::format("told: {}", name(alert.kind)));
    if (seq % 15 == 0) said.push_back(std::string(name(analysis.road)));
  }
  return said;
}

TEST(AnalysisVersionTest, IsRaisedWhenTheAnalysisChanges) {
  EXPECT_EQ(kAnalysisVersion, 4) << "then say below what it says now";
  EXPECT_THAT(judged(),
              testing::ElementsAre("following", "following", "following", "following",
                                   "told: vehicle_approaching", "approaching", "approaching",
                                   "told: vehicle_approaching", "told: fast_approach", "danger",
                                   "danger", "told: fast_approach", "danger", "told: overtake",
                                   "following", "told: overtake", "following"))
      << "The stages judge otherwise than in version " << kAnalysisVersion
      << ": raise kAnalysisVersion, so that archives don't take results of before for theirs, and "
         "say here what the stages say now.";
}

}  // namespace
}  // namespace rearview
