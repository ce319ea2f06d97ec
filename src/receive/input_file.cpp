#include "receive/input_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "receive/stream_guess.h"

namespace rearview {
namespace {

constexpr std::size_t kHeadBytes = 4096;
constexpr int kLook_ms = 50;  // between two looks at the stop token

std::string reason(int code) {
  return std::generic_category().message(code);
}

bool named_as_raw(const std::string& path) {
  return std::ranges::any_of(std::array{".h264", ".264", ".avc", ".h26l"},
                             [&](const char* ending) { return path.ends_with(ending); });
}

// An Annex-B stream begins with a start code and a NAL unit type that can begin one; MPEG program
// streams begin with 00 00 01 too, but with a byte above 0x7f behind it.
bool looks_raw(std::span<const std::uint8_t> head) {
  std::size_t at = 0;
  while (at < head.size() && head[at] == 0) ++at;
  if (at < 2 || at + 1 >= head.size() || head[at] != 1) return false;
  const unsigned header = head[at + 1];
  const unsigned type = header & 0x1f;
  return header < 0x80 && (type == 1 || (type >= 5 && type <= 9));
}

int open_input(const std::string& path) {
  // Opening it again would give another file position, and fails where it is a socket.
  if (path == "/dev/stdin") return ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
  // Without O_NONBLOCK a named pipe would wait in here for its writer.
  return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

}  // namespace

InputFile::InputFile(const std::string& path, std::stop_token stop)
    : path_(path), stop_(std::move(stop)), descriptor_(open_input(path)) {
  struct stat about {};
  if (descriptor_.number() < 0 || ::fstat(descriptor_.number(), &about) != 0)
    throw UsageError(fmt::format("{}: {}", path, reason(errno)));
  if (S_ISDIR(about.st_mode)) throw UsageError(fmt::format("{}: {}", path, reason(EISDIR)));
  can_rewind_ = S_ISREG(about.st_mode) && ::lseek(descriptor_.number(), 0, SEEK_SET) == 0;
  head_.resize(kHeadBytes);
  std::size_t size = 0;
  try {
    while (size < head_.size()) {
      const std::size_t more = read_on(std::span(head_).subspan(size));
      if (more == 0) break;
      size += more;
    }
  } catch (const std::runtime_error& error) {
    throw UsageError(fmt::format("{}: {}", path, error.what()));
  }
  head_.resize(size);
}

InputFile::Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

bool InputFile::holds_raw_h264() const {
  return named_as_raw(path_) || (looks_raw(head_) && !looks_like(head_));
}

std::size_t InputFile::read(std::span<std::uint8_t> target) {
  if (head_given_ == head_.size()) return read_on(target);
  const auto left = std::span(head_).subspan(head_given_);
  const std::size_t size = std::min(left.size(), target.size());
  std::copy_n(left.begin(), size, target.begin());
  head_given_ += size;
  return size;
}

std::size_t InputFile::read_on(std::span<std::uint8_t> target) {
  for (;;) {
    pollfd ready{descriptor_.number(), POLLIN, 0};
    while (!can_rewind_ && ::poll(&ready, 1, kLook_ms) == 0) {
      if (stop_.stop_requested()) return 0;
    }
    const ssize_t size = ::read(descriptor_.number(), target.data(), target.size());
    if (size >= 0) return static_cast<std::size_t>(size);
    if (errno != EINTR && errno != EAGAIN) throw std::runtime_error(reason(errno));
    if (stop_.stop_requested()) return 0;
  }
}

void InputFile::rewind() {
  head_given_ = 0;
  if (::lseek(descriptor_.number(), static_cast<off_t>(head_.size()), SEEK_SET) < 0)
    throw std::runtime_error(reason(errno));
}

}  // namespace rearview
