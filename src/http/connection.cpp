#include "http/server_core.h"
//
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "base/log.h"
#include "http/response_head.h"

namespace rearview::http {
namespace {

namespace beast = boost::beast;

constexpr std::size_t kFilePieceBytes = 128 * 1024;
/// After the last answer the client's remaining bytes are read and thrown away for a while: closing
/// with unread bytes makes TCP reset the connection, and the client would lose the answer.
constexpr std::chrono::seconds kLingerTime{2};
constexpr std::size_t kLingerBytes = 1024 * 1024;

/// Reads a range of a file as a body.
class FileSource final : public BodySource {
 public:
  FileSource(OpenFile file, ByteRange range)
      : file_(std::move(file)), at_(range.first), end_(range.last + 1) {}
  void next(std::string& piece) override {
    const std::size_t wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(kFilePieceBytes, end_ - at_));
    piece.resize(wanted);
    std::size_t have = 0;
    while (have < wanted) {
      const ssize_t got = ::pread(file_.descriptor(), piece.data() + have, wanted - have,
                                  static_cast<off_t>(at_ + have));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw std::system_error(errno, std::generic_category(), "reading a file");
      if (got == 0) throw std::runtime_error("a file got shorter while it was sent");
      have += static_cast<std::size_t>(got);
    }
    at_ += wanted;
  }

 private:
  OpenFile file_;
  std::uint64_t at_;
  std::uint64_t end_;
};

class Connection final : public Peer, public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Server::Core> core, Socket socket, std::string peer)
      : core_(std::move(core)), socket_(std::move(socket)), peer_(std::move(peer)) {}

  void start() {
    core_->add(shared_from_this());
    wait_for_request(core_->config.header_timeout);
  }

  SteadyTime deadline() const override { return deadline_; }
  void expire() override;
  void abandon() override {
    state_ = State::closed;
    socket_.close();
  }

 private:
  enum class State { idle, header, body, handling, writing, lingering, closed };
  using Parser = beast::http::request_parser<beast::http::string_body>;

  void wait_for_request(SteadyClock::duration patience);
  void read_header();
  void on_header(error_code error);
  void send_continue();
  void read_body();
  bool failed_to_read(error_code error);
  void dispatch();
  void call_handler();
  Responder make_responder();

  void send_to_https(beast::string_view host, beast::string_view target);
  void fail(int status, std::string_view detail, const std::string& allowed = {});
  void respond(Response response);
  void write(std::string head, Bytes body, std::function<void()> then);
  void write_more();
  void pull();
  void pulled(std::string piece, bool failed);
  void answered();
  void linger();
  void discard();
  void close();

  /// Wraps a completion handler: dropped when the connection is no longer in that state.
  template <typename F>
  auto in(State state, F handler) {
    return [self = shared_from_this(), state, handler = std::move(handler)](auto... args) {
      if (self->state_ == state) handler(args...);
    };
  }
  void set(State state, SteadyClock::duration patience) {
    state_ = state;
    deadline_ = core_->config.now() + patience;
  }

  std::shared_ptr<Server::Core> core_;
  Socket socket_;
  std::string peer_;
  State state_ = State::idle;
  SteadyTime deadline_ = SteadyTime::max();
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  Request request_;
  bool keep_alive_ = false;
  std::uint64_t request_number_ = 0;

  std::string head_;
  Bytes body_;
  std::size_t written_bytes_ = 0;
  std::function<void()> then_;
  std::shared_ptr<BodySource> source_;
  std::uint64_t source_left_bytes_ = 0;  ///< of a body of known length
  BodyPlan::Framing framing_ = BodyPlan::Framing::length;
  std::array<char, 4096> discarded_{};
  std::size_t discarded_bytes_ = 0;
};

