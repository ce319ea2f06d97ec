#include "store/folder_lock.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace rearview {

FolderLock::FolderLock(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::string file = (folder / "lock").string();
  descriptor_ = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0)
    throw std::runtime_error(fmt::format("{}: {}", file, std::generic_category().message(errno)));
  if (flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  close(descriptor_);
  throw FolderTaken(
      fmt::format("{}: another program keeps its alerts here; give each its own store folder",
                  folder.string()));
}

FolderLock::~FolderLock() {
  close(descriptor_);
}

}  // namespace rearview
