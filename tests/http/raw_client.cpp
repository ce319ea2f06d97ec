#include "tests/http/raw_client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <utility>

namespace rearview::test {

Transport RawClient::usual = Transport::plain;

RawClient::RawClient(std::uint16_t port, int receive_buffer_bytes, Transport transport,
                     const std::string& host, const std::string& from)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval patience{60, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (receive_buffer_bytes > 0)
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                 sizeof receive_buffer_bytes);
  if (!from.empty()) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    inet_pton(AF_INET, from.c_str(), &own.sin_addr);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the socket interface wants it
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) {
      ::close(socket_);
      throw std::runtime_error("can't come from " + from);
    }
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the socket interface wants it
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(socket_);
    throw std::runtime_error("can't connect to the server under test");
  }
  if (transport == Transport::tls) shake_hands();
}

RawClient::~RawClient() {
  ::close(socket_);
}

void RawClient::Free::operator()(ssl_st* tls) const {
  SSL_free(tls);
}

void RawClient::shake_hands() {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL's sockets raise it
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  tls_.reset(SSL_new(context));
  SSL_CTX_free(context);
  SSL_set_fd(tls_.get(), socket_);
  SSL_connect(tls_.get());
  ERR_clear_error();
}

bool RawClient::told_of_the_end() const {
  return tls_ && (SSL_get_shutdown(tls_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

bool RawClient::send(std::string_view bytes) {
  if (tls_) {
    std::size_t sent = 0;
    ERR_clear_error();
    return bytes.empty() || SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &sent) == 1;
  }
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawClient::request(std::string_view method, std::string_view path, std::string_view headers,
                        std::string_view body) {
  const std::string length =
      body.empty() ? std::string() : fmt::format("Content-Length: {}\r\n", body.size());
  return send(fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\n{}{}\r\n{}", method, path, headers,
                          length, body));
}

bool RawClient::fill() {
  std::array<char, 65536> chunk{};
  ERR_clear_error();
  const ssize_t got = tls_ ? SSL_read(tls_.get(), chunk.data(), static_cast<int>(chunk.size()))
                           : ::recv(socket_, chunk.data(), chunk.size(), 0);
  if (got <= 0) return false;
  buffer_.append(chunk.data(), static_cast<std::size_t>(got));
  return true;
}

std::optional<std::string> RawClient::read_until(std::string_view text) {
  std::size_t from = 0;
  while (true) {
    const std::size_t at = buffer_.find(text, from);
    if (at != std::string::npos) {
      std::string taken = buffer_.substr(0, at + text.size());
      buffer_.erase(0, at + text.size());
      return taken;
    }
    from = buffer_.size() < text.size() ? 0 : buffer_.size() - text.size();
    if (!fill()) return std::nullopt;
  }
}

std::optional<std::string> RawClient::read_exactly(std::size_t bytes) {
  while (buffer_.size() < bytes) {
    if (!fill()) return std::nullopt;
  }
  std::string taken = buffer_.substr(0, bytes);
  buffer_.erase(0, bytes);
  return taken;
}

bool RawClient::hears_within(std::chrono::milliseconds time) {
  pollfd watched{socket_, POLLIN, 0};
  const bool something = ::poll(&watched, 1, static_cast<int>(time.count())) > 0;
  if (!tls_) return something;
  // What has come may be of no more concern than a session's ticket.
  const int flags = ::fcntl(socket_, F_GETFL);
  ::fcntl(socket_, F_SETFL, flags | O_NONBLOCK);
  char byte = 0;
  ERR_clear_error();
  const int seen = SSL_peek(tls_.get(), &byte, 1);
  const bool nothing = seen <= 0 && SSL_get_error(tls_.get(), seen) == SSL_ERROR_WANT_READ;
  ::fcntl(socket_, F_SETFL, flags);
  return !nothing;
}

bool RawClient::closed_by_server() {
  while (true) {
    errno = 0;
    if (!fill()) return errno != EAGAIN && errno != EWOULDBLOCK;
  }
}

RawResponse RawClient::response(bool head) {
  RawResponse response;
  const auto header = read_until("\r\n\r\n");
  if (!header || header->size() < 12) return response;
  response.status = std::stoi(header->substr(9, 3));
  std::size_t line = header->find("\r\n") + 2;
  while (line < header->size() - 2) {
    const std::size_t end = header->find("\r\n", line);
    const std::size_t colon = header->find(": ", line);
    if (colon < end) {
      std::string name = header->substr(line, colon - line);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      response.headers[name] = header->substr(colon + 2, end - colon - 2);
    }
    line = end + 2;
  }
  if (head || response.status == 204 || response.status == 304) {
    response.complete = true;
  } else if (response.headers.contains("content-length")) {
    const auto body = read_exactly(std::stoul(response.headers["content-length"]));
    response.complete = body.has_value();
    response.body = body.value_or("");
  } else if (response.headers["transfer-encoding"] == "chunked") {
    while (const auto size_line = read_until("\r\n")) {
      const std::size_t size = std::stoul(*size_line, nullptr, 16);
      const auto chunk = read_exactly(size + 2);
      if (!chunk) break;
      if (size == 0) {
        response.complete = true;
        break;
      }
      response.body += chunk->substr(0, size);
    }
  } else {
    while (fill()) {
    }
    response.body = std::exchange(buffer_, {});
    response.complete = true;
  }
  return response;
}

std::vector<std::string> addresses_of_this_machine() {
  std::vector<std::string> found;
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return found;
  for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET ||
        (one->ifa_flags & IFF_LOOPBACK) != 0 || (one->ifa_flags & IFF_UP) == 0)
      continue;
    std::array<char, INET_ADDRSTRLEN> text{};
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the socket interface wants it
    const auto* address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
    if (::inet_ntop(AF_INET, &address->sin_addr, text.data(), text.size()))
      found.emplace_back(text.data());
  }
  ::freeifaddrs(all);
  return found;
}

RawResponse get(std::uint16_t port, std::string_view path, std::string_view headers) {
  RawClient client(port);
  client.request("GET", path, headers);
  return client.response();
}

}  // namespace rearview::test
