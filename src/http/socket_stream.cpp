#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <deque>
#include <optional>

#include "http/server_core.h"
#include "http/stream.h"
//
#include <boost/asio/buffer.hpp>

namespace rearview::http {
namespace {

/// What the kernel may hold unsent for a stream. Less means fresher pictures; too little costs
/// wake-ups.
constexpr int kNotSentLowWaterBytes = 32 * 1024;

class SocketStream final : public Stream,
                           public Peer,
                           public std::enable_shared_from_this<SocketStream> {
 public:
  SocketStream(std::shared_ptr<Server::Core> core, Socket socket)
      : core_(std::move(core)), socket_(std::move(socket)) {}

  void start(std::string head, StreamBody body) {
    error_code ignored;
    socket_->set_option(asio::socket_base::send_buffer_size(core_->config.stream_send_buffer_bytes),
                        ignored);
    ::setsockopt(socket_->native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kNotSentLowWaterBytes,
                 sizeof kNotSentLowWaterBytes);
    core_->add(shared_from_this());
    ++core_->stats.streams_open;
    watch_for_close();
    head += body.preamble;
    send(std::make_shared<const std::string>(std::move(head)));
    body.opened(shared_from_this());
  }

  bool send_latest(Bytes piece) override {
    if (!open_) return false;
    if (!writing_) {
      write(std::move(piece));
      return true;
    }
    const bool replaced = latest_ != nullptr;
    if (replaced) ++core_->stats.stream_pieces_replaced;
    latest_ = std::move(piece);
    return !replaced;
  }

  bool send(Bytes piece) override {
    if (!open_) return false;
    if (!writing_) {
      write(std::move(piece));
      return true;
    }
    queued_bytes_ += piece->size();
    queue_.push_back(std::move(piece));
    if (queued_bytes_ <= core_->config.stream_queue_bytes) return true;
    ++core_->stats.streams_overrun;
    finish();
    return false;
  }

  bool idle() const override { return open_ && !writing_; }
  bool open() const override { return open_; }
  void close() override { finish(); }
  void on_idle(std::function<void()> callback) override { on_idle_ = std::move(callback); }
  void on_closed(std::function<void()> callback) override { on_closed_ = std::move(callback); }

  SteadyTime deadline() const override { return deadline_; }
  void expire() override {
    ++core_->stats.timeouts;
    finish();
  }
  void abandon() override {
    if (open_) let_go();
    on_closed_ = nullptr;
  }

 private:
  void write(Bytes piece) {
    writing_ = std::move(piece);
    written_bytes_ = 0;
    write_more();
  }

  void write_more() {
    deadline_ = SteadyClock::now() + core_->config.write_timeout;
    socket_->async_write_some(
        asio::buffer(writing_->data() + written_bytes_, writing_->size() - written_bytes_),
        [self = shared_from_this()](error_code error, std::size_t bytes) {
          self->wrote(error, bytes);
        });
  }

  void wrote(error_code error, std::size_t bytes) {
    if (!open_) return;
    if (error) {
      finish();
      return;
    }
    core_->stats.bytes_sent += bytes;
    written_bytes_ += bytes;
    if (written_bytes_ < writing_->size()) {
      write_more();
      return;
    }
    ++core_->stats.stream_pieces_sent;
    writing_ = nullptr;
    if (!queue_.empty()) {
      Bytes next = std::move(queue_.front());
      queue_.pop_front();
      queued_bytes_ -= next->size();
      write(std::move(next));
    } else if (latest_) {
      write(std::move(latest_));
    } else {
      deadline_ = SteadyTime::max();
      // A copy: the callback may set another one.
      if (const auto callback = on_idle_) callback();
    }
  }

  /// What a client sends on a stream is thrown away; its end closes the stream.
  void watch_for_close() {
    socket_->async_read_some(asio::buffer(discarded_),
                             [self = shared_from_this()](error_code error, std::size_t) {
                               if (!self->open_) return;
                               if (error) {
                                 self->finish();
                               } else {
                                 self->watch_for_close();
                               }
                             });
  }

  void finish() {
    if (!open_) return;
    core_->remove(shared_from_this());
    let_go();
    if (const auto callback = std::exchange(on_closed_, nullptr)) callback();
  }

  /// The producer may keep the stream longer than the loop exists, so nothing of it stays here.
  void let_go() {
    open_ = false;
    --core_->stats.streams_open;
    core_.reset();
    socket_.reset();
    queue_.clear();
    latest_ = nullptr;
    on_idle_ = nullptr;
  }

  std::shared_ptr<Server::Core> core_;
  std::optional<Socket> socket_;
  bool open_ = true;
  Bytes writing_;
  std::size_t written_bytes_ = 0;
  Bytes latest_;
  std::deque<Bytes> queue_;
  std::size_t queued_bytes_ = 0;
  SteadyTime deadline_ = SteadyTime::max();
  std::function<void()> on_idle_;
  std::function<void()> on_closed_;
  std::array<char, 512> discarded_{};
};

}  // namespace

void start_stream(const std::shared_ptr<Server::Core>& core, Socket socket, std::string head,
                  StreamBody body) {
  std::make_shared<SocketStream>(core, std::move(socket))->start(std::move(head), std::move(body));
}

}  // namespace rearview::http
