#include "base/whole_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace rearview {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& file, int error) {
  throw std::runtime_error(
      fmt::format("{}: {}", file.string(), std::generic_category().message(error)));
}

/// A file or folder whose bytes or names must outlive a power cut.
void sync(const fs::path& path, int flags) {
  const int descriptor = open(path.c_str(), flags | O_CLOEXEC);
  if (descriptor < 0) fail(path, errno);
  const int result = fsync(descriptor);
  const int error = errno;
  close(descriptor);
  if (result != 0) fail(path, error);
}

}  // namespace

void write_bytes(const fs::path& file, const std::string& bytes) {
  const int descriptor = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) fail(file, errno);
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::write(descriptor, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int error = errno;
      close(descriptor);
      fail(file, error);
    }
    done += static_cast<std::size_t>(count);
  }
  if (close(descriptor) != 0) fail(file, errno);
  sync(file, O_RDONLY);
}

std::uint64_t write_whole(const fs::path& file, const std::function<void(const fs::path&)>& fill) {
  const fs::path beside = file.string() + ".part";
  std::error_code error;
  try {
    fs::create_directories(file.parent_path(), error);
    fill(beside);
    sync(beside, O_RDONLY);
    const std::uint64_t size = fs::file_size(beside);
    fs::rename(beside, file);
    sync(file.parent_path(), O_RDONLY | O_DIRECTORY);
    return size;
  } catch (...) {
    fs::remove(beside, error);
    throw;
  }
}

std::uint64_t write_whole(const fs::path& file, const std::string& bytes) {
  return write_whole(file, [&bytes](const fs::path& beside) { write_bytes(beside, bytes); });
}

}  // namespace rearview
