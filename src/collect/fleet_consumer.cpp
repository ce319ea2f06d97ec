#include "collect/fleet_consumer.h"

#include <fmt/core.h>

#include <deque>
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
/// For each of the kinds.
constexpr std::int64_t kWait_ns = kNanoseconds / 16;
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

/// What gateways tell of one kind. Each has a consumer of its own: nats-server 2.9.10, which is
/// Debian 12's, moves one that takes more than the subject that a state rolls up past all that it
/// hasn't given yet (its pull requests 3838 and 5075).
struct Kind {
  Kind(const std::string& name, const char* kind)
      : consumer(fmt::format("{}-{}", name, kind)), subjects(fmt::format("rearview.*.{}", kind)) {}

  const std::string consumer;
  const std::string subjects;
  NatsSubscription subscription;
  std::optional<Batch> batch;
  std::uint64_t pending = 0;
};

}  // namespace

struct FleetConsumer::State {
  State(const NatsAccess& access, const std::string& name, int stream_replicas)
      : replicas(stream_replicas), link(access, "rearview collect", NatsLink::WhenLost::reconnect) {
    // States first: there is one of each gateway, and it is of now.
    for (const char* kind : {"state", "alert", "pass", "ride"}) kinds.emplace_back(name, kind);
  }

  void have_consumers() {
    looked = SteadyClock::now();
    have_fleet_stream(link, {.replicas = replicas});
    for (const Kind& kind : kinds) have_consumer(kind);
  }

  void have_consumer(const Kind& kind) const {
    jsConsumerConfig config;
    jsConsumerConfig_Init(&config);
    config.Durable = kind.consumer.c_str();
    config.FilterSubject = kind.subjects.c_str();
    config.AckPolicy = js_AckExplicit;
    config.AckWait = kAckWait_ns;
    config.MaxDeliver = -1;
    config.MaxAckPending = kMostAtWork;
    NatsOwned<jsConsumerInfo, &jsConsumerInfo_Destroy> info;
    natsStatus status =
        get(info, js_GetConsumerInfo, link.js(), kFleetStream, config.Durable, nullptr, nullptr);
    if (status == NATS_NOT_FOUND)
      status = get(info, js_AddConsumer, link.js(), kFleetStream, &config, nullptr, nullptr);
    if (status != NATS_OK)
      throw UsageError(
          fmt::format("{}: the consumer {}: {}", link.shown(), kind.consumer, reason_of(status)));
    if (info->Config->AckPolicy != js_AckExplicit || !info->Config->FilterSubject ||
        info->Config->FilterSubject != kind.subjects)
      throw UsageError(fmt::format(
          "{}: the consumer {} of {} is of another shape: delete it, or choose another name",
          link.shown(), kind.consumer, kFleetStream));
  }

  void subscribe(Kind& kind) const {
    jsSubOptions options;
    jsSubOptions_Init(&options);
    options.Stream = kFleetStream;
    options.Consumer = kind.consumer.c_str();
    const natsStatus status =
        get(kind.subscription, js_PullSubscribe, link.js(), kind.subjects.c_str(),
            kind.consumer.c_str(), nullptr, &options, nullptr);
    if (status != NATS_OK)
      throw UsageError(
          fmt::format("{}: the consumer {}: {}", link.shown(), kind.consumer, reason_of(status)));
  }

  /// False where there is none.
  bool request(Kind& kind, int messages, std::int64_t bytes, bool wait) {
    if (!kind.subscription) {
      have_consumers();
      subscribe(kind);
    }
    jsFetchRequest request;
    jsFetchRequest_Init(&request);
    request.Batch = messages;
    request.MaxBytes = bytes;
    request.NoWait = !wait;
    request.Expires = kWait_ns;
    kind.batch.emplace();
    const natsStatus status =
        natsSubscription_FetchRequest(&kind.batch->list, kind.subscription.get(), &request);
    if (status == NATS_OK) return true;
    const std::string why = reason_of(status);
    kind.batch.reset();
    if (natsConnection_Status(link.connection()) != NATS_CONN_STATUS_CONNECTED)
      throw std::runtime_error(fmt::format("{} is away", link.shown()));
    kind.pending = 0;
    if (status == NATS_TIMEOUT || status == NATS_NOT_FOUND) return false;
    kind.subscription.reset();  // another is made
    throw std::runtime_error(fmt::format("{}: {}", link.shown(), why));
  }

  const int replicas;
  const NatsLink link;
  std::deque<Kind> kinds;
  SteadyTime looked;
};

FleetConsumer::FleetConsumer(const NatsAccess& access, const std::string& name, int replicas)
    : state_(std::make_unique<State>(access, name, replicas)) {
  state_->have_consumers();
}

FleetConsumer::~FleetConsumer() = default;

std::vector<StreamMessage> FleetConsumer::fetch() {
  std::vector<StreamMessage> messages;
  std::int64_t bytes = 0;
  const auto take = [&](Kind& kind) {
    for (int i = 0; i < kind.batch->list.Count; ++i) {
      natsMsg* message = kind.batch->list.Msgs[i];
      NatsOwned<jsMsgMetaData, &jsMsgMetaData_Destroy> data;
      if (get(data, natsMsg_GetMetaData, message) != NATS_OK) continue;
      kind.pending = data->NumPending;
      const auto length = static_cast<std::size_t>(natsMsg_GetDataLength(message));
      bytes += static_cast<std::int64_t>(length);
      messages.push_back({natsMsg_GetSubject(message), data->Sequence.Stream,
                          data->Timestamp / 1000, std::string(natsMsg_GetData(message), length)});
    }
  };
  try {
    for (Kind& kind : state_->kinds) {
      const int room = kMostMessages - static_cast<int>(messages.size());
      if (room > 0 && bytes < kMostBytes && state_->request(kind, room, kMostBytes - bytes, false))
        take(kind);
    }
  } catch (const std::runtime_error&) {
    if (messages.empty()) throw;
    return messages;  // the next fetch() says it again
  }
  if (!messages.empty()) return messages;
  for (Kind& kind : state_->kinds) {
    if (!state_->request(kind, 1, 0, true)) continue;
    take(kind);
    return messages;
  }
  if (seconds_between(state_->looked, SteadyClock::now()) > kLookEvery_s) state_->have_consumers();
  return messages;
}

void FleetConsumer::acknowledge() {
  for (Kind& kind : state_->kinds) {
    for (int i = 0; kind.batch && i < kind.batch->list.Count; ++i)
      natsMsg_Ack(kind.batch->list.Msgs[i], nullptr);
    kind.batch.reset();
  }
}

std::uint64_t FleetConsumer::pending() const {
  std::uint64_t pending = 0;
  for (const Kind& kind : state_->kinds) pending += kind.pending;
  return pending;
}

}  // namespace rearview
