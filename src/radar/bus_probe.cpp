#include "radar/bus_probe.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <system_error>

#include "base/clock.h"

namespace rearview {
namespace {

/// D-Bus specification, "Well-known Message Bus Instances".
constexpr const char* kSystemBus = "unix:path=/run/dbus/system_bus_socket";

class Socket {
 public:
  Socket() : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

std::string unescaped(std::string_view value) {
  std::string plain;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '%' && i + 2 < value.size()) {
      plain +=
          static_cast<char>(std::strtol(std::string(value.substr(i + 1, 2)).c_str(), nullptr, 16));
      i += 2;
    } else {
      plain += value[i];
    }
  }
  return plain;
}

/// The socket's name, a zero in front where it is an abstract one; nullopt for other transports.
std::optional<std::string> socket_name(const std::string& address) {
  constexpr std::string_view kUnix = "unix:";
  std::string_view rest(address);
  rest = rest.substr(0, rest.find(';'));
  if (!rest.starts_with(kUnix)) return std::nullopt;
  rest.remove_prefix(kUnix.size());
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    if (one.starts_with("path=")) return unescaped(one.substr(5));
    if (one.starts_with("abstract=")) return std::string(1, '\0') + unescaped(one.substr(9));
  }
  return std::nullopt;
}

std::string reason(int error) {
  return std::generic_category().message(error);
}

}  // namespace

std::string bus_problem(const std::string& address, std::chrono::milliseconds most) {
  const auto name = socket_name(address);
  sockaddr_un to{};
  if (!name || name->size() >= sizeof to.sun_path) return {};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, name->data(), name->size());
  const bool is_path = name->front() != '\0';
  const auto size =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name->size() + (is_path ? 1 : 0));
  const std::string silent =
      fmt::format("it doesn't answer within {} s", static_cast<double>(most.count()) / 1000);
  const Socket socket;
  if (socket.fd() < 0) return reason(errno);
  if (connect(socket.fd(), reinterpret_cast<const sockaddr*>(&to), size) != 0)
    return errno == EAGAIN ? silent : reason(errno);
  // Whatever it says to this shows that it is awake.
  std::string hello(1, '\0');
  hello += "AUTH EXTERNAL ";
  for (const char digit : std::to_string(geteuid())) hello += fmt::format("{:02x}", digit);
  hello += "\r\n";
  if (send(socket.fd(), hello.data(), hello.size(), MSG_NOSIGNAL) < 0) return reason(errno);
  const SteadyTime end = SteadyClock::now() + most;
  for (;;) {
    const double left_ms = std::max(0.0, ms_between(SteadyClock::now(), end));
    pollfd answer{socket.fd(), POLLIN, 0};
    const int ready = poll(&answer, 1, static_cast<int>(left_ms));
    if (ready > 0) return {};
    if (ready == 0) return silent;
    if (errno != EINTR) return reason(errno);
  }
}

std::string bus_problem(std::chrono::milliseconds most) {
  const char* address = std::getenv("DBUS_SYSTEM_BUS_ADDRESS");
  return bus_problem(std::string(address ? address : kSystemBus), most);
}

}  // namespace rearview
