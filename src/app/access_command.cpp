#include "app/access_command.h"

#include <fmt/core.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "app/config.h"
#include "app/store_folder.h"
#include "base/error.h"
#include "site/access/credentials.h"

namespace rearview {
namespace {

Credentials credentials_of(const AccessOptions& options) {
  keep_files_to_ourselves();  // it may make the store's folder
  Config config = read_config_or_default(options.config);
  config.store.folder = store_folder(options.store, config.store);
  std::filesystem::path file = config.serve.site.access.file;
  if (file.empty()) file = access_file(config.store);
  if (file.empty())
    throw UsageError(
        "access: this service keeps nothing, so no password either; give --store FOLDER, or "
        "--config FILE with store.folder or serve.access.file");
  return Credentials(file);
}

/// Reads a line that a terminal doesn't show.
std::string hidden_line() {
  const bool terminal = isatty(STDIN_FILENO) != 0;
  termios before{};
  if (terminal && tcgetattr(STDIN_FILENO, &before) == 0) {
    fmt::print(stderr, "Password (8 characters or more; empty: none): ");
    termios silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &silent);
  }
  std::string line;
  std::getline(std::cin, line);
  if (terminal) {
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
    fmt::print(stderr, "\n");
  }
  return line;
}

}  // namespace

std::filesystem::path access_file(const StoreConfig& store) {
  return store.folder.empty() ? std::filesystem::path() : store.folder / "access.json";
}

int list_tokens_command(const AccessOptions& options) {
  Credentials credentials = credentials_of(options);
  fmt::print("password: {}\n", credentials.has_password() ? "yes" : "none");
  for (const Token& token : credentials.tokens())
    fmt::print("{}  {:5}  {}  {}\n", token.id, name(token.scope), rfc3339(token.created),
               token.name);
  return kExitDone;
}

int add_token_command(const AccessOptions& options, const std::string& name,
                      const std::string& scope) {
  const auto wanted = scope_from(scope);
  if (!wanted) throw UsageError(fmt::format("access: {} is neither view nor admin", scope));
  fmt::print("{}\n", credentials_of(options).issue(name, *wanted).secret);
  return kExitDone;
}

int revoke_token_command(const AccessOptions& options, const std::string& id) {
  if (!credentials_of(options).revoke(id))
    throw UsageError(
        fmt::format("access: there is no token {}; 'rearview access list' names them", id));
  return kExitDone;
}

int password_command(const AccessOptions& options) {
  Credentials credentials = credentials_of(options);
  const std::string password = hidden_line();
  credentials.set_password(password);
  fmt::print(stderr, "{}\n", password.empty() ? "there is no password any more" : "it holds now");
  return kExitDone;
}

}  // namespace rearview
