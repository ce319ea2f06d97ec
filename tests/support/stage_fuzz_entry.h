#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "analyse/chain/stage_chain.h"
#include "types/analysis.h"
#include "types/frame.h"

namespace rearview::test {

/// The stages of the default configuration, with a detector in the place of its network that
/// reports `detections` of each frame; they may be changed from frame to frame.
std::vector<std::unique_ptr<Stage>> default_stages(
    std::shared_ptr<const std::vector<Detection>> detections);

/// Throws std::logic_error when an analysis of the frame breaks a promise: it failed, a number in
/// it is not finite, a box lies outside the picture, two tracks share an id, or it grew beyond
/// bounds.
void check_analysis(const Analysis& analysis, const Frame& frame);

/// All stages in order on pictures whose times, sizes and content the bytes choose: even, at once,
/// in bursts, back, an hour on, without a time. Throws std::logic_error when a promise is broken.
void fuzz_stages(std::span<const std::uint8_t> input);

}  // namespace rearview::test
