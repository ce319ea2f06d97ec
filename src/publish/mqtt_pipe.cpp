#include "publish/mqtt_pipe.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <string_view>

namespace rearview {
namespace {

/// Of frames that the other side doesn't take: a picture, an alert, a state and what Home Assistant
/// is told are far less.
constexpr std::size_t kMostUnwritten = std::size_t{16} << 20;

bool try_again() {
  return errno == EAGAIN || errno == EINTR;
}

}  // namespace

MqttPipe::MqttPipe(int fd, std::size_t most_bytes) : fd_(fd), reader_(most_bytes) {}

MqttPipe::~MqttPipe() {
  close(fd_);
}

void MqttPipe::send(const MqttFrame& frame) {
  if (broken_) return;
  unwritten_ += encode(frame);
  write();
  if (unwritten_.size() > kMostUnwritten) broken_ = true;
}

void MqttPipe::write() {
  while (!unwritten_.empty()) {
    const ssize_t taken = ::send(fd_, unwritten_.data(), unwritten_.size(), MSG_NOSIGNAL);
    if (taken < 0) {
      if (!try_again()) broken_ = true;
      return;
    }
    unwritten_.erase(0, static_cast<std::size_t>(taken));
  }
}

void MqttPipe::work(short happened) {
  if (broken_) return;
  if ((happened & POLLOUT) != 0) write();
  if ((happened & (POLLIN | POLLHUP | POLLERR)) == 0) return;
  std::array<char, 65'536> buffer;
  const ssize_t got = recv(fd_, buffer.data(), buffer.size(), 0);
  if (got > 0) {
    reader_.append({buffer.data(), static_cast<std::size_t>(got)});
    heard_ = SteadyClock::now();
  } else if (got == 0 || !try_again()) {
    broken_ = true;
  }
}

std::optional<MqttFrame> MqttPipe::next() {
  try {
    return reader_.next();
  } catch (const std::runtime_error&) {
    broken_ = true;
    return std::nullopt;
  }
}

short MqttPipe::events() const {
  return static_cast<short>(POLLIN | (unwritten_.empty() ? 0 : POLLOUT));
}

}  // namespace rearview
