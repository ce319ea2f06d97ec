#pragma once

// Private to this room.
#include "http/socket.h"
//
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/ip/address.hpp>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "http/server.h"

namespace rearview::http {

/// Who is at the other end.
struct Client {
  std::string name;           ///< address:port
  asio::ip::address address;  ///< IPv4 as such, also where it came as IPv6
};

/// Something that holds a client's socket. Loop's thread only.
class Peer {
 public:
  explicit Peer(Client client) : client_(std::move(client)) {}
  virtual ~Peer() = default;
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  const Client& client() const { return client_; }
  /// When expire() is due.
  virtual SteadyTime deadline() const = 0;
  virtual void expire() = 0;
  /// Since when the client has let us wait; nullopt while it doesn't. One that does may have to
  /// make room for another.
  virtual std::optional<SteadyTime> silent_since() const = 0;
  /// Whether who lets clients in would do so still.
  virtual bool admitted() const { return true; }
  /// Closes at once, and tells whom it concerns.
  virtual void drop() = 0;
  /// The server stops: close without calling anybody back.
  virtual void abandon() = 0;

 private:
  Client client_;
};

/// Runs what completes for a peer, also inside the operations that Asio and Beast compose. What is
/// thrown there ends this peer and nobody else (Server::Core::guard).
class PeerExecutor {
 public:
  PeerExecutor(std::shared_ptr<Server::Core> core, std::shared_ptr<Peer> peer);

  asio::io_context& context() const noexcept { return inner_.context(); }
  void on_work_started() const noexcept { inner_.on_work_started(); }
  void on_work_finished() const noexcept { inner_.on_work_finished(); }
  template <typename F, typename Allocator>
  void dispatch(F&& call, const Allocator& allocator) const {
    inner_.dispatch(guarded(std::forward<F>(call)), allocator);
  }
  template <typename F, typename Allocator>
  void post(F&& call, const Allocator& allocator) const {
    inner_.post(guarded(std::forward<F>(call)), allocator);
  }
  template <typename F, typename Allocator>
  void defer(F&& call, const Allocator& allocator) const {
    inner_.defer(guarded(std::forward<F>(call)), allocator);
  }
  friend bool operator==(const PeerExecutor& a, const PeerExecutor& b) noexcept {
    return a.peer_ == b.peer_;
  }
  friend bool operator!=(const PeerExecutor& a, const PeerExecutor& b) noexcept {
    return !(a == b);
  }

 private:
  template <typename F>
  auto guarded(F&& call) const;

  std::shared_ptr<Server::Core> core_;
  std::shared_ptr<Peer> peer_;
  asio::io_context::executor_type inner_;
};

}  // namespace rearview::http
