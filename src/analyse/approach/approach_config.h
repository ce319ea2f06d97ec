#pragma once

#include <array>

#include "base/setting.h"

namespace rearview {

/// Policy of the stage `approach`: what its settings() says, with the source of the defaults.
struct ApproachConfig {
  // -- the camera ------------------------------------------------------------------------------
  double horizontal_fov_deg = 65;
  double camera_height_m = 0.9;  ///< a seat post's
  bool calibrate_height = true;
  double horizon_share = -1;

  // -- gate 1: growth --------------------------------------------------------------------------
  double alert_ttc_s = 6;
  /// Bicycle radars speak up at 140 m, 10 s at 50 km/h difference.
  double farthest_ttc_s = 10;
  double near_m = 8;
  bool measure_in_picture = true;  ///< costs about a millisecond
  double growth_z = 3.0;
  // -- gate 2: claim ---------------------------------------------------------------------------
  double widest_pass_m = 12;  ///< three lanes of 3.5 m and a shoulder
  double warn_probability = 0.2;
  // -- gate 3: confirmation --------------------------------------------------------------------
  int confirm_frames = 8;
  double confirm_s = 0.35;
  double confirm_boxes_s = 1.0;
  /// What no detector has known for a vehicle is a second opinion, not a first.
  double confirm_unnamed_s = 1.0;
  double unnamed_ttc_s = 4.0;

  double least_score = 0.35;
  double least_side_px = 10;  ///< smaller things are seen to grow by chance

  // -- levels ----------------------------------------------------------------------------------
  /// Below a driver's usual reaction and braking time (2.5 s, AASHTO) plus 1 s for the rider, and
  /// closing by more than 30 km/h.
  double fast_ttc_s = 3.5;
  double fast_closing_mps = 8.3;
  double close_pass_m = 1.5;  ///< that most traffic codes ask for
  double release_share = 0.5;
  double release_s = 0.8;
  double all_clear_s = 1.5;
  double clear_m = 30;  ///< 5 m/s faster, it would be told from there on within alert_ttc_s
  double remember_s = 2.0;

  static constexpr auto settings() {
    using S = ApproachConfig;
    return std::array{
        setting<&S::horizontal_fov_deg>("horizontal_fov_deg", {20, 150},
                                        "Lens, in degrees from the left edge to the right; only "
                                        "used where no stage before has measured the view."),
        setting<&S::camera_height_m>("camera_height_m", {0.2, 5}, "Of the lens above the road."),
        setting<&S::calibrate_height>("calibrate_height",
                                      "Learn the camera's height from the vehicles that pass, "
                                      "from camera_height_m on."),
        setting<&S::horizon_share>("horizon_share", {-1, 1},
                                   "Row of the horizon as a share of the picture's height; -1: "
                                   "found from the road's motion."),
        setting<&S::alert_ttc_s>("alert_ttc_s", {2, 30},
                                 "An approach is told when the vehicle will be beside the rider "
                                 "or out of view within this."),
        setting<&S::farthest_ttc_s>("farthest_ttc_s", {3, 30},
                                    "Vehicles whose time to contact is longer are not told."),
        setting<&S::near_m>("near_m", {0, 30},
                            "A vehicle nearer than this is told whenever it closes in; 0: never "
                            "for that reason."),
        setting<&S::measure_in_picture>(
            "measure_in_picture",
            "Measure growth by fitting pictures on each other, not by boxes alone."),
        setting<&S::growth_z>("growth_z", {1, 5},
                              "How many standard deviations its growth must be above zero."),
        setting<&S::widest_pass_m>("widest_pass_m", {1, 100},
                                   "Vehicles that pass further to the side are not told."),
        setting<&S::warn_probability>(
            "warn_probability", {0, 1},
            "A vehicle is told when it is at least so likely that it will have come up to the "
            "rider, within widest_pass_m to a side, in farthest_ttc_s; nearer than near_m, that it "
            "closes in. As a price: what a false alert costs, as a share of that and of what a "
            "miss costs together."),
        setting<&S::confirm_frames>("confirm_frames", {1, 30},
                                    "Frames in which a detection must have supported it."),
        setting<&S::confirm_s>("confirm_s", {0, 1}, "How long all gates must have been open."),
        setting<&S::confirm_boxes_s>(
            "confirm_boxes_s", {0, 2},
            "The same where only boxes grow and nobody measured it in the picture."),
        setting<&S::confirm_unnamed_s>("confirm_unnamed_s", {0, 10},
                                       "The same for what no detector has known for a vehicle."),
        setting<&S::unnamed_ttc_s>("unnamed_ttc_s", {0, 30},
                                   "As alert_ttc_s, for what no detector has known for a vehicle."),
        setting<&S::least_score>("least_score", {0, 0.6},
                                 "A track's running score below which it is a guess."),
        setting<&S::least_side_px>(
            "least_side_px", {0, 60},
            "The longer side of a box below which it is too small to judge."),
        setting<&S::fast_ttc_s>("fast_ttc_s", {0.5, 20},
                                "A fast approach: time to contact at most this,"),
        setting<&S::fast_closing_mps>("fast_closing_mps", {0, 60},
                                      "and closing speed at least this."),
        setting<&S::close_pass_m>("close_pass_m", {0.2, 5},
                                  "A pass nearer than this is a close pass."),
        setting<&S::release_share>(
            "release_share", {0, 1},
            "Hysteresis: a gate closes again at this share of what opened it,"),
        setting<&S::release_s>("release_s", {0, 10}, "and after this long."),
        setting<&S::all_clear_s>("all_clear_s", {0, 30},
                                 "How long nothing must have been there for all_clear that "
                                 "threatens, or is nearer than clear_m and doesn't fall back; "
                                 "what was quiet for so long and closes in is told again."),
        setting<&S::clear_m>("clear_m", {0, 200},
                             "A vehicle nearer than this puts all_clear off until it falls back "
                             "or is gone; 0: only one that threatens does."),
        setting<&S::remember_s>("remember_s", {0, 10},
                                "How long a vehicle that was lost is known again, so that it "
                                "doesn't alert again."),
    };
  }
};

}  // namespace rearview
