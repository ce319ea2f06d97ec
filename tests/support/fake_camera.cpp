#include "tests/support/fake_camera.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <random>
#include <stdexcept>

namespace rearview::test {
namespace {

sockaddr* as_address(sockaddr_in& address) {
  return static_cast<sockaddr*>(static_cast<void*>(&address));
}

std::pair<int, std::uint16_t> bound_socket(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  socklen_t size = sizeof address;
  if (fd < 0 || ::bind(fd, as_address(address), size) != 0 ||
      ::getsockname(fd, as_address(address), &size) != 0) {
    ::close(fd);
    throw std::runtime_error("fake camera: can't bind");
  }
  return {fd, ntohs(address.sin_port)};
}

bool ready(int fd, short events) {
  pollfd wanted{fd, events, 0};
  return ::poll(&wanted, 1, 5) > 0;
}

}  // namespace

FakeCamera::Client::~Client() {
  ::close(socket_);
}

bool FakeCamera::Client::send(std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    if (stopping_) return false;
    if (!ready(socket_, POLLOUT)) continue;
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (sent > 0) bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return true;
}

bool FakeCamera::Client::send_in_pieces(std::span<const std::uint8_t> bytes, std::size_t longest,
                                        unsigned seed) {
  std::mt19937 random(seed);
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), 1 + random() % longest);
    if (!send(bytes.first(size))) return false;
    bytes = bytes.subspan(size);
    if (random() % 4 == 0) std::this_thread::yield();
  }
  return true;
}

void FakeCamera::Client::pause_ms(int ms) const {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
  wait([&] { return std::chrono::steady_clock::now() >= until; });
}

bool FakeCamera::Client::wait(const std::function<bool()>& condition) const {
  while (!condition()) {
    if (stopping_) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return true;
}

bool FakeCamera::Client::hold() {
  while (!stopping_) {
    if (!ready(socket_, POLLIN)) continue;
    char byte = 0;
    if (::recv(socket_, &byte, 1, MSG_DONTWAIT) <= 0) return true;
  }
  return false;
}

void FakeCamera::Client::reset() {
  const linger now{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

FakeCamera::FakeCamera(Script script, std::uint16_t port) : script_(std::move(script)) {
  std::tie(listener_, port_) = bound_socket(port);
  if (::listen(listener_, 8) != 0) throw std::runtime_error("fake camera: can't listen");
  acceptor_ = std::thread([this] { accept_all(); });
}

FakeCamera::~FakeCamera() {
  stopping_ = true;
  acceptor_.join();
  for (auto& client : clients_) client.join();
  ::close(listener_);
}

void FakeCamera::accept_all() {
  while (!stopping_) {
    if (!ready(listener_, POLLIN)) continue;
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const int number = connections_++;
    clients_.emplace_back([this, fd, number] {
      Client client(fd, stopping_);
      script_(client, number);
    });
  }
}

std::uint16_t unused_port() {
  int first = 32768;
  std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> first;
  std::random_device random;
  for (int tries = 0; tries < 1000; ++tries) {
    const auto port = static_cast<std::uint16_t>(
        10'000 + random() % static_cast<unsigned>(std::max(1000, first - 10'000)));
    try {
      ::close(bound_socket(port).first);
      return port;
    } catch (const std::runtime_error&) {
    }
  }
  throw std::runtime_error("no port is free");
}

}  // namespace rearview::test
