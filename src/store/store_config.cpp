#include "store/store_config.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "types/json.h"

namespace rearview {
namespace {

/// Of a store's own alerts there is no picture.
constexpr AlertKind kLastOfACamera = AlertKind::view_blocked;

std::vector<std::string> names_of(const std::vector<AlertKind>& kinds) {
  std::vector<std::string> names;
  for (const AlertKind kind : kinds) names.emplace_back(name(kind));
  return names;
}

void read(ConfigReader& reader, const Setting& row, std::vector<AlertKind>& target) {
  std::vector<AlertKind> known;
  for (const AlertKind kind : values<AlertKind>())
    if (kind <= kLastOfACamera) known.push_back(kind);
  std::vector<std::string> names = names_of(target);
  reader.texts(row.key, names, 0, known.size());
  reader.describe(row.key, {{"items", {{"enum", names_of(known)}}}});
  target.clear();
  for (const std::string& one : names) {
    const auto kind = from_name<AlertKind>(one);
    if (!kind || *kind > kLastOfACamera)
      reader.fail(row.key, fmt::format("\"{}\" is no kind of a camera's alerts", one));
    target.push_back(*kind);
  }
}

bool is_in(const std::vector<AlertKind>& kinds, AlertKind kind) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

}  // namespace

void ClipConfig::read_kinds(ConfigReader& reader, const Setting& row, ClipConfig& config) {
  read(reader, row, config.kinds);
}

void ClipConfig::read_snapshot_kinds(ConfigReader& reader, const Setting& row, ClipConfig& config) {
  read(reader, row, config.snapshot_kinds);
}

void ClipConfig::check(const ConfigReader& reader) const {
  if (pre_roll_s + post_roll_s > most_s)
    reader.fail("most_s",
                fmt::format("{} s are less than pre_roll_s and post_roll_s together, {} s", most_s,
                            pre_roll_s + post_roll_s));
}

bool ClipConfig::wants_clip(AlertKind kind) const {
  return is_in(kinds, kind);
}

bool ClipConfig::wants_snapshot(AlertKind kind) const {
  return is_in(snapshot_kinds, kind);
}

void StoreConfig::read_folder(ConfigReader& reader, const Setting& row, StoreConfig& config) {
  constexpr const char* kNone = "none";
  const nlohmann::json* given = reader.raw(row.key);
  if (given) config.in_memory = *given == kNone;
  reader.path(row.key, config.folder);
  if (!config.in_memory) return;
  config.folder.clear();
  reader.tell(row.key, kNone);
}

}  // namespace rearview
