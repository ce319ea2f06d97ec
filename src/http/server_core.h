#pragma once

// Private to this room: what a server's connections share.
#include "http/socket.h"
//
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_set>

#include "http/host_check.h"
#include "http/io_loop_impl.h"
#include "http/server.h"
#include "http/worker_pool.h"

namespace rearview::http {

/// Something that holds a client's socket. Loop's thread only.
class Peer {
 public:
  virtual ~Peer() = default;
  /// When expire() is due.
  virtual SteadyTime deadline() const = 0;
  virtual void expire() = 0;
  /// The server stops: close without calling anybody back.
  virtual void abandon() = 0;
};

/// The way of other threads to the loop. It outlives the server with whoever still holds a
/// Responder, and closes when the server stops, after which the loop may be gone.
class Gate {
 public:
  explicit Gate(IoLoop& loop) : loop_(&loop) {}
  /// Runs task on the loop's thread, now if this is it; drops it when closed. Any thread.
  void deliver(std::function<void()> task);
  void close();

 private:
  std::mutex mutex_;
  IoLoop* loop_;  ///< null when closed
};

struct Server::Core : std::enable_shared_from_this<Server::Core> {
  Core(IoLoop& l, ServerConfig c, Router r, ErrorFormat e)
      : loop(l),
        config(std::move(c)),
        router(std::move(r)),
        error_format(std::move(e)),
        gate(std::make_shared<Gate>(l)),
        hosts(config.extra_hosts),
        acceptor(l.impl().io),
        accept_pause(l.impl().io),
        workers(config.worker_threads, config.worker_queue),
        body_workers(config.worker_threads, config.max_connections) {}

  void bind();
  void accept();
  void sweep();
  void stop();

  /// A handshake came to nothing: counted, and logged now and then.
  void tls_failed(const std::string& peer, std::string_view why);

  void add(const std::shared_ptr<Peer>& peer) { peers.insert(peer); }
  void remove(const std::shared_ptr<Peer>& peer) { peers.erase(peer); }

  IoLoop& loop;
  const ServerConfig config;
  const Router router;
  const ErrorFormat error_format;
  const std::shared_ptr<Gate> gate;
  HostCheck hosts;
  ServerStats stats;
  asio::ip::tcp::acceptor acceptor;
  asio::steady_timer accept_pause;
  std::unique_ptr<IoLoop::Timer> sweeper;
  std::unordered_set<std::shared_ptr<Peer>> peers;
  bool stopped = false;
  std::optional<SteadyTime> told_of_tls;  ///< when a failed handshake was logged last
  std::uint64_t tls_failures_told = 0;
  WorkerPool workers;
  WorkerPool body_workers;  ///< a connection has one task in it at most, so it is never full
};

/// Finds out whether the client speaks TLS, shakes hands if so, and starts its connection.
void start_doorkeeper(const std::shared_ptr<Server::Core>& core, Socket::Tcp socket,
                      std::string peer);

/// Reads requests from the socket and answers them until it closes or becomes a stream.
void start_connection(const std::shared_ptr<Server::Core>& core, Socket socket, std::string peer);

/// Takes the socket over for a response without end; head goes out first.
void start_stream(const std::shared_ptr<Server::Core>& core, Socket socket, std::string head,
                  StreamBody body);

/// Takes the socket over and answers the handshake that request asks for.
void start_web_socket(const std::shared_ptr<Server::Core>& core, Socket socket,
                      const Request& request, WebSocketBody body);

}  // namespace rearview::http
