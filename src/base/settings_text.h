#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/setting.h"

namespace rearview {

/// A program's settings, for people and editors.
struct SettingsText {
  std::string program;
  std::string schema_file;
  std::string check;  ///< command that says what is wrong with a configuration
  nlohmann::ordered_json schema;
  nlohmann::ordered_json defaults;

  template <Settings S>
  static SettingsText of(std::string program, std::string schema_file, std::string check) {
    return {std::move(program), std::move(schema_file), std::move(check), schema_of<S>(),
            effective_of(S())};
  }
  /// what: schema, its JSON Schema; defaults, a configuration file with all defaults and comments;
  /// docs, its part of docs/settings.md. Throws UsageError for anything else.
  std::string print(std::string_view what) const;
};

}  // namespace rearview
