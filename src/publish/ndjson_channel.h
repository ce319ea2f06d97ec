#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "base/now.h"
#include "publish/channel.h"
#include "publish/ndjson_client.h"
#include "publish/publish_config.h"
#include "publish/unix_listener.h"

namespace rearview {

/// JSON lines on standard output and for the clients of a Unix socket.
class NdjsonChannel final : public Channel {
 public:
  /// Listens. Throws std::runtime_error. history must outlive the channel. now: by which clients
  /// are judged.
  NdjsonChannel(const NdjsonConfig& config, const AlertHistory& history,
                Now now = SteadyClock::now);
  ~NdjsonChannel() override { stop(); }

  std::vector<Metric> metrics() const override;

 private:
  void run() override;
  void wait();
  void deliver(const Inbox::News& news);
  void admit(SteadyTime now);
  void serve_all(SteadyTime now);
  void forget_gone(SteadyTime now);
  void count();

  const NdjsonConfig config_;
  const AlertHistory& history_;
  const Now now_;
  std::optional<UnixListener> listener_;
  std::list<NdjsonClient> clients_;
  NdjsonClient* standard_output_ = nullptr;  ///< one of clients_
  NdjsonClient::Line newest_heartbeat_;
  bool history_failed_ = false;
  std::uint64_t alerts_of_gone_ = 0;
  std::uint64_t skipped_of_gone_ = 0;

  std::atomic<std::size_t> connected_ = 0;
  std::atomic<std::uint64_t> alerts_ = 0;
  std::atomic<std::uint64_t> skipped_ = 0;
  std::atomic<std::uint64_t> refused_ = 0;
  std::atomic<std::uint64_t> closed_ = 0;
};

}  // namespace rearview
