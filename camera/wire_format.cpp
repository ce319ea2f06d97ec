#include "camera/wire_format.h"

#include <algorithm>
#include <array>

#include "camera/coded_picture.h"
#include "h264/slice_header.h"

namespace rearview::camera {
namespace {

using h264::NalType;
using h264::NalUnit;

constexpr std::array<std::uint8_t, 4> kStartCode{0, 0, 0, 1};
// A stream needs one SPS and a few PPS; more than this is repeated from the newest on.
constexpr std::size_t kMaxParameterSets = 32;
constexpr int kSliceTypeB = 1;  // ITU-T H.264, table 7-6

void append_nal(std::vector<std::uint8_t>& out, std::span<const std::uint8_t> body) {
  out.insert(out.end(), kStartCode.begin(), kStartCode.end());
  out.insert(out.end(), body.begin(), body.end());
}

}  // namespace

WireFormat::Result WireFormat::format(std::span<const std::uint8_t> access_unit) {
  Result result;
  result.bytes.reserve(access_unit.size() + 64);
  sps_here_ = false;
  pps_here_ = false;
  const auto take = [&](const NalUnit& nal) {
    if (h264::is_slice(nal.type())) result.slice_bytes += nal.body().size();
    add(nal, result);
  };
  splitter_.reset();
  splitter_.push(access_unit, take);
  splitter_.flush(take);

  if (result.slice_bytes == 0) {
    result.bytes.clear();
    return result;
  }
  if (result.idr && !(sps_here_ && pps_here_)) repeat_parameter_sets(result);
  if (result.idr) result.decodable = knows(NalType::sps) && knows(NalType::pps);
  result.bytes.insert(result.bytes.end(), kDelimiter.begin(), kDelimiter.end());
  return result;
}

void WireFormat::add(const NalUnit& nal, Result& result) {
  switch (nal.type()) {
    case NalType::access_unit_delimiter:
    case NalType::end_of_sequence:
    case NalType::end_of_stream:
      return;  // the first is ours to send; the others would be wrong in a stream that goes on
    case NalType::sei:
      if (sei_ == Sei::drop) return;
      break;
    case NalType::sps:
    case NalType::pps:
      remember(nal);
      break;
    case NalType::idr_slice:
      result.idr = true;
      break;
    case NalType::non_idr_slice:
    case NalType::partition_a:
      result.b_slice |= h264::slice_type(nal.body()) == kSliceTypeB;
      break;
    default:
      break;
  }
  append_nal(result.bytes, nal.body());
}

void WireFormat::remember(const NalUnit& nal) {
  if (nal.type() == NalType::sps && !sps_here_) parameter_sets_.clear();
  sps_here_ |= nal.type() == NalType::sps;
  pps_here_ |= nal.type() == NalType::pps;
  const auto body = nal.body();
  const bool known =
      std::any_of(parameter_sets_.begin(), parameter_sets_.end(),
                  [&](const ParameterSet& set) { return std::ranges::equal(set.body, body); });
  if (known) return;
  if (parameter_sets_.size() == kMaxParameterSets) parameter_sets_.erase(parameter_sets_.begin());
  parameter_sets_.push_back({nal.type(), {body.begin(), body.end()}});
}

void WireFormat::repeat_parameter_sets(Result& result) const {
  std::vector<std::uint8_t> all;
  for (const ParameterSet& set : parameter_sets_) append_nal(all, set.body);
  // In front of everything: SEI may refer to the SPS.
  result.bytes.insert(result.bytes.begin(), all.begin(), all.end());
}

bool WireFormat::knows(NalType type) const {
  return std::any_of(parameter_sets_.begin(), parameter_sets_.end(),
                     [&](const ParameterSet& set) { return set.type == type; });
}

}  // namespace rearview::camera
