#include "base/setting.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <string_view>

#include "base/printable_url.h"

namespace rearview {
namespace {

/// Ranges and single characters of a bracket expression: a-z0-9_- gives a-z, 0-9, _ and -.
std::vector<std::string_view> pieces_of(std::string_view characters) {
  std::vector<std::string_view> pieces;
  while (!characters.empty()) {
    const std::size_t length = characters.size() >= 3 && characters[1] == '-' ? 3 : 1;
    pieces.push_back(characters.substr(0, length));
    characters.remove_prefix(length);
  }
  return pieces;
}

bool matches(char c, std::string_view piece) {
  return c >= piece.front() && c <= piece.back();
}

std::string listed(const std::vector<std::string_view>& pieces) {
  std::string all(pieces.front());
  for (std::size_t i = 1; i < pieces.size(); ++i)
    all.append(i + 1 < pieces.size() ? ", " : " and ").append(pieces[i]);
  return all;
}

void check_characters(const ConfigReader& reader, const Setting& row, const std::string& text) {
  const auto pieces = pieces_of(row.limits.characters);
  for (const char c : text) {
    if (std::none_of(pieces.begin(), pieces.end(),
                     [c](std::string_view piece) { return matches(c, piece); }))
      reader.fail(row.key, fmt::format("\"{}\" has other characters than {}", printable_url(text),
                                       listed(pieces)));
  }
}

std::size_t most_of(const Setting& row, std::size_t if_none) {
  return row.limits.most == 0 ? if_none : static_cast<std::size_t>(row.limits.most);
}

bool is_list_of_objects(const nlohmann::ordered_json& value) {
  return value.is_array() && !value.empty() && value.front().is_object();
}

nlohmann::ordered_json example_of(const Setting& row) {
  auto number = nlohmann::ordered_json::parse(row.limits.example, nullptr, false);
  return number.is_number() ? number : nlohmann::ordered_json(row.limits.example);
}

/// What is the default is the value that holds where nothing is given.
void describe_default(ConfigReader& reader, const Setting& row) {
  const auto holds = reader.effective().find(row.key);
  if (row.limits.example)
    reader.describe(row.key, {{"examples", {example_of(row)}}});
  else if (holds != reader.effective().end() && !holds->is_object() && !is_list_of_objects(*holds))
    reader.describe(row.key, {{"default", *holds}});
}

}  // namespace

void read_rows(ConfigReader& reader, std::span<const Setting> rows, void* settings) {
  for (const Setting& row : rows) {
    if (row.key) reader.describe(row.key, {{"description", row.text}});
    row.visit(reader, row, settings);
    if (row.key && reader.tells()) describe_default(reader, row);
  }
}

void check_backoff(const ConfigReader& reader, int backoff_min_ms, int backoff_max_ms) {
  if (backoff_max_ms < backoff_min_ms)
    reader.fail("backoff_max_ms", fmt::format("less than backoff_min_ms ({})", backoff_min_ms));
}

namespace setting_detail {

void fail_missing(const ConfigReader& reader, const Setting& row) {
  reader.fail(row.key, fmt::format("is missing; {} would be right", example_of(row).dump()));
}

void read_schema_reference(ConfigReader& reader, const Setting& row, void*) {
  std::string schema;
  if (reader.raw(row.key)) reader.text(row.key, schema);
  reader.describe(row.key, {{"type", "string"}});
}

void read_number(ConfigReader& reader, const Setting& row, double value) {
  if (row.limits.step == 0) return;
  if (std::fmod(value, row.limits.step) != 0)
    reader.fail(row.key, fmt::format("{} is not a multiple of {}", value, row.limits.step));
  reader.describe(row.key, {{"multipleOf", row.limits.step}});
}

void read_text(ConfigReader& reader, const Setting& row, std::string& target) {
  constexpr std::size_t kMost_bytes = 4096;
  const auto least = static_cast<std::size_t>(row.limits.least);
  const std::size_t most = most_of(row, kMost_bytes);
  if (row.limits.secret)
    reader.secret(row.key, target, least, most);
  else
    reader.text(row.key, target, least, most);
  if (row.limits.characters) {
    check_characters(reader, row, target);
    reader.describe(row.key, {{"pattern", fmt::format("^[{}]*$", row.limits.characters)}});
  }
  if (row.limits.example && target.empty() && !reader.tells()) fail_missing(reader, row);
}

void read_texts(ConfigReader& reader, const Setting& row, std::vector<std::string>& target) {
  constexpr std::size_t kMost_entries = 64;
  reader.texts(row.key, target, static_cast<std::size_t>(row.limits.least),
               most_of(row, kMost_entries));
}

}  // namespace setting_detail
}  // namespace rearview
