#include "store/alert_log.h"

#include <algorithm>

namespace rearview {

AlertLog::AlertLog(std::size_t capacity) : capacity_(std::max<std::size_t>(capacity, 1)) {}

Alert AlertLog::append(Alert alert) {
  const std::lock_guard lock(mutex_);
  alert.id = ++newest_id_;
  alerts_.push_back(alert);
  if (alerts_.size() > capacity_) alerts_.pop_front();
  return alert;
}

std::vector<Alert> AlertLog::alerts(const AlertQuery& query) const {
  const std::lock_guard lock(mutex_);
  std::vector<Alert> found;
  const auto first = std::partition_point(alerts_.begin(), alerts_.end(),
                                          [&](const Alert& a) { return a.id <= query.after; });
  for (auto it = first; it != alerts_.end() && found.size() < query.limit; ++it) {
    if (query.camera && it->camera != *query.camera) continue;
    if (query.kind && it->kind != *query.kind) continue;
    found.push_back(*it);
  }
  return found;
}

std::optional<Alert> AlertLog::alert(std::uint64_t id) const {
  const std::lock_guard lock(mutex_);
  if (alerts_.empty() || id < alerts_.front().id || id > newest_id_) return std::nullopt;
  return alerts_[static_cast<std::size_t>(id - alerts_.front().id)];
}

std::uint64_t AlertLog::newest_id() const {
  const std::lock_guard lock(mutex_);
  return newest_id_;
}

}  // namespace rearview
