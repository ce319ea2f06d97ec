#include "publish/mqtt_process.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "publish/mqtt_client.h"

namespace rearview {
namespace {

constexpr const char* kThisProgram = "/proc/self/exe";
/// What the process says is short.
constexpr std::size_t kLongestReport = 4096;
/// It looks for the broker's name meanwhile, which takes the system's resolver up to half of it.
constexpr double kHelperSilence_s = 60;
constexpr int kBegin_ms = 60'000;
constexpr int kGoodbye_ms = 1'000;
constexpr double kAwakeEvery_s = 1;

std::system_error failed(int error) {
  return {error, std::generic_category(), "the MQTT process can't begin"};
}

/// The process with the other end of the socket as its descriptor kMqttClientFd, and no other of
/// ours. It is asked to stop over that socket alone: a signal that a terminal or systemd sends to
/// all processes must not keep us from saying goodbye to the broker.
pid_t spawn(int socket) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    posix_spawn_file_actions_addopen(&files, standard, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_adddup2(&files, socket, kMqttClientFd);
  posix_spawn_file_actions_addclosefrom_np(&files, kMqttClientFd + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t blocked;
  sigemptyset(&blocked);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&blocked, number);
  posix_spawnattr_setsigmask(&attributes, &blocked);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  char name[] = "rearview";
  std::string command = kMqttClientCommand;
  char* const arguments[] = {name, command.data(), nullptr};
  pid_t pid = -1;
  const int error = posix_spawn(&pid, kThisProgram, &files, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) throw failed(error);
  return pid;
}

std::string end_of(int status) {
  if (WIFSIGNALED(status))
    return fmt::format("it was ended by signal {} ({})", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
  return fmt::format("it ended with code {}", WEXITSTATUS(status));
}

}  // namespace

MqttProcess::MqttProcess(const MqttConfig& config, const MqttMessage& will,
                         std::function<void(int, Answer)> answered)
    : settings_(mqtt_client_settings(config, will)), answered_(std::move(answered)) {
  begin();
  try {
    wait_until_ready();
  } catch (...) {
    if (pipe_) reap(0);
    throw;
  }
}

MqttProcess::~MqttProcess() {
  if (pipe_) reap(kGoodbye_ms);
}

void MqttProcess::begin() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
    throw failed(errno);
  auto pipe = std::make_unique<MqttPipe>(ends[0], kLongestReport);
  try {
    pid_ = spawn(ends[1]);
  } catch (...) {
    ::close(ends[1]);
    throw;
  }
  ::close(ends[1]);
  pipe_ = std::move(pipe);
  ready_ = false;
  pipe_->send({.kind = MqttFrame::Kind::begin, .message = {.payload = settings_}});
}

void MqttProcess::wait_until_ready() {
  const SteadyTime begun = SteadyClock::now();
  state_ = State::connecting;
  while (!ready_ && state_ != State::closed && ms_between(begun, SteadyClock::now()) < kBegin_ms) {
    pollfd waiting{fd(), events(), 0};
    poll(&waiting, 1, 1000);
    work(waiting.revents);
  }
  const bool unusable = state_ == State::closed;
  state_ = State::closed;
  if (unusable) throw UsageError(problem_);
  if (!ready_) throw std::runtime_error("the MQTT process doesn't begin");
}

void MqttProcess::connect() {
  state_ = State::connecting;
  try {
    if (!pipe_) begin();
  } catch (const std::exception& error) {
    close(error.what());
    return;
  }
  pipe_->send({.kind = MqttFrame::Kind::connect});
}

void MqttProcess::work(short happened) {
  if (!pipe_) return;
  pipe_->work(happened);
  while (pipe_) {
    const auto frame = pipe_->next();
    if (!frame) break;
    take(*frame);
  }
  if (!pipe_) return;
  const SteadyTime now = SteadyClock::now();
  if (pipe_->broken()) {
    bury("the MQTT process has failed");
  } else if (pipe_->silent_s(now) > kHelperSilence_s) {
    bury("the MQTT process hangs");
  } else if (seconds_between(told_, now) >= kAwakeEvery_s) {
    told_ = now;
    pipe_->send({.kind = MqttFrame::Kind::awake});
  }
}

void MqttProcess::take(const MqttFrame& frame) {
  switch (frame.kind) {
    case MqttFrame::Kind::ready:
      ready_ = true;
      return;
    case MqttFrame::Kind::unusable:
      reap(0);
      close(frame.message.payload);
      return;
    case MqttFrame::Kind::connected:
      if (state_ != State::connecting) return;
      state_ = State::connected;
      resumed_ = frame.flag;
      return;
    case MqttFrame::Kind::closed:
      close(frame.message.payload);
      return;
    case MqttFrame::Kind::answered:
      answer(frame.number, frame.flag ? Answer::taken : Answer::refused);
      return;
    case MqttFrame::Kind::unsent:
      answer(frame.number, Answer::lost);
      return;
    default:
      return;
  }
}

void MqttProcess::answer(int number, Answer answer) {
  if (open_.erase(number) > 0) answered_(number, answer);
}

void MqttProcess::close(std::string problem) {
  state_ = State::closed;
  problem_ = std::move(problem);
  // The others are sent again on the next connection.
  std::erase_if(open_, [](const auto& message) { return message.second == 0; });
}

void MqttProcess::bury(const std::string& problem) {
  ++deaths_;
  const std::string end = reap(0);
  close(fmt::format("{}: {}; the next one begins anew", problem, end));
  for (const auto& [number, quality] : std::exchange(open_, {})) answered_(number, Answer::lost);
}

std::string MqttProcess::reap(int patience_ms) {
  pipe_.reset();
  const SteadyTime begun = SteadyClock::now();
  int status = 0;
  // The end of the socket and that of the process are not one.
  constexpr int kLeast_ms = 100;
  while (waitpid(pid_, &status, WNOHANG) == 0) {
    if (ms_between(begun, SteadyClock::now()) > std::max(patience_ms, kLeast_ms)) {
      kill(pid_, SIGKILL);
      waitpid(pid_, &status, 0);
      break;
    }
    usleep(1000);
  }
  pid_ = -1;
  return end_of(status);
}

bool MqttProcess::idle() const {
  return std::none_of(open_.begin(), open_.end(),
                      [](const auto& message) { return message.second == 0; });
}

int MqttProcess::publish(const MqttMessage& message) {
  if (state_ == State::closed || !pipe_) return 0;
  last_number_ = last_number_ == std::numeric_limits<int>::max() ? 1 : last_number_ + 1;
  open_.emplace(last_number_, message.qos);
  pipe_->send({.kind = MqttFrame::Kind::publish, .number = last_number_, .message = message});
  return last_number_;
}

void MqttProcess::disconnect() {
  if (state_ != State::connected) return;
  pipe_->send({.kind = MqttFrame::Kind::disconnect});
  state_ = State::closed;
}

}  // namespace rearview
