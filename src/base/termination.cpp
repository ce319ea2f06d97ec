#include "base/termination.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <thread>

#include "base/mutex.h"

namespace rearview {

struct Termination::State {
  int signal_fd = -1;
  int failure_fd = -1;
  Mutex mutex;
  std::optional<std::string> reason GUARDED_BY(mutex);
  std::stop_source stop;
  std::thread watcher;

  /// Waits for either; timeout_ms as poll() takes it.
  bool poll_both(int timeout_ms) const {
    std::array<pollfd, 2> fds{{{signal_fd, POLLIN, 0}, {failure_fd, POLLIN, 0}}};
    int ready = 0;
    do ready = poll(fds.data(), fds.size(), timeout_ms);
    while (ready < 0 && errno == EINTR);
    return ready > 0;
  }
  void wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(failure_fd, &one, sizeof one);
  }
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
  state_->watcher = std::thread([state = state_.get()] {
    state->poll_both(-1);
    state->stop.request_stop();
  });
}

Termination::~Termination() {
  state_->wake();
  state_->watcher.join();
  close(state_->signal_fd);
  close(state_->failure_fd);
}

void Termination::fail(const std::string& reason) {
  {
    const MutexLock lock(state_->mutex);
    if (!state_->reason) state_->reason = reason;
  }
  state_->wake();
}

std::optional<std::string> Termination::wait() {
  state_->poll_both(-1);
  return failure();
}

std::optional<std::string> Termination::failure() const {
  const MutexLock lock(state_->mutex);
  return state_->reason;
}

bool Termination::requested() {
  return state_->poll_both(0);
}

std::stop_token Termination::token() const {
  return state_->stop.get_token();
}

}  // namespace rearview
