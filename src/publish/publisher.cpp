#include "publish/publisher.h"

#include <algorithm>
#include <utility>

#include "publish/channel.h"
#include "publish/mqtt_channel.h"
#include "publish/ndjson_channel.h"
#include "publish/webhook_channel.h"

namespace rearview {

Publisher::Publisher(const PublishConfig& config, const std::vector<std::string>& cameras,
                     const std::filesystem::path& folder, const AlertHistory& history) {
  if (!config.ndjson.socket.empty() || config.ndjson.standard_output)
    channels_.push_back(std::make_unique<NdjsonChannel>(config.ndjson, history));
  for (const WebhookConfig& webhook : config.webhooks)
    channels_.push_back(std::make_unique<WebhookChannel>(webhook, folder, history));
  if (!config.mqtt.url.empty())
    channels_.push_back(std::make_unique<MqttChannel>(config.mqtt, cameras, folder, history));
}

Publisher::~Publisher() {
  stop();
}

void Publisher::start(const std::function<void(const std::string&)>& failure) {
  for (const auto& channel : channels_) channel->start(failure);
}

void Publisher::stop() {
  for (const auto& channel : channels_) channel->ask_to_stop();
  for (const auto& channel : channels_) channel->stop();
}

void Publisher::publish_alert() {
  for (const auto& channel : channels_) channel->inbox().alert();
}

void Publisher::publish_heartbeat(const HeartbeatPtr& heartbeat) {
  for (const auto& channel : channels_) channel->inbox().heartbeat(heartbeat);
}

void Publisher::publish_analysis(const AnalysisPtr& analysis) {
  for (const auto& channel : channels_) {
    if (channel->wants_analyses()) channel->inbox().analysis(analysis);
  }
}

bool Publisher::wants_picture(std::size_t camera) const {
  return std::any_of(channels_.begin(), channels_.end(),
                     [camera](const auto& channel) { return channel->wants_picture(camera); });
}

void Publisher::publish_picture(std::size_t camera,
                                const std::shared_ptr<const std::string>& jpeg) {
  for (const auto& channel : channels_) {
    if (channel->wants_picture(camera)) channel->inbox().picture(camera, jpeg);
  }
}

std::vector<Metric> Publisher::metrics() const {
  std::vector<Metric> all;
  for (const auto& channel : channels_) {
    for (Metric& one : channel->metrics()) all.push_back(std::move(one));
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Metric& a, const Metric& b) { return a.family < b.family; });
  return all;
}

}  // namespace rearview
