#include "http/byte_range.h"

#include <algorithm>
#include <charconv>

#include "http/request.h"

namespace rearview::http {
namespace {

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

RangeAnswer parse_range(std::string_view header, std::uint64_t size_bytes) {
  using Kind = RangeAnswer::Kind;
  constexpr std::string_view kUnit = "bytes=";
  if (header.size() < kUnit.size() || !equal_ignoring_case(header.substr(0, kUnit.size()), kUnit))
    return {};
  header.remove_prefix(kUnit.size());
  const std::size_t dash = header.find('-');
  if (dash == std::string_view::npos || header.find(',') != std::string_view::npos) return {};
  const std::string_view first_text = header.substr(0, dash);
  const std::string_view last_text = header.substr(dash + 1);

  if (first_text.empty()) {  // the last N bytes
    const auto count = number(last_text);
    if (!count) return {};
    if (*count == 0 || size_bytes == 0) return {Kind::unsatisfiable, {}};
    return {Kind::part, {size_bytes - std::min(*count, size_bytes), size_bytes - 1}};
  }
  const auto first = number(first_text);
  if (!first) return {};
  std::optional<std::uint64_t> last;
  if (!last_text.empty()) {
    last = number(last_text);
    if (!last || *last < *first) return {};
  }
  if (*first >= size_bytes) return {Kind::unsatisfiable, {}};
  return {Kind::part, {*first, std::min(last.value_or(size_bytes - 1), size_bytes - 1)}};
}

}  // namespace rearview::http
