#include "h264/access_unit.h"

#include <utility>

#include "h264/sps.h"

namespace rearview::h264 {
namespace {

// Partitions B and C (types 3 and 4) carry a slice's number instead of first_mb_in_slice.
bool has_first_mb(NalType type) {
  return type == NalType::non_idr_slice || type == NalType::partition_a ||
         type == NalType::idr_slice;
}

// ITU-T H.264, 7.4.1.2.3: what may not follow the last slice of a primary coded picture.
bool precedes_picture(NalType type) {
  const auto number = static_cast<int>(type);
  return type == NalType::access_unit_delimiter || type == NalType::sps || type == NalType::pps ||
         type == NalType::sei || (number >= 14 && number <= 18);
}

}  // namespace

AccessUnitAssembler::AccessUnitAssembler(std::size_t max_bytes) : max_bytes_(max_bytes) {}

bool AccessUnitAssembler::begins_next(const NalUnit& nal) const {
  if (!has_picture()) return false;
  const NalType type = nal.type();
  if (precedes_picture(type)) return true;
  if (!has_first_mb(type)) return false;
  if ((type == NalType::idr_slice) != current_.idr) return true;
  const auto first_mb = first_mb_in_slice(nal.body());
  return first_mb && *first_mb <= last_first_mb_;
}

std::optional<AccessUnit> AccessUnitAssembler::push(const NalUnit& nal) {
  std::optional<AccessUnit> ended;
  if (begins_next(nal)) ended = finish();

  const NalType type = nal.type();
  if (is_slice(type)) {
    if (current_.slices++ == 0) current_.idr = type == NalType::idr_slice;
    if (has_first_mb(type)) last_first_mb_ = first_mb_in_slice(nal.body()).value_or(last_first_mb_);
  }
  has_sps_ |= type == NalType::sps;
  has_pps_ |= type == NalType::pps;
  if (oversized_ || nal.bytes.size() > max_bytes_ - current_.bytes.size()) {
    oversized_ = true;
    current_.bytes.clear();
  } else {
    current_.bytes.insert(current_.bytes.end(), nal.bytes.begin(), nal.bytes.end());
  }
  return ended;
}

std::optional<AccessUnit> AccessUnitAssembler::peek(const NalUnit& open) {
  if (!begins_next(open)) return std::nullopt;
  return finish();
}

std::optional<AccessUnit> AccessUnitAssembler::flush() {
  if (!has_picture()) return std::nullopt;
  std::optional<AccessUnit> ended = finish();
  if (ended) ended->truncated = true;
  return ended;
}

void AccessUnitAssembler::reset() {
  current_ = {};
  last_first_mb_ = 0;
  has_sps_ = false;
  has_pps_ = false;
  oversized_ = false;
}

std::optional<AccessUnit> AccessUnitAssembler::finish() {
  std::optional<AccessUnit> ended;
  if (oversized_) {
    ++dropped_;
  } else {
    current_.has_parameter_sets = has_sps_ && has_pps_;
    ended = std::move(current_);
  }
  const std::size_t usual_size = ended ? ended->bytes.size() : 0;
  reset();
  current_.bytes.reserve(usual_size);
  return ended;
}

}  // namespace rearview::h264
