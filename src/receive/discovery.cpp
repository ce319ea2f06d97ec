#include "receive/discovery.h"

#include <avahi-client/client.h>
#include <avahi-client/lookup.h>
#include <avahi-common/address.h>
#include <avahi-common/error.h>
#include <avahi-common/simple-watch.h>
#include <fmt/core.h>
#include <net/if.h>

#include <array>
#include <memory>
#include <set>
#include <stdexcept>

#include "base/clock.h"

namespace rearview {
namespace {

constexpr const char* kType = "_velovision._tcp";
constexpr std::size_t kMostCameras = 256;
constexpr std::size_t kMostLookups = 1024;

struct AvahiDelete {
  void operator()(AvahiSimplePoll* p) const { avahi_simple_poll_free(p); }
  void operator()(AvahiClient* p) const { avahi_client_free(p); }
};

std::string text_of(const AvahiAddress& address, AvahiIfIndex interface) {
  std::array<char, AVAHI_ADDRESS_STR_MAX> text{};
  avahi_address_snprint(text.data(), text.size(), &address);
  const bool link_local = address.proto == AVAHI_PROTO_INET6 &&
                          address.data.ipv6.address[0] == 0xfe &&
                          (address.data.ipv6.address[1] & 0xc0) == 0x80;
  std::array<char, IF_NAMESIZE> name{};
  if (!link_local || !if_indextoname(static_cast<unsigned>(interface), name.data()))
    return text.data();
  return fmt::format("{}%{}", text.data(), name.data());
}

/// One search. All callbacks run inside run().
class Search {
 public:
  Search() : poll_(avahi_simple_poll_new()) {
    if (!poll_) throw std::bad_alloc();
    int error = 0;
    client_.reset(avahi_client_new(avahi_simple_poll_get(poll_.get()), AvahiClientFlags{},
                                   on_client, this, &error));
    if (!client_) fail(error);
    // Freed with the client, as are the resolvers.
    if (!avahi_service_browser_new(client_.get(), AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, kType,
                                   nullptr, AvahiLookupFlags{}, on_browse, this))
      fail(avahi_client_errno(client_.get()));
  }

  std::set<DiscoveredCamera> run(std::chrono::milliseconds timeout) {
    const SteadyTime deadline = SteadyClock::now() + timeout;
    while (error_ == 0 && (!all_known_ || unresolved_ > 0)) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
      if (left.count() <= 0 ||
          avahi_simple_poll_iterate(poll_.get(), static_cast<int>(left.count())) != 0)
        break;
    }
    if (error_ != 0) fail(error_);
    return std::move(found_);
  }

 private:
  [[noreturn]] static void fail(int error) {
    throw std::runtime_error(fmt::format("the network can't be searched without avahi-daemon: {}",
                                         avahi_strerror(error)));
  }

  static void on_client(AvahiClient* client, AvahiClientState now, void* self) {
    if (now == AVAHI_CLIENT_FAILURE)
      static_cast<Search*>(self)->error_ = avahi_client_errno(client);
  }

  static void on_browse(AvahiServiceBrowser* browser, AvahiIfIndex interface,
                        AvahiProtocol protocol, AvahiBrowserEvent event, const char* name,
                        const char* type, const char* domain, AvahiLookupResultFlags, void* self) {
    auto& search = *static_cast<Search*>(self);
    AvahiClient* client = avahi_service_browser_get_client(browser);
    switch (event) {
      case AVAHI_BROWSER_NEW:
        if (++search.lookups_ > kMostLookups) break;
        // The address of the protocol that it was seen by: what is reachable that way.
        if (avahi_service_resolver_new(client, interface, protocol, name, type, domain, protocol,
                                       AvahiLookupFlags{}, on_resolved, self))
          ++search.unresolved_;
        break;
      case AVAHI_BROWSER_ALL_FOR_NOW:
        search.all_known_ = true;
        break;
      case AVAHI_BROWSER_FAILURE:
        search.error_ = avahi_client_errno(client);
        break;
      case AVAHI_BROWSER_REMOVE:
      case AVAHI_BROWSER_CACHE_EXHAUSTED:
        break;
    }
  }

  static void on_resolved(AvahiServiceResolver* resolver, AvahiIfIndex interface, AvahiProtocol,
                          AvahiResolverEvent event, const char* name, const char*, const char*,
                          const char* host, const AvahiAddress* address, std::uint16_t port,
                          AvahiStringList*, AvahiLookupResultFlags, void* self) {
    auto& search = *static_cast<Search*>(self);
    // One that announces but can't be resolved has just gone.
    if (event == AVAHI_RESOLVER_FOUND && search.found_.size() < kMostCameras)
      search.found_.insert({name, host, text_of(*address, interface), port});
    --search.unresolved_;
    avahi_service_resolver_free(resolver);
  }

  std::unique_ptr<AvahiSimplePoll, AvahiDelete> poll_;
  std::unique_ptr<AvahiClient, AvahiDelete> client_;
  int error_ = 0;
  bool all_known_ = false;
  int unresolved_ = 0;
  std::size_t lookups_ = 0;
  std::set<DiscoveredCamera> found_;
};

}  // namespace

std::vector<DiscoveredCamera> discover_cameras(std::chrono::milliseconds timeout) {
  const auto found = Search().run(timeout);
  return {found.begin(), found.end()};
}

}  // namespace rearview
