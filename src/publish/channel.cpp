#include "publish/channel.h"

#include <exception>
#include <utility>

namespace rearview {

void Channel::start(std::function<void(const std::string&)> failure) {
  thread_ = std::thread([this, failure = std::move(failure)] {
    try {
      run();
    } catch (const std::exception& e) {
      failure(name_ + ": " + e.what());
    }
  });
}

void Channel::ask_to_stop() {
  inbox_.stop();
  interrupt();
}

void Channel::stop() {
  if (!thread_.joinable()) return;
  ask_to_stop();
  thread_.join();
}

Metric Channel::counter(const char* family, const char* help, double value) const {
  return {family, "counter", help, {{"channel", name_}}, value};
}

Metric Channel::gauge(const char* family, const char* help, double value) const {
  return {family, "gauge", help, {{"channel", name_}}, value};
}

}  // namespace rearview
