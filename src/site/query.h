#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "http/request.h"

namespace rearview {

/// Throws http::HttpError 400 when the query holds a key that isn't among known, or one twice: a
/// mistyped filter must not silently filter nothing.
void only_these(const http::Request& request, std::initializer_list<std::string_view> known);

/// A decimal number from least to most, or HttpError 400 that names the key.
std::uint64_t number_or_400(std::string_view key, std::string_view text, std::uint64_t least,
                            std::uint64_t most);

/// The greatest id there can be: the store's are 64-bit signed.
constexpr auto kMostId = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

/// The body, a JSON object; HttpError 415 or 400 where it is something else.
nlohmann::json body_of(const http::Request& request);
/// A text of 1 to most_bytes bytes in a body, or HttpError 400.
std::string text_or_400(const nlohmann::json& body, const char* key, std::size_t most_bytes);

/// `0` or `1`, or HttpError 400.
bool flag_or_400(std::string_view key, std::string_view text);

}  // namespace rearview
