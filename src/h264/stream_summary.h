#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "h264/access_unit.h"
#include "h264/nal_unit.h"
#include "h264/sps.h"

namespace rearview::h264 {

/// Least and most of a count; empty until something was counted.
struct Span {
  int least = 0;
  int most = 0;
  std::uint64_t counted = 0;
  void add(int value);
};

/// What a stream is made of, from its NAL units. Bounded whatever comes. One thread.
class StreamSummary {
 public:
  /// t_s: when it came or is shown, where that is known; need not be in order.
  void add(const NalUnit& nal, std::optional<double> t_s);
  /// The last picture has ended.
  void finish();

  std::uint64_t bytes() const { return bytes_; }
  /// NAL units by nal_unit_type.
  const std::array<std::uint64_t, 32>& nal_units() const { return nal_units_; }
  std::uint64_t short_start_codes() const { return short_start_codes_; }
  std::uint64_t long_start_codes() const { return long_start_codes_; }
  std::uint64_t pictures() const { return pictures_; }
  std::uint64_t idr_pictures() const { return idr_pictures_; }
  std::uint64_t b_pictures() const { return b_pictures_; }
  /// Pictures with a delimiter in front, and IDR pictures among them.
  std::uint64_t delimited() const { return delimited_; }
  std::uint64_t delimited_idr() const { return delimited_idr_; }
  const Span& slices_per_picture() const { return slices_; }
  /// Pictures from one IDR to the next.
  const Span& gop() const { return gop_; }
  /// The newest one that could be read; how often another followed that differs in size.
  const std::optional<Sps>& sps() const { return sps_; }
  std::uint64_t size_changes() const { return size_changes_; }
  /// First to last time given.
  std::optional<double> seconds() const;
  /// Pictures per second by the times given, without the first second, in which a camera may send
  /// what it had kept; nullopt when less than a second is left.
  std::optional<double> measured_fps() const;

 private:
  void take_sps(const NalUnit& nal);
  void take_picture(const AccessUnit& unit);
  void take_time(double t_s);

  AccessUnitAssembler assembler_;
  std::array<std::uint64_t, 32> nal_units_{};
  std::uint64_t bytes_ = 0;
  std::uint64_t short_start_codes_ = 0;
  std::uint64_t long_start_codes_ = 0;
  std::uint64_t pictures_ = 0;
  std::uint64_t idr_pictures_ = 0;
  std::uint64_t b_pictures_ = 0;
  std::uint64_t delimited_ = 0;
  std::uint64_t delimited_idr_ = 0;
  Span slices_;
  Span gop_;
  std::optional<Sps> sps_;
  std::uint64_t size_changes_ = 0;
  bool delimiter_seen_ = false;  // of the access unit open
  bool b_seen_ = false;
  int since_idr_ = -1;
  std::optional<double> unit_t_s_;
  std::optional<double> first_t_s_;
  double last_t_s_ = 0;
  std::optional<double> settled_t_s_;  // first picture behind the first second
  std::uint64_t pictures_since_settled_ = 0;
};

}  // namespace rearview::h264
