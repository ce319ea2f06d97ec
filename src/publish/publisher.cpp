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

Publisher::Publisher(const PublishConfig& config, std::vector<std::string> cameras,
                     const std::filesystem::path& folder, const EventArchive& archive)
    : cameras_(std::move(cameras)), folder_(folder), archive_(archive) {
  for (const Wanted& one : configured(config)) add(make(one));
}

Publisher::~Publisher() {
  stop();
}

std::vector<Publisher::Wanted> Publisher::configured(const PublishConfig& config) const {
  std::vector<Wanted> all;
  if (!config.ndjson.socket.empty() || config.ndjson.standard_output)
    all.push_back({config.ndjson, {}});
  for (const WebhookConfig& webhook : config.webhooks) all.push_back({webhook, {}});
  if (!config.mqtt.url.empty()) all.push_back({config.mqtt, cameras_});
  if (!config.nats.url.empty()) all.push_back({config.nats, cameras_});
  return all;
}

Publisher::Running Publisher::make(const Wanted& wanted) const {
  const auto& [config, cameras] = wanted;
  if (const auto* ndjson = std::get_if<NdjsonConfig>(&config))
    return {wanted, std::make_unique<NdjsonChannel>(*ndjson, archive_)};
  if (const auto* webhook = std::get_if<WebhookConfig>(&config))
    return {wanted, std::make_unique<WebhookChannel>(*webhook, folder_, archive_)};
  if (const auto* nats = std::get_if<NatsConfig>(&config))
    return {wanted, make_nats_channel(*nats, cameras, folder_, archive_)};
  return {wanted, std::make_unique<MqttChannel>(std::get<MqttConfig>(config), cameras, former_,
                                                folder_, archive_)};
}

void Publisher::add(Running running) {
  const std::unique_lock lock(mutex_);
  running_.push_back(std::move(running));
}

void Publisher::end(const Wanted& running) {
  std::unique_lock lock(mutex_);
  const auto found = std::find_if(running_.begin(), running_.end(),
                                  [&](const Running& one) { return one.as == running; });
  const std::unique_ptr<Channel> ended = std::move(found->channel);
  running_.erase(found);
  lock.unlock();
  ended->stop();
}

void Publisher::reconfigure(const PublishConfig& config, std::vector<std::string> cameras) {
  const auto among = [](const auto& all, const auto& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  };
  for (const std::string& camera : cameras_) {
    if (!among(former_, camera)) former_.push_back(camera);
  }
  std::erase_if(former_, [&](const std::string& camera) { return among(cameras, camera); });
  cameras_ = std::move(cameras);
  const std::vector<Wanted> wanted = configured(config);
  std::vector<Wanted> before;
  for (const Running& one : running_) before.push_back(one.as);
  for (const Wanted& one : before) {
    if (!among(wanted, one)) end(one);
  }
  const auto begin = [this](const Wanted& one) {
    Running running = make(one);
    running.channel->start(failure_);
    log::info("publish", "begun anew", {{"channel", running.channel->name()}});
    add(std::move(running));
  };
  std::string problem;
  for (const Wanted& one : wanted) {
    if (among(before, one)) continue;
    try {
      begin(one);
    } catch (const std::exception& error) {
      if (problem.empty()) problem = error.what();
      for (const Wanted& old : before) {
        if (name_of(old.config) == name_of(one.config)) begin({old.config, one.cameras});
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

bool Publisher::wants_picture(const std::string& camera) const {
  bool wanted = false;
  for_each([&](const Channel& channel) { wanted = wanted || channel.wants_picture(camera); });
  return wanted;
}

void Publisher::publish_picture(const std::string& camera,
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
