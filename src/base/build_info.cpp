#include "base/build_info.h"

#include <fmt/format.h>

#include "base/commit.h"

namespace rearview {

std::string_view version() {
  return REARVIEW_VERSION;
}

std::string_view commit() {
  return REARVIEW_COMMIT;
}

std::string version_text(std::string_view program, const std::vector<Library>& libraries) {
  std::string text = fmt::format("{} {}\ncommit {}\n", program, version(), commit());
  for (const auto& [name, its_version] : libraries)
    text += fmt::format("{} {}\n", name, its_version);
  text.pop_back();
  return text;
}

}  // namespace rearview
