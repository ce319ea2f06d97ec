#pragma once

#include <cstddef>
#include <deque>
#include <mutex>

#include "types/alert_history.h"

namespace rearview {

/// Keeps the newest alerts in memory and numbers them. Any thread.
class AlertLog : public AlertHistory {
 public:
  /// The oldest alert goes when there are more than capacity (at least 1).
  explicit AlertLog(std::size_t capacity);

  /// Gives the alert the next id, keeps it and returns it.
  Alert append(Alert alert);

  std::vector<Alert> alerts(const AlertQuery& query) const override;
  std::optional<Alert> alert(std::uint64_t id) const override;
  std::uint64_t newest_id() const override;

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::deque<Alert> alerts_;  ///< ids rise by one from front to back
  std::uint64_t newest_id_ = 0;
};

}  // namespace rearview
