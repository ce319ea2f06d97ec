#include "publish/fleet_link.h"

#include <fmt/core.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>

#include "base/endpoint.h"
#include "base/host_lookup.h"

namespace rearview {
namespace {

constexpr std::chrono::milliseconds kLookup{3000};
/// JetStream's err_code of a message that is larger than the stream takes.
constexpr int kTooLarge = 10054;

/// libnats' own lookup can't be broken off: only what is found in time is left to it.
NatsAccess found_of(NatsAccess access, const std::stop_token& stop) {
  std::string found;
  std::string problem;
  for (const std::string& server : access.servers()) {
    std::string address = server.substr(server.find("://") + 3);
    address = address.substr(address.rfind('@') + 1);
    if (address.rfind(':') == std::string::npos || address.ends_with(']')) address += ":4222";
    try {
      look_up(parse_endpoint(address), kLookup, stop);
      found += (found.empty() ? "" : ",") + server;
    } catch (const std::runtime_error& error) {
      problem = error.what();
    }
  }
  if (found.empty()) throw std::runtime_error(problem);
  access.url = found;
  return access;
}

FleetLink::Answer answer_in(natsMsg* message) {
  FleetLink::Answer answer;
  const std::string_view subject = natsMsg_GetSubject(message);
  const std::string_view number = subject.substr(subject.rfind('.') + 1);
  std::from_chars(number.data(), number.data() + number.size(), answer.number);
  if (natsMsg_IsNoResponders(message)) {
    answer.problem = "no stream takes it";
    return answer;
  }
  const std::string_view text(natsMsg_GetData(message),
                              static_cast<std::size_t>(natsMsg_GetDataLength(message)));
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_object() && json.contains("error") && json["error"].is_object()) {
    answer.problem = json["error"].value("description", "the stream refuses it");
    answer.for_good = json["error"].value("err_code", 0) == kTooLarge;
  } else if (!json.is_object() || !json.contains("seq")) {
    answer.problem = "an answer that isn't JetStream's";
  }
  return answer;
}

void fleet_must(natsStatus status) {
  if (status != NATS_OK) throw std::runtime_error(reason_of(status));
}

}  // namespace

FleetLink::FleetLink(const NatsAccess& access, const FleetStreamLimits& limits,
                     const std::stop_token& stop)
    : link_(found_of(access, stop), "rearview serve", NatsLink::WhenLost::close) {
  have_fleet_stream(link_, limits);
  NatsOwned<natsInbox, &natsInbox_Destroy> inbox;
  fleet_must(get(inbox, natsInbox_Create));
  inbox_ = inbox.get();
  fleet_must(get(answers_, natsConnection_SubscribeSync, link_.connection(),
                 fmt::format("{}.*", inbox_).c_str()));
}

bool FleetLink::send(const FleetMessage& message, std::uint64_t number) {
  const std::string reply = number > 0 ? fmt::format("{}.{}", inbox_, number) : "";
  NatsMessage sent;
  fleet_must(get(sent, natsMsg_Create, message.subject.c_str(),
                 number > 0 ? reply.c_str() : nullptr, message.body.data(),
                 static_cast<int>(message.body.size())));
  if (!message.id.empty())
    fleet_must(natsMsgHeader_Set(sent.get(), "Nats-Msg-Id", message.id.c_str()));
  if (message.newest) fleet_must(natsMsgHeader_Set(sent.get(), "Nats-Rollup", "sub"));
  const natsStatus status = natsConnection_PublishMsg(link_.connection(), sent.get());
  if (status == NATS_MAX_PAYLOAD) return false;
  fleet_must(status);
  return true;
}

std::vector<FleetLink::Answer> FleetLink::answers(int wait_ms) {
  std::vector<Answer> all;
  for (;;) {
    NatsMessage message;
    const natsStatus status =
        get(message, natsSubscription_NextMsg, answers_.get(), all.empty() ? wait_ms : 0);
    if (status == NATS_TIMEOUT) return all;
    fleet_must(status);
    all.push_back(answer_in(message.get()));
  }
}

void FleetLink::flush(int wait_ms) {
  natsConnection_FlushTimeout(link_.connection(), wait_ms);
}

std::string FleetLink::complaint() const {
  const char* text = nullptr;
  return natsConnection_GetLastError(link_.connection(), &text) != NATS_OK && text ? text : "";
}

void FleetLink::check() const {
  if (!natsConnection_IsClosed(link_.connection())) return;
  const std::string why = complaint();
  throw std::runtime_error(why.empty() ? "the connection is closed" : why);
}

}  // namespace rearview
