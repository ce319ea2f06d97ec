#pragma once

#include <algorithm>
#include <cstdint>
#include <opencv2/core.hpp>
#include <optional>
#include <vector>

#include "analyse/point_motion.h"
#include "analyse/point_tracker.h"

namespace rearview {

/// Motion of a group of corners as one rigid thing that turns its face to the camera: velocity
/// about `centre` plus growth times the distance from it.
struct GroupMotion {
  cv::Point2d centre;
  cv::Point2d velocity;  ///< px/s
  double growth = 0;     ///< per second
  double growth_sigma = 0;
  std::vector<std::size_t> inliers;  ///< indices into the motions it was fitted to
};

/// Robust least squares over the chosen motions; nullopt with fewer than three that agree.
std::optional<GroupMotion> fit_group(const std::vector<PointMotion>& motions,
                                     const std::vector<std::size_t>& chosen);

/// A thing that travels by itself.
struct MovingObject {
  int id = 0;
  cv::Rect2d box;
  std::vector<std::uint32_t> members;  ///< ids of its corners, ascending
  int movers = 0;                      ///< members that can't be at rest
  int sightings = 0;                   ///< grows while seen, falls while not
  bool confirmed = false;
  double growth = 0;  ///< per second
  double growth_sigma = 1;

  bool has(std::uint32_t corner) const {
    return std::binary_search(members.begin(), members.end(), corner);
  }
};

struct Plausible;

/// Groups corners that can't be at rest into things, and keeps the things from picture to picture
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
  struct Group {
    GroupMotion motion;
    cv::Rect2d hull;
  };

  static void carry(MovingObject& object, const PointTracker& points, double dt);
  std::vector<Group> group_movers(const std::vector<PointMotion>& motions,
                                  const Plausible& plausible) const;
  static void see(MovingObject& object, const Group& group, const PointTracker& points,
                  const std::vector<cv::Rect2d>& neighbours,
                  const std::vector<PointMotion>& motions, const EgoMotion& ego,
                  const Plausible& plausible);
  void begin(const Group& group, const std::vector<PointMotion>& motions,
             const Plausible& plausible);
  void merge(const Plausible& plausible);

  std::vector<MovingObject> objects_;
  int next_id_ = 1;
};

}  // namespace rearview
