#include "radar/radar.h"

#include <fmt/core.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "base/log.h"
#include "radar/bluez_peripheral.h"

namespace rearview {
namespace {

/// Bounds how late the road's state and the end of the program are noticed.
constexpr int kIdle_ms = 100;

}  // namespace

Radar::Radar(RadarConfig config)
    : config_(std::move(config)), backoff_(config_.backoff_min_ms, config_.backoff_max_ms) {
  status_.problem = blindness({}, {});
}

Radar::~Radar() {
  stop();
}

void Radar::start(Worker::Failure failure) {
  worker_.persist(
      "radar", [this](std::stop_token stop) { run(std::move(stop)); }, std::move(failure));
}

void Radar::ask_to_stop() {
  worker_.ask_to_stop();
}

void Radar::stop() {
  worker_.stop();
}

void Radar::publish_analysis(const AnalysisPtr& analysis) {
  if (analysis->camera != config_.camera) return;
  const MutexLock lock(mutex_);
  newest_ = {analysis, SteadyClock::now()};
}

RadarStatus Radar::status() const {
  const MutexLock lock(mutex_);
  return status_;
}

Radar::Newest Radar::newest() const {
  const MutexLock lock(mutex_);
  return newest_;
}

void Radar::run(std::stop_token stop) {
  // Whatever ends it: on the air without news it would look like a clear road.
  struct OffTheAir {
    ~OffTheAir() { peripheral.reset(); }
    std::unique_ptr<BluezPeripheral>& peripheral;
  } off{peripheral_};
  while (!stop.stop_requested()) {
    const SteadyTime now = SteadyClock::now();
    look(now);
    if (seen_since_ && ms_between(*seen_since_, now) >= config_.settle_ms) {
      try_to_go_on_air(now);
      if (peripheral_) work(now);
    }
    wait(now);
  }
}

std::string Radar::blindness(const Newest& newest, SteadyTime now) const {
  if (!newest.analysis) return "nothing has been analysed yet";
  if (ms_between(newest.at, now) + newest.analysis->latency.total_ms > config_.stale_after_ms)
    return fmt::format("nothing has been analysed for {} ms", config_.stale_after_ms);
  if (newest.analysis->state == AnalysisState::failed) return "the analysis has failed";
  if (newest.analysis->road == Road::unknown) return "the road has not been judged yet";
  if (newest.analysis->road == Road::blind) return "the camera is blind";
  if (newest.analysis->road == Road::no_signal) return "there is no signal from the camera";
  return {};
}

void Radar::look(SteadyTime now) {
  const std::string why = blindness(newest(), now);
  if (why.empty()) {
    if (!seen_since_) seen_since_ = now;
    return;
  }
  seen_since_.reset();
  peripheral_.reset();
  report(why);
}

void Radar::try_to_go_on_air(SteadyTime now) {
  const bool may_hurry = failed_ && peripheral_ && peripheral_->world_changed() &&
                         ms_between(tried_, now) >= config_.backoff_min_ms;
  if ((peripheral_ && !failed_) || (backoff_.wait_ms(now) > 0 && !may_hurry)) return;
  peripheral_.reset();
  failed_ = false;
  tried_ = now;
  targets_.reset();
  try {
    peripheral_ = std::make_unique<BluezPeripheral>(config_.adapter, config_.name);
  } catch (const std::exception& error) {
    failed(error.what(), now);
  }
}

void Radar::failed(const std::string& why, SteadyTime now) {
  if (std::exchange(failed_, true)) return;
  ++failures_;
  backoff_.failed(now);
  report(why);
}

void Radar::work(SteadyTime now) {
  try {
    peripheral_->work();
  } catch (const std::exception& error) {
    failed(error.what(), now);
    peripheral_.reset();
    return;
  }
  if (const std::string problem = peripheral_->problem(); !problem.empty()) {
    failed(problem, now);
    return;
  }
  if (!peripheral_->on_air()) return;
  if (!status().on_air) {
    backoff_.succeeded();
    next_ = now;
  }
  report("");
  if (now >= next_) send(now);
}

void Radar::send(SteadyTime now) {
  const std::chrono::milliseconds period(config_.period_ms);
  next_ = std::max(next_ + period, now + period / 2);
  const auto targets = targets_.of(*newest().analysis);
  left_out_ = targets_.left_out();
  if (!peripheral_->listened_to()) return;
  bool whole = true;
  for (const RadarNotification& one : encoder_.encode(targets))
    whole = peripheral_->notify(one) && whole;
  ++(whole ? lists_ : dropped_);
}

void Radar::wait(SteadyTime now) const {
  int timeout_ms = kIdle_ms;
  pollfd bus{-1, 0, 0};
  if (peripheral_) {
    bus = {peripheral_->fd(), peripheral_->events(), 0};
    if (const int due_ms = peripheral_->timeout_ms(); due_ms >= 0)
      timeout_ms = std::min(timeout_ms, due_ms);
    if (peripheral_->on_air())
      timeout_ms = std::clamp(static_cast<int>(std::ceil(ms_between(now, next_))), 0, timeout_ms);
  }
  poll(&bus, 1, timeout_ms);
}

void Radar::report(const std::string& problem) {
  RadarStatus next;
  next.problem = problem;
  next.on_air = problem.empty();
  next.listening = next.on_air && peripheral_->listened_to();
  RadarStatus before;
  {
    const MutexLock lock(mutex_);
    before = std::exchange(status_, next);
  }
  if (next.on_air && !before.on_air)
    log::info("radar", "on the air", {{"adapter", peripheral_->adapter()}, {"name", config_.name}});
  if (next.listening && !before.listening)
    log::info("radar", "somebody listens", {{"who", peripheral_->listener()}});
  if (before.listening && !next.listening) log::info("radar", "nobody listens any more");
  if (!next.on_air && next.problem != before.problem)
    log::warning("radar", "not on the air", {{"why", next.problem}});
}

std::vector<Metric> Radar::metrics() const {
  const RadarStatus now = status();
  const auto number = [](const std::atomic<std::uint64_t>& count) {
    return static_cast<double>(count.load());
  };
  return {
      {"rearview_radar_on_air",
       "gauge",
       "1 while bike computers find the radar.",
       {},
       now.on_air ? 1.0 : 0.0},
      {"rearview_radar_listening",
       "gauge",
       "1 while at least one has subscribed.",
       {},
       now.listening ? 1.0 : 0.0},
      {"rearview_radar_lists_total", "counter", "Lists of targets sent.", {}, number(lists_)},
      {"rearview_radar_dropped_total",
       "counter",
       "Lists that the bus didn't take.",
       {},
       number(dropped_)},
      {"rearview_radar_left_out_total",
       "counter",
       "Vehicles not told because there were more than 8, once in every list.",
       {},
       number(left_out_)},
      {"rearview_radar_failures_total",
       "counter",
       "Times Bluetooth didn't work.",
       {},
       number(failures_)},
  };
}

}  // namespace rearview
