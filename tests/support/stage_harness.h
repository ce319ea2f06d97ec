#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "analyse/chain/stage_chain.h"

namespace rearview::test {

/// A stage that does what a test says, in the place of any other.
class GivenStage : public Stage {
 public:
  using Act = std::function<void(const Frame&, Analysis&)>;

  explicit GivenStage(Facts writes, Act act = {}, Facts reads = {}, Facts uses = {})
      : type_{.name = "given", .reads = reads, .uses = uses, .writes = writes, .make = nullptr},
        act_(std::move(act)) {}

  const StageType& type() const override { return type_; }
  void process(const FrameContext& context, Analysis& analysis) override {
    if (act_) act_(context.frame, analysis);
  }

 private:
  StageType type_;
  Act act_;
};

/// One stage by itself, run as a chain runs it: `before` stands for all stages before it and writes
/// what it reads; the road is judged by nobody, unless the stage does.
class StageHarness {
 public:
  explicit StageHarness(std::unique_ptr<Stage> stage, GivenStage::Act before = {})
      : chain_("test", chain_of(std::move(stage), std::move(before))) {}

  Analysis step(const Frame& frame) { return chain_.analyse(frame); }

 private:
  static std::vector<std::unique_ptr<Stage>> chain_of(std::unique_ptr<Stage> stage,
                                                      GivenStage::Act before) {
    const StageType& type = stage->type();
    const bool judges = type.writes.has(Fact::road);
    std::vector<std::unique_ptr<Stage>> stages;
    stages.push_back(std::make_unique<GivenStage>(type.reads | type.uses, std::move(before)));
    stages.push_back(std::move(stage));
    if (!judges) stages.push_back(std::make_unique<GivenStage>(Facts{Fact::road}));
    return stages;
  }

  StageChain chain_;
};

}  // namespace rearview::test
