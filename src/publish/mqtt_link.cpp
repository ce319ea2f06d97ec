#include "publish/mqtt_link.h"

#include <fmt/core.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <poll.h>

#include <cerrno>
#include <fstream>
#include <mutex>
#include <new>
#include <system_error>
#include <utility>

#include "base/error.h"

namespace rearview {
namespace {

/// To the broker's answer.
constexpr double kConnect_s = 10;
/// Of the flags of a CONNACK: MQTT 3.1.1, 3.2.2.2; MQTT 5, 3.2.2.1.1.
constexpr int kSessionPresent = 1;
constexpr const char* kSystemAuthorities = "/etc/ssl/certs";

void initialise_mosquitto() {
  static std::once_flag once;
  std::call_once(once, [] { mosquitto_lib_init(); });
}

std::string text_of(int code) {
  return code == MOSQ_ERR_ERRNO ? std::generic_category().message(errno) : mosquitto_strerror(code);
}

const char* given(const std::filesystem::path& file) {
  return file.empty() ? nullptr : file.c_str();
}

class Properties {
 public:
  explicit Properties(int expires_s) {
    if (expires_s > 0)
      mosquitto_property_add_int32(&list_, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL,
                                   static_cast<std::uint32_t>(expires_s));
  }
  ~Properties() { mosquitto_property_free_all(&list_); }
  Properties(const Properties&) = delete;
  Properties& operator=(const Properties&) = delete;
  const mosquitto_property* get() const { return list_; }

 private:
  mosquitto_property* list_ = nullptr;
};

/// Says how long the broker is to keep the session of a client that is away. The library has no
/// call for that alone, and its connect call that takes properties waits for the network: without a
/// host it keeps them for the next connection and does no more.
void keep_session(mosquitto* client, int seconds) {
  mosquitto_property* list = nullptr;
  mosquitto_property_add_int32(&list, MQTT_PROP_SESSION_EXPIRY_INTERVAL,
                               static_cast<std::uint32_t>(seconds));
  mosquitto_connect_bind_v5(client, nullptr, 0, 0, nullptr, list);
  mosquitto_property_free_all(&list);
}

}  // namespace

struct MqttLink::Callbacks {
  static MqttLink& link(void* self) { return *static_cast<MqttLink*>(self); }

