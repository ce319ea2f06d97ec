#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analyse/common/picture_history.h"
#include "analyse/stage.h"

namespace rearview {

/// Throws UsageError with one sentence where the stages, in this order, are no chain: something is
/// read that nobody writes or that is written only later, two write what only one may, or nobody
/// judges the road.
void check_chain(const std::vector<const StageType*>& types);

/// Runs the stages of one camera in order, once per frame. One thread.
class StageChain {
 public:
  /// Throws UsageError as check_chain() does.
  StageChain(std::string camera, std::vector<std::unique_ptr<Stage>> stages);

  /// The analysis of one frame, latency.decode_ms, analyse_ms and stages_ms filled in. A stage that
  /// throws or writes what can't be makes it state failed and road blind with the reason in text;
  /// all stages are then reset, and the next frame starts afresh. A new epoch, or stream time that
  /// goes back or jumps by more than two seconds, resets the stages first. Until a stage judges the
  /// road it is unknown.
  Analysis analyse(const Frame& frame);

  /// Of the stages in their order: their types' names, numbered where one comes again (onnx,
  /// onnx_2).
  const std::vector<std::string>& names() const { return names_; }

 private:
  void reset() noexcept;
  void run(const Frame& frame, Analysis& analysis, std::size_t& told);
  void fail(const std::string& why, std::size_t told, Analysis& analysis);

  std::string camera_;
  std::vector<std::unique_ptr<Stage>> stages_;
  std::vector<std::string> names_;
  PictureHistory pictures_;
  std::optional<std::uint32_t> epoch_;
  double last_t_s_ = 0;
  bool failing_ = false;
};

}  // namespace rearview
