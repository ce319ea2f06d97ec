#pragma once

#include <optional>
#include <string_view>

namespace rearview {

/// What somebody may do, the greater including the lesser. The names are those of the enumerators.
enum class Scope {
  none,
  view,  ///< look: pictures, alerts, rides, settings
  admin  ///< delete, lock, let others in
};

std::string_view name(Scope scope);
/// Of view and admin; nullopt for anything else.
std::optional<Scope> scope_from(std::string_view name);

}  // namespace rearview
