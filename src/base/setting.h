#pragma once

#include <concepts>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/config_reader.h"

namespace rearview {

/// What a setting may be.
struct Limits {
  double least = 0;                  ///< of a number; bytes of a text, entries of a list
  double most = 0;                   ///< 0 for texts and lists: 4096 bytes, 64 entries
  double step = 0;                   ///< a number is a multiple of it; 0: any is right
  const char* characters = nullptr;  ///< of a text, as in a regular expression's brackets: a-z0-9_-
  bool secret = false;               ///< of a text: never shown
  const char* example = nullptr;     ///< of a text, or of a number that may be null otherwise: it
                                     ///< must be given, such as this
};

/// One setting of a struct: a row of the table that the struct's settings() returns. What a file
/// may hold, its JSON Schema, the commented defaults and docs/settings.md all come from these rows;
/// the default is the member's own initialiser, and the unit is the key's ending (_ms, _px).
struct Setting {
  const char* key;   ///< null: the inner struct's settings stand among these
  const char* text;  ///< a sentence or two: what for, and what a value of its own means
  Limits limits;
  void (*visit)(ConfigReader&, const Setting&, void* settings);
};

/// A struct with a table: static constexpr auto settings(), an array of Setting. It may have a
/// function check(const ConfigReader&), which is called when all rows are read, for what they must
/// be together and for what else comes of them; it reports by ConfigReader::fail().
template <typename S>
concept Settings = requires {
  { S::settings()[0] } -> std::convertible_to<Setting>;
};

/// Reads the rows in their order.
void read_rows(ConfigReader& reader, std::span<const Setting> rows, void* settings);

template <Settings S>
void read_settings(ConfigReader& reader, S& settings) {
  static constexpr auto kRows = S::settings();
  read_rows(reader, kRows, &settings);
  if constexpr (requires { settings.check(reader); }) {
    if (!reader.tells()) settings.check(reader);
  }
}

/// JSON Schema (2020-12) of an object that is read as S.
template <Settings S>
nlohmann::ordered_json schema_of() {
  S settings;
  ConfigReader teller = ConfigReader::teller();
  read_settings(teller, settings);
  return teller.schema();
}

/// ConfigReader::effective() of settings.
template <Settings S>
nlohmann::ordered_json effective_of(S settings) {
  ConfigReader teller = ConfigReader::teller();
  read_settings(teller, settings);
  return teller.effective();
}

/// A rule of many structs.
void check_backoff(const ConfigReader& reader, int backoff_min_ms, int backoff_max_ms);

namespace setting_detail {

template <typename Member>
struct Parts;
template <typename S, typename T>
struct Parts<T S::*> {
  using Struct = S;
  using Value = T;
};
template <typename S>
struct Parts<void (*)(ConfigReader&, const Setting&, S&)> {
  using Struct = S;
  using Value = void;
};

template <typename T>
struct Element;
template <typename T>
struct Element<std::vector<T>> {
  using Type = T;
};

[[noreturn]] void fail_missing(const ConfigReader& reader, const Setting& row);
void read_schema_reference(ConfigReader& reader, const Setting& row, void* settings);
void read_number(ConfigReader& reader, const Setting& row, double value);  // what step says
void read_text(ConfigReader& reader, const Setting& row, std::string& target);
void read_texts(ConfigReader& reader, const Setting& row, std::vector<std::string>& target);

template <Settings S>
void read_list(ConfigReader& reader, const Setting& row, std::vector<S>& target) {
  const auto [least, most] = std::pair(static_cast<std::size_t>(row.limits.least),
                                       static_cast<std::size_t>(row.limits.most));
  std::vector<S> given;
  if (reader.objects(row.key, least, most,
                     [&](ConfigReader& entry) { read_settings(entry, given.emplace_back()); })) {
    target = std::move(given);
  } else {
    auto holds = nlohmann::ordered_json::array();
    for (const S& one : target) holds.push_back(effective_of(one));
    reader.tell(row.key, std::move(holds));
  }
  if (!reader.tells()) return;
  reader.describe(row.key, {{"type", "array"}, {"minItems", least}, {"maxItems", most}});
  reader.describe(row.key, {{"items", schema_of<S>()}});
}

template <typename T>
void read_value(ConfigReader& reader, const Setting& row, T& target) {
  if constexpr (std::same_as<T, bool>) {
    reader.boolean(row.key, target);
  } else if constexpr (std::is_arithmetic_v<T>) {
    reader.number(row.key, target, static_cast<T>(row.limits.least),
                  static_cast<T>(row.limits.most));
    read_number(reader, row, static_cast<double>(target));
  } else if constexpr (std::same_as<T, std::string>) {
    read_text(reader, row, target);
  } else if constexpr (std::same_as<T, std::filesystem::path>) {
    reader.path(row.key, target);
  } else if constexpr (std::same_as<T, Endpoint>) {
    reader.endpoint(row.key, target);
  } else if constexpr (std::is_enum_v<T>) {
    reader.choice(row.key, target);
  } else if constexpr (std::same_as<T, std::vector<std::string>>) {
    read_texts(reader, row, target);
  } else if constexpr (Settings<T>) {
    reader.object(row.key, [&](ConfigReader& inner) { read_settings(inner, target); });
  } else if constexpr (requires { target.value(); }) {  // std::optional
    auto value = target.value_or(typename T::value_type());
    const bool is_null = reader.null(row.key, [&] { read_value(reader, row, value); });
    const bool given = reader.raw(row.key) != nullptr;
    if (given && !is_null) target = value;
    if (is_null) target.reset();
    if (!target && row.limits.example && !reader.tells()) fail_missing(reader, row);
    if (!target) reader.tell(row.key, nullptr);
  } else {
    read_list(reader, row, target);
  }
}

template <auto what>
void visit(ConfigReader& reader, const Setting& row, void* settings) {
  using Of = Parts<decltype(what)>;
  auto& all = *static_cast<typename Of::Struct*>(settings);
  if constexpr (std::is_void_v<typename Of::Value>)
    what(reader, row, all);
  else
    read_value(reader, row, all.*what);
}

}  // namespace setting_detail

/// A row. what: the member, or a function (ConfigReader&, const Setting&, S&) that reads the key
/// itself.
template <auto what>
constexpr Setting setting(const char* key, Limits limits, const char* text) {
  return {key, text, limits, setting_detail::visit<what>};
}
template <auto what>
constexpr Setting setting(const char* key, const char* text) {
  using Value = typename setting_detail::Parts<decltype(what)>::Value;
  static_assert(std::same_as<Value, bool> || !std::is_arithmetic_v<Value>, "a number has limits");
  return setting<what>(key, Limits{}, text);
}

/// The key by which a file names its schema, for editors.
constexpr Setting schema_reference() {
  return {"$schema", "For editors.", {}, setting_detail::read_schema_reference};
}

/// The settings of an inner struct, as if they were those of the outer one.
template <auto member>
constexpr Setting inlined() {
  return {nullptr, "", {}, [](ConfigReader& reader, const Setting&, void* settings) {
            using Of = setting_detail::Parts<decltype(member)>;
            read_settings(reader, static_cast<typename Of::Struct*>(settings)->*member);
          }};
}

}  // namespace rearview
