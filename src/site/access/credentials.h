#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "site/access/scope.h"

namespace rearview {

/// How somebody came by a token.
enum class LetInBy {
  token,    ///< it was made for them, or a code paired them
  password  ///< they signed in, and can again
};

/// A device or program that was let in. Its secret is not kept, only the SHA-256 of it.
struct Token {
  std::string id;  ///< names it when it is listed and revoked; not secret
  std::string name;
  Scope scope = Scope::none;
  LetInBy by = LetInBy::token;
  WallTime created;
  std::optional<WallTime> used;  ///< since the program started
};

/// The password and the tokens, kept in one JSON file that only its owner may read. Several
/// programs may share the file: each change is made under a lock on the file beside it, and what
/// others changed is seen within a second. Any thread.
class Credentials {
 public:
  /// file: made when there is something to keep; empty: in memory only. Throws UsageError where it
  /// is there and can't be used.
  explicit Credentials(std::filesystem::path file);

  /// Nobody can be let in: no password and no token.
  bool empty();
  bool has_password();
  std::vector<Token> tokens();

  struct Issued {
    Token token;
    std::string secret;  ///< told once
  };
  /// Where there are 256, the oldest of those that signed in by password gives way. Throws
  /// UsageError for a name that is empty or longer than 64 bytes or where none can give way,
  /// std::runtime_error where the file can't be written.
  Issued issue(const std::string& name, Scope scope, LetInBy by = LetInBy::token);
  /// False when there is no such token. Throws as issue().
  bool revoke(std::string_view id);
  /// With it a person is admin; empty: none any more. Throws UsageError for one shorter than 8 or
  /// longer than 256 bytes, and as issue().
  void set_password(std::string_view password);

  /// The token whose secret this is; notes that it was used.
  std::optional<Token> find(std::string_view secret);
  /// The token of this id has not been revoked.
  bool holds(std::string_view id);
  /// Takes 0.1 s and 32 MiB: not for the I/O thread.
  bool password_is(std::string_view password);

 private:
  struct Entry {
    Token token;
    std::string hash;
  };
  struct Content {
    std::string password_hash;
    std::vector<Entry> entries;
  };
  template <typename F>
  void change(F edit);
  void refresh() REQUIRES(mutex_);
  void take(Content content) REQUIRES(mutex_);
  Content read() const;
  void write(const Content& content) const;

  const std::filesystem::path file_;
  Mutex change_mutex_;  ///< held while the file is changed; taken before mutex_
  Mutex mutex_;         ///< never waits for the disk for long
  Content content_ GUARDED_BY(mutex_);
  std::string version_ GUARDED_BY(mutex_);  ///< of the file, as last read or written
  SteadyTime looked_ GUARDED_BY(mutex_);
};

}  // namespace rearview
