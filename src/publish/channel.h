#pragma once

#include <string>
#include <vector>

#include "base/worker.h"
#include "publish/inbox.h"
#include "types/metric.h"

namespace rearview {

/// One way out of the service, on a thread of its own, so that none waits for another.
class Channel {
 public:
  /// name: for logs and metrics. analyses: whether it wants them.
  Channel(std::string name, bool analyses) : name_(std::move(name)), analyses_(analyses) {}
  /// The derived class has called stop().
  virtual ~Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// failure: told, on the channel's thread, of what escaped it; it goes on.
  void start(Worker::Failure failure);
  /// Asks the thread to end, without waiting for it.
  void ask_to_stop();
  /// Ends the thread and joins it. Harmless before start() and when called again.
  void stop();

  const std::string& name() const { return name_; }
  bool wants_analyses() const { return analyses_; }
  Inbox& inbox() { return inbox_; }
  /// Whether it would send a picture of the camera now. Any thread.
  virtual bool wants_picture(const std::string& /*camera*/) const { return false; }
  /// Any thread.
  virtual std::vector<Metric> metrics() const = 0;
  // With the channel's name as a label.
  Metric counter(const char* family, const char* help, double value) const;
  Metric gauge(const char* family, const char* help, double value) const;

 protected:
  /// The thread's body; returns once the inbox says stop.
  virtual void run() = 0;
  /// Makes run() return from where it waits for something else than the inbox. Any thread.
  virtual void interrupt() {}

 private:
  const std::string name_;
  const bool analyses_;
  Inbox inbox_;
  Worker worker_;
};

}  // namespace rearview
