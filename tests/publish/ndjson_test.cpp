#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fstream>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/temporary_folder.h"
#include "publish/ndjson_channel.h"
#include "tests/serve/memory_history.h"
#include "tests/support/eventually.h"
#include "tests/support/standing_clock.h"

namespace rearview {
namespace {

using nlohmann::json;
using test::eventually;
using ::testing::HasSubstr;

/// A client of the socket.
class Script {
 public:
  explicit Script(const std::filesystem::path& path, int receive_buffer = 0) {
    fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer > 0)
      setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~Script() { close(fd_); }
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  bool connected() const { return connected_; }
  void say(const std::string& text) {
    EXPECT_EQ(send(fd_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  void say_no_more() { shutdown(fd_, SHUT_WR); }
  /// The next line; nullopt at the end, or when none came for a minute.
  std::optional<json> next() {
    while (true) {
      if (const std::size_t end = text_.find('\n'); end != std::string::npos) {
        const json line = json::parse(text_.substr(0, end));
        text_.erase(0, end + 1);
        return line;
      }
      pollfd waiting{fd_, POLLIN, 0};
      if (poll(&waiting, 1, 60'000) <= 0) return std::nullopt;
      char bytes[4096];
      const auto got = recv(fd_, bytes, sizeof bytes, 0);
      if (got <= 0) return std::nullopt;
      text_.append(bytes, static_cast<std::size_t>(got));
    }
  }
  std::optional<json> next(const std::string& type) {
    auto line = next();
    while (line && (*line)["type"] != type) line = next();
    return line;
  }
  /// The ids of the next count alerts.
  std::vector<std::uint64_t> ids(std::size_t count) {
    std::vector<std::uint64_t> got;
    while (got.size() < count) {
      const auto alert = next("alert");
      if (!alert) break;
      got.push_back((*alert)["id"]);
    }
    return got;
  }

 private:
  int fd_;
  bool connected_ = false;
  std::string text_;
};

class NdjsonTest : public ::testing::Test {
 protected:
  NdjsonTest() { config_.socket = folder_.path() / "events.sock"; }

  void start(Now now = SteadyClock::now) {
    channel_ = std::make_unique<NdjsonChannel>(config_, history_, std::move(now));
    channel_->start([](const std::string& reason) { FAIL() << reason; });
  }
  std::uint64_t raise() {
    const Alert alert = history_.store({});
    channel_->inbox().alert();
    return alert.id;
  }
  void beat(Road road) {
    Heartbeat heartbeat;
    heartbeat.cameras.push_back({.camera = "rear", .road = road});
    channel_->inbox().heartbeat(std::make_shared<const Heartbeat>(heartbeat));
  }
  double metric(const std::string& family) const {
    for (const Metric& one : channel_->metrics()) {
      if (one.family == family) return one.value;
    }
    return -1;
  }

  test::StandingClock clock_;  ///< for those who start with it
  TemporaryFolder folder_;
  NdjsonConfig config_;
  test::MemoryHistory history_;
  std::unique_ptr<NdjsonChannel> channel_;
};

TEST_F(NdjsonTest, WhoSaysNothingGetsWhatIsNew) {
  start();
  raise();
  beat(Road::clear);
  Script script(config_.socket);
  ASSERT_TRUE(eventually([&] { return metric("rearview_publish_connected") == 1; }));
  EXPECT_EQ(raise(), 2u);
  EXPECT_EQ(script.ids(1), std::vector<std::uint64_t>{2});
  struct stat file {};
  ASSERT_EQ(stat(config_.socket.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0007, 0u) << "others may not listen";
  EXPECT_EQ(file.st_mode & 0060, 0060u) << "the group may, whatever the umask is";
}

TEST_F(NdjsonTest, TheStateOfTheRoadComesFirst) {
  start();
  beat(Road::blind);
  Script script(config_.socket);
  auto line = script.next();
  ASSERT_TRUE(line);
  EXPECT_EQ((*line)["type"], "heartbeat");
  EXPECT_EQ((*line)["cameras"][0]["road"], "blind");
}

TEST_F(NdjsonTest, ResumesBehindAnIdWithoutGapOrRepeat) {
  start();
  for (int i = 0; i < 300; ++i) raise();
  Script script(config_.socket);
  script.say("{\"after\":100}\n");
  const auto old = script.ids(200);
  ASSERT_EQ(old.size(), 200u);
  EXPECT_EQ(old.front(), 101u);
  EXPECT_EQ(old.back(), 300u);
  raise();
  EXPECT_EQ(script.ids(1), std::vector<std::uint64_t>{301});
}

TEST_F(NdjsonTest, OneThatOnlyListensFromNowOnMayCloseItsSide) {
  start();
  raise();
  Script script(config_.socket);
  script.say("{\"after\":0}\n");
  script.say_no_more();
  EXPECT_EQ(script.ids(1), std::vector<std::uint64_t>{1});
  raise();
  EXPECT_EQ(script.ids(1), std::vector<std::uint64_t>{2});
}

TEST_F(NdjsonTest, AnalysesOnlyForThoseWhoAsk) {
  start();
  raise();
  Script asks(config_.socket);
  asks.say("{\"after\":0,\"analysis\":true}\n");
  Script other(config_.socket);
  other.say("{\"after\":0}\n");
  // An old alert shows that the request has been read.
  ASSERT_EQ(asks.ids(1).size(), 1u);
  ASSERT_EQ(other.ids(1).size(), 1u);
  Analysis analysis;
  analysis.camera = "rear";
  channel_->inbox().analysis(std::make_shared<const Analysis>(analysis));
  EXPECT_TRUE(asks.next("analysis"));
  beat(Road::clear);
  const auto line = other.next();
  ASSERT_TRUE(line);
  EXPECT_EQ((*line)["type"], "heartbeat");
}

TEST_F(NdjsonTest, WhatCantBeUnderstoodIsAnsweredAndClosed) {
  start();
  for (const auto& [request, said] : std::initializer_list<std::pair<std::string, std::string>>{
           {"hello\n", "not JSON"},
           {"{\"afer\":1}\n", "/afer: unknown key"},
           {"{\"after\":-1}\n", "whole number"},
           {std::string(2000, 'x'), "not JSON"}}) {
    Script script(config_.socket);
    script.say(request);
    const auto line = script.next("error");
    ASSERT_TRUE(line) << request;
    EXPECT_THAT((*line)["text"], HasSubstr(said));
    EXPECT_FALSE(script.next("alert")) << "still open";
  }
}

TEST_F(NdjsonTest, AStuckClientHoldsUpNobodyAndLosesNothing) {
  config_.write_timeout_ms = 1000;
  start(clock_.now());  // one that reads is slow as well on a slow machine
  Script stuck(config_.socket);
  stuck.say("{\"after\":0}\n");
  Script lively(config_.socket);
  lively.say("{\"after\":0}\n");
  constexpr std::size_t kMany = 3000;  // far more than a socket's buffers hold
  auto read = std::async(std::launch::async, [&] { return lively.ids(kMany).size(); });
  for (std::size_t i = 0; i < kMany; ++i) raise();
  EXPECT_EQ(read.get(), kMany);
  clock_.advance(std::chrono::seconds(2));
  EXPECT_TRUE(eventually([&] { return metric("rearview_publish_closed_total") == 1; }));
  // What it had been sent is whole and in order; with its last id it goes on where it was.
  auto ids = stuck.ids(kMany);
  ASSERT_LT(ids.size(), kMany);
  ASSERT_GT(ids.size(), 0u);
  Script again(config_.socket);
  again.say("{\"after\":" + std::to_string(ids.back()) + "}\n");
  for (const std::uint64_t id : again.ids(kMany - ids.size())) ids.push_back(id);
  ASSERT_EQ(ids.size(), kMany);
  for (std::size_t i = 0; i < kMany; ++i) ASSERT_EQ(ids[i], i + 1);
}

TEST_F(NdjsonTest, OneTooManyIsToldSo) {
  config_.max_clients = 1;
  start();
  Script first(config_.socket);
  ASSERT_TRUE(eventually([&] { return metric("rearview_publish_connected") == 1; }));
  Script second(config_.socket);
  const auto line = second.next();
  ASSERT_TRUE(line);
  EXPECT_EQ((*line)["type"], "error");
  EXPECT_FALSE(second.next());
  EXPECT_EQ(metric("rearview_publish_refused_total"), 1);
}

TEST_F(NdjsonTest, ASocketLeftBehindIsReplacedAndALiveOneIsNot) {
  start();
  EXPECT_THROW(
      {
        try {
          NdjsonChannel second(config_, history_);
        } catch (const std::runtime_error& error) {
          EXPECT_THAT(error.what(), HasSubstr("another program listens there"));
          throw;
        }
      },
      std::runtime_error);
  channel_.reset();
  EXPECT_FALSE(std::filesystem::exists(config_.socket));
  {  // as a killed program leaves it
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    config_.socket.string().copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    close(fd);
  }
  start();
  EXPECT_TRUE(Script(config_.socket).connected());
  channel_.reset();
  std::ofstream(config_.socket) << "precious";
  EXPECT_THROW(start(), std::runtime_error);
  EXPECT_TRUE(std::filesystem::exists(config_.socket));
}

}  // namespace
}  // namespace rearview
