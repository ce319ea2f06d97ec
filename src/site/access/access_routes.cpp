#include "site/access/access_routes.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <ifaddrs.h>
#include <net/if.h>

#include <array>
#include <atomic>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/endpoint.h"
#include "base/error.h"
#include "base/log.h"
#include "base/mutex.h"
#include "http/site_check.h"
#include "site/access/credentials.h"
#include "site/access/failure_delay.h"
#include "site/access/gate.h"
#include "site/access/pairing.h"
#include "site/access/qr_code.h"
#include "site/answer.h"
#include "site/query.h"
#include "site/site_config.h"
#include "types/json.h"

namespace rearview {
namespace {

using http::HttpError;
using http::Request;
using http::Responder;
using http::Response;
using Json = nlohmann::ordered_json;

constexpr std::size_t kMostName_bytes = 64;

bool is_loopback(const std::string& host) {
  in_addr four{};
  in6_addr six{};
  if (inet_pton(AF_INET, host.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
  if (inet_pton(AF_INET6, host.c_str(), &six) == 1) return IN6_IS_ADDR_LOOPBACK(&six);
  return host == "localhost";
}

bool is_any(const std::string& host) {
  return host == "0.0.0.0" || host == "::";
}

/// The first IPv4 address of this machine that is no loopback; where there is none, loopback.
std::string outer_address() {
  std::string found = "127.0.0.1";
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return found;
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> all(list, freeifaddrs);
  for (const ifaddrs* one = list; one; one = one->ifa_next) {
    if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET ||
        (one->ifa_flags & IFF_LOOPBACK) != 0 || (one->ifa_flags & IFF_UP) == 0)
      continue;
    std::array<char, INET_ADDRSTRLEN> text{};
    const auto* address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
    if (inet_ntop(AF_INET, &address->sin_addr, text.data(), text.size())) return text.data();
  }
  return found;
}

Scope scope_of(const nlohmann::json& body) {
  const std::string text = text_or_400(body, "scope", 16);
  const auto scope = scope_from(text);
  if (!scope) throw HttpError(400, fmt::format("\"{}\" is neither view nor admin", text));
  return *scope;
}

Json to_json(const Token& token) {
  return {{"id", token.id},
          {"name", token.name},
          {"scope", name(token.scope)},
          {"created", rfc3339(token.created)},
          {"used", token.used ? Json(rfc3339(*token.used)) : Json(nullptr)}};
}

Response issued_json(const Credentials::Issued& issued) {
  Json json = to_json(issued.token);
  json["token"] = issued.secret;
  return fresh_json(json, 201);
}

Response nothing() {
  Response response;
  response.status = 204;
  return response;
}

}  // namespace

struct Access::Impl {
  Impl(const SiteConfig& c, Credentials& known, Gate& g, AnswerOnWorker worker)
      : config(c), credentials(known), gate(g), on_worker(std::move(worker)) {}

  Response whoami(const Request& request);
  void login(const Request& request, Responder responder, const std::shared_ptr<Impl>& self);
  Response logout(const Request& request);
  void pair(const Request& request, Responder responder, const std::shared_ptr<Impl>& self);
  void issue(const Request& request, Responder responder, const std::shared_ptr<Impl>& self);
  void revoke(const Request& request, Responder responder, const std::shared_ptr<Impl>& self);
  Response offer(const Request& request);
  Response stream(const Request& request);
  PairingOffer begin_pairing(Scope scope);
  /// On a worker, as the file may have to be written; what is wrong with a name is the asker's.
  void answer(Responder responder, std::function<Response()> make) const;
  /// Throws HttpError 429 while the address has to wait.
  void refuse_hasty(const std::string& peer);
  void was_wrong(const std::string& peer, const char* what);
  void was_right(const std::string& peer);

