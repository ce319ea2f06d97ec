#include "analyse/looming/plausible.h"

#include "analyse/looming/tuning.h"

namespace rearview {
namespace {

using namespace looming_tuning;
using namespace looming_tuning::plausible;

}  // namespace

bool Plausible::not_too_large(const cv::Rect2d& box) const {
  const double below = box.y + box.height - horizon;
  if (below < 1.5) return false;
  const bool cut = box.x <= active.x + kTouchesEdge_px ||
                   box.x + box.width >= active.x + active.width - kTouchesEdge_px;
  return box.height < 5.5 * below + 8 && box.width < (cut ? 6.0 : kWidest) * below + 4 &&
         (cut || box.width < 3.2 * box.height + 6);
}

bool Plausible::whole(const cv::Rect2d& box) const {
  const double below = box.y + box.height - horizon;
  if (!not_too_large(box) || box.width < 5 || box.height < 5) return false;
  if (box.width < 0.2 * box.height || box.height < 0.25 * box.width) return false;
  return !riding || (box.width > 0.3 * below && box.height > 0.7 * below);
}

}  // namespace rearview
