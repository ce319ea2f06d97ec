#include "tests/support/fuzz_http.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

#include "http/byte_range.h"
#include "http/host_check.h"
#include "http/request_reader.h"
#include "http/server.h"
#include "http/site_check.h"
#include "http/stream.h"

namespace rearview::test {
namespace {

using http::RequestReader;

constexpr RequestReader::Limits kLimits{512, 256};

void demand(bool condition, const char* promise) {
  if (!condition) throw std::logic_error(std::string("broken promise: ") + promise);
}

std::string text_of(std::span<const std::uint8_t> input) {
  return {input.begin(), input.end()};
}

struct Outcome {
  RequestReader::Stage stage{};
  std::string method;
  std::string target;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  bool keep_alive = false;
  std::size_t taken = 0;
  bool operator==(const Outcome&) const = default;
};

/// One request at the beginning of bytes, given in pieces of at most so many.
Outcome read_one(std::string_view bytes, std::size_t most) {
  RequestReader reader(kLimits);
  Outcome outcome;
  std::string unread;
  std::size_t given = 0;
  const auto ended = [&reader] {
    return reader.stage() == RequestReader::Stage::complete ||
           reader.stage() == RequestReader::Stage::refused;
  };
  while (!ended() && given < bytes.size()) {
    demand(unread.size() < reader.most_unread_bytes(), "there is room for more");
    const std::size_t room = std::min(most, reader.most_unread_bytes() - unread.size());
    const std::string_view piece = bytes.substr(given, room);
    given += piece.size();
    unread += piece;
    const std::size_t taken = reader.push(unread);
    demand(taken <= unread.size(), "no more is taken than there is");
    unread.erase(0, taken);
    outcome.taken += taken;
  }
  outcome.stage = reader.stage();
  if (outcome.stage == RequestReader::Stage::refused) {
    outcome.taken = 0;  // how soon it is seen is of no matter, nor which of several faults
    demand(reader.status() >= 400 && reader.status() <= 505, "a refusal has its status");
    demand(!reader.why().empty(), "a refusal has its reason");
    return outcome;
  }
  if (outcome.stage != RequestReader::Stage::complete) {
    outcome.taken = 0;
    return outcome;
  }
  http::Request& request = reader.request();
  demand(!request.method.empty() && !request.target.empty(), "a request has method and target");
  demand(request.body.size() <= kLimits.body_bytes, "a body within the limit");
  demand(request.headers.size() <= 100, "header lines within the limit");
  for (const auto& [name, value] : request.headers) {
    demand(!name.empty() && name.find_first_of(std::string_view("\r\n: \t\0", 6)) == name.npos,
           "a name is a token");
    demand(value.find_first_of(std::string_view("\r\n\0", 3)) == value.npos, "a value is one line");
  }
  outcome.method = request.method;
  outcome.target = request.target;
  outcome.body = request.body;
  outcome.headers = request.headers;
  outcome.keep_alive = reader.keep_alive();
  return outcome;
}

/// One server for all inputs; what it counts tells whether anything was thrown.
class WebSocketServer {
 public:
  WebSocketServer() {
    http::Router router;
    router.get("/ws", [](const http::Request&) {
      return http::web_socket([](const std::shared_ptr<http::Stream>& opened) {
        opened->send(std::make_shared<const std::string>("hello"));
      });
    });
    loop_.start();
    http::ServerConfig config;
    config.max_requests_per_s_per_address = 1e9;
    server_ = std::make_unique<http::Server>(loop_, config, std::move(router));
    server_->start();
  }
  ~WebSocketServer() {
    server_.reset();
    loop_.stop();
  }
  std::uint16_t port() const { return server_->port(); }
  http::ServerStats stats() {
    http::ServerStats stats;
    loop_.run([&] { stats = server_->stats(); });
    return stats;
  }
  std::uint64_t failures() { return stats().connections_failed + loop_.failures(); }

