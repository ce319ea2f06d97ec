#pragma once

#include <string>
#include <utility>
#include <vector>

namespace rearview {

/// One number of a room that /metrics shows. Those of one family stand together.
struct Metric {
  std::string family;  ///< rearview_…, as Prometheus wants names
  std::string type;    ///< "counter" or "gauge"
  std::string help;    ///< one sentence
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
};

}  // namespace rearview
