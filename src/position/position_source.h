#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/backoff.h"
#include "base/mutex.h"
#include "base/now.h"
#include "base/worker.h"
#include "position/gpsd_reader.h"
#include "position/odometer.h"
#include "position/position_config.h"
#include "types/metric.h"
#include "types/position.h"

namespace rearview {

class TcpConnection;

/// How it is known where the rider is. A copy, taken at one moment.
struct PositionStatus {
  bool connected = false;  ///< gpsd answers
  bool fix = false;        ///< it is known now
  std::string problem;     ///< why it isn't; empty when it is
};

/// Asks gpsd where the rider is, on a thread of its own. A gpsd that is missing, hangs or talks
/// nonsense is tried again and again; nothing else waits for it.
class PositionSource {
 public:
  /// now: by which a fix grows old and gpsd is silent.
  explicit PositionSource(PositionConfig config, Now now = SteadyClock::now);
  /// Stops.
  ~PositionSource();
  PositionSource(const PositionSource&) = delete;
  PositionSource& operator=(const PositionSource&) = delete;

  /// What wants each new fix; called on the source's thread, must not wait. Before start().
  void on_fix(std::function<void(const RiderFix&)> handler) { handler_ = std::move(handler); }
  /// failure: told, on the source's thread, of what escaped it; it goes on. A gpsd that doesn't
  /// work is none.
  void start(Worker::Failure failure);
  /// Ends the thread at once. Harmless before start() and when called again.
  void stop();

  /// nullopt: nobody knows now. This and what follows: any thread; doesn't wait for gpsd.
  std::optional<RiderFix> now() const;
  PositionStatus status() const;
  std::vector<Metric> metrics() const;

 private:
  void run(std::stop_token stop);
  /// One connection, until it ends: throws std::runtime_error with the reason, or returns when
  /// asked to stop.
  void talk(const std::stop_token& stop);
  /// Takes the whole lines out of text. True: gpsd said something.
  bool take_lines(std::string& text, TcpConnection& connection);
  void take(const GpsdReport& report, TcpConnection& connection);
  void take(const GpsFix& fix);
  void say_what_changed();

  const PositionConfig config_;
  const Now now_;
  std::function<void(const RiderFix&)> handler_;

  mutable Mutex mutex_;
  std::optional<RiderFix> newest_ GUARDED_BY(mutex_);
  bool connected_ GUARDED_BY(mutex_) = false;
  std::string problem_ GUARDED_BY(mutex_) = "gpsd hasn't answered yet";

  // Of the source's thread.
  GpsdReader reader_;
  Odometer odometer_;
  Backoff backoff_;
  std::optional<double> newest_time_s_;  ///< of the receiver
  bool greeted_ = false;
  PositionStatus said_;

  std::atomic<std::uint64_t> fixes_ = 0;
  std::atomic<std::uint64_t> failures_ = 0;
  /// By GpsdReport::Kind.
  std::array<std::atomic<std::uint64_t>, 8> refused_{};
  Worker worker_;
};

}  // namespace rearview
