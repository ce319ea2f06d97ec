#include "analyse/looming/plausible.h"

#include "analyse/looming/tuning.h"

namespace rearview {
namespace {

using namespace looming_tuning;
using namespace looming_tuning::plausible;

}  // namespace

bool Plausible::not_too_large(const cv::Rect2d& box) const {
  const double below = box.y + box.height - horizon;
  if (below < kFootBelow_px) return false;
  const bool cut = box.x <= active.x + kTouchesEdge_px ||
                   box.x + box.width >= active.x + active.width - kTouchesEdge_px;
  return box.height < kHighest * below + kHighestSlack_px &&
         box.width < (cut ? kWidestCut : kWidest) * below + kWidestSlack_px &&
         (cut || box.width < kFlattest * box.height + kFlattestSlack_px);
}

bool Plausible::whole(const cv::Rect2d& box) const {
  const double below = box.y + box.height - horizon;
  if (!not_too_large(box) || box.width < kLeastWhole_px || box.height < kLeastWhole_px)
    return false;
  if (box.width < kSlimmest * box.height || box.height < kFlattestWhole * box.width) return false;
  return !riding || (box.width > kNarrowest * below && box.height > kLowest * below);
}

}  // namespace rearview
