#include "archive/job_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/printable_url.h"
#include "nats/nats_link.h"
#include "types/json.h"

namespace rearview {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kStream = "REARVIEW_ARCHIVE";
constexpr const char* kDoneStream = "REARVIEW_ARCHIVE_DONE";
constexpr const char* kWorkers = "workers";
constexpr const char* kJobs = "rearview-archive.job.*";
constexpr const char* kFailed = "rearview-archive.failed.*";
constexpr const char* kDone = "rearview-archive.done.*";
constexpr std::int64_t kReconnectWait_ms = 500;
constexpr double kServerIsBack_s = 60;
/// Speed is measured over so many at most.
constexpr std::size_t kMostDoneLooked = 100;
constexpr std::size_t kMostFailures = 1000;
constexpr std::int32_t kLargestMessage = 1 << 20;
constexpr double kNanoseconds = 1e9;

std::string subject(const char* pattern, std::string_view name) {
  return fmt::format(
      "{}{}", std::string_view(pattern).substr(0, std::string_view(pattern).size() - 1), name);
}

/// The last part of a message's subject, which is the job's name.
std::string name_of(natsMsg* message) {
  const std::string_view text = natsMsg_GetSubject(message);
  return std::string(text.substr(text.rfind('.') + 1));
}

std::string_view data_of(natsMsg* message) {
  return {natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message))};
}

void must(natsStatus status, const char* what) {
  if (status != NATS_OK)
    throw std::runtime_error(fmt::format("NATS: {}: {}", what, reason_of(status)));
}

bool may_come_back(natsStatus status) {
  return status == NATS_TIMEOUT || status == NATS_NO_RESPONDERS ||
         status == NATS_CONNECTION_DISCONNECTED || status == NATS_INSUFFICIENT_BUFFER;
}

/// A server that is begun anew is back within seconds.
natsStatus patiently(const std::function<natsStatus()>& call) {
  const SteadyTime start = SteadyClock::now();
  for (;;) {
    const natsStatus status = call();
    if (!may_come_back(status) || seconds_between(start, SteadyClock::now()) > kServerIsBack_s)
      return status;
    nats_Sleep(kReconnectWait_ms);
  }
}

jsStreamConfig wanted_stream(bool done, int replicas, std::array<const char*, 2>& subjects) {
  jsStreamConfig config;
  jsStreamConfig_Init(&config);
  config.Name = done ? kDoneStream : kStream;
  subjects = {done ? kDone : kJobs, kFailed};
  config.Subjects = subjects.data();
  config.SubjectsLen = done ? 1 : 2;
  config.Retention = done ? js_LimitsPolicy : js_WorkQueuePolicy;
  config.Storage = js_FileStorage;
  config.MaxMsgSize = kLargestMessage;
  config.AllowDirect = true;
  config.Replicas = replicas;
  config.MaxMsgsPerSubject = 1;
  config.Discard = done ? js_DiscardOld : js_DiscardNew;
  config.DiscardNewPerSubject = !done;
  return config;
}

}  // namespace

struct JobQueue::State {
  NatsLink link;
  NatsSubscription jobs;
  double ack_wait_s = 0;
  std::int64_t ack_wait_ms() const { return static_cast<std::int64_t>(ack_wait_s * 1000); }

  explicit State(const NatsAccess& access)
      : link(access, "rearview archive", NatsLink::WhenLost::reconnect) {}

  void have_stream(bool done, int replicas) const {
    std::array<const char*, 2> subjects;
    link.have_stream(wanted_stream(done, replicas, subjects));
  }

  void have_workers(double wanted_ack_wait_s) {
    jsConsumerConfig config;
    jsConsumerConfig_Init(&config);
    config.Durable = kWorkers;
    config.FilterSubject = kJobs;
    config.AckPolicy = js_AckExplicit;
    config.AckWait = static_cast<std::int64_t>(wanted_ack_wait_s * kNanoseconds);
    // Workers count: one that the job kills can't tell the reason.
    config.MaxDeliver = -1;
    config.MaxAckPending = -1;
    NatsOwned<jsConsumerInfo, &jsConsumerInfo_Destroy> info;
    jsErrCode code{};
    natsStatus status = get(info, js_GetConsumerInfo, link.js(), kStream, kWorkers, nullptr, &code);
    if (status == NATS_NOT_FOUND)
      status = get(info, js_AddConsumer, link.js(), kStream, &config, nullptr, &code);
    if (status != NATS_OK || std::string_view(info->Config->FilterSubject) != kJobs ||
        info->Config->AckPolicy != js_AckExplicit)
      throw UsageError(fmt::format("{}: the consumer {} of {} is of another shape: delete it",
                                   link.shown(), kWorkers, kStream));
    ack_wait_s = static_cast<double>(info->Config->AckWait) / kNanoseconds;
  }

