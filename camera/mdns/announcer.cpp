#include "camera/mdns/announcer.h"

#include <avahi-client/client.h>
#include <avahi-client/publish.h>
#include <avahi-common/address.h>
#include <avahi-common/alternative.h>
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <avahi-common/thread-watch.h>
#include <fmt/core.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "base/log.h"

namespace rearview::camera {
namespace {

constexpr const char* kType = "_velovision._tcp";

}  // namespace

// All but construction and destruction runs on Avahi's thread.
struct Announcer::State {
  MdnsConfig config;
  std::uint16_t stream_port = 0;
  std::string http_record;
  std::string name;
  AvahiThreadedPoll* poll = nullptr;
  AvahiClient* client = nullptr;
  AvahiEntryGroup* group = nullptr;

  void announce(AvahiClient* by) {
    if (!group) group = avahi_entry_group_new(by, on_group, this);
    if (!group || !avahi_entry_group_is_empty(group)) return;
    for (;;) {
      const int result = avahi_entry_group_add_service(
          group, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, AvahiPublishFlags{}, name.c_str(), kType,
          nullptr, nullptr, stream_port, http_record.c_str(), nullptr);
      if (result != AVAHI_ERR_COLLISION) break;
      take_other_name();
    }
    if (!config.host.empty()) add_host();
    avahi_entry_group_commit(group);
  }

  void add_host() {
    const std::string host = config.host + ".local";
    ifaddrs* all = nullptr;
    if (getifaddrs(&all) != 0) {
      log::warning("mdns", "host name not announced",
                   {{"host", host}, {"why", std::strerror(errno)}});
      return;
    }
    for (const ifaddrs* each = all; each; each = each->ifa_next) {
      if (!each->ifa_addr || each->ifa_addr->sa_family != AF_INET ||
          (each->ifa_flags & IFF_LOOPBACK) != 0)
        continue;
      AvahiAddress address{};
      address.proto = AVAHI_PROTO_INET;
      address.data.ipv4.address =
          reinterpret_cast<const sockaddr_in*>(each->ifa_addr)->sin_addr.s_addr;
      // Without the reverse record: that one is the computer's first name's.
      avahi_entry_group_add_address(
          group, static_cast<AvahiIfIndex>(if_nametoindex(each->ifa_name)), AVAHI_PROTO_INET,
          AVAHI_PUBLISH_NO_REVERSE, host.c_str(), &address);
    }
    freeifaddrs(all);
  }

  void take_other_name() {
    char* other = avahi_alternative_service_name(name.c_str());
    name = other;
    avahi_free(other);
  }

  static void on_group(AvahiEntryGroup* group, AvahiEntryGroupState now, void* data) {
    auto& state = *static_cast<State*>(data);
    state.group = group;
    if (now == AVAHI_ENTRY_GROUP_ESTABLISHED) {
      log::info("mdns", "announced", {{"name", state.name}, {"type", kType}});
    } else if (now == AVAHI_ENTRY_GROUP_COLLISION) {
      state.take_other_name();
      avahi_entry_group_reset(group);
      state.announce(avahi_entry_group_get_client(group));
    }
  }

  static void on_client(AvahiClient* client, AvahiClientState now, void* data) {
    auto& state = *static_cast<State*>(data);
    switch (now) {
      case AVAHI_CLIENT_S_RUNNING:
        state.announce(client);
        break;
      case AVAHI_CLIENT_S_COLLISION:
      case AVAHI_CLIENT_S_REGISTERING:
        // The computer's own name changes; the records are made again when it stands.
        if (state.group) avahi_entry_group_reset(state.group);
        break;
      case AVAHI_CLIENT_FAILURE:
        // The daemon has gone. A new client waits for the next one.
        if (avahi_client_errno(client) == AVAHI_ERR_DISCONNECTED) {
          avahi_client_free(client);
          state.group = nullptr;
          state.connect();
        }
        break;
      case AVAHI_CLIENT_CONNECTING:
        break;
    }
  }

  void connect() {
    int error = 0;
    client = avahi_client_new(avahi_threaded_poll_get(poll), AVAHI_CLIENT_NO_FAIL, on_client, this,
                              &error);
    // Without D-Bus there is nobody to ask, now or later.
    if (!client) log::debug("mdns", "no Avahi", {{"why", avahi_strerror(error)}});
  }
};

Announcer::Announcer(const MdnsConfig& config, std::uint16_t stream_port, std::uint16_t http_port)
    : state_(std::make_unique<State>()) {
  state_->config = config;
  state_->stream_port = stream_port;
  state_->http_record = fmt::format("http={}", http_port);
  state_->name = config.name;
  state_->poll = avahi_threaded_poll_new();
  if (!state_->poll) throw std::bad_alloc();
  state_->connect();
  if (state_->client) avahi_threaded_poll_start(state_->poll);
}

Announcer::~Announcer() {
  if (state_->client) avahi_threaded_poll_stop(state_->poll);
  if (state_->client) avahi_client_free(state_->client);
  avahi_threaded_poll_free(state_->poll);
}

}  // namespace rearview::camera
