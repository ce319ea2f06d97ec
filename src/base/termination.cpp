#include "base/termination.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <system_error>

namespace rearview {

struct Termination::State {
  int signal_fd = -1;
  int failure_fd = -1;
  std::mutex mutex;
  std::optional<std::string> reason;
};

namespace {

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

Termination::Termination() : state_(std::make_unique<State>()) {
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  state_->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  state_->failure_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (state_->signal_fd < 0 || state_->failure_fd < 0)
    throw std::system_error(errno, std::generic_category(), "signalfd or eventfd");
}

Termination::~Termination() {
  close(state_->signal_fd);
  close(state_->failure_fd);
}

void Termination::fail(const std::string& reason) {
  {
    const std::lock_guard lock(state_->mutex);
    if (!state_->reason) state_->reason = reason;
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(state_->failure_fd, &one, sizeof one);
}

std::optional<std::string> Termination::wait() {
  std::array<pollfd, 2> fds{{{state_->signal_fd, POLLIN, 0}, {state_->failure_fd, POLLIN, 0}}};
  while (poll(fds.data(), fds.size(), -1) < 0 && errno == EINTR) {
  }
  return failure();
}

std::optional<std::string> Termination::failure() const {
  const std::lock_guard lock(state_->mutex);
  return state_->reason;
}

bool Termination::requested() {
  std::array<pollfd, 2> fds{{{state_->signal_fd, POLLIN, 0}, {state_->failure_fd, POLLIN, 0}}};
  return poll(fds.data(), fds.size(), 0) > 0;
}

}  // namespace rearview