  static void connected(mosquitto*, void* self, int code, int flags, const mosquitto_property*) {
    MqttLink& that = link(self);
    that.resumed_ = (flags & kSessionPresent) != 0;
    if (code == 0 && !that.session_)
      that.cleared_ = true;
    else if (code == 0)
      that.state_ = State::connected;
    else
      that.close(fmt::format("the broker refuses: {}", that.version_5_
                                                           ? mosquitto_reason_string(code)
                                                           : mosquitto_connack_string(code)));
  }
  static void disconnected(mosquitto*, void* self, int code, const mosquitto_property*) {
    MqttLink& that = link(self);
    if (that.cleared_ && !that.session_) return;  // we left to come back with a session
    that.close(that.last_error_.empty() ? text_of(code) : that.last_error_);
  }
  static void published(mosquitto*, void* self, int number, int reason, const mosquitto_property*) {
    link(self).answered_(number, reason < 0x80);
  }
  static void logged(mosquitto*, void* self, int level, const char* text) {
    if (level == MOSQ_LOG_ERR) link(self).last_error_ = text;
  }
};

MqttLink::MqttLink(const MqttConfig& config, const MqttMessage& will,
                   std::function<void(int, bool)> answered)
    : config_(config),
      version_5_(config.version == MqttVersion::v5),
      will_(will),
      answered_(std::move(answered)),
      client_(nullptr, &mosquitto_destroy) {
  initialise_mosquitto();
  make_client(true);
}

void MqttLink::make_client(bool clean) {
  client_.reset(mosquitto_new(config_.client_id.c_str(), clean, this));
  if (!client_) throw std::bad_alloc();
  mosquitto* client = client_.get();
  mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION,
                       version_5_ ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
  mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
  mosquitto_connect_v5_callback_set(client, &Callbacks::connected);
  mosquitto_disconnect_v5_callback_set(client, &Callbacks::disconnected);
  mosquitto_publish_v5_callback_set(client, &Callbacks::published);
  mosquitto_log_callback_set(client, &Callbacks::logged);
  if (!clean) {
    mosquitto_will_set(client, will_.topic.c_str(), static_cast<int>(will_.payload.size()),
                       will_.payload.data(), will_.qos, will_.retain);
    if (version_5_) keep_session(client, config_.max_age_s);
  }
  log_in();
  if (!config_.tls) return;
  const int code = mosquitto_tls_set(client, given(config_.ca_file),
                                     config_.ca_file.empty() ? kSystemAuthorities : nullptr,
                                     given(config_.cert_file), given(config_.key_file), nullptr);
  if (code != MOSQ_ERR_SUCCESS)
    throw UsageError(fmt::format("MQTT: the certificates can't be used: {}", text_of(code)));
}

MqttLink::~MqttLink() = default;

void MqttLink::log_in() {
  if (!config_.username.empty())
    mosquitto_username_pw_set(client_.get(), config_.username.c_str(),
                              config_.password_file.empty() ? nullptr : config_.password().c_str());
}

void MqttLink::connect() {
  state_ = State::connecting;
  last_error_.clear();
  log_in();  // the password may have been changed
  begin();
}

void MqttLink::begin() {
  begun_ = SteadyClock::now();
  const int code = mosquitto_connect_async(client_.get(), config_.broker.host.c_str(),
                                           config_.broker.port, config_.keepalive_s);
  if (code != MOSQ_ERR_SUCCESS) close(last_error_.empty() ? text_of(code) : last_error_);
}

void MqttLink::close(std::string problem) {
  if (state_ == State::closed) return;
  state_ = State::closed;
  problem_ = std::move(problem);
}

int MqttLink::fd() const {
  return state_ == State::closed ? -1 : mosquitto_socket(client_.get());
}

short MqttLink::events() const {
  return static_cast<short>(POLLIN | (mosquitto_want_write(client_.get()) ? POLLOUT : 0));
}

bool MqttLink::idle() const {
  return !mosquitto_want_write(client_.get());
}

void MqttLink::work(short happened) {
  mosquitto* client = client_.get();
  const auto went_well = [this](int code) {
    if (code != MOSQ_ERR_SUCCESS) close(last_error_.empty() ? text_of(code) : last_error_);
    return state_ != State::closed;
  };
  if ((happened & (POLLIN | POLLHUP | POLLERR)) != 0 && !went_well(mosquitto_loop_read(client, 1)))
    return;
  if (((happened & POLLOUT) != 0 || mosquitto_want_write(client)) &&
      !went_well(mosquitto_loop_write(client, 1)))
    return;
  if (!went_well(mosquitto_loop_misc(client))) return;
  if (cleared_ && !session_) {
    mosquitto_disconnect(client);
    make_client(false);
    session_ = true;
    begin();
    return;
  }
  if (state_ == State::connecting && seconds_between(begun_, SteadyClock::now()) > kConnect_s)
    close("the broker doesn't answer");
}

int MqttLink::publish(const MqttMessage& message) {
  if (state_ == State::closed) return 0;
  const Properties properties(version_5_ ? message.expires_s : 0);
  int number = 0;
  const int code = mosquitto_publish_v5(
      client_.get(), &number, message.topic.c_str(), static_cast<int>(message.payload.size()),
      message.payload.data(), message.qos, message.retain, properties.get());
  if (code == MOSQ_ERR_SUCCESS) return number;
  close(fmt::format("{}: {}", message.topic, text_of(code)));
  return 0;
}

void MqttLink::disconnect() {
  if (state_ == State::connected) mosquitto_disconnect(client_.get());
}

}  // namespace rearview
