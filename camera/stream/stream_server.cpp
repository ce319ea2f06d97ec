#include "camera/stream/stream_server.h"

#include <utility>
//
#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <thread>
#include <tuple>

#include "base/error.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/tcp_acceptor.h"
#include "base/thrown.h"
#include "camera/stream/delay_window.h"
#include "camera/stream/picture_ring.h"
#include "camera/stream/stream_client.h"

namespace rearview::camera {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// Pictures of a source that has been silent for longer are no live picture: a client that joins
// then waits for a new one.
constexpr double kLive_s = 1;
constexpr std::chrono::milliseconds kSweepPeriod{100};
constexpr int kSweepsPerReport = 10;
// A viewer that reads has taken something by then, even over a bad radio link.
constexpr double kTakesNothing_ms = 1000;

std::string text_of(const tcp::endpoint& endpoint) {
  return Endpoint{endpoint.address().to_string(), endpoint.port()}.text();
}

/// Whom a client counts for: its IPv4 address, or the /64 network of its IPv6 address, of which
/// every host has billions.
asio::ip::address owner_of(const tcp::endpoint& endpoint) {
  const asio::ip::address address = endpoint.address();
  if (address.is_v4()) return address;
  const asio::ip::address_v6 six = address.to_v6();
  if (six.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, six);
  if (six.is_link_local()) return address;
  auto network = six.to_bytes();
  std::fill(network.begin() + network.size() / 2, network.end(), std::uint8_t{0});
  return asio::ip::address_v6(network);
}

}  // namespace

class StreamServer::Impl {
 public:
  Impl(const StreamConfig& config, IdrPolicy idr)
      : config_(config),
        idr_(std::move(idr)),
        ring_({static_cast<std::size_t>(config.gop_cache_kb) * 1024,
               2.0 * config.max_backlog_ms / 1000}) {
    log::info("stream", "listening", {{"address", listening().host}, {"port", listening().port}});
    acceptor_.start([this](tcp::socket socket) { join(std::move(socket)); });
    sweep();
    thread_ = std::thread([this] { run(); });
  }

  ~Impl() {
    io_.stop();
    thread_.join();
  }

  void publish(CodedPicturePtr picture) {
    {
      const MutexLock lock(ring_mutex_);
      ring_.push(std::move(picture));
    }
    if (!pump_posted_.exchange(true)) asio::post(io_, [this] { pump_all(); });
  }

  void disconnect_all() {
    asio::post(io_, [this] {
      const auto clients = clients_;  // remove() changes the list
      for (const auto& client : clients) {
        client->abort();
        remove(*client, "cut");
      }
    });
  }
  void set_join_anywhere(bool anywhere) { join_anywhere_ = anywhere; }
  void set_rate_limit(int kbps) {
    asio::post(io_, [this, kbps] {
      rate_limit_kbps_ = kbps;
      for (const auto& client : clients_) client->set_rate_limit(kbps);
    });
  }

  const Endpoint& listening() const { return acceptor_.bound(); }

  Stats stats() const {
    const SteadyTime now = SteadyClock::now();
    const MutexLock lock(stats_mutex_);
    Stats stats = ended_;
    for (const auto& client : clients_) {
      Client one{client->address, seconds_between(client->connected, now),
                 client->bytes,   client->pictures,
                 client->skipped, client->moved_on};
      add_to(stats, *client);
      stats.clients.push_back(std::move(one));
    }
    stats.delay_p50_ms = delays_.percentile_ms(0.5);
    stats.delay_p95_ms = delays_.percentile_ms(0.95);
    return stats;
  }

  std::size_t client_count() const { return client_count_; }
  bool full() const { return client_count_ >= static_cast<std::size_t>(config_.max_clients); }

 private:
  void run() {
    while (!survive([this] { io_.run(); })) {
    }
  }

  /// Whether it came to its end. What it threw ends no more than what it was at.
  template <typename Call>
  static bool survive(Call call) {
    try {
      call();
      return true;
    } catch (...) {
      log::error("stream", "failed, and goes on", {{"why", thrown()}});
      return false;
    }
  }

