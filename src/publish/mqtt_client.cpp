#include "publish/mqtt_client.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "publish/mqtt_link.h"
#include "publish/mqtt_pipe.h"

namespace rearview {
namespace {

using Kind = MqttFrame::Kind;

/// A picture is far less.
constexpr std::size_t kLongestCommand = std::size_t{8} << 20;
/// What it may take besides what the program begins with: pictures on their way. A broker may
/// announce a packet of 256 MiB, for which the library asks at once.
constexpr rlim_t kMemory = rlim_t{64} << 20;
constexpr int kLongestPoll_ms = 1000;
constexpr double kAliveEvery_s = 1;
/// Until the service has said what it wants.
constexpr double kStart_s = 60;
constexpr double kFarewell_s = 0.5;

/// Bytes of this process that a limit of its data counts.
rlim_t data_bytes() {
  std::ifstream in("/proc/self/statm");
  rlim_t pages = 0;
  for (int i = 0; i < 6; ++i) in >> pages;  // proc(5): the sixth is data and stack
  return pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE));
}

void limit(__rlimit_resource what, rlim_t most) {
  const rlimit limits{most, most};
  setrlimit(what, &limits);
}

class MqttClient {
 public:
  explicit MqttClient(int fd) : pipe_(fd, kLongestCommand) {}

  int run() {
    while (!leaving_) {
      pollfd fds[2]{{pipe_.fd(), pipe_.events(), 0}, {-1, 0, 0}};
      const bool open = link_ && link_->state() != MqttLink::State::closed;
      if (open) fds[1] = {link_->fd(), link_->events(), 0};
      poll(fds, 2, kLongestPoll_ms);
      if (open) link_->work(fds[1].revents);
      pipe_.work(fds[0].revents);
      while (const auto frame = pipe_.next()) obey(*frame);
      // Without a word: the broker then publishes the will.
      if (pipe_.broken() || pipe_.silent_s(SteadyClock::now()) > patience_s_) return kExitFailed;
      report();
    }
    return kExitDone;
  }

 private:
  void obey(const MqttFrame& frame) {
    switch (frame.kind) {
      case Kind::begin:
        begin(frame.message.payload);
        return;
      case Kind::connect:
        connect();
        return;
      case Kind::publish:
        publish(frame);
        return;
      case Kind::disconnect:
        say_goodbye();
        return;
      default:
        return;
    }
  }

  void begin(const std::string& settings) {
    try {
      const auto json = nlohmann::json::parse(settings);
      MqttConfig config;
      ConfigReader reader(json.at("mqtt"), "MQTT");
      read_settings(reader, config);
      // As long as the broker would wait (MQTT 5, 3.1.2.10).
      patience_s_ = 1.5 * config.keepalive_s;
      const auto& will = json.at("will");
      link_.emplace(config,
                    MqttMessage{.topic = will.at("topic").get<std::string>(),
                                .payload = will.at("payload").get<std::string>(),
                                .qos = will.at("qos").get<int>(),
                                .retain = will.at("retain").get<bool>()},
                    [this](int mid, bool taken) { answered(mid, taken); });
      pipe_.send({.kind = Kind::ready});
    } catch (const std::exception& error) {
      pipe_.send({.kind = Kind::unusable, .message = {.payload = error.what()}});
    }
  }

  void connect() {
    if (!link_) return;
    told_ = MqttLink::State::connecting;
    try {
      link_->connect();
    } catch (const std::exception& error) {  // the password can't be read
      tell_closed(error.what());
    }
  }

  void publish(const MqttFrame& frame) {
    const int mid = link_ ? link_->publish(frame.message) : 0;
    if (mid == 0)
      pipe_.send({.kind = Kind::unsent, .number = frame.number});
    else if (frame.message.qos == 0)
      unwritten_.push_back(frame.number);
    else
      numbers_[mid] = frame.number;
  }

  void answered(int mid, bool taken) {
    const auto found = numbers_.find(mid);
    if (found == numbers_.end()) return;
    pipe_.send({.kind = Kind::answered, .flag = taken, .number = found->second});
    numbers_.erase(found);
  }

  void say_goodbye() {
    leaving_ = true;
    if (!link_ || link_->state() != MqttLink::State::connected) return;
    link_->disconnect();
    const SteadyTime begun = SteadyClock::now();
    do {
      pollfd fd{link_->fd(), POLLOUT, 0};
      poll(&fd, 1, 10);
      link_->work(POLLOUT);
    } while (link_->state() != MqttLink::State::closed && !link_->idle() &&
             seconds_between(begun, SteadyClock::now()) < kFarewell_s);
  }

  void tell_closed(const std::string& why) {
    told_ = MqttLink::State::closed;
    unwritten_.clear();
    pipe_.send({.kind = Kind::closed, .message = {.payload = why}});
  }

  void report() {
    if (link_ && link_->state() != told_) {
      told_ = link_->state();
      if (told_ == MqttLink::State::connected)
        pipe_.send({.kind = Kind::connected, .flag = link_->resumed()});
      else if (told_ == MqttLink::State::closed)
        tell_closed(link_->problem());
    }
    if (!unwritten_.empty() && link_->idle()) {
      for (const int number : unwritten_)
        pipe_.send({.kind = Kind::answered, .flag = true, .number = number});
      unwritten_.clear();
    }
    const SteadyTime now = SteadyClock::now();
    if (seconds_between(alive_, now) < kAliveEvery_s) return;
    alive_ = now;
    pipe_.send({.kind = Kind::alive});
  }

  MqttPipe pipe_;
  std::optional<MqttLink> link_;
  MqttLink::State told_ = MqttLink::State::closed;
  double patience_s_ = kStart_s;
  std::map<int, int> numbers_;  ///< the service's by the library's
  std::vector<int> unwritten_;  ///< of quality 0
  SteadyTime alive_;
  bool leaving_ = false;
};

}  // namespace

std::string mqtt_client_settings(const MqttConfig& config, const MqttMessage& will) {
  const nlohmann::json json{
      {"mqtt", effective_of(config)},  // nothing in it is secret, else "***" would stand there
      {"will",
       {{"topic", will.topic},
        {"payload", will.payload},
        {"qos", will.qos},
        {"retain", will.retain}}},
  };
  return json.dump();
}

int run_mqtt_client() {
  struct stat found;
  if (fstat(kMqttClientFd, &found) != 0 || !S_ISSOCK(found.st_mode))
    throw UsageError("mqtt-client is not for use by hand: rearview serve starts it");
  std::signal(SIGPIPE, SIG_IGN);
  limit(RLIMIT_CORE, 0);  // of what a broker can bring about at will
  limit(RLIMIT_DATA, data_bytes() + kMemory);
  return MqttClient(kMqttClientFd).run();
}

}  // namespace rearview
