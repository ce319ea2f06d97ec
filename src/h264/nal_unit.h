#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace rearview::h264 {

/// nal_unit_type, ITU-T H.264 table 7-1; other numbers may occur.
enum class NalType : std::uint8_t {
  non_idr_slice = 1,
  partition_a = 2,
  partition_b = 3,
  partition_c = 4,
  idr_slice = 5,
  sei = 6,
  sps = 7,
  pps = 8,
  access_unit_delimiter = 9,
  end_of_sequence = 10,
  end_of_stream = 11,
  filler = 12,
  prefix = 14,           ///< tells of the slice behind it what a scalable decoder needs
  subset_sps = 15,       ///< of other layers or views
  slice_extension = 20,  ///< a slice of another layer or view
  depth_extension = 21,  ///< the same of a view's depth
};

/// One NAL unit as it stands in an Annex-B byte stream. A view: the bytes belong to whoever gave
/// it, and hold only as long as that says.
struct NalUnit {
  std::span<const std::uint8_t>
      bytes;                        ///< start code, header and payload; at least one header byte
  std::size_t start_code_size = 4;  ///< 3 or 4

  std::uint8_t header() const { return bytes[start_code_size]; }
  NalType type() const { return static_cast<NalType>(header() & 0x1f); }
  int ref_idc() const { return (header() >> 5) & 3; }
  /// What follows the start code: header byte and payload, emulation prevention included.
  std::span<const std::uint8_t> body() const { return bytes.subspan(start_code_size); }
};

/// A coded slice of a picture (types 1 to 5).
bool is_slice(NalType type);
/// For decoders of scalable or multiview streams alone (annexes G to I); others leave it out.
bool is_extension(NalType type);

/// The tutorial's names for the types it knows; "Unknown (14)" for any other.
std::string nal_type_name(NalType type);

}  // namespace rearview::h264