  /// False when a message of this subject is there.
  bool publish(const std::string& to, const std::string& text) {
    jsErrCode code{};
    const natsStatus status = patiently([&] {
      return js_Publish(nullptr, link.js(), to.c_str(), text.data(), static_cast<int>(text.size()),
                        nullptr, &code);
    });
    if (code == JSStreamStoreFailedErr &&
        reason_of(status).find("per subject") != std::string::npos)
      return false;
    must(status, "publishing");
    return true;
  }

  /// A job that failed before and is made again has failed no more.
  bool publish_job(const std::string& name, const std::string& text) {
    const bool is_new = publish(subject(kJobs, name), text);
    if (const NatsMessage failure = next(kStream, subject(kFailed, name).c_str(), 1))
      must(js_DeleteMsg(link.js(), kStream, natsMsg_GetSequence(failure.get()), nullptr, nullptr),
           "deleting");
    return is_new;
  }

  /// The next message of a kind, from this number on; null: there is none.
  NatsMessage next(const char* stream, const char* pattern, std::uint64_t from) const {
    jsDirectGetMsgOptions options;
    jsDirectGetMsgOptions_Init(&options);
    options.Sequence = from;
    options.NextBySubject = pattern;
    NatsMessage message;
    const natsStatus status = get(message, js_DirectGetMsg, link.js(), stream, nullptr, &options);
    if (status == NATS_NOT_FOUND) return {};
    must(status, "reading");
    return message;
  }

  template <typename Take>
  void each_failed(Take take) const {
    NatsMessage message;
    for (std::uint64_t from = 1; (message = next(kStream, kFailed, from));
         from = natsMsg_GetSequence(message.get()) + 1) {
      if (!take(message.get())) return;
    }
  }

  void measure(Status& status) const;
};

JobQueue::JobQueue(const NatsAccess& access, const Making& making) {
  try {
    state_ = std::make_unique<State>(access);
    state_->have_stream(false, making.replicas);
    state_->have_stream(true, making.replicas);
    state_->have_workers(making.ack_wait_s);
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("--nats: {}", error.what()));
  }
}

JobQueue::~JobQueue() = default;

bool JobQueue::submit(const ArchiveJob& job) {
  return state_->publish_job(job.name(), to_json(job).dump());
}

std::size_t JobQueue::submit_failed() {
  std::size_t count = 0;
  state_->each_failed([&](natsMsg* message) {
    const auto failure = Json::parse(data_of(message));
    const Json& job = failure.at("job");
    state_->publish_job(name_of(message), job.is_string() ? job.get<std::string>() : job.dump());
    ++count;
    return true;
  });
  return count;
}

struct JobQueue::Delivery::State {
  JobQueue::State& queue;
  NatsMessage message;
  SteadyTime said = SteadyClock::now();
};

JobQueue::Delivery::Delivery(std::unique_ptr<State> state) : state_(std::move(state)) {}
JobQueue::Delivery::Delivery(Delivery&& other) noexcept = default;
JobQueue::Delivery::~Delivery() = default;

ArchiveJob JobQueue::Delivery::job() const {
  const auto json = nlohmann::json::parse(data_of(state_->message.get()), nullptr, false);
  ArchiveJob job = archive_job_from_json(json);
  if (job.name() != name_of(state_->message.get()))
    throw std::runtime_error("the job isn't the one that its subject names");
  return job;
}

std::uint64_t JobQueue::Delivery::tries() const {
  NatsOwned<jsMsgMetaData, &jsMsgMetaData_Destroy> data;
  must(get(data, natsMsg_GetMetaData, state_->message.get()), "a job");
  return data->NumDelivered;
}

void JobQueue::Delivery::go_on() {
  constexpr double kOften = 4;  // within ack_wait: one that is lost does no harm
  const SteadyTime now = SteadyClock::now();
  if (seconds_between(state_->said, now) < state_->queue.ack_wait_s / kOften) return;
  state_->said = now;
  natsMsg_InProgress(state_->message.get(), nullptr);
}

bool JobQueue::Delivery::done(double duration_s, double took_s) {
  const std::string text = Json{{"duration_s", duration_s}, {"took_s", took_s}}.dump();
  const std::string to = subject(kDone, name_of(state_->message.get()));
  return js_Publish(nullptr, state_->queue.link.js(), to.c_str(), text.data(),
                    static_cast<int>(text.size()), nullptr, nullptr) == NATS_OK &&
         natsMsg_AckSync(state_->message.get(), nullptr, nullptr) == NATS_OK;
}

