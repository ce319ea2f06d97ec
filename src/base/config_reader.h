#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/endpoint.h"
#include "base/enumeration.h"

namespace rearview {

/// Reads one JSON object strictly into a struct whose members already hold the defaults.
/// A key that is absent leaves its member alone; a wrong type, a value out of range and, in
/// finish(), a key nobody asked for throw UsageError with the JSON pointer and what is allowed.
/// A struct of settings is read by its table (base/setting.h).
class ConfigReader {
 public:
  /// value must outlive the reader. where: the JSON pointer of value, "" for the root; source:
  /// the file's name for messages.
  ConfigReader(const nlohmann::json& value, std::string source, std::string where = "");
  /// One that finds nothing and refuses nothing, only tells what holds and may hold: effective()
  /// and schema().
  static ConfigReader teller();

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
  /// HOST:PORT.
  void endpoint(const char* key, Endpoint& target);
  /// The name of one of the values.
  template <Named E>
  void choice(const char* key, E& target) {
    const std::vector<std::string> names(kNames<E>.begin(), kNames<E>.end());
    if (std::string chosen; choice_field(key, names, chosen)) target = *from_name<E>(chosen);
    effective_[key] = name(target);
  }
  /// What may be null: true where null is given, else read reads it.
  bool null(const char* key, const std::function<void()>& read);
  /// A nested object; read is called with its reader, then finish(). Where the key is absent, the
  /// reader finds nothing, so that all defaults stay.
  void object(const char* key, const std::function<void(ConfigReader&)>& read);
  /// An array of least to most objects; read is called for each, then finish(). Where the key is
  /// absent, none is read, and false comes back.
  bool objects(const char* key, std::size_t least, std::size_t most,
               const std::function<void(ConfigReader&)>& read);
  void texts(const char* key, std::vector<std::string>& target, std::size_t least,
             std::size_t most);
  /// Any JSON value, unread: for what another room reads with a reader of its own.
  const nlohmann::json* raw(const char* key);

  /// What is to be told of a key in the place of, or besides, what the functions above tell:
  /// in effective(), and in schema(), where the words of JSON Schema are added.
  void tell(const char* key, nlohmann::ordered_json holds) { effective_[key] = std::move(holds); }
  void describe(const char* key, const nlohmann::ordered_json& what);

  /// Throws for the first key that was not asked for, naming those that were.
  void finish() const;
  /// Throws UsageError "<source>: <where>/<key>: <problem>".
  [[noreturn]] void fail(const std::string& key, const std::string& problem) const;
  /// The same for a key of an entry of a list.
  [[noreturn]] void fail(const std::string& list, std::size_t entry, const std::string& key,
                         const std::string& problem) const;

  /// What holds now for each key asked for, whether given or a default, in the order of asking.
  /// Secrets, and what stands before the @ of an address, are "***"; paths are absolute.
  const nlohmann::ordered_json& effective() const { return effective_; }

  bool tells() const { return tells_; }
  /// Of a teller: JSON Schema of an object with the keys asked for.
  nlohmann::ordered_json schema() const;

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
  bool tells_ = false;
  nlohmann::ordered_json properties_ = nlohmann::ordered_json::object();
};

/// Reads a JSON file (comments allowed, no key twice, most_bytes at most). Throws UsageError with
/// line and column.
nlohmann::json read_json_file(const std::filesystem::path& file,
                              std::size_t most_bytes = std::size_t{1} << 20);

}  // namespace rearview