  void join(tcp::socket socket) {
    error_code error;
    const tcp::endpoint peer = socket.remote_endpoint(error);
    if (error) return;
    if (!make_room_for(owner_of(peer))) {
      const MutexLock lock(stats_mutex_);
      ++ended_.refused;
      return;
    }
    auto client = std::make_shared<StreamClient>(
        std::move(socket), text_of(peer), owner_of(peer), config_,
        StreamClient::Events{
            [this](StreamClient& ready) { pump(ready); },
            [this](StreamClient& closed, const std::string& why) { remove(closed, why); },
            [this](const CodedPicture& picture) { delivered(picture); }});
    {
      const MutexLock lock(stats_mutex_);
      clients_.push_back(client);
      ++ended_.accepted;
    }
    client_count_ = clients_.size();
    log::debug("stream", "client joined", {{"peer", client->address}});
    try {
      begin(*client);
    } catch (...) {
      end(*client);
      return;
    }
    pump(*client);
  }

  void begin(StreamClient& client) {
    client.start();
    if (rate_limit_kbps_ > 0) client.set_rate_limit(rate_limit_kbps_);
    const Cache cache = look_at_cache();
    const bool wait =
        cache == Cache::useless || (cache == Cache::live && idr_.request && idr_.request());
    if (cache == Cache::useless && idr_.request) idr_.request();
    {
      const MutexLock lock(ring_mutex_);
      if (join_anywhere_) {
        client.begin_anywhere(ring_);
      } else if (!wait && ring_.last_idr()) {
        client.begin_with_cached(ring_);
      } else {
        client.begin_with_next(ring_);
      }
    }
  }

  // Of whoever holds most gives way who takes nothing, else the newest. Nobody gives way to one who
  // would then hold as much: the two would drive each other out for ever.
  bool make_room_for(const asio::ip::address& newcomer) {
    if (!full()) return true;
    std::map<asio::ip::address, std::size_t> held;
    for (const auto& client : clients_) ++held[client->owner];
    const std::size_t its_own = held[newcomer];
    const SteadyTime now = SteadyClock::now();
    std::shared_ptr<StreamClient> found;
    std::tuple<std::size_t, bool, SteadyTime> most;
    for (const auto& client : clients_) {
      const std::tuple one{held[client->owner], client->waits_for_ms(now) > kTakesNothing_ms,
                           client->connected};
      const auto& [holds, takes_nothing, connected] = one;
      if (holds < its_own + (takes_nothing ? 0 : 2)) continue;
      if (found && one <= most) continue;
      found = client;
      most = one;
    }
    if (!found) return false;
    found->abort();
    {
      const MutexLock lock(stats_mutex_);
      ++ended_.displaced;
    }
    remove(*found, "gives way to a newcomer");
    return true;
  }

  enum class Cache {
    useless,  ///< holds no IDR, or nothing of now
    live,     ///< an IDR and all that came since
    fresh,    ///< the same, and not much
  };
  Cache look_at_cache() {
    const MutexLock lock(ring_mutex_);
    if (!ring_.last_idr()) return Cache::useless;
    const CodedPicture& newest = *ring_.at(ring_.end_number() - 1);
    if (seconds_between(newest.captured, SteadyClock::now()) > kLive_s) return Cache::useless;
    const CodedPicture& idr = *ring_.at(*ring_.last_idr());
    const bool fresh = seconds_between(idr.captured, newest.captured) < idr_.fresh_s;
    return fresh ? Cache::fresh : Cache::live;
  }

  void pump_all() {
    pump_posted_ = false;
    const auto clients = clients_;  // remove() changes the list
    for (const auto& client : clients) pump(*client);
  }

  /// What it throws ends the client.
  void pump(StreamClient& client) {
    try {
      {
        const MutexLock lock(ring_mutex_);
        if (!client.gather(ring_)) return;
      }
      client.send();
    } catch (...) {
      end(client);
    }
  }

  /// Inside a catch (...).
  void end(StreamClient& client) {
    const std::string why = thrown();
    log::error("stream", "a client is left for a failure",
               {{"peer", client.address}, {"why", why}});
    client.abort();
    {
      const MutexLock lock(stats_mutex_);
      ++ended_.failed;
    }
    remove(client, why);
  }

  void delivered(const CodedPicture& picture) {
    const double delay_ms = ms_between(picture.encoder_in, SteadyClock::now());
    const MutexLock lock(stats_mutex_);
    delays_.add(delay_ms);
  }

