#include "publish/unix_listener.h"

#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace rearview {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& why) {
  throw std::runtime_error(fmt::format("{}: {}", path.string(), why));
}

std::string error_text() {
  return std::generic_category().message(errno);
}

/// The longest path was checked with the configuration; a longer one is cut and fails to bind.
sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  return address;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

void remove_left_behind(const std::filesystem::path& path, const sockaddr_un& address) {
  struct stat kind {};
  if (lstat(path.c_str(), &kind) != 0) return;
  if (!S_ISSOCK(kind.st_mode)) refuse(path, "is there already and is no socket");
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) refuse(path, error_text());
  const int connected = connect(probe, generic(address), sizeof address);
  const int error = errno;
  close(probe);
  if (connected == 0 || error == EAGAIN) refuse(path, "another program listens there");
  unlink(path.c_str());
}

}  // namespace

UnixListener::UnixListener(const std::filesystem::path& path) : path_(path), fd_(-1) {
  const sockaddr_un address = address_of(path);
  remove_left_behind(path, address);
  fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  // Linux makes the file with the socket's mode, less the umask, which may shut the group out.
  if (fd_ >= 0 && fchmod(fd_, 0660) == 0 && bind(fd_, generic(address), sizeof address) == 0 &&
      chmod(path.c_str(), 0660) == 0 && listen(fd_, SOMAXCONN) == 0)
    return;
  const std::string why = error_text();
  if (fd_ >= 0) close(fd_);
  refuse(path, why);
}

UnixListener::~UnixListener() {
  unlink(path_.c_str());
  close(fd_);
}

std::optional<Output> UnixListener::accept() {
  const int fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return std::nullopt;
  return Output::socket(fd);
}

}  // namespace rearview
