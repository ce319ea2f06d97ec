#include "http/server_core.h"
//
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/log.h"
#include "http/file_source.h"
#include "http/request_reader.h"
#include "http/response_head.h"

namespace rearview::http {
namespace {

/// Read from a client at once, for its requests.
constexpr std::size_t kReadBytes = 4096;
/// After the last answer the client's remaining bytes are read and thrown away for a while: closing
/// with unread bytes makes TCP reset the connection, and the client would lose the answer.
constexpr std::chrono::seconds kLingerTime{2};
constexpr std::chrono::seconds kTakesNothing{1};
constexpr std::size_t kLingerBytes = 1024 * 1024;

class Connection final : public Peer, public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Server::Core> core, Socket socket, Client client)
      : Peer(std::move(client)), core_(std::move(core)), socket_(std::move(socket)) {}

  void start() {
    core_->add(shared_from_this());
    wait_for_request(core_->config.header_timeout);
  }

  SteadyTime deadline() const override { return deadline_; }
  void expire() override;
  std::optional<SteadyTime> silent_since() const override;
  void drop() override { close(); }
  void abandon() override {
    state_ = State::closed;
    socket_.close();
  }

 private:
  enum class State { idle, header, body, handling, writing, lingering, closed };

  void wait_for_request(SteadyClock::duration patience);
  void read(State state);
  void take();
  void send_continue();
  void dispatch();
  void call_handler();
  Responder make_responder();

  void send_to_https(std::string_view host);
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
    return core_->guarded(shared_from_this(),
                          [this, state, handler = std::move(handler)](auto... args) {
                            if (state_ == state) handler(args...);
                          });
  }
  void set(State state, SteadyClock::duration patience) {
    state_ = state;
    progress_at_ = core_->config.now();
    deadline_ = progress_at_ + patience;
  }

  std::shared_ptr<Server::Core> core_;
  Socket socket_;
  State state_ = State::idle;
  SteadyTime deadline_ = SteadyTime::max();
  SteadyTime progress_at_;  ///< the client last took or gave a byte, or was given its turn
  std::string unread_;      ///< what has come of the requests that are to be read
  std::array<char, kReadBytes> received_{};
  std::optional<RequestReader> reader_;
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
  reader_.emplace(
      RequestReader::Limits{core_->config.max_header_bytes, core_->config.max_body_bytes});
  set(State::idle, patience);
  if (unread_.empty()) {
    read(State::idle);
  } else {  // the next request came with the last one
    set(State::header, core_->config.header_timeout);
    take();
  }
}

void Connection::read(State state) {
  const std::size_t room = reader_->most_unread_bytes() - unread_.size();
  socket_.async_read_some(asio::buffer(received_, room),
                          in(state, [this](error_code error, std::size_t bytes) {
                            if (error) {
                              close();
                              return;
                            }
                            if (state_ == State::idle)
                              set(State::header, core_->config.header_timeout);
                            progress_at_ = core_->config.now();
                            unread_.append(received_.data(), bytes);
                            take();
                          }));
}

void Connection::take() {
  unread_.erase(0, reader_->push(unread_));
  switch (reader_->stage()) {
    case RequestReader::Stage::header:
      read(State::header);
      break;
    case RequestReader::Stage::body:
      if (state_ == State::header) {
        set(State::body, core_->config.body_timeout);
        if (reader_->expects_continue()) send_continue();
      }
      if (state_ == State::body) read(State::body);
      break;
    case RequestReader::Stage::complete:
      dispatch();
      break;
    case RequestReader::Stage::refused:
      request_ = std::move(reader_->request());
      keep_alive_ = false;
      fail(reader_->status(), reader_->why());
      break;
  }
}

void Connection::send_continue() {
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  // The socket's buffer is empty before the first answer: this goes out at once or the client is
  // gone.
  error_code error;
  socket_.write_now(asio::buffer(kContinue), error);
  if (error) close();
}

