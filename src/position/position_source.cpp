#include "position/position_source.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <utility>

#include "base/endpoint.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/sleep.h"
#include "base/tcp_connection.h"

namespace rearview {
namespace {

using std::chrono::milliseconds;
using Kind = GpsdReport::Kind;

/// gpsd's own limit for one message is 10240 bytes (GPS_JSON_RESPONSE_MAX of gpsd 3.22).
constexpr std::size_t kLongestLine = 16'384;
/// Of the protocol; its minor number only adds (gpsd_json(5)).
constexpr int kProtocol = 3;
/// Bounds how late is noticed that a fix is stale.
constexpr milliseconds kLook(250);
constexpr std::size_t kShown = 40;

void send(TcpConnection& connection, const std::string& command, int timeout_ms) {
  const auto* bytes = static_cast<const std::uint8_t*>(static_cast<const void*>(command.data()));
  connection.write(std::span(bytes, command.size()), milliseconds(timeout_ms));
}

std::string watch_command(const std::string& device) {
  nlohmann::ordered_json watch{{"enable", true}, {"json", true}};
  if (!device.empty()) watch["device"] = device;
  return "?WATCH=" + watch.dump() + ";\n";
}

/// For the log: what can be printed of it.
std::string beginning_of(std::string_view line) {
  std::string text(line.substr(0, kShown));
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c > 0x7E; }, '?');
  return text;
}

const char* reason_of(Kind kind) {
  switch (kind) {
    case Kind::simulated:
      return "simulated";
    case Kind::impossible:
      return "impossible";
    case Kind::inaccurate:
      return "inaccurate";
    default:
      return "no_fix";
  }
}

}  // namespace

PositionSource::PositionSource(PositionConfig config, Now now)
    : config_(std::move(config)),
      now_(std::move(now)),
      reader_(config_.worst_accuracy_m),
      backoff_(config_.backoff_min_ms, config_.backoff_max_ms) {
  said_.problem = problem_;  // nothing to tell yet
}

PositionSource::~PositionSource() {
  stop();
}

void PositionSource::start(Worker::Failure failure) {
  worker_.persist(
      "position", [this](std::stop_token stop) { run(std::move(stop)); }, std::move(failure));
}

void PositionSource::stop() {
  worker_.stop();
}

void PositionSource::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    std::string why;
    try {
      talk(stop);
    } catch (const std::exception& e) {
      why = e.what();
    }
    if (stop.stop_requested()) return;
    ++failures_;
    const SteadyTime now = SteadyClock::now();
    backoff_.failed(now);
    {
      const MutexLock lock(mutex_);
      connected_ = false;
      problem_ = why;
    }
    say_what_changed();
    sleep_until(stop, now + milliseconds(backoff_.wait_ms(now)));
  }
}

void PositionSource::talk(const std::stop_token& stop) {
  TcpConnection connection(stop);
  connection.connect({config_.host, config_.port}, milliseconds(config_.connect_timeout_ms));
  greeted_ = false;
  std::string text;
  std::array<std::uint8_t, 4096> buffer;
  SteadyTime heard = now_();
  bool asked = false;
  for (;;) {
    const auto read = connection.read(buffer, kLook);
    if (read.status == TcpConnection::Status::stopped) return;
    if (read.status == TcpConnection::Status::closed)
      throw std::runtime_error(
          fmt::format("{}: {}", Endpoint{config_.host, config_.port}.text(), read.reason));
    const SteadyTime now = now_();
    std::transform(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(read.bytes),
                   std::back_inserter(text),
                   [](std::uint8_t byte) { return static_cast<char>(byte); });
    if (take_lines(text, connection)) {
      heard = now;
      asked = false;
    }
    say_what_changed();
    const double silent_ms = ms_between(heard, now);
    if (silent_ms > config_.answer_timeout_ms)
      throw std::runtime_error(
          fmt::format("{}: gpsd doesn't answer", Endpoint{config_.host, config_.port}.text()));
    // A gpsd without a receiver has nothing to say, but it lives.
    if (greeted_ && !asked && silent_ms > config_.answer_timeout_ms / 2.0) {
      send(connection, "?VERSION;\n", config_.answer_timeout_ms);
      asked = true;
    }
  }
}

bool PositionSource::take_lines(std::string& text, TcpConnection& connection) {
  std::size_t from = 0;
  bool any = false;
  for (std::size_t end; (end = text.find('\n', from)) != std::string::npos; from = end + 1) {
    std::string_view line(text.data() + from, end - from);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const GpsdReport report = reader_.read(line);
    if (report.kind == Kind::garbage || (!greeted_ && report.kind != Kind::version))
      throw std::runtime_error(fmt::format("{}: this is not gpsd: it says \"{}\"",
                                           Endpoint{config_.host, config_.port}.text(),
                                           beginning_of(line)));
    take(report, connection);
    any = true;
  }
  text.erase(0, from);
  if (text.size() > kLongestLine)
    throw std::runtime_error(fmt::format("{}: a line of more than {} bytes, which gpsd never sends",
                                         Endpoint{config_.host, config_.port}.text(),
                                         kLongestLine));
  return any;
}

