#pragma once

#include <string>

#include "publish/mqtt_message.h"
#include "publish/publish_config.h"

namespace rearview {

/// The hidden command of `rearview` that is the MQTT process, and the descriptor at which it finds
/// its end of the socket.
inline constexpr const char* kMqttClientCommand = "mqtt-client";
inline constexpr int kMqttClientFd = 3;

/// What MqttFrame::Kind::begin carries.
std::string mqtt_client_settings(const MqttConfig& config, const MqttMessage& will);

/// The MQTT process: an MqttLink that does what MqttFrame says. Ends when the service does or says
/// so, or has said nothing for as long as a broker would wait. Returns the exit code. Throws
/// UsageError when it wasn't started by MqttProcess.
int run_mqtt_client();

}  // namespace rearview
