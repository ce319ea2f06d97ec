#pragma once

#include <array>
#include <memory>
#include <opencv2/core.hpp>
#include <optional>

#include "analyse/looming/ego_motion.h"
#include "analyse/looming/moving_objects.h"
#include "analyse/looming/point_tracker.h"
#include "analyse/stage.h"
#include "base/setting.h"

namespace rearview {

struct LoomingConfig {
  double horizontal_fov_deg = 65;  ///< a common phone or Raspberry Pi camera's (module 3: 66)
  double baseline_s = 0.4;
  int least_corners = 4;

  static constexpr auto settings() {
    using S = LoomingConfig;
    return std::array{
        setting<&S::horizontal_fov_deg>("horizontal_fov_deg", {20, 150},
                                        "Lens, in degrees from the left edge to the right."),
        setting<&S::baseline_s>("baseline_s", {0.15, 0.9},
                                "Over how long motion is measured; longer sees slower growth, "
                                "shorter keeps fast corners."),
        setting<&S::least_corners>("least_corners", {3, 50},
                                   "Least corners of a thing that can't be at rest."),
    };
  }
};

/// Detector without training. The background of a rear camera contracts while riding and stands
/// still while standing; what expands, or contracts less than the road in its row, travels by
/// itself. Corners are followed, the camera's own motion is taken out, what can't be at rest is
/// clustered, and each cluster becomes a detection of class vehicle with its growth. Writes
/// Analysis::view. Deterministic.
class LoomingStage : public Stage {
 public:
  /// "looming". Keys: those of LoomingConfig.
  static const StageType kType;

  explicit LoomingStage(const LoomingConfig& config);
  ~LoomingStage() override;

  const StageType& type() const override { return kType; }
  void process(const FrameContext& context, Analysis& analysis) override;
  void reset() noexcept override;

 private:
  bool repeats(const cv::Mat& luma, double t_s);
  void report(const Frame& frame, Analysis& analysis) const;

  struct State;
  LoomingConfig config_;
  std::unique_ptr<State> state_;
};

}  // namespace rearview
