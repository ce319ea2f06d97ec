#pragma once

// Private to this room.
#include "http/io_loop_impl.h"
//
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "http/tls_identity.h"

struct ssl_st;

namespace rearview::http {

using boost::system::error_code;

/// One client's TLS over its TCP connection, straight on the kernel's socket: nothing waits between
/// but the one record that is being sent. Loop's thread only.
class TlsSession {
 public:
  using Tcp = asio::ip::tcp::socket;
  enum class Wants { nothing, to_read, to_write };
  /// How far one step came: either it did something, or failed, or wants the socket to be ready.
  struct Step {
    std::size_t bytes = 0;
    Wants wants = Wants::nothing;
    error_code error;
  };

  TlsSession(Tcp tcp, const TlsIdentity& identity);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  Tcp& tcp() { return tcp_; }

  // None of these blocks.
  Step handshake();
  Step read(asio::mutable_buffer into);
  /// Writes as much of the pieces as the kernel takes. What was not taken must be given again.
  Step write(std::span<const asio::const_buffer> pieces);
  /// Says that nothing more comes (close_notify).
  Step finish();
  /// Why the last step failed, in OpenSSL's words.
  const std::string& problem() const { return problem_; }

 private:
  struct Free {
    void operator()(ssl_st* ssl) const;
  };
  Step judge(int result);

  Tcp tcp_;
  std::unique_ptr<ssl_st, Free> ssl_;
  bool broken_ = false;
  std::string problem_;
};

/// Repeats a step until it has done something or failed, waiting for the socket in between. action:
/// Step(TlsSession&). handler: void(error_code, std::size_t), never called from here.
template <typename Action, typename Handler>
void repeat_step(const std::shared_ptr<TlsSession>& session, Action action, Handler handler) {
  asio::async_compose<Handler, void(error_code, std::size_t)>(
      [session, action = std::move(action), step = TlsSession::Step(), at_once = true,
       done = false](auto& self, error_code error = {}, std::size_t = 0) mutable {
        if (done) {
          self.complete(step.error, step.bytes);
          return;
        }
        if (error) {
          self.complete(error, 0);
          return;
        }
        step = action(*session);
        TlsSession::Tcp& tcp = session->tcp();  // self moves, and the session's pointer with it
        if (step.wants == TlsSession::Wants::to_read) {
          at_once = false;
          tcp.async_wait(TlsSession::Tcp::wait_read, std::move(self));
        } else if (step.wants == TlsSession::Wants::to_write) {
          at_once = false;
          tcp.async_wait(TlsSession::Tcp::wait_write, std::move(self));
        } else if (at_once) {
          done = true;
          asio::post(tcp.get_executor(), std::move(self));
        } else {
          self.complete(step.error, step.bytes);
        }
      },
      handler, session->tcp());
}

}  // namespace rearview::http
