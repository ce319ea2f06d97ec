#pragma once

#include <filesystem>
#include <memory>
#include <shared_mutex>
#include <string>
#include <variant>
#include <vector>

#include "base/worker.h"
#include "publish/publish_config.h"
#include "types/event_archive.h"
#include "types/heartbeat.h"
#include "types/metric.h"

namespace rearview {

class Channel;

/// All configured ways out besides HTTP (docs/publish.md). Each has its own thread and reads the
/// alerts from the archive at its own pace: none holds up another or the program.
class Publisher {
 public:
  /// Opens what can be opened at once. cameras: their names; folder: where it is kept what was
  /// delivered; empty: nowhere. Throws UsageError and std::runtime_error. archive must outlive the
  /// publisher.
  Publisher(const PublishConfig& config, std::vector<std::string> cameras,
            const std::filesystem::path& folder, const EventArchive& archive);
  /// Stops.
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  /// failure: told, on a channel's thread, of what escaped it; the channel goes on.
  void start(const Worker::Failure& failure);
  /// Exchanges the channels that are configured otherwise than they run, or that have to know of
  /// other cameras; the others run on. Throws UsageError when one can't begin: it goes on as it
  /// was, if it can. Between start() and stop(), on their thread; waits for the ends of the
  /// channels that go.
  void reconfigure(const PublishConfig& config, std::vector<std::string> cameras);
  void stop();

  /// The history holds a new alert. This and what follows: any thread; doesn't wait.
  void publish_alert();
  void publish_heartbeat(const HeartbeatPtr& heartbeat);
  void publish_analysis(const AnalysisPtr& analysis);
  /// Somebody would send a picture of the camera: without that none need be encoded.
  bool wants_picture(const std::string& camera) const;
  void publish_picture(const std::string& camera, const std::shared_ptr<const std::string>& jpeg);
  /// What the channels count, by family.
  std::vector<Metric> metrics() const;

 private:
  using ChannelConfig = std::variant<NdjsonConfig, WebhookConfig, MqttConfig, NatsConfig>;
  struct Wanted {
    ChannelConfig config;
    std::vector<std::string> cameras;  ///< none for those that needn't know
    bool operator==(const Wanted&) const = default;
  };
  struct Running {
    Wanted as;
    std::unique_ptr<Channel> channel;
  };
  std::vector<Wanted> configured(const PublishConfig& config) const;
  Running make(const Wanted& wanted) const;
  void add(Running running);
  void end(const Wanted& running);
  template <typename Do>
  void for_each(Do what) const;

  std::vector<std::string> cameras_;
  std::vector<std::string> former_;  ///< cameras that have gone since the start
  const std::filesystem::path folder_;
  const EventArchive& archive_;
  Worker::Failure failure_;
  mutable std::shared_mutex mutex_;
  std::vector<Running> running_;  ///< guarded by mutex_
};

}  // namespace rearview