 private:
  http::IoLoop loop_;
  std::unique_ptr<http::Server> server_;
};

int connected_to(std::uint16_t port) {
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{20, 0};
  ::setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  // At once, or so many would be left behind that no port is free.
  const linger gone{1, 0};
  ::setsockopt(client, SOL_SOCKET, SO_LINGER, &gone, sizeof gone);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the socket interface wants it
  if (::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("can't connect to the server under test");
  return client;
}

/// A client's frame (RFC 6455, 5.2), masked with zeros.
std::string frame(int opcode, bool last, const std::string& payload) {
  std::string bytes;
  bytes += static_cast<char>((last ? 0x80 : 0) | opcode);
  if (payload.size() < 126) {
    bytes += static_cast<char>(0x80 | payload.size());
  } else {
    bytes += '\xfe';
    bytes += static_cast<char>(payload.size() >> 8);
    bytes += static_cast<char>(payload.size() & 0xff);
  }
  return bytes + std::string(4, '\0') + payload;
}

}  // namespace

void fuzz_http_request(std::span<const std::uint8_t> input) {
  // More follows than any part may have, so that each request comes to its end: whether one that
  // stops in mid-line is refused now or with its next byte is of no matter.
  const std::string text =
      text_of(input) + std::string(2 * (kLimits.header_bytes + kLimits.body_bytes), 'x');
  const Outcome whole = read_one(text, text.size());
  demand(whole == read_one(text, 1), "pieces make no difference");
  demand(whole == read_one(text, 7), "pieces make no difference");
}

void fuzz_http_values(std::span<const std::uint8_t> input) {
  const std::string all = text_of(input);
  std::array<std::string, 4> lines;
  std::size_t at = 0;
  for (std::string& line : lines) {
    const std::size_t end = std::min(all.find('\n', at), all.size());
    line = all.substr(std::min(at, all.size()), end - std::min(at, all.size()));
    at = std::min(end + 1, all.size());
  }
  http::Request request;
  std::erase(lines[0], '\0');  // a request with one doesn't come so far
  if (http::parse_target(lines[0], request)) {
    demand(request.path == "*" || request.path.starts_with('/'), "a path begins with a slash");
    demand(request.path.find('\0') == std::string::npos, "a path holds no NUL");
  }
  const std::uint64_t size = lines[1].size() * 37;
  const http::RangeAnswer range = http::parse_range(lines[1], size);
  if (range.kind == http::RangeAnswer::Kind::part)
    demand(range.range.first <= range.range.last && range.range.last < size,
           "a range is within the file");
  http::HostCheck hosts("127.0.0.1", {"board.example"});
  hosts.accepts(lines[2]);
  if (const auto address = http::https_address(lines[2], lines[0]))
    demand(address->starts_with("https://") && address->find_first_of("\r\n ") > lines[2].size(),
           "an address is one");
  http::Request from;
  from.headers = {{"Host", lines[2]}, {"Origin", lines[3]}};
  http::other_site(from, {});
  from.headers = {{"Host", lines[2]}, {"Referer", lines[3]}};
  http::other_site(from, {});
  from.headers = {{"User-Agent", lines[3]}, {"Accept", lines[3]}, {lines[3], ""}};
  http::other_site(from, {});
}

void fuzz_web_socket(std::span<const std::uint8_t> input) {
  static WebSocketServer server;
  const int client = connected_to(server.port());
  std::string sent =
      "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  ::send(client, sent.data(), sent.size(), MSG_NOSIGNAL);
  std::string heard;
  std::array<char, 4096> piece{};
  // Frames that come before the handshake is done would not be frames.
  while (heard.find("hello") == std::string::npos) {
    const ssize_t got = ::recv(client, piece.data(), piece.size(), 0);
    demand(got > 0, "the handshake is answered");
    heard.append(piece.data(), static_cast<std::size_t>(got));
  }
  const std::size_t half = input.size() / 2;
  ::send(client, input.data(), half, MSG_NOSIGNAL);
  ::send(client, input.data() + half, input.size() - half, MSG_NOSIGNAL);
  ::shutdown(client, SHUT_WR);
  std::size_t answered = 0;
  while (true) {
    const ssize_t got = ::recv(client, piece.data(), piece.size(), 0);
    if (got < 0) demand(errno != EAGAIN && errno != EWOULDBLOCK, "the end of a client is noticed");
    if (got <= 0) break;
    answered += static_cast<std::size_t>(got);
  }
  ::close(client);
  demand(answered <= 2 * input.size() + 256, "no more is answered than was asked");
  demand(server.failures() == 0, "nothing is thrown");
}

std::vector<std::string> http_request_samples() {
  const std::string chunked =
      "POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  return {
      "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET /api/v1/alerts?after=3&limit=10 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: */*\r\n"
      "Connection: keep-alive\r\nRange: bytes=0-99\r\nIf-None-Match: \"a\", W/\"b\"\r\n\r\n",
      "HEAD /download-video?/opt/velovision/standalone_videos/log0001.mkv HTTP/1.0\r\n\r\n",
      "PUT /blink-on HTTP/1.1\r\nHost: velovision-rearview.local\r\nContent-Length: 0\r\n\r\n",
      "POST /download-video HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n"
      "\r\nabcdeGET / HTTP/1.1\r\n",
      chunked + "3\r\nabc\r\n0\r\n\r\n",
      chunked + "3;a=b;c=\"d;e\"\r\nabc\r\n0A\r\n0123456789\r\n00;z\r\nX: y\r\nZ: w\r\n\r\nGET",
      chunked + "1\r\nx\r\n1\r\ny\r\n1;" + std::string(100, 'e') +
          "\r\nz\r\n0\r\nX: " + std::string(400, 'y') + "\r\n\r\n",
      chunked + "ffffffffffffffff\r\nx",
      // Found by fuzzing: the quote isn't closed in its line.
      chunked + "6;a=b;c=\"d;\x91\xdd\r\nabc\r\n0A\r\n0123456789\r\n00;z\r\nX: y\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\nContent-Length: 3\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\nD:\te \r\n\r\n",
  };
}

std::vector<std::string> http_values_samples() {
  return {
      "/api/v1/alerts/7/clip.mp4?after=3&x=%20+y\nbytes=0-9\nlocalhost:8080\nhttp://localhost:8080",
      "http://board.example/a%2Fb/../c\nbytes=-5\n[::1]:8080\nhttps://board.example/page?x",
      "*\nbytes=3-\n127.0.0.1\nnull",
      "/%zz\nbytes=1-2,4-9\nboard.example.:1\nMozilla/5.0 (X11; Linux x86_64)",
      "/\nbytes=18446744073709551615-18446744073709551616\n0x7f.1\nSec-Fetch-Site",
  };
}

std::vector<std::string> web_socket_samples() {
  std::string fragments = frame(1, false, "a");
  for (int i = 0; i < 20; ++i) fragments += frame(0, false, "");
  return {
      frame(1, true, "hello"),
      frame(2, true, std::string(300, 'x')),
      frame(9, true, "ping") + frame(10, true, "pong"),
      frame(8, true, std::string("\x03\xe8", 2) + "bye"),
      fragments + frame(0, true, "z"),
      frame(1, false, "a") + frame(9, true, "between") + frame(0, true, "b"),
      frame(2, true, std::string(5000, 'x')),
      std::string("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff", 10) + std::string(4, '\0'),
      std::string("\xc1\x80\0\0\0\0", 6),
      std::string("\x81\x05hello", 7),
  };
}

}  // namespace rearview::test
