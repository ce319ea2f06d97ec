#include "store/clip_ring.h"

#include <algorithm>
#include <utility>

namespace rearview {
namespace {

bool can_begin(const LiveAccessUnit& unit) {
  return unit.idr && unit.has_parameter_sets;
}

}  // namespace

ClipRing::ClipRing(double most_s, std::size_t most_bytes)
    : most_s_(most_s), most_bytes_(most_bytes) {}

void ClipRing::push(LiveAccessUnitPtr unit) {
  if (units_.empty() && !can_begin(*unit)) return;
  bytes_ += unit->bytes.size();
  units_.push_back(std::move(unit));
  const auto second_group = [this] {
    return std::find_if(units_.begin() + 1, units_.end(),
                        [](const LiveAccessUnitPtr& one) { return can_begin(*one); });
  };
  // The group that reaches back over the limit stays: what begins within it needs its start.
  while (!units_.empty()) {
    const bool large = bytes_ > most_bytes_;
    if (!large) {
      if (units_.back()->t_s - units_.front()->t_s <= most_s_) break;
      const auto second = second_group();
      if (second == units_.end() || units_.back()->t_s - (*second)->t_s < most_s_) break;
    }
    drop_first_group();
  }
  const std::uint64_t first = units_.empty() ? 0 : units_.front()->seq;
  while (!analyses_.empty() && (units_.empty() || analyses_.front()->seq < first))
    analyses_.pop_front();
}

void ClipRing::drop_first_group() {
  do {
    bytes_ -= units_.front()->bytes.size();
    units_.pop_front();
  } while (!units_.empty() && !can_begin(*units_.front()));
}

void ClipRing::push(AnalysisPtr analysis) {
  const std::uint64_t newest = analyses_.empty() ? 0 : analyses_.back()->seq;
  if (units_.empty() || analysis->seq <= newest || analysis->seq < units_.front()->seq) return;
  analyses_.push_back(std::move(analysis));
}

Footage ClipRing::cut(std::uint32_t epoch, double from_s, double to_s) const {
  Footage footage;
  auto first = units_.end();
  for (auto it = units_.begin(); it != units_.end(); ++it) {
    if ((*it)->epoch != epoch || !can_begin(**it)) continue;
    if (first != units_.end() && (*it)->t_s > from_s) break;
    first = it;
  }
  for (auto it = first; it != units_.end() && (*it)->epoch == epoch; ++it) {
    if ((*it)->t_s > to_s && it != first) break;
    footage.units.push_back(*it);
    footage.bytes += (*it)->bytes.size();
  }
  if (footage.units.empty()) return footage;
  const std::uint64_t first_seq = footage.units.front()->seq;
  const std::uint64_t last_seq = footage.units.back()->seq;
  for (const AnalysisPtr& analysis : analyses_) {
    if (analysis->seq >= first_seq && analysis->seq <= last_seq)
      footage.analyses.push_back(analysis);
  }
  return footage;
}

}  // namespace rearview
