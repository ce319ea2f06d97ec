#include "http/queued_stream.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <utility>

namespace rearview::http {
namespace {

/// What the kernel may hold unsent for a stream. Less means fresher pictures; too little costs
/// wake-ups.
constexpr int kNotSentLowWaterBytes = 32 * 1024;

}  // namespace

void bound_send_buffer(Socket& socket, const ServerConfig& config) {
  error_code ignored;
  Socket::Tcp& tcp = socket.next_layer();
  tcp.set_option(asio::socket_base::send_buffer_size(config.stream_send_buffer_bytes), ignored);
  ::setsockopt(tcp.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kNotSentLowWaterBytes,
               sizeof kNotSentLowWaterBytes);
}

QueuedStream::QueuedStream(std::shared_ptr<Server::Core> core, Client client,
                           std::function<bool()> still_admitted)
    : Peer(std::move(client)), core_(std::move(core)), still_admitted_(std::move(still_admitted)) {}

void QueuedStream::opened() {
  core_->add(shared_from_this());
  ++core_->stats.streams_open;
  core_->visitors.stream_opened(client().address);
}

bool QueuedStream::send_latest(Bytes piece) {
  if (!open_) return false;
  if (!under_way_) {
    begin(std::move(piece));
    return true;
  }
  const bool replaced = latest_ != nullptr;
  if (replaced) ++core_->stats.stream_pieces_replaced;
  latest_ = std::move(piece);
  return !replaced;
}

bool QueuedStream::send(Bytes piece) {
  if (!open_) return false;
  if (!under_way_) {
    begin(std::move(piece));
    return true;
  }
  queued_bytes_ += piece->size();
  queue_.push_back(std::move(piece));
  if (queued_bytes_ <= core_->config.stream_queue_bytes) return true;
  ++core_->stats.streams_overrun;
  finish();
  return false;
}

void QueuedStream::begin(Bytes piece) {
  under_way_ = std::move(piece);
  progressed(0);
  transmit(under_way_);
}

void QueuedStream::progressed(std::size_t bytes) {
  core_->stats.bytes_sent += bytes;
  deadline_ = core_->config.now() + core_->config.write_timeout;
}

void QueuedStream::sent() {
  ++core_->stats.stream_pieces_sent;
  under_way_ = nullptr;
  idle_from_now();
  if (!queue_.empty()) {
    Bytes next = std::move(queue_.front());
    queue_.pop_front();
    queued_bytes_ -= next->size();
    begin(std::move(next));
  } else if (latest_) {
    begin(std::exchange(latest_, nullptr));
  } else if (const auto callback = on_idle_) {  // a copy: the callback may set another one
    callback();
  }
}

void QueuedStream::expire() {
  ++core_->stats.timeouts;
  finish();
}

void QueuedStream::finish() {
  if (!open_) return;
  core_->remove(shared_from_this());
  let_go();
  if (const auto callback = std::exchange(on_closed_, nullptr)) callback();
}

void QueuedStream::abandon() {
  if (open_) let_go();
  on_closed_ = nullptr;
}

void QueuedStream::let_go() {
  open_ = false;
  --core_->stats.streams_open;
  core_->visitors.stream_closed(client().address);
  drop_socket();
  core_.reset();
  queue_.clear();
  latest_ = nullptr;
  on_idle_ = nullptr;
}

}  // namespace rearview::http