void Connection::dispatch() {
  request_ = std::move(reader_->request());
  keep_alive_ = reader_->keep_alive();
  request_.peer = client().name;
  request_.from_this_machine = socket_.from_this_machine();
  set(State::handling, core_->config.answer_timeout);

  const auto hosts =
      std::count_if(request_.headers.begin(), request_.headers.end(),
                    [](const auto& header) { return equal_ignoring_case(header.first, "Host"); });
  if (hosts > 1 || (hosts == 0 && !request_.http_1_0)) {
    fail(400, "a request must have exactly one Host header");
    return;
  }
  const std::string host(request_.header("Host").value_or(""));
  if (hosts == 1 && !core_->hosts.accepts(host)) {
    fail(421, "this server does not answer to that host name");
    return;
  }
  if (core_->config.tls && !socket_.secure() && !request_.from_this_machine) {
    send_to_https(host);
    return;
  }
  if (!core_->visitors.may_ask(client().address, core_->config.now())) {
    ++core_->stats.requests_limited;
    fail(429, fmt::format("this address asks more often than {} times a second",
                          core_->config.max_requests_per_s_per_address));
    return;
  }
  if (!parse_target(std::string(request_.target), request_)) {
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
  } catch (...) {
    log::error("http", "a handler failed", {{"path", request_.path}, {"error", thrown()}});
    if (state_ == State::handling) fail(500, "the request failed inside the server");
  }
}

Responder Connection::make_responder() {
  // The answer comes on any thread, perhaps when the connection has gone or serves another request.
  const auto on_loop = [gate = core_->gate, weak = weak_from_this(),
                        number = ++request_number_](std::function<void(Connection&)> answer) {
    gate->deliver([weak, number, answer = std::move(answer)] {
      const auto self = weak.lock();
      if (self && self->state_ == State::handling && self->request_number_ == number)
        self->core_->guard(self, [&] { answer(*self); });
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

void Connection::send_to_https(std::string_view host) {
  const auto location = https_address(host, request_.target);
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
  if (status == 429 || status == 503) response.header("Retry-After", "1");
  respond(std::move(response));
}

void Connection::respond(Response response) {
  const bool endless = std::holds_alternative<WebSocketBody>(response.body) ||
                       std::holds_alternative<StreamBody>(response.body);
  if (endless && request_.method != "HEAD" && !core_->has_room_for_stream(client())) {
    ++core_->stats.streams_refused;
    fail(503, "too many streams are open");
    return;
  }
  if (auto* web_socket = std::get_if<WebSocketBody>(&response.body)) {
    ++core_->stats.responses[101];
    state_ = State::closed;
    core_->remove(shared_from_this());
    start_web_socket(core_, std::move(socket_), client(), request_, std::move(*web_socket));
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
    start_stream(core_, std::move(socket_), client(), request_, std::move(head),
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
    } catch (...) {
      log::warning("http", "a response was cut short", {{"error", thrown()}});
      failed = true;
    }
    source.reset();  // what it holds goes on this thread or the last: never with the loop waiting
    gate->deliver([self = std::move(self), piece, failed] {
      if (self->state_ != State::writing) return;
      self->core_->guard(self, [&] { self->pulled(std::move(*piece), failed); });
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

std::optional<SteadyTime> Connection::silent_since() const {
  switch (state_) {
    case State::idle:
    case State::header:
    case State::body:
    case State::lingering:
      return progress_at_;
    case State::writing:
      // Bytes are under way; but one that takes none of them for a second lets us wait.
      if (then_ && core_->config.now() - progress_at_ > kTakesNothing) return progress_at_;
      break;
    case State::handling:
    case State::closed:
      break;
  }
  return std::nullopt;
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

void start_connection(const std::shared_ptr<Server::Core>& core, Socket socket, Client client) {
  const auto connection = std::make_shared<Connection>(core, std::move(socket), std::move(client));
  core->guard(connection, [&connection] { connection->start(); });
}

}  // namespace rearview::http
