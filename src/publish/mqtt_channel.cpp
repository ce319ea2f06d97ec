#include "publish/mqtt_channel.h"

#include <fmt/core.h>
#include <poll.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "publish/home_assistant.h"
#include "publish/mqtt_topics.h"
#include "types/json.h"

namespace rearview {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kIdle_ms = 1000;
/// A heartbeat comes every second; without one for so long nobody knows anything of the road.
constexpr double kSilence_s = 3;
/// A broker of MQTT 5 forgets a state that isn't renewed.
constexpr int kStateExpires_s = 5;
constexpr double kGoodbye_s = 1;
/// A picture with each alert, but no more than these.
constexpr double kPictureGap_s = 1;

Json with_status(const Heartbeat& heartbeat, const char* status) {
  Json json = to_json(heartbeat);
  json["status"] = status;
  return json;
}

}  // namespace

MqttChannel::MqttChannel(const MqttConfig& config, std::vector<std::string> cameras,
                         std::vector<std::string> former, const std::filesystem::path& folder,
                         const AlertHistory& history)
    : Channel("mqtt", false),
      config_(config),
      cameras_(std::move(cameras)),
      former_(std::move(former)),
      // A file that can't be used stops the start, not the first connection.
      delivery_(*this, folder, history, config.max_age_s),
      backoff_(config.backoff_min_ms, config.backoff_max_ms),
      link_(config_, gone("the service is gone"),
            [this](int number, MqttProcess::Answer answer) { answered(number, answer); }),
      heard_(SteadyClock::now()),
      picture_sent_(cameras_.size()),
      wants_picture_(cameras_.size()) {}

void MqttChannel::run() {
  while (true) {
    if (link_.state() == MqttProcess::State::closed && backoff_.wait_ms(SteadyClock::now()) == 0)
      open();
    wait();
    Inbox::News news = inbox().take();
    if (news.stop) break;
    if (news.heartbeat) take(std::move(news.heartbeat));
    if (link_.state() == MqttProcess::State::connected) {
      if (!greeted_) connected();
      watch_silence();
      send_state();
      if (!in_flight_) send_next_alert();
      send_pictures(news);
    }
    if (link_.state() == MqttProcess::State::closed && up_) lost();
    delivery_.count_waiting();
  }
  say_goodbye();
}

void MqttChannel::take(HeartbeatPtr heartbeat) {
  heartbeat_ = std::move(heartbeat);
  heard_ = SteadyClock::now();
  if (state_due_ && delivery_.connected()) ++skipped_;
  state_due_ = true;
}

void MqttChannel::open() {
  greeted_ = false;
  up_ = true;
  link_.connect();
}

void MqttChannel::wait() {
  pollfd fds[2]{{inbox().fd(), POLLIN, 0}, {-1, 0, 0}};
  int timeout_ms = kIdle_ms;
  if (link_.state() == MqttProcess::State::closed)
    timeout_ms = up_ ? 0 : std::min(kIdle_ms, backoff_.wait_ms(SteadyClock::now()));
  fds[1] = {link_.fd(), link_.events(), 0};
  poll(fds, 2, timeout_ms);
  link_.work(fds[1].revents);
}

void MqttChannel::connected() {
  greeted_ = true;
  delivery_.set_connected(true);
  backoff_.succeeded();
  tell_of("");
  for (MqttMessage& message : home_assistant_discovery(config_, former_)) {
    message.payload.clear();  // takes back what is retained (MQTT 5, 3.3.1.3)
    link_.publish(message);
  }
  for (const MqttMessage& message : home_assistant_discovery(config_, cameras_))
    link_.publish(message);
  state_due_ = heartbeat_ != nullptr;
}

void MqttChannel::lost() {
  up_ = false;
  delivery_.set_connected(false);
  for (auto& wanted : wants_picture_) wanted = false;
  delivery_.failed();
  backoff_.failed(SteadyClock::now());
  tell_of(link_.problem());
}

void MqttChannel::tell_of(const std::string& problem) {
  if (problem.empty())
    log::info("publish", "connected",
              {{"channel", name()},
               {"broker", config_.broker.text()},
               {"tls", config_.tls},
               {"session", link_.resumed() ? "resumed" : "new"}});
  else if (problem != problem_)
    log::warning("publish", "not connected; trying again",
                 {{"channel", name()}, {"broker", config_.broker.text()}, {"why", problem}});
  problem_ = problem;
}

void MqttChannel::watch_silence() {
  const bool silent = seconds_between(heard_, SteadyClock::now()) > kSilence_s;
  if (std::exchange(silent_, silent) != silent && silent) link_.publish(gone("the service hangs"));
}

void MqttChannel::send_state() {
  if (!std::exchange(state_due_, false)) return;
  if (state_in_flight_) {
    state_due_ = true;
    return;
  }
  if (const int number = link_.publish(state(*heartbeat_)); number > 0) state_in_flight_ = number;
}

