#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analyse/stage.h"

namespace rearview {

/// Runs the stages of one camera in order, once per frame. One thread.
class Analyser {
 public:
  Analyser(std::string camera, std::vector<std::unique_ptr<Stage>> stages);

  /// The analysis of one frame, latency.decode_ms and analyse_ms filled in. A stage that throws
  /// makes it state failed and road blind with the reason in text; all stages are then reset, and
  /// the next frame starts afresh. A new epoch, or stream time that goes back or jumps by more
  /// than two seconds, resets the stages first.
  Analysis analyse(const Frame& frame);

 private:
  void reset() noexcept;

  std::string camera_;
  std::vector<std::unique_ptr<Stage>> stages_;
  std::optional<std::uint32_t> epoch_;
  double last_t_s_ = 0;
  bool failing_ = false;
};

}  // namespace rearview
