#include "http/socket.h"

#include <sys/socket.h>

namespace rearview::http {

void Socket::write_now(asio::const_buffer bytes, error_code& error) {
  if (!secure()) {
    next_layer().non_blocking(true, error);
    next_layer().send(asio::buffer(bytes), 0, error);
    return;
  }
  const TlsSession::Step step = (*tls())->write(std::span(&bytes, 1));
  error = step.bytes == bytes.size() ? error_code() : asio::error::would_block;
}

void Socket::finish_now() {
  if (secure()) (*tls())->finish();
}

void Socket::cancel() {
  error_code ignored;
  next_layer().cancel(ignored);
}

void Socket::close() {
  if (const auto* session = tls(); session && !*session) return;  // another holds it now
  error_code ignored;
  next_layer().close(ignored);
}

void teardown(boost::beast::role_type role, Socket& socket, error_code& error) {
  socket.finish_now();
  boost::beast::websocket::teardown(role, socket.next_layer(), error);
}

}  // namespace rearview::http
