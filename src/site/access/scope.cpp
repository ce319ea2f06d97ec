#include "site/access/scope.h"

namespace rearview {

std::string_view name(Scope scope) {
  switch (scope) {
    case Scope::view:
      return "view";
    case Scope::admin:
      return "admin";
    case Scope::none:
      break;
  }
  return "none";
}

std::optional<Scope> scope_from(std::string_view text) {
  for (const Scope scope : {Scope::view, Scope::admin}) {
    if (text == name(scope)) return scope;
  }
  return std::nullopt;
}

}  // namespace rearview
