#pragma once

// Private to this room: what a server's connections share.
#include "http/peer.h"
//
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <optional>
#include <unordered_set>

#include "base/mutex.h"
#include "base/tcp_acceptor.h"
#include "base/thrown.h"
#include "http/host_check.h"
#include "http/log_pause.h"
#include "http/server.h"
#include "http/visitors.h"
#include "http/worker_pool.h"

namespace rearview::http {

/// The way of other threads to the loop. It outlives the server with whoever still holds a
/// Responder, and closes when the server stops, after which the loop may be gone.
class Gate {
 public:
  explicit Gate(IoLoop& loop) : loop_(&loop) {}
  /// Runs task on the loop's thread, now if this is it; drops it when closed. Any thread.
  void deliver(std::function<void()> task);
  void close();

 private:
  Mutex mutex_;
  IoLoop* loop_ GUARDED_BY(mutex_);  ///< null when closed
};

struct Server::Core : std::enable_shared_from_this<Server::Core> {
  Core(IoLoop& l, ServerConfig c, Router r, ErrorFormat e)
      : loop(l),
        config(std::move(c)),
        identity(config.tls),
        router(std::move(r)),
        error_format(std::move(e)),
        gate(std::make_shared<Gate>(l)),
        hosts(config.host, config.extra_hosts),
        visitors(config.max_requests_per_s_per_address),
        acceptor(l.impl().io, {config.host, config.port}),
        workers(config.worker_threads, config.worker_queue),
        body_workers(config.worker_threads, config.max_connections) {}

  void admit(asio::ip::tcp::socket socket);
  bool make_room_for(const asio::ip::address& address);
  void sweep();
  void stop();

  /// A handshake came to nothing: counted, and logged now and then.
  void tls_failed(const Client& client, std::string_view why);
  /// Something was thrown: counted, and logged now and then.
  void failed(const Peer& peer, const std::string& why);

  /// Calls it for this peer, which ends when it throws: counted, and logged now and then. Every
  /// call that a client can cause goes through here.
  template <typename F>
  void guard(const std::shared_ptr<Peer>& peer, F&& call) {
    try {
      call();
    } catch (...) {
      failed(*peer, thrown());
      loop.impl().survive([&] { peer->drop(); });
    }
  }
  /// A completion handler of this peer's, guarded.
  template <typename F>
  auto guarded(std::shared_ptr<Peer> peer, F handler) {
    return asio::bind_executor(PeerExecutor(shared_from_this(), std::move(peer)),
                               std::move(handler));
  }

  void add(const std::shared_ptr<Peer>& peer) {
    if (peers.insert(peer).second) visitors.connected(peer->client().address);
  }
  void remove(const std::shared_ptr<Peer>& peer) {
    if (peers.erase(peer) == 1) visitors.disconnected(peer->client().address);
  }
  /// Whether this client may have one more stream.
  bool has_room_for_stream(const Client& client) const;

  IoLoop& loop;
  const ServerConfig config;
  std::shared_ptr<const TlsIdentity> identity;  ///< null: plain HTTP
  const Router router;
  const ErrorFormat error_format;
  const std::shared_ptr<Gate> gate;
  HostCheck hosts;
  Visitors visitors;
  ServerStats stats;
  TcpAcceptor acceptor;
  std::unique_ptr<IoLoop::Timer> sweeper;
  std::unordered_set<std::shared_ptr<Peer>> peers;
  bool stopped = false;
  LogPause tls_pause;
  LogPause failure_pause;
  WorkerPool workers;
  WorkerPool body_workers;  ///< a connection has one task in it at most, so it is never full
};

template <typename F>
auto PeerExecutor::guarded(F&& call) const {
  return [core = core_, peer = peer_, call = std::decay_t<F>(std::forward<F>(call))]() mutable {
    core->guard(peer, call);
  };
}

/// Finds out whether the client speaks TLS, shakes hands if so, and starts its connection.
void start_doorkeeper(const std::shared_ptr<Server::Core>& core, Socket::Tcp socket, Client client);

/// Reads requests from the socket and answers them until it closes or becomes a stream.
void start_connection(const std::shared_ptr<Server::Core>& core, Socket socket, Client client);

/// Takes the socket over for the request's response without end; head goes out first.
void start_stream(const std::shared_ptr<Server::Core>& core, Socket socket, Client client,
                  const Request& request, std::string head, StreamBody body);

/// Takes the socket over and answers the handshake that request asks for.
void start_web_socket(const std::shared_ptr<Server::Core>& core, Socket socket, Client client,
                      const Request& request, WebSocketBody body);

}  // namespace rearview::http
