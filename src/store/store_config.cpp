#include "store/store_config.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "types/json.h"

namespace rearview {
namespace {

void read_kinds(ConfigReader& reader, const char* key, std::vector<AlertKind>& target) {
  std::vector<std::string> names;
  for (const AlertKind kind : target) names.emplace_back(name(kind));
  reader.texts(key, names, 0, 8);
  target.clear();
  for (const std::string& one : names) {
    const auto kind = from_name<AlertKind>(one);
    // Of a store's own alerts there is no picture.
    if (!kind || *kind > AlertKind::view_blocked)
      reader.fail(key, fmt::format("\"{}\" is no kind of a camera's alerts", one));
    target.push_back(*kind);
  }
}

bool is_in(const std::vector<AlertKind>& kinds, AlertKind kind) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

}  // namespace

void ClipConfig::read(ConfigReader& reader) {
  read_kinds(reader, "kinds", kinds);
  read_kinds(reader, "snapshot_kinds", snapshot_kinds);
  reader.number("pre_roll_s", pre_roll_s, 0, 60);
  reader.number("post_roll_s", post_roll_s, 0, 60);
  reader.number("most_s", most_s, 1, 300);
  reader.number("ring_bytes", ring_bytes, 1 << 20, 1 << 30);
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

void StoreConfig::read(ConfigReader& reader) {
  const nlohmann::json* given = reader.raw("folder");
  if (given) in_memory = *given == "none";
  if (in_memory) {
    std::string none = "none";
    reader.text("folder", none);
    folder.clear();
  } else {
    reader.path("folder", folder);
  }
  reader.number("alerts_in_memory", alerts_in_memory, 1, 1'000'000);
  reader.number("alerts_on_disk", alerts_on_disk, 1, 100'000'000);
  reader.number("keep_days", keep_days, 0, 36'500);
  reader.number("media_bytes", media_bytes, 1 << 20, std::uint64_t{1} << 50);
  reader.number("least_free_bytes", least_free_bytes, 0, std::uint64_t{1} << 40);
  reader.number("ride_gap_s", ride_gap_s, 1, 86'400);
  reader.object("clips", [this](ConfigReader& inner) { clips.read(inner); });
}

}  // namespace rearview
