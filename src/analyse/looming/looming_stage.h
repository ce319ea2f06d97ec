#pragma once

#include <memory>
#include <opencv2/core.hpp>
#include <optional>

#include "analyse/looming/ego_motion.h"
#include "analyse/looming/moving_objects.h"
#include "analyse/looming/point_tracker.h"
#include "analyse/stage.h"
#include "base/config_reader.h"

namespace rearview {

struct LoomingConfig {
  /// Lens; 65 degrees is a common phone or Raspberry Pi camera (module 3: 66).
  double horizontal_fov_deg = 65;
  /// Over how long motion is measured. Longer sees slower growth, shorter keeps fast corners.
  double baseline_s = 0.4;
  /// Least corners of a thing that can't be at rest.
  int least_corners = 4;

  static LoomingConfig read(ConfigReader& reader);
};

/// Detector without training. The background of a rear camera contracts while riding and stands
/// still while standing; what expands, or contracts less than the road in its row, travels by
/// itself. Corners are followed, the camera's own motion is taken out, what can't be at rest is
/// grouped, and each group becomes a detection of class vehicle with its growth. Writes
/// Analysis::view. Deterministic.
class LoomingStage : public Stage {
 public:
  /// "looming". Keys: those of LoomingConfig.
  static const StageType kType;

  explicit LoomingStage(const LoomingConfig& config);
  ~LoomingStage() override;

  const StageType& type() const override { return kType; }
  void process(const Frame& frame, Analysis& analysis) override;
  void reset() noexcept override;

 private:
  bool repeats(const cv::Mat& luma, double t_s);
  void report(const Frame& frame, Analysis& analysis) const;

  struct State;
  LoomingConfig config_;
  std::unique_ptr<State> state_;
};

}  // namespace rearview
