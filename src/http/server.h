#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/now.h"
#include "http/io_loop.h"
#include "http/responder.h"
#include "http/response.h"
#include "http/router.h"
#include "http/tls_identity.h"

namespace rearview::http {

struct ServerConfig {
  std::string host = "127.0.0.1";  ///< an address or a name that resolves to one
  std::uint16_t port = 0;          ///< 0: any free one
  /// An eighth of these is kept for answers that end: streams get no more than the rest. When there
  /// are so many, one whose client lets us wait gives way to a new one.
  std::size_t max_connections = 512;
  std::size_t max_connections_per_address = 128;  ///< in the same way
  double max_requests_per_s_per_address = 200;    ///< twice as many at once
  std::size_t max_header_bytes = 16 * 1024;
  std::size_t max_body_bytes = 64 * 1024;
  std::chrono::milliseconds idle_timeout{30'000};  ///< between requests
  std::chrono::milliseconds header_timeout{
      10'000};                                     ///< first byte to end of header; a TLS handshake
  std::chrono::milliseconds body_timeout{30'000};  ///< end of header to end of body
  std::chrono::milliseconds answer_timeout{60'000};  ///< for the handler and its worker
  std::chrono::milliseconds write_timeout{10'000};   ///< without the client taking a byte
  int stream_send_buffer_bytes = 128 * 1024;         ///< SO_SNDBUF of streams
  std::size_t stream_queue_bytes = 1024 * 1024;      ///< what may wait in Stream::send
  std::size_t worker_threads = 2;
  std::size_t worker_queue = 64;
  Now now = SteadyClock::now;            ///< by which timeouts, silence and rates are judged
  std::vector<std::string> extra_hosts;  ///< see HostCheck; host itself counts where it is a name
  /// With it the port speaks TLS as well. Plain HTTP is then for this machine only; others are sent
  /// to https:// (308). Null: plain HTTP for everybody.
  std::shared_ptr<const TlsIdentity> tls;
  /// Adds to each response, errors too, before it is sent: security headers and the like. The
  /// request is empty when it could not be read. Loop's thread.
  std::function<void(const Request&, Response&)> decorate;
};

/// Counts since the start, and what is open now.
struct ServerStats {
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_refused = 0;    ///< too many were open, of all or of one address
  std::uint64_t connections_displaced = 0;  ///< silent ones closed to make room
  std::uint64_t connections_failed = 0;     ///< ended because something was thrown
  std::size_t connections_open = 0;
  std::size_t streams_open = 0;
  std::uint64_t streams_refused = 0;       ///< too many were open, of all or of one address
  std::uint64_t requests_limited = 0;      ///< answered 429
  std::map<int, std::uint64_t> responses;  ///< by status
  std::uint64_t bytes_sent = 0;
  std::uint64_t timeouts = 0;         ///< connections closed for being too slow
  std::uint64_t streams_overrun = 0;  ///< closed because too much waited
  std::uint64_t stream_pieces_sent = 0;
  std::uint64_t stream_pieces_replaced = 0;  ///< newest wins: dropped for a newer one
  std::uint64_t tls_handshakes = 0;          ///< done
  std::uint64_t tls_failures = 0;            ///< handshakes that came to nothing
};

/// Turns a status and a sentence into an error response.
using ErrorFormat = std::function<Response(int status, std::string_view detail)>;

/// HTTP/1.1 server. Everything runs on the loop's thread; what is read, queued and open is bounded.
/// Construction binds (std::system_error-like std::runtime_error with a clear sentence when that
/// fails); start() begins to accept.
class Server {
 public:
  Server(IoLoop& loop, ServerConfig config, Router router, ErrorFormat error_format = problem);
  /// Stops; the loop must still exist.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  void start();
  /// Closes everything. After it returns no handler and no callback is called any more. Any thread
  /// but a worker's.
  void stop();

  /// Runs answer on a worker thread and responds with what it returns or throws; 503 when the
  /// queue is full. For handlers that block. Any thread.
  void answer_on_worker(Responder responder, std::function<Response()> answer);
  /// Runs task on a worker thread; false when the queue is full. Any thread.
  bool on_worker(std::function<void()> task);

  /// A newer certificate in the place of ServerConfig::tls, which there must be; connections that
  /// are open keep the old one. Loop's thread only.
  void exchange_identity(std::shared_ptr<const TlsIdentity> identity);

  /// Loop's thread only.
  const ServerStats& stats() const;

  struct Core;

 private:
  std::shared_ptr<Core> core_;
};

}  // namespace rearview::http
