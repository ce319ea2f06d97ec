#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct ssl_st;

namespace rearview::test {

struct RawResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;                            ///< chunks joined
  bool complete = false;                       ///< as long as its framing promised
};

/// How a RawClient speaks.
enum class Transport { plain, tls };

/// A client that sends and reads exactly what a test tells it. Every wait ends after a minute.
class RawClient {
 public:
  /// receive_buffer_bytes: SO_RCVBUF, for a client that takes little; 0 leaves the default. With
  /// TLS it shakes hands first; where that fails, nothing can be sent and nothing comes. from: the
  /// address it comes from; empty: the usual one.
  explicit RawClient(std::uint16_t port, int receive_buffer_bytes = 0, Transport transport = usual,
                     const std::string& address = "127.0.0.1", const std::string& from = {});
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool send(std::string_view bytes);
  /// Sends "method path HTTP/1.1" with Host: localhost and the given header lines ("A: b\r\n").
  bool request(std::string_view method, std::string_view path, std::string_view headers = {},
               std::string_view body = {});
  /// Reads one response; head: the request was HEAD.
  RawResponse response(bool head = false);
  /// Reads up to and including text; what came before it, or nullopt at the end of the stream.
  std::optional<std::string> read_until(std::string_view text);
  std::optional<std::string> read_exactly(std::size_t bytes);
  /// Waits until something comes or the server closes; false when neither does in time.
  bool hears_within(std::chrono::milliseconds time);
  /// Reads until the server closes; true if it did within the time.
  bool closed_by_server();
  /// With TLS: it said that nothing more comes.
  bool told_of_the_end() const;
  /// With TLS.
  ssl_st* tls() const { return tls_.get(); }

  /// For those that are not told otherwise.
  static Transport usual;

 private:
  struct Free {
    void operator()(ssl_st* tls) const;
  };
  bool fill();
  void shake_hands();

  int socket_ = -1;
  std::unique_ptr<ssl_st, Free> tls_;
  std::string buffer_;
};

/// IPv4 addresses of this machine that others reach.
std::vector<std::string> addresses_of_this_machine();

/// One request on a connection of its own.
RawResponse get(std::uint16_t port, std::string_view path, std::string_view headers = {});

}  // namespace rearview::test
