#include "publish/ndjson_channel.h"

#include <fmt/core.h>
#include <poll.h>

#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "types/json.h"

namespace rearview {
namespace {

/// How long alerts wait for a new client to say where to begin.
constexpr std::chrono::milliseconds kHold{250};
constexpr int kLookAgain_ms = 100;
constexpr int kLongestWait_ms = 1000;

NdjsonClient::Line line_of(const nlohmann::ordered_json& json) {
  return std::make_shared<const std::string>(dump(json) + "\n");
}

}  // namespace

NdjsonChannel::NdjsonChannel(const NdjsonConfig& config, const AlertHistory& history, Now now)
    : Channel("ndjson", true), config_(config), history_(history), now_(std::move(now)) {
  if (!config_.socket.empty()) {
    listener_.emplace(config_.socket);
    log::info("publish", "JSON lines", {{"socket", config_.socket.string()}});
  }
  if (!config_.standard_output) return;
  AlertFeed feed(history_, config_.after.value_or(history_.newest_id()));
  clients_.emplace_back(Output::standard_output(), std::move(feed), config_.analysis, SteadyTime(),
                        now_());
  standard_output_ = &clients_.back();
}

void NdjsonChannel::run() {
  while (true) {
    wait();
    const Inbox::News news = inbox().take();
    const SteadyTime now = now_();
    deliver(news);
    if (listener_) admit(now);
    serve_all(now);
    forget_gone(now);
    count();
    if (news.stop) return;
  }
}

void NdjsonChannel::wait() {
  std::vector<pollfd> fds{{inbox().fd(), POLLIN, 0}};
  if (listener_) fds.push_back({listener_->fd(), POLLIN, 0});
  const std::size_t first = fds.size();
  int timeout_ms = kLongestWait_ms;
  const SteadyTime now = now_();
  for (const NdjsonClient& client : clients_) {
    const bool reads = client.reads() && &client != standard_output_;
    fds.push_back({client.fd(),
                   static_cast<short>((reads ? POLLIN : 0) | (client.waits() ? POLLOUT : 0)), 0});
    if (client.holds(now) || client.waits()) timeout_ms = kLookAgain_ms;
  }
  poll(fds.data(), fds.size(), timeout_ms);
  auto fd = fds.begin() + static_cast<std::ptrdiff_t>(first);
  for (NdjsonClient& client : clients_) {
    const short got = (fd++)->revents;
    if ((got & POLLIN) != 0) client.read();
    if ((got & (POLLHUP | POLLERR)) != 0) client.hang_up();
  }
}

void NdjsonChannel::deliver(const Inbox::News& news) {
  if (news.heartbeat) {
    newest_heartbeat_ = line_of(to_json(*news.heartbeat));
    for (NdjsonClient& client : clients_) client.heartbeat(newest_heartbeat_);
  }
  for (const AnalysisPtr& analysis : news.analyses) {
    NdjsonClient::Line line;
    for (NdjsonClient& client : clients_) {
      if (!client.wants_analyses()) continue;
      if (!line) line = line_of(to_json(*analysis));
      client.analysis(analysis->camera, line);
    }
  }
}

void NdjsonChannel::admit(SteadyTime now) {
  while (auto output = listener_->accept()) {
    const std::size_t others = clients_.size() - (standard_output_ ? 1 : 0);
    if (others >= config_.max_clients) {
      ++refused_;
      const auto sorry = line_of(
          {{"type", "error"}, {"text", fmt::format("there are {} clients already", others)}});
      static_cast<void>(output->write(*sorry));
      continue;
    }
    AlertFeed feed(history_, history_.newest_id());
    clients_.emplace_back(std::move(*output), std::move(feed), false, now + kHold, now);
    if (newest_heartbeat_) clients_.back().heartbeat(newest_heartbeat_);
  }
}

void NdjsonChannel::serve_all(SteadyTime now) {
  std::string problem;
  for (NdjsonClient& client : clients_) {
    try {
      client.write(now);
    } catch (const std::exception& error) {
      problem = error.what();  // what the client lacks it gets when the history can be read again
    }
  }
  if (problem.empty() == !history_failed_) return;
  history_failed_ = !problem.empty();
  if (history_failed_)
    log::error("publish", "the alert history can't be read", {{"error", problem}});
  else
    log::info("publish", "the alert history is read again");
}

void NdjsonChannel::forget_gone(SteadyTime now) {
  for (auto client = clients_.begin(); client != clients_.end();) {
    const bool is_output = &*client == standard_output_;
    const bool stuck = !is_output && client->waits() &&
                       ms_between(client->stuck_since(), now) > config_.write_timeout_ms;
    if (!client->gone() && !stuck) {
      ++client;
      continue;
    }
    if (stuck) ++closed_;
    if (is_output) {
      standard_output_ = nullptr;
      log::warning("publish", "nobody reads standard output any more");
    }
    alerts_of_gone_ += client->alerts();
    skipped_of_gone_ += client->skipped();
    client = clients_.erase(client);
  }
}

void NdjsonChannel::count() {
  connected_ = clients_.size();
  std::uint64_t alerts = alerts_of_gone_;
  std::uint64_t skipped = skipped_of_gone_;
  for (const NdjsonClient& client : clients_) {
    alerts += client.alerts();
    skipped += client.skipped();
  }
  alerts_ = alerts;
  skipped_ = skipped;
}

std::vector<Metric> NdjsonChannel::metrics() const {
  const auto number = [](const auto& value) { return static_cast<double>(value.load()); };
  return {
      counter("rearview_publish_alerts_total", "Alerts delivered.", number(alerts_)),
      gauge("rearview_publish_connected", "Clients of the channel, or whether it is connected.",
            number(connected_)),
      counter("rearview_publish_skipped_total",
              "Heartbeats, analyses and pictures not sent because a newer one came first.",
              number(skipped_)),
      counter("rearview_publish_refused_total", "Clients over the limit.", number(refused_)),
      counter("rearview_publish_closed_total", "Clients closed because they took nothing.",
              number(closed_)),
  };
}

}  // namespace rearview
