#pragma once

#include <filesystem>
#include <string>

#include "store/store_config.h"

namespace rearview {

/// Which service's password and tokens: those of a configuration, or of a store.
struct AccessOptions {
  std::filesystem::path config;
  std::filesystem::path store;
};

/// Where a service with this store keeps its password and tokens; empty where it keeps nothing.
std::filesystem::path access_file(const StoreConfig& store);

// `rearview access …`: what is changed holds for a running service within a second. Each returns
// the exit code and throws UsageError or std::runtime_error.

int list_tokens_command(const AccessOptions& options);
/// scope: view or admin. Prints the token, and only here.
int add_token_command(const AccessOptions& options, const std::string& name,
                      const std::string& scope);
int revoke_token_command(const AccessOptions& options, const std::string& id);
/// The password is the first line of standard input; none where that is empty.
int password_command(const AccessOptions& options);

}  // namespace rearview
