#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "camera/coded_picture.h"
#include "camera/stream/stream_config.h"

namespace rearview::camera {

/// Sends every coded picture to any number of TCP clients, from one I/O thread of its own.
///
/// A client's stream begins with SPS, PPS and an IDR: the cached one with all that follows it
/// where that is fresh or the source can't make another, else one that is asked for. Each client
/// has only a place in the one ring of pictures, so a slow one costs no memory and delays nobody.
/// One that falls behind is moved on to an IDR, always between two pictures; one that takes nothing
/// for a while is dropped. Where there are as many as may be, one of the address that holds most
/// gives way to a newcomer of another.
class StreamServer {
 public:
  /// How IDRs are to be had.
  struct IdrPolicy {
    /// Asks for one; called from the I/O thread when a client joins. Empty, or false when called:
    /// the source makes them as it likes.
    std::function<bool()> request;
    /// No new one is asked for while the last is younger; it serves, with what follows it.
    double fresh_s = 0.5;
  };
  /// Binds and starts. Throws UsageError when the address can't be used.
  StreamServer(const StreamConfig& config, IdrPolicy idr);
  /// Closes all connections.
  ~StreamServer();
  StreamServer(const StreamServer&) = delete;
  StreamServer& operator=(const StreamServer&) = delete;

  /// Never waits. Any thread, one at a time.
  void publish(CodedPicturePtr picture);

  // What follows plays a bad network (FaultPlayer). Any thread.
  /// Closes every connection.
  void disconnect_all();
  /// Clients that join from now on begin with the next picture, IDR or not.
  void set_join_anywhere(bool anywhere);
  /// What each client, now and later, gets at most; 0: no limit.
  void set_rate_limit(int kbps);

  /// Where it listens, with the port that the system chose.
  Endpoint listening() const;

  struct Client {
    std::string address;
    double connected_s = 0;
    std::uint64_t bytes = 0;
    std::uint64_t pictures = 0;
    std::uint64_t skipped = 0;   ///< pictures left out because it was too slow
    std::uint64_t moved_on = 0;  ///< how often it was moved on to an IDR
  };
  struct Stats {
    std::vector<Client> clients;
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;        ///< more than max_clients, and nobody to give way
    std::uint64_t displaced = 0;      ///< gave way to newcomers
    std::uint64_t failed = 0;         ///< left for what serving them threw
    std::uint64_t dropped_stuck = 0;  ///< took nothing for stuck_timeout_ms
    std::uint64_t dropped_noisy = 0;  ///< sent more than a client has to say
    std::uint64_t skipped = 0;        ///< pictures, all clients that ever were
    std::uint64_t moved_on = 0;
    std::uint64_t bytes = 0;
    std::uint64_t pictures = 0;
    double delay_p50_ms = 0;  ///< encoder-in to kernel, of the newest deliveries; 0 when none
    double delay_p95_ms = 0;
  };
  /// Any thread.
  Stats stats() const;
  /// Any thread; cheaper than stats().
  std::size_t client_count() const;
  /// There are as many as may be. Any thread.
  bool full() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rearview::camera
