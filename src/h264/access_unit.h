#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "h264/nal_unit.h"

namespace rearview::h264 {

/// All NAL units of one coded picture, as Annex-B bytes with their start codes.
struct AccessUnit {
  std::vector<std::uint8_t> bytes;
  bool idr = false;                 ///< its slices are IDR slices
  bool has_parameter_sets = false;  ///< holds both an SPS and a PPS
  bool truncated = false;           ///< flushed before its end was seen
  int slices = 0;
};

/// Gathers NAL units into access units: a new one begins at a delimiter, at parameter sets or SEI
/// behind a slice, and at a slice with first_mb_in_slice = 0 (ITU-T H.264, 7.4.1.2.3; arbitrary
/// slice order is not supported). One thread.
class AccessUnitAssembler {
 public:
  /// An access unit larger than this is dropped and counted.
  explicit AccessUnitAssembler(std::size_t max_bytes = std::size_t{8} << 20);

  /// Takes the next NAL unit; returns the access unit that it ends, if it ends one with a picture.
  std::optional<AccessUnit> push(const NalUnit& nal);
  /// Ends the access unit by hand; nullopt when it holds no slice.
  std::optional<AccessUnit> flush();
  void reset();

  /// A slice has been taken since the last access unit ended.
  bool has_picture() const;
  std::uint64_t dropped() const;

 private:
  std::optional<AccessUnit> finish();

  std::size_t max_bytes_;
  AccessUnit current_;
  bool has_sps_ = false;
  bool has_pps_ = false;
  bool oversized_ = false;
  std::uint64_t dropped_ = 0;
};

}  // namespace rearview::h264
