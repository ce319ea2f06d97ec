#include "h264/access_unit.h"

#include <functional>
#include <utility>

#include "h264/annexb_splitter.h"
#include "h264/slice_header.h"

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
         type == NalType::sei || (number >= 16 && number <= 18);
}

struct Held {
  bool sps = false;
  bool pps = false;
};

Held held_in(std::span<const std::uint8_t> bytes,
             const std::function<void(const NalUnit&)>& also = {}) {
  Held held;
  AnnexBSplitter splitter;
  const auto look = [&](const NalUnit& nal) {
    held.sps |= nal.type() == NalType::sps;
    held.pps |= nal.type() == NalType::pps;
    if (also) also(nal);
  };
  splitter.push(bytes, look);
  splitter.flush(look);
  return held;
}

void take_orientation(const NalUnit& nal, AccessUnit& unit) {
  if (nal.type() != NalType::sei) return;
  if (const auto said = display_orientation(nal.body())) unit.display_orientation = said;
}

}  // namespace

AccessUnit whole_access_unit(std::span<const std::uint8_t> bytes,
                             std::span<const std::uint8_t> parameter_sets) {
  AccessUnit unit;
  std::size_t delimiter = 0;  // bytes of the one in front
  bool first = true;
  const Held own = held_in(bytes, [&](const NalUnit& nal) {
    if (std::exchange(first, false) && nal.type() == NalType::access_unit_delimiter)
      delimiter = nal.bytes.size();
    take_orientation(nal, unit);
    if (!is_slice(nal.type())) return;
    if (unit.slices++ == 0) unit.idr = nal.type() == NalType::idr_slice;
  });
  unit.bytes.assign(bytes.begin(), bytes.end());
  unit.has_parameter_sets = own.sps && own.pps;
  if (!unit.idr || unit.has_parameter_sets) return unit;
  const Held kept = held_in(parameter_sets);
  if (!kept.sps || !kept.pps) return unit;
  unit.bytes.insert(unit.bytes.begin() + static_cast<std::ptrdiff_t>(delimiter),
                    parameter_sets.begin(), parameter_sets.end());
  unit.has_parameter_sets = true;
  return unit;
}

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
  if (is_extension(type)) return ended;
  if (is_slice(type)) {
    if (current_.slices++ == 0) current_.idr = type == NalType::idr_slice;
    if (has_first_mb(type)) last_first_mb_ = first_mb_in_slice(nal.body()).value_or(last_first_mb_);
  }
  take_orientation(nal, current_);
  sets_.take(nal);
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
    if (ended->idr && !ended->has_parameter_sets) {
      const std::vector<std::uint8_t> sets = sets_.annexb();
      if (sets.size() <= max_bytes_ - ended->bytes.size())
        ended = whole_access_unit(ended->bytes, sets);
    }
  }
  const std::size_t usual_size = ended ? ended->bytes.size() : 0;
  reset();
  current_.bytes.reserve(usual_size);
  return ended;
}

}  // namespace rearview::h264
