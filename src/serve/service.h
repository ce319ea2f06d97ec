#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/now.h"
#include "serve/serve_config.h"
#include "site/access/access_routes.h"
#include "types/analysis.h"
#include "types/camera_status.h"
#include "types/event_archive.h"
#include "types/heartbeat.h"
#include "types/live_access_unit.h"
#include "types/metric.h"

namespace rearview {

/// The service's HTTP interface and web page (docs/http-api.md). Owns the I/O thread; what is
/// published goes to every client from there, so publishing never waits for one.
class Service {
 public:
  /// In the order in which they are told of; those that exchange_cameras() hasn't named are left
  /// out. Called on the I/O thread: must be cheap.
  using StatusSource = std::function<std::vector<CameraStatus>()>;

  /// camera_names: by place. Binds: a std::runtime_error says which address and why not. archive
  /// must outlive the service.
  /// now: by which what was published grows old and heartbeats are due.
  Service(ServeConfig config, std::vector<std::string> camera_names, EventArchive& archive,
          StatusSource status, Now now = SteadyClock::now);
  /// Stops.
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  std::uint16_t port() const;
  /// What else wants every heartbeat: one a second, and one at once when a road is judged otherwise
  /// than before. Called on the I/O thread; must not wait. Before start().
  void on_heartbeat(std::function<void(HeartbeatPtr)> handler);
  /// Numbers of other rooms for /metrics. Called on the I/O thread: must be cheap. Before start().
  void add_metrics(std::function<std::vector<Metric>()> source);
  /// How another room is doing, beside the cameras in /healthz and /readyz; makes neither 503.
  /// Null: nothing is told of it. As with metrics.
  void add_health(std::string name, std::function<nlohmann::ordered_json()> source);
  /// A code that lets one device in, whoever reads it. Any thread.
  PairingOffer begin_pairing(Scope scope);
  /// Which cameras there are from now on, by place; an empty name: none. Nothing is published of a
  /// place whose name changes; who watched it is left. Not on the I/O thread.
  void exchange_cameras(const std::vector<std::string>& names);
  /// What GET /api/v1/config answers; without secrets. Not on the I/O thread.
  void show_settings(const nlohmann::ordered_json& settings);
  /// What GET /api/v1/config/schema answers: what settings there are. Before start().
  void show_settings_schema(const nlohmann::ordered_json& schema);
  /// Whether it has a certificate.
  bool https() const;
  /// A newer certificate, for connections from now on; those that are open stay. Where https().
  /// Not on the I/O thread.
  void exchange_identity(std::shared_ptr<const http::TlsIdentity> identity);
  void start();
  /// Closes every client and ends the I/O thread. Publishing is harmless after it.
  void stop();

  /// Somebody watches the camera or waits for a snapshot: without that nothing need be encoded.
  /// Any thread; costs one atomic read.
  bool wants_pictures(std::size_t camera) const;
  /// A JPEG of the overlay. Any thread; doesn't block.
  void publish_picture(std::size_t camera, std::shared_ptr<const std::string> jpeg);
  /// The stream as it came, for those who decode it themselves. Any thread; doesn't block.
  void publish_access_unit(std::size_t camera, const LiveAccessUnit& unit);
  /// Any thread; doesn't block.
  void publish_analysis(std::size_t camera, AnalysisPtr analysis);
  /// An alert that the archive already holds, with its id. Any thread; doesn't block.
  void publish_alert(const AlertPtr& alert);
  /// What is kept of a published alert has changed. Any thread; doesn't block.
  void publish_update(const AlertUpdate& update);
  /// A missed moment is new, has changed or is gone. Any thread; doesn't block.
  void publish_missed(const MissedUpdate& update);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rearview
