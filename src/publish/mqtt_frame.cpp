#include "publish/mqtt_frame.h"

#include <cstring>
#include <stdexcept>

namespace rearview {
namespace {

/// What stands before topic and payload.
struct Head {
  std::uint32_t topic_bytes;
  std::uint32_t payload_bytes;
  std::int32_t number;
  std::int32_t expires_s;
  MqttFrame::Kind kind;
  std::uint8_t flag;
  std::uint8_t qos;
  std::uint8_t retain;
};
static_assert(sizeof(Head) == 20, "no padding, whose bytes would be anybody's");

constexpr int kBestQuality = 2;

}  // namespace

std::string encode(const MqttFrame& frame) {
  const MqttMessage& message = frame.message;
  const Head head{.topic_bytes = static_cast<std::uint32_t>(message.topic.size()),
                  .payload_bytes = static_cast<std::uint32_t>(message.payload.size()),
                  .number = frame.number,
                  .expires_s = message.expires_s,
                  .kind = frame.kind,
                  .flag = frame.flag,
                  .qos = static_cast<std::uint8_t>(message.qos),
                  .retain = message.retain};
  std::string bytes(sizeof head, '\0');
  std::memcpy(bytes.data(), &head, sizeof head);
  return bytes.append(message.topic).append(message.payload);
}

std::optional<MqttFrame> MqttFrameReader::next() {
  Head head;
  if (bytes_.size() < sizeof head) return std::nullopt;
  std::memcpy(&head, bytes_.data(), sizeof head);
  if (head.kind > MqttFrame::Kind::last_kind || head.flag > 1 || head.retain > 1 ||
      head.qos > kBestQuality || head.topic_bytes > most_bytes_ ||
      head.payload_bytes > most_bytes_ - head.topic_bytes)
    throw std::runtime_error("not a frame");
  const std::size_t size = sizeof head + head.topic_bytes + head.payload_bytes;
  if (bytes_.size() < size) return std::nullopt;
  MqttFrame frame{
      .kind = head.kind,
      .flag = head.flag == 1,
      .number = head.number,
      .message = {.topic = bytes_.substr(sizeof head, head.topic_bytes),
                  .payload = bytes_.substr(sizeof head + head.topic_bytes, head.payload_bytes),
                  .qos = head.qos,
                  .retain = head.retain == 1,
                  .expires_s = head.expires_s}};
  bytes_.erase(0, size);
  return frame;
}

}  // namespace rearview
