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
#include "collect/fleet_consumer.h"
#include "collect/fleet_store.h"
#include "nats/nats_access.h"
#include "types/metric.h"

namespace rearview {

struct CollectorConfig {
  NatsAccess nats;
  std::string consumer = "collect";
  int replicas = 1;      ///< of a stream that is made: servers that keep it
  std::string database;  ///< postgresql://…
  int keep_days = 365;   ///< 0: for ever
};

/// Carries what fleets tell from the stream into the database, a batch at a time: the server is
/// told that it needn't come again when it is on the disk. Holds one batch in memory, whatever
/// happens: while the database is away it waits with it.
class Collector {
 public:
  /// Connects to both. Throws UsageError where something is wrong with what it was given, or one
  /// of them can't be reached.
  explicit Collector(CollectorConfig config);
  ~Collector();
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  void start();
  /// What is in hand is neither kept nor acknowledged; it will come again.
  void stop();

  /// Why nothing is collected at the moment; empty: nothing is wrong. Any thread.
  std::string problem() const;
  /// Any thread.
  std::vector<Metric> metrics() const;

 private:
  void run(const std::stop_token& stop);
  std::vector<StreamMessage> fetch(const std::stop_token& stop);
  /// Until it is kept, or stop is asked for: then false.
  bool keep(const std::vector<StreamMessage>& messages, const std::stop_token& stop);
  void forget();
  /// The problem is told of when it begins and when it ends.
  void set_problem(const std::string& problem);

  const CollectorConfig config_;
  std::optional<FleetConsumer> consumer_;  ///< from the constructor on
  std::optional<FleetStore> store_;        ///< null: it is to be connected to again
  SteadyTime forget_next_;
  mutable Mutex mutex_;
  std::string problem_ GUARDED_BY(mutex_);
  std::atomic<std::uint64_t> rows_ = 0;
  std::atomic<std::uint64_t> known_ = 0;
  std::atomic<std::uint64_t> states_ = 0;
  std::atomic<std::uint64_t> refused_ = 0;
  std::atomic<std::uint64_t> forgotten_ = 0;
  std::atomic<std::uint64_t> failures_ = 0;
  std::atomic<std::uint64_t> pending_ = 0;
  Worker worker_;
};

}  // namespace rearview
