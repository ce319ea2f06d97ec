#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <variant>
#include <vector>

#include "app/camera_listener.h"
#include "base/mutex.h"

namespace rearview {

/// From the cameras to all who listen. What a camera tells is put into its outbox, which any lock
/// may surround, and given to the listeners by deliver(), which none may: so it leaves in the order
/// in which it was put, and a listener may ask the camera how it is. What a listener throws keeps
/// nothing from the others, and leaves when they have been told. Any thread.
class EventBus {
 public:
  /// Gives an alert its number and keeps it, before any listener hears of it.
  using Keep = std::function<AlertPtr(const Alert& alert, const Annotated& seen)>;

  /// cameras: how many places there are.
  EventBus(std::size_t cameras, Keep keep);

  /// Told behind those that were added before; must live until it is removed or nothing is
  /// delivered any more.
  void add(CameraListener& listener);
  /// When it returns the listener isn't called any more.
  void remove(CameraListener& listener);

  void put(std::size_t camera, AnalysisPtr analysis);
  void put(std::size_t camera, Alert alert, Annotated seen);
  /// Gives everything in the outbox to the listeners, or waits until another thread has.
  void deliver(std::size_t camera);

  /// At once.
  void access_unit(std::size_t camera, const LiveAccessUnitPtr& unit);
  bool wants_picture(std::size_t camera) const;
  void picture(std::size_t camera, const DrawnPicture& picture);

 private:
  struct Raised {
    Alert alert;
    Annotated seen;
  };
  using Event = std::variant<AnalysisPtr, Raised>;
  struct Outbox {
    Mutex delivering;
    Mutex mutex;
    std::deque<Event> events GUARDED_BY(mutex);
  };

  void put_away(std::size_t camera, Event event);
  void tell(std::size_t camera, const Event& event);
  template <typename Tell>
  void tell_each(Tell tell);

  const Keep keep_;
  std::deque<Outbox> outboxes_;
  mutable std::shared_mutex mutex_;
  std::vector<CameraListener*> listeners_;  ///< guarded by mutex_
};

}  // namespace rearview
