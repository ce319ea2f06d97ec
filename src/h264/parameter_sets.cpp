#include "h264/parameter_sets.h"

#include <algorithm>

namespace rearview::h264 {

namespace {

std::vector<std::uint8_t> kept(const NalUnit& nal) {
  if (nal.bytes.size() > ParameterSets::kMostBytes) return {};
  return {nal.bytes.begin(), nal.bytes.end()};
}

}  // namespace

void ParameterSets::take(const NalUnit& nal) {
  if (nal.type() == NalType::sps) {
    const auto sps = parse_sps(nal.body());
    if (!sps) return;
    newest_sps_ = sps->id;
    sps_.at(static_cast<std::size_t>(sps->id)) = {*sps, kept(nal)};
  } else if (nal.type() == NalType::pps) {
    const auto pps = parse_pps(nal.body());
    if (pps) pps_.at(static_cast<std::size_t>(pps->id)) = {*pps, kept(nal)};
  }
}

const Pps* ParameterSets::pps(int id) const {
  const auto& found = pps_.at(static_cast<std::size_t>(id));
  return found ? &found->set : nullptr;
}

const Sps* ParameterSets::sps(int id) const {
  const auto& found = sps_.at(static_cast<std::size_t>(id));
  return found ? &found->set : nullptr;
}

const Sps* ParameterSets::newest_sps() const {
  return sps(newest_sps_);
}

bool ParameterSets::has_pps() const {
  return std::ranges::any_of(pps_, [](const auto& pps) { return pps.has_value(); });
}

std::vector<std::uint8_t> ParameterSets::annexb() const {
  std::vector<std::uint8_t> out;
  const auto add = [&out](const auto& all) {
    for (const auto& one : all) {
      if (one) out.insert(out.end(), one->bytes.begin(), one->bytes.end());
    }
  };
  add(sps_);
  add(pps_);
  return out;
}

}  // namespace rearview::h264
