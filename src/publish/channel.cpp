#include "publish/channel.h"

#include <utility>

namespace rearview {

void Channel::start(Worker::Failure failure) {
  worker_.persist(
      name_, [this](std::stop_token) { run(); }, std::move(failure));
}

void Channel::ask_to_stop() {
  inbox_.stop();
  interrupt();
}

void Channel::stop() {
  ask_to_stop();
  worker_.stop();
}

Metric Channel::counter(const char* family, const char* help, double value) const {
  return {family, "counter", help, {{"channel", name_}}, value};
}

Metric Channel::gauge(const char* family, const char* help, double value) const {
  return {family, "gauge", help, {{"channel", name_}}, value};
}

}  // namespace rearview
