#include "analyse/view/new_pictures.h"

#include <algorithm>

#include "analyse/view/tuning.h"

namespace rearview {

using namespace view_tuning::new_pictures;

void NewPictures::see(const cv::Mat& cells, double t_s) {
  if (!last_.empty()) {
    while (!changes_.empty() &&
           (t_s - changes_.front().t_s > kLeapsMemory_s || changes_.size() >= kMostChanges))
      changes_.pop_front();
    changes_.push_back(
        {t_s, cv::norm(cells, last_, cv::NORM_L1) / static_cast<double>(cells.total())});
  }
  last_ = cells;
  rate_per_s_ = rate_of_leaps();
}

double NewPictures::rate_of_leaps() const {
  double most = 0;
  for (const Change& change : changes_) most = std::max(most, change.luma);
  if (most < kLeap) return 0;
  std::size_t leaps = 0;
  double first_s = 0;
  double last_s = 0;
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    const auto [t_s, luma] = changes_[i];
    if (luma <= kRepeatShare * most) continue;
    // One that follows another at once is movement, not a leap.
    if (i > 0 && changes_[i - 1].luma > kRepeatShare * most) return 0;
    if (leaps++ == 0) first_s = t_s;
    last_s = t_s;
  }
  if (leaps < kLeastLeaps) return 0;
  return static_cast<double>(leaps - 1) / (last_s - first_s);
}

}  // namespace rearview
