#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string_view>

#include "http/request.h"
#include "types/alert_history.h"

namespace rearview {

/// Throws http::HttpError 400 when the query holds a key that isn't among known, or one twice: a
/// mistyped filter must not silently filter nothing.
void only_these(const http::Request& request, std::initializer_list<std::string_view> known);

/// A decimal number from least to most, or HttpError 400 that names the key.
std::uint64_t number_or_400(std::string_view key, std::string_view text, std::uint64_t least,
                            std::uint64_t most);

/// The greatest id there can be: the store's are 64-bit signed.
constexpr auto kMostId = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

/// The filters of GET /api/v1/alerts.
AlertQuery alert_query(const http::Request& request);

/// `0` or `1`, or HttpError 400.
bool flag_or_400(std::string_view key, std::string_view text);

}  // namespace rearview
