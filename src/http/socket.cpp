#include "http/socket.h"

#include <sys/socket.h>

namespace rearview::http {

bool Socket::from_this_machine() {
  error_code error;
  const asio::ip::address address = next_layer().remote_endpoint(error).address();
  if (error) return false;
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback();
  return address.is_loopback();
}

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
