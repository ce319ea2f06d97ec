#include "base/worker.h"

#include <pthread.h>

#include <chrono>
#include <utility>

#include "base/log.h"
#include "base/sleep.h"
#include "base/thrown.h"

namespace rearview {
namespace {

/// What throws each time must neither fill the log nor keep a core busy.
constexpr std::chrono::seconds kPause(1);

/// Inside a catch (...).
void tell(const std::string& name, const Worker::Failure& failure) {
  try {
    const std::string why = thrown();
    log::error("base", "a thread failed and begins again", {{"thread", name}, {"why", why}});
    if (failure) failure(name + ": " + why);
  } catch (...) {  // NOLINT(bugprone-empty-catch): without memory it stays untold
  }
}

}  // namespace

void Worker::run(const std::string& name, std::function<void(std::stop_token)> body) {
  constexpr std::size_t kLongestShown = 15;  // pthread_setname_np(3)
  thread_ = std::jthread(
      [shown = name.substr(0, kLongestShown), body = std::move(body)](std::stop_token stop) {
        pthread_setname_np(pthread_self(), shown.c_str());
        body(std::move(stop));
      });
}

void Worker::start(std::string name, std::function<void(std::stop_token)> body, Failure failure) {
  run(name, [name, body = std::move(body), failure = std::move(failure)](std::stop_token stop) {
    try {
      body(std::move(stop));
    } catch (...) {
      failure(name + ": " + thrown());
    }
  });
}

void Worker::persist(std::string name, std::function<void(std::stop_token)> body, Failure failure) {
  run(name, [name, body = std::move(body), failure = std::move(failure)](std::stop_token stop) {
    do {
      try {
        body(stop);
        return;
      } catch (...) {
        tell(name, failure);
      }
    } while (sleep_until(stop, SteadyClock::now() + kPause));
  });
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

}  // namespace rearview
