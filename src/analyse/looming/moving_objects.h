#pragma once

#include <algorithm>
#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

#include "analyse/looming/motion_clusters.h"
#include "analyse/looming/plausible.h"
#include "analyse/looming/point_motion.h"
#include "analyse/looming/point_tracker.h"

namespace rearview {

/// A thing that travels by itself.
struct MovingObject {
  int id = 0;
  cv::Rect2d box;
  std::vector<std::uint32_t> members;  ///< ids of its corners, ascending
  int movers = 0;                      ///< members that can't be at rest
  int hits = 0;                        ///< grows while seen, falls while not
  bool confirmed = false;
  double growth = 0;  ///< per second
  double growth_sigma = 1;

  bool has(std::uint32_t corner) const {
    return std::binary_search(members.begin(), members.end(), corner);
  }
};

/// Clusters corners that can't be at rest into things, and keeps the things from picture to picture
/// by the corners they share. One thread; deterministic.
class MovingObjects {
 public:
  /// dt: seconds since the last picture; active: part of the picture that shows something; ego: the
  /// camera's motion, its vanishing point's row the horizon.
  void update(const PointTracker& points, const std::vector<PointMotion>& motions, double dt,
              const cv::Rect& active, const EgoMotion& ego);
  void clear();
  const std::vector<MovingObject>& objects() const { return objects_; }

 private:
  static void carry(MovingObject& object, const PointTracker& points, double dt);
  static void see(MovingObject& object, const MotionCluster& cluster, const PointTracker& points,
                  const std::vector<cv::Rect2d>& neighbours,
                  const std::vector<PointMotion>& motions, const EgoMotion& ego,
                  const Plausible& plausible);
  void begin(const MotionCluster& cluster, const std::vector<PointMotion>& motions,
             const Plausible& plausible);
  void merge(const Plausible& plausible);

  std::vector<MovingObject> objects_;
  int next_id_ = 1;
};

}  // namespace rearview
