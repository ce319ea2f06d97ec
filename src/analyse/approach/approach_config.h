#pragma once

#include "base/config_reader.h"

namespace rearview {

/// Policy of the stage `approach`. Every number may be set; the defaults name their source.
struct ApproachConfig {
  // -- the camera ------------------------------------------------------------------------------
  /// Only used where no stage before has measured the view.
  double horizontal_fov_deg = 65;
  double camera_height_m = 0.9;  ///< a seat post's
  /// Learn the height from the vehicles that pass, from camera_height_m on; else keep that.
  bool calibrate_height = true;
  /// Row of the horizon as a share of the picture's height; negative: by itself.
  double horizon_share = -1;

  // -- gate 1: growth --------------------------------------------------------------------------
  /// Speak up when it will be beside the rider or out of view within this time.
  double alert_ttc_s = 6;
  /// Vehicles beyond this time to contact are none of the rider's business yet. Bicycle radars
  /// speak up at 140 m, 10 s at 50 km/h difference.
  double farthest_ttc_s = 10;
  /// So near, whatever closes in is the rider's business.
  double near_m = 8;
  /// Measure growth in the picture, not by boxes alone; costs about a millisecond.
  bool measure_in_picture = true;
  double growth_z = 3.0;  ///< standard deviations by which the growth must exceed nothing
  // -- gate 2: path ----------------------------------------------------------------------------
  /// Lateral distance at the pass beyond which a vehicle isn't on our road: three lanes of 3.5 m
  /// and a shoulder.
  double widest_pass_m = 12;
  // -- gate 3: confirmation --------------------------------------------------------------------
  int confirm_frames = 8;
  double confirm_s = 0.35;
  /// The same where only the boxes grow, and nobody measured it in the picture.
  double confirm_boxes_s = 1.0;
  /// What grows without any detector having known it for a vehicle alerts only after this, and
  /// below this time to contact: a second opinion, not a first.
  double confirm_unnamed_s = 1.0;
  double unnamed_ttc_s = 4.0;

  /// A track's running score: below it is a guess of the detector's, not a vehicle.
  double least_score = 0.35;
  /// The longer side of its box: smaller things are seen to grow by chance.
  double least_side_px = 10;

  // -- levels ----------------------------------------------------------------------------------
  /// Fast: time to contact below a driver's usual reaction and braking time (2.5 s, AASHTO) plus 1
  /// s for the rider, and closing by more than 30 km/h.
  double fast_ttc_s = 3.5;
  double fast_closing_mps = 8.3;
  /// Passing distance that most traffic codes ask for.
  double close_pass_m = 1.5;
  /// A threat ends when its growth has stayed under this share of the gate for release_s.
  double release_share = 0.5;
  double release_s = 0.8;
  double all_clear_s = 1.5;
  /// For how long a lost vehicle is remembered, so that a new track of it doesn't alert again.
  double remember_s = 2.0;

  static ApproachConfig read(ConfigReader& reader);
};

}  // namespace rearview
