#include "publish/publisher.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "publish/channel.h"
#include "publish/mqtt_channel.h"
#include "publish/nats_channel.h"
#include "publish/ndjson_channel.h"
#include "publish/webhook_channel.h"

namespace rearview {
namespace {

/// Names a channel, whatever it is set to.
std::string name_of(
    const std::variant<NdjsonConfig, WebhookConfig, MqttConfig, NatsConfig>& config) {
  const auto* webhook = std::get_if<WebhookConfig>(&config);
  return webhook ? "webhook " + webhook->name : std::to_string(config.index());
}

}  // namespace

Publisher::Publisher(const PublishConfig& config, const std::vector<std::string>& cameras,
                     const std::filesystem::path& folder, const EventArchive& archive)
    : cameras_(cameras), folder_(folder), archive_(archive) {
  for (const ChannelConfig& one : configured(config)) add(make(one));
}

Publisher::~Publisher() {
  stop();
}

std::vector<Publisher::ChannelConfig> Publisher::configured(const PublishConfig& config) {
  std::vector<ChannelConfig> all;
  if (!config.ndjson.socket.empty() || config.ndjson.standard_output)
    all.emplace_back(config.ndjson);
  for (const WebhookConfig& webhook : config.webhooks) all.emplace_back(webhook);
  if (!config.mqtt.url.empty()) all.emplace_back(config.mqtt);
  if (!config.nats.url.empty()) all.emplace_back(config.nats);
  return all;
}

Publisher::Running Publisher::make(const ChannelConfig& config) const {
  if (const auto* ndjson = std::get_if<NdjsonConfig>(&config))
    return {config, std::make_unique<NdjsonChannel>(*ndjson, archive_)};
  if (const auto* webhook = std::get_if<WebhookConfig>(&config))
    return {config, std::make_unique<WebhookChannel>(*webhook, folder_, archive_)};
  if (const auto* nats = std::get_if<NatsConfig>(&config))
    return {config, make_nats_channel(*nats, cameras_, folder_, archive_)};
  return {config,
          std::make_unique<MqttChannel>(std::get<MqttConfig>(config), cameras_, folder_, archive_)};
}

void Publisher::add(Running running) {
  const std::unique_lock lock(mutex_);
  running_.push_back(std::move(running));
}

void Publisher::end(const ChannelConfig& config) {
  std::unique_lock lock(mutex_);
  const auto found = std::find_if(running_.begin(), running_.end(),
                                  [&](const Running& one) { return one.config == config; });
  const std::unique_ptr<Channel> ended = std::move(found->channel);
  running_.erase(found);
  lock.unlock();
  ended->stop();
}

void Publisher::reconfigure(const PublishConfig& config) {
  const std::vector<ChannelConfig> wanted = configured(config);
  std::vector<ChannelConfig> before;
  for (const Running& one : running_) before.push_back(one.config);
  const auto among = [](const std::vector<ChannelConfig>& all, const ChannelConfig& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  };
  for (const ChannelConfig& one : before) {
    if (!among(wanted, one)) end(one);
  }
  const auto begin = [this](const ChannelConfig& one) {
    Running running = make(one);
    running.channel->start(failure_);
    log::info("publish", "begun anew", {{"channel", running.channel->name()}});
    add(std::move(running));
  };
  std::string problem;
  for (const ChannelConfig& one : wanted) {
    if (among(before, one)) continue;
    try {
      begin(one);
    } catch (const std::exception& error) {
      if (problem.empty()) problem = error.what();
      for (const ChannelConfig& old : before) {
        if (name_of(old) == name_of(one)) begin(old);
      }
    }
  }
  if (!problem.empty()) throw UsageError(problem);
}

template <typename Do>
void Publisher::for_each(Do what) const {
  const std::shared_lock lock(mutex_);
  for (const Running& one : running_) what(*one.channel);
}

void Publisher::start(const Worker::Failure& failure) {
  failure_ = failure;
  for_each([this](Channel& channel) { channel.start(failure_); });
}

void Publisher::stop() {
  for_each([](Channel& channel) { channel.ask_to_stop(); });
  for_each([](Channel& channel) { channel.stop(); });
}

void Publisher::publish_alert() {
  for_each([](Channel& channel) { channel.inbox().alert(); });
}

void Publisher::publish_heartbeat(const HeartbeatPtr& heartbeat) {
  for_each([&](Channel& channel) { channel.inbox().heartbeat(heartbeat); });
}

void Publisher::publish_analysis(const AnalysisPtr& analysis) {
  for_each([&](Channel& channel) {
    if (channel.wants_analyses()) channel.inbox().analysis(analysis);
  });
}

bool Publisher::wants_picture(std::size_t camera) const {
  bool wanted = false;
  for_each([&](const Channel& channel) { wanted = wanted || channel.wants_picture(camera); });
  return wanted;
}

void Publisher::publish_picture(std::size_t camera,
                                const std::shared_ptr<const std::string>& jpeg) {
  for_each([&](Channel& channel) {
    if (channel.wants_picture(camera)) channel.inbox().picture(camera, jpeg);
  });
}

std::vector<Metric> Publisher::metrics() const {
  std::vector<Metric> all;
  for_each([&](const Channel& channel) {
    for (Metric& one : channel.metrics()) all.push_back(std::move(one));
  });
  std::stable_sort(all.begin(), all.end(),
                   [](const Metric& a, const Metric& b) { return a.family < b.family; });
  return all;
}

}  // namespace rearview
