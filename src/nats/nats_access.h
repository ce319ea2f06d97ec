#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace rearview {

/// Where a NATS server is, and what lets in there.
struct NatsAccess {
  /// nats://[USER:PASSWORD@|TOKEN@]HOST[:PORT], or tls://…; several of one cluster with commas.
  std::string url;
  std::filesystem::path credentials_file;  ///< a .creds file; empty: none, as of the others
  std::filesystem::path nkey_file;         ///< a seed and its public key, each on a line
  std::filesystem::path token_file;        ///< its first line is the token
  std::filesystem::path ca_file;           ///< authorities to trust; empty: the system's
  std::string domain;                      ///< JetStream's; empty: the server's own

  bool operator==(const NatsAccess&) const = default;

  std::vector<std::string> servers() const;
  /// Every server is to be spoken with through TLS.
  bool tls() const { return url.starts_with("tls://"); }
  /// The addresses as they may be printed.
  std::string printable() const;
};

/// What is wrong with one setting of an access.
struct NatsFault {
  const char* key;  ///< of the setting: "url", "nkey_file"
  std::string why;  ///< one sentence
};

/// What can be told without asking a server; also that this program was built without NATS. Reads
/// the files.
std::optional<NatsFault> fault_of(const NatsAccess& access);

/// The public key of an nkey_file; empty where the file isn't one.
std::string public_key_of(const std::filesystem::path& nkey_file);
/// The token of a token_file; empty where the file isn't one.
std::string token_of(const std::filesystem::path& token_file);

}  // namespace rearview
