#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/worker.h"
#include "radar/radar_config.h"
#include "radar/radar_encoder.h"
#include "radar/radar_targets.h"
#include "types/analysis.h"
#include "types/metric.h"

namespace rearview {

class BluezPeripheral;

/// How the radar is doing. A copy, taken at one moment.
struct RadarStatus {
  bool on_air = false;     ///< bike computers find it
  bool listening = false;  ///< at least one has subscribed
  std::string problem;     ///< why it isn't on the air; empty when it is
};

/// The road behind one camera as a Bluetooth LE rear radar, on a thread of its own. It is on the
/// air only while the road is seen: when the camera is blind or gone, or the analysis fails, it
/// leaves and closes its connections, so that a bike computer says that the radar is away.
class Radar {
 public:
  /// config.camera: one there is.
  explicit Radar(RadarConfig config);
  /// Stops.
  ~Radar();
  Radar(const Radar&) = delete;
  Radar& operator=(const Radar&) = delete;

  /// failure: told, on the radar's thread, of what escaped it; it goes on. Bluetooth that doesn't
  /// work is none: it is tried again.
  void start(Worker::Failure failure);
  /// Asks the thread to leave the air and end, without waiting for it.
  void ask_to_stop();
  /// Leaves the air and joins, which takes up to 5 s while the bus hangs. Harmless before start()
  /// and when called again.
  void stop();

  /// Of the configured camera; others are passed over. This and what follows: any thread.
  void publish_analysis(const AnalysisPtr& analysis);
  RadarStatus status() const;
  std::vector<Metric> metrics() const;

 private:
  struct Newest {
    AnalysisPtr analysis;
    SteadyTime at;
  };

  void run(std::stop_token stop);
  Newest newest() const;
  /// Why nobody knows what is on the road now; empty: it is seen.
  std::string blindness(const Newest& newest, SteadyTime now) const;
  void look(SteadyTime now);
  void try_to_go_on_air(SteadyTime now);
  void work(SteadyTime now);
  void failed(const std::string& why, SteadyTime now);
  void send(SteadyTime now);
  void wait(SteadyTime now) const;
  void report(const std::string& problem);

  const RadarConfig config_;
  mutable Mutex mutex_;
  Newest newest_ GUARDED_BY(mutex_);
  RadarStatus status_ GUARDED_BY(mutex_);

  // Of the radar's thread.
  std::unique_ptr<BluezPeripheral> peripheral_;
  RadarTargets targets_;
  RadarEncoder encoder_;
  Backoff backoff_;
  std::optional<SteadyTime> seen_since_;
  SteadyTime tried_;
  SteadyTime next_;      ///< list
  bool failed_ = false;  ///< the last try, and that was seen to

  std::atomic<std::uint64_t> lists_ = 0;
  std::atomic<std::uint64_t> dropped_ = 0;
  std::atomic<std::uint64_t> failures_ = 0;
  std::atomic<std::uint64_t> left_out_ = 0;
  Worker worker_;
};

}  // namespace rearview
