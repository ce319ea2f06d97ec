#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace rearview {

/// Reads one JSON object strictly into a struct whose members already hold the defaults.
/// A key that is absent leaves its member alone; a wrong type, a value out of range and, in
/// finish(), a key nobody asked for throw UsageError with the JSON pointer and what is allowed.
class ConfigReader {
 public:
  /// value must outlive the reader. where: the JSON pointer of value, "" for the root; source:
  /// the file's name for messages.
  ConfigReader(const nlohmann::json& value, std::string source, std::string where = "");

  template <std::integral T>
  requires(!std::same_as<T, bool>) void number(const char* key, T& target,
                                               std::type_identity_t<T> least,
                                               std::type_identity_t<T> most) {
    std::int64_t value = static_cast<std::int64_t>(target);
    integer_field(key, value, static_cast<std::int64_t>(least), static_cast<std::int64_t>(most));
    target = static_cast<T>(value);
  }
  template <std::floating_point T>
  void number(const char* key, T& target, std::type_identity_t<T> least,
              std::type_identity_t<T> most) {
    double value = static_cast<double>(target);
    real_field(key, value, static_cast<double>(least), static_cast<double>(most));
    target = static_cast<T>(value);
  }
  void boolean(const char* key, bool& target);
  /// A string of least to most bytes.
  void text(const char* key, std::string& target, std::size_t least = 0, std::size_t most = 4096);
  /// A text that effective() must not show: a password, a token, an address that is one.
  void secret(const char* key, std::string& target, std::size_t least = 0, std::size_t most = 4096);
  /// A path; a relative one is taken from the folder of the configuration file.
  void path(const char* key, std::filesystem::path& target);
  /// One of the named values.
  template <typename E>
  void choice(const char* key, E& target,
              std::initializer_list<std::pair<const char*, std::type_identity_t<E>>> values) {
    std::vector<std::string> names;
    for (const auto& [name, value] : values) names.emplace_back(name);
    std::string chosen;
    const bool given = choice_field(key, names, chosen);
    for (const auto& [name, value] : values) {
      if (given && chosen == name) target = value;
      if (target == value) effective_[key] = name;
    }
  }
  /// A nested object; read is called with its reader, then finish(). Where the key is absent, the
  /// reader finds nothing, so that all defaults stay.
  void object(const char* key, const std::function<void(ConfigReader&)>& read);
  /// An array of least to most objects; read is called for each, then finish(). Where the key is
  /// absent, none is read.
  void objects(const char* key, std::size_t least, std::size_t most,
               const std::function<void(ConfigReader&)>& read);
  void texts(const char* key, std::vector<std::string>& target, std::size_t least,
             std::size_t most);
  /// Any JSON value, unread: for what another room reads with a reader of its own.
  const nlohmann::json* raw(const char* key);

  /// Throws for the first key that was not asked for, naming those that were.
  void finish() const;
  /// Throws UsageError "<source>: <where>/<key>: <problem>".
  [[noreturn]] void fail(const std::string& key, const std::string& problem) const;

  /// What holds now for each key asked for, whether given or a default, in the order of asking.
  /// Secrets, and what stands before the @ of an address, are "***"; paths are absolute.
  const nlohmann::ordered_json& effective() const { return effective_; }

  const std::string& source() const { return source_; }
  const std::string& where() const { return where_; }

 private:
  const nlohmann::json* find(const char* key);
  void integer_field(const char* key, std::int64_t& value, std::int64_t least, std::int64_t most);
  void real_field(const char* key, double& value, double least, double most);
  void text_field(const char* key, std::string& target, std::size_t least, std::size_t most);
  bool choice_field(const char* key, const std::vector<std::string>& names, std::string& chosen);

  const nlohmann::json& value_;
  std::string source_;
  std::string where_;
  std::set<std::string> known_;
  nlohmann::ordered_json effective_ = nlohmann::ordered_json::object();
};

/// Reads a JSON file (comments allowed, no key twice, most_bytes at most). Throws UsageError with
/// line and column.
nlohmann::json read_json_file(const std::filesystem::path& file,
                              std::size_t most_bytes = std::size_t{1} << 20);

}  // namespace rearview
