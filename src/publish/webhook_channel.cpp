#include "publish/webhook_channel.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "types/json.h"

namespace rearview {
namespace {

constexpr int kUntilWoken_ms = 60'000;
/// A road that is lost and found all the time makes no more heartbeats than this.
constexpr double kHeartbeatGap_s = 1;

/// Answers to this very message that will not change when it is sent again: it can't be understood,
/// is too large or of the wrong kind.
bool is_refusal(long status) {
  return status == 400 || status == 413 || status == 415 || status == 422;
}

std::int64_t unix_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(WallClock::now().time_since_epoch())
      .count();
}

std::vector<bool> watched(const Heartbeat& heartbeat) {
  std::vector<bool> seen;
  for (const RoadReport& one : heartbeat.cameras) seen.push_back(is_seen(one.road, one.analysis));
  return seen;
}

}  // namespace

WebhookChannel::WebhookChannel(const WebhookConfig& config, const std::filesystem::path& folder,
                               const AlertHistory& history)
    : Channel("webhook-" + config.name, false),
      config_(config),
      delivery_(*this, folder, history, config.max_age_s),
      post_(config.url, config.ca_file, config.timeout_ms),
      backoff_(config.backoff_min_ms, config.backoff_max_ms) {
  if (!config.secret_file.empty()) signature_.emplace(config.secret_file);
}

void WebhookChannel::run() {
  while (true) {
    Inbox::News news = inbox().wait(timeout_ms());
    if (news.stop) return;
    if (news.heartbeat) take_heartbeat(std::move(news.heartbeat));
    if (backoff_.wait_ms(SteadyClock::now()) > 0) {
      delivery_.count_waiting();
      continue;
    }
    if (!deliver_alerts() || !deliver_heartbeat()) return;
  }
}

int WebhookChannel::timeout_ms() const {
  if (const int wait = backoff_.wait_ms(SteadyClock::now()); wait > 0) return wait;
  return kUntilWoken_ms;
}

void WebhookChannel::take_heartbeat(HeartbeatPtr heartbeat) {
  heartbeat_ = std::move(heartbeat);
  const double age_s = seconds_between(heartbeat_sent_, SteadyClock::now());
  const bool periodic = config_.heartbeat_s > 0 && age_s >= config_.heartbeat_s;
  heartbeat_due_ = (periodic || watched(*heartbeat_) != watched_) && age_s >= kHeartbeatGap_s;
}

bool WebhookChannel::deliver_alerts() {
  try {
    while (const KeptAlert* alert = delivery_.next()) {
      const auto outcome =
          post(fmt::format("{}_{}", delivery_.history_name(), alert->id), message_of(*alert));
      delivery_.count_waiting();
      if (outcome == Outcome::stopped) return false;
      if (outcome == Outcome::failed) return true;
      if (outcome == Outcome::taken)
        delivery_.taken();
      else
        delivery_.refused();
    }
    delivery_.count_waiting();
  } catch (const std::exception& error) {
    backoff_.failed(SteadyClock::now());
    tell_of(fmt::format("the alert history can't be read: {}", error.what()));
  }
  return true;
}

bool WebhookChannel::deliver_heartbeat() {
  if (!heartbeat_due_ || backoff_.wait_ms(SteadyClock::now()) > 0) return true;
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(heartbeat_->time.time_since_epoch());
  const auto outcome = post(fmt::format("{}_heartbeat_{}", delivery_.history_name(), ms.count()),
                            message_of(*heartbeat_));
  if (outcome == Outcome::stopped) return false;
  if (outcome == Outcome::failed) return true;
  heartbeat_due_ = false;
  heartbeat_sent_ = SteadyClock::now();
  watched_ = watched(*heartbeat_);
  return true;
}

WebhookChannel::Outcome WebhookChannel::post(const std::string& id, const std::string& body) {
  const std::int64_t now = unix_seconds();
  std::vector<std::string> headers{"Content-Type: application/json", "webhook-id: " + id,
                                   fmt::format("webhook-timestamp: {}", now)};
  if (signature_) headers.push_back("webhook-signature: " + signature_->sign(id, now, body));
  const auto answer = post_.post(body, headers);
  if (!answer) return Outcome::stopped;
  if (answer->status >= 200 && answer->status < 300) {
    backoff_.succeeded();
    tell_of("");
    return Outcome::taken;
  }
  if (is_refusal(answer->status)) {
    log::warning("publish", "a message was refused and is given up",
                 {{"channel", name()}, {"id", id}, {"status", answer->status}});
    return Outcome::refused;
  }
  delivery_.failed();
  backoff_.failed(SteadyClock::now(), answer->retry_after_s * 1000);
  tell_of(answer->status > 0 ? fmt::format("status {}", answer->status) : answer->problem);
  return Outcome::failed;
}

void WebhookChannel::tell_of(const std::string& problem) {
  delivery_.set_connected(problem.empty());
  if (problem == problem_) return;
  if (problem.empty())
    log::info("publish", "delivered again", {{"channel", name()}});
  else
    log::warning("publish", "not delivered; trying again", {{"channel", name()}, {"why", problem}});
  problem_ = problem;
}

}  // namespace rearview