void JobQueue::Delivery::failed(const std::string& why, std::uint64_t most_tries) {
  natsMsg* message = state_->message.get();
  if (tries() < most_tries) {
    natsMsg_NakWithDelay(message, state_->queue.ack_wait_ms(), nullptr);
    return;
  }
  auto job = Json::parse(data_of(message), nullptr, false);
  if (job.is_discarded()) job = valid_utf8(std::string(data_of(message)));
  const std::string text = dump({{"job", std::move(job)}, {"reason", why}, {"tries", tries()}});
  // A failure of before that stands there is about to be deleted by who made the job again.
  if (state_->queue.publish(subject(kFailed, name_of(message)), text))
    natsMsg_AckSync(message, nullptr, nullptr);
  else
    natsMsg_NakWithDelay(message, state_->queue.ack_wait_ms(), nullptr);
}

void JobQueue::Delivery::give_back() {
  natsMsg_Nak(state_->message.get(), nullptr);
}

std::optional<JobQueue::Delivery> JobQueue::pull(int wait_ms) {
  if (!state_->jobs) {
    jsSubOptions options;
    jsSubOptions_Init(&options);
    options.Stream = kStream;
    options.Consumer = kWorkers;
    must(get(state_->jobs, js_PullSubscribe, state_->link.js(), kJobs, kWorkers, nullptr, &options,
             nullptr),
         "taking jobs");
  }
  natsMsgList list{};
  const natsStatus status = natsSubscription_Fetch(&list, state_->jobs.get(), 1, wait_ms, nullptr);
  if (status != NATS_OK) {
    // Without a server it fails at once.
    if (status != NATS_TIMEOUT) nats_Sleep(std::min<std::int64_t>(wait_ms, kReconnectWait_ms));
    return std::nullopt;
  }
  NatsMessage message(std::exchange(list.Msgs[0], nullptr));
  natsMsgList_Destroy(&list);
  return Delivery(std::make_unique<Delivery::State>(
      Delivery::State{.queue = *state_, .message = std::move(message)}));
}

void JobQueue::State::measure(Status& status) const {
  NatsOwned<jsStreamInfo, &jsStreamInfo_Destroy> info;
  must(patiently(
           [&] { return get(info, js_GetStreamInfo, link.js(), kDoneStream, nullptr, nullptr); }),
       "reading");
  status.done = info->State.Msgs;
  const std::uint64_t last = info->State.LastSeq;
  std::size_t count = 0;
  double video_s = 0;
  double first_s = 0;
  double last_s = 0;
  NatsMessage message;
  for (std::uint64_t from = last < kMostDoneLooked ? 1 : last - kMostDoneLooked + 1;
       (message = next(kDoneStream, kDone, from)); from = natsMsg_GetSequence(message.get()) + 1) {
    const auto json = nlohmann::json::parse(data_of(message.get()), nullptr, false);
    if (!json.is_object()) continue;
    const double ended_s = static_cast<double>(natsMsg_GetTime(message.get())) / kNanoseconds;
    const double begun_s = ended_s - json.value("took_s", 0.0);
    first_s = count == 0 ? begun_s : std::min(first_s, begun_s);
    last_s = std::max(last_s, ended_s);
    video_s += json.value("duration_s", 0.0);
    ++count;
  }
  if (count == 0 || last_s <= first_s) return;
  status.video_h_per_h = video_s / (last_s - first_s);
  status.left_s = static_cast<double>(status.waiting + status.running) * (last_s - first_s) /
                  static_cast<double>(count);
}

JobQueue::Status JobQueue::status() {
  NatsOwned<jsConsumerInfo, &jsConsumerInfo_Destroy> workers;
  must(patiently([&] {
         return get(workers, js_GetConsumerInfo, state_->link.js(), kStream, kWorkers, nullptr,
                    nullptr);
       }),
       "reading");
  Status status{.waiting = workers->NumPending,
                .running = static_cast<std::uint64_t>(workers->NumAckPending)};
  state_->measure(status);
  state_->each_failed([&status](natsMsg* message) {
    const auto json = nlohmann::json::parse(data_of(message), nullptr, false);
    Failure failure{.name = name_of(message)};
    if (json.is_object()) {
      failure.reason = json.value("reason", "");
      failure.tries = json.value("tries", std::uint64_t{0});
      const auto url = nlohmann::json::json_pointer("/job/recording/url");
      if (json.contains(url)) failure.url = printable_url(json[url].get<std::string>());
    }
    status.failures.push_back(std::move(failure));
    return status.failures.size() < kMostFailures;
  });
  return status;
}

}  // namespace rearview
