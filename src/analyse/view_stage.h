#pragma once

#include <memory>
#include <opencv2/core.hpp>
#include <optional>
#include <string>

#include "analyse/shown_area.h"
#include "analyse/stage.h"
#include "base/config_reader.h"

namespace rearview {

struct ViewConfig {
  double enter_s = 0.7;   ///< a fault must last this long before the view counts as blocked
  double leave_s = 0.7;   ///< and be over for this long before it is given back
  double frozen_s = 2.0;  ///< pictures without any change for this long are one frozen picture
  /// Luma (16..235) below which 99.5 % of a dark picture lies; street lights, lamps and sky lie far
  /// above.
  double dark_luma = 40;
  /// Luma above which the darkest 5 % of a washed-out picture lie.
  double washed_luma = 205;
  /// Steepest 1 % of a sharp picture's steps, in grey levels per quarter-size pixel: less means
  /// covered, fogged or far out of focus.
  double least_step = 5;

  static ViewConfig read(ConfigReader& reader);
};

/// Says when the picture shows nothing, so that a blocked camera never looks like a clear road:
/// dark, washed out, without texture, frozen. Sets Analysis::road to blind with the reason in text,
/// raises view_blocked once on entry and camera_back when the view is free again. Writes
/// Analysis::view::shown. First in the list of stages.
class ViewStage : public Stage {
 public:
  /// "view". Keys: those of ViewConfig.
  static const StageType kType;

  explicit ViewStage(const ViewConfig& config) : config_(config) {}

  const StageType& type() const override { return kType; }
  void process(const Frame& frame, Analysis& analysis) override;
  void reset() noexcept override;

 private:
  /// Why this picture shows nothing; empty when it shows something.
  std::string fault(const cv::Mat& luma, double t_s);
  bool unchanged(const cv::Mat& luma);

  ViewConfig config_;
  ShownArea shown_;
  cv::Mat last_;  ///< every second row of the last picture
  cv::Mat small_;
  std::optional<double> same_since_s_;
  std::optional<double> fault_since_s_;
  std::optional<double> good_since_s_;
  /// Of the fault that is in force; empty while the view is free. Outlives reset(): what was told
  /// as blocked is given back by a picture that shows the road.
  std::string reason_;
};

}  // namespace rearview
