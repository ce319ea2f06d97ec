#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/config_reader.h"
#include "types/alert_history.h"

namespace rearview {

struct StoreConfig {
  /// Where alerts are kept over restarts; empty: in memory only.
  std::filesystem::path folder;
  /// Alerts kept in memory, which is also how many may wait for a disk that doesn't take them.
  std::size_t alerts_in_memory = 10'000;
  /// Alerts kept on disk; the oldest go first.
  std::size_t alerts_on_disk = 1'000'000;

  void read(ConfigReader& reader);
};

/// Whether what is told is also kept.
struct StoreStatus {
  bool persistent = false;  ///< a folder is configured
  std::string problem;      ///< why alerts can't be written now; empty when all is well
  std::size_t waiting = 0;  ///< not yet on disk
  std::uint64_t lost = 0;   ///< fell out of memory before the disk took them
};

/// Numbers alerts and keeps them: at once in memory, and from a thread of its own in an SQLite
/// database, so that a slow, full or missing disk never delays an alert. Ids rise and are never
/// used twice, not even after a crash: they are reserved on disk before they are given. Any thread.
class AlertStore : public AlertHistory {
 public:
  /// Opens or makes folder/alerts.db. Throws std::runtime_error when the folder can't be used or
  /// another program uses it.
  explicit AlertStore(const StoreConfig& config);
  /// Writes what waits, if the disk takes it.
  ~AlertStore() override;

  /// Gives the alert the next id, keeps it and returns it. Doesn't wait for the disk.
  Alert append(Alert alert);
  /// Waits until everything appended so far is on disk; false when that fails.
  bool flush();
  StoreStatus status() const;

  std::vector<Alert> alerts(const AlertQuery& query) const override;
  std::optional<Alert> alert(std::uint64_t id) const override;
  std::uint64_t newest_id() const override;

 private:
  class Database;

  void write(std::stop_token stop);

  const StoreConfig config_;
  std::unique_ptr<Database> database_;  ///< null: memory only

  mutable std::mutex mutex_;  ///< guards what follows
  std::condition_variable_any changed_;
  std::deque<Alert> recent_;  ///< ids rise by one from front to back
  std::uint64_t newest_id_ = 0;
  std::uint64_t on_disk_id_ = 0;  ///< alerts up to this id are on disk or lost
  std::uint64_t attempts_ = 0;
  std::string problem_;
  std::uint64_t lost_ = 0;

  std::jthread writer_;
};

}  // namespace rearview
