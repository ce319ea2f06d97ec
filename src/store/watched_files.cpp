#include "store/watched_files.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

namespace rearview {

void WatchedFiles::watch(const std::vector<std::filesystem::path>& files) {
  all_.clear();
  for (const std::filesystem::path& file : files) {
    struct stat now {};
    if (stat(file.c_str(), &now) == 0) all_.push_back({file, now.st_dev, now.st_ino});
  }
}

std::string WatchedFiles::gone() const {
  for (const One& one : all_) {
    struct stat now {};
    if (stat(one.file.c_str(), &now) != 0)
      return fmt::format("{}: {}", one.file.string(), std::generic_category().message(errno));
    if (now.st_dev != one.device || now.st_ino != one.inode)
      return fmt::format("{}: was replaced", one.file.string());
  }
  return {};
}

}  // namespace rearview
