#include "base/host_lookup.h"

#include <fmt/core.h>
#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <list>
#include <memory>
#include <stdexcept>

#include "base/clock.h"
#include "base/mutex.h"

namespace rearview {
namespace {

// What the system's lookup works on; must stay until that is done.
struct Lookup {
  explicit Lookup(const Endpoint& to) : endpoint(to), service(std::to_string(to.port)) {
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    request.ar_name = endpoint.host.c_str();
    request.ar_service = service.c_str();
    request.ar_request = &hints;
  }
  ~Lookup() {
    if (request.ar_result != nullptr) freeaddrinfo(request.ar_result);
  }
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  bool busy() { return gai_error(&request) == EAI_INPROGRESS; }

  const Endpoint endpoint;
  const std::string service;
  addrinfo hints{};
  gaicb request{};
};

// Lookups given up while the system still worked on them. Never destroyed: the C library's thread
// may outlive main().
struct Abandoned {
  Mutex mutex;
  std::list<std::unique_ptr<Lookup>> lookups GUARDED_BY(mutex);
};
Abandoned& abandoned() {
  static auto& instance = *new Abandoned;
  return instance;
}
constexpr std::size_t kMostAbandoned = 8;

std::unique_ptr<Lookup> resume_or_start(const Endpoint& endpoint) {
  Abandoned& old = abandoned();
  const MutexLock lock(old.mutex);
  const auto same = std::find_if(old.lookups.begin(), old.lookups.end(), [&](const auto& lookup) {
    return lookup->endpoint == endpoint && lookup->busy();
  });
  if (same != old.lookups.end()) {
    auto lookup = std::move(*same);
    old.lookups.erase(same);
    return lookup;
  }
  old.lookups.remove_if([](const auto& lookup) { return !lookup->busy(); });
  if (old.lookups.size() >= kMostAbandoned)
    throw std::runtime_error("too many host names are being looked up");
  auto lookup = std::make_unique<Lookup>(endpoint);
  gaicb* list[] = {&lookup->request};
  if (const int error = getaddrinfo_a(GAI_NOWAIT, list, 1, nullptr); error != 0)
    throw std::runtime_error(fmt::format("{}: {}", endpoint.host, gai_strerror(error)));
  return lookup;
}

void give_up(std::unique_ptr<Lookup> lookup) {
  if (gai_cancel(&lookup->request) != EAI_NOTCANCELED) return;
  Abandoned& old = abandoned();
  const MutexLock lock(old.mutex);
  old.lookups.push_back(std::move(lookup));
}

std::vector<SocketAddress> addresses_of(const addrinfo* list) {
  std::vector<SocketAddress> addresses;
  for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
    const auto* bytes = static_cast<const unsigned char*>(static_cast<const void*>(at->ai_addr));
    addresses.push_back({{bytes, bytes + at->ai_addrlen}});
  }
  return addresses;
}

/// Empty when the host is a name. Never waits.
std::vector<SocketAddress> written_out(const Endpoint& endpoint) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  if (getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &list) != 0)
    return {};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, freeaddrinfo);
  return addresses_of(list);
}

}  // namespace

std::vector<SocketAddress> look_up(const Endpoint& endpoint, std::chrono::milliseconds timeout,
                                   const std::stop_token& stop) {
  if (auto addresses = written_out(endpoint); !addresses.empty()) return addresses;
  const SteadyTime deadline = SteadyClock::now() + timeout;
  std::unique_ptr<Lookup> lookup = resume_or_start(endpoint);
  const gaicb* list[] = {&lookup->request};
  while (lookup->busy()) {
    const char* reason = stop.stop_requested()            ? "stopped"
                         : SteadyClock::now() >= deadline ? "no answer in time"
                                                          : nullptr;
    if (reason != nullptr) {
      give_up(std::move(lookup));
      throw std::runtime_error(fmt::format("{}: {}", endpoint.host, reason));
    }
    const timespec slice{0, 20'000'000};
    gai_suspend(list, 1, &slice);
  }
  if (const int error = gai_error(&lookup->request); error != 0)
    throw std::runtime_error(fmt::format("{}: {}", endpoint.host, gai_strerror(error)));
  return addresses_of(lookup->request.ar_result);
}

}  // namespace rearview
