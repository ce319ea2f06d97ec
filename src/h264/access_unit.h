#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "h264/nal_unit.h"
#include "h264/parameter_sets.h"
#include "h264/sei.h"

namespace rearview::h264 {

/// All NAL units of one coded picture, as Annex-B bytes with their start codes.
struct AccessUnit {
  std::vector<std::uint8_t> bytes;
  bool idr = false;                 ///< its slices are IDR slices
  bool has_parameter_sets = false;  ///< holds both an SPS and a PPS
  bool truncated = false;           ///< flushed before its end was seen
  int slices = 0;
  std::optional<DisplayOrientation> display_orientation;  ///< the last that its messages say
};

/// An access unit out of a container, which says where it begins and ends; bytes: Annex-B.
/// parameter_sets: Annex-B as well, may be empty; they are put into an IDR picture that comes
/// without its own.
AccessUnit whole_access_unit(std::span<const std::uint8_t> bytes,
                             std::span<const std::uint8_t> parameter_sets);

/// Gathers NAL units into access units: a new one begins behind a slice at a delimiter, at
/// parameter sets, SEI or types 16 to 18, and at a slice that can't go on with the picture: the
/// other of IDR and non-IDR, or first_mb_in_slice not above the last one (ITU-T H.264, 7.4.1.2.3
/// and 7.4.1.2.4; arbitrary slice order and redundant slices are not supported). Two fields are
/// two access units. What is for other layers or views is left out: the prefix in front of each
/// slice of a scalable stream would else look like a picture's beginning. An IDR picture that comes
/// without parameter sets gets those that came before: servers send them once. One thread.
class AccessUnitAssembler {
 public:
  /// An access unit larger than this is dropped and counted.
  explicit AccessUnitAssembler(std::size_t max_bytes = std::size_t{8} << 20);

  /// Takes the next NAL unit; returns the access unit that it ends, if it ends one with a picture.
  std::optional<AccessUnit> push(const NalUnit& nal);
  /// Ends the access unit without waiting for all of the next NAL unit, when what has arrived of
  /// that (its header byte at least) already shows that it begins another one. The NAL unit
  /// itself is still to be pushed when it is whole.
  std::optional<AccessUnit> peek(const NalUnit& open);
  /// Ends the access unit by hand; nullopt when it holds no slice.
  std::optional<AccessUnit> flush();
  /// Forgets the access unit begun; parameter sets and the counter stay.
  void reset();

  /// A slice has been taken since the last access unit ended.
  bool has_picture() const { return current_.slices > 0; }
  /// Slices taken since the last access unit ended.
  int slices() const { return current_.slices; }
  /// Access units dropped because they were over the limit.
  std::uint64_t dropped() const { return dropped_; }

 private:
  bool begins_next(const NalUnit& nal) const;
  std::optional<AccessUnit> finish();

  std::size_t max_bytes_;
  AccessUnit current_;
  std::uint32_t last_first_mb_ = 0;
  bool has_sps_ = false;
  bool has_pps_ = false;
  ParameterSets sets_;
  bool oversized_ = false;
  std::uint64_t dropped_ = 0;
};

}  // namespace rearview::h264
