#include "base/tcp_acceptor.h"

#include <fmt/core.h>

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <stdexcept>
#include <string>

#include "base/log.h"
#include "base/thrown.h"

namespace rearview {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds kPause{100};

tcp::endpoint resolve(asio::io_context& io, const Endpoint& where) {
  error_code error;
  const auto address = asio::ip::make_address(where.host, error);
  if (!error) return {address, where.port};
  const auto found = tcp::resolver(io).resolve(where.host, std::to_string(where.port),
                                               tcp::resolver::passive, error);
  if (error || found.empty())
    throw std::runtime_error(
        fmt::format("can't listen on {}: {} is not an address of this machine and does not "
                    "resolve to one ({})",
                    where.text(), where.host, error.message()));
  return found.begin()->endpoint();
}

}  // namespace

/// Its handlers keep it, so it may outlive the acceptor until io has called them.
struct TcpAcceptor::State : std::enable_shared_from_this<State> {
  State(asio::io_context& io, std::string name) : where(std::move(name)), acceptor(io), pause(io) {}

  void accept() {
    acceptor.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
      if (!self->open) return;
      if (error) {
        log::warning("base", "can't accept a connection",
                     {{"address", self->where}, {"error", error.message()}});
        // At once it would only spin.
        self->pause.expires_after(kPause);
        self->pause.async_wait([self](error_code) {
          if (self->open) self->accept();
        });
        return;
      }
      try {
        self->accepted(std::move(socket));
      } catch (...) {  // whoever comes next is let in all the same
        log::error("base", "a connection was not taken",
                   {{"address", self->where}, {"why", thrown()}});
      }
      if (self->open) self->accept();
    });
  }

  const std::string where;
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  Accepted accepted;
  bool open = true;
};

TcpAcceptor::TcpAcceptor(asio::io_context& io, const Endpoint& where)
    : state_(std::make_shared<State>(io, where.text())) {
  const tcp::endpoint endpoint = resolve(io, where);
  tcp::acceptor& acceptor = state_->acceptor;
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    throw std::runtime_error(fmt::format("can't listen on {}: {}", where.text(), error.message()));
  const tcp::endpoint bound = acceptor.local_endpoint();
  bound_ = {bound.address().to_string(), bound.port()};
}

TcpAcceptor::~TcpAcceptor() {
  close();
}

void TcpAcceptor::start(Accepted accepted) {
  state_->accepted = std::move(accepted);
  state_->accept();
}

void TcpAcceptor::close() {
  // Whoever destroys what was closed may be another thread than the one that runs io.
  if (!state_->open) return;
  state_->open = false;
  error_code ignored;
  state_->acceptor.close(ignored);
  state_->pause.cancel();
}

}  // namespace rearview