void Connection::wait_for_request(SteadyClock::duration patience) {
  request_ = Request();
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(core_->config.max_header_bytes));
  parser_->body_limit(core_->config.max_body_bytes);
  if (buffer_.size() > 0) {  // the next request came with the last one
    read_header();
    return;
  }
  set(State::idle, patience);
  socket_.async_read_some(buffer_.prepare(4096),
                          in(State::idle, [this](error_code error, std::size_t bytes) {
                            buffer_.commit(bytes);
                            if (error) {
                              close();
                            } else {
                              read_header();
                            }
                          }));
}

void Connection::read_header() {
  set(State::header, core_->config.header_timeout);
  beast::http::async_read_header(
      socket_, buffer_, *parser_,
      in(State::header, [this](error_code error, std::size_t) { on_header(error); }));
}

void Connection::on_header(error_code error) {
  if (failed_to_read(error)) return;
  const auto& message = parser_->get();
  request_.method = std::string(message.method_string());
  request_.http_1_0 = message.version() < 11;
  if (parser_->is_done()) {
    dispatch();
  } else if (message.count(beast::http::field::expect) > 0 && !request_.http_1_0) {
    send_continue();
  } else {
    read_body();
  }
}

void Connection::send_continue() {
  set(State::body, core_->config.body_timeout);
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  // The socket's buffer is empty before the first answer: this goes out at once or the client is
  // gone.
  error_code error;
  socket_.write_now(asio::buffer(kContinue), error);
  if (error) {
    close();
  } else {
    read_body();
  }
}

void Connection::read_body() {
  set(State::body, core_->config.body_timeout);
  beast::http::async_read(socket_, buffer_, *parser_,
                          in(State::body, [this](error_code error, std::size_t) {
                            if (!failed_to_read(error)) dispatch();
                          }));
}

bool Connection::failed_to_read(error_code error) {
  namespace http = beast::http;
  if (!error) return false;
  keep_alive_ = false;
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    fail(431, fmt::format("the request's header is longer than {} bytes",
                          core_->config.max_header_bytes));
  } else if (error == http::error::body_limit) {
    fail(413,
         fmt::format("the request's body is longer than {} bytes", core_->config.max_body_bytes));
  } else if (error == http::error::bad_version) {
    fail(505, "this server speaks HTTP/1.1");
  } else if (error == http::error::end_of_stream || error == http::error::partial_message ||
             error.category() != http::make_error_code(http::error::bad_method).category()) {
    close();
  } else {
    fail(400, "this is not a request of HTTP/1.1: " + error.message());
  }
  return true;
}

void Connection::dispatch() {
  auto message = parser_->release();
  keep_alive_ = message.keep_alive();
  for (const auto& field : message)
    request_.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  request_.peer = peer_;
  set(State::handling, core_->config.answer_timeout);

  const auto hosts = message.count(beast::http::field::host);
  if (hosts > 1 || (hosts == 0 && !request_.http_1_0)) {
    fail(400, "a request must have exactly one Host header");
    return;
  }
  if (hosts == 1 && !core_->hosts.accepts(std::string(message[beast::http::field::host]))) {
    fail(421, "this server does not answer to that host name");
    return;
  }
  if (core_->config.tls && !socket_.secure() && !socket_.from_this_machine()) {
    send_to_https(message[beast::http::field::host], message.target());
    return;
  }
  const std::string target(message.target());
  request_.body = std::move(message.body());
  if (!parse_target(target, request_)) {
    fail(400, "the request's target can't be decoded");
    return;
  }
  call_handler();
}

void Connection::call_handler() {
  // Kept alive: the handler may answer at once and the connection move on.
  const auto self = shared_from_this();
  const Responder responder = make_responder();
  std::string allowed;
  try {
    core_->router.dispatch(request_, responder, allowed);
  } catch (const HttpError& error) {
    if (state_ == State::handling) fail(error.status, error.what(), allowed);
  } catch (const std::exception& error) {
    log::error("http", "a handler failed", {{"path", request_.path}, {"error", error.what()}});
    if (state_ == State::handling) fail(500, "the request failed inside the server");
  }
}

