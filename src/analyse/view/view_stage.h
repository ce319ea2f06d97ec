#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <opencv2/core.hpp>
#include <optional>
#include <string>

#include "analyse/stage.h"
#include "analyse/view/new_pictures.h"
#include "analyse/view/picture_content.h"
#include "analyse/view/shown_area.h"
#include "analyse/view/signs_of_life.h"
#include "analyse/view/usual_detail.h"
#include "base/setting.h"

namespace rearview {

struct ViewConfig {
  double enter_s = 0.7;
  double leave_s = 0.7;
  double frozen_s = 1.6;
  double dark_luma = 40;  ///< of 16..235; street lights, lamps and sky lie far above
  double washed_luma = 195;
  double least_step = 4;  ///< between neighbours at half size
  double covered_share = 0.35;
  double dark_share = 0.55;      ///< at night a vehicle's lamps would be seen there
  double least_sharpness = 0.4;  ///< PictureContent's; a blur of 2.5 pixels of 640
  double least_sharpness_share = 0.6;
  /// docs/evaluation.md derives these two from what the stages behind need.
  double least_rate_per_s = 4;
  double wanted_rate_per_s = 8;

  static constexpr auto settings() {
    using S = ViewConfig;
    return std::array{
        setting<&S::enter_s>("enter_s", {0, 5},
                             "A fault must last this long before the view counts as blocked."),
        setting<&S::leave_s>("leave_s", {0, 30},
                             "And be over for this long before it is given back."),
        setting<&S::frozen_s>("frozen_s", {0.2, 60},
                              "So long without a sign of life, be it movement or a sensor's noise, "
                              "is a frozen picture."),
        setting<&S::dark_luma>("dark_luma", {0, 255},
                               "99.5 % of the picture below this luma: dark."),
        setting<&S::washed_luma>("washed_luma", {0, 255},
                                 "95 % of the picture above this luma: washed out."),
        setting<&S::least_step>(
            "least_step", {0, 100},
            "Where the horizon may lie, each sixteenth of the picture's width holds a step of so "
            "many grey levels, or it shows nothing: it is covered, fogged, dark or blinded."),
        setting<&S::covered_share>(
            "covered_share", {0, 1},
            "More of the picture's width in one piece that shows nothing: covered."),
        setting<&S::dark_share>("dark_share", {0, 1},
                                "The same where it is dark, as much is at night."),
        setting<&S::least_sharpness>("least_sharpness", {0, 1},
                                     "Steepest step within a patch over its range, upper "
                                     "quartile: less is out of focus."),
        setting<&S::least_sharpness_share>("least_sharpness_share", {0, 1},
                                           "And as a share of what this camera's pictures had."),
        setting<&S::least_rate_per_s>("least_rate_per_s", {2, 100},
                                      "Fewer pictures analysed a second: blind, too slow to warn."),
        setting<&S::wanted_rate_per_s>("wanted_rate_per_s", {2, 100},
                                       "Fewer: degraded, vehicles may be told late or not at all."),
    };
  }
};

/// Says when the road can't be seen, so that a blocked camera never looks like a clear road: dark,
/// washed out, covered, out of focus, lost in noise, fallen into blocks, frozen, or too few
/// pictures. Sets Analysis::road to blind with the reason in text, raises view_blocked once on
/// entry and camera_back when the view is free again. With too few pictures for fast vehicles the
/// state is degraded. Writes Analysis::view::shown. First in the list of stages.
class ViewStage : public Stage {
 public:
  /// "view". Keys: those of ViewConfig.
  static const StageType kType;

  explicit ViewStage(const ViewConfig& config) : config_(config) {}

  const StageType& type() const override { return kType; }
  void process(const FrameContext& context, Analysis& analysis) override;
  void reset() noexcept override;

 private:
  /// Why this picture shows no road; empty when it shows one.
  std::string fault(const PictureContent& content, double t_s);
  std::string covered(const PictureContent& content) const;
  bool out_of_focus(const PictureContent& content, double t_s);
  /// Pictures a second, each moment counted once however many come in it.
  double rate_per_s(const Frame& frame);

  ViewConfig config_;
  ShownArea shown_;
  ContentMeter meter_;
  SignsOfLife life_;
  NewPictures new_pictures_;
  // What this camera usually shows outlives reset(): a cover that came before a cut of the
  // connection is one behind it.
  cv::Size size_;
  UsualDetail usual_detail_;
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
