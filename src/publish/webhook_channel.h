#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "publish/alert_delivery.h"
#include "publish/channel.h"
#include "publish/http_post.h"
#include "publish/publish_config.h"
#include "publish/webhook_signature.h"

namespace rearview {

/// Posts each alert to one address, in order, again until it is taken.
class WebhookChannel final : public Channel {
 public:
  /// folder: the store's. Throws UsageError and std::runtime_error. history must outlive the
  /// channel.
  WebhookChannel(const WebhookConfig& config, const std::filesystem::path& folder,
                 const AlertHistory& history);
  ~WebhookChannel() override { stop(); }

  std::vector<Metric> metrics() const override { return delivery_.metrics(); }

 private:
  enum class Outcome { taken, refused, failed, stopped };

  void run() override;
  void interrupt() override { post_.stop(); }
  /// False when stop was asked for.
  bool deliver_alerts();
  bool deliver_heartbeat();
  void take_heartbeat(HeartbeatPtr heartbeat);
  Outcome post(const std::string& id, const std::string& body);
  void tell_of(const std::string& problem);
  int timeout_ms() const;

  const WebhookConfig config_;
  std::optional<WebhookSignature> signature_;
  AlertDelivery delivery_;
  HttpPost post_;
  Backoff backoff_;
  HeartbeatPtr heartbeat_;  ///< newest
  bool heartbeat_due_ = false;
  SteadyTime heartbeat_sent_;
  std::vector<bool> watched_;  ///< cameras that see the road, as the receiver was told
  std::string problem_;        ///< why the last try failed
};

}  // namespace rearview
