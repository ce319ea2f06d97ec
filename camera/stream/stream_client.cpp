#include "camera/stream/stream_client.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <utility>

namespace rearview::camera {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// Clients of this stream have nothing to say; some send a line or a greeting.
constexpr std::size_t kMostHeardBytes = std::size_t{64} << 10;
// How much the kernel may hold that isn't on its way yet. Small, so that a picture waits here,
// where it can still be left out, and not there.
constexpr int kNotSentBytes = 16 << 10;
// An IDR may be this much of the allowed backlog old to be worth moving on to.
constexpr double kFreshShare = 0.5;

// What asio's write needs of its buffers: begin and end of a copy, without the heap.
template <std::size_t N>
struct BufferList {
  std::array<asio::const_buffer, N> buffers;
  std::size_t size = 0;
  const asio::const_buffer* begin() const { return buffers.data(); }
  const asio::const_buffer* end() const { return buffers.data() + size; }
};

void set_int(int fd, int level, int option, int value) {
  // A kernel that doesn't know an option serves the client nevertheless.
  static_cast<void>(setsockopt(fd, level, option, &value, sizeof value));
}

}  // namespace

StreamClient::StreamClient(Socket socket, std::string its_address,
                           boost::asio::ip::address its_owner, const StreamConfig& config,
                           Events events)
    : address(std::move(its_address)),
      owner(std::move(its_owner)),
      socket_(std::move(socket)),
      config_(config),
      events_(std::move(events)) {}

void StreamClient::start() {
  const int fd = socket_.native_handle();
  set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_int(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kNotSentBytes);
  set_int(fd, SOL_SOCKET, SO_SNDBUF, config_.send_buffer_kb * 1024);
  // Finds the dead while the source is silent.
  set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, 10);
  set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
  read();
}

void StreamClient::begin_with_cached(const PictureRing& ring) {
  next_ = joined_with_ = *ring.last_idr();
  waiting_ = false;
  catching_up_ = true;
}

void StreamClient::begin_with_next(const PictureRing& ring) {
  next_ = wait_from_ = ring.end_number();
  waiting_ = true;
}

void StreamClient::begin_anywhere(const PictureRing& ring) {
  next_ = ring.end_number();
  waiting_ = false;
}

void StreamClient::set_rate_limit(int kbps) {
  constexpr int kBytesPerKilobit = 125;
  set_int(socket_.native_handle(), SOL_SOCKET, SO_MAX_PACING_RATE,
          kbps > 0 ? kbps * kBytesPerKilobit : -1);
}

bool StreamClient::resume_at_idr(const PictureRing& ring) {
  if (!ring.last_idr() || *ring.last_idr() < wait_from_) return false;
  if (joining_) {
    joined_with_ = *ring.last_idr();
  } else {
    skipped += *ring.last_idr() - next_;
  }
  next_ = *ring.last_idr();
  waiting_ = false;
  return true;
}

bool StreamClient::too_far_behind(const PictureRing& ring) const {
  if (next_ < ring.first_number()) return true;
  if (next_ == ring.end_number()) return false;
  // What the cache held at the start is no backlog of its own making.
  if (catching_up_ && ring.last_idr() == joined_with_) return false;
  const double behind_ms =
      ms_between(ring.at(next_)->captured, ring.at(ring.end_number() - 1)->captured);
  return behind_ms > config_.max_backlog_ms;
}

void StreamClient::move_on(const PictureRing& ring) {
  ++moved_on;
  catching_up_ = false;
  waiting_ = true;
  wait_from_ = ring.end_number();
  if (!ring.last_idr() || *ring.last_idr() < next_) return;
  const double age_ms =
      ms_between(ring.at(*ring.last_idr())->captured, ring.at(ring.end_number() - 1)->captured);
  if (age_ms <= config_.max_backlog_ms * kFreshShare) wait_from_ = *ring.last_idr();
}

bool StreamClient::gather(const PictureRing& ring) {
  if (closed_ || batch_at_ < batch_size_) return false;
  if (!waiting_ && too_far_behind(ring)) move_on(ring);
  if (waiting_ && !resume_at_idr(ring)) return false;

  if (next_ + 1 >= ring.end_number()) catching_up_ = false;
  batch_at_ = batch_offset_ = batch_size_ = 0;
  while (next_ < ring.end_number() && batch_size_ < kBatch)
    batch_[batch_size_++] = ring.at(next_++);
  return batch_size_ > 0;
}

void StreamClient::send() {
  if (batch_offset_ == 0 && batch_at_ == 0) progress_ = SteadyClock::now();
  joining_ = false;
  BufferList<kBatch> list;
  for (std::size_t i = batch_at_; i < batch_size_; ++i)
    list.buffers[list.size++] = asio::buffer(batch_[i]->bytes);
  list.buffers[0] += batch_offset_;
  socket_.async_write_some(list,
                           [self = shared_from_this()](const error_code& error, std::size_t count) {
                             self->on_sent(error, count);
                           });
}

void StreamClient::on_sent(const error_code& error, std::size_t count) {
  if (closed_) return;
  if (error) {
    fail(error.message());
    return;
  }
  progress_ = SteadyClock::now();
  bytes += count;
  while (batch_at_ < batch_size_) {
    const std::size_t left = batch_[batch_at_]->bytes.size() - batch_offset_;
    if (count < left) {
      batch_offset_ += count;
      send();
      return;
    }
    count -= left;
    batch_offset_ = 0;
    ++pictures;
    if (!catching_up_) events_.delivered(*batch_[batch_at_]);
    batch_[batch_at_++].reset();
  }
  events_.ready(*this);
}

void StreamClient::read() {
  socket_.async_read_some(asio::buffer(unread_),
                          [self = shared_from_this()](const error_code& error, std::size_t count) {
                            if (self->closed_) return;
                            // A client may close its sending side and go on reading; its real end
                            // shows in a write.
                            if (error == asio::error::eof) return;
                            if (error) {
                              self->fail(error.message());
                              return;
                            }
                            self->heard_bytes_ += count;
                            if (!self->noisy()) self->read();
                          });
}

double StreamClient::waits_for_ms(SteadyTime now) const {
  return batch_at_ < batch_size_ ? ms_between(progress_, now) : 0;
}

bool StreamClient::noisy() const {
  return heard_bytes_ > kMostHeardBytes;
}

void StreamClient::fail(const std::string& why) {
  abort();
  events_.closed(*this, why);
}

void StreamClient::abort() {
  if (std::exchange(closed_, true)) return;
  error_code ignored;
  // With RST: the kernel lets go at once of what the client didn't take.
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

}  // namespace rearview::camera
