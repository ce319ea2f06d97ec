#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rearview::http {

/// Bytes first..last of a body, both included.
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t size() const { return last - first + 1; }
};

/// What a Range header asks of a body of size bytes (RFC 9110 section 14.1.2).
struct RangeAnswer {
  enum class Kind { whole, part, unsatisfiable };
  Kind kind = Kind::whole;
  ByteRange range;  ///< with part
};

/// A header that isn't understood, or asks for several ranges, is answered whole.
RangeAnswer parse_range(std::string_view header, std::uint64_t size_bytes);

}  // namespace rearview::http
