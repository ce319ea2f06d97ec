#include "analyse/looming/point_tracker.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <opencv2/video/tracking.hpp>

#include "analyse/common/tuning.h"
#include "analyse/looming/tuning.h"

namespace rearview {
namespace {

using namespace looming_tuning::point_tracker;
using common_tuning::picture_history::kFlowLevels;
using common_tuning::picture_history::kFlowWindow;

struct PathPlace {
  std::size_t zone;
  std::size_t most;
};

cv::Vec3f structure_at(const cv::Mat& picture, cv::Point centre) {
  cv::Vec3f sums(0, 0, 0);
  for (int y = std::max(1, centre.y - kStructureReach_px);
       y <= std::min(picture.rows - 2, centre.y + kStructureReach_px); ++y) {
    const std::uint8_t* above = picture.ptr(y - 1);
    const std::uint8_t* row = picture.ptr(y);
    const std::uint8_t* below = picture.ptr(y + 1);
    for (int x = std::max(1, centre.x - kStructureReach_px);
         x <= std::min(picture.cols - 2, centre.x + kStructureReach_px); ++x) {
      const float gx = static_cast<float>(row[x + 1] - row[x - 1]) / 2;
      const float gy = static_cast<float>(below[x] - above[x]) / 2;
      sums += cv::Vec3f(gx * gx, gx * gy, gy * gy);
    }
  }
  return sums;
}

}  // namespace

double place_variance(const cv::Vec3f& structure, cv::Point2d along) {
  // Noise has gradients of its own, which would pass an edge for a weak corner.
  const double xx = std::max(1.0, structure[0] - kNoiseSum);
  const double xy = structure[1];
  const double yy = std::max(1.0, structure[2] - kNoiseSum);
  const double determinant = std::max(1.0, xx * yy - xy * xy);
  const double inverse =
      (yy * along.x * along.x - 2 * xy * along.x * along.y + xx * along.y * along.y) / determinant;
  return kSharpest_px * kSharpest_px + kGreyNoise * kGreyNoise * inverse;
}

void PointTracker::clear() {
  paths_.clear();
  previous_.clear();
  head_ = 0;
  pictures_ = 0;
  until_seed_ = 0;
}

int PointTracker::back_for(double seconds) const {
  int best = 1;
  for (int back = 2; back < pictures_; ++back) {
    if (std::abs(t_s(0) - t_s(back) - seconds) <= std::abs(t_s(0) - t_s(best) - seconds))
      best = back;
  }
  return std::min(best, std::max(1, pictures_ - 1));
}

void PointTracker::track(const KeptPicture& picture, const cv::Rect& active, float horizon_px) {
  current_ = picture.pyramid;
  head_ = (head_ + 1) & (PointPath::kLongest - 1);
  pictures_ = std::min(pictures_ + 1, PointPath::kLongest);
  times_[static_cast<std::size_t>(head_)] = picture.t_s;
  kept_[static_cast<std::size_t>(head_ & (kPicturesKept - 1))] = picture.level(0);
  if (!previous_.empty()) follow(active);
  if (until_seed_-- <= 0) {
    seed(picture.level(0), active, horizon_px);
    until_seed_ = kSeedEvery - 1;
  }
  std::swap(previous_, current_);
}

void PointTracker::follow(const cv::Rect& active) {
  if (paths_.empty()) return;
  std::vector<cv::Point2f> from;
  from.reserve(paths_.size());
  for (const PointPath& path : paths_) from.push_back(at(path, 1));
  std::vector<cv::Point2f> to;
  std::vector<cv::Point2f> returned = from;
  std::vector<std::uint8_t> found;
  std::vector<std::uint8_t> found_back;
  const cv::TermCriteria stop(cv::TermCriteria::COUNT + cv::TermCriteria::EPS, kFlowRounds,
                              kFlowSettled_px);
  cv::calcOpticalFlowPyrLK(previous_, current_, from, to, found, cv::noArray(), kFlowWindow,
                           kFlowLevels, stop, 0, kLeastFlowCorner);
  cv::calcOpticalFlowPyrLK(current_, previous_, to, returned, found_back, cv::noArray(),
                           kFlowWindow, kReturnLevels, stop, cv::OPTFLOW_USE_INITIAL_FLOW,
                           kLeastFlowCorner);
  const cv::Rect2f inside(static_cast<float>(active.x + kBorder_px),
                          static_cast<float>(active.y + kBorder_px),
                          static_cast<float>(active.width - 2 * kBorder_px),
                          static_cast<float>(active.height - 2 * kBorder_px));
  std::size_t kept = 0;
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    if (!found[i] || !found_back[i] || !inside.contains(to[i])) continue;
    const cv::Point2f miss = returned[i] - from[i];
    if (std::hypot(miss.x, miss.y) > kMostReturnError_px) continue;
    PointPath& path = paths_[i];
    path.ring[static_cast<std::size_t>(head_)] = to[i];
    path.length = std::min(path.length + 1, PointPath::kLongest);
    if (kept != i) paths_[kept] = path;
    ++kept;
  }
  paths_.resize(kept);
}

