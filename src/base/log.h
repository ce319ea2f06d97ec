#pragma once

#include <fmt/core.h>

#include <array>
#include <initializer_list>
#include <string>
#include <string_view>

namespace rearview::log {

enum class Level { error, warning, info, debug };
constexpr auto names_of(Level) {
  return std::to_array<std::string_view>({"error", "warning", "info", "debug"});
}

struct Field {
  template <typename T>
  Field(std::string_view k, const T& v) : key(k), value(fmt::format("{}", v)) {}
  std::string_view key;
  std::string value;
};

/// Lines less important than this are dropped. Default: info. Any thread.
void set_level(Level level);

/// Writes one line `component=… msg="…" key=value …` to stderr, whole even when threads write at
/// once. Behind a pipe or under systemd it carries journald's priority prefix. Any thread.
void write(Level level, std::string_view component, std::string_view message,
           std::initializer_list<Field> fields);

inline void debug(std::string_view component, std::string_view message,
                  std::initializer_list<Field> fields = {}) {
  write(Level::debug, component, message, fields);
}
inline void info(std::string_view component, std::string_view message,
                 std::initializer_list<Field> fields = {}) {
  write(Level::info, component, message, fields);
}
inline void warning(std::string_view component, std::string_view message,
                    std::initializer_list<Field> fields = {}) {
  write(Level::warning, component, message, fields);
}
inline void error(std::string_view component, std::string_view message,
                  std::initializer_list<Field> fields = {}) {
  write(Level::error, component, message, fields);
}

}  // namespace rearview::log
