#include "base/output.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace rearview {

Output Output::socket(int fd) {
  return {fd, true};
}

Output Output::standard_output() {
  return standard(STDOUT_FILENO);
}

Output Output::standard_error() {
  return standard(STDERR_FILENO);
}

Output Output::standard(int number) {
  const char* const name = number == STDOUT_FILENO ? "standard output" : "standard error";
  struct stat kind {};
  if (fstat(number, &kind) != 0) throw std::system_error(errno, std::generic_category(), name);
  // O_NONBLOCK belongs to the open file description, which others may hold too; opened anew, a
  // pipe or terminal has one of its own. A regular file never makes a writer wait, and opened anew
  // it would be written from its start.
  int fd = -1;
  if (S_ISFIFO(kind.st_mode) || S_ISCHR(kind.st_mode)) {
    const char* const path = number == STDOUT_FILENO ? "/proc/self/fd/1" : "/proc/self/fd/2";
    fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  }
  if (fd < 0) fd = fcntl(number, F_DUPFD_CLOEXEC, 3);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), name);
  return {fd, S_ISSOCK(kind.st_mode) != 0};
}

Output::Output(Output&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), socket_(other.socket_) {}

Output::~Output() {
  if (fd_ >= 0) close(fd_);
}

std::optional<std::size_t> Output::write(std::string_view bytes) const {
  const auto written = socket_ ? send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT)
                               : ::write(fd_, bytes.data(), bytes.size());
  if (written >= 0) return static_cast<std::size_t>(written);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return 0;
  return std::nullopt;
}

}  // namespace rearview
