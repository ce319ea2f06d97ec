#pragma once

// Private to this room.
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "http/server_core.h"
#include "http/stream.h"

namespace rearview::http {

/// What streams have in common whatever carries them: one piece under way, and behind it either a
/// queue up to a bound or the newest piece.
class QueuedStream : public Stream, public Peer, public std::enable_shared_from_this<QueuedStream> {
 public:
  /// still_admitted: the request's.
  QueuedStream(std::shared_ptr<Server::Core> core, Client client,
               std::function<bool()> still_admitted);

  bool send_latest(Bytes piece) final;
  bool send(Bytes piece) final;
  bool idle() const final { return open_ && !under_way_; }
  bool open() const final { return open_; }
  void close() final { finish(); }
  void on_idle(std::function<void()> callback) final { on_idle_ = std::move(callback); }
  void on_closed(std::function<void()> callback) final { on_closed_ = std::move(callback); }

  SteadyTime deadline() const final { return deadline_; }
  void expire() final;
  /// It is for us to speak.
  std::optional<SteadyTime> silent_since() const final { return std::nullopt; }
  bool admitted() const final { return !still_admitted_ || still_admitted_(); }
  void drop() final { finish(); }
  void abandon() final;

 protected:
  /// Counts the stream as open.
  void opened();
  /// Sends the piece; calls progressed() as bytes go and then sent(), or finish().
  virtual void transmit(const Bytes& piece) = 0;
  /// Closes the socket and lets go of it: the producer may keep the stream longer than the loop
  /// exists.
  virtual void drop_socket() = 0;

  /// Counts bytes and gives the client its time for the next ones.
  void progressed(std::size_t bytes);
  /// Nothing is due from the client.
  void idle_from_now() { deadline_ = SteadyTime::max(); }
  void sent();
  void finish();
  template <typename F>
  auto guarded(F handler) {
    return core_->guarded(shared_from_this(), std::move(handler));
  }
  const Bytes& under_way() const { return under_way_; }
  const ServerConfig& config() const { return core_->config; }

 private:
  void begin(Bytes piece);
  void let_go();

  std::shared_ptr<Server::Core> core_;
  const std::function<bool()> still_admitted_;
  bool open_ = true;
  Bytes under_way_;
  Bytes latest_;
  std::deque<Bytes> queue_;
  std::size_t queued_bytes_ = 0;
  SteadyTime deadline_ = SteadyTime::max();
  std::function<void()> on_idle_;
  std::function<void()> on_closed_;
};

/// Bounds what the kernel holds for a stream's client.
void bound_send_buffer(Socket& socket, const ServerConfig& config);

}  // namespace rearview::http
