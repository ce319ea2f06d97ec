#pragma once

#include <functional>

#include "http/response.h"

namespace rearview::http {

/// The server's end of a response without end. I/O thread only. What waits in it is bounded:
/// either only the newest piece waits (send_latest), or all do up to a bound (send).
class Stream {
 public:
  virtual ~Stream() = default;
  /// Newest wins: takes the place of a piece that still waits for the socket. Returns false when
  /// that dropped one. For pictures.
  virtual bool send_latest(Bytes piece) = 0;
  /// In order and complete. A client so far behind that more than the bound would wait is closed:
  /// then, and on a closed stream, returns false. For events.
  virtual bool send(Bytes piece) = 0;
  /// Nothing waits and nothing is being written.
  virtual bool idle() const = 0;
  virtual bool open() const = 0;
  virtual void close() = 0;
  /// Called each time the stream becomes idle.
  virtual void on_idle(std::function<void()> callback) = 0;
  /// Called once, when the stream has closed for whatever reason; not for close() by the server's
  /// own stop.
  virtual void on_closed(std::function<void()> callback) = 0;
};

}  // namespace rearview::http
