#include "h264/reference_check.h"

#include "h264/sei.h"
#include "h264/slice_header.h"

namespace rearview::h264 {

ReferenceCheck::Verdict ReferenceCheck::push(std::span<const std::uint8_t> access_unit,
                                             const AnnexBSplitter::Sink& each) {
  Verdict verdict;
  bool slice_seen = false;
  const auto take = [&](const NalUnit& nal) {
    switch (nal.type()) {
      case NalType::sps:
      case NalType::pps:
        sets_.take(nal);
        break;
      case NalType::sei:
        verdict.recovery_point |= recovery_point(nal.body()).has_value();
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
    if (each) each(nal);
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
  const Pps* pps = pps_id ? sets_.pps(*pps_id) : nullptr;
  const Sps* sps = pps != nullptr ? sets_.sps(pps->sps_id) : nullptr;
  if (sps == nullptr) return;
  const auto header = parse_slice_header(nal, *sps, *pps);
  if (!header) return;
  // 7.4.3: without gaps allowed, frame_num is that of the last reference picture or one more.
  if (last_reference_ && !sps->gaps_in_frame_num_allowed) {
    const std::uint32_t next = (*last_reference_ + 1) % (1U << sps->log2_max_frame_num);
    verdict.gap = header->frame_num != *last_reference_ && header->frame_num != next;
  }
  if (nal.ref_idc() != 0) last_reference_ = header->resets_frame_num ? 0 : header->frame_num;
}

}  // namespace rearview::h264
