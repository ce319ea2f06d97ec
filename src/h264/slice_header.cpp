#include "h264/slice_header.h"

#include "h264/bit_reader.h"

namespace rearview::h264 {
namespace {

constexpr std::uint32_t kMostReferences = 32;  // of fields (7.4.2.2)
constexpr int kP = 0;
constexpr int kB = 1;
constexpr int kSp = 3;

int bits_for(std::uint32_t values) {
  int bits = 0;
  while (bits < 32 && (std::uint64_t{1} << bits) < values) ++bits;
  return bits;
}

// 7.3.2.2, slice groups.
bool skip_slice_groups(BitReader& reader) {
  const std::uint32_t groups = reader.ue() + 1;
  if (groups == 1) return true;
  if (groups > 8) return false;
  const std::uint32_t map_type = reader.ue();
  if (map_type == 0) {
    for (std::uint32_t i = 0; i < groups; ++i) reader.ue();
  } else if (map_type == 2) {
    for (std::uint32_t i = 0; i + 1 < groups; ++i) {
      reader.ue();
      reader.ue();
    }
  } else if (map_type >= 3 && map_type <= 5) {
    reader.bit();
    reader.ue();
  } else if (map_type == 6) {
    constexpr std::uint32_t kMostMapUnits = 139264;  // level 6.2's MaxFS
    const std::uint32_t units = reader.ue() + 1;
    if (units > kMostMapUnits) return false;
    for (std::uint32_t i = 0; i < units && reader.ok(); ++i) reader.bits(bits_for(groups));
  }
  return map_type <= 6;
}

// 7.3.3.1, for one list.
void skip_list_modification(BitReader& reader) {
  if (!reader.bit()) return;
  constexpr std::uint32_t kEnd = 3;
  for (std::uint32_t i = 0; i <= 2 * kMostReferences && reader.ok(); ++i) {
    if (reader.ue() == kEnd) return;
    reader.ue();
  }
}

// 7.3.3.2, for one list.
void skip_weights(BitReader& reader, std::uint32_t references, bool chroma) {
  for (std::uint32_t i = 0; i < references && reader.ok(); ++i) {
    if (reader.bit()) {
      reader.se();
      reader.se();
    }
    if (!chroma || !reader.bit()) continue;
    for (int n = 0; n < 4; ++n) reader.se();
  }
}

// 7.3.3.3 of a picture that is no IDR.
bool marks_a_reset(BitReader& reader) {
  if (!reader.bit()) return false;
  for (std::uint32_t i = 0; i <= 2 * kMostReferences && reader.ok(); ++i) {
    switch (reader.ue()) {
      case 0:
        return false;
      case 3:
        reader.ue();
        reader.ue();
        break;
      case 5:
        return reader.ok();
      default:
        reader.ue();
        break;
    }
  }
  return false;
}

}  // namespace

std::optional<Pps> parse_pps(std::span<const std::uint8_t> body) {
  if (body.empty()) return std::nullopt;
  BitReader reader(body.subspan(1));
  Pps pps;
  const std::uint32_t id = reader.ue();
  const std::uint32_t sps_id = reader.ue();
  if (!reader.ok() || id > 255 || sps_id > 31) return std::nullopt;
  pps.id = static_cast<int>(id);
  pps.sps_id = static_cast<int>(sps_id);
  reader.bit();
  pps.field_order_present = reader.bit();
  if (!skip_slice_groups(reader)) return std::nullopt;
  const std::uint32_t l0 = reader.ue() + 1;
  const std::uint32_t l1 = reader.ue() + 1;
  if (l0 > kMostReferences || l1 > kMostReferences) return std::nullopt;
  pps.references_l0 = static_cast<int>(l0);
  pps.references_l1 = static_cast<int>(l1);
  pps.weighted_p = reader.bit();
  pps.explicitly_weighted_b = reader.bits(2) == 1;
  for (int i = 0; i < 3; ++i) reader.se();
  reader.bits(2);
  pps.redundant_pictures_known = reader.bit();
  if (!reader.ok()) return std::nullopt;
  return pps;
}

std::optional<std::uint32_t> first_mb_in_slice(std::span<const std::uint8_t> body) {
  if (body.empty()) return std::nullopt;
  BitReader reader(body.subspan(1));
  const std::uint32_t first_mb = reader.ue();
  if (!reader.ok()) return std::nullopt;
  return first_mb;
}

std::optional<int> slice_type(std::span<const std::uint8_t> body) {
  if (body.empty()) return std::nullopt;
  BitReader reader(body.subspan(1));
  reader.ue();
  const std::uint32_t type = reader.ue();
  if (!reader.ok() || type > 9) return std::nullopt;
  return static_cast<int>(type % 5);
}

std::optional<int> slice_pps_id(std::span<const std::uint8_t> body) {
  if (body.empty()) return std::nullopt;
  BitReader reader(body.subspan(1));
  reader.ue();
  reader.ue();
  const std::uint32_t id = reader.ue();
  if (!reader.ok() || id > 255) return std::nullopt;
  return static_cast<int>(id);
}

std::optional<SliceHeader> parse_slice_header(const NalUnit& nal, const Sps& sps, const Pps& pps) {
  BitReader reader(nal.body().subspan(1));
  reader.ue();
  const std::uint32_t type = reader.ue() % 5;
  reader.ue();
  if (sps.separate_colour_planes) reader.bits(2);
  SliceHeader header;
  header.frame_num = reader.bits(sps.log2_max_frame_num);
  if (!reader.ok()) return std::nullopt;
  const bool idr = nal.type() == NalType::idr_slice;
  if (idr || nal.ref_idc() == 0) return header;  // no marking that could reset

  bool field = false;
  if (!sps.frames_only && reader.bit()) {
    field = true;
    reader.bit();
  }
  if (sps.order_count_type == 0) {
    reader.bits(sps.log2_max_order_count_lsb);
    if (pps.field_order_present && !field) reader.se();
  } else if (sps.order_count_type == 1 && !sps.order_count_delta_always_zero) {
    reader.se();
    if (pps.field_order_present && !field) reader.se();
  }
  if (pps.redundant_pictures_known) reader.ue();
  if (type == kB) reader.bit();
  auto l0 = static_cast<std::uint32_t>(pps.references_l0);
  auto l1 = static_cast<std::uint32_t>(pps.references_l1);
  const bool predicted = type == kP || type == kSp || type == kB;
  if (predicted && reader.bit()) {
    l0 = reader.ue() + 1;
    if (type == kB) l1 = reader.ue() + 1;
    if (l0 > kMostReferences || l1 > kMostReferences) return header;
  }
  if (predicted) skip_list_modification(reader);
  if (type == kB) skip_list_modification(reader);
  if (type == kB ? pps.explicitly_weighted_b : predicted && pps.weighted_p) {
    const bool chroma = sps.chroma_array_type != 0;
    reader.ue();
    if (chroma) reader.ue();
    skip_weights(reader, l0, chroma);
    if (type == kB) skip_weights(reader, l1, chroma);
  }
  header.resets_frame_num = marks_a_reset(reader);
  return header;
}

}  // namespace rearview::h264
