#pragma once

#include <atomic>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "publish/alert_delivery.h"
#include "publish/channel.h"
#include "publish/mqtt_process.h"

namespace rearview {

/// Alerts, the state of the roads and pictures to an MQTT broker.
class MqttChannel final : public Channel {
 public:
  /// former: cameras that are no more, of which the broker may still keep something. folder: the
  /// store's. history must outlive the channel. Throws UsageError.
  MqttChannel(const MqttConfig& config, std::vector<std::string> cameras,
              std::vector<std::string> former, const std::filesystem::path& folder,
              const AlertHistory& history);
  ~MqttChannel() override { stop(); }

  bool wants_picture(const std::string& camera) const override;
  std::vector<Metric> metrics() const override;

 private:
  void run() override;
  void take(HeartbeatPtr heartbeat);
  void open();
  void wait();
  void connected();
  void lost();
  void tell_of(const std::string& problem);
  void watch_silence();
  void send_state();
  void send_next_alert();
  void answered(int number, MqttProcess::Answer answer);
  void send_pictures(const Inbox::News& news);
  void want_picture(const std::string& camera);
  /// Of cameras_; its size for another one.
  std::size_t index_of(const std::string& camera) const;
  void say_goodbye();
  /// What is true of the roads while the service says nothing.
  MqttMessage gone(const std::string& text) const;
  MqttMessage state(const Heartbeat& heartbeat) const;

  const MqttConfig config_;
  const std::vector<std::string> cameras_;
  const std::vector<std::string> former_;
  AlertDelivery delivery_;
  Backoff backoff_;
  MqttProcess link_;
  bool up_ = false;       ///< a connection was begun, and its end not yet told
  bool greeted_ = false;  ///< on this connection the state and the discovery were sent
  /// The number of the next alert, which the broker has yet to take. Stays over connections.
  std::optional<int> in_flight_;
  HeartbeatPtr heartbeat_;              ///< newest
  SteadyTime heard_;                    ///< when the newest heartbeat came
  bool silent_ = false;                 ///< the broker was told that the service hangs
  std::optional<int> state_in_flight_;  ///< the number of a state that the broker has yet to take
  bool state_due_ = false;              ///< a newer one waits for it
  bool leaving_ = false;
  std::vector<SteadyTime> picture_sent_;  ///< by camera
  std::string problem_;

  std::deque<std::atomic<bool>> wants_picture_;
  std::atomic<std::uint64_t> skipped_ = 0;
};

}  // namespace rearview
