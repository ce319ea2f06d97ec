#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "site/site_config.h"
#include "types/metric.h"

namespace rearview {

struct FleetSiteConfig {
  SiteConfig site;
  std::string database;  ///< postgresql://…
  int silent_s = 30;     ///< a gateway not heard for longer has a road that nobody knows
};

/// What was collected, over HTTP, and the page that shows it (docs/fleet.md). Owns its threads.
class FleetSite {
 public:
  /// Binds: a std::runtime_error says which address and why not. problem: why nothing is collected,
  /// or empty; metrics: of the collector. Both are cheap, and called on any thread.
  FleetSite(FleetSiteConfig config, std::function<std::string()> problem,
            std::function<std::vector<Metric>()> metrics);
  /// Stops.
  ~FleetSite();
  FleetSite(const FleetSite&) = delete;
  FleetSite& operator=(const FleetSite&) = delete;

  std::uint16_t port() const;
  void start();
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rearview
