#pragma once

// <utility> first: Asio of Boost 1.74 forgets it (std::exchange).
#include <utility>
//
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>

#include "base/endpoint.h"

namespace rearview {

/// Listens on a TCP address and hands over whoever connects. The thread that runs io, but for
/// construction.
class TcpAcceptor {
 public:
  using Accepted = std::function<void(boost::asio::ip::tcp::socket)>;

  /// Binds; others may connect from here on. Throws std::runtime_error that names the address and
  /// why not.
  TcpAcceptor(boost::asio::io_context& io, const Endpoint& where);
  /// As close(); any thread behind a close().
  ~TcpAcceptor();
  TcpAcceptor(const TcpAcceptor&) = delete;
  TcpAcceptor& operator=(const TcpAcceptor&) = delete;

  /// accepted is called for each connection until close(). While the system gives none, as without
  /// descriptors, it is logged and tried again after a pause. Any thread while io doesn't run.
  void start(Accepted accepted);
  void close();

  /// With the port that the system chose. Any thread.
  const Endpoint& bound() const { return bound_; }

 private:
  struct State;
  std::shared_ptr<State> state_;
  Endpoint bound_;
};

}  // namespace rearview