Responder Connection::make_responder() {
  // The answer comes on any thread, perhaps when the connection has gone or serves another request.
  const auto on_loop = [gate = core_->gate, weak = weak_from_this(),
                        number = ++request_number_](std::function<void(Connection&)> answer) {
    gate->deliver([weak, number, answer = std::move(answer)] {
      const auto self = weak.lock();
      if (self && self->state_ == State::handling && self->request_number_ == number) answer(*self);
    });
  };
  return Responder(
      [on_loop](Response response) {
        const auto shared = std::make_shared<Response>(std::move(response));
        on_loop([shared](Connection& self) { self.respond(std::move(*shared)); });
      },
      [on_loop](int status, std::string_view detail) {
        on_loop(
            [status, text = std::string(detail)](Connection& self) { self.fail(status, text); });
      });
}

void Connection::send_to_https(beast::string_view host, beast::string_view target) {
  const auto location = https_address(std::string_view(host.data(), host.size()),
                                      std::string_view(target.data(), target.size()));
  if (!location) {
    fail(400, "from elsewhere this server speaks HTTPS only");
    return;
  }
  // Not to be remembered: the service may go back to plain HTTP.
  respond(text(308, "here: " + *location + "\n")
              .header("Location", *location)
              .header("Cache-Control", "no-store"));
}

void Connection::fail(int status, std::string_view detail, const std::string& allowed) {
  Response response = core_->error_format(status, detail);
  if (status == 405) response.header("Allow", allowed);
  respond(std::move(response));
}

void Connection::respond(Response response) {
  if (auto* web_socket = std::get_if<WebSocketBody>(&response.body)) {
    ++core_->stats.responses[101];
    state_ = State::closed;
    core_->remove(shared_from_this());
    start_web_socket(core_, std::move(socket_), request_, std::move(*web_socket));
    return;
  }
  if (core_->config.decorate) core_->config.decorate(request_, response);
  BodyPlan plan = plan_body(request_, response);
  if (plan.framing == BodyPlan::Framing::until_close) keep_alive_ = false;
  ++core_->stats.responses[response.status];
  std::string head = make_head(response, plan, request_.http_1_0, keep_alive_);
  framing_ = plan.framing;

  if (!plan.send_body) {
    write(std::move(head), nullptr, [this] { answered(); });
  } else if (auto* text = std::get_if<std::string>(&response.body)) {
    write(std::move(head), std::make_shared<const std::string>(std::move(*text)),
          [this] { answered(); });
  } else if (auto* shared = std::get_if<Bytes>(&response.body)) {
    write(std::move(head), std::move(*shared), [this] { answered(); });
  } else if (auto* file = std::get_if<OpenFile>(&response.body)) {
    source_left_bytes_ = plan.length_bytes;
    if (!plan.file_range) {
      write(std::move(head), nullptr, [this] { answered(); });
    } else {
      source_ = std::make_shared<FileSource>(std::move(*file), *plan.file_range);
      write(std::move(head), nullptr, [this] { pull(); });
    }
  } else if (auto* source = std::get_if<std::shared_ptr<BodySource>>(&response.body)) {
    source_ = std::move(*source);
    write(std::move(head), nullptr, [this] { pull(); });
  } else {
    state_ = State::closed;
    core_->remove(shared_from_this());
    start_stream(core_, std::move(socket_), std::move(head),
                 std::move(std::get<StreamBody>(response.body)));
  }
}

void Connection::write(std::string head, Bytes body, std::function<void()> then) {
  head_ = std::move(head);
  body_ = std::move(body);
  written_bytes_ = 0;
  then_ = std::move(then);
  write_more();
}