void MqttChannel::send_next_alert() {
  if (backoff_.wait_ms(SteadyClock::now()) > 0) return;
  try {
    const KeptAlert* alert = delivery_.next();
    if (!alert) return;
    if (const int number =
            link_.publish({.topic = alert_topic(config_), .payload = message_of(*alert), .qos = 2});
        number > 0)
      in_flight_ = number;
    want_picture(alert->camera);
  } catch (const std::exception& error) {
    backoff_.failed(SteadyClock::now());
    log::error("publish", "the alert history can't be read", {{"error", error.what()}});
  }
}

void MqttChannel::answered(int number, MqttProcess::Answer answer) {
  const bool lost = answer == MqttProcess::Answer::lost;
  if (number == state_in_flight_) {
    state_in_flight_.reset();
    if (lost)
      state_due_ = heartbeat_ != nullptr;
    else if (!leaving_)
      send_state();
  }
  if (number != in_flight_) return;
  in_flight_.reset();
  if (lost) return;  // the alert is still the next one
  if (answer == MqttProcess::Answer::refused) {
    delivery_.failed();
    backoff_.failed(SteadyClock::now());
    tell_of("the broker refuses an alert; may this user publish " + alert_topic(config_) + "?");
    return;
  }
  backoff_.succeeded();
  delivery_.taken();
  if (!leaving_) send_next_alert();
}

std::size_t MqttChannel::index_of(const std::string& camera) const {
  return static_cast<std::size_t>(std::find(cameras_.begin(), cameras_.end(), camera) -
                                  cameras_.begin());
}

bool MqttChannel::wants_picture(const std::string& camera) const {
  const std::size_t index = index_of(camera);
  return index < cameras_.size() && wants_picture_[index];
}

void MqttChannel::want_picture(const std::string& camera) {
  if (config_.picture_s == 0) return;
  const std::size_t index = index_of(camera);
  if (index == cameras_.size()) return;
  if (seconds_between(picture_sent_[index], SteadyClock::now()) >= kPictureGap_s)
    wants_picture_[index] = true;
}

void MqttChannel::send_pictures(const Inbox::News& news) {
  const SteadyTime now = SteadyClock::now();
  for (const auto& [camera, jpeg] : news.pictures) {
    const std::size_t index = index_of(camera);
    if (index == cameras_.size()) continue;
    wants_picture_[index] = false;
    picture_sent_[index] = now;
    if (link_.idle())
      link_.publish({.topic = picture_topic(config_, camera), .payload = *jpeg});
    else
      ++skipped_;
  }
  if (config_.picture_s == 0) return;
  for (std::size_t camera = 0; camera < cameras_.size(); ++camera) {
    if (seconds_between(picture_sent_[camera], now) >= config_.picture_s)
      wants_picture_[camera] = true;
  }
}

MqttMessage MqttChannel::state(const Heartbeat& heartbeat) const {
  return {.topic = state_topic(config_),
          .payload = dump(with_status(heartbeat, "online")),
          .qos = 1,
          .retain = true,
          .expires_s = kStateExpires_s};
}

MqttMessage MqttChannel::gone(const std::string& text) const {
  Heartbeat nothing;
  for (const std::string& camera : cameras_)
    nothing.cameras.push_back({.camera = camera,
                               .state = CameraState::failed,
                               .analysis = AnalysisState::failed,
                               .road = Road::no_signal,
                               .text = text});
  Json json = with_status(nothing, "offline");
  json["time"] = nullptr;  // the broker says it, and doesn't know when
  return {.topic = state_topic(config_), .payload = dump(json), .qos = 1, .retain = true};
}

void MqttChannel::say_goodbye() {
  if (link_.state() != MqttProcess::State::connected) return;
  leaving_ = true;
  state_in_flight_ = link_.publish(gone("the service has ended"));
  // An alert under way is waited for as well, so that it need not come again.
  const SteadyTime begun = SteadyClock::now();
  while ((state_in_flight_ || in_flight_) && link_.state() == MqttProcess::State::connected &&
         seconds_between(begun, SteadyClock::now()) < kGoodbye_s) {
    pollfd fd{link_.fd(), link_.events(), 0};
    poll(&fd, 1, kIdle_ms / 10);
    link_.work(fd.revents);
  }
  link_.disconnect();
}

std::vector<Metric> MqttChannel::metrics() const {
  std::vector<Metric> all = delivery_.metrics();
  all.push_back(counter("rearview_publish_skipped_total",
                        "Heartbeats, analyses and pictures not sent because a newer one came "
                        "first.",
                        static_cast<double>(skipped_.load())));
  all.push_back(counter("rearview_publish_process_ends_total",
                        "Times the process that speaks with the broker had to be begun anew.",
                        static_cast<double>(link_.deaths())));
  return all;
}

}  // namespace rearview
