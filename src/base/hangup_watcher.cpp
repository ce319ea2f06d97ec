#include "base/hangup_watcher.h"

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

#include "base/log.h"
#include "base/thrown.h"

namespace rearview {
namespace {

sigset_t hangup_alone() {
  sigset_t hangup;
  sigemptyset(&hangup);
  sigaddset(&hangup, SIGHUP);
  return hangup;
}

}  // namespace

HangupHold::HangupHold() {
  const sigset_t hangup = hangup_alone();
  sigset_t before;
  sigemptyset(&before);
  pthread_sigmask(SIG_BLOCK, &hangup, &before);
  held_before_ = sigismember(&before, SIGHUP) == 1;
}

void HangupHold::release() const {
  if (held_before_) return;
  const sigset_t hangup = hangup_alone();
  pthread_sigmask(SIG_UNBLOCK, &hangup, nullptr);
}

struct HangupWatcher::State {
  int signal_fd = -1;
  int stop_fd = -1;
  std::thread thread;

  ~State() {
    if (signal_fd >= 0) close(signal_fd);
    if (stop_fd >= 0) close(stop_fd);
  }
};

HangupWatcher::HangupWatcher() : state_(std::make_unique<State>()) {
  const sigset_t hangup = hangup_alone();
  pthread_sigmask(SIG_BLOCK, &hangup, nullptr);
  state_->signal_fd = signalfd(-1, &hangup, SFD_CLOEXEC | SFD_NONBLOCK);
  state_->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (state_->signal_fd < 0 || state_->stop_fd < 0)
    throw std::system_error(errno, std::generic_category(), "signalfd or eventfd");
}

HangupWatcher::~HangupWatcher() {
  stop();
}

void HangupWatcher::start(std::function<void()> on_hangup) {
  state_->thread = std::thread([state = state_.get(), on_hangup = std::move(on_hangup)] {
    for (;;) {
      std::array<pollfd, 2> fds{{{state->signal_fd, POLLIN, 0}, {state->stop_fd, POLLIN, 0}}};
      if (poll(fds.data(), fds.size(), -1) < 0 && errno == EINTR) continue;
      if (fds[1].revents != 0) return;
      signalfd_siginfo info{};
      if (read(state->signal_fd, &info, sizeof info) != sizeof info) continue;
      try {
        on_hangup();
      } catch (...) {
        log::error("base", "what a hang-up asked for failed", {{"why", thrown()}});
      }
    }
  });
}

void HangupWatcher::stop() {
  if (!state_->thread.joinable()) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(state_->stop_fd, &one, sizeof one);
  state_->thread.join();
}

}  // namespace rearview
