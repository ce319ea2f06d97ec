#include "publish/home_assistant.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "publish/mqtt_topics.h"
#include "types/json.h"

namespace rearview {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kExpires_s = 5;

/// The entities of one camera.
class Device {
 public:
  Device(const MqttConfig& config, const std::string& camera, std::size_t index)
      : config_(config),
        camera_(camera),
        id_(config.client_id + "_" + camera),
        report_(fmt::format("value_json.cameras[{}]", index)) {}

  /// what: the entity's name in topics and ids.
  void add(std::string_view component, std::string_view what, std::string_view shown,
           const Json& further) {
    Json json{{"name", shown},
              {"unique_id", fmt::format("{}_{}", id_, what)},
              {"object_id", fmt::format("{}_{}", id_, what)},
              {"availability_topic", state_topic(config_)},
              {"availability_template", "{{ value_json.status }}"},
              {"device",
               {{"identifiers", {id_}},
                {"name", fmt::format("Rear view {}", camera_)},
                {"manufacturer", "rearview"},
                {"model", "Rear-view camera"}}}};
    json.update(further);
    messages_.push_back(
        {.topic = fmt::format("{}/{}/{}/{}/config", config_.discovery, component, id_, what),
         .payload = dump(json),
         .qos = 1,
         .retain = true});
  }
  /// A number or word of the heartbeat.
  void add_sensor(std::string_view key, std::string_view shown, const Json& further) {
    Json json{{"state_topic", state_topic(config_)},
              {"value_template", fmt::format("{{{{ {}.{} }}}}", report_, key)},
              {"expire_after", kExpires_s}};
    json.update(further);
    add("sensor", key, shown, json);
  }

  const std::string& report() const { return report_; }
  std::vector<MqttMessage> take() { return std::move(messages_); }

 private:
  const MqttConfig& config_;
  const std::string& camera_;
  const std::string id_;
  const std::string report_;  ///< the camera's part of the heartbeat, in a template
  std::vector<MqttMessage> messages_;
};

std::vector<MqttMessage> entities(const MqttConfig& config, const std::string& camera,
                                  std::size_t index) {
  Device device(config, camera, index);
  device.add_sensor(
      "road", "Road",
      {{"device_class", "enum"}, {"options", kNames<Road>}, {"icon", "mdi:road-variant"}});
  device.add_sensor("threat", "Threat", {{"icon", "mdi:car-brake-alert"}});
  device.add_sensor("vehicles", "Vehicles behind",
                    {{"state_class", "measurement"}, {"icon", "mdi:car-back"}});
  device.add_sensor("passes", "Passes", {{"state_class", "total_increasing"}, {"icon", "mdi:car"}});
  device.add_sensor("close_passes", "Close passes",
                    {{"state_class", "total_increasing"}, {"icon", "mdi:car-side"}});
  device.add(
      "binary_sensor", "watching", "Watching",
      {{"state_topic", state_topic(config)},
       {"value_template",
        fmt::format("{{{{ 'OFF' if {}.road in ['unknown', 'blind', 'no_signal'] else 'ON' }}}}",
                    device.report())},
       {"device_class", "running"},
       {"expire_after", kExpires_s}});
  // Messages of other cameras become empty, which Home Assistant passes over. The store's are of
  // all.
  device.add(
      "event", "alert", "Alert",
      {{"state_topic", alert_topic(config)},
       {"event_types", kNames<AlertKind>},
       {"value_template",
        fmt::format(
            "{{% if value_json.camera in ['{}', ''] %}}{{{{ {{'event_type': value_json.kind, "
            "'id': value_json.id, 'level': value_json.level, 'side': value_json.side, "
            "'ttc_s': value_json.ttc_s, 'distance_m': value_json.distance_m}} | tojson "
            "}}}}{{% endif %}}",
            camera)},
       {"icon", "mdi:alert"}});
  if (config.picture_s > 0)
    device.add("camera", "picture", "Picture", {{"topic", picture_topic(config, camera)}});
  return device.take();
}

}  // namespace

std::vector<MqttMessage> home_assistant_discovery(const MqttConfig& config,
                                                  const std::vector<std::string>& cameras) {
  std::vector<MqttMessage> all;
  if (config.discovery.empty()) return all;
  for (std::size_t i = 0; i < cameras.size(); ++i) {
    for (MqttMessage& one : entities(config, cameras[i], i)) all.push_back(std::move(one));
  }
  return all;
}

}  // namespace rearview
