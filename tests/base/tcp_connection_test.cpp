#include "base/tcp_connection.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/loopback_listener.h"

namespace rearview {
namespace {

using namespace std::chrono_literals;

/// The other side, which takes one call.
class TcpConnectionTest : public testing::Test {
 protected:
  TcpConnectionTest() {
    connection_.connect({"127.0.0.1", listener_.port()}, 60s);
    peer_ = listener_.accept();
  }
  ~TcpConnectionTest() override { close(peer_); }
  std::string failure_of_write(std::size_t bytes) {
    try {
      connection_.write(std::vector<std::uint8_t>(bytes), 200ms);
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return "";
  }

  test::LoopbackListener listener_;
  int peer_ = -1;
  std::stop_source stop_;
  TcpConnection connection_{stop_.get_token()};
};

TEST_F(TcpConnectionTest, SendsAllOfIt) {
  constexpr std::size_t kBytes = 8 << 20;  // more than the kernel holds
  std::size_t taken = 0;
  std::jthread reader([&] {
    std::array<char, 65536> buffer;
    while (taken < kBytes) {
      const ssize_t bytes = recv(peer_, buffer.data(), buffer.size(), 0);
      if (bytes <= 0) return;
      taken += static_cast<std::size_t>(bytes);
    }
  });
  connection_.write(std::vector<std::uint8_t>(kBytes), 60s);
  reader.join();
  EXPECT_EQ(taken, kBytes);
}

TEST_F(TcpConnectionTest, WhoTakesNothingIsNotWaitedFor) {
  EXPECT_EQ(failure_of_write(64 << 20), "nothing is taken");
}

TEST_F(TcpConnectionTest, AWriteEndsWhenAskedToStop) {
  std::jthread stopper([this] { stop_.request_stop(); });
  try {
    connection_.write(std::vector<std::uint8_t>(64 << 20), 60s);
    ADD_FAILURE() << "nobody takes all of it";
  } catch (const std::runtime_error& e) {
    EXPECT_STREQ(e.what(), "stopped");
  }
}

TEST_F(TcpConnectionTest, SaysThatTheOtherSideHasClosed) {
  close(peer_);
  peer_ = -1;
  std::array<std::uint8_t, 16> buffer;
  const auto read = connection_.read(buffer, 60s);
  EXPECT_EQ(read.status, TcpConnection::Status::closed);
  EXPECT_EQ(read.reason, TcpConnection::kClosedByPeer);
}

}  // namespace
}  // namespace rearview
