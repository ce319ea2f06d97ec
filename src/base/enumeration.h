#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace rearview {

/// An enumeration whose words are known: beside it stands
///
///   constexpr auto names_of(E) { return std::to_array<std::string_view>({"one", "two"}); }
///
/// with one for each enumerator, in their order, which begins at 0 and has no gaps. Settings, JSON,
/// the store and the documents call the values so, and whatever lists an enumeration lists this.
template <typename E>
concept Named = requires {
  names_of(E{});
};

template <Named E>
inline constexpr auto kNames = names_of(E{});

template <Named E>
constexpr std::string_view name(E value) {
  return kNames<E>.at(static_cast<std::size_t>(value));
}

/// nullopt: none is called so.
template <Named E>
constexpr std::optional<E> from_name(std::string_view text) {
  const auto found = std::find(kNames<E>.begin(), kNames<E>.end(), text);
  if (found == kNames<E>.end()) return std::nullopt;
  return static_cast<E>(found - kNames<E>.begin());
}

/// All values, in their order.
template <Named E>
constexpr auto values() {
  std::array<E, kNames<E>.size()> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<E>(i);
  return all;
}

}  // namespace rearview
