#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "collect/database.h"
#include "http/request.h"

namespace rearview {

/// What is asked of the database for others: JSON made by it. Any thread; waits for the database.
/// All throw http::HttpError: 400 for what is wrong with the question, 503 where the database
/// doesn't answer.
class FleetQueries {
 public:
  /// silent_s: of a gateway that wasn't heard for longer nobody knows how its road is.
  FleetQueries(std::string url, int silent_s);

  /// GET /api/v1/passes.geojson
  std::string passes(const http::Request& request);
  /// GET /api/v1/passes/hours
  std::string hours(const http::Request& request);
  /// GET /api/v1/gateways
  std::string gateways();
  /// Why the database doesn't answer; empty: it does.
  std::string problem();

 private:
  std::string ask(const std::string& sql, const std::vector<std::string>& parameters);

  const std::string url_;
  const int silent_s_;
  Mutex mutex_;
  std::vector<std::unique_ptr<Database>> idle_ GUARDED_BY(mutex_);
};

}  // namespace rearview
