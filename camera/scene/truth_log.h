#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <opencv2/core/types.hpp>
#include <vector>

#include "camera/scene/raster.h"
#include "camera/scene/traffic.h"

namespace rearview::camera {

/// Watches every vehicle in every frame and keeps what was true: the ground truth.
class TruthLog {
 public:
  TruthLog(cv::Size picture, double fps);

  /// What one frame shows of one vehicle.
  struct Sight {
    const Vehicle* vehicle = nullptr;
    Seen seen;              ///< the pixels that really show it
    cv::Rect2f whole;       ///< what it would cover if nothing stood before it, within the picture
    double distance_m = 0;  ///< its nearest end, along the road; negative once beside or ahead
    double closing_mps = 0;
    double side_gap_m = 0;  ///< from the camera to its nearer side, sideways
  };
  void frame(double t_s, const std::vector<Sight>& sights);
  void gone(std::uint64_t id);
  /// Ground truth as in the interfaces; vehicles still in sight are in it as they stand.
  nlohmann::ordered_json json() const;

  static constexpr std::size_t kMostEvents = 1000;
  static constexpr std::size_t kMostOthers = 1000;
  static constexpr std::size_t kMostTrackPoints = 1200;

 private:
  struct Point {
    double t_s = 0;
    cv::Rect box;
    double distance_m = 0;
  };
  struct Record {
    std::uint64_t id = 0;
    VehicleClass vehicle = VehicleClass::kCar;
    Behaviour behaviour = Behaviour::kOvertake;
    bool visible = false;
    double first_s = 0, last_s = 0;
    cv::Rect last_box;
    std::vector<Point> track;
    double track_step_s = 0.1;
    double first_distance_m = 0, farthest_m = 0, nearest_m = 1e9, nearest_s = 0;
    cv::Rect nearest_box;
    double last_distance_m = 0, last_closing_mps = 0, pass_closing_mps = 0;
    double shortest_ttc_s = 1e9;
    double side_gap_m = 0;
    bool passed = false, in_sight = false;
  };
  bool is_event(const Record& record) const;
  std::string kind_of(const Record& record) const;
  nlohmann::ordered_json event_json(const Record& record) const;
  nlohmann::ordered_json other_json(const Record& record) const;
  static void follow(Record& record, double t_s, const Sight& sight);

  cv::Size picture_;
  double fps_;
  double end_s_ = 0;
  std::map<std::uint64_t, Record> open_;
  std::deque<Record> events_;  ///< as JSON they would take five times as much
  std::deque<Record> others_;
};

}  // namespace rearview::camera
