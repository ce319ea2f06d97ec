#include "site/query.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "http/response.h"
#include "types/json.h"

namespace rearview {

using http::HttpError;

void only_these(const http::Request& request, std::initializer_list<std::string_view> known) {
  for (auto it = request.query.begin(); it != request.query.end(); ++it) {
    if (std::find(known.begin(), known.end(), it->first) == known.end()) {
      std::string names;
      for (const std::string_view one : known)
        names += fmt::format("{}{}", names.empty() ? "" : ", ", one);
      throw HttpError(400, fmt::format("unknown query key '{}'; known here: {}", it->first,
                                       names.empty() ? "none" : names));
    }
    if (std::any_of(request.query.begin(), it,
                    [it](const auto& earlier) { return earlier.first == it->first; }))
      throw HttpError(400, fmt::format("the query key '{}' is there twice", it->first));
  }
}

std::uint64_t number_or_400(std::string_view key, std::string_view text, std::uint64_t least,
                            std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || value < least ||
      value > most)
    throw HttpError(400, fmt::format("{} must be a number from {} to {}", key, least, most));
  return value;
}

nlohmann::json body_of(const http::Request& request) {
  const auto type = request.header("Content-Type").value_or("");
  if (!http::equal_ignoring_case(type.substr(0, type.find(';')), "application/json"))
    throw HttpError(415, "the body must be application/json");
  nlohmann::json body = nlohmann::json::parse(request.body, nullptr, false);
  if (!body.is_object()) throw HttpError(400, "the body is not a JSON object");
  return body;
}

std::string text_or_400(const nlohmann::json& body, const char* key, std::size_t most_bytes) {
  const auto it = body.find(key);
  if (it == body.end() || !it->is_string())
    throw HttpError(400, fmt::format("\"{}\" is missing, or no text", key));
  auto text = it->get<std::string>();
  if (text.empty() || text.size() > most_bytes)
    throw HttpError(400, fmt::format("\"{}\" must have 1 to {} bytes", key, most_bytes));
  return text;
}

bool flag_or_400(std::string_view key, std::string_view text) {
  if (text != "0" && text != "1") throw HttpError(400, fmt::format("{} must be 0 or 1", key));
  return text == "1";
}

}  // namespace rearview
