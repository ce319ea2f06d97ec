#include "store/number_mark.h"

#include <fmt/core.h>

#include <fstream>

#include "base/whole_file.h"

namespace rearview {

NumberMark::NumberMark(const std::filesystem::path& folder) : file_(folder / "next_ids") {}

NextIds NumberMark::read() const {
  // Far above what is ever given, and far below what a signed 64-bit number holds.
  constexpr std::uint64_t kMost = std::uint64_t{1} << 60;
  std::ifstream in(file_);
  NextIds next;
  if (in >> next.alert >> next.ride && next.alert <= kMost && next.ride <= kMost) return next;
  return {};
}

void NumberMark::write(const NextIds& next) const {
  write_whole(file_, fmt::format("{} {}\n", next.alert, next.ride));
}

}  // namespace rearview
