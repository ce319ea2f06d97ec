#include "collect/fleet_consumer.h"

#include <fmt/core.h>

#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "nats/fleet_stream.h"
#include "nats/nats_link.h"

namespace rearview {
namespace {

constexpr int kMostMessages = 500;
constexpr std::int64_t kMostBytes = 8 << 20;
constexpr std::int64_t kNanoseconds = 1'000'000'000;
constexpr std::int64_t kWait_ns = kNanoseconds / 4;
constexpr std::int64_t kAckWait_ns = 60 * kNanoseconds;
/// Where nothing comes, whether there is still something to ask: libnats tells of a consumer that
/// was deleted as of one that has nothing.
constexpr double kLookEvery_s = 5;
/// Of all collectors together: 20 of them have a batch each.
constexpr std::int64_t kMostAtWork = 20 * kMostMessages;

struct Batch {
  natsMsgList list{};
  Batch() = default;
  ~Batch() { natsMsgList_Destroy(&list); }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
};

}  // namespace

struct FleetConsumer::State {
  State(const NatsAccess& access, std::string consumer)
      : name(std::move(consumer)),
        link(access, "rearview collect", NatsLink::WhenLost::reconnect) {}

  void have_consumer() {
    looked = SteadyClock::now();
    have_fleet_stream(link, {});
    jsConsumerConfig config;
    jsConsumerConfig_Init(&config);
    config.Durable = name.c_str();
    config.FilterSubject = kFleetSubjects;
    config.AckPolicy = js_AckExplicit;
    config.AckWait = kAckWait_ns;
    config.MaxDeliver = -1;
    config.MaxAckPending = kMostAtWork;
    NatsOwned<jsConsumerInfo, &jsConsumerInfo_Destroy> info;
    natsStatus status =
        get(info, js_GetConsumerInfo, link.js(), kFleetStream, name.c_str(), nullptr, nullptr);
    if (status == NATS_NOT_FOUND)
      status = get(info, js_AddConsumer, link.js(), kFleetStream, &config, nullptr, nullptr);
    if (status != NATS_OK)
      throw UsageError(
          fmt::format("{}: the consumer {}: {}", link.shown(), name, reason_of(status)));
    if (info->Config->AckPolicy != js_AckExplicit || !info->Config->FilterSubject ||
        std::string_view(info->Config->FilterSubject) != kFleetSubjects)
      throw UsageError(fmt::format(
          "{}: the consumer {} of {} is of another shape: delete it, or choose another name",
          link.shown(), name, kFleetStream));
  }

  void subscribe() {
    jsSubOptions options;
    jsSubOptions_Init(&options);
    options.Stream = kFleetStream;
    options.Consumer = name.c_str();
    const natsStatus status = get(subscription, js_PullSubscribe, link.js(), kFleetSubjects,
                                  name.c_str(), nullptr, &options, nullptr);
    if (status != NATS_OK)
      throw UsageError(
          fmt::format("{}: the consumer {}: {}", link.shown(), name, reason_of(status)));
  }

  /// False where there is none.
  bool request(int messages, std::int64_t bytes, bool wait) {
    jsFetchRequest request;
    jsFetchRequest_Init(&request);
    request.Batch = messages;
    request.MaxBytes = bytes;
    request.NoWait = !wait;
    request.Expires = kWait_ns;
    batch.emplace();
    const natsStatus status =
        natsSubscription_FetchRequest(&batch->list, subscription.get(), &request);
    if (status == NATS_OK) return true;
    const std::string why = reason_of(status);
    batch.reset();
    if (natsConnection_Status(link.connection()) != NATS_CONN_STATUS_CONNECTED)
      throw std::runtime_error(fmt::format("{} is away", link.shown()));
    if (status == NATS_TIMEOUT || status == NATS_NOT_FOUND) return false;
    subscription.reset();  // another is made
    throw std::runtime_error(fmt::format("{}: {}", link.shown(), why));
  }

  const std::string name;
  const NatsLink link;
  NatsSubscription subscription;
  std::optional<Batch> batch;
  std::uint64_t pending = 0;
  SteadyTime looked;
};

FleetConsumer::FleetConsumer(const NatsAccess& access, const std::string& name)
    : state_(std::make_unique<State>(access, name)) {
  state_->have_consumer();
}

FleetConsumer::~FleetConsumer() = default;

std::vector<StreamMessage> FleetConsumer::fetch() {
  if (!state_->subscription) {
    state_->have_consumer();
    state_->subscribe();
  }
  // What is there, else the first that comes.
  if (!state_->request(kMostMessages, kMostBytes, false) && !state_->request(1, 0, true)) {
    state_->pending = 0;
    if (seconds_between(state_->looked, SteadyClock::now()) > kLookEvery_s) state_->have_consumer();
    return {};
  }
  std::vector<StreamMessage> messages;
  for (int i = 0; i < state_->batch->list.Count; ++i) {
    natsMsg* message = state_->batch->list.Msgs[i];
    NatsOwned<jsMsgMetaData, &jsMsgMetaData_Destroy> data;
    if (get(data, natsMsg_GetMetaData, message) != NATS_OK) continue;
    state_->pending = data->NumPending;
    messages.push_back({natsMsg_GetSubject(message), data->Sequence.Stream, data->Timestamp / 1000,
                        std::string(natsMsg_GetData(message),
                                    static_cast<std::size_t>(natsMsg_GetDataLength(message)))});
  }
  return messages;
}

void FleetConsumer::acknowledge() {
  for (int i = 0; state_->batch && i < state_->batch->list.Count; ++i)
    natsMsg_Ack(state_->batch->list.Msgs[i], nullptr);
  state_->batch.reset();
}

std::uint64_t FleetConsumer::pending() const {
  return state_->pending;
}

}  // namespace rearview
