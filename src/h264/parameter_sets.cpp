#include "h264/parameter_sets.h"

namespace rearview::h264 {

void ParameterSets::take(const NalUnit& nal) {
  if (nal.type() == NalType::sps) {
    const auto sps = parse_sps(nal.body());
    if (!sps) return;
    newest_sps_ = sps->id;
    sps_.at(static_cast<std::size_t>(sps->id)) = sps;
  } else if (nal.type() == NalType::pps) {
    if (const auto pps = parse_pps(nal.body())) pps_.at(static_cast<std::size_t>(pps->id)) = pps;
  }
}

const Pps* ParameterSets::pps(int id) const {
  const auto& found = pps_.at(static_cast<std::size_t>(id));
  return found ? &*found : nullptr;
}

const Sps* ParameterSets::sps(int id) const {
  const auto& found = sps_.at(static_cast<std::size_t>(id));
  return found ? &*found : nullptr;
}

const Sps* ParameterSets::newest_sps() const {
  return sps(newest_sps_);
}

}  // namespace rearview::h264