void PointTracker::seed(const cv::Mat& picture, const cv::Rect& active, float horizon_px) {
  const cv::Rect inside(active.x + kBorder_px, active.y + kBorder_px, active.width - 2 * kBorder_px,
                        active.height - 2 * kBorder_px);
  if (inside.width < kSkyCell_px || inside.height < kSkyCell_px) return;
  cv::cornerMinEigenVal(picture(inside), corners_, kCornerBlock, kCornerKernel,
                        cv::BORDER_REFLECT_101);

  // Paths that ran into each other follow one thing: the older stays. What is near a path is taken.
  const int columns = inside.width / kTakenCell_px + 3;
  const int rows = inside.height / kTakenCell_px + 3;
  taken_.assign(static_cast<std::size_t>(columns * rows), 0);
  const auto cell = [&](cv::Point2f p) {
    const int column = std::clamp(
        static_cast<int>((p.x - static_cast<float>(inside.x)) / kTakenCell_px) + 1, 0, columns - 1);
    const int row = std::clamp(
        static_cast<int>((p.y - static_cast<float>(inside.y)) / kTakenCell_px) + 1, 0, rows - 1);
    return static_cast<std::size_t>(row * columns + column);
  };
  std::stable_sort(paths_.begin(), paths_.end(),
                   [](const PointPath& a, const PointPath& b) { return a.length > b.length; });
  std::erase_if(paths_, [&](const PointPath& path) {
    std::uint8_t& there = taken_[cell(at(path, 0))];
    return there++ >= kMostInCell;
  });

  struct Corner {
    float strength;
    cv::Point2f position;
  };
  // Foliage has the strongest corners and would take them all: what stands high gets a share of its
  // own, the road and what drives on it the rest.
  const float high = horizon_px - kHigh_px;
  std::array<std::vector<Corner>, 2> found;
  const int horizon = static_cast<int>(horizon_px) - inside.y;
  int y = 0;
  while (y < inside.height) {
    const float off = static_cast<float>(y - horizon);
    const bool near_horizon = off >= -kHigh_px && off <= kNearHorizon_px;
    const int side = near_horizon ? kNearHorizonCell_px : off > 0 ? kRoadCell_px : kSkyCell_px;
    const int below = std::min(y + side, inside.height);
    for (int x = 0; x < inside.width; x += side) {
      const int right = std::min(x + side, inside.width);
      float best = off >= -kHigh_px ? kLeastRoadCorner : kLeastCorner;
      cv::Point2f where(-1, -1);
      for (int row = y; row < below; ++row) {
        const float* values = corners_.ptr<float>(row);
        for (int column = x; column < right; ++column) {
          if (values[column] <= best) continue;
          best = values[column];
          where = {static_cast<float>(column + inside.x), static_cast<float>(row + inside.y)};
        }
      }
      if (where.x >= 0 && taken_[cell(where)] == 0)
        found[where.y < high ? 1 : 0].push_back({best, where});
    }
    y = below;
  }
  std::array<std::size_t, 2> have{};
  for (const PathPlace place : {PathPlace{0, kMostCorners - kMostHigh}, PathPlace{1, kMostHigh}}) {
    for (const PointPath& path : paths_)
      have[place.zone] += (at(path, 0).y < high ? 1U : 0U) == place.zone;
    const std::size_t room = place.most - std::min(have[place.zone], place.most);
    std::vector<Corner>& corners = found[place.zone];
    if (corners.size() <= room) continue;
    std::stable_sort(corners.begin(), corners.end(),
                     [](const Corner& a, const Corner& b) { return a.strength > b.strength; });
    corners.resize(room);
  }
  found[0].insert(found[0].end(), found[1].begin(), found[1].end());
  for (const Corner& corner : found[0]) {
    std::uint8_t& there = taken_[cell(corner.position)];
    if (there) continue;
    there = 1;
    PointPath path;
    path.id = next_id_++;
    path.structure = structure_at(picture, cv::Point(corner.position));
    path.ring[static_cast<std::size_t>(head_)] = corner.position;
    paths_.push_back(path);
  }
}

}  // namespace rearview