void Connection::write_more() {
  set(State::writing, core_->config.write_timeout);
  const std::size_t from_body = written_bytes_ - std::min(written_bytes_, head_.size());
  std::array<asio::const_buffer, 2> left{asio::buffer(head_) + written_bytes_,
                                         asio::const_buffer()};
  if (body_) left[1] = asio::buffer(*body_) + from_body;
  socket_.async_write_some(left, in(State::writing, [this](error_code error, std::size_t bytes) {
                             if (error) {
                               close();
                               return;
                             }
                             core_->stats.bytes_sent += bytes;
                             written_bytes_ += bytes;
                             if (written_bytes_ < head_.size() + (body_ ? body_->size() : 0)) {
                               write_more();
                             } else {
                               std::exchange(then_, nullptr)();
                             }
                           }));
}

void Connection::pull() {
  if (framing_ == BodyPlan::Framing::length && source_left_bytes_ == 0) {
    answered();
    return;
  }
  set(State::writing, core_->config.answer_timeout);
  const bool accepted = core_->body_workers.post([gate = core_->gate, source = source_,
                                                  self = shared_from_this()]() mutable {
    auto piece = std::make_shared<std::string>();
    bool failed = false;
    try {
      source->next(*piece);
    } catch (const std::exception& error) {
      log::warning("http", "a response was cut short", {{"error", error.what()}});
      failed = true;
    }
    source.reset();  // what it holds goes on this thread or the last: never with the loop waiting
    gate->deliver([self = std::move(self), piece, failed] {
      if (self->state_ == State::writing) self->pulled(std::move(*piece), failed);
    });
  });
  if (!accepted) close();
}

void Connection::pulled(std::string piece, bool failed) {
  const bool known = framing_ == BodyPlan::Framing::length;
  if (failed || (known && piece.empty())) {
    close();
    return;
  }
  if (known) source_left_bytes_ -= std::min<std::uint64_t>(piece.size(), source_left_bytes_);
  const bool last = piece.empty();
  std::string before;
  if (framing_ == BodyPlan::Framing::chunked) {
    before = last ? "0\r\n\r\n" : fmt::format("{:x}\r\n", piece.size());
    if (!last) piece += "\r\n";
  }
  if (last && before.empty()) {
    answered();
    return;
  }
  write(std::move(before), std::make_shared<const std::string>(std::move(piece)), [this, last] {
    if (last) {
      answered();
    } else {
      pull();
    }
  });
}

void Connection::answered() {
  source_.reset();
  body_.reset();
  if (keep_alive_) {
    wait_for_request(core_->config.idle_timeout);
  } else {
    linger();
  }
}

void Connection::linger() {
  set(State::lingering, core_->config.write_timeout);
  socket_.async_finish(in(State::lingering, [this](error_code) {
    set(State::lingering, kLingerTime);
    discard();
  }));
}

void Connection::discard() {
  socket_.async_read_some(asio::buffer(discarded_),
                          in(State::lingering, [this](error_code error, std::size_t bytes) {
                            discarded_bytes_ += bytes;
                            if (error || discarded_bytes_ > kLingerBytes) {
                              close();
                            } else {
                              discard();
                            }
                          }));
}

void Connection::expire() {
  const auto self = shared_from_this();
  keep_alive_ = false;
  switch (state_) {
    case State::header:
    case State::body:
      ++core_->stats.timeouts;
      state_ = State::handling;
      socket_.cancel();
      fail(408, "the request took too long to arrive");
      break;
    case State::handling:
      ++core_->stats.timeouts;
      fail(503, "the server took too long to answer");
      break;
    case State::writing:
      ++core_->stats.timeouts;
      close();
      break;
    case State::idle:
    case State::lingering:
    case State::closed:
      close();
      break;
  }
}

void Connection::close() {
  const auto self = shared_from_this();
  state_ = State::closed;
  deadline_ = SteadyTime::max();
  socket_.close();
  then_ = nullptr;
  core_->remove(self);
}

}  // namespace

void start_connection(const std::shared_ptr<Server::Core>& core, Socket socket, std::string peer) {
  std::make_shared<Connection>(core, std::move(socket), std::move(peer))->start();
}

}  // namespace rearview::http
