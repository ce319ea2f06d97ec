#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/support/loopback_listener.h"

namespace rearview::test {

constexpr std::string_view kGreeting =
    R"({"class":"VERSION","release":"3.22","rev":"3.22","proto_major":3,"proto_minor":14})"
    "\r\n";

inline std::string tpv(double lat_deg, int second, double speed_mps = 6) {
  return R"({"class":"TPV","device":"/dev/ttyACM0","mode":3,"time":"2026-11-22T09:00:)" +
         std::string(second < 10 ? "0" : "") + std::to_string(second) + R"(.000Z","lat":)" +
         std::to_string(lat_deg) + R"(,"lon":11.5,"eph":4.0,"speed":)" + std::to_string(speed_mps) +
         "}\r\n";
}

/// What a gpsd does at its end of a socket, at the test's word. Each wait has an end.
class FakeGpsd {
 public:
  FakeGpsd() = default;
  ~FakeGpsd() { hang_up(); }
  FakeGpsd(const FakeGpsd&) = delete;
  FakeGpsd& operator=(const FakeGpsd&) = delete;

  std::uint16_t port() const { return listener_.port(); }

  /// Takes the next connection in place of the last.
  void take_call() {
    hang_up();
    wait_for(listener_.fd());
    client_ = listener_.accept();
    ASSERT_GE(client_, 0);
  }
  void say(std::string_view text) {
    ASSERT_EQ(send(client_, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  /// The next line that is said to it; empty: the other side has hung up.
  std::string hear() {
    for (std::size_t end; (end = heard_.find('\n')) == std::string::npos;) {
      wait_for(client_);
      char buffer[512];
      const ssize_t bytes = recv(client_, buffer, sizeof buffer, 0);
      if (bytes <= 0) return "";
      heard_.append(buffer, static_cast<std::size_t>(bytes));
    }
    const std::string line = heard_.substr(0, heard_.find('\n'));
    heard_.erase(0, line.size() + 1);
    return line;
  }
  /// Takes a call and is a gpsd up to the watch.
  void greet() {
    take_call();
    say(kGreeting);
    EXPECT_EQ(hear().substr(0, 7), "?WATCH=");
    say("{\"class\":\"DEVICES\",\"devices\":[]}\r\n");
  }
  void hang_up() {
    if (client_ >= 0) close(client_);
    client_ = -1;
    heard_.clear();
  }

 private:
  static void wait_for(int fd) {
    pollfd one{fd, POLLIN, 0};
    if (poll(&one, 1, 60'000) != 1) throw std::runtime_error("waited in vain");
  }

  LoopbackListener listener_;
  int client_ = -1;
  std::string heard_;
};

}  // namespace rearview::test
