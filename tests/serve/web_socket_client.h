#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "tests/http/raw_client.h"

namespace rearview::test {

/// The client's half of a WebSocket.
class WebSocketClient {
 public:
  explicit WebSocketClient(std::uint16_t port, int receive_buffer_bytes = 0)
      : client_(port, receive_buffer_bytes) {}

  /// The head of the answer to the handshake.
  std::string shake_hands(const std::string& path = "/api/v1/ws", const std::string& headers = {}) {
    client_.request("GET", path,
                    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                        headers);
    return client_.read_until("\r\n\r\n").value_or("");
  }
  struct Frame {
    int opcode = 0;
    std::string payload;
  };
  std::optional<Frame> read() {
    const auto head = client_.read_exactly(2);
    if (!head) return std::nullopt;
    const auto byte = [](char c) { return static_cast<unsigned char>(c); };
    std::size_t size = byte((*head)[1]);
    if (size == 126) {
      const auto more = client_.read_exactly(2);
      if (!more) return std::nullopt;
      size = static_cast<std::size_t>(byte((*more)[0]) * 256 + byte((*more)[1]));
    } else if (size == 127) {
      const auto more = client_.read_exactly(8);
      if (!more) return std::nullopt;
      size = 0;
      for (const char c : *more) size = size << 8 | byte(c);
    }
    const auto payload = client_.read_exactly(size);
    if (!payload) return std::nullopt;
    return Frame{byte((*head)[0]) & 0x0f, *payload};
  }
  /// The next text message of a type.
  std::optional<nlohmann::json> next(const std::string& type) {
    while (const auto frame = read()) {
      if (frame->opcode != 1) continue;
      nlohmann::json message = nlohmann::json::parse(frame->payload);
      if (message["type"] == type) return message;
    }
    return std::nullopt;
  }
  /// Masked with zeros, as clients must.
  bool send(int opcode, const std::string& payload) {
    std::string frame{static_cast<char>(0x80 | opcode),
                      static_cast<char>(0x80 | static_cast<int>(payload.size()))};
    return client_.send(frame + std::string(4, '\0') + payload);
  }
  bool closed_by_server() { return client_.closed_by_server(); }

 private:
  RawClient client_;
};

}  // namespace rearview::test
