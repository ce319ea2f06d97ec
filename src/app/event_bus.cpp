#include "app/event_bus.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

namespace rearview {

EventBus::EventBus(std::size_t cameras, Keep keep) : keep_(std::move(keep)), outboxes_(cameras) {}

void EventBus::add(CameraListener& listener) {
  const std::unique_lock lock(mutex_);
  listeners_.push_back(&listener);
}

void EventBus::remove(CameraListener& listener) {
  const std::unique_lock lock(mutex_);
  std::erase(listeners_, &listener);
}

void EventBus::put(std::size_t camera, AnalysisPtr analysis) {
  put_away(camera, std::move(analysis));
}

void EventBus::put(std::size_t camera, Alert alert, Annotated seen) {
  put_away(camera, Raised{std::move(alert), std::move(seen)});
}

void EventBus::put_away(std::size_t camera, Event event) {
  Outbox& outbox = outboxes_.at(camera);
  const MutexLock lock(outbox.mutex);
  outbox.events.push_back(std::move(event));
}

void EventBus::deliver(std::size_t camera) {
  Outbox& outbox = outboxes_.at(camera);
  const MutexLock delivering(outbox.delivering);
  const auto next = [&outbox]() -> std::optional<Event> {
    const MutexLock lock(outbox.mutex);
    if (outbox.events.empty()) return std::nullopt;
    Event event = std::move(outbox.events.front());
    outbox.events.pop_front();
    return event;
  };
  while (const auto event = next()) tell(camera, *event);
}

template <typename Tell>
void EventBus::tell_each(Tell tell) {
  std::exception_ptr first;
  for (CameraListener* listener : listeners_) {
    try {
      tell(*listener);
    } catch (...) {
      if (!first) first = std::current_exception();
    }
  }
  if (first) std::rethrow_exception(first);
}

void EventBus::tell(std::size_t camera, const Event& event) {
  const std::shared_lock lock(mutex_);
  if (const auto* analysis = std::get_if<AnalysisPtr>(&event)) {
    tell_each([&](CameraListener& listener) { listener.analysis(camera, *analysis); });
    return;
  }
  const auto& raised = std::get<Raised>(event);
  const AlertPtr kept = keep_(raised.alert, raised.seen);
  tell_each([&](CameraListener& listener) { listener.alert(camera, kept, raised.seen); });
}

void EventBus::access_unit(std::size_t camera, const LiveAccessUnitPtr& unit) {
  const std::shared_lock lock(mutex_);
  tell_each([&](CameraListener& listener) { listener.access_unit(camera, unit); });
}

bool EventBus::wants_picture(std::size_t camera) const {
  const std::shared_lock lock(mutex_);
  return std::any_of(
      listeners_.begin(), listeners_.end(),
      [camera](const CameraListener* listener) { return listener->wants_picture(camera); });
}

void EventBus::picture(std::size_t camera, const DrawnPicture& picture) {
  const std::shared_lock lock(mutex_);
  tell_each([&](CameraListener& listener) { listener.picture(camera, picture); });
}

}  // namespace rearview
