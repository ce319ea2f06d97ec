#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "receive/receiver.h"
#include "tests/support/test_stream.h"

namespace rearview::test {

using Bytes = std::vector<std::uint8_t>;
using Kind = LinkEvent::Kind;

inline constexpr auto kPatience = std::chrono::seconds(60);

inline Bytes join(const std::vector<Bytes>& units) {
  Bytes all;
  for (const auto& unit : units) all.insert(all.end(), unit.begin(), unit.end());
  return all;
}

/// Quick to come back, slow to give up.
inline ReceiverConfig config_for(const std::string& url) {
  ReceiverConfig config;
  config.url = url;
  config.backoff_min_ms = 10;
  config.backoff_max_ms = 50;
  config.read_timeout_ms = 20'000;
  return config;
}

/// A receiver in a thread, and all that it has given out.
class Watched {
 public:
  explicit Watched(const ReceiverConfig& config)
      : receiver_(
            config, [this](FramePtr frame) { on_frame(*frame); },
            [this](const LinkEvent& event) { on_event(event); },
            [this](LiveAccessUnitPtr unit) { on_unit(*unit); }),
        thread_([this](std::stop_token stop) { receiver_.run(stop); }) {}

  struct Picture {
    std::optional<int> number;
    std::uint32_t epoch;
    std::uint64_t seq;
    double t_s;
    SteadyTime received;
    cv::Size size;
  };

  /// The condition may look at what this object has, but not call it, stats() excepted.
  bool wait(const std::function<bool()>& condition) {
    const SteadyTime end = SteadyClock::now() + kPatience;
    std::unique_lock lock(mutex_);
    while (!condition()) {
      if (SteadyClock::now() > end) return false;
      changed_.wait_for(lock, std::chrono::milliseconds(5));  // counters don't notify
    }
    return true;
  }
  bool wait_for_frames(std::size_t count) {
    return wait([&] { return frames_.size() >= count; });
  }
  bool wait_for_event(Kind kind, std::size_t count = 1) {
    return wait([&] {
      return static_cast<std::size_t>(std::ranges::count(events_, kind, &LinkEvent::kind)) >= count;
    });
  }
  void stop() {
    thread_.request_stop();
    thread_.join();
  }
  std::size_t frames() {
    const std::lock_guard lock(mutex_);
    return frames_.size();
  }
  std::vector<Picture> pictures() {
    const std::lock_guard lock(mutex_);
    return frames_;
  }
  std::vector<LinkEvent> events() {
    const std::lock_guard lock(mutex_);
    return events_;
  }
  std::vector<LiveAccessUnit> units() {
    const std::lock_guard lock(mutex_);
    return units_;
  }
  ReceiverStats stats() const { return receiver_.stats(); }
  std::uint64_t drops(const std::string& reason) const {
    for (const auto& [name, count] : stats().drops) {
      if (name == reason) return count;
    }
    ADD_FAILURE() << "no drop reason " << reason;
    return 0;
  }

 private:
  void on_frame(const Frame& frame) {
    EXPECT_GE(frame.decoded, frame.received);
    const std::lock_guard lock(mutex_);
    frames_.push_back({picture_number(frame.luma()), frame.epoch, frame.seq, frame.t_s,
                       frame.received, frame.size()});
    changed_.notify_all();
  }
  void on_event(const LinkEvent& event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(event);
    changed_.notify_all();
  }
  void on_unit(const LiveAccessUnit& unit) {
    const std::lock_guard lock(mutex_);
    units_.push_back(unit);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Picture> frames_;
  std::vector<LinkEvent> events_;
  std::vector<LiveAccessUnit> units_;
  Receiver receiver_;
  std::jthread thread_;
};

inline std::vector<int> numbers(const std::vector<Watched::Picture>& pictures) {
  std::vector<int> out;
  for (const auto& picture : pictures) out.push_back(picture.number.value_or(-1));
  return out;
}

inline std::vector<int> range(int from, int to) {
  std::vector<int> out;
  for (int i = from; i < to; ++i) out.push_back(i);
  return out;
}

}  // namespace rearview::test