  void remove(const StreamClient& client, const std::string& why) {
    log::debug("stream", "client left", {{"peer", client.address}, {"why", why}});
    const MutexLock lock(stats_mutex_);
    const auto it = std::find_if(clients_.begin(), clients_.end(),
                                 [&](const auto& each) { return each.get() == &client; });
    if (it == clients_.end()) return;
    add_to(ended_, client);
    clients_.erase(it);
    client_count_ = clients_.size();
  }

  void sweep() {
    sweep_timer_.expires_after(kSweepPeriod);
    sweep_timer_.async_wait([this](const error_code& cut) {
      if (cut) return;
      survive([this] {
        drop_the_hopeless();
        if (++sweeps_ % kSweepsPerReport == 0) report();
      });
      sweep();
    });
  }

  void drop_the_hopeless() {
    const SteadyTime now = SteadyClock::now();
    const auto clients = clients_;  // remove() changes the list
    for (const auto& client : clients) {
      const bool noisy = client->noisy();
      if (!noisy && !client->stuck(now)) continue;
      client->abort();
      {
        const MutexLock lock(stats_mutex_);
        ++(noisy ? ended_.dropped_noisy : ended_.dropped_stuck);
      }
      remove(*client, noisy ? "sends too much" : "stuck");
    }
  }

  // Once a second: what went wrong since the last time.
  void report() {
    const Stats now = stats();
    if (now.skipped != reported_.skipped || now.dropped_stuck != reported_.dropped_stuck ||
        now.dropped_noisy != reported_.dropped_noisy || now.refused != reported_.refused ||
        now.displaced != reported_.displaced) {
      log::warning("stream", "clients too slow or too many",
                   {{"clients", now.clients.size()},
                    {"pictures_skipped", now.skipped - reported_.skipped},
                    {"moved_on", now.moved_on - reported_.moved_on},
                    {"dropped_stuck", now.dropped_stuck - reported_.dropped_stuck},
                    {"dropped_noisy", now.dropped_noisy - reported_.dropped_noisy},
                    {"displaced", now.displaced - reported_.displaced},
                    {"refused", now.refused - reported_.refused}});
    }
    reported_ = now;
  }

  static void add_to(Stats& stats, const StreamClient& client) {
    stats.skipped += client.skipped;
    stats.moved_on += client.moved_on;
    stats.bytes += client.bytes;
    stats.pictures += client.pictures;
  }

  const StreamConfig config_;
  const IdrPolicy idr_;
  asio::io_context io_{1};
  TcpAcceptor acceptor_{io_, config_.listen};
  asio::steady_timer sweep_timer_{io_};
  int sweeps_ = 0;
  Stats reported_;
  std::atomic<bool> pump_posted_{false};
  std::atomic<std::size_t> client_count_{0};
  std::atomic<bool> join_anywhere_{false};
  int rate_limit_kbps_ = 0;

  Mutex ring_mutex_;
  PictureRing ring_ GUARDED_BY(ring_mutex_);

  // clients_ is changed by the I/O thread only, and under the mutex.
  mutable Mutex stats_mutex_;
  std::vector<std::shared_ptr<StreamClient>> clients_;
  Stats ended_ GUARDED_BY(stats_mutex_);  // of clients that have gone, and what belongs to none
  DelayWindow delays_ GUARDED_BY(stats_mutex_);

  std::thread thread_;
};

StreamServer::StreamServer(const StreamConfig& config, IdrPolicy idr) try
    : impl_(std::make_unique<Impl>(config, std::move(idr))) {
} catch (const std::runtime_error& error) {
  throw UsageError(fmt::format("stream: {}", error.what()));
}
StreamServer::~StreamServer() = default;

void StreamServer::publish(CodedPicturePtr picture) {
  impl_->publish(std::move(picture));
}
Endpoint StreamServer::listening() const {
  return impl_->listening();
}
void StreamServer::disconnect_all() {
  impl_->disconnect_all();
}
void StreamServer::set_join_anywhere(bool anywhere) {
  impl_->set_join_anywhere(anywhere);
}
void StreamServer::set_rate_limit(int kbps) {
  impl_->set_rate_limit(kbps);
}
StreamServer::Stats StreamServer::stats() const {
  return impl_->stats();
}
std::size_t StreamServer::client_count() const {
  return impl_->client_count();
}
bool StreamServer::full() const {
  return impl_->full();
}

}  // namespace rearview::camera
