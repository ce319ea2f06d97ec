#include <sys/socket.h>

#include "http/server_core.h"

namespace rearview::http {
namespace {

/// What a TLS connection begins with: a record that holds a handshake (RFC 8446, 5.1). No request
/// of HTTP does.
constexpr unsigned char kHandshakeRecord = 0x16;

/// Stands where a connection comes in until it is known what the client speaks.
class Doorkeeper final : public Peer, public std::enable_shared_from_this<Doorkeeper> {
 private:
  template <typename F>
  auto guarded(F handler) {
    return core_->guarded(shared_from_this(), std::move(handler));
  }

 public:
  Doorkeeper(std::shared_ptr<Server::Core> core, Socket::Tcp socket, Client client)
      : Peer(std::move(client)), core_(std::move(core)), socket_(std::move(socket)) {}

  void start() {
    core_->add(shared_from_this());
    patience();
    socket_.async_wait(Socket::Tcp::wait_read, guarded([this](error_code error) {
                         if (open_) look(error);
                       }));
  }

  SteadyTime deadline() const override { return deadline_; }
  void expire() override {
    if (session_) {
      ++core_->stats.timeouts;
      core_->tls_failed(client(), "it took too long");
    }
    leave();
  }
  std::optional<SteadyTime> silent_since() const override { return waiting_since_; }
  void drop() override { leave(); }
  void abandon() override {
    open_ = false;
    close();
  }

 private:
  void patience() {
    waiting_since_ = core_->config.now();
    deadline_ = waiting_since_ + core_->config.header_timeout;
  }

  void look(error_code error) {
    unsigned char first = 0;
    // Looked at, not taken.
    if (error || ::recv(socket_.native_handle(), &first, 1, MSG_PEEK | MSG_DONTWAIT) != 1) {
      leave();
    } else if (first != kHandshakeRecord) {
      pass_on(Socket(std::move(socket_)));
    } else {
      patience();
      session_ = std::make_shared<TlsSession>(std::move(socket_), *core_->identity);
      repeat_step(
          session_, [](TlsSession& session) { return session.handshake(); },
          guarded([this](error_code failed, std::size_t) {
            if (open_) shaken(failed);
          }));
    }
  }

  void shaken(error_code error) {
    if (error) {
      core_->tls_failed(client(), session_->problem());
      leave();
    } else {
      ++core_->stats.tls_handshakes;
      pass_on(Socket(std::exchange(session_, nullptr)));
    }
  }

  void pass_on(Socket socket) {
    open_ = false;
    core_->remove(shared_from_this());
    start_connection(core_, std::move(socket), client());
  }

  void leave() {
    open_ = false;
    const auto self = shared_from_this();
    core_->remove(self);
    close();
  }

  void close() {
    error_code ignored;
    (session_ ? session_->tcp() : socket_).close(ignored);
  }

  std::shared_ptr<Server::Core> core_;
  Socket::Tcp socket_;
  std::shared_ptr<TlsSession> session_;
  SteadyTime waiting_since_;
  SteadyTime deadline_ = SteadyTime::max();
  bool open_ = true;
};

}  // namespace

void start_doorkeeper(const std::shared_ptr<Server::Core>& core, Socket::Tcp socket,
                      Client client) {
  const auto keeper = std::make_shared<Doorkeeper>(core, std::move(socket), std::move(client));
  core->guard(keeper, [&keeper] { keeper->start(); });
}

}  // namespace rearview::http
