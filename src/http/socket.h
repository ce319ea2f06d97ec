#pragma once

// Private to this room.
#include "http/tls_session.h"
//
#include <array>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

namespace rearview::http {

/// A client's connection, plain or inside TLS; Asio's AsyncReadStream and AsyncWriteStream, and
/// what Beast's WebSocket needs besides. Move only while nothing is under way. Loop's thread only.
class Socket {
 public:
  using Tcp = asio::ip::tcp::socket;
  using executor_type = Tcp::executor_type;
  using next_layer_type = Tcp;

  explicit Socket(Tcp tcp) : way_(std::move(tcp)) {}
  /// After its handshake.
  explicit Socket(std::shared_ptr<TlsSession> session) : way_(std::move(session)) {}
  Socket(Socket&&) = default;
  Socket& operator=(Socket&&) = delete;
  /// Closes at once; what is under way still holds the session, and finds it closed.
  ~Socket() {
    if (const auto* session = tls(); session && *session) close();
  }

  /// The client is on this machine, so nobody listens in between.
  bool from_this_machine();
  bool secure() const { return tls() != nullptr; }
  Tcp& next_layer() { return secure() ? (*tls())->tcp() : *std::get_if<Tcp>(&way_); }
  executor_type get_executor() { return next_layer().get_executor(); }

  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    if (!secure()) {
      next_layer().async_read_some(buffers, std::forward<Handler>(handler));
      return;
    }
    repeat_step(
        *tls(),
        [buffers](TlsSession& session) {
          for (auto it = asio::buffer_sequence_begin(buffers);
               it != asio::buffer_sequence_end(buffers); ++it) {
            const asio::mutable_buffer into(*it);
            if (into.size() > 0) return session.read(into);
          }
          return TlsSession::Step();
        },
        std::forward<Handler>(handler));
  }

  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (!secure()) {
      next_layer().async_write_some(buffers, std::forward<Handler>(handler));
      return;
    }
    repeat_step(
        *tls(),
        [buffers](TlsSession& session) {
          std::array<asio::const_buffer, kPiecesAtOnce> pieces;
          std::size_t count = 0;
          for (auto it = asio::buffer_sequence_begin(buffers);
               it != asio::buffer_sequence_end(buffers) && count < pieces.size(); ++it) {
            const asio::const_buffer piece(*it);
            if (piece.size() > 0) pieces[count++] = piece;
          }
          return session.write(std::span(pieces.data(), count));
        },
        std::forward<Handler>(handler));
  }

  /// Writes what must go out at once or not at all.
  void write_now(asio::const_buffer bytes, error_code& error);

  /// Tells the client that nothing more comes, so that it knows what it got for whole. handler:
  /// void(error_code), called when that is on its way.
  template <typename Handler>
  void async_finish(Handler&& handler) {
    const auto shut = [this] {
      error_code ignored;
      next_layer().shutdown(Tcp::shutdown_send, ignored);
    };
    if (!secure()) {
      shut();
      asio::post(get_executor(),
                 [handler = std::forward<Handler>(handler)]() mutable { handler(error_code()); });
      return;
    }
    repeat_step(
        *tls(), [](TlsSession& session) { return session.finish(); },
        [session = *tls(), handler = std::forward<Handler>(handler)](error_code error,
                                                                     std::size_t) mutable {
          error_code ignored;
          session->tcp().shutdown(Tcp::shutdown_send, ignored);
          handler(error);
        });
  }
  /// The same if it can be said at once: what waits for the kernel is not waited for.
  void finish_now();

  /// What is under way ends with operation_aborted.
  void cancel();
  void close();

 private:
  static constexpr std::size_t kPiecesAtOnce = 8;
  const std::shared_ptr<TlsSession>* tls() const {
    return std::get_if<std::shared_ptr<TlsSession>>(&way_);
  }

  std::variant<Tcp, std::shared_ptr<TlsSession>> way_;
};

// The end of a WebSocket, as Beast looks it up.
void teardown(boost::beast::role_type role, Socket& socket, error_code& error);
/// Beast's own waits until the client has gone as well, which one that broke the protocol need
/// never do.
template <typename Handler>
void async_teardown(boost::beast::role_type, Socket& socket, Handler&& handler) {
  socket.async_finish(std::forward<Handler>(handler));
}

}  // namespace rearview::http
