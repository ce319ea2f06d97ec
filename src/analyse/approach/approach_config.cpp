#include "analyse/approach/approach_config.h"

namespace rearview {

ApproachConfig ApproachConfig::read(ConfigReader& reader) {
  ApproachConfig config;
  reader.number("horizontal_fov_deg", config.horizontal_fov_deg, 20, 150);
  reader.number("camera_height_m", config.camera_height_m, 0.2, 5);
  reader.boolean("calibrate_height", config.calibrate_height);
  reader.number("horizon_share", config.horizon_share, -1, 1);
  reader.number("alert_ttc_s", config.alert_ttc_s, 1, 30);
  reader.number("farthest_ttc_s", config.farthest_ttc_s, 1, 30);
  reader.number("near_m", config.near_m, 0, 30);
  reader.boolean("measure_in_picture", config.measure_in_picture);
  reader.number("growth_z", config.growth_z, 1, 10);
  reader.number("widest_pass_m", config.widest_pass_m, 1, 100);
  reader.number("confirm_frames", config.confirm_frames, 1, 100);
  reader.number("confirm_s", config.confirm_s, 0, 5);
  reader.number("confirm_boxes_s", config.confirm_boxes_s, 0, 10);
  reader.number("confirm_unnamed_s", config.confirm_unnamed_s, 0, 10);
  reader.number("unnamed_ttc_s", config.unnamed_ttc_s, 0, 30);
  reader.number("least_score", config.least_score, 0, 1);
  reader.number("least_side_px", config.least_side_px, 0, 200);
  reader.number("fast_ttc_s", config.fast_ttc_s, 0.5, 20);
  reader.number("fast_closing_mps", config.fast_closing_mps, 0, 60);
  reader.number("close_pass_m", config.close_pass_m, 0.2, 5);
  reader.number("release_share", config.release_share, 0, 1);
  reader.number("release_s", config.release_s, 0, 10);
  reader.number("all_clear_s", config.all_clear_s, 0, 30);
  reader.number("remember_s", config.remember_s, 0, 10);
  return config;
}

}  // namespace rearview
