#include "h264/reference_check.h"

namespace rearview::h264 {
namespace {

bool holds_recovery_point(std::span<const std::uint8_t> body) {  // 7.3.2.3.1
  constexpr std::size_t kRecoveryPoint = 6;
  std::size_t at = 1;
  const auto coded_number = [&] {
    std::size_t number = 0;
    while (at < body.size() && body[at] == 0xff) {
      number += 0xff;
      ++at;
    }
    if (at < body.size()) number += body[at++];
    return number;
  };
  // Emulation prevention inside a payload can shift what follows; a recovery point comes first
  // or behind short messages, and a miss only means waiting for the next one.
  while (at + 2 < body.size()) {
    const std::size_t type = coded_number();
    const std::size_t size = coded_number();
    if (type == kRecoveryPoint) return true;
    if (size > body.size() - at) return false;
    at += size;
  }
  return false;
}

}  // namespace

ReferenceCheck::Verdict ReferenceCheck::push(std::span<const std::uint8_t> access_unit) {
  Verdict verdict;
  bool slice_seen = false;
  const auto take = [&](const NalUnit& nal) {
    switch (nal.type()) {
      case NalType::sps:
        if (const auto sps = parse_sps(nal.body())) sps_[static_cast<std::size_t>(sps->id)] = sps;
        break;
      case NalType::pps:
        if (const auto ids = parse_pps_ids(nal.body()))
          sps_of_pps_[static_cast<std::size_t>(ids->id)] = ids->sps_id;
        break;
      case NalType::sei:
        verdict.recovery_point |= holds_recovery_point(nal.body());
        break;
      case NalType::non_idr_slice:
      case NalType::partition_a:
      case NalType::idr_slice:
        if (!slice_seen) take_slice(nal, verdict);
        slice_seen = true;
        break;
      default:
        break;
    }
  };
  splitter_.push(access_unit, take);
  splitter_.flush(take);
  splitter_.reset();
  return verdict;
}

void ReferenceCheck::take_slice(const NalUnit& nal, Verdict& verdict) {
  const bool idr = nal.type() == NalType::idr_slice;
  if (idr) last_reference_.reset();
  // The rest of a picture that was cut apart is no place to begin.
  const bool complete_start = first_mb_in_slice(nal.body()) == 0U;
  verdict.idr = idr && complete_start;
  verdict.recovery_point &= complete_start;
  const auto pps_id = slice_pps_id(nal.body());
  if (!pps_id) return;
  const auto sps_id = sps_of_pps_[static_cast<std::size_t>(*pps_id)];
  if (!sps_id) return;
  const auto& sps = sps_[static_cast<std::size_t>(*sps_id)];
  if (!sps) return;
  const auto number = frame_num(nal.body(), *sps);
  if (!number) return;
  // 7.4.3: without gaps allowed, frame_num is that of the last reference picture or one more.
  if (last_reference_ && !sps->gaps_in_frame_num_allowed) {
    const std::uint32_t next = (*last_reference_ + 1) % (1U << sps->log2_max_frame_num);
    verdict.gap = *number != *last_reference_ && *number != next;
  }
  if (nal.ref_idc() != 0) last_reference_ = *number;
}

}  // namespace rearview::h264
