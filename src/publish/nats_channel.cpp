#include "publish/nats_channel.h"

#include <fmt/core.h>

#include <poll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <exception>
#include <optional>
#include <utility>

#include "base/backoff.h"
#include "base/log.h"
#include "publish/delivery_counts.h"
#include "publish/fleet_link.h"
#include "publish/fleet_outbox.h"

namespace rearview {
namespace {

constexpr int kNatsIdle_ms = 1000;
/// While answers are waited for, the inbox is looked into this often.
constexpr int kAnswers_ms = 10;
constexpr double kAnswer_s = 10;
constexpr int kNatsGoodbye_ms = 1000;
constexpr std::size_t kMostUnderWay = 256;
constexpr std::size_t kFleetPage = 64;
/// The disk is asked to remember no more often.
constexpr double kRemember_s = 1;
constexpr double kPassPause_s = 0.5;
constexpr double kRidePause_s = 5;
/// A heartbeat comes every second; without one for so long nobody knows anything of the road.
constexpr double kFleetSilence_s = 3;
constexpr double kStateGap_s = 1;

class NatsChannel final : public Channel {
 public:
  NatsChannel(const NatsConfig& config, std::vector<std::string> cameras,
              const std::filesystem::path& folder, const EventArchive& archive);
  ~NatsChannel() override { stop(); }

  std::vector<Metric> metrics() const override;

 private:
  struct UnderWay {
    std::uint64_t number = 0;
    FleetOutbox* outbox = nullptr;
    std::uint64_t id = 0;
    SteadyTime sent;
    bool done = false;
    bool taken = false;
  };

  void run() override;
  void interrupt() override { stop_.request_stop(); }
  void wait();
  void work();
  /// What needs the store to be readable.
  void prepare();
  void open();
  void failed(const std::string& why);
  void tell_of(const std::string& problem);
  void take_answers(int wait_ms);
  /// taken: else it is given up.
  void settle(std::uint64_t number, bool taken);
  std::atomic<std::uint64_t>& delivered_of(const FleetOutbox& outbox);
  void send_waiting();
  /// False: nothing more may be sent now.
  bool send_next(FleetOutbox& outbox);
  void send_state(SteadyTime now);
  Heartbeat heartbeat_now(SteadyTime now, const char* without) const;
  void refill(SteadyTime now);
  void remember(SteadyTime now, bool at_once);
  void count_waiting();
  void say_goodbye();
  FleetOutbox::Page alerts_behind(std::uint64_t after) const;
  FleetOutbox::Page passes_behind(std::uint64_t after) const;
  FleetOutbox::Page rides_behind(std::uint64_t after) const;
  bool is_over(const Ride& ride) const;
  FleetOutbox::Start start_of_rides() const;

  const NatsConfig config_;
  const std::vector<std::string> cameras_;
  const std::filesystem::path folder_;
  const EventArchive& archive_;
  const FleetPrivacy privacy_;
  const std::uint64_t newest_at_start_;
  Gateway gateway_;
  DeliveryCounts counts_;
  std::atomic<std::uint64_t> passes_ = 0;
  std::atomic<std::uint64_t> rides_ = 0;
  std::stop_source stop_;
  Backoff backoff_;

  std::optional<FleetLink> link_;
  std::deque<FleetOutbox> outboxes_;  ///< alerts, passes, rides; empty until the store can be read
  std::deque<UnderWay> under_way_;    ///< in the order in which they were sent
  std::uint64_t number_ = 0;
  double allowance_ = 0;  ///< messages that may be sent at once
  SteadyTime refilled_;
  SteadyTime remembered_;