void PositionSource::take(const GpsdReport& report, TcpConnection& connection) {
  switch (report.kind) {
    case Kind::version: {
      if (report.protocol != kProtocol)
        throw std::runtime_error(fmt::format("{}: gpsd speaks protocol {}, not {}",
                                             Endpoint{config_.host, config_.port}.text(),
                                             report.protocol, kProtocol));
      if (std::exchange(greeted_, true)) return;
      send(connection, watch_command(config_.device), config_.answer_timeout_ms);
      const MutexLock lock(mutex_);
      connected_ = true;
      problem_ = "gpsd tells of no receiver";
      return;
    }
    case Kind::fix:
      backoff_.succeeded();
      take(report.fix);
      return;
    case Kind::other:
    case Kind::garbage:
      backoff_.succeeded();
      return;
    default:
      break;
  }
  ++refused_[static_cast<std::size_t>(report.kind)];
  const MutexLock lock(mutex_);
  newest_.reset();
  problem_ =
      report.kind == Kind::no_fix      ? "the receiver doesn't know where it is"
      : report.kind == Kind::simulated ? "the receiver makes its position up"
      : report.kind == Kind::impossible
          ? "the receiver tells a position that is nowhere"
          : fmt::format("the position may be off by more than {} m", config_.worst_accuracy_m);
}

void PositionSource::take(const GpsFix& fix) {
  const SteadyTime now = now_();
  RiderFix next{now, fix.position, fix.speed_mps, {}};
  // Told again, it is no newer: gpsd tells more than once what it learns bit by bit.
  const bool again = fix.time_s && fix.time_s == newest_time_s_;
  newest_time_s_ = fix.time_s;
  if (!again) {
    ++fixes_;
    odometer_.add(now, fix);
  }
  next.travelled = odometer_.travelled();
  {
    const MutexLock lock(mutex_);
    if (again && !newest_) return;
    if (again) next.at = newest_->at;
    newest_ = next;
    problem_ = fmt::format("no position for {} ms", config_.stale_after_ms);
  }
  if (!again && handler_) handler_(next);
}

std::optional<RiderFix> PositionSource::now() const {
  const MutexLock lock(mutex_);
  if (!newest_ || ms_between(newest_->at, now_()) > config_.stale_after_ms) return std::nullopt;
  return newest_;
}

PositionStatus PositionSource::status() const {
  PositionStatus status;
  status.fix = now().has_value();
  const MutexLock lock(mutex_);
  status.connected = connected_;
  if (!status.fix || !connected_) status.problem = problem_;
  return status;
}

void PositionSource::say_what_changed() {
  PositionStatus now = status();
  const std::string where = Endpoint{config_.host, config_.port}.text();
  if (now.connected && !said_.connected) log::info("position", "connected", {{"gpsd", where}});
  if (now.fix && now.connected && !(said_.fix && said_.connected))
    log::info("position", "the position is known");
  if (!now.problem.empty() && now.problem != said_.problem)
    log::warning("position", now.connected ? "the position is not known" : "gpsd is not heard",
                 {{"why", now.problem}});
  said_ = std::move(now);
}

std::vector<Metric> PositionSource::metrics() const {
  const PositionStatus now = status();
  const auto number = [](const std::atomic<std::uint64_t>& count) {
    return static_cast<double>(count.load());
  };
  std::vector<Metric> metrics{
      {"rearview_position_connected",
       "gauge",
       "1 while gpsd answers.",
       {},
       now.connected ? 1.0 : 0.0},
      {"rearview_position_known",
       "gauge",
       "1 while it is known where the rider is.",
       {},
       now.fix ? 1.0 : 0.0},
      {"rearview_position_fixes_total", "counter", "Positions taken.", {}, number(fixes_)}};
  for (const Kind kind : {Kind::no_fix, Kind::simulated, Kind::impossible, Kind::inaccurate})
    metrics.push_back({"rearview_position_refused_total",
                       "counter",
                       "Reports of gpsd that tell no position to be trusted, by reason.",
                       {{"reason", reason_of(kind)}},
                       number(refused_[static_cast<std::size_t>(kind)])});
  metrics.push_back({"rearview_position_failures_total",
                     "counter",
                     "Times gpsd was missing, hung or talked nonsense.",
                     {},
                     number(failures_)});
  return metrics;
}

}  // namespace rearview
