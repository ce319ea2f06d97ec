#include "tests/camera/stream_reader.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace rearview::test {
namespace {

constexpr int kTimeout_ms = 20000;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

StreamReader::StreamReader(const Endpoint& server, int receive_buffer, const char* from)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (fd_ < 0) fail("socket");
  if (receive_buffer > 0)
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  inet_pton(AF_INET, from, &address.sin_addr);
  if (bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("bind");
  address.sin_port = htons(server.port);
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail("connect");
}

StreamReader::~StreamReader() {
  close(fd_);
}

bool StreamReader::read_once(int timeout_ms) {
  pollfd watched{fd_, POLLIN, 0};
  if (poll(&watched, 1, timeout_ms) <= 0) throw std::runtime_error("nothing comes");
  std::array<std::uint8_t, 16384> part{};
  const ssize_t count = recv(fd_, part.data(), part.size(), 0);
  if (count <= 0) return false;
  bytes_.insert(bytes_.end(), part.begin(), part.begin() + count);
  return true;
}

void StreamReader::read_to(std::size_t size) {
  while (bytes_.size() < size) {
    if (!read_once(kTimeout_ms)) throw std::runtime_error("the server has closed the connection");
  }
}

void StreamReader::read_to_end() {
  while (read_once(kTimeout_ms)) {
  }
}

bool StreamReader::read_available() {
  pollfd watched{fd_, POLLIN, 0};
  while (poll(&watched, 1, 0) > 0) {
    if (!read_once(0)) return false;
  }
  return true;
}

void StreamReader::send(const std::string& text) {
  static_cast<void>(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL));
}

void StreamReader::close_sending_side() {
  shutdown(fd_, SHUT_WR);
}

}  // namespace rearview::test
