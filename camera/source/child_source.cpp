#include "camera/source/child_source.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include "base/log.h"

namespace rearview::camera {
namespace {

constexpr double kSilent_s = 1.8;
// A GOP is not longer than this, or the picture would take too long to come.
constexpr double kLongestStart_s = 10;
constexpr int kQuiet_ms = 4;
constexpr int kPoll_ms = 100;
// Room for a whole picture, so that the child writes it in one go.
constexpr int kPipeBytes = 1 << 20;
constexpr std::chrono::milliseconds kGrace{1000};

bool begins_with_start_code(std::span<const std::uint8_t> bytes) {
  std::size_t zeros = 0;
  while (zeros < bytes.size() && bytes[zeros] == 0) ++zeros;
  return zeros >= 2 && zeros < bytes.size() && bytes[zeros] == 1;
}

}  // namespace

ChildSource::ChildSource(std::string name, const std::vector<std::string>& command, double fps)
    : name_(std::move(name)), fps_(fps), heard_(SteadyClock::now()) {
  start(command);
}

void ChildSource::start(const std::vector<std::string>& command) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe");
  static_cast<void>(fcntl(ends[1], F_SETPIPE_SZ, kPipeBytes));
  const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  std::vector<char*> arguments;
  for (const std::string& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);

  const pid_t parent = getpid();
  child_ = fork();
  if (child_ == 0) {  // from here on only what is safe in a child of many threads
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    signal(SIGPIPE, SIG_DFL);
    dup2(nowhere, STDIN_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  const int fork_error = errno;
  close(ends[1]);
  close(nowhere);
  pipe_ = ends[0];
  if (child_ < 0) {
    close(pipe_);
    throw std::system_error(fork_error, std::generic_category(), "fork");
  }
}

ChildSource::~ChildSource() {
  close(pipe_);
  kill(child_, SIGTERM);
  const SteadyTime deadline = SteadyClock::now() + kGrace;
  while (waitpid(child_, nullptr, WNOHANG) == 0) {
    if (SteadyClock::now() > deadline) {
      kill(child_, SIGKILL);
      waitpid(child_, nullptr, 0);
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

std::optional<CodedPicture> ChildSource::next(std::stop_token stop) {
  while (ready_.empty()) {
    if (stop.stop_requested()) return std::nullopt;
    const bool may_end = quiet_ends_ && splitter_.open().has_value();
    pollfd watched{pipe_, POLLIN, 0};
    if (poll(&watched, 1, may_end ? kQuiet_ms : kPoll_ms) > 0) {
      read_chunk();
    } else if (may_end) {
      end_picture_by_quiet();
    }
    if (seconds_between(heard_, SteadyClock::now()) > kSilent_s)
      throw std::runtime_error("the child process says nothing any more");
    if (!begun_ && seconds_between(started_, SteadyClock::now()) > kLongestStart_s)
      throw std::runtime_error("the child process sends no IDR with parameter sets");
  }
  CodedPicture picture = std::move(ready_.front());
  ready_.pop_front();
  return picture;
}

void ChildSource::read_chunk() {
  std::array<std::uint8_t, 65536> buffer;
  const ssize_t count = read(pipe_, buffer.data(), buffer.size());
  if (count < 0 && errno == EINTR) return;
  if (count <= 0) {
    throw std::runtime_error("the child process has ended");
  }
  heard_ = SteadyClock::now();
  const std::span<const std::uint8_t> chunk(buffer.data(), static_cast<std::size_t>(count));
  if (std::exchange(ended_by_quiet_, false) && !begins_with_start_code(chunk)) {
    log::warning("source", "the child pauses within pictures; from now on each waits for the next",
                 {{"source", name_}});
    quiet_ends_ = false;
    begun_ = false;
    started_ = SteadyClock::now();
  }
  splitter_.push(chunk, [this](const h264::NalUnit& nal) {
    if (const auto unit = assembler_.push(nal)) take(*unit);
  });
}

void ChildSource::end_picture_by_quiet() {
  splitter_.flush([this](const h264::NalUnit& nal) {
    if (const auto unit = assembler_.push(nal)) take(*unit);
  });
  if (const auto unit = assembler_.flush()) take(*unit);
  ended_by_quiet_ = true;
}

void ChildSource::take(const h264::AccessUnit& unit) {
  auto formed = wire_.format(unit.bytes);
  if (formed.bytes.empty()) return;
  begun_ = begun_ || (formed.idr && formed.decodable);
  if (!begun_) return;
  changes_.picture(formed.idr, formed.slice_bytes);
  const SteadyTime now = SteadyClock::now();
  ready_.push_back({std::move(formed.bytes), formed.idr, now, now});
}

SourceInfo ChildSource::info() const {
  return {name_, "passed through", 0, 0, fps_};
}

}  // namespace rearview::camera
