#pragma once

// Private to this folder. <utility> first: Asio of Boost 1.74 forgets it (std::exchange).
#include <utility>
//
#include <array>
#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "camera/coded_picture.h"
#include "camera/stream/picture_ring.h"
#include "camera/stream/stream_config.h"

namespace rearview::camera {

/// One connection of the stream server: its place in the ring and the write under way. The I/O
/// thread only; the counters from any thread.
class StreamClient : public std::enable_shared_from_this<StreamClient> {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  struct Events {
    /// May send more; the server answers with pump().
    std::function<void(StreamClient&)> ready;
    std::function<void(StreamClient&, const std::string& why)> closed;
    /// A picture of a client that keeps up is in the kernel.
    std::function<void(const CodedPicture&)> delivered;
  };

  /// owner: whom it counts for, where one holds too many.
  StreamClient(Socket socket, std::string address, boost::asio::ip::address owner,
               const StreamConfig& config, Events events);

  /// Sets the socket's options and starts to watch for the client's end.
  void start();
  /// Begins with the ring's newest IDR and sends what follows it as fast as the client takes it.
  void begin_with_cached(const PictureRing& ring);
  /// Begins with the next IDR that comes.
  void begin_with_next(const PictureRing& ring);
  /// Begins with the next picture, whatever it is.
  void begin_anywhere(const PictureRing& ring);
  /// What it gets at most; 0: no limit.
  void set_rate_limit(int kbps);

  /// Takes from the ring what is to be sent next; false when there is nothing or a write is under
  /// way. The ring is locked by the caller.
  bool gather(const PictureRing& ring);
  /// Sends what was gathered.
  void send();

  /// Nothing was taken for that long although something waits.
  bool stuck(SteadyTime now) const { return waits_for_ms(now) > config_.stuck_timeout_ms; }
  /// How long it has taken nothing although something waits.
  double waits_for_ms(SteadyTime now) const;
  bool noisy() const;
  /// Cuts the connection off at once; events.closed is not called any more.
  void abort();

  const std::string address;
  const boost::asio::ip::address owner;
  const SteadyTime connected = SteadyClock::now();
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> pictures{0};
  std::atomic<std::uint64_t> skipped{0};
  std::atomic<std::uint64_t> moved_on{0};

 private:
  // Few, so that a slow client is moved on before much more is committed to it.
  static constexpr std::size_t kBatch = 8;

  void read();
  void on_sent(const boost::system::error_code& error, std::size_t count);
  void fail(const std::string& why);
  bool resume_at_idr(const PictureRing& ring);
  bool too_far_behind(const PictureRing& ring) const;
  void move_on(const PictureRing& ring);

  Socket socket_;
  const StreamConfig& config_;
  Events events_;
  bool closed_ = false;
  bool joining_ = true;       // nothing was sent yet
  bool waiting_ = true;       // for an IDR numbered wait_from_ or more
  bool catching_up_ = false;  // on what the cache held when it joined
  std::uint64_t wait_from_ = 0;
  std::uint64_t next_ = 0;         // the number of the picture to be sent next
  std::uint64_t joined_with_ = 0;  // the number of the IDR that it began with

  std::array<CodedPicturePtr, kBatch> batch_;
  std::size_t batch_size_ = 0;
  std::size_t batch_at_ = 0;      // the picture at work
  std::size_t batch_offset_ = 0;  // how much of it the kernel has
  SteadyTime progress_;
  std::array<char, 512> unread_{};
  std::size_t heard_bytes_ = 0;
};

}  // namespace rearview::camera
