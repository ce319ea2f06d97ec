#include "app/best_views.h"

#include <algorithm>

namespace rearview {
namespace {

/// A pass is told within a second of the last look.
constexpr double kKept_s = 3;
constexpr std::size_t kMostViews = 8;

}  // namespace

void BestViews::see(const Annotated& seen) {
  const Analysis& analysis = *seen.analysis;
  if (analysis.epoch != epoch_) views_.clear();
  epoch_ = analysis.epoch;
  std::erase_if(views_, [&](const View& view) { return analysis.t_s - view.last_s > kKept_s; });
  const cv::Rect2f picture(0, 0, static_cast<float>(seen.frame->width()),
                           static_cast<float>(seen.frame->height()));
  for (const Track& track : analysis.tracks) {
    if (track.threat == 0 || track.unseen_s > 0) continue;
    const cv::Rect2f& box = track.box;
    const Worth worth{
        box.x > 0 && box.y > 0 && box.br().x < picture.width && box.br().y < picture.height,
        (box & picture).area()};
    const auto known = std::find_if(views_.begin(), views_.end(),
                                    [&](const View& view) { return view.track_id == track.id; });
    if (known == views_.end()) {
      if (views_.size() < kMostViews) views_.push_back({track.id, worth, analysis.t_s, seen});
      continue;
    }
    known->last_s = analysis.t_s;
    if (worth < known->worth) continue;
    known->worth = worth;
    known->best = seen;
  }
}

std::optional<Annotated> BestViews::of(int track_id) const {
  for (const View& view : views_) {
    if (view.track_id == track_id) return view.best;
  }
  return std::nullopt;
}

}  // namespace rearview
