#include "base/worker.h"

#include <pthread.h>

#include <exception>
#include <utility>

namespace rearview {

void Worker::start(std::string name, std::function<void(std::stop_token)> body, Failure failure) {
  thread_ = std::jthread([name = std::move(name), body = std::move(body),
                          failure = std::move(failure)](std::stop_token stop) {
    constexpr std::size_t kLongestShown = 15;  // pthread_setname_np(3)
    pthread_setname_np(pthread_self(), name.substr(0, kLongestShown).c_str());
    try {
      body(std::move(stop));
    } catch (const std::exception& error) {
      failure(name + ": " + error.what());
    } catch (...) {
      failure(name + ": something that is no exception was thrown");
    }
  });
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

}  // namespace rearview
