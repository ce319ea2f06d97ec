#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "types/alert.h"

namespace rearview {

struct AlertQuery {
  std::uint64_t after = 0;  ///< only alerts with a greater id
  std::size_t limit = 100;
  std::optional<std::string> camera;
  std::optional<AlertKind> kind;
};

/// What the store offers to those who look back. Any thread.
class AlertHistory {
 public:
  virtual ~AlertHistory() = default;
  /// Oldest first.
  virtual std::vector<KeptAlert> alerts(const AlertQuery& query) const = 0;
  virtual std::optional<KeptAlert> alert(std::uint64_t id) const = 0;
  /// Greatest id given so far; 0 before the first alert.
  virtual std::uint64_t newest_id() const = 0;
};

}  // namespace rearview
