#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

#include "base/endpoint.h"

namespace rearview {

/// A TCP connection whose every wait has an end: a time-out, or the stop token at once. One thread.
class TcpConnection {
 public:
  enum class Status { data, quiet, closed, stopped };
  struct Read {
    Status status;
    std::size_t bytes = 0;
    std::string reason;  ///< closed: why
  };
  /// The reason when the other side ended the connection in good order.
  static constexpr const char* kClosedByPeer = "closed by the other side";

  explicit TcpConnection(std::stop_token stop);
  ~TcpConnection();
  TcpConnection(const TcpConnection&) = delete;
  TcpConnection& operator=(const TcpConnection&) = delete;

  /// Looks the host up and tries its addresses in turn. Throws std::runtime_error with the reason.
  void connect(const Endpoint& endpoint, std::chrono::milliseconds timeout);
  /// Takes what has arrived; waits for it at most `wait`, then says quiet.
  Read read(std::span<std::uint8_t> target, std::chrono::microseconds wait);
  /// Sends all of it. Throws std::runtime_error with the reason when that takes longer than `wait`.
  void write(std::span<const std::uint8_t> bytes, std::chrono::microseconds wait);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rearview
