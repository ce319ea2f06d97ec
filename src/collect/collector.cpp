#include "collect/collector.h"

#include <fmt/core.h>

#include <chrono>
#include <stdexcept>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/printable_url.h"
#include "base/sleep.h"

namespace rearview {
namespace {

constexpr std::chrono::minutes kForgetEvery{10};
constexpr int kLeastWait_ms = 200;
constexpr int kMostWait_ms = 10'000;

}  // namespace

Collector::Collector(CollectorConfig config) : config_(std::move(config)) {
  try {
    consumer_.emplace(config_.nats, config_.consumer, config_.replicas);
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("--nats: {}", error.what()));
  }
  if (const auto fault = Database::fault_of(config_.database))
    throw UsageError(fmt::format("--database: {}", *fault));
  try {
    store_.emplace(config_.database);
  } catch (const std::runtime_error& error) {
    throw UsageError(
        fmt::format("--database: {}: {}", printable_url(config_.database), error.what()));
  }
}

Collector::~Collector() {
  stop();
}

void Collector::start() {
  worker_.persist(
      "collector", [this](const std::stop_token& stop) { run(stop); },
      [this](const std::string&) { ++failures_; });
}

void Collector::stop() {
  worker_.stop();
}

void Collector::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const std::vector<StreamMessage> messages = fetch(stop);
    if (!messages.empty() && !keep(messages, stop)) return;
    consumer_->acknowledge();
    pending_ = consumer_->pending();
    if (SteadyClock::now() >= forget_next_) forget();
  }
}

std::vector<StreamMessage> Collector::fetch(const std::stop_token& stop) {
  Backoff backoff(kLeastWait_ms, kMostWait_ms);
  while (!stop.stop_requested()) {
    try {
      auto messages = consumer_->fetch();
      set_problem("");
      return messages;
    } catch (const std::exception& error) {
      set_problem(fmt::format("NATS: {}", error.what()));
      const SteadyTime now = SteadyClock::now();
      backoff.failed(now);
      sleep_until(stop, now + std::chrono::milliseconds(backoff.wait_ms(now)));
    }
  }
  return {};
}

bool Collector::keep(const std::vector<StreamMessage>& messages, const std::stop_token& stop) {
  Backoff backoff(kLeastWait_ms, kMostWait_ms);
  while (!stop.stop_requested()) {
    try {
      if (!store_) store_.emplace(config_.database);
      const Kept kept = store_->keep(messages);
      set_problem("");
      rows_ += kept.rows;
      known_ += kept.known;
      states_ += kept.states;
      refused_ += kept.refused;
      if (kept.refused > 0)
        log::warning("collect", "messages that aren't understood; they lie in the table refused",
                     {{"messages", kept.refused}});
      return true;
    } catch (const std::exception& error) {
      ++failures_;
      if (store_ && store_->lost()) store_.reset();
      set_problem(fmt::format("the database: {}", error.what()));
      const SteadyTime now = SteadyClock::now();
      backoff.failed(now);
      sleep_until(stop, now + std::chrono::milliseconds(backoff.wait_ms(now)));
    }
  }
  return false;
}

void Collector::forget() {
  try {
    if (!store_) return;
    const std::uint64_t count = store_->forget(config_.keep_days);
    forgotten_ += count;
    if (count > 0) return;  // there may be more
  } catch (const DatabaseError& error) {
    log::warning("collect", "what is old can't be deleted now", {{"why", error.what()}});
    if (store_->lost()) store_.reset();
  }
  forget_next_ = SteadyClock::now() + kForgetEvery;
}

void Collector::set_problem(const std::string& problem) {
  const MutexLock lock(mutex_);
  if (problem.empty() && !problem_.empty()) log::info("collect", "it goes on");
  if (!problem.empty() && problem_ != problem)
    log::warning("collect", "nothing is collected", {{"why", problem}});
  problem_ = problem;
}

std::string Collector::problem() const {
  const MutexLock lock(mutex_);
  return problem_;
}

std::vector<Metric> Collector::metrics() const {
  const auto one = [](const char* family, const char* type, const char* help,
                      const std::atomic<std::uint64_t>& value) {
    return Metric{family, type, help, {}, static_cast<double>(value)};
  };
  return {
      one("rearview_collect_rows_total", "counter", "Alerts, passes and rides that were new.",
          rows_),
      one("rearview_collect_known_total", "counter", "Those that were there already.", known_),
      one("rearview_collect_states_total", "counter", "States of gateways.", states_),
      one("rearview_collect_refused_total", "counter", "Messages that weren't understood.",
          refused_),
      one("rearview_collect_forgotten_total", "counter", "Rows deleted for their age.", forgotten_),
      one("rearview_collect_failures_total", "counter", "Tries to keep a batch that failed.",
          failures_),
      one("rearview_collect_pending", "gauge", "Messages that wait in the stream.", pending_),
      Metric{"rearview_collect_up",
             "gauge",
             "1 while stream and database answer.",
             {},
             problem().empty() ? 1.0 : 0.0}};
}

}  // namespace rearview