  const SiteConfig config;
  Credentials& credentials;
  Gate& gate;
  const AnswerOnWorker on_worker;
  std::atomic<std::uint16_t> port = 0;
  std::atomic<bool> hashing = false;
  std::atomic<std::uint64_t> wrong = 0;
  Mutex mutex;
  FailureDelay delay GUARDED_BY(mutex);
  Pairing pairing GUARDED_BY(mutex);
};

void Access::Impl::answer(Responder responder, std::function<Response()> make) const {
  on_worker(std::move(responder), [make = std::move(make)] {
    try {
      return make();
    } catch (const HttpError&) {
      throw;
    } catch (const UsageError& e) {
      throw HttpError(400, e.what());
    } catch (const std::exception& e) {
      throw HttpError(503, fmt::format("this can't be kept now: {}", e.what()));
    }
  });
}

void Access::Impl::refuse_hasty(const std::string& peer) {
  const MutexLock lock(mutex);
  const double wait_s =
      std::chrono::duration<double>(delay.wait(address_of(peer), SteadyClock::now())).count();
  if (wait_s > 0)
    throw HttpError(429, fmt::format("too many wrong answers from here: try again in {:.0f} s",
                                     std::ceil(wait_s)));
}

void Access::Impl::was_wrong(const std::string& peer, const char* what) {
  ++wrong;
  log::warning("serve", fmt::format("a wrong {}", what), {{"peer", peer}});
  const MutexLock lock(mutex);
  delay.failed(address_of(peer), SteadyClock::now());
}

void Access::Impl::was_right(const std::string& peer) {
  const MutexLock lock(mutex);
  delay.succeeded(address_of(peer));
}

Response Access::Impl::whoami(const Request& request) {
  only_these(request, {});
  const Gate::Visitor visitor = gate.visitor(request);
  return fresh_json({{"scope", name(visitor.scope)},
                     {"id", visitor.token ? Json(visitor.token->id) : Json(nullptr)},
                     {"name", visitor.token ? Json(visitor.token->name) : Json(nullptr)},
                     {"password", credentials.has_password()},
                     {"insecure", config.access.insecure}});
}

void Access::Impl::login(const Request& request, Responder responder,
                         const std::shared_ptr<Impl>& self) {
  http::refuse_other_sites(request, {});
  const nlohmann::json body = body_of(request);
  std::string password = text_or_400(body, "password", 256);
  std::string device =
      body.contains("name") ? text_or_400(body, "name", kMostName_bytes) : "browser";
  if (!credentials.has_password())
    throw HttpError(403, "there is no password: pair this device instead");
  refuse_hasty(request.peer);
  // One at a time, as each takes 32 MiB; so nobody makes many guesses at once, either.
  if (hashing.exchange(true))
    throw HttpError(503, "somebody else is signing in: try again in a second");
  // Over in any case, also where no worker has the time.
  std::shared_ptr<void> turn(nullptr, [self](void*) { self->hashing = false; });
  answer(std::move(responder), [self, turn = std::move(turn), password = std::move(password),
                                device = std::move(device), peer = request.peer]() mutable {
    const bool right = self->credentials.password_is(password);
    if (!right) self->was_wrong(peer, "password");
    turn.reset();
    if (!right) throw HttpError(401, "this is not the password");
    self->was_right(peer);
    const auto issued = self->credentials.issue(device, Scope::admin, LetInBy::password);
    log::info("serve", "signed in", {{"peer", peer}, {"token", issued.token.id}});
    return issued_json(issued).header("Set-Cookie",
                                      Gate::cookie(issued.secret, self->config.tls.is_set()));
  });
}

Response Access::Impl::logout(const Request& request) {
  http::refuse_other_sites(request, {});
  const Gate::Visitor visitor = gate.visitor(request);
  if (visitor.token) credentials.revoke(visitor.token->id);
  return nothing().header("Set-Cookie", Gate::cookie("", config.tls.is_set()));
}

void Access::Impl::pair(const Request& request, Responder responder,
                        const std::shared_ptr<Impl>& self) {
  http::refuse_other_sites(request, {});
  const nlohmann::json body = body_of(request);
  const std::string code = text_or_400(body, "code", 32);
  const std::string device = text_or_400(body, "name", kMostName_bytes);
  refuse_hasty(request.peer);
  std::optional<Scope> scope;
  {
    const MutexLock lock(mutex);
    scope = pairing.redeem(code, SteadyClock::now());
  }
  if (!scope) {
    was_wrong(request.peer, "pairing code");
    throw HttpError(401, "this code is wrong, used or older than 10 minutes: ask for a new one");
  }
  was_right(request.peer);
  answer(std::move(responder), [self, device, scope = *scope, peer = request.peer] {
    const auto issued = self->credentials.issue(device, scope);
    log::info("serve", "paired a device",
              {{"peer", peer}, {"token", issued.token.id}, {"scope", name(scope)}});
    return issued_json(issued).header("Set-Cookie",
                                      Gate::cookie(issued.secret, self->config.tls.is_set()));
  });
}

void Access::Impl::issue(const Request& request, Responder responder,
                         const std::shared_ptr<Impl>& self) {
  http::refuse_other_sites(request, {});
  const nlohmann::json body = body_of(request);
  answer(std::move(responder),
         [self, device = text_or_400(body, "name", kMostName_bytes), scope = scope_of(body)] {
           return issued_json(self->credentials.issue(device, scope));
         });
}

void Access::Impl::revoke(const Request& request, Responder responder,
                          const std::shared_ptr<Impl>& self) {
  http::refuse_other_sites(request, {});
  answer(std::move(responder), [self, id = std::string(request.param("id"))] {
    if (!self->credentials.revoke(id)) throw HttpError(404, "there is no such token");
    return nothing();
  });
}

PairingOffer Access::Impl::begin_pairing(Scope scope) {
  std::string host = config.host;
  if (!config.allowed_hosts.empty() && config.allowed_hosts.front() != "*")
    host = config.allowed_hosts.front();
  else if (is_any(host))
    host = outer_address();
  const MutexLock lock(mutex);
  const SteadyTime now = SteadyClock::now();
  const Pairing::Code& code = pairing.begin(scope, now);
  return {code.text,
          fmt::format("{}://{}/#/pair/{}", config.tls.is_set() ? "https" : "http",
                      Endpoint{host, port}.text(), code.text),
          scope, static_cast<int>(std::chrono::duration<double>(code.ends - now).count())};
}

Response Access::Impl::offer(const Request& request) {
  http::refuse_other_sites(request, {});
  const PairingOffer offer = begin_pairing(scope_of(body_of(request)));
  return fresh_json({{"code", offer.code},
                     {"url", offer.url},
                     {"scope", name(offer.scope)},
                     {"lasts_s", offer.lasts_s},
                     {"qr_svg", QrCode(offer.url).svg()}},
                    201);
}

Response Access::Impl::stream(const Request& request) {
  http::refuse_other_sites(request, {});
  const std::string path = text_or_400(body_of(request), "path", 256);
  if (!path.starts_with("/api/v1/") || path.find_first_of("?#") != std::string::npos)
    throw HttpError(400, "\"path\" must begin with /api/v1/ and have no query");
  return fresh_json({{"path", gate.stream_path(path, gate.visitor(request))}}, 201);
}

Access::Access(const SiteConfig& config, Credentials& credentials, Gate& gate,
               AnswerOnWorker on_worker)
    : impl_(std::make_shared<Impl>(config, credentials, gate, std::move(on_worker))) {}

Access::~Access() = default;

void Access::add_routes(http::Router& router) {
  for (const auto& [method, path] :
       {std::pair{"GET", "/api/v1/access"}, std::pair{"POST", "/api/v1/access/login"},
        std::pair{"POST", "/api/v1/access/logout"}, std::pair{"POST", "/api/v1/access/pair"}})
    impl_->gate.require(method, path, Scope::none);
  impl_->gate.require("GET", "/api/v1/access/tokens", Scope::admin);
  impl_->gate.require("POST", "/api/v1/access/streams", Scope::view);
  const auto now = [this](Response (Impl::*method)(const Request&)) {
    return [impl = impl_, method](const Request& request) { return ((*impl).*method)(request); };
  };
  const auto later =
      [this](void (Impl::*method)(const Request&, Responder, const std::shared_ptr<Impl>&)) {
        return [impl = impl_, method](const Request& request, Responder responder) {
          ((*impl).*method)(request, std::move(responder), impl);
        };
      };
  router.get("/api/v1/access", now(&Impl::whoami));
  router.add("POST", "/api/v1/access/login", later(&Impl::login));
  router.add("POST", "/api/v1/access/logout", now(&Impl::logout));
  router.add("POST", "/api/v1/access/pair", later(&Impl::pair));
  router.add("POST", "/api/v1/access/pairings", now(&Impl::offer));
  router.add("POST", "/api/v1/access/streams", now(&Impl::stream));
  router.add("GET", "/api/v1/access/tokens", [impl = impl_](const Request& request) {
    only_these(request, {});
    Json list = Json::array();
    for (const Token& token : impl->credentials.tokens()) list.push_back(to_json(token));
    return fresh_json(list);
  });
  router.add("POST", "/api/v1/access/tokens", later(&Impl::issue));
  router.add("DELETE", "/api/v1/access/tokens/{id}", later(&Impl::revoke));
}

void Access::listening_on(std::uint16_t port) {
  impl_->port = port;
}

PairingOffer Access::begin_pairing(Scope scope) {
  return impl_->begin_pairing(scope);
}

Json Access::health() const {
  return {{"insecure", impl_->config.access.insecure},
          {"password", impl_->credentials.has_password()},
          {"tokens", impl_->credentials.tokens().size()}};
}

std::vector<Metric> Access::metrics() const {
  return {{"rearview_access_refused_total",
           "counter",
           "Requests without the right to what they asked for.",
           {},
           static_cast<double>(impl_->gate.refused())},
          {"rearview_access_wrong_total",
           "counter",
           "Wrong passwords and pairing codes.",
           {},
           static_cast<double>(impl_->wrong)}};
}

void require_access(const SiteConfig& config, Credentials& credentials, bool pairing,
                    const char* ways) {
  if (config.access.insecure) {
    log::warning("serve", "insecure: whoever reaches this service may watch, delete and lock",
                 {{"host", config.host}});
    return;
  }
  if (pairing || is_loopback(config.host) || !credentials.empty()) return;
  throw UsageError(fmt::format(
      "others reach {}, and nobody has a password or token: {}, or let everybody do everything "
      "with --insecure",
      config.host, ways));
}

}  // namespace rearview
