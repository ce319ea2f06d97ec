#pragma once

#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <variant>

namespace rearview {

/// A step of a Field's path: the variant's value, where it is a T or derived from it.
template <typename T>
struct Held {};
template <typename T>
inline constexpr Held<T> held{};

/// Null where the variant holds something else. V: a std::variant.
template <typename T, typename V>
constexpr auto* held_in(V& variant) {
  return std::visit(
      [](auto& value) -> std::conditional_t<std::is_const_v<V>, const T, T>* {
        if constexpr (std::is_base_of_v<T, std::remove_cvref_t<decltype(value)>>)
          return &value;
        else
          return nullptr;
      },
      variant);
}

/// The column of what the store doesn't keep in one.
inline constexpr std::string_view kNotStored = "-";

struct FieldRules {
  int decimals = 0;             ///< of a real number: what its measurement can carry
  std::optional<double> least;  ///< of a number
  std::optional<double> most;
  bool left_out = false;       ///< without a value it is left out, not null; so it may be when read
  std::string_view otherwise;  ///< in the place of null
  std::string_view column;     ///< in the store, where it isn't called as in JSON
};

/// One field of a message. Path: members, one in the other, down to the value; a member function,
/// as the last, makes it, and is not read back.
template <auto... Path>
struct Field {
  std::string_view key;  ///< in JSON, with its unit as ending; empty: it is only stored
  std::string_view doc;  ///< for the documents
  FieldRules rules;

  /// A pointer to the value, or an optional with a made one; empty where a variant on the way holds
  /// something else.
  template <typename T>
  static constexpr auto in(T& message) {
    return follow<T, Path...>(&message);
  }

 private:
  template <typename T, auto Step, auto... Rest>
  static constexpr auto follow(T* at) {
    if constexpr (std::is_member_function_pointer_v<decltype(Step)>) {
      return at ? std::optional((at->*Step)()) : std::nullopt;
    } else if constexpr (sizeof...(Rest) > 0) {
      auto* next = step(at, Step);
      return follow<std::remove_pointer_t<decltype(next)>, Rest...>(next);
    } else {
      return step(at, Step);
    }
  }
  template <typename T, typename M, typename C>
  static constexpr auto* step(T* at, M C::*member) {
    return at ? &(at->*member) : nullptr;
  }
  template <typename T, typename H>
  static constexpr auto* step(T* at, Held<H>) {
    return at ? held_in<H>(*at) : nullptr;
  }
};

/// A message's fields, a std::tuple in the order of its JSON: the one description of it that JSON
/// both ways, the store's columns and the documents are made from.
template <typename T>
inline constexpr std::nullptr_t kFields = nullptr;
/// Its `type` in JSON; empty: it has none.
template <typename T>
inline constexpr std::string_view kType = {};

template <typename T>
concept Described = !std::is_null_pointer_v<decltype(kFields<T>)>;

template <Described T, typename F>
constexpr void for_each_field(const F& use) {
  std::apply([&use](const auto&... field) { (use(field), ...); }, kFields<T>);
}

}  // namespace rearview
