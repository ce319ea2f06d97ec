#include "nats/nats_link.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace rearview {
namespace {

constexpr std::int64_t kReconnectWait_ms = 500;
/// A server that is silent for two of them is gone.
constexpr std::int64_t kPing_ms = 10'000;
constexpr std::int64_t kWrite_ms = 5'000;
constexpr int kMostTries = 3;

using Options = NatsOwned<natsOptions, &natsOptions_Destroy>;

bool is_shaped(const jsStreamConfig& has, const jsStreamConfig& wanted) {
  const auto subjects = [](const jsStreamConfig& stream) {
    std::vector<std::string_view> all(stream.Subjects, stream.Subjects + stream.SubjectsLen);
    std::sort(all.begin(), all.end());
    return all;
  };
  return has.Retention == wanted.Retention && has.MaxMsgsPerSubject == wanted.MaxMsgsPerSubject &&
         has.Discard == wanted.Discard && has.DiscardNewPerSubject == wanted.DiscardNewPerSubject &&
         (has.AllowDirect || !wanted.AllowDirect) && (has.AllowRollup || !wanted.AllowRollup) &&
         subjects(has) == subjects(wanted);
}

natsStatus set_access(natsOptions* options, const NatsAccess& access) {
  const auto servers = access.servers();
  std::vector<const char*> addresses;
  for (const std::string& server : servers) addresses.push_back(server.c_str());
  natsStatus status =
      natsOptions_SetServers(options, addresses.data(), static_cast<int>(addresses.size()));
  if (status == NATS_OK && !access.credentials_file.empty())
    status =
        natsOptions_SetUserCredentialsFromFiles(options, access.credentials_file.c_str(), nullptr);
  if (status == NATS_OK && !access.nkey_file.empty())
    status = natsOptions_SetNKeyFromSeed(options, public_key_of(access.nkey_file).c_str(),
                                         access.nkey_file.c_str());
  if (status == NATS_OK && !access.token_file.empty())
    status = natsOptions_SetToken(options, token_of(access.token_file).c_str());
  if (status == NATS_OK && access.tls()) status = natsOptions_SetSecure(options, true);
  if (status == NATS_OK && !access.ca_file.empty())
    status = natsOptions_LoadCATrustedCertificates(options, access.ca_file.c_str());
  return status;
}

natsStatus set_manners(natsOptions* options, const char* name, NatsLink::WhenLost when_lost) {
  natsStatus status = natsOptions_SetName(options, name);
  if (status == NATS_OK) status = natsOptions_SetPingInterval(options, kPing_ms);
  if (status == NATS_OK) status = natsOptions_SetWriteDeadline(options, kWrite_ms);
  if (when_lost == NatsLink::WhenLost::close)
    return status == NATS_OK ? natsOptions_SetAllowReconnect(options, false) : status;
  if (status == NATS_OK) status = natsOptions_SetMaxReconnect(options, -1);
  if (status == NATS_OK) status = natsOptions_SetReconnectWait(options, kReconnectWait_ms);
  return status;
}

}  // namespace

std::string reason_of(natsStatus status) {
  const char* detail = nats_GetLastError(nullptr);
  std::string text = detail && *detail ? detail : natsStatus_GetText(status);
  // "(conn.c:733): SSL handshake error"
  if (const auto end = text.find("): "); text.starts_with('(') && end != std::string::npos)
    text.erase(0, end + 3);
  return text;
}

NatsLink::NatsLink(const NatsAccess& access, const char* name, WhenLost when_lost)
    : shown_(access.printable()), domain_(access.domain) {
  if (const auto fault = fault_of(access)) throw UsageError(fault->why);
  Options options;
  natsStatus status = get(options, natsOptions_Create);
  if (status == NATS_OK) status = set_access(options.get(), access);
  if (status == NATS_OK) status = set_manners(options.get(), name, when_lost);
  if (status == NATS_OK) status = get(connection_, natsConnection_Connect, options.get());
  if (status == NATS_CONNECTION_AUTH_FAILED)
    throw UsageError(fmt::format("{} refuses these credentials", shown_));
  jsOptions jetstream;
  jsOptions_Init(&jetstream);
  if (!access.domain.empty()) jetstream.Domain = access.domain.c_str();
  if (status == NATS_OK) status = get(js_, natsConnection_JetStream, connection_.get(), &jetstream);
  if (status != NATS_OK) throw UsageError(fmt::format("{}: {}", shown_, reason_of(status)));
}

void NatsLink::have_stream(jsStreamConfig wanted) const {
  NatsOwned<jsStreamInfo, &jsStreamInfo_Destroy> info;
  jsErrCode code{};
  natsStatus status = NATS_OK;
  for (int tries = 0; tries < kMostTries; ++tries) {
    status = get(info, js_GetStreamInfo, js(), wanted.Name, nullptr, &code);
    if (status == NATS_NOT_FOUND) status = get(info, js_AddStream, js(), &wanted, nullptr, &code);
    if (status != NATS_TIMEOUT) break;  // it may have been begun anew in this very moment
  }
  if (status == NATS_NO_RESPONDERS || code == JSNotEnabledErr || code == JSNotEnabledForAccountErr)
    throw UsageError(
        domain_.empty()
            ? fmt::format("{} has no JetStream: start nats-server with -js", shown_)
            : fmt::format("{}: no JetStream of the domain {} answers", shown_, domain_));
  if (code == JSStreamNameExistErr || (status == NATS_OK && !is_shaped(*info->Config, wanted)))
    throw UsageError(
        fmt::format("{} has a stream {} of another shape: delete it, or use another account",
                    shown_, wanted.Name));
  if (status != NATS_OK)
    throw UsageError(fmt::format("{}: stream {}: {}", shown_, wanted.Name, reason_of(status)));
}

}  // namespace rearview
