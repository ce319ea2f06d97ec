#include "nats/nats_access.h"

#include <fmt/core.h>

#include <algorithm>
#include <fstream>

#include "base/endpoint.h"
#include "base/error.h"
#include "base/printable_url.h"

namespace rearview {
namespace {

constexpr std::size_t kLongestLine = 4096;

std::vector<std::string> first_lines(const std::filesystem::path& file, std::size_t most) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  std::string line;
  while (lines.size() < most && std::getline(in, line) && line.size() <= kLongestLine) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

bool is_key(const std::string& text, const char* kind) {
  return text.starts_with(kind) && text.size() > 50 &&
         text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == std::string::npos;
}

bool is_address(const std::string& server) {
  const std::size_t scheme = server.find("://");
  if (!server.starts_with("nats://") && !server.starts_with("tls://")) return false;
  std::string host = server.substr(scheme + 3);
  host = host.substr(host.rfind('@') + 1);
  if (host.empty() || host.find_first_of("/?# \t") != std::string::npos) return false;
  const std::size_t colon = host.rfind(':');
  if (colon == std::string::npos || host.ends_with(']')) host += ":4222";
  try {
    return parse_endpoint(host).port != 0;
  } catch (const UsageError&) {
    return false;
  }
}

}  // namespace

std::vector<std::string> NatsAccess::servers() const {
  std::vector<std::string> all;
  for (std::size_t begin = 0;;) {
    const std::size_t comma = url.find(',', begin);
    all.push_back(url.substr(begin, comma - begin));
    if (comma == std::string::npos) return all;
    begin = comma + 1;
  }
}

std::string NatsAccess::printable() const {
  std::string shown;
  for (const std::string& server : servers())
    shown += (shown.empty() ? "" : ",") + printable_url(server);
  return shown;
}

std::string public_key_of(const std::filesystem::path& nkey_file) {
  std::string seed;
  std::string key;
  for (const std::string& line : first_lines(nkey_file, 8)) {
    if (is_key(line, "SU")) seed = line;
    if (is_key(line, "U")) key = line;
  }
  return seed.empty() ? "" : key;
}

std::string token_of(const std::filesystem::path& token_file) {
  const auto lines = first_lines(token_file, 1);
  return lines.empty() ? "" : lines.front();
}

std::optional<NatsFault> fault_of(const NatsAccess& access) {
#ifndef REARVIEW_HAS_NATS
  return NatsFault{"url",
                   "this program was built without NATS: build it where libnats-dev is there "
                   "(Debian 12 has it)"};
#endif
  const auto servers = access.servers();
  for (const std::string& server : servers) {
    if (!is_address(server))
      return NatsFault{"url", fmt::format("\"{}\" is not nats://HOST:PORT or tls://HOST:PORT",
                                          printable_url(server))};
    if (server.starts_with("tls://") != access.tls())
      return NatsFault{"url", "either all servers have tls:// or none"};
  }
  if (!access.ca_file.empty() && !access.tls())
    return NatsFault{"ca_file", "authorities are for tls://"};
  const std::ptrdiff_t ways =
      (access.credentials_file.empty() ? 0 : 1) + (access.nkey_file.empty() ? 0 : 1) +
      (access.token_file.empty() ? 0 : 1) +
      std::count_if(servers.begin(), servers.end(), [](const std::string& server) {
        return server.find('@') != std::string::npos;
      });
  const bool of_files =
      !access.credentials_file.empty() || !access.nkey_file.empty() || !access.token_file.empty();
  if (of_files && ways > 1) return NatsFault{"url", "one way to be let in is enough"};
  const auto holds = [](const std::filesystem::path& file, const char* line) {
    const auto lines = first_lines(file, 64);
    return std::any_of(lines.begin(), lines.end(),
                       [line](const std::string& one) { return one.find(line) == 0; });
  };
  if (!access.credentials_file.empty() &&
      !holds(access.credentials_file, "-----BEGIN NATS USER JWT-----"))
    return NatsFault{"credentials_file", fmt::format("{} is no .creds file that can be read",
                                                     access.credentials_file.string())};
  if (!access.nkey_file.empty() && public_key_of(access.nkey_file).empty())
    return NatsFault{"nkey_file",
                     fmt::format("{} doesn't hold a seed (SU…) and its public key (U…), a line "
                                 "each, as `nk -gen user -pubout` prints them",
                                 access.nkey_file.string())};
  if (!access.token_file.empty() && token_of(access.token_file).empty())
    return NatsFault{"token_file", fmt::format("{}: the token can't be read; it is the first line",
                                               access.token_file.string())};
  if (!access.ca_file.empty() && !holds(access.ca_file, "-----BEGIN "))
    return NatsFault{"ca_file", fmt::format("{} holds no certificate that can be read",
                                            access.ca_file.string())};
  return std::nullopt;
}

}  // namespace rearview
