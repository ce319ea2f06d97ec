#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "h264/nal_unit.h"
#include "h264/sps.h"

namespace rearview::h264 {

/// What of a picture parameter set (ITU-T H.264, 7.3.2.2) is needed to read slice headers.
struct Pps {
  int id = 0;
  int sps_id = 0;
  bool field_order_present = false;  ///< bottom_field_pic_order_in_frame_present_flag
  int references_l0 = 1;             ///< num_ref_idx_l0_default_active_minus1, plus 1
  int references_l1 = 1;
  bool weighted_p = false;                ///< weighted_pred_flag
  bool explicitly_weighted_b = false;     ///< weighted_bipred_idc is 1
  bool redundant_pictures_known = false;  ///< redundant_pic_cnt_present_flag
};
/// Reads the body of a PPS NAL unit; nullopt when it is cut short or a value is out of range.
std::optional<Pps> parse_pps(std::span<const std::uint8_t> body);

/// first_mb_in_slice of a slice NAL unit's body; nullopt when it is cut short.
std::optional<std::uint32_t> first_mb_in_slice(std::span<const std::uint8_t> body);

/// slice_type modulo 5 (0 P, 1 B, 2 I, 3 SP, 4 SI); nullopt when it is cut short or not one.
std::optional<int> slice_type(std::span<const std::uint8_t> body);

/// pic_parameter_set_id of a slice; nullopt when it is cut short or out of range.
std::optional<int> slice_pps_id(std::span<const std::uint8_t> body);

/// What of a slice header (7.3.3) is needed to follow reference pictures.
struct SliceHeader {
  std::uint32_t frame_num = 0;
  /// Memory management control operation 5 (7.4.3.3): behind this picture, frame_num counts from 0.
  bool resets_frame_num = false;
};
/// Reads a slice NAL unit (types 1, 2 and 5) that refers to these. nullopt when it is cut short in
/// front of frame_num; what is broken behind that resets nothing.
std::optional<SliceHeader> parse_slice_header(const NalUnit& nal, const Sps& sps, const Pps& pps);

}  // namespace rearview::h264
