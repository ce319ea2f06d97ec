#include "http/tls_session.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <cstring>
#include <new>

namespace rearview::http {
namespace {

/// A record's most (RFC 8446, 5.1).
constexpr std::size_t kRecordBytes = 16 * 1024;
/// Written in one step: more would keep the loop from others.
constexpr std::size_t kStepBytes = 256 * 1024;

int descriptor_of(BIO* bio) {
  return static_cast<TlsSession::Tcp*>(BIO_get_data(bio))->native_handle();
}

bool not_now(ssize_t result) {
  return result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

// OpenSSL's own BIO for sockets raises SIGPIPE.
int send_some(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent = ::send(descriptor_of(bio), bytes, static_cast<std::size_t>(size),
                              MSG_NOSIGNAL | MSG_DONTWAIT);
  if (not_now(sent)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int receive_some(BIO* bio, char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t got =
      ::recv(descriptor_of(bio), bytes, static_cast<std::size_t>(size), MSG_DONTWAIT);
  if (not_now(got)) BIO_set_retry_read(bio);
  return static_cast<int>(got);
}

long control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* socket_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    if (!made) throw std::bad_alloc();
    BIO_meth_set_write(made, send_some);
    BIO_meth_set_read(made, receive_some);
    BIO_meth_set_ctrl(made, control);
    return made;
  }();
  return method;
}

}  // namespace

void TlsSession::Free::operator()(ssl_st* ssl) const {
  SSL_free(ssl);
}

TlsSession::TlsSession(Tcp tcp, const TlsIdentity& identity)
    : tcp_(std::move(tcp)), ssl_(SSL_new(identity.context())) {
  BIO* bio = BIO_new(socket_method());
  if (!ssl_ || !bio) {
    BIO_free(bio);
    throw std::bad_alloc();
  }
  BIO_set_data(bio, &tcp_);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);  // owns it
  SSL_set_accept_state(ssl_.get());
}

TlsSession::~TlsSession() = default;

TlsSession::Step TlsSession::judge(int result) {
  Step step;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_NONE:
      break;
    case SSL_ERROR_WANT_READ:
      step.wants = Wants::to_read;
      break;
    case SSL_ERROR_WANT_WRITE:
      step.wants = Wants::to_write;
      break;
    case SSL_ERROR_ZERO_RETURN:
      step.error = asio::error::eof;
      break;
    default: {
      // Also where the client goes without a word: what came may have been cut off.
      const int number = errno;
      broken_ = true;
      step.error = asio::error::connection_reset;
      const char* reason = ERR_reason_error_string(ERR_peek_last_error());
      problem_ = reason ? reason : number != 0 ? std::strerror(number) : "the client went away";
    }
  }
  return step;
}

TlsSession::Step TlsSession::handshake() {
  if (!tcp_.is_open()) return {.error = asio::error::operation_aborted};
  ERR_clear_error();
  errno = 0;
  return judge(SSL_do_handshake(ssl_.get()));
}

TlsSession::Step TlsSession::read(asio::mutable_buffer into) {
  if (!tcp_.is_open() || broken_) return {.error = asio::error::operation_aborted};
  ERR_clear_error();
  errno = 0;
  std::size_t got = 0;
  Step step = judge(SSL_read_ex(ssl_.get(), into.data(), into.size(), &got));
  step.bytes = got;
  return step;
}

TlsSession::Step TlsSession::write(std::span<const asio::const_buffer> pieces) {
  if (!tcp_.is_open() || broken_) return {.error = asio::error::operation_aborted};
  Step whole;
  std::array<char, kRecordBytes> joined;  // NOLINT: what is read of it was written before
  std::size_t offset = 0;                 // in the first piece that is left
  while (!pieces.empty() && whole.bytes < kStepBytes) {
    // Small pieces, as a header and its body, share a record.
    asio::const_buffer record = pieces.front() + offset;
    if (record.size() < kRecordBytes && pieces.size() > 1) {
      std::size_t size = asio::buffer_copy(asio::buffer(joined), record);
      for (const asio::const_buffer& next : pieces.subspan(1))
        size += asio::buffer_copy(asio::buffer(joined) + size, next);
      record = asio::buffer(joined.data(), size);
    }
    if (record.size() == 0) break;
    ERR_clear_error();
    errno = 0;
    std::size_t sent = 0;
    const Step step = judge(
        SSL_write_ex(ssl_.get(), record.data(), std::min(record.size(), kRecordBytes), &sent));
    if (step.error || step.wants != Wants::nothing) {
      // What already went is told first; the rest will be given again.
      return whole.bytes > 0 && !step.error ? whole : step;
    }
    whole.bytes += sent;
    for (offset += sent; !pieces.empty() && offset >= pieces.front().size();
         pieces = pieces.subspan(1))
      offset -= pieces.front().size();
  }
  return whole;
}

TlsSession::Step TlsSession::finish() {
  if (!tcp_.is_open() || broken_) return {.error = asio::error::operation_aborted};
  ERR_clear_error();
  errno = 0;
  const int result = SSL_shutdown(ssl_.get());
  return result < 0 ? judge(result) : Step();
}

}  // namespace rearview::http
