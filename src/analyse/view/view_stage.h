#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <opencv2/core.hpp>
#include <optional>
#include <string>

#include "analyse/common/shown_area.h"
#include "analyse/stage.h"
#include "analyse/view/picture_content.h"
#include "analyse/view/signs_of_life.h"
#include "base/config_reader.h"

namespace rearview {

struct ViewConfig {
  double enter_s = 0.7;   ///< a fault must last this long before the view counts as blocked
  double leave_s = 0.7;   ///< and be over for this long before it is given back
  double frozen_s = 1.6;  ///< so long without a sign of life is a frozen picture
  /// Luma (16..235) below which 99.5 % of a dark picture lies; street lights, lamps and sky lie far
  /// above.
  double dark_luma = 40;
  /// Luma above which the darkest 5 % of a washed-out picture lie.
  double washed_luma = 195;
  /// Where the horizon may lie, each sixteenth of the picture's width holds a step of so many grey
  /// levels between neighbours at half size: what has less is covered, fogged, dark or blinded.
  double least_step = 4;
  /// The share of the width that may be so.
  double covered_share = 0.35;
  /// The same where it is dark: at night much is, and still a vehicle's lamps would be seen there.
  double dark_share = 0.55;
  /// Sharpness (PictureContent) below which the picture is out of focus: a blur of 2.5 pixels of
  /// 640.
  double least_sharpness = 0.4;
  /// And as a share of what this camera's pictures had.
  double least_sharpness_share = 0.6;
  /// Pictures analysed a second below which nobody can be warned in time, and below which fast
  /// vehicles are told late; docs/evaluation.md derives them from what the stages behind need.
  double least_rate_per_s = 4;
  double wanted_rate_per_s = 8;

  static ViewConfig read(ConfigReader& reader);
};

/// Says when the road can't be seen, so that a blocked camera never looks like a clear road: dark,
/// washed out, covered, out of focus, lost in noise, frozen, or too few pictures. Sets
/// Analysis::road to blind with the reason in text, raises view_blocked once on entry and
/// camera_back when the view is free again. With too few pictures for fast vehicles the state is
/// degraded. Writes Analysis::view::shown. First in the list of stages.
class ViewStage : public Stage {
 public:
  /// "view". Keys: those of ViewConfig.
  static const StageType kType;

  explicit ViewStage(const ViewConfig& config) : config_(config) {}

  const StageType& type() const override { return kType; }
  void process(const Frame& frame, Analysis& analysis) override;
  void reset() noexcept override;

 private:
  /// Why this picture shows no road; empty when it shows one.
  std::string fault(const PictureContent& content);
  std::string covered(const PictureContent& content) const;
  bool out_of_focus(const PictureContent& content, double t_s);
  /// Pictures a second, each moment counted once however many come in it.
  double rate_per_s(const Frame& frame);

  ViewConfig config_;
  ShownArea shown_;
  ContentMeter meter_;
  SignsOfLife life_;
  std::deque<double> times_s_;  ///< of the pictures of the last second; outlive reset()
  std::uint32_t epoch_ = 0;
  double first_s_ = 0;  ///< of the first picture of the epoch
  std::optional<double> slow_since_s_;
  double last_s_ = 0;
  double usual_sharpness_ = 0;
  std::optional<double> fault_since_s_;
  std::optional<double> good_since_s_;
  /// Of the fault that is in force; empty while the view is free. Outlives reset(): what was told
  /// as blocked is given back by a picture that shows the road.
  std::string reason_;
};

}  // namespace rearview
