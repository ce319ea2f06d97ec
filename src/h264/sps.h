#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace rearview::h264 {

/// What a sequence parameter set says (ITU-T H.264, 7.3.2.1.1 and annex E).
struct Sps {
  int id = 0;  ///< seq_parameter_set_id
  int profile_idc = 0;
  int constraint_flags = 0;  ///< constraint_set0_flag is bit 7
  int level_idc = 0;         ///< level times ten
  int width_px = 0;          ///< after cropping
  int height_px = 0;
  int max_num_ref_frames = 0;
  int log2_max_frame_num = 4;
  bool gaps_in_frame_num_allowed = false;
  bool separate_colour_planes = false;
  int chroma_array_type = 1;         ///< 0 when there is no chroma, or in planes of its own
  int order_count_type = 0;          ///< pic_order_cnt_type
  int log2_max_order_count_lsb = 4;  ///< with type 0
  bool order_count_delta_always_zero = false;  ///< with type 1
  bool frames_only = true;                     ///< frame_mbs_only_flag: no interlaced coding
  bool full_range = false;                     ///< video_full_range_flag
  std::optional<double>
      fps;  ///< time_scale / (2 num_units_in_tick), if timing information is there
  std::optional<int> max_num_reorder_frames;  ///< from the VUI's bitstream restriction
};

/// Reads the body of an SPS NAL unit (header byte first, emulation prevention still in).
/// nullopt when it is cut short or holds values the standard forbids.
std::optional<Sps> parse_sps(std::span<const std::uint8_t> body);

/// "Constrained Baseline", "High", …; "profile 77" style for a number the standard doesn't name.
std::string profile_name(const Sps& sps);
/// "5", "3.1", "1b" (ITU-T H.264, A.3.1).
std::string level_name(const Sps& sps);

}  // namespace rearview::h264