  HeartbeatPtr heartbeat_;  ///< newest
  SteadyTime heard_;
  std::string state_told_;  ///< what of the state counts as a change, as it was last sent
  SteadyTime state_sent_;
  std::string problem_;
};

NatsChannel::NatsChannel(const NatsConfig& config, std::vector<std::string> cameras,
                         const std::filesystem::path& folder, const EventArchive& archive)
    : Channel("nats", false),
      config_(config),
      cameras_(std::move(cameras)),
      folder_(folder),
      archive_(archive),
      privacy_(config.privacy),
      newest_at_start_(archive.newest_id()),
      backoff_(config.backoff_min_ms, config.backoff_max_ms),
      heard_(SteadyClock::now()) {
  gateway_.name = gateway_name(config.gateway);
}

void NatsChannel::run() {
  while (true) {
    try {
      wait();
    } catch (const std::exception& error) {
      failed(error.what());
    }
    Inbox::News news = inbox().take();
    if (news.stop) break;
    if (news.heartbeat) {
      heartbeat_ = std::move(news.heartbeat);
      heard_ = SteadyClock::now();
    }
    if (backoff_.wait_ms(SteadyClock::now()) > 0) continue;
    try {
      work();
    } catch (const std::exception& error) {
      failed(error.what());
    }
  }
  say_goodbye();
}

void NatsChannel::wait() {
  const SteadyTime now = SteadyClock::now();
  if (!under_way_.empty()) {
    take_answers(kAnswers_ms);
    return;
  }
  int timeout_ms = kNatsIdle_ms;
  if (const int backoff_ms = backoff_.wait_ms(now); backoff_ms > 0)
    timeout_ms = std::min(timeout_ms, backoff_ms);
  else if (allowance_ < 1)
    timeout_ms = kAnswers_ms;
  pollfd news{inbox().fd(), POLLIN, 0};
  poll(&news, 1, timeout_ms);
}

void NatsChannel::work() {
  if (outboxes_.empty()) prepare();
  if (!link_) open();
  const SteadyTime now = SteadyClock::now();
  link_->check();
  send_state(now);
  refill(now);
  send_waiting();
  if (!under_way_.empty() && seconds_between(under_way_.front().sent, now) > kAnswer_s) {
    const std::string complaint = link_->complaint();
    throw std::runtime_error(complaint.empty() ? "the stream doesn't answer" : complaint);
  }
  count_waiting();
  remember(now, false);
}

void NatsChannel::prepare() {
  gateway_.epoch = archive_.epoch();
  gateway_.uuid = gateway_uuid(folder_);
  FleetOutbox::Start alerts{.begin = newest_at_start_, .newest = archive_.newest_id()};
  FleetOutbox::Start rides = start_of_rides();
  if (config_.backlog) alerts.begin = rides.begin = 0;
  const auto add = [this](const char* name, const FleetOutbox::Start& start, double pause_s,
                          FleetOutbox::Page (NatsChannel::*read)(std::uint64_t) const) {
    outboxes_.emplace_back(folder_, name, start, pause_s,
                           [this, read](std::uint64_t after) { return (this->*read)(after); });
  };
  add("nats", alerts, 0, &NatsChannel::alerts_behind);
  add("nats-passes", alerts, kPassPause_s, &NatsChannel::passes_behind);
  add("nats-rides", rides, kRidePause_s, &NatsChannel::rides_behind);
  remember(SteadyClock::now(), true);
}

void NatsChannel::open() {
  link_.emplace(config_.access(),
                FleetStreamLimits{.max_age_d = config_.stream_max_age_d,
                                  .duplicate_window_s = config_.stream_duplicates_s,
                                  .replicas = config_.stream_replicas},
                stop_.get_token());
  gateway_.epoch = archive_.epoch();
  state_told_.clear();
  state_sent_ = {};
  backoff_.succeeded();
  count_waiting();
  counts_.connected = true;
  tell_of("");
}

void NatsChannel::failed(const std::string& why) {
  link_.reset();
  under_way_.clear();
  for (FleetOutbox& outbox : outboxes_) outbox.again();
  counts_.connected = false;
  ++counts_.retries;
  count_waiting();
  backoff_.failed(SteadyClock::now());
  tell_of(why);
}

void NatsChannel::tell_of(const std::string& problem) {
  if (problem.empty())
    log::info("publish", "connected",
              {{"channel", name()},
               {"server", config_.access().printable()},
               {"gateway", gateway_.name}});
  else if (problem != problem_)
    log::warning("publish", "not connected; trying again", {{"channel", name()}, {"why", problem}});
  problem_ = problem;
}

void NatsChannel::take_answers(int wait_ms) {
  for (const FleetLink::Answer& answer : link_->answers(wait_ms)) {
    if (!answer.problem.empty() && !answer.for_good) throw std::runtime_error(answer.problem);
    if (answer.for_good) {
      ++counts_.refused;
      log::warning("publish", "a message was refused and is given up",
                   {{"channel", name()}, {"why", answer.problem}});
    }
    settle(answer.number, !answer.for_good);
  }
}

void NatsChannel::settle(std::uint64_t number, bool taken) {
  const auto found = std::find_if(under_way_.begin(), under_way_.end(),
                                  [number](const UnderWay& one) { return one.number == number; });
  if (found == under_way_.end()) return;
  found->done = true;
  found->taken = taken;
  while (!under_way_.empty() && under_way_.front().done) {
    const UnderWay& first = under_way_.front();
    first.outbox->done(first.id);
    if (first.taken) ++delivered_of(*first.outbox);
    under_way_.pop_front();
  }
}

std::atomic<std::uint64_t>& NatsChannel::delivered_of(const FleetOutbox& outbox) {
  if (&outbox == &outboxes_[0]) return counts_.alerts;
  return &outbox == &outboxes_[1] ? passes_ : rides_;
}

void NatsChannel::refill(SteadyTime now) {
  // What stood still for long is no reason for a burst.
  const double most = std::max(1.0, config_.catch_up_per_s / 10.0);
  allowance_ =
      std::min(most, allowance_ + seconds_between(refilled_, now) * config_.catch_up_per_s);
  refilled_ = now;
}

void NatsChannel::send_waiting() {
  for (FleetOutbox& outbox : outboxes_) {
    while (send_next(outbox)) continue;
  }
}

bool NatsChannel::send_next(FleetOutbox& outbox) {
  if (under_way_.size() >= kMostUnderWay || allowance_ < 1) return false;
  const FleetOutbox::Entry* entry = outbox.next();
  if (!entry) return false;
  const double age_s = std::chrono::duration<double>(WallClock::now() - entry->time).count();
  const bool too_old = age_s > config_.max_age_s;
  const std::uint64_t number = ++number_;
  const bool sent = !too_old && link_->send(entry->message, number);
  under_way_.push_back(
      {.number = number, .outbox = &outbox, .id = entry->id, .sent = SteadyClock::now()});
  outbox.sent();
  --allowance_;
  if (sent) return true;
  ++(too_old ? counts_.too_old : counts_.refused);
  log::warning("publish", "a message was given up",
               {{"channel", name()}, {"why", too_old ? "it is too old" : "it is too large"}});
  settle(number, false);
  return true;
}

Heartbeat NatsChannel::heartbeat_now(SteadyTime now, const char* without) const {
  if (heartbeat_ && !without && seconds_between(heard_, now) <= kFleetSilence_s) return *heartbeat_;
  Heartbeat nothing;
  nothing.time = WallClock::now();
  nothing.newest_alert_id = archive_.newest_id();
  for (const std::string& camera : cameras_)
    nothing.cameras.push_back({.camera = camera,
                               .state = CameraState::failed,
                               .analysis = AnalysisState::failed,
                               .road = Road::no_signal,
                               .text = without ? without : "the service hangs"});
  return nothing;
}

void NatsChannel::send_state(SteadyTime now) {
  if (!heartbeat_ && seconds_between(heard_, now) <= kFleetSilence_s) return;
  const Heartbeat heartbeat = heartbeat_now(now, nullptr);
  std::string told = fmt::format("{}", heartbeat.newest_alert_id);
  for (const RoadReport& one : heartbeat.cameras)
    told += fmt::format(" {} {} {} {}", rearview::name(one.state), rearview::name(one.analysis),
                        rearview::name(one.road), one.text);
  const double since_s = seconds_between(state_sent_, now);
  if (since_s < kStateGap_s || (told == state_told_ && since_s < config_.state_s)) return;
  link_->send(
      fleet_message(gateway_, heartbeat, {.status = "online", .alerts_behind = counts_.waiting}),
      0);
  state_told_ = std::move(told);
  state_sent_ = now;
}

void NatsChannel::count_waiting() {
  const std::uint64_t newest = archive_.newest_id();
  const std::uint64_t done = outboxes_.empty() ? newest_at_start_ : outboxes_[0].position();
  counts_.waiting = newest > done ? newest - done : 0;
}

void NatsChannel::remember(SteadyTime now, bool at_once) {
  if (!at_once && seconds_between(remembered_, now) < kRemember_s) return;
  remembered_ = now;
  for (FleetOutbox& outbox : outboxes_) outbox.remember(gateway_.epoch);
}

void NatsChannel::say_goodbye() {
  try {
    if (link_) {
      const SteadyTime begun = SteadyClock::now();
      link_->send(fleet_message(gateway_, heartbeat_now(begun, "the service has ended"),
                                {.status = "offline", .alerts_behind = counts_.waiting}),
                  0);
      link_->flush(kNatsGoodbye_ms);
      while (!under_way_.empty() &&
             seconds_between(begun, SteadyClock::now()) * 1000 < kNatsGoodbye_ms)
        take_answers(kAnswers_ms);
    }
  } catch (const std::exception& error) {
    failed(error.what());
  }
  remember(SteadyClock::now(), true);
  link_.reset();
}

FleetOutbox::Page NatsChannel::alerts_behind(std::uint64_t after) const {
  // Asked for first: an alert that comes in between has a greater id and isn't passed over.
  const std::uint64_t newest = archive_.newest_id();
  FleetOutbox::Page page{{}, newest};
  if (newest <= after) return page;
  for (const KeptAlert& alert : archive_.alerts({.after = after, .limit = kFleetPage}))
    page.entries.push_back({alert.id, alert.time, fleet_message(gateway_, privacy_, alert)});
  return page;
}

FleetOutbox::Page NatsChannel::passes_behind(std::uint64_t after) const {
  FleetOutbox::Page page;
  for (const Pass& pass : archive_.passes({.after = after, .limit = kFleetPage}))
    page.entries.push_back({pass.id, pass.time, fleet_message(gateway_, privacy_, pass)});
  return page;
}

bool NatsChannel::is_over(const Ride& ride) const {
  // One that another program had begun may go on within the gap.
  return ride.end &&
         std::chrono::duration<double>(WallClock::now() - *ride.end).count() > config_.ride_gap_s;
}

FleetOutbox::Page NatsChannel::rides_behind(std::uint64_t after) const {
  FleetOutbox::Page page;
  for (const Ride& ride : archive_.rides({.after = after, .limit = kFleetPage})) {
    if (!is_over(ride)) break;
    const auto track =
        privacy_.tracks() ? privacy_.shown(archive_.track(ride.id)) : std::vector<TrackPoint>();
    page.entries.push_back({ride.id, *ride.end, fleet_message(gateway_, ride, track)});
  }
  return page;
}

FleetOutbox::Start NatsChannel::start_of_rides() const {
  FleetOutbox::Start start;
  bool all_over = true;
  while (true) {
    const auto rides = archive_.rides({.after = start.newest});
    if (rides.empty()) return start;
    for (const Ride& ride : rides) {
      all_over = all_over && is_over(ride);
      start.newest = ride.id;
      if (all_over) start.begin = ride.id;
    }
  }
}

std::vector<Metric> NatsChannel::metrics() const {
  std::vector<Metric> all = counts_.metrics(*this);
  const auto number = [](const auto& value) { return static_cast<double>(value.load()); };
  all.push_back(counter("rearview_publish_passes_total", "Passes delivered.", number(passes_)));
  all.push_back(counter("rearview_publish_rides_total", "Rides delivered.", number(rides_)));
  return all;
}

}  // namespace

std::unique_ptr<Channel> make_nats_channel(const NatsConfig& config,
                                           std::vector<std::string> cameras,
                                           const std::filesystem::path& folder,
                                           const EventArchive& archive) {
  return std::make_unique<NatsChannel>(config, std::move(cameras), folder, archive);
}

}  // namespace rearview
