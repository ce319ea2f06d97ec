#pragma once

#include <filesystem>
#include <string>

#include "nats/nats_access.h"

namespace rearview {

struct CollectOptions {
  NatsAccess nats;
  std::string consumer = "collect";  ///< collectors of one name share the work
  int replicas = 1;                  ///< of a stream that is made: servers that keep it
  std::string database;              ///< postgresql://…
  int keep_days = 365;               ///< 0: for ever
  int silent_s = 30;                 ///< a gateway not heard for longer has an unknown road
  std::filesystem::path config;      ///< its section serve says who may look, and where
  std::filesystem::path store;       ///< folder with the password and the tokens
  std::string http;                  ///< HOST:PORT, before the configuration's
  bool insecure = false;
};

/// `rearview collect`: what gateways publish into a database, and over HTTP, until a signal comes.
/// Throws UsageError before anything is taken from the stream, also where this program was built
/// without NATS or PostgreSQL, and std::runtime_error.
int collect_command(const CollectOptions& options);

}  // namespace rearview
