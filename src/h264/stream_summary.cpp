#include "h264/stream_summary.h"

#include <algorithm>

#include "h264/slice_header.h"

namespace rearview::h264 {

void Span::add(int value) {
  least = counted == 0 ? value : std::min(least, value);
  most = counted == 0 ? value : std::max(most, value);
  ++counted;
}

void StreamSummary::add(const NalUnit& nal, std::optional<double> t_s) {
  if (const auto unit = assembler_.push(nal)) take_picture(*unit);
  const NalType type = nal.type();
  bytes_ += nal.bytes.size();
  ++nal_units_[static_cast<std::size_t>(type)];
  ++(nal.start_code_size == 3 ? short_start_codes_ : long_start_codes_);
  if (type == NalType::access_unit_delimiter) delimiter_seen_ = true;
  if (type == NalType::sps) take_sps(nal);
  if (!is_slice(type)) return;
  constexpr int kB = 1;
  if (slice_type(nal.body()) == kB) b_seen_ = true;
  if (!unit_t_s_) unit_t_s_ = t_s;
}

void StreamSummary::finish() {
  if (const auto unit = assembler_.flush()) take_picture(*unit);
}

void StreamSummary::take_sps(const NalUnit& nal) {
  const auto sps = parse_sps(nal.body());
  if (!sps) return;
  if (sps_ && (sps_->width_px != sps->width_px || sps_->height_px != sps->height_px))
    ++size_changes_;
  sps_ = sps;
}

void StreamSummary::take_picture(const AccessUnit& unit) {
  ++pictures_;
  slices_.add(unit.slices);
  if (b_seen_) ++b_pictures_;
  if (delimiter_seen_) ++delimited_;
  if (unit.idr) {
    ++idr_pictures_;
    if (delimiter_seen_) ++delimited_idr_;
    if (since_idr_ >= 0) gop_.add(since_idr_);
    since_idr_ = 0;
  }
  if (since_idr_ >= 0 && since_idr_ < INT32_MAX) ++since_idr_;
  if (unit_t_s_) take_time(*unit_t_s_);
  delimiter_seen_ = false;
  b_seen_ = false;
  unit_t_s_.reset();
}

void StreamSummary::take_time(double t_s) {
  if (!first_t_s_) first_t_s_ = last_t_s_ = t_s;
  first_t_s_ = std::min(*first_t_s_, t_s);
  last_t_s_ = std::max(last_t_s_, t_s);
  if (settled_t_s_)
    ++pictures_since_settled_;
  else if (t_s - *first_t_s_ >= 1)
    settled_t_s_ = t_s;
}

std::optional<double> StreamSummary::seconds() const {
  if (!first_t_s_) return std::nullopt;
  return last_t_s_ - *first_t_s_;
}

std::optional<double> StreamSummary::measured_fps() const {
  if (!settled_t_s_ || last_t_s_ - *settled_t_s_ < 1) return std::nullopt;
  return static_cast<double>(pictures_since_settled_) / (last_t_s_ - *settled_t_s_);
}

}  // namespace rearview::h264
