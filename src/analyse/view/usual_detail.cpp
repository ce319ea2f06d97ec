#include "analyse/view/usual_detail.h"

#include <algorithm>

#include "analyse/view/tuning.h"

namespace rearview {

using namespace view_tuning::usual_detail;

double UsualDetail::kept(const PictureContent& content, double stands_out, double t_s) {
  const auto shows = [&](std::size_t patch) {
    return content.patches[patch].steepest >= stands_out ? 1.0 : 0.0;
  };
  double usual = 0;
  double still = 0;
  constexpr auto kColumns = static_cast<std::size_t>(PictureContent::kColumns);
  for (std::size_t patch = kFromRow * kColumns; patch < kToRow * kColumns; ++patch) {
    if (usual_[patch].shows < kUsually || usual_[patch].luma < kNight_luma) continue;
    usual += 1;
    still += shows(patch);
  }
  const double share = usual < kLeastUsual ? 1 : still / usual;

  const double passed_s = begun_ ? std::clamp(t_s - last_s_, 0.0, kLongestGap_s) : kLongestGap_s;
  last_s_ = t_s;
  known_s_ = std::min(kMemory_s, known_s_ + passed_s);
  const bool gone = share < kGone && known_s_ >= kKnown_s;
  const double gain =
      !begun_ ? 1 : passed_s / (gone ? kGoneMemory_s : std::max(known_s_, passed_s));
  begun_ = true;
  for (std::size_t patch = 0; patch < usual_.size(); ++patch) {
    usual_[patch].shows += gain * (shows(patch) - usual_[patch].shows);
    usual_[patch].luma += gain * (content.patches[patch].luma - usual_[patch].luma);
  }
  return known_s_ < kKnown_s ? 1 : share;
}

}  // namespace rearview
