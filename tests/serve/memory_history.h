#pragma once

#include <algorithm>
#include <mutex>
#include <optional>
#include <vector>

#include "types/alert_history.h"

namespace rearview::test {

/// A store that forgets at the end of the program. Any thread.
class MemoryHistory final : public AlertHistory {
 public:
  /// Gives the alert the next id and keeps it.
  Alert store(Alert alert) {
    const std::lock_guard lock(mutex_);
    alert.id = ++newest_;
    alerts_.push_back(alert);
    return alert;
  }
  /// An id that is given out and belongs to no alert.
  void skip_id() {
    const std::lock_guard lock(mutex_);
    ++newest_;
  }

  std::vector<Alert> alerts(const AlertQuery& query) const override {
    const std::lock_guard lock(mutex_);
    std::vector<Alert> found;
    for (const Alert& alert : alerts_) {
      if (found.size() >= query.limit) break;
      if (alert.id <= query.after) continue;
      if (query.camera && alert.camera != *query.camera) continue;
      if (query.kind && alert.kind != *query.kind) continue;
      found.push_back(alert);
    }
    return found;
  }
  std::optional<Alert> alert(std::uint64_t id) const override {
    const std::lock_guard lock(mutex_);
    const auto it = std::find_if(alerts_.begin(), alerts_.end(),
                                 [id](const Alert& one) { return one.id == id; });
    return it == alerts_.end() ? std::nullopt : std::optional(*it);
  }
  std::uint64_t newest_id() const override {
    const std::lock_guard lock(mutex_);
    return newest_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Alert> alerts_;
  std::uint64_t newest_ = 0;
};

}  // namespace rearview::test
