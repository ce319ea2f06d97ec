#include "base/worker.h"

#include <pthread.h>

#include <utility>

#include "base/thrown.h"

namespace rearview {

void Worker::start(std::string name, std::function<void(std::stop_token)> body, Failure failure) {
  thread_ = std::jthread([name = std::move(name), body = std::move(body),
                          failure = std::move(failure)](std::stop_token stop) {
    constexpr std::size_t kLongestShown = 15;  // pthread_setname_np(3)
    pthread_setname_np(pthread_self(), name.substr(0, kLongestShown).c_str());
    try {
      body(std::move(stop));
    } catch (...) {
      failure(name + ": " + thrown());
    }
  });
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

}  // namespace rearview
