#include "store/stretches.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace rearview {
namespace {

/// Of one ride; a kilobyte of text in the database for every 100.
constexpr std::size_t kMostStretches = 1000;
constexpr double kLongest_s = 86'400;

}  // namespace

void add_stretch(std::vector<Stretch>& all, double from_s, double to_s) {
  const double from = std::floor(std::max(from_s, 0.0));
  const double to = std::min(std::max(std::ceil(to_s), from + 1), kLongest_s);
  if (from >= to) return;
  Stretch added{static_cast<int>(from), static_cast<int>(to)};
  auto first = std::find_if(all.begin(), all.end(),
                            [&](const Stretch& one) { return one.to_s >= added.from_s; });
  auto last = first;
  for (; last != all.end() && last->from_s <= added.to_s; ++last) {
    added.from_s = std::min(added.from_s, last->from_s);
    added.to_s = std::max(added.to_s, last->to_s);
  }
  all.insert(all.erase(first, last), added);
  if (all.size() <= kMostStretches) return;
  // Too much that nobody saw is told rather than too little.
  std::size_t nearest = 1;
  for (std::size_t i = 2; i < all.size(); ++i) {
    if (all[i].from_s - all[i - 1].to_s < all[nearest].from_s - all[nearest - 1].to_s) nearest = i;
  }
  all[nearest - 1].to_s = all[nearest].to_s;
  all.erase(all.begin() + static_cast<std::ptrdiff_t>(nearest));
}

std::string text_of(const std::vector<Stretch>& all) {
  auto json = nlohmann::json::array();
  for (const Stretch& one : all) json.push_back({one.from_s, one.to_s});
  return json.dump();
}

std::optional<std::vector<Stretch>> stretches_from(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_array() || json.size() > kMostStretches) return std::nullopt;
  std::vector<Stretch> all;
  for (const auto& one : json) {
    if (!one.is_array() || one.size() != 2 || !one[0].is_number() || !one[1].is_number())
      return std::nullopt;
    add_stretch(all, one[0].get<double>(), one[1].get<double>());
  }
  return all;
}

}  // namespace rearview
