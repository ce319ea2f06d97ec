#include "h264/sps.h"

#include <fmt/core.h>

#include "h264/bit_reader.h"

namespace rearview::h264 {
namespace {

// Level 6.2's MaxFS is 139264 macroblocks, and a side may have sqrt(8 MaxFS) at most (A.3.1).
constexpr std::uint32_t kMaxMbsPerSide = 1055;
constexpr std::uint32_t kMaxFrameMbs = 139264;

bool has_chroma_fields(int profile_idc) {  // 7.3.2.1.1
  switch (profile_idc) {
    case 100:
    case 110:
    case 122:
    case 244:
    case 44:
    case 83:
    case 86:
    case 118:
    case 128:
    case 138:
    case 139:
    case 134:
    case 135:
      return true;
    default:
      return false;
  }
}

void skip_scaling_list(BitReader& reader, int size) {  // 7.3.2.1.1.1
  int last = 8;
  int next = 8;
  for (int i = 0; i < size && reader.ok(); ++i) {
    if (next != 0) next = (last + (reader.se() & 0xff) + 256) & 0xff;
    if (next != 0) last = next;
  }
}

bool skip_hrd(BitReader& reader) {  // E.1.2
  const std::uint32_t cpb_count = reader.ue() + 1;
  if (cpb_count > 32) return false;
  reader.bits(8);
  for (std::uint32_t i = 0; i < cpb_count; ++i) {
    reader.ue();
    reader.ue();
    reader.bit();
  }
  reader.bits(20);
  return reader.ok();
}

bool read_vui(BitReader& reader, Sps& sps) {  // E.1.1
  constexpr std::uint32_t kExtendedSar = 255;
  if (reader.bit() && reader.bits(8) == kExtendedSar) reader.bits(32);
  if (reader.bit()) reader.bit();  // overscan
  if (reader.bit()) {              // video signal type
    reader.bits(3);
    sps.full_range = reader.bit();
    if (reader.bit()) reader.bits(24);
  }
  if (reader.bit()) {  // chroma location
    reader.ue();
    reader.ue();
  }
  if (reader.bit()) {  // timing
    const std::uint32_t units_in_tick = reader.bits(32);
    const std::uint32_t time_scale = reader.bits(32);
    reader.bit();
    if (units_in_tick != 0 && time_scale != 0) sps.fps = time_scale / (2.0 * units_in_tick);
  }
  const bool nal_hrd = reader.bit();
  if (nal_hrd && !skip_hrd(reader)) return false;
  const bool vcl_hrd = reader.bit();
  if (vcl_hrd && !skip_hrd(reader)) return false;
  if (nal_hrd || vcl_hrd) reader.bit();
  reader.bit();        // pic_struct_present_flag
  if (reader.bit()) {  // bitstream restriction
    reader.bit();
    for (int i = 0; i < 4; ++i) reader.ue();
    const std::uint32_t reorder = reader.ue();
    const std::uint32_t buffering = reader.ue();
    if (buffering > 16 || reorder > buffering) return false;
    sps.max_num_reorder_frames = static_cast<int>(reorder);
  }
  return reader.ok();
}

}  // namespace

std::optional<Sps> parse_sps(std::span<const std::uint8_t> body) {
  if (body.empty()) return std::nullopt;
  BitReader reader(body.subspan(1));
  Sps sps;
  sps.profile_idc = static_cast<int>(reader.bits(8));
  sps.constraint_flags = static_cast<int>(reader.bits(8));
  sps.level_idc = static_cast<int>(reader.bits(8));
  const std::uint32_t id = reader.ue();
  if (id > 31) return std::nullopt;
  sps.id = static_cast<int>(id);
  std::uint32_t chroma_format_idc = 1;
  if (has_chroma_fields(sps.profile_idc)) {
    chroma_format_idc = reader.ue();
    if (chroma_format_idc > 3) return std::nullopt;
    sps.separate_colour_planes = chroma_format_idc == 3 && reader.bit();
    if (reader.ue() > 6 || reader.ue() > 6) return std::nullopt;  // bit depths, minus 8
    reader.bit();
    if (reader.bit()) {  // scaling matrices
      for (int i = 0; i < (chroma_format_idc == 3 ? 12 : 8); ++i) {
        if (reader.bit()) skip_scaling_list(reader, i < 6 ? 16 : 64);
      }
    }
    if (sps.separate_colour_planes) chroma_format_idc = 0;
  }
  sps.chroma_array_type = static_cast<int>(chroma_format_idc);
  const std::uint32_t log2_max_frame_num_minus4 = reader.ue();
  if (log2_max_frame_num_minus4 > 12) return std::nullopt;
  sps.log2_max_frame_num = static_cast<int>(log2_max_frame_num_minus4) + 4;
  const std::uint32_t order_count_type = reader.ue();
  if (order_count_type == 0) {
    const std::uint32_t log2_max_lsb_minus4 = reader.ue();
    if (log2_max_lsb_minus4 > 12) return std::nullopt;
    sps.log2_max_order_count_lsb = static_cast<int>(log2_max_lsb_minus4) + 4;
  } else if (order_count_type == 1) {
    sps.order_count_delta_always_zero = reader.bit();
    reader.se();
    reader.se();
    const std::uint32_t cycle = reader.ue();
    if (cycle > 255) return std::nullopt;
    for (std::uint32_t i = 0; i < cycle; ++i) reader.se();
  } else if (order_count_type != 2) {
    return std::nullopt;
  }
  sps.order_count_type = static_cast<int>(order_count_type);
  const std::uint32_t references = reader.ue();
  if (references > 16) return std::nullopt;
  sps.max_num_ref_frames = static_cast<int>(references);
  sps.gaps_in_frame_num_allowed = reader.bit();
  const std::uint32_t width_minus1 = reader.ue();
  const std::uint32_t map_height_minus1 = reader.ue();
  if (width_minus1 >= kMaxMbsPerSide || map_height_minus1 >= kMaxMbsPerSide) return std::nullopt;
  const bool frames_only = sps.frames_only = reader.bit();
  if (!frames_only) reader.bit();
  const std::uint32_t width_mbs = width_minus1 + 1;
  const std::uint32_t height_mbs = (map_height_minus1 + 1) * (frames_only ? 1 : 2);
  if (height_mbs > kMaxMbsPerSide || width_mbs * height_mbs > kMaxFrameMbs) return std::nullopt;
  reader.bit();
  std::uint64_t crop_width = 0;
  std::uint64_t crop_height = 0;
  if (reader.bit()) {  // in units of table 6-1's chroma sub-sampling
    const std::uint64_t unit_x = chroma_format_idc == 1 || chroma_format_idc == 2 ? 2 : 1;
    const std::uint64_t unit_y = (chroma_format_idc == 1 ? 2U : 1U) * (frames_only ? 1U : 2U);
    crop_width = unit_x * reader.ue();
    crop_width += unit_x * reader.ue();
    crop_height = unit_y * reader.ue();
    crop_height += unit_y * reader.ue();
  }
  if (crop_width >= width_mbs * 16 || crop_height >= height_mbs * 16) return std::nullopt;
  sps.width_px = static_cast<int>(width_mbs * 16 - crop_width);
  sps.height_px = static_cast<int>(height_mbs * 16 - crop_height);
  if (reader.bit() && !read_vui(reader, sps)) return std::nullopt;
  if (!reader.bit() || !reader.ok()) return std::nullopt;  // rbsp_stop_one_bit
  return sps;
}

std::string profile_name(const Sps& sps) {  // A.2
  const auto constraint = [&](int set) { return (sps.constraint_flags >> (7 - set) & 1) != 0; };
  switch (sps.profile_idc) {
    case 44:
      return "CAVLC 4:4:4 Intra";
    case 66:
      return constraint(1) ? "Constrained Baseline" : "Baseline";
    case 77:
      return "Main";
    case 88:
      return "Extended";
    case 100:
      if (constraint(4)) return constraint(5) ? "Constrained High" : "Progressive High";
      return "High";
    case 110:
      return constraint(3) ? "High 10 Intra" : "High 10";
    case 122:
      return constraint(3) ? "High 4:2:2 Intra" : "High 4:2:2";
    case 244:
      return constraint(3) ? "High 4:4:4 Intra" : "High 4:4:4 Predictive";
    default:
      return fmt::format("profile {}", sps.profile_idc);
  }
}

std::string level_name(const Sps& sps) {
  const bool baseline_family =
      sps.profile_idc == 66 || sps.profile_idc == 77 || sps.profile_idc == 88;
  const bool constraint3 = (sps.constraint_flags >> 4 & 1) != 0;
  if (sps.level_idc == 9 || (sps.level_idc == 11 && constraint3 && baseline_family)) return "1b";
  if (sps.level_idc % 10 == 0) return fmt::format("{}", sps.level_idc / 10);
  return fmt::format("{}.{}", sps.level_idc / 10, sps.level_idc % 10);
}

}  // namespace rearview::h264
