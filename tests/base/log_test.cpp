#include "base/log.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace rearview {
namespace {

/// Far more than a pipe holds.
constexpr int kLines = 5000;
constexpr int kDeadline_ms = 60'000;

struct Pipe {
  Pipe() {
    if (pipe2(ends.data(), O_CLOEXEC) != 0) ADD_FAILURE() << "no pipe";
  }
  int out() const { return ends[0]; }
  int in() const { return ends[1]; }
  std::array<int, 2> ends{};
};

std::string drain(int fd) {
  std::string text;
  std::array<char, 4096> buffer;
  for (ssize_t got; (got = read(fd, buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(got));
  return text;
}

/// The program whose log nobody reads.
[[noreturn]] void talk(const Pipe& log, const Pipe& said, const Pipe& go) {
  dup2(log.in(), STDERR_FILENO);
  close(go.in());  // whose last end is the parent's
  for (int i = 0; i < kLines; ++i) log::info("test", "a line", {{"number", i}});
  char byte = 0;
  [[maybe_unused]] auto done = write(said.in(), &byte, 1);
  done = read(go.out(), &byte, 1);
  log::info("test", "the last");
  _exit(0);
}

TEST(Log, NeverWaitsForAReaderAndTellsWhatItDropped) {
  const Pipe log;
  const Pipe said;
  const Pipe go;
  const pid_t child = fork();
  if (child == 0) talk(log, said, go);
  pollfd waiting{said.out(), POLLIN, 0};
  if (poll(&waiting, 1, kDeadline_ms) != 1) {
    kill(child, SIGKILL);
    ADD_FAILURE() << "it waits for somebody to read its log";
  }
  fcntl(log.out(), F_SETFL, O_NONBLOCK);
  std::string text = drain(log.out());
  close(go.in());
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  text += drain(log.out());

  EXPECT_TRUE(text.ends_with("msg=\"the last\"\n")) << text.substr(text.size() - 200);
  const auto lines = std::count(text.begin(), text.end(), '\n');
  const auto dropped = kLines + 2 - lines;  // two more: the last, and the one that tells
  EXPECT_GT(dropped, 0);
  EXPECT_NE(text.find(fmt::format("lines were dropped: nobody read them\" lines={}\n", dropped)),
            std::string::npos)
      << dropped;
  // Whole lines, in order.
  int number = 0;
  for (std::size_t at = 0; (at = text.find(" number=", at)) != std::string::npos; ++number)
    ASSERT_EQ(std::stoi(text.substr(at += 8)), number);
  EXPECT_EQ(number, lines - 2);
}

}  // namespace
}  // namespace rearview
