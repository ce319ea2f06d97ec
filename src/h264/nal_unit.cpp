#include "h264/nal_unit.h"

#include <string>

namespace rearview::h264 {

bool is_slice(NalType type) {
  return type >= NalType::non_idr_slice && type <= NalType::idr_slice;
}

bool is_extension(NalType type) {
  return type == NalType::prefix || type == NalType::subset_sps ||
         type == NalType::slice_extension || type == NalType::depth_extension;
}

std::string nal_type_name(NalType type) {
  switch (type) {
    case NalType::non_idr_slice:
      return "Coded slice of a non-IDR picture";
    case NalType::idr_slice:
      return "Coded slice of an IDR picture";
    case NalType::sei:
      return "Supplemental enhancement information (SEI)";
    case NalType::sps:
      return "Sequence parameter set";
    case NalType::pps:
      return "Picture parameter set";
    case NalType::access_unit_delimiter:
      return "Access unit delimiter";
    default:
      return "Unknown (" + std::to_string(static_cast<int>(type)) + ")";
  }
}

}  // namespace rearview::h264
