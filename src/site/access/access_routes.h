#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "http/router.h"
#include "site/access/scope.h"
#include "site/site.h"
#include "types/metric.h"

namespace rearview {

class Credentials;
class Gate;
struct SiteConfig;

/// A code that lets one device in, and the address of the page that takes it.
struct PairingOffer {
  std::string code;  ///< as people read it
  std::string url;   ///< the page, with the code
  Scope scope = Scope::view;
  int lasts_s = 0;
};

/// /api/v1/access: signing in and out, pairing, tokens (docs/http-api.md). Any thread but where a
/// router calls it.
class Access {
 public:
  /// credentials and gate must outlive it, and the router what it was given.
  Access(const SiteConfig& config, Credentials& credentials, Gate& gate, AnswerOnWorker on_worker);
  ~Access();

  void add_routes(http::Router& router);
  /// The port that is served on, for the addresses that pairing shows. Before anybody asks.
  void listening_on(std::uint16_t port);
  /// The code before ends. Throws std::runtime_error where there is no randomness.
  PairingOffer begin_pairing(Scope scope);
  /// Who needs a token, for /healthz.
  nlohmann::ordered_json health() const;
  std::vector<Metric> metrics() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// Throws UsageError where others reach the service and nobody could be asked who they are.
/// pairing: somebody is about to be let in. ways: what this program's user may do about it.
void require_access(const SiteConfig& config, Credentials& credentials, bool pairing,
                    const char* ways);

}  // namespace rearview
